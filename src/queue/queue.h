/*
 * Deliveries that must happen: who may change what, and when the next try is.
 *
 *	pending --> claimed --> sent
 *	   ^ |<------+ |          (when it was not tried after all)
 *	   |         | |
 *	   |         | +------> failed
 *	   |         v            |
 *	   +------ retry <--------+  (when somebody asks for it)
 *
 *	pending, retry, failed --> cancelled --> retry  (likewise)
 *
 * A delivery is claimed before it is sent and its result is recorded after, so
 * that after any crash it is sent again rather than lost: queue_recover(). A
 * claim has an owner, an end, and a generation that an answer names: when the
 * delivery has moved on since, the answer comes too late and changes nothing.
 *
 * Each function is one transaction, or a part of the caller's (store.h). So
 * the results of several deliveries, the notices that they call for and the
 * next claim can be one transaction:
 *
 *	store_begin(store, &error);
 *	for each result
 *		queue_sent(...) or queue_retry(...) or queue_fail(...);
 *	queue_claim(store, now, &rooms, &flying, arena, &claimed, &error);
 *	outcome = store_end(store, OUTCOME_OK, &error);
 *
 * What was claimed is not to be sent unless that end is OUTCOME_OK; results
 * that could not be stored are to be stored again later. All of it may be run
 * again when nobody knows whether it was committed: it ends as if it had been
 * run once.
 *
 * A move by a person that the delivery's state does not allow is permanent,
 * with a sentence that says the state, and changes nothing.
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include "base/vec.h"
#include "store/change.h"

/* The mail of a delivery that was sent or cancelled is kept for some days, for
 * whoever asks what it said; that of a failed one as long as its item, so that
 * it can be tried again. store_prune() drops it. */
#define QUEUE_MESSAGE_KEPT_MS (INT64_C(7) * 24 * 3600 * 1000)

/* Whose the claims of this process are: a store in a file has one that sends.
 * It knows what it sends, so it does not look when a claim ends. */
#define QUEUE_OWNER "local"
#define QUEUE_LEASE_MS INT64_C(60000)

/* Deliveries that fail in one transaction because nobody tries them. */
enum { QUEUE_EXPIRED_MOST = 100 };

/* Add a delivery, to be sent at once: its state and times are set here. A
 * recipient who has it already does not get another one. */
void queue_add(struct change *change, const struct store_delivery *delivery,
	       instant_ms now);

/* How many may be claimed for one relay. */
struct queue_room {
	const char *relay;
	size_t most;
	bool is_full;		/* set: more may wait than there was room for */
};

struct queue_rooms {
	VEC(struct queue_room) relays;
	size_t others;		/* for each that is not among them */
};

/*
 * Claim what is due, as far as there is room, and append it, with bodies; first
 * what is urgent, and fair to customers and addresses (store_delivery_claim()).
 *
 * `flying` are those that the caller has claimed and not yet settled; NULL:
 * none. Whatever else is claimed by this process comes first, room or not: it
 * was claimed by a transaction that was committed without anybody being told
 * so.
 */
enum outcome queue_claim(struct store *store, instant_ms now,
			 struct queue_rooms *rooms,
			 const struct store_ids *flying, struct arena *arena,
			 struct store_deliveries *deliveries,
			 struct buf *error);

/* When the next retry is due, not later than a little under an hour from now;
 * TIME_UNKNOWN when there is none. */
enum outcome queue_next_due(struct store *store, instant_ms now,
			    instant_ms *when_out, struct buf *error);

/* What a try was answered. */
struct queue_answer {
	int64_t delivery;
	int64_t generation;	/* of its claim */
	instant_ms at;
	const char *host;	/* the relay; NULL when none was reached */
	const char *reply;	/* in its own words, or why there are none */
};

enum queue_settled {
	QUEUE_SETTLED,
	QUEUE_SETTLED_BEFORE,	/* the answer to that claim was recorded */
	QUEUE_NOT_OURS,		/* that claim was taken away; forget it */
};

/* Record the answer to a claim. Only QUEUE_SETTLED changes something. */
enum outcome queue_sent(struct store *store, const struct queue_answer *answer,
			enum queue_settled *settled_out, struct buf *error);
/* It failed and will not succeed: nobody tries again by himself. */
enum outcome queue_fail(struct store *store, const struct queue_answer *answer,
			enum queue_settled *settled_out, struct buf *error);
/* It failed and may succeed after `pause_ms`. When there were tries for
 * BACKOFF_GIVE_UP_MS, it has failed, and `gave_up_out` is true; but not by a
 * clock that is in doubt (store/clockwatch.h). */
enum outcome queue_retry(struct store *store,
			 const struct queue_answer *answer, int64_t pause_ms,
			 enum queue_settled *settled_out, bool *gave_up_out,
			 struct buf *error);

/* It was not tried after all, and waits as before its claim. */
enum outcome queue_give_back(struct store *store,
			     const struct queue_answer *answer,
			     struct buf *error);

/*
 * Deliveries whose relay takes none, and that have waited for
 * BACKOFF_GIVE_UP_MS, fail; up to QUEUE_EXPIRED_MOST of them, which are
 * appended. `reply` is what the relay said last.
 */
enum outcome queue_expire(struct store *store, const char *relay,
			  const char *reply, instant_ms now,
			  struct arena *arena,
			  struct store_deliveries *deliveries,
			  struct buf *error);

/* What a person orders: whose word it is and why are kept. */
enum outcome queue_cancel(struct store *store, int64_t delivery,
			  const char *who, const char *reason, instant_ms now,
			  struct buf *error);
/* Try now, and again for BACKOFF_GIVE_UP_MS; from retry, failed, cancelled. */
enum outcome queue_retry_now(struct store *store, int64_t delivery,
			     const char *who, instant_ms now,
			     struct buf *error);

/*
 * Once, when the daemon starts, before the first claim: whatever is claimed was
 * being sent when the process ended, and nobody knows how far it came. It is
 * tried again, so it may arrive twice, with the same Message-ID. At once the
 * first time; one that is there at every crash may be the reason for them, and
 * has to wait like one that failed.
 */
enum outcome queue_recover(struct store *store, instant_ms now,
			   size_t *count_out, struct buf *error);

#endif
