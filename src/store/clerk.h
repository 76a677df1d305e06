/*
 * The clerk: the one thread that has the store, so that nobody else waits for
 * it.
 *
 * What is to be read, decided and written together is a unit. The event loop
 * submits units and goes on; the clerk takes as many as wait into one
 * transaction, the price of a commit being the same, and answers each in the
 * loop.
 *
 *	submit ─▶ work ─▶ work ─▶ ... ─▶ commit ─▶ log lines ─▶ done, done, ...
 *	            └── of each unit, in the order they were submitted
 *
 * When a unit fails, all of its transaction is undone and each of them is run
 * again by itself, so that it harms no other. One that meets a conflict is run
 * again from the start, a few times and with growing pauses. So a unit is
 * repeatable: whatever is seen outside of it, log lines too, goes into its
 * change.
 *
 * A failing store is answered as any failure: done() is called, and whoever
 * submitted the unit decides what it means and when to try again; by a timer,
 * since one that is submitted again at once would keep clerk_drain() from
 * ending.
 *
 * The twin works in the loop's own thread, at its next turn.
 */
#ifndef STORE_CLERK_H
#define STORE_CLERK_H

#include "base/loop.h"
#include "store/change.h"

struct clerk;

/* A part of its owner's struct (CONTAINER_OF). The owner sets the first three,
 * the rest is the clerk's. */
struct unit {
	/*
	 * In the clerk's thread, inside a transaction; maybe more than once,
	 * always from the start. Reads `store`, decides, and puts all that is
	 * to be written or said into `change`. `arena` and `change` are new in
	 * each call, and those of the last one live until done() has returned.
	 */
	enum outcome (*work)(struct unit *unit, struct store *store,
			     struct change *change, struct arena *arena,
			     struct buf *error);
	/* In the loop's thread, when all of it is on the disk, or nothing.
	 * The unit is its owner's again: to be submitted, or freed. */
	void (*done)(struct unit *unit, enum outcome outcome,
		     const char *error);
	/* Nobody else is to be in its transaction. */
	bool is_alone;

	struct change *change;	/* for done() to read, of OUTCOME_OK */
	struct unit *next;
	struct arena *arena;
	enum outcome outcome;
	struct buf error;
	unsigned int conflicts;
	bool is_again;		/* after a conflict: what was added the first
				   time may be there */
	bool has_failed;	/* in company; so it is alone by now */
};

/* The store is borrowed, and nobody else touches it until the clerk is gone. */
struct clerk *clerk_create(struct loop *loop, struct store *store);
struct clerk *clerk_create_inline(struct loop *loop, struct store *store);

/* The unit is borrowed until its done(). */
void clerk_submit(struct clerk *clerk, struct unit *unit);

/* What is submitted between these two shares a transaction, as far as one has
 * room: without them the clerk is awake and gone with the first unit before the
 * second is there. Within one turn of the loop; they may be nested. What
 * several done() submit is gathered anyway. */
void clerk_gather(struct clerk *clerk);
void clerk_proceed(struct clerk *clerk);

/* Wait until all that was submitted is done, what is submitted meanwhile too.
 * Not from a done(). */
void clerk_drain(struct clerk *clerk);

/* Drains. */
void clerk_destroy(struct clerk **clerk);

#endif
