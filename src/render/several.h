/*
 * Fields of several values, as a reader can take them in: only values that say
 * something, so many that they can be read, in words where there are some.
 */
#ifndef RENDER_SEVERAL_H
#define RENDER_SEVERAL_H

#include "alert/alert.h"
#include "render/value.h"
#include "render/words.h"

/*
 * Set in `map`
 *
 *	NAME		the list, at most ten
 *	NAME-more	how many are left out of it; missing when none is
 *	NAME-text	both on one line, categories and techniques in words
 */
void several_set(struct arena *arena, struct value *map,
		 const struct alert *alert, enum alert_field field,
		 const struct words *words);

/* Set what the first screen says of the devices: device-count, device-many
 * (true of two or more), device-others (how many beside the first),
 * device-brief (at most five short names), device-brief-more, device-long (the
 * whole name of the only one, when that is longer). */
void several_set_devices(struct arena *arena, struct value *map,
			 const struct alert *alert,
			 const struct words *words);

/* Does the value tell nobody anything, as "UnassignedGroup" or a category of
 * "None" does? */
bool several_is_nothing(enum alert_field field, const char *text);

/* "dc01.contoso.example" is "dc01"; an address stays whole. */
const char *several_short(struct arena *arena, const char *device);

#endif
