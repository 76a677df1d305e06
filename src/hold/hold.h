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
#include "hold/returned.h"

/* What is asked of the past. */
struct hold_question {
	const struct alert *alert;
	const struct duplicate_key *key;	/* of the message */
	const char *spool;		/* its file in the inbox, or any other
					   name of where it comes from */
	const struct store_item *released; /* it was held, and a person let it
					   go on; else NULL */
	const char *returned, *once;	/* as returned_load() wants them */
	/* Names of what is said once in the life of the relay. */
	VEC(const char *) notices;
};

/* What an earlier one said, of which somebody was told in the same incident. */
struct hold_said {
	const char *name;	/* as in struct store_told: an alert's id, or
				   hold/incident_mail.h */
	const char *code;	/* of its item */
	const struct alert *alert;
};

struct hold_state {
	struct store_seat seat;
	struct incident incident;
	const struct store_known *known; /* the alert as it was; NULL: its id
					   is not known */
	struct store_tolds tolds;	/* who was told of it, or of anything in
					   its incident */
	VEC(struct hold_said) said;	/* of the latest of those; only where it
					   can matter */
	struct returned returned;	/* which notification of ours it is
					   about */
	struct store_replacements replacements; /* of who is on duty */
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

/* What is told under that name said, and the code of its item; NULL when that
 * is not known. */
const struct alert *hold_said(const struct hold_state *state,
			      const char *name);
const char *hold_said_code(const struct hold_state *state, const char *name);

#endif
