/* The states of deliveries and who moves them. The state is read in the same
 * transaction that changes it, so two movers cannot cross. */
#include "queue/queue.h"

#include "base/vec.h"
#include "queue/backoff.h"
#include "store/clockwatch.h"

#define BIT(state) (1u << (state))

void
queue_add(struct change *change, const struct store_delivery *delivery,
	  instant_ms now)
{
	struct store_delivery added = *delivery;

	added.state = STORE_PENDING;
	added.owner = NULL;
	added.lease = TIME_UNKNOWN;
	added.generation = 0;
	added.attempts = 0;
	added.created = now;
	added.updated = now;
	added.due = now;
	added.expires = now + BACKOFF_GIVE_UP_MS;
	change_add_delivery(change, &added);
}

static bool
is_flying(const struct store_ids *flying, int64_t id)
{
	size_t i;

	for (i = 0; flying && i < flying->count; i++)
		if (flying->items[i] == id)
			return true;
	return false;
}

/* What is claimed and does not fly. */
static enum outcome
claim_again(struct store *store, const struct store_ids *flying,
	    struct arena *arena, struct store_deliveries *deliveries,
	    struct buf *error)
{
	struct store_delivery *delivery;
	struct store_ids ids = { 0 };
	enum outcome outcome;
	size_t i;

	outcome = store_delivery_claimed(store, QUEUE_OWNER, arena, &ids,
					 error);
	for (i = 0; i < ids.count && outcome == OUTCOME_OK; i++) {
		if (is_flying(flying, ids.items[i]))
			continue;
		outcome = store_delivery(store, ids.items[i], arena, &delivery,
					 error);
		if (outcome == OUTCOME_OK)
			vec_push(arena, deliveries, *delivery);
	}
	return outcome;
}

static struct queue_room *
room_of(struct queue_rooms *rooms, const char *relay)
{
	size_t i;

	for (i = 0; i < rooms->relays.count; i++)
		if (!strcmp(rooms->relays.items[i].relay, relay))
			return &rooms->relays.items[i];
	return NULL;
}

static enum outcome
claim_for(struct store *store, instant_ms now, const char *relay,
	  struct queue_rooms *rooms, struct arena *arena,
	  struct store_deliveries *deliveries, struct buf *error)
{
	const struct store_claim ours = {
		.owner = QUEUE_OWNER, .now = now, .lease = now + QUEUE_LEASE_MS,
		.relay = relay,
	};
	struct queue_room *room = room_of(rooms, relay);
	size_t most = room ? room->most : rooms->others;
	size_t before = deliveries->count;
	enum outcome outcome;

	outcome = store_delivery_claim(store, &ours, most, arena, deliveries,
				       error);
	if (room)
		room->is_full = deliveries->count - before == most;
	return outcome;
}

static enum outcome
claim(struct store *store, instant_ms now, struct queue_rooms *rooms,
      const struct store_ids *flying, struct arena *arena,
      struct store_deliveries *deliveries, struct buf *error)
{
	struct store_names relays = { 0 };
	enum outcome outcome;
	size_t i;

	outcome = claim_again(store, flying, arena, deliveries, error);
	if (outcome == OUTCOME_OK)
		outcome = store_delivery_wake(store, now,
					      now + BACKOFF_LONGEST_MS, error);
	if (outcome == OUTCOME_OK)
		outcome = store_delivery_relays(store, arena, &relays, error);
	for (i = 0; i < relays.count && outcome == OUTCOME_OK; i++)
		outcome = claim_for(store, now, relays.items[i], rooms, arena,
				    deliveries, error);
	return outcome;
}

enum outcome
queue_claim(struct store *store, instant_ms now, struct queue_rooms *rooms,
	    const struct store_ids *flying, struct arena *arena,
	    struct store_deliveries *deliveries, struct buf *error)
{
	enum outcome outcome = store_begin(store, error);
	size_t i;

	for (i = 0; i < rooms->relays.count; i++)
		rooms->relays.items[i].is_full = false;
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = claim(store, now, rooms, flying, arena, deliveries, error);
	return store_end(store, outcome, error);
}

