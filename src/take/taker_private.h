/*
 * A passage: one message on its way from the inbox to the store. What the files
 * of the taker share; nobody else includes it.
 *
 *	inbox ──▶ reading ──▶ answered ──▶ storing ──▶ out of the inbox
 *	             │           ▲
 *	             └──▶ waiting for an API
 *
 *	taker.c			looks for messages, and takes the reader's
 *				answers
 *	taker_begin.c		to the reader
 *	taker_released.c	likewise, what a person let go on
 *	taker_store.c		into the store, and out of the inbox
 */
#ifndef TAKE_TAKER_PRIVATE_H
#define TAKE_TAKER_PRIVATE_H

#include "base/json.h"
#include "pipeline/pipeline.h"
#include "take/aside.h"
#include "take/complaints.h"
#include "take/taker.h"

#include <limits.h>

enum {
	/* A mail that ends the reader, or the daemon, this often is held: once
	 * may have been something else. One that ends the daemon even so is
	 * left where it is. */
	PASSAGE_CRASHES_MOST = 2,
	/* Mails at the clerk: whoever waits for a commit shares it with them,
	 * and all are suspects when the process ends. */
	PASSAGE_STORING_MOST = 24,
	/* Mails at the clerk, for whatever it does with them, and at the
	 * reader, which may end on each. Blame has a slot for all of them, for
	 * the one that is looked at, and for what comes of that. */
	PASSAGE_IN_HAND_MOST = BLAME_HELD_MOST - 2,
};

/* One message on its way from the inbox to the store. */
struct passage {
	struct passage *next;
	struct taker *taker;
	struct arena *arena;
	const char *name;		/* in the inbox; or of a released item,
					   "released/CODE", which no file's
					   name can be */
	struct pipeline_input input;
	struct json *document;		/* of a released record, else NULL */
	bool is_alone;			/* it may end the daemon: nobody else
					   is to be in hand with it */
	bool is_counted;		/* it ended something before */
	const char *waits_for;		/* a customer's API; or NULL */
	instant_ms waits_since, waits_until;	/* for that, or for company */

	int64_t held_item;		/* of a released one, */
	struct store_held *held;	/* and what was held of it */

	/* At the clerk. */
	struct unit unit;
	const struct generation *generation;	/* borrowed */
	instant_ms at;
	size_t slot;			/* of blame */
	int64_t crashes;		/* of the reader, with this one */
	struct pipeline_decision *decision;
};

/* A list of passages, the oldest first. */
struct passages {
	struct passage *first, **end;
	size_t count, octets;
};

struct taker {
	struct taker_world world;
	struct loop_timer *timer;	/* sweeps, and the reader's patience */
	struct arena *page_arena;
	struct inbox_names page;
	size_t at;			/* the next name of the page */
	char after[NAME_MAX + 1];	/* the last name seen in this sweep */
	bool swept;			/* nothing more in this sweep */
	bool again;			/* then begin another one */
	struct passages reading;	/* at the reader */
	struct passages waiting;	/* for an API */
	struct passages answered;	/* ready to be decided */
	struct passages storing;	/* at the clerk */
	bool is_one_alone;		/* there, with nobody beside it */
	bool is_unsynced;		/* mails have left the inbox */
	struct blame *blame;
	struct unit recovery;		/* of blame */
	struct unit release;		/* looks for what was released */
	struct store_helds helds;	/* that it finds */
	instant_ms begun_since;		/* up to that one, in their order, */
	int64_t begun_item;		/* they were begun; TIME_UNKNOWN: none
					   was */
	size_t fetching;		/* of them, at the clerk */
	struct complaints *complaints;
	struct aside *aside;
	bool is_recovering, is_releasing; /* at the clerk */
	bool wants_released;		/* look for what a person released */
	bool is_paused;			/* no reader can be started, or
					   something could not be stored */
	bool stopped;
};

instant_ms taker_now(const struct taker *taker);
bool taker_has_room(const struct taker *taker);
/* What is answered waits so long for company; 0: it is to be stored. */
int64_t taker_gathers_ms(const struct taker *taker);
/* Something may go on now. */
void taker_turn(struct taker *taker);

void passages_append(struct passages *list, struct passage *passage);
/* NULL when it is empty. */
struct passage *passages_take_first(struct passages *list);
void passages_remove(struct passages *list, struct passage *passage);

/* It is ready to be decided. */
void passage_answered(struct passage *passage);

struct passage *passage_create(struct taker *taker, const char *name);
void passage_destroy(struct passage *passage);

bool passage_is_under_way(const struct taker *taker, const char *name);
/* What is known of its past. False: it is not to be touched. */
bool passage_weigh(struct taker *taker, struct passage *passage);

/* Of the inbox. Nothing happens to one that is under way. */
void passage_begin(struct taker *taker, const char *name);
/* What is in our memory, to the reader. */
enum outcome passage_send_copy(struct taker *taker, struct passage *passage,
			       struct buf *error);

/* Ask the clerk for what a person released. */
void taker_look_for_released(struct taker *taker);

/* Give the clerk what is answered. */
void taker_store(struct taker *taker);
/* Give the clerk a unit of it: whatever it does there, it is in hand. */
void passage_submit(struct passage *passage,
		    enum outcome (*work)(struct unit *unit,
					 struct store *store,
					 struct change *change,
					 struct arena *arena,
					 struct buf *error),
		    void (*done)(struct unit *unit, enum outcome outcome,
				 const char *error));
/* In its done(): it is the taker's again. */
void passage_take_back(struct passage *passage);
/* The reader ended on it: count that, and then begin anew or hold it. */
void passage_count_crash(struct passage *passage, const char *why);
/* Not even held it lets the daemon live: say so. */
void passage_leave_alone(struct passage *passage);
/* Make removals from the inbox durable, when there is time for it. */
void taker_sync_inbox(struct taker *taker);

#endif
