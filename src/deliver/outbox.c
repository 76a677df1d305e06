#include "deliver/outbox.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/digest.h"
#include "base/log.h"
#include "deliver/claim.h"
#include "deliver/settle.h"
#include "deliver/way.h"
#include "queue/backoff.h"
#include "send/relay.h"

enum {
	/* The store failed: the results wait in memory until it is back. */
	OUTBOX_TROUBLE_MS = 2000,
	/* What is under way at SIGTERM may take this long. */
	OUTBOX_PATIENCE_MS = 20000,
	/* A result waits this long for those of other deliveries, to share a
	 * commit with them. */
	OUTBOX_GATHER_MS = 15,
};

/* A delivery in the hands of a sender. */
struct flight {
	struct flight *next;
	struct arena *arena;
	const struct generation *generation;
	struct store_delivery delivery;
	struct way *way;
	struct sender_done *done;	/* its result; NULL while it flies */
	int64_t pause_ms;		/* then: before it is tried again */
	bool is_settling;		/* its answer is at the clerk */
};

/* What is at the clerk, and the arena of what it is handed. */
struct settling {
	struct unit unit;
	struct settle settle;
	struct arena *arena;
	bool is_under_way;
};

struct claiming {
	struct unit unit;
	struct claim claim;
	struct arena *arena;
	bool is_under_way;
	bool is_wanted;			/* once more, when it is over */
};

struct outbox {
	struct outbox_world world;
	struct loop_timer *timer;
	struct flight *flights;
	struct ways ways;
	const struct generation *seen;	/* the ways know it; borrowed */
	bool is_gathering;		/* the timer is set for that */
	bool is_recovered;		/* what the last process left */
	bool has_new_relays;		/* no claim has seen them yet */
	bool is_draining;
	bool is_troubled;		/* the store failed the last time */

	/* One of each at a time, and neither waits for the other: a new alert
	 * is claimed while answers to older ones go to the disk. */
	struct settling settling;
	struct claiming claiming;
};

static instant_ms
now(const struct outbox *outbox)
{
	return outbox->world.clock->now(outbox->world.clock);
}

/* ---- flights ---- */

static struct flight *
flight_create(struct outbox *outbox, const struct store_delivery *claimed)
{
	struct arena *arena = arena_create();
	struct flight *flight = arena_alloc(arena, sizeof(*flight));

	flight->arena = arena;
	flight->generation = generations_borrow(outbox->world.generations);
	/* What is asked of it later. */
	flight->delivery = (struct store_delivery){
		.id = claimed->id,
		.item = claimed->item,
		.generation = claimed->generation,
		.attempts = claimed->attempts,
		.code = arena_strdup(arena, claimed->code),
		.channel = arena_strdup(arena, claimed->channel),
		.address = arena_strdup(arena, claimed->address),
		.about = arena_strdup(arena, claimed->about),
		.relay = arena_strdup(arena, claimed->relay),
	};
	return flight;
}

static void
flight_destroy(struct outbox *outbox, struct flight *flight)
{
	struct arena *arena = flight->arena;	/* which holds the flight */

	if (flight->done)
		sender_done_destroy(&flight->done);
	generations_return(outbox->world.generations, flight->generation);
	arena_destroy(&arena);
}

static void
depart(struct outbox *outbox, const struct store_delivery *claimed)
{
	const struct senders *senders = &outbox->world.senders;
	struct flight *flight = flight_create(outbox, claimed);
	const struct relay *relay = claim_relay(flight->generation, claimed);
	const struct send_job job = {
		.sender = claimed->sender,
		.address = claimed->address,
		.headers = claimed->headers,
		.body = claimed->body,
		.length = claimed->body_length,
		.message_id = claimed->message_id,
		.smtputf8 = claimed->smtputf8,
	};

	flight->way = ways_find(&outbox->ways, relay->name);
	flight->next = outbox->flights;
	outbox->flights = flight;
	pace_depart(&flight->way->pace);
	senders->submit(senders->context, (uint64_t)claimed->id, relay,
			pace_abreast(&flight->way->pace), &job);
}

/* What it says of the relay, and so for the others that wait for it. */
static void
answer_arrived(struct outbox *outbox, struct flight *flight,
	       struct sender_done *done)
{
	const struct senders *senders = &outbox->world.senders;
	struct way *way = flight->way;
	uint32_t random;

