/*
 * Files of the inbox that nobody here can read, as of another owner: they are
 * moved aside, into SPOOL/aside, or each sweep would try all of them again.
 * They may be alerts, so one line of the log and one notice to the catch-all
 * say it for all of a sweep, with the way back.
 *
 * What cannot be moved either, or only fails to be read, stays, and is told
 * likewise when it has stayed for ASIDE_LATE_MS: trouble that passes is over by
 * then.
 *
 *	aside_begin(aside);
 *	... one sweep, in which aside_take() and aside_stays() are called ...
 *	aside_tell(aside);
 */
#ifndef TAKE_ASIDE_H
#define TAKE_ASIDE_H

#include "intake/inbox.h"
#include "pipeline/generations.h"
#include "store/clerk.h"

struct aside;

struct aside_world {
	struct clerk *clerk;
	struct inbox *inbox;
	struct generations *generations;
	const struct clock *clock;
	/* A notice was stored. */
	loop_handler *stored;
	void *context;
};

/* Everything in `world` is borrowed for its life. */
struct aside *aside_create(const struct aside_world *world);
/* When the clerk has nothing of it any more. */
void aside_destroy(struct aside **aside);

enum {
	ASIDE_LATE_MS = 15 * 60000,
	/* Files that stay, of which it is known since when; of more, how
	 * many. */
	ASIDE_STAYING_MOST = 100,
};

/* A sweep begins. */
void aside_begin(struct aside *aside);

/* Move one, which cannot be read because of `why`; or, while whoever put it
 * there may not be done, leave it for the next sweep. False: it cannot be
 * moved. */
bool aside_take(struct aside *aside, const char *name, const char *why);

/* One stays where it is, because of `why`. */
void aside_stays(struct aside *aside, const char *name, const char *why);

/* The end of a sweep. What it did not meet is no more. */
void aside_tell(struct aside *aside);

#endif
