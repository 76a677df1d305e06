#include "deliver/outbox.h"

#include "base/bug.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/vec.h"
#include "deliver/failure.h"
#include "deliver/sender_pool.h"
#include "queue/queue.h"

enum {
	/* The store failed: the results wait in memory until it is back. */
	OUTBOX_TROUBLE_MS = 2000,
	/* What is under way at SIGTERM may take this long. */
	OUTBOX_PATIENCE_MS = 20000,
	/* A result waits this long for those of other deliveries, to share a
	 * commit with them. */
	OUTBOX_GATHER_MS = 15,
};

/* A delivery in the hands of a sender thread. */
struct flight {
	struct flight *next;
	struct arena *arena;
	const struct generation *generation;
	struct store_delivery delivery;
	struct sender_done *done;	/* its result; NULL while it flies */
	const char *verdict;		/* what was recorded, for the log */
	bool is_told;			/* of its failure: somebody else is */
};

struct outbox {
	struct loop_timer *timer;
	struct store *store;
	struct generations *generations;
	const struct clock *clock;
	struct sender_pool *pool;
	struct flight *flights;
	struct arena *arena;		/* of `claimed` */
	struct store_deliveries claimed; /* in the transaction at hand */
	struct change change;		/* likewise */
	bool joined;			/* which is somebody else's */
	bool is_gathering;		/* the timer is set for that */
	bool recovered;			/* what the last process left */
	bool draining;
	bool trouble;
};

static instant_ms
now(const struct outbox *outbox)
{
	return outbox->clock->now(outbox->clock);
}

/* Said once until it is over; the mails wait meanwhile. */
static void
report(struct outbox *outbox, enum outcome outcome, const char *error)
{
	if (outcome != OUTCOME_OK && !outbox->trouble)
		log_error("trouble", "in", "queue", "what", error, NULL);
	if (outcome == OUTCOME_OK && outbox->trouble)
		log_info("recovered", "in", "queue", NULL);
	outbox->trouble = outcome != OUTCOME_OK;
}

/* A relay that is not in the configuration any more: then the default one. */
static const struct relay *
relay_for(const struct generation *generation, const char *name)
{
	const struct relay *relay = relay_find(generation->relays, name);

	return relay ? relay : relay_default(generation->relays);
}

static struct endpoint
endpoint_of(const struct generation *generation,
	    const struct store_delivery *delivery)
{
	return (struct endpoint){
		.channel = relay_for(generation, delivery->relay)->channel,
		.address = delivery->address,
	};
}

/* ---- results ---- */

/* Match finished jobs with their flights. */
static void
collect(struct outbox *outbox)
{
	struct sender_done *done = sender_pool_results(outbox->pool);

	while (done) {
		struct sender_done *next = done->next;
		struct flight *flight = outbox->flights;

		while (flight && (uint64_t)flight->delivery.id != done->id)
			flight = flight->next;
		if (!flight)
			BUG("a result for a delivery that nobody sent");
		done->next = NULL;
		flight->done = done;
		done = next;
	}
}

static void
tell_failure(struct outbox *outbox, struct flight *flight, const char *reply)
{
	const struct generation *generation =
		generations_current(outbox->generations);
	const struct endpoint endpoint = endpoint_of(generation,
						     &flight->delivery);

	flight->verdict = "failed";
	failure_tell(generation, outbox->store, &flight->delivery, &endpoint,
		     reply, now(outbox), &outbox->change, &flight->is_told);
}

static enum outcome
record_failure(struct outbox *outbox, struct flight *flight,
	       const struct queue_answer *answer, struct buf *error)
{
	enum queue_settled settled;
	enum outcome outcome = queue_fail(outbox->store, answer, &settled,
					  error);

	if (outcome == OUTCOME_OK && settled == QUEUE_SETTLED)
		tell_failure(outbox, flight, answer->reply);
	return outcome;
}

static enum outcome
record_retry(struct outbox *outbox, struct flight *flight,
	     const struct queue_answer *answer, struct buf *error)
{
	enum queue_settled settled;
	enum outcome outcome;
	uint32_t random;
	bool gave_up = false;

	digest_random(&random, sizeof(random));
	flight->verdict = "retry";
	outcome = queue_retry(outbox->store, answer, random, &settled,
			      &gave_up, error);
	if (outcome != OUTCOME_OK || !gave_up || settled != QUEUE_SETTLED)
		return outcome;
	tell_failure(outbox, flight, arena_printf(flight->arena,
		     "given up after three days; the last one was: %s",
		     answer->reply));
	return OUTCOME_OK;
}