	done->next = NULL;
	flight->done = done;
	flight->pause_ms = way_answer(way, &done->result,
				      flight->delivery.attempts, now(outbox));
	if (way_is_verdict(way, &done->result, flight->delivery.attempts))
		done->result.outcome = OUTCOME_PERMANENT;
	digest_random(&random, sizeof(random));
	if (!flight->pause_ms)
		flight->pause_ms = backoff_pause(flight->delivery.attempts,
						 random);
	senders->limit(senders->context, way->name, pace_abreast(&way->pace));
	/* The others are not to be tried one by one as if nothing was said:
	 * they wait in the queue, where urgent ones go first. */
	if (!done->result.was_stopped && way->pace.is_probing)
		senders->recall(senders->context, way->name);
}

/* Match results with their flights. */
static void
collect(struct outbox *outbox)
{
	const struct senders *senders = &outbox->world.senders;
	struct sender_done *done = senders->results(senders->context);

	while (done) {
		struct sender_done *next = done->next;
		struct flight *flight = outbox->flights;

		while (flight && (uint64_t)flight->delivery.id != done->id)
			flight = flight->next;
		if (!flight)
			BUG("a result for a delivery that nobody sent");
		answer_arrived(outbox, flight, done);
		done = next;
	}
}

/* Those whose answers are in the store leave the list. */
static void
land(struct outbox *outbox, bool is_committed)
{
	struct flight **link = &outbox->flights, *flight;

	while ((flight = *link)) {
		if (flight->is_settling && is_committed) {
			*link = flight->next;
			flight_destroy(outbox, flight);
		} else {
			flight->is_settling = false;
			link = &flight->next;
		}
	}
}

/* ---- the two units ---- */

static bool
is_any(const struct outbox *outbox, bool is_done)
{
	const struct flight *flight = outbox->flights;

	while (flight && (flight->is_settling || !flight->done == is_done))
		flight = flight->next;
	return flight;
}

static void
add_answer(struct settling *settling, struct flight *flight)
{
	struct settle_answer answer = {
		.delivery = &flight->delivery,
		.result = &flight->done->result,
		.pause_ms = flight->pause_ms,
	};

	flight->is_settling = true;
	vec_push(settling->arena, &settling->settle.answers, answer);
}

/* What is to be recorded of a relay. */
static void
add_way(struct settling *settling, struct way *way)
{
	const struct trouble trouble = {
		.relay = way->name,
		.is_over = way->recording.is_over,
		.cause = arena_strdup(settling->arena, way->cause.data),
		.detail = arena_strdup(settling->arena, way->detail.data),
		.since = way->failing,
	};

	if (way->recording.is_back)
		vec_push(settling->arena, &settling->settle.back, way->name);
	if (way->recording.is_over || way->recording.has_failed)
		vec_push(settling->arena, &settling->settle.troubles, trouble);
}

static bool
has_news(const struct outbox *outbox)
{
	const struct way *way = outbox->ways.first;

	while (way && !way_has_news(way))
		way = way->next;
	return way;
}

/* All answers that are there, and what they say of relays. */
static void
settle(struct outbox *outbox)
{
	struct settling *settling = &outbox->settling;
	struct flight *flight;
	struct way *way;

	if (settling->is_under_way ||
	    (!is_any(outbox, true) && !has_news(outbox)))
		return;
	arena_reset(settling->arena);
	settling->settle = (struct settle){
		.generation = generations_borrow(outbox->world.generations),
		.now = now(outbox),
	};
	for (flight = outbox->flights; flight; flight = flight->next)
		if (flight->done)
			add_answer(settling, flight);
	for (way = outbox->ways.first; way; way = way->next) {
		way_record_news(way);
		add_way(settling, way);
	}
	settling->is_under_way = true;
	clerk_submit(outbox->world.clerk, &settling->unit);
}

/* What has not begun goes by the new configuration. */
static void
recall_all(struct outbox *outbox)
{
	const struct senders *senders = &outbox->world.senders;
	const struct way *way;

	for (way = outbox->ways.first; way; way = way->next)
		senders->recall(senders->context, way->name);
}

/* The relays of the configuration in force. */
static void
load_ways(struct outbox *outbox)
{
	const struct generation *current =
		generations_borrow(outbox->world.generations);
	bool is_new = outbox->seen && outbox->seen != current;

	outbox->has_new_relays |= outbox->seen != current;
	ways_load(&outbox->ways, relay_list(current->relays), is_new);
	if (is_new)
		recall_all(outbox);
	if (outbox->seen)
		generations_return(outbox->world.generations, outbox->seen);
	outbox->seen = current;
}