enum outcome
queue_next_due(struct store *store, instant_ms now, instant_ms *when_out,
	       struct buf *error)
{
	enum outcome outcome = store_delivery_due(store, STORE_RETRY, when_out,
						  error);

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

static enum outcome
add_attempt(struct store *store, const struct queue_answer *answer,
	    enum store_answer kind, struct buf *error)
{
	return store_attempt_add(store, &(struct store_attempt){
		.delivery = answer->delivery,
		.at = answer->at,
		.answer = kind,
		.host = answer->host,
		.reply = answer->reply,
	}, error);
}

/* A claim that is not there: was its answer recorded? */
static enum outcome
look_back(struct store *store, const struct queue_answer *answer,
	  enum queue_settled *settled_out, struct buf *error)
{
	struct store_status status;
	enum outcome outcome = store_delivery_status(store, answer->delivery,
						     &status, error);

	*settled_out = status.generation == answer->generation &&
		       status.state != STORE_CLAIMED ?
		       QUEUE_SETTLED_BEFORE : QUEUE_NOT_OURS;
	return outcome;
}

/* Record the answer to a claim and what becomes of the delivery. */
static enum outcome
record(struct store *store, const struct queue_answer *answer,
       enum store_answer kind, const struct store_change *change,
       enum queue_settled *settled_out, struct buf *error)
{
	enum outcome outcome;
	bool is_moved;

	*settled_out = QUEUE_SETTLED;
	outcome = store_delivery_settle(store, answer->delivery, QUEUE_OWNER,
					answer->generation, change, &is_moved,
					error);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!is_moved)
		return look_back(store, answer, settled_out, error);
	return add_attempt(store, answer, kind, error);
}

static enum outcome
settle(struct store *store, const struct queue_answer *answer,
       enum store_answer kind, enum store_state state, instant_ms due,
       enum queue_settled *settled_out, struct buf *error)
{
	const struct store_change change = {
		.state = state,
		.at = answer->at,
		.due = due,
		.expires = TIME_UNKNOWN,
		.reply = answer->reply,
	};
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = record(store, answer, kind, &change, settled_out, error);
	return store_end(store, outcome, error);
}

enum outcome
queue_sent(struct store *store, const struct queue_answer *answer,
	   enum queue_settled *settled_out, struct buf *error)
{
	return settle(store, answer, STORE_ANSWER_SENT, STORE_SENT,
		      answer->at + QUEUE_MESSAGE_KEPT_MS, settled_out, error);
}

enum outcome
queue_fail(struct store *store, const struct queue_answer *answer,
	   enum queue_settled *settled_out, struct buf *error)
{
	return settle(store, answer, STORE_ANSWER_PERMANENT, STORE_FAILED,
		      TIME_UNKNOWN, settled_out, error);
}

/* By a clock that is in doubt nothing is given up. */
static enum outcome
may_give_up(struct store *store, instant_ms at, bool *may_out,
	    struct buf *error)
{
	bool doubts = false;
	enum outcome outcome = clockwatch_doubts(store, at, &doubts, error);

	*may_out = !doubts;
	return outcome;
}

/* Put a delivery off, or give it up. */
static enum outcome
put_off(struct store *store, const struct queue_answer *answer,
	int64_t pause_ms, enum queue_settled *settled_out, bool *gave_up_out,
	struct buf *error)
{
	struct store_change change = {
		.at = answer->at,
		.due = TIME_UNKNOWN,
		.expires = TIME_UNKNOWN,
		.reply = answer->reply,
	};
	struct store_status status;
	enum outcome outcome;
	bool give_up;

