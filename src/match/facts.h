/*
 * What conditions look at: one alert at one instant, its texts folded once for
 * comparison, however many rules ask.
 *
 * Facts live in the arena of the item that is matched. They change nothing but
 * their own memory, so the same alert and instant always give the same facts.
 */
#ifndef MATCH_FACTS_H
#define MATCH_FACTS_H

#include "alert/alert.h"
#include "base/clock.h"

/* One value of a field. */
struct fact {
	const char *text;	/* as the alert has it */
	const char *source;
	const char *folded;	/* on one line, without case */
	size_t folded_length;
	const char *label;	/* folded first label of a device's name; NULL
				   when the name has only one, is an address,
				   or this is no device */
	size_t label_length;
};

struct facts {
	const struct alert *alert;
	instant_ms now;
	struct arena *arena;
	struct fact *fields[ALERT_FIELDS];	/* NULL until asked for */
	uint32_t *regex_steps_left;	/* see regex.h */
};

void facts_init(struct facts *facts, const struct alert *alert,
		instant_ms now, struct arena *arena);

/* The values of a field, none if it is not known. */
const struct fact *facts_of(struct facts *facts, enum alert_field field,
			    size_t *count_out);

#endif