static void
claim(struct outbox *outbox)
{
	struct claiming *claiming = &outbox->claiming;
	struct flight *flight;

	claiming->is_wanted = claiming->is_under_way;
	if (claiming->is_under_way)
		return;
	arena_reset(claiming->arena);
	claiming->claim = (struct claim){
		.generation = generations_borrow(outbox->world.generations),
		.now = now(outbox),
		.is_first = !outbox->is_recovered,
		.is_new = outbox->has_new_relays,
	};
	outbox->has_new_relays = false;
	ways_rooms(&outbox->ways, claiming->claim.now, claiming->arena,
		   &claiming->claim.rooms);
	for (flight = outbox->flights; flight; flight = flight->next)
		vec_push(claiming->arena, &claiming->claim.flying,
			 flight->delivery.id);
	claiming->is_under_way = true;
	clerk_submit(outbox->world.clerk, &claiming->unit);
}

/* What was answered makes room, and may be due again: so a claim stands behind
 * it, in the same transaction. */
static void
turn(struct outbox *outbox)
{
	outbox->is_gathering = false;
	loop_timer_set(outbox->timer, -1);
	load_ways(outbox);
	clerk_gather(outbox->world.clerk);
	settle(outbox);
	claim(outbox);
	clerk_proceed(outbox->world.clerk);
}

static enum outcome
settling_work(struct unit *unit, struct store *store, struct change *change,
	      struct arena *arena, struct buf *error)
{
	struct settling *settling = CONTAINER_OF(unit, struct settling, unit);

	(void)arena;	/* the change has it */
	return settle_run(&settling->settle, store, change, error);
}

static enum outcome
claiming_work(struct unit *unit, struct store *store, struct change *change,
	      struct arena *arena, struct buf *error)
{
	struct claiming *claiming = CONTAINER_OF(unit, struct claiming, unit);

	(void)arena;
	return claim_run(&claiming->claim, store, change, error);
}

/* The answers that are there wait for others, if any can come. */
static void
gather(struct outbox *outbox)
{
	if (!is_any(outbox, false)) {
		turn(outbox);
	} else if (!outbox->is_gathering) {
		outbox->is_gathering = true;
		loop_timer_set(outbox->timer, OUTBOX_GATHER_MS);
	}
}

/* When something can be claimed, by time alone. */
static instant_ms
next_claim(struct outbox *outbox)
{
	const struct claim *claim = &outbox->claiming.claim;
	instant_ms next = ways_next(&outbox->ways, &claim->rooms, now(outbox));

	return claim->due != TIME_UNKNOWN &&
	       (next == TIME_UNKNOWN || claim->due < next) ? claim->due : next;
}

/* What comes after a unit. */
static void
go_on(struct outbox *outbox)
{
	instant_ms next;

	if (outbox->is_draining)
		return;
	if (outbox->is_troubled) {
		loop_timer_set(outbox->timer, OUTBOX_TROUBLE_MS);
		return;
	}
	if (outbox->claiming.is_wanted) {
		turn(outbox);
		return;
	}
	if (is_any(outbox, true) && !outbox->settling.is_under_way) {
		gather(outbox);
		return;
	}
	next = next_claim(outbox);
	if (next != TIME_UNKNOWN && !outbox->claiming.is_under_way &&
	    !outbox->is_gathering)
		loop_timer_set(outbox->timer, next > now(outbox) ?
			       next - now(outbox) : 0);
}

/* Said once until it is over; the mails wait meanwhile. */
static void
report(struct outbox *outbox, enum outcome outcome, const char *error)
{
	if (outcome != OUTCOME_OK && !outbox->is_troubled)
		log_error("trouble", "in", "queue", "what", error, NULL);
	if (outcome == OUTCOME_OK && outbox->is_troubled)
		log_info("recovered", "in", "queue", NULL);
	outbox->is_troubled = outcome != OUTCOME_OK;
}

static void
settling_done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct outbox *outbox = CONTAINER_OF(unit, struct outbox,
					     settling.unit);
	struct way *way;

	outbox->settling.is_under_way = false;
	report(outbox, outcome, error);
	for (way = outbox->ways.first; way; way = way->next)
		way_recorded(way, outcome == OUTCOME_OK);
	land(outbox, outcome == OUTCOME_OK);
	generations_return(outbox->world.generations,
			   outbox->settling.settle.generation);
	go_on(outbox);
}