/* All that is known of a try, in one line for the journal. */
static const char *
reply_of(const struct flight *flight)
{
	const struct send_result *result = &flight->done->result;

	if (!result->passed_over.len)
		return result->text.data;
	return arena_printf(flight->arena, "%s (before: %s)",
			    result->text.data, result->passed_over.data);
}

static enum outcome
record(struct outbox *outbox, struct flight *flight, struct buf *error)
{
	const struct send_result *result = &flight->done->result;
	const struct queue_answer answer = {
		.delivery = flight->delivery.id,
		.generation = flight->delivery.generation,
		.at = now(outbox),
		.host = result->host.len ? result->host.data : NULL,
		.reply = reply_of(flight),
	};
	enum queue_settled settled;

	/* Stopped by ourselves: it stays claimed, and the next start takes it
	 * up at once. */
	flight->verdict = NULL;
	if (result->was_stopped)
		return OUTCOME_OK;
	switch (result->outcome) {
	case OUTCOME_OK:
		flight->verdict = "sent";
		return queue_sent(outbox->store, &answer, &settled, error);
	case OUTCOME_PERMANENT:
		return record_failure(outbox, flight, &answer, error);
	default:
		return record_retry(outbox, flight, &answer, error);
	}
}

/* As `tocsin queue` shows it. */
static const char *
id_of(const struct store_delivery *delivery, struct arena *arena)
{
	return arena_printf(arena, "%lld", (long long)delivery->id);
}

/* What a notice is about; an alert is about itself. */
static const char *
about_of(const struct store_delivery *delivery)
{
	return *delivery->about ? delivery->about : NULL;
}

typedef void log_function(const char *event, ...);

static log_function *
level_of(const struct flight *flight)
{
	if (strcmp(flight->verdict, "failed"))
		return flight->done->result.needs_mending ? log_warning
							  : log_info;
	return flight->is_told ? log_warning : log_error;
}

static void
log_flight(const struct flight *flight)
{
	const struct store_delivery *delivery = &flight->delivery;
	const struct send_result *result = &flight->done->result;

	level_of(flight)(flight->verdict, "code", delivery->code, "delivery",
		id_of(delivery, flight->arena), "about", about_of(delivery),
		"recipient", delivery->address, "relay", delivery->relay,
		"host", result->host.len ? result->host.data : NULL, "step",
		result->outcome == OUTCOME_OK ? NULL : result->step, "maybe",
		result->maybe_delivered ? "yes" : NULL, "reply",
		result->text.data, "before", result->passed_over.len ?
		result->passed_over.data : NULL, NULL);
}

static void
land(struct outbox *outbox, struct flight *flight)
{
	struct arena *arena = flight->arena;

	if (flight->verdict)
		log_flight(flight);
	sender_done_destroy(&flight->done);
	generations_return(outbox->generations, flight->generation);
	arena_destroy(&arena);
}

/* Those with a result leave the list. */
static void
land_all(struct outbox *outbox)
{
	struct flight **link = &outbox->flights;

	while (*link) {
		struct flight *flight = *link;

		if (!flight->done) {
			link = &flight->next;
			continue;
		}
		*link = flight->next;
		land(outbox, flight);
	}
}

static enum outcome
record_all(struct outbox *outbox, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	struct flight *flight = outbox->flights;

	for (; flight && outcome == OUTCOME_OK; flight = flight->next)
		if (flight->done)
			outcome = record(outbox, flight, error);
	return outcome;
}

/* ---- departures ---- */

static struct flight *
flight_create(struct outbox *outbox, const struct store_delivery *claimed)
{
	struct arena *arena = arena_create();
	struct flight *flight = arena_alloc(arena, sizeof(*flight));

	flight->arena = arena;
	flight->generation = generations_borrow(outbox->generations);
	flight->delivery = *claimed;
	flight->delivery.code = arena_strdup(arena, claimed->code);
	flight->delivery.address = arena_strdup(arena, claimed->address);
	flight->delivery.about = arena_strdup(arena, claimed->about);
	flight->delivery.relay = arena_strdup(arena, claimed->relay);
	flight->delivery.customer = NULL;	/* not needed any more */
	flight->delivery.body = NULL;	/* the pool has a copy */
	return flight;
}

