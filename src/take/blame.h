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
 *	blame_open(state, store, &blame, &error);
 *	blame_recover(blame, now, &error);	-- until it succeeds
 *	blame_hold(blame, name);		-- work on it
 *	blame_let_go(blame);			-- the last one held
 */
#ifndef TAKE_BLAME_H
#define TAKE_BLAME_H

#include "store/store.h"

struct blame;

enum { BLAME_HELD_MOST = 64 };	/* mails in hand at once */

/* How often something ended while it had the mail in hand. */
struct blame_count {
	int64_t reader, daemon;
};

/* The store is borrowed. */
enum outcome blame_open(const char *state, struct store *store,
			struct blame **blame_out, struct buf *error);
void blame_close(struct blame **blame);

/* Count what was in hand when the last process ended, and learn all counts.
 * Nothing happens once that was done. */
enum outcome blame_recover(struct blame *blame, instant_ms now,
			   struct buf *error);

void blame_hold(struct blame *blame, const char *name);
void blame_let_go(struct blame *blame);
void blame_let_all_go(struct blame *blame);

/* Zeros for nearly all. */
struct blame_count blame_of(const struct blame *blame, const char *name);

/* The reader ended on it. */
enum outcome blame_reader(struct blame *blame, const char *name,
			  instant_ms now, struct buf *error);

/* It was taken: the first as a part of that transaction, the second after
 * it. */
enum outcome blame_forget(struct blame *blame, const char *name,
			  struct buf *error);
void blame_forgotten(struct blame *blame, const char *name);

#endif