/* What the last process sent counts for the rate of its relay. */
static void
take_histories(struct outbox *outbox, const struct claim *claim)
{
	size_t i, k;

	for (i = 0; i < claim->histories.count; i++) {
		const struct claim_history *history =
			&claim->histories.items[i];
		struct way *way = ways_find(&outbox->ways,
					    history->relay->name);

		for (k = 0; k < history->ends.count; k++)
			pace_note_end(&way->pace, history->ends.items[k]);
	}
}

/* It is committed. */
static void
proceed(struct outbox *outbox)
{
	struct claiming *claiming = &outbox->claiming;
	const struct claim *claimed = &claiming->claim;
	size_t i;

	take_histories(outbox, claimed);
	if (claimed->is_first)
		outbox->is_recovered = claiming->is_wanted = true;
	/* What another configuration allowed is left claimed, and the next
	 * claim looks at it again. */
	if (claimed->generation !=
	    generations_current(outbox->world.generations))
		claiming->is_wanted = true;
	else
		for (i = 0; i < claimed->claimed.count; i++)
			depart(outbox, &claimed->claimed.items[i]);
}

static void
claiming_done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct outbox *outbox = CONTAINER_OF(unit, struct outbox,
					     claiming.unit);

	outbox->claiming.is_under_way = false;
	report(outbox, outcome, error);
	if (outcome == OUTCOME_OK)
		proceed(outbox);
	else
		outbox->has_new_relays |= outbox->claiming.claim.is_new;
	generations_return(outbox->world.generations,
			   outbox->claiming.claim.generation);
	go_on(outbox);
}

/* ---- what happens ---- */

static void
timer_fired(void *context)
{
	turn(context);
}

static void
take_results(void *context)
{
	struct outbox *outbox = context;

	collect(outbox);
	/* A claim under way ends soon: with the next one they share a
	 * commit. */
	if (!outbox->settling.is_under_way && !outbox->is_troubled &&
	    !outbox->claiming.is_under_way && is_any(outbox, true))
		gather(outbox);
}

struct outbox *
outbox_create(const struct outbox_world *world)
{
	struct outbox *outbox = bug_alloc(sizeof(*outbox));

	*outbox = (struct outbox){
		.world = *world,
		.timer = loop_timer(world->loop, timer_fired, outbox),
		.settling = {
			.unit = { .work = settling_work,
				  .done = settling_done },
			.arena = arena_create(),
		},
		.claiming = {
			.unit = { .work = claiming_work,
				  .done = claiming_done },
			.arena = arena_create(),
		},
	};
	loop_watch(world->loop, world->senders.fd, take_results, outbox);
	loop_timer_set(outbox->timer, 0);
	return outbox;
}

void
outbox_wake(struct outbox *outbox)
{
	if (outbox->claiming.is_under_way)
		outbox->claiming.is_wanted = true;
	else if (!outbox->is_troubled && !outbox->is_draining)
		turn(outbox);
}

void
outbox_drain(struct outbox *outbox)
{
	const struct senders *senders = &outbox->world.senders;

	outbox->is_draining = true;
	loop_timer_set(outbox->timer, -1);
	/* What the claim under way has departs, and may come back. */
	clerk_drain(outbox->world.clerk);
	senders->drain(senders->context, OUTBOX_PATIENCE_MS);
	collect(outbox);
	settle(outbox);
	clerk_drain(outbox->world.clerk);
}

void
outbox_destroy(struct outbox **outbox)
{
	struct flight *flight;

	loop_forget((*outbox)->world.loop, (*outbox)->world.senders.fd);
	loop_timer_set((*outbox)->timer, -1);
	/* Left only when the store failed to the end: they stay claimed. */
	while ((flight = (*outbox)->flights)) {
		(*outbox)->flights = flight->next;
		flight_destroy(*outbox, flight);
	}
	arena_destroy(&(*outbox)->settling.arena);
	arena_destroy(&(*outbox)->claiming.arena);
	ways_release(&(*outbox)->ways);
	if ((*outbox)->seen)
		generations_return((*outbox)->world.generations,
				   (*outbox)->seen);
	free(*outbox);
	*outbox = NULL;
}