static void
depart(struct outbox *outbox, const struct store_delivery *claimed)
{
	struct flight *flight = flight_create(outbox, claimed);
	const struct send_job job = {
		.sender = claimed->sender,
		.address = claimed->address,
		.headers = claimed->headers,
		.body = claimed->body,
		.length = claimed->body_length,
		.message_id = claimed->message_id,
		.smtputf8 = claimed->smtputf8,
	};

	flight->next = outbox->flights;
	outbox->flights = flight;
	if (!sender_pool_submit(outbox->pool, (uint64_t)claimed->id,
				relay_for(flight->generation, claimed->relay),
				&job))
		BUG("no room for a delivery that there was room for");
}

/* Nobody outside a customer's recipients gets its data: the rules were checked
 * when they were loaded; but they may have changed since. */
static bool
is_allowed(const struct outbox *outbox, const struct store_delivery *claimed)
{
	const struct generation *generation =
		generations_current(outbox->generations);
	const struct endpoint endpoint = endpoint_of(generation, claimed);

	return generation_allows(generation, claimed->customer, &endpoint);
}

static enum outcome
refuse(struct outbox *outbox, const struct store_delivery *claimed,
       struct arena *arena, struct buf *error)
{
	struct flight flight = { .arena = arena, .delivery = *claimed };
	const struct queue_answer answer = {
		.delivery = claimed->id,
		.generation = claimed->generation,
		.at = now(outbox),
		.reply = "not sent: the customer's recipients do not allow "
			 "this address any more",
	};
	enum outcome outcome = record_failure(outbox, &flight, &answer, error);

	if (outcome == OUTCOME_OK)
		(flight.is_told ? log_warning : log_error)("refused", "code",
			claimed->code, "delivery", id_of(claimed, arena),
			"about", about_of(claimed), "recipient",
			claimed->address, "customer", claimed->customer,
			NULL);
	return outcome;
}

static struct store_ids
flying(const struct outbox *outbox)
{
	const struct flight *flight = outbox->flights;
	struct store_ids ids = { 0 };

	for (; flight; flight = flight->next)
		vec_push(outbox->arena, &ids, flight->delivery.id);
	return ids;
}

/* Claim what there is room for; those that may not go are refused here and
 * leave the list. */
static enum outcome
claim(struct outbox *outbox, struct buf *error)
{
	size_t room = outbox->draining ? 0 : sender_pool_room(outbox->pool);
	struct store_deliveries *claimed = &outbox->claimed;
	struct store_ids ids = flying(outbox);
	enum outcome outcome = OUTCOME_OK;
	size_t i, kept = 0;

	if (!room)
		return OUTCOME_OK;
	outcome = queue_claim(outbox->store, now(outbox), room, &ids,
			      outbox->arena, claimed, error);
	for (i = 0; i < claimed->count && outcome == OUTCOME_OK; i++) {
		if (is_allowed(outbox, &claimed->items[i]))
			claimed->items[kept++] = claimed->items[i];
		else
			outcome = refuse(outbox, &claimed->items[i],
					 outbox->arena, error);
	}
	claimed->count = kept;
	return outcome;
}

/* Once, before anything is claimed; again while the store is not there. */
static enum outcome
recover(struct outbox *outbox, struct buf *error)
{
	size_t count = 0;
	enum outcome outcome;

	if (outbox->recovered)
		return OUTCOME_OK;
	outcome = queue_recover(outbox->store, now(outbox), &count, error);
	if (outcome == OUTCOME_OK)
		outcome = failure_report(outbox->store, error);
	outbox->recovered = outcome == OUTCOME_OK;
	if (outbox->recovered && count)
		log_warning("recovered", "what", "deliveries under way when "
			    "the last process ended: they may arrive twice",
			    NULL);
	return outcome;
}

/* When this has to be called again without an event. */
static void
set_timer(struct outbox *outbox)
{
	struct buf error = BUF_INIT;
	instant_ms due = TIME_UNKNOWN, at = now(outbox);

	outbox->is_gathering = false;
	if (outbox->trouble)
		loop_timer_set(outbox->timer, OUTBOX_TROUBLE_MS);
	else if (outbox->draining || !sender_pool_room(outbox->pool))
		loop_timer_set(outbox->timer, -1);
	else if (queue_next_due(outbox->store, at, &due, &error) !=
		 OUTCOME_OK)
		loop_timer_set(outbox->timer, OUTBOX_TROUBLE_MS);
	else if (due == TIME_UNKNOWN)
		loop_timer_set(outbox->timer, -1);
	else
		loop_timer_set(outbox->timer, due > at ? due - at : 0);
	buf_release(&error);
}

