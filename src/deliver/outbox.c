#include "deliver/outbox.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/digest.h"
#include "base/log.h"
#include "deliver/round.h"

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
	struct sender_done *done;	/* its result; NULL while it flies */
	bool is_settling;		/* in the round that is under way */
};

struct outbox {
	struct outbox_world world;
	struct loop_timer *timer;
	struct flight *flights;
	bool is_gathering;		/* the timer is set for that */
	bool is_recovered;		/* what the last process left */
	bool is_draining;
	bool is_troubled;		/* the last round failed */

	/* One round at a time. The clerk has it while it is under way, and the
	 * flights that are settling. */
	struct unit unit;
	struct round round;
	struct arena *arena;		/* of what the round is handed */
	bool is_under_way;
	bool is_wanted;			/* once more, when it is over */
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
	/* What a round asks of it. */
	flight->delivery = (struct store_delivery){
		.id = claimed->id,
		.item = claimed->item,
		.generation = claimed->generation,
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
	if (!senders->submit(senders->context, (uint64_t)claimed->id,
			     round_relay(flight->generation, claimed), &job))
		BUG("no room for a delivery that there was room for");
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
		done->next = NULL;
		flight->done = done;
		done = next;
	}
}

/* Those that were in the round leave the list when it is committed. */
static void
settle(struct outbox *outbox, bool is_committed)
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

/* ---- rounds ---- */

static size_t
room(const struct outbox *outbox)
{
	const struct senders *senders = &outbox->world.senders;

	return outbox->is_draining || !outbox->is_recovered ? 0 :
	       senders->room(senders->context);
}

static void
hand_over(struct outbox *outbox, struct flight *flight)
{
	struct round_answer answer = { .delivery = &flight->delivery };

	vec_push(outbox->arena, &outbox->round.flying, flight->delivery.id);
	/* Until it is recovered nothing has been claimed. */
	if (!flight->done)
		return;
	flight->is_settling = true;
	answer.result = &flight->done->result;
	digest_random(&answer.random, sizeof(answer.random));
	vec_push(outbox->arena, &outbox->round.answers, answer);
}

static void
begin(struct outbox *outbox)
{
	struct flight *flight;

	arena_reset(outbox->arena);
	outbox->round = (struct round){
		.generation = generations_borrow(outbox->world.generations),
		.now = now(outbox),
		.is_first = !outbox->is_recovered,
		.room = room(outbox),
	};
	for (flight = outbox->flights; flight; flight = flight->next)
		hand_over(outbox, flight);
	outbox->is_under_way = true;
	outbox->is_wanted = outbox->is_gathering = false;
	loop_timer_set(outbox->timer, -1);
	clerk_submit(outbox->world.clerk, &outbox->unit);
}

static enum outcome
work(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct outbox *outbox = CONTAINER_OF(unit, struct outbox, unit);

	(void)arena;	/* the change has it */
	return round_run(&outbox->round, store, change, error);
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

/* It is committed. */
static void
proceed(struct outbox *outbox)
{
	const struct round *round = &outbox->round;
	size_t i;

	if (round->is_first)
		outbox->is_recovered = outbox->is_wanted = true;
	/* What another configuration allowed is left claimed, and the next
	 * round looks at it again. */
	if (round->generation !=
	    generations_current(outbox->world.generations))
		outbox->is_wanted = true;
	else
		for (i = 0; i < round->claimed.count; i++)
			depart(outbox, &round->claimed.items[i]);
}

static bool
is_any(const struct outbox *outbox, bool is_done)
{
	const struct flight *flight = outbox->flights;

	while (flight && !flight->done == is_done)
		flight = flight->next;
	return flight;
}

/* The answers that are there wait for others, if any can come. */
static void
gather(struct outbox *outbox)
{
	if (!is_any(outbox, false)) {
		begin(outbox);
	} else if (!outbox->is_gathering) {
		outbox->is_gathering = true;
		loop_timer_set(outbox->timer, OUTBOX_GATHER_MS);
	}
}

/* What comes after a round. */
static void
go_on(struct outbox *outbox)
{
	instant_ms due = outbox->round.due;

	if (outbox->is_draining)
		return;
	if (outbox->is_troubled)
		loop_timer_set(outbox->timer, OUTBOX_TROUBLE_MS);
	else if (outbox->is_wanted)
		begin(outbox);
	else if (is_any(outbox, true))
		gather(outbox);
	else if (due != TIME_UNKNOWN && room(outbox))
		loop_timer_set(outbox->timer, due > now(outbox) ?
			       due - now(outbox) : 0);
}

static void
done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct outbox *outbox = CONTAINER_OF(unit, struct outbox, unit);

	outbox->is_under_way = false;
	report(outbox, outcome, error);
	settle(outbox, outcome == OUTCOME_OK);
	if (outcome == OUTCOME_OK)
		proceed(outbox);
	generations_return(outbox->world.generations,
			   outbox->round.generation);
	go_on(outbox);
}

/* ---- what happens ---- */

static void
timer_fired(void *context)
{
	struct outbox *outbox = context;

	if (!outbox->is_under_way)
		begin(outbox);
}

static void
take_results(void *context)
{
	struct outbox *outbox = context;

	collect(outbox);
	if (!outbox->is_under_way && !outbox->is_troubled &&
	    is_any(outbox, true))
		gather(outbox);
}

struct outbox *
outbox_create(const struct outbox_world *world)
{
	struct outbox *outbox = bug_alloc(sizeof(*outbox));

	*outbox = (struct outbox){
		.world = *world,
		.unit = { .work = work, .done = done },
		.timer = loop_timer(world->loop, timer_fired, outbox),
		.arena = arena_create(),
	};
	loop_watch(world->loop, world->senders.fd, take_results, outbox);
	loop_timer_set(outbox->timer, 0);
	return outbox;
}

void
outbox_wake(struct outbox *outbox)
{
	if (outbox->is_under_way)
		outbox->is_wanted = true;
	else if (!outbox->is_troubled && !outbox->is_draining)
		begin(outbox);
}

void
outbox_drain(struct outbox *outbox)
{
	const struct senders *senders = &outbox->world.senders;

	outbox->is_draining = true;
	loop_timer_set(outbox->timer, -1);
	/* What the round under way has claimed departs, and may come back. */
	clerk_drain(outbox->world.clerk);
	senders->drain(senders->context, OUTBOX_PATIENCE_MS);
	collect(outbox);
	if (!is_any(outbox, true))
		return;
	begin(outbox);
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
	arena_destroy(&(*outbox)->arena);
	free(*outbox);
	*outbox = NULL;
}
