/*
 * Is the clock of the machine to be believed? A machine may start with a wrong
 * one, or have it set wrong; by a clock that is a hundred days ahead everything
 * is over, and what is over is forgotten, given up, or told as silent. So the
 * last time that was seen is kept in the store, and after a jump of more than a
 * day nothing of that is done before the new time has stood for an hour, or is
 * back where it should be. All else goes on by the clock as it is.
 *
 *	clockwatch_step()	now and then: pure
 *	clockwatch_doubts()	by whoever is about to let something go
 *
 * A relay that was off for more than a day finds a jump as well, and is careful
 * for an hour.
 */
#ifndef STORE_CLOCKWATCH_H
#define STORE_CLOCKWATCH_H

#include "store/change.h"

enum {
	CLOCKWATCH_JUMP_MS = 24 * 3600 * 1000,
	CLOCKWATCH_STANDS_MS = 3600 * 1000,
	/* That one step can count for: a process that was not there, or
	 * stopped, has not seen the time stand. */
	CLOCKWATCH_STEP_MOST_MS = 20 * 60000,
};

/* As it is kept. */
struct clockwatch {
	instant_ms last;	/* seen; TIME_UNKNOWN: never */
	int64_t shift_ms;	/* what is doubted; 0: nothing is */
	int64_t stood_ms;	/* since */
};

enum clockwatch_news {
	CLOCKWATCH_NONE,
	CLOCKWATCH_JUMPED,	/* by `shift_ms` in all */
	CLOCKWATCH_BACK,	/* it is where it was before it jumped */
	CLOCKWATCH_STANDS,	/* it is believed from now on */
};

enum clockwatch_news clockwatch_step(struct clockwatch *watch, instant_ms now);

enum outcome clockwatch_read(struct store *store, struct arena *arena,
			     struct clockwatch *out, struct buf *error);
void clockwatch_put(struct change *change, const struct clockwatch *watch);

/* Also when the jump is not noted yet. */
enum outcome clockwatch_doubts(struct store *store, instant_ms now,
			       bool *doubts_out, struct buf *error);

#endif