/* Their mails may be large. */
static void
forget_claimed(struct outbox *outbox)
{
	outbox->claimed = (struct store_deliveries){ 0 };
	arena_reset(outbox->arena);
}

/* Everything that can be done now, in a transaction. */
static enum outcome
work(struct outbox *outbox, struct buf *error)
{
	enum outcome outcome;

	forget_claimed(outbox);
	change_init(&outbox->change, outbox->arena);
	collect(outbox);
	outcome = record_all(outbox, error);
	if (outcome == OUTCOME_OK)
		outcome = claim(outbox, error);
	if (outcome == OUTCOME_OK)
		outcome = change_apply(&outbox->change, outbox->store, error);
	return outcome;
}

/* It is committed. */
static void
proceed(struct outbox *outbox)
{
	size_t i;

	land_all(outbox);
	for (i = 0; i < outbox->claimed.count; i++)
		depart(outbox, &outbox->claimed.items[i]);
	forget_claimed(outbox);
}

static void
turn(void *context)
{
	struct outbox *outbox = context;
	struct buf error = BUF_INIT;
	enum outcome outcome = recover(outbox, &error);

	if (outcome == OUTCOME_OK)
		outcome = store_begin(outbox->store, &error);
	if (outcome == OUTCOME_OK)
		outcome = store_end(outbox->store, work(outbox, &error),
				    &error);
	report(outbox, outcome, error.data);
	if (outcome == OUTCOME_OK)
		proceed(outbox);
	set_timer(outbox);
	buf_release(&error);
}

enum outcome
outbox_join(struct outbox *outbox, struct buf *error)
{
	/* What troubles the outbox must not trouble others. */
	outbox->joined = outbox->recovered && !outbox->trouble;
	return outbox->joined ? work(outbox, error) : OUTCOME_OK;
}

void
outbox_joined(struct outbox *outbox, enum outcome outcome)
{
	if (outcome == OUTCOME_OK && outbox->joined) {
		proceed(outbox);
		set_timer(outbox);
	} else {
		outbox_wake(outbox);
	}
	outbox->joined = false;
}

static bool
is_any_flying(const struct outbox *outbox)
{
	const struct flight *flight = outbox->flights;

	while (flight && flight->done)
		flight = flight->next;
	return flight;
}

static void
take_results(void *context)
{
	struct outbox *outbox = context;

	collect(outbox);
	if (!is_any_flying(outbox) || outbox->trouble) {
		turn(outbox);
	} else if (!outbox->is_gathering) {
		outbox->is_gathering = true;
		loop_timer_set(outbox->timer, OUTBOX_GATHER_MS);
	}
}

struct outbox *
outbox_create(struct loop *loop, struct store *store,
	      struct generations *generations, const struct clock *clock)
{
	struct outbox *outbox = bug_alloc(sizeof(*outbox));

	*outbox = (struct outbox){
		.store = store, .generations = generations, .clock = clock,
	};
	outbox->pool = sender_pool_create(SENDER_POOL_THREADS, clock);
	outbox->timer = loop_timer(loop, turn, outbox);
	outbox->arena = arena_create();
	loop_watch(loop, sender_pool_fd(outbox->pool), take_results, outbox);
	loop_timer_set(outbox->timer, 0);
	return outbox;
}

void
outbox_wake(struct outbox *outbox)
{
	loop_timer_set(outbox->timer, 0);
}

void
outbox_drain(struct outbox *outbox)
{
	outbox->draining = true;
	sender_pool_drain(outbox->pool, OUTBOX_PATIENCE_MS);
	turn(outbox);
}

void
outbox_destroy(struct outbox **outbox)
{
	struct flight *flight;

	sender_pool_destroy(&(*outbox)->pool);
	/* Left only when the store failed to the end: they stay claimed. */
	while ((flight = (*outbox)->flights)) {
		(*outbox)->flights = flight->next;
		if (flight->done)
			sender_done_destroy(&flight->done);
		generations_return((*outbox)->generations, flight->generation);
		arena_destroy(&flight->arena);
	}
	arena_destroy(&(*outbox)->arena);
	free(*outbox);
	*outbox = NULL;
}
