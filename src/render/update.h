/*
 * What is new in an alert that was told before: said first, in the subject, in
 * the line that a lock screen shows, and on top of the mail.
 */
#ifndef RENDER_UPDATE_H
#define RENDER_UPDATE_H

#include "render/words.h"

enum update_kind {
	UPDATE_NONE,			/* it is told for the first time */
	UPDATE_RAISED,			/* from severity `was` */
	UPDATE_KNOWN,			/* the severity, which was not */
	UPDATE_UNKNOWN,			/* the severity, which was `was` */
	UPDATE_REOPENED,
	UPDATE_DEVICE,			/* `device` is new, of `devices` */
	UPDATE_MAYBE_DEVICE,		/* there may be one more */
};

struct update {
	enum update_kind kind;
	const char *was;		/* in lower case, as in the record */
	const char *device;
	size_t devices;
};

/* A sentence, and the same for a subject; `now` is the severity in words. NULL
 * when nothing is new. */
const char *update_text(struct arena *arena, const struct update *update,
			const struct words *words, const char *now);
const char *update_short(struct arena *arena, const struct update *update,
			 const struct words *words);

#endif
