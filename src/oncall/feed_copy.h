/*
 * The last good copy of a calendar, in STATE/calendars: what was read from it,
 * and how to ask whether it has changed. For its owner only, as the calendar
 * says who is where.
 */
#ifndef ONCALL_FEED_COPY_H
#define ONCALL_FEED_COPY_H

#include "base/outcome.h"
#include "parse/turns.h"

struct feed_copy {
	instant_ms fetched;		/* when it was last as it is here */
	instant_ms read;		/* when its turns were counted out */
	const char *zone;		/* of times without one, then */
	const char *etag, *modified;	/* as the server said; or NULL */
	struct turns *turns;
};

/* NULL, and maybe a sentence, when there is none that can be read. */
struct feed_copy *feed_copy_read(const char *state, const char *key,
				 struct arena *arena, struct buf *error);
enum outcome feed_copy_write(const char *state, const char *key,
			     const struct feed_copy *copy, struct buf *error);

#endif