	outcome = store_delivery_status(store, answer->delivery, &status,
					error);
	if (outcome != OUTCOME_OK)
		return outcome;
	give_up = !backoff_next(pause_ms, answer->at, status.expires,
				&change.due);
	if (give_up)
		outcome = may_give_up(store, answer->at, &give_up, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!give_up && change.due == TIME_UNKNOWN)
		change.due = answer->at + pause_ms;
	change.state = give_up ? STORE_FAILED : STORE_RETRY;
	outcome = record(store, answer, STORE_ANSWER_TEMPORARY, &change,
			 settled_out, error);
	if (outcome != OUTCOME_OK || *settled_out == QUEUE_NOT_OURS)
		return outcome;
	if (*settled_out == QUEUE_SETTLED_BEFORE)
		*gave_up_out = status.state == STORE_FAILED;
	else
		*gave_up_out = give_up;
	if (*settled_out == QUEUE_SETTLED && give_up)
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
	    int64_t pause_ms, enum queue_settled *settled_out,
	    bool *gave_up_out, struct buf *error)
{
	enum outcome outcome = store_begin(store, error);

	*gave_up_out = false;
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = put_off(store, answer, pause_ms, settled_out, gave_up_out,
			  error);
	return store_end(store, outcome, error);
}

enum outcome
queue_give_back(struct store *store, const struct queue_answer *answer,
		struct buf *error)
{
	bool unused;	/* not ours any more: then it is nothing to us */

	return store_delivery_unclaim(store, answer->delivery, QUEUE_OWNER,
				      answer->generation, answer->at, &unused,
				      error);
}

static enum outcome
expire_one(struct store *store, const struct store_delivery *delivery,
	   const char *reply, instant_ms now, struct buf *error)
{
	const struct store_event event = {
		.item = delivery->item,
		.delivery = delivery->id,
		.at = now,
		.what = "gave-up",
		.reason = reply,
	};
	const struct store_change change = {
		.state = STORE_FAILED,
		.at = now,
		.due = TIME_UNKNOWN,
		.expires = TIME_UNKNOWN,
		.reply = reply,
	};
	enum outcome outcome = store_event_add(store, &event, error);

	return outcome == OUTCOME_OK ?
	       store_delivery_change(store, delivery->id, &change, error) :
	       outcome;
}

enum outcome
queue_expire(struct store *store, const char *relay, const char *reply,
	     instant_ms now, struct arena *arena,
	     struct store_deliveries *deliveries, struct buf *error)
{
	size_t i = deliveries->count;
	bool may = true;
	enum outcome outcome = may_give_up(store, now, &may, error);

	if (outcome != OUTCOME_OK || !may)
		return outcome;
	outcome = store_begin(store, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = store_delivery_expired(store, relay, now, QUEUE_EXPIRED_MOST,
					 arena, deliveries, error);
	for (; i < deliveries->count && outcome == OUTCOME_OK; i++)
		outcome = expire_one(store, &deliveries->items[i], reply, now,
				     error);
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
	if (!status.has_body) {
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
recover_one(struct store *store, int64_t id, instant_ms now,
	    struct buf *error)
{
	const struct queue_answer answer = {
		.delivery = id,
		.at = now,
		.reply = "the relay stopped while it was sending this",
	};
	struct store_change change = {
		.state = STORE_RETRY,
		.at = now,
		.due = now,
		.expires = TIME_UNKNOWN,
		.reply = answer.reply,
	};
	struct store_status status;
	enum outcome outcome = store_delivery_status(store, id, &status,
						     error);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (status.attempts > 1)
		change.due += backoff_pause(status.attempts - 1, 0);
	outcome = add_attempt(store, &answer, STORE_ANSWER_UNKNOWN, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	return store_delivery_change(store, id, &change, error);
}

static enum outcome
recover(struct store *store, instant_ms now, size_t *count_out,
	struct buf *error)
{
	struct arena *arena = arena_create();
	struct store_ids ids = { 0 };
	enum outcome outcome;
	size_t i;

	outcome = store_delivery_claimed(store, QUEUE_OWNER, arena, &ids,
					 error);
	for (i = 0; outcome == OUTCOME_OK && i < ids.count; i++)
		outcome = recover_one(store, ids.items[i], now, error);
	*count_out = ids.count;
	arena_destroy(&arena);
	return outcome;
}

enum outcome
queue_recover(struct store *store, instant_ms now, size_t *count_out,
	      struct buf *error)
{
	enum outcome outcome = store_begin(store, error);

	*count_out = 0;
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = recover(store, now, count_out, error);
	return store_end(store, outcome, error);
}
