/*
 * A passage: one message on its way from the inbox to the store. What the files
 * of the taker share; nobody else includes it.
 *
 *	taker.c		looks for messages, and takes the reader's answers
 *	taker_begin.c	to the reader
 *	taker_store.c	into the store, and out of the inbox
 */
#ifndef TAKE_TAKER_PRIVATE_H
#define TAKE_TAKER_PRIVATE_H

#include "base/json.h"
#include "pipeline/pipeline.h"
#include "take/complaints.h"
#include "take/taker.h"

#include <limits.h>

enum {
	/* A mail that ends the reader, or the daemon, this often is held: once
	 * may have been something else. One that ends the daemon even so is
	 * left where it is. */
	PASSAGE_CRASHES_MOST = 2,
	PASSAGE_BATCH_MOST = 32,	/* mails of one commit */
};

/* One message on its way from the inbox to the store. */
struct passage {
	struct passage *next;
	struct arena *arena;
	const char *name;		/* in the inbox; or of a released item,
					   "released/CODE", which no file's
					   name can be */
	struct store_item *released;	/* NULL: from the inbox */
	struct pipeline_input input;
	struct json *document;		/* of a released record, else NULL */
	bool is_alone;			/* it may end the daemon: nobody else
					   is to be in its transaction */
	const char *waits_for;		/* a customer's API; or NULL */
	instant_ms waits_until;

	struct pipeline_decision *decision;
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
	struct passage *reading;	/* at the reader, the oldest first */
	struct passage *waiting;	/* for an API, likewise */
	size_t waiting_count;
	struct passage *answered;	/* ready to be decided, likewise */
	instant_ms gathering;		/* since when the first of them waits;
					   TIME_UNKNOWN: none does */
	bool is_unsynced;		/* mails have left the inbox */
	size_t count;			/* of `reading` */
	struct blame *blame;
	struct complaints *complaints;
	bool wants_released;		/* look for what a person released */
	bool is_paused;			/* no reader can be started */
	bool stopped;
};

instant_ms taker_now(const struct taker *taker);
/* Take the answers that are there, and give the reader more. */
void taker_keep_reading(struct taker *taker);

void passage_append(struct passage **list, struct passage *passage);
struct passage *passage_create(const char *name);
void passage_destroy(struct passage *passage);
/* All of a list, which is then empty. */
void passage_destroy_all(struct passage **list);

bool passage_is_under_way(const struct taker *taker, const char *name);

/* Of the inbox; of what a person released. Nothing happens to one that is under
 * way. */
void passage_begin(struct taker *taker, const char *name);
void passage_begin_released(struct taker *taker,
			    const struct store_held *listed);

/* When those that are answered have to be stored: milliseconds; negative:
 * never. */
int64_t passage_store_ms(struct taker *taker);
/* Store the next batch of them, if it is time. */
void passage_store(struct taker *taker);
/* Make removals from the inbox durable, when there is time for it. */
void passage_sync_inbox(struct taker *taker);

#endif
