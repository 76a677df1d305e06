/* The states of deliveries and who moves them. The state is read in the same
 * transaction that changes it, so two movers cannot cross. */
#include "queue/queue.h"

#include "queue/backoff.h"

#define BIT(state) (1u << (state))

enum {
	/* Claimed deliveries that are recovered at once; as many as there are,
	 * in as many rounds. */
	RECOVER_MOST = 100,
};

void
queue_add(struct change *change, const struct store_delivery *delivery,
	  instant_ms now)
{
	struct store_delivery added = *delivery;

	added.state = STORE_PENDING;
	added.attempts = 0;
	added.created = now;
	added.updated = now;
	added.due = now;
	added.expires = now + BACKOFF_GIVE_UP_MS;
	change_add_delivery(change, &added);
}

enum outcome
queue_claim(struct store *store, instant_ms now, size_t most,
	    struct arena *arena, struct store_deliveries *deliveries,
	    struct buf *error)
{
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = store_delivery_wake(store, now, now + BACKOFF_LONGEST_MS,
				      error);
	if (outcome == OUTCOME_OK)
		outcome = store_delivery_claim(store, now, most, arena,
					       deliveries, error);
	return store_end(store, outcome, error);
}

enum outcome
queue_next_due(struct store *store, instant_ms now, instant_ms *when_out,
	       struct buf *error)
{
	enum outcome outcome;

	outcome = store_delivery_due(store, STORE_PENDING, when_out, error);
	if (outcome != OUTCOME_OK || *when_out != TIME_UNKNOWN)
		return outcome;
	outcome = store_delivery_due(store, STORE_RETRY, when_out, error);
	if (*when_out > now + BACKOFF_LONGEST_MS)
		*when_out = now;	/* the clock was wrong */
	return outcome;
}

/* The status of a delivery that is in one of the states `from`. */
static enum outcome
check(struct store *store, int64_t delivery, unsigned int from,
      struct store_status *status_out, struct buf *error)
{
	enum outcome outcome;

	outcome = store_delivery_status(store, delivery, status_out, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!status_out->exists) {
		buf_printf(error, "there is no delivery %lld",
			   (long long)delivery);
		return OUTCOME_PERMANENT;
	}
	if (from & BIT(status_out->state))
		return OUTCOME_OK;
	buf_printf(error, "delivery %lld is %s", (long long)delivery,
		   store_state_names[status_out->state]);
	return OUTCOME_PERMANENT;
}

