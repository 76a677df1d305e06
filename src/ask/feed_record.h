/*
 * What becomes of a calendar that was asked for: the copy in the state, and
 * whether anybody is told. In the clerk's thread, which may wait for a disk.
 *
 * A calendar that cannot be had, or is worse than the copy, leaves the copy as
 * it is. One failure may be a hiccup: the second in a row is told, once, and so
 * is the end of it.
 */
#ifndef ASK_FEED_RECORD_H
#define ASK_FEED_RECORD_H

#include "pipeline/generation.h"
#include "store/change.h"

struct feed_answer {
	const struct generation *generation;
	const struct feed *feed;
	instant_ms now;
	/* One of three: */
	const struct turns *turns;
	bool is_unchanged;		/* the server said so */
	const char *failure;		/* a sentence without the address */

	const char *etag, *modified;	/* with turns; or NULL */
};

struct feed_fate {
	bool is_good;
	bool is_new;			/* another copy is in the state */
};

enum outcome feed_record(const struct feed_answer *answer, struct store *store,
			 struct change *change, struct feed_fate *fate_out,
			 struct buf *error);

/* The time in which turns are looked for; the same for all of a day, so that
 * the same calendar is the same turns. */
struct period feed_range(instant_ms now);

#endif
