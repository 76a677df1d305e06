/*
 * Who is to blame when the daemon dies: a mail must not end it again and again,
 * for all customers.
 *
 * The names of the mails in hand stand in the file STATE/taking, which is
 * mapped, so that they survive the process and cost no system call. What stands
 * there at a start was in hand when the last process ended. It is counted, and
 * then taken alone: so a mail that is innocent clears itself, and at a second
 * death only one name stands there. Whoever kills the daemon from outside can
 * so throw suspicion on one mail at a time, and never on a batch.
 *
 * The counts are in the store, together with those of mails that ended the
 * reader, and forgotten in the transaction that takes the mail.
 *
 *	blame_open(state, &blame, &error);
 *	blame_find_left(blame);
 *	... in a unit: blame_count_left(), then blame_learn() ...
 *	slot = blame_hold(blame, name);		-- work on it
 *	blame_let_go(blame, slot);
 */
#ifndef TAKE_BLAME_H
#define TAKE_BLAME_H

#include "store/change.h"

struct blame;

enum { BLAME_HELD_MOST = 64 };	/* mails in hand at once */

/* How often something ended while it had the mail in hand. */
struct blame_count {
	int64_t reader, daemon;
};

enum outcome blame_open(const char *state, struct blame **blame_out,
			struct buf *error);
void blame_close(struct blame **blame);

/* What was in hand when the last process ended goes from the file into memory,
 * before anything is taken. Not counted in the file and in the store at once:
 * whoever is killed in between must not hold them all. A mail that really is
 * deadly comes again. */
void blame_find_left(struct blame *blame);

/* In a unit: read all counts, and count those that are not stored yet. A unit
 * that is run again counts nothing twice, even when nobody knows whether it was
 * committed. */
enum outcome blame_count_left(struct blame *blame, struct store *store,
			      instant_ms now, struct change *change,
			      struct buf *error);
/* It is committed. Only now anything can be held. */
void blame_learn(struct blame *blame);
bool blame_is_ready(const struct blame *blame);

/* The slot that it is in. */
size_t blame_hold(struct blame *blame, const char *name);
void blame_let_go(struct blame *blame, size_t slot);

/* Zeros for nearly all. */
struct blame_count blame_of(const struct blame *blame, const char *name);

/* The reader ended on it, by now so often. The first in a unit, the second when
 * that is committed; likewise below. */
void blame_count_reader(const char *name, int64_t count, instant_ms now,
			struct change *change);
void blame_counted_reader(struct blame *blame, const char *name,
			  int64_t count);

/* It was taken. */
void blame_forget(const char *name, struct change *change);
void blame_forgotten(struct blame *blame, const char *name);

#endif
