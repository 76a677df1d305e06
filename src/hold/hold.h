/*
 * What was before: all of the past that a decision depends on, in one plain
 * record. Whoever decides is handed it and asks no store; so the daemon, which
 * loads it, a dry run, which has nothing, and a replay, which has the journal,
 * decide alike.
 */
#ifndef HOLD_HOLD_H
#define HOLD_HOLD_H

#include "hold/duplicate.h"
#include "hold/incident.h"

/* What is asked of the past. */
struct hold_question {
	const struct alert *alert;
	const struct duplicate_key *key;	/* of the message */
	const char *spool;		/* its file in the inbox, or any other
					   name of where it comes from */
	const struct store_item *released; /* it was held, and a person let it
					   go on; else NULL */
	/* Names of what is said once in the life of the relay. */
	VEC(const char *) notices;
};

struct hold_state {
	struct store_seat seat;
	struct incident incident;
	const struct store_known *known; /* the alert as it was; NULL: its id
					   is not known */
	struct store_tolds tolds;	/* who was told of it, or of anything in
					   its incident */
	const bool *noticed;		/* by number of the notice; NULL: none
					   was said yet */
};

/* Nothing was before. */
struct hold_state hold_nothing(const struct hold_question *question,
			       struct arena *arena);

enum outcome hold_load(struct store *store,
		       const struct hold_question *question,
		       struct arena *arena, struct hold_state *state_out,
		       struct buf *error);

#endif