/* Record the answer to a claimed delivery and what becomes of it. */
static enum outcome
record(struct store *store, const struct queue_answer *answer,
       enum store_answer kind, const struct store_change *change,
       struct buf *error)
{
	const struct store_attempt attempt = {
		.delivery = answer->delivery,
		.at = answer->at,
		.answer = kind,
		.host = answer->host,
		.reply = answer->reply,
	};
	enum outcome outcome = store_attempt_add(store, &attempt, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	return store_delivery_change(store, answer->delivery, change, error);
}

static enum outcome
settle(struct store *store, const struct queue_answer *answer,
       enum store_answer kind, enum store_state state, instant_ms due,
       struct buf *error)
{
	const struct store_change change = {
		.state = state,
		.at = answer->at,
		.due = due,
		.expires = TIME_UNKNOWN,
		.reply = answer->reply,
	};
	enum outcome outcome = store_begin(store, error);
	struct store_status status;

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = check(store, answer->delivery, BIT(STORE_CLAIMED), &status,
			error);
	if (outcome == OUTCOME_OK)
		outcome = record(store, answer, kind, &change, error);
	return store_end(store, outcome, error);
}

enum outcome
queue_sent(struct store *store, const struct queue_answer *answer,
	   struct buf *error)
{
	return settle(store, answer, STORE_ANSWER_SENT, STORE_SENT,
		      answer->at + QUEUE_MESSAGE_KEPT_MS, error);
}

enum outcome
queue_fail(struct store *store, const struct queue_answer *answer,
	   struct buf *error)
{
	return settle(store, answer, STORE_ANSWER_PERMANENT, STORE_FAILED,
		      TIME_UNKNOWN, error);
}

/* Put a delivery off, or give it up. */
static enum outcome
put_off(struct store *store, const struct queue_answer *answer,
	uint32_t random, bool *gave_up_out, struct buf *error)
{
	struct store_change change = {
		.at = answer->at,
		.due = TIME_UNKNOWN,
		.expires = TIME_UNKNOWN,
		.reply = answer->reply,
	};
	struct store_status status;
	enum outcome outcome;

	outcome = check(store, answer->delivery, BIT(STORE_CLAIMED), &status,
			error);
	if (outcome != OUTCOME_OK)
		return outcome;
	*gave_up_out = !backoff_next(status.attempts, answer->at,
				     status.expires, random, &change.due);
	change.state = *gave_up_out ? STORE_FAILED : STORE_RETRY;
	outcome = record(store, answer, STORE_ANSWER_TEMPORARY, &change,
			 error);
	if (outcome == OUTCOME_OK && *gave_up_out)
		outcome = store_event_add(store, &(struct store_event){
			.item = status.item,
			.delivery = answer->delivery,
			.at = answer->at,
			.what = "gave-up",
			.reason = answer->reply,
		}, error);
	return outcome;
}

enum outcome
queue_retry(struct store *store, const struct queue_answer *answer,
	    uint32_t random, bool *gave_up_out, struct buf *error)
{
	enum outcome outcome = store_begin(store, error);

	*gave_up_out = false;
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = put_off(store, answer, random, gave_up_out, error);
	return store_end(store, outcome, error);
}

/* A person's word moves a delivery and is kept as an event. */
static enum outcome
obey(struct store *store, const struct store_event *order, unsigned int from,
     const struct store_change *change, struct buf *error)
{
	struct store_event event = *order;
	struct store_status status;
	enum outcome outcome;

	outcome = check(store, order->delivery, from, &status, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!status.has_message) {
		buf_printf(error, "the mail of delivery %lld is no longer kept",
			   (long long)order->delivery);
		return OUTCOME_PERMANENT;
	}
	event.item = status.item;
	outcome = store_event_add(store, &event, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	return store_delivery_change(store, order->delivery, change, error);
}

enum outcome
queue_cancel(struct store *store, int64_t delivery, const char *who,
	     const char *reason, instant_ms now, struct buf *error)
{
	const struct store_event order = {
		.delivery = delivery,
		.at = now,
		.what = "cancelled",
		.who = who,
		.reason = reason,
	};
	const struct store_change change = {
		.state = STORE_CANCELLED,
		.at = now,
		.due = now + QUEUE_MESSAGE_KEPT_MS,
		.expires = TIME_UNKNOWN,
	};
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = obey(store, &order, BIT(STORE_PENDING) | BIT(STORE_RETRY) |
		       BIT(STORE_FAILED), &change, error);
	return store_end(store, outcome, error);
}

enum outcome
queue_retry_now(struct store *store, int64_t delivery, const char *who,
		instant_ms now, struct buf *error)
{
	const struct store_event order = {
		.delivery = delivery,
		.at = now,
		.what = "retried",
		.who = who,
	};
	const struct store_change change = {
		.state = STORE_RETRY,
		.at = now,
		.due = now,
		.expires = now + BACKOFF_GIVE_UP_MS,
	};
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = obey(store, &order, BIT(STORE_RETRY) | BIT(STORE_FAILED) |
		       BIT(STORE_CANCELLED), &change, error);
	return store_end(store, outcome, error);
}

static enum outcome
recover_one(struct store *store, const struct store_delivery *delivery,
	    instant_ms now, struct buf *error)
{
	const struct queue_answer answer = {
		.delivery = delivery->id,
		.at = now,
		.reply = "the relay stopped while it was sending this",
	};
	const struct store_change change = {
		.state = STORE_RETRY,
		.at = now,
		.due = delivery->attempts < 2 ? now :
		       now + backoff_pause(delivery->attempts - 1, 0),
		.expires = TIME_UNKNOWN,
		.reply = answer.reply,
	};

	return record(store, &answer, STORE_ANSWER_UNKNOWN, &change, error);
}

/* One round; `count_out` is how many there were. */
static enum outcome
recover_some(struct store *store, instant_ms now, size_t *count_out,
	     struct buf *error)
{
	struct store_deliveries claimed = { 0 };
	struct arena *arena = arena_create();
	enum outcome outcome;
	size_t i;

	outcome = store_deliveries(store, STORE_CLAIMED, RECOVER_MOST, arena,
				   &claimed, error);
	for (i = 0; outcome == OUTCOME_OK && i < claimed.count; i++)
		outcome = recover_one(store, &claimed.items[i], now, error);
	*count_out = claimed.count;
	arena_destroy(&arena);
	return outcome;
}

enum outcome
queue_recover(struct store *store, instant_ms now, size_t *count_out,
	      struct buf *error)
{
	enum outcome outcome = store_begin(store, error);
	size_t count = 1;

	*count_out = 0;
	if (outcome != OUTCOME_OK)
		return outcome;
	while (outcome == OUTCOME_OK && count) {
		outcome = recover_some(store, now, &count, error);
		*count_out += count;
	}
	return store_end(store, outcome, error);
}
