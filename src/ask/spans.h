/*
 * A window in pieces: when a record breaks its pages off and an API does not
 * count ($skip), halves of it are read, and halves of these, until what cannot
 * be read is a millisecond long. Arithmetic alone.
 *
 *	[ . . . . x . . . )	cannot be read
 *	            [ . . . )	can
 *	[ . . . . x )		waits, and is halved in its turn
 */
#ifndef ASK_SPANS_H
#define ASK_SPANS_H

#include "base/clock.h"
#include "base/vec.h"

#define SPAN_OPEN INT64_MAX

struct span {
	instant_ms since, until;	/* until: SPAN_OPEN, or not any more */
};

struct spans {
	struct span now;		/* that is read */
	VEC(struct span) wait;
};

/* The newer half of `now`; the older one waits. An open one is halved as if it
 * ended at `present`. False: it is as short as one can be. */
bool spans_halve(struct spans *spans, instant_ms present, struct arena *arena);

/* `now` was read; the next one. False: that was the last. */
bool spans_next(struct spans *spans);

/* `before` is read, and then what is `now`. */
void spans_back(struct spans *spans, struct span before, struct arena *arena);

#endif
