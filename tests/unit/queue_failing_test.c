/*
 * The queue on a store that fails: a story of deliveries that are added,
 * claimed, sent, refused, put off and given up is told once for each kind of
 * failure at each of its steps. Whatever fails, the end is the same: nothing is
 * lost, and nothing happens twice.
 */
#include "queue/queue.h"

#include "base/vec.h"
#include "failing.h"
#include "items.h"
#include "queue/backoff.h"
#include "tap.h"

#define NOW (INT64_C(20000) * 86400000)
#define HOUR INT64_C(3600000)

enum {
	TRIES_MOST = 8,		/* of one unit of work */
	TURNS_MOST = 12,	/* until nothing is left to be done */
	ANSWERS_MOST = 2,
};

enum answer { SENT, REFUSED, LATER, TOO_LATE };

/* What each delivery is answered, and how it ends. */
static const struct delivery {
	const char *address;
	enum answer answers[ANSWERS_MOST];
	size_t departures;
	size_t attempts;
	enum store_state state;
} deliveries[] = {
	{ "sent@x", { SENT }, 1, 1, STORE_SENT },
	{ "refused@x", { REFUSED }, 1, 1, STORE_FAILED },
	{ "later@x", { LATER, SENT }, 2, 2, STORE_SENT },
	{ "never@x", { TOO_LATE }, 1, 1, STORE_FAILED },
	/* Claimed by a process that ended. */
	{ "left@x", { SENT }, 1, 2, STORE_SENT },
};

enum { DELIVERIES = sizeof(deliveries) / sizeof(*deliveries) };

struct flight {
	size_t which;
	int64_t id, generation;
};

struct story {
	struct arena *arena;
	struct failing failing;
	struct store *store;
	struct buf error;
	instant_ms now;
	VEC(struct flight) flights;
	size_t departures[DELIVERIES];
	size_t orders;			/* that a person gave */
	bool is_wrong;
};

static const char *story_name;

static void
wrong(struct story *story, const char *what)
{
	printf("# %s: %s: %s\n", story_name, what, story->error.data);
	story->is_wrong = true;
}

/* ---- units of work ---- */

typedef enum outcome unit(struct story *story);

static void
add(struct change *change, size_t which)
{
	queue_add(change, &(struct store_delivery){
		.item = CHANGE_ITEM,
		.channel = "smtp", .address = deliveries[which].address,
		.about = "", .contact = "c", .relay = "r", .sender = "",
		.message_id = "1@x", .body = "b", .body_length = 1,
	}, NOW);
}

static enum outcome
take(struct story *story, const char *name, size_t first, size_t end)
{
	struct store_item item = {
		.identity = name, .code = name, .kind = "mail", .spool = name,
		.received = NOW, .parse = "whole",
		.verdict = { .action = "notify", .decided = NOW },
	};
	struct change change;
	struct store_seat seat;
	enum outcome outcome;

	change_init(&change, story->arena);
	outcome = store_item_seat(story->store, name, name, name, story->arena,
				  &seat, &story->error);
	if (outcome != OUTCOME_OK || seat.how != STORE_NEW)
		return outcome;
	change_add_item(&change, &item);
	for (; first < end; first++)
		add(&change, first);
	return change_apply(&change, story->store, &story->error);
}

static enum outcome
take_new(struct story *story)
{
	return take(story, "new", 0, DELIVERIES - 1);
}

/* What an earlier process did. */
static enum outcome
leave_one(struct story *story)
{
	struct store_deliveries claimed = { 0 };
	enum outcome outcome = take(story, "left", DELIVERIES - 1, DELIVERIES);

	if (outcome == OUTCOME_OK)
		outcome = queue_claim(story->store, NOW, ROOM_FOR(1), NULL,
				      story->arena, &claimed, &story->error);
	return outcome;
}

static enum outcome
recover(struct story *story)
{
	size_t count;

	return queue_recover(story->store, NOW, &count, &story->error);
}

static enum outcome
answer(struct story *story, const struct flight *flight)
{
	size_t number = story->departures[flight->which] - 1;
	enum answer kind = deliveries[flight->which].answers[number];
	const struct queue_answer reply = {
		.delivery = flight->id, .generation = flight->generation,
		.at = kind == TOO_LATE ? NOW + BACKOFF_GIVE_UP_MS : story->now,
		.reply = "so",
	};
	enum queue_settled settled = QUEUE_NOT_OURS;
	enum outcome outcome;
	bool gave_up = false;

	if (kind == SENT)
		outcome = queue_sent(story->store, &reply, &settled,
				     &story->error);
	else if (kind == REFUSED)
		outcome = queue_fail(story->store, &reply, &settled,
				     &story->error);
	else
		outcome = queue_retry(story->store, &reply, 15000, &settled,
				      &gave_up, &story->error);
	if (outcome == OUTCOME_OK && settled == QUEUE_NOT_OURS)
		wrong(story, "an answer is not taken");
	if (outcome == OUTCOME_OK && gave_up != (kind == TOO_LATE))
		wrong(story, "whether it was given up");
	return outcome;
}

static enum outcome
claim(struct story *story, struct store_deliveries *claimed)
{
	struct store_ids flying = { 0 };
	size_t i;

	for (i = 0; i < story->flights.count; i++)
		vec_push(story->arena, &flying, story->flights.items[i].id);
	return queue_claim(story->store, story->now, ROOM_FOR(2), &flying,
			   story->arena, claimed, &story->error);
}

static size_t
which_is(const char *address)
{
	size_t i = 0;

	while (strcmp(deliveries[i].address, address))
		i++;
	return i;
}

static void
depart(struct story *story, const struct store_delivery *delivery)
{
	struct flight flight = {
		.which = which_is(delivery->address),
		.id = delivery->id, .generation = delivery->generation,
	};

	if (++story->departures[flight.which] >
	    deliveries[flight.which].departures)
		wrong(story, delivery->address);
	else
		vec_push(story->arena, &story->flights, flight);
}

/* One turn and the other, so that something is always flying. */
static bool
has_landed(const struct story *story, const struct flight *flight)
{
	return (story->now / HOUR + (int64_t)flight->which) % 2;
}

static void
proceed(struct story *story, const struct store_deliveries *claimed)
{
	size_t i, kept = 0;

	for (i = 0; i < story->flights.count; i++)
		if (!has_landed(story, &story->flights.items[i]))
			story->flights.items[kept++] =
				story->flights.items[i];
	story->flights.count = kept;
	for (i = 0; i < claimed->count; i++)
		depart(story, &claimed->items[i]);
}

/* Answers to what has landed, and the next ones. */
static enum outcome
turn(struct story *story)
{
	struct store_deliveries claimed = { 0 };
	enum outcome outcome = store_begin(story->store, &story->error);
	size_t i;

	if (outcome != OUTCOME_OK)
		return outcome;
	for (i = 0; i < story->flights.count && outcome == OUTCOME_OK; i++)
		if (has_landed(story, &story->flights.items[i]))
			outcome = answer(story, &story->flights.items[i]);
	if (outcome == OUTCOME_OK)
		outcome = claim(story, &claimed);
	outcome = store_end(story->store, outcome, &story->error);
	if (outcome == OUTCOME_OK)
		proceed(story, &claimed);
	return outcome;
}

/* What a person orders, of the first delivery. */
static enum outcome
cancel(struct story *story)
{
	return queue_cancel(story->store, 1, "ana", "why", NOW, &story->error);
}

static enum outcome
retry_now(struct story *story)
{
	return queue_retry_now(story->store, 1, "ana", NOW, &story->error);
}

/* ---- a story ---- */

static enum outcome
in_transaction(struct story *story, unit *work)
{
	enum outcome outcome = store_begin(story->store, &story->error);

	if (outcome != OUTCOME_OK)
		return outcome;
	return store_end(story->store, work(story), &story->error);
}

/* Again until it has succeeded. What fails for as long as it may is mended
 * before the third try. A person who does not know whether he was obeyed may
 * hear that there is nothing left to do. */
static void
run(struct story *story, unit *work)
{
	enum outcome outcome = OUTCOME_CONFLICT;
	bool is_order = work == cancel || work == retry_now;
	size_t try;

	for (try = 0; try < TRIES_MOST && outcome != OUTCOME_OK; try++) {
		buf_reset(&story->error);
		if (try == 2)
			story->failing.kind = FAILING_NOT;
		outcome = work == turn ? work(story) :
			  in_transaction(story, work);
		story->orders += is_order;
		if (outcome != OUTCOME_OK && !story->error.len)
			wrong(story, "a failure without a sentence");
		if (outcome == OUTCOME_PERMANENT && is_order && try)
			return;
		if (outcome == OUTCOME_PERMANENT)
			wrong(story, "a failure that does not end");
	}
	if (outcome != OUTCOME_OK)
		wrong(story, "it does not succeed");
}

static void
tell(struct story *story)
{
	size_t i;

	run(story, recover);
	run(story, take_new);
	for (i = 0; i < TURNS_MOST; i++) {
		story->now += HOUR;
		run(story, turn);
	}
}

static void
tell_of_orders(struct story *story)
{
	run(story, take_new);
	run(story, cancel);
	run(story, retry_now);
	run(story, cancel);
}

/* ---- its end ---- */

static void
check_delivery(struct story *story, const struct store_delivery *delivery)
{
	size_t which = which_is(delivery->address);
	const struct delivery *want = &deliveries[which];
	struct store_attempts attempts = { 0 };

	(void)store_attempts(story->store, delivery->id, story->arena,
			     &attempts, &story->error);
	if (story->departures[which] == want->departures &&
	    attempts.count == want->attempts &&
	    delivery->attempts == want->attempts &&
	    delivery->state == want->state)
		return;
	printf("# %s: %s: %zu departures, %u tries, %zu answers, %s\n",
	       story_name, delivery->address, story->departures[which],
	       delivery->attempts, attempts.count,
	       store_state_names[delivery->state]);
	story->is_wrong = true;
}

static size_t
check_item(struct story *story, const char *code, size_t events_wanted)
{
	struct store_deliveries list = { 0 };
	struct store_events events = { 0 };
	struct store_item *item = NULL;
	size_t i;

	(void)store_item_find(story->store, code, story->arena, &item,
			      &story->error);
	if (!item)
		return 0;
	(void)store_item_deliveries(story->store, item->id, story->arena,
				    &list, &story->error);
	(void)store_events(story->store, item->id, story->arena, &events,
			   &story->error);
	for (i = 0; i < list.count; i++)
		check_delivery(story, &list.items[i]);
	if (events.count != events_wanted)
		wrong(story, "one is given up, once");
	return list.count;
}

static void
check_end(struct story *story)
{
	if (check_item(story, "new", 1) + check_item(story, "left", 0) !=
	    DELIVERIES)
		wrong(story, "not all deliveries are there, once");
}

static void
check_orders(struct story *story)
{
	struct store_deliveries list = { 0 };
	struct store_events events = { 0 };

	(void)store_item_deliveries(story->store, 1, story->arena, &list,
				    &story->error);
	(void)store_events(story->store, 1, story->arena, &events,
			   &story->error);
	if (!list.count || list.items[0].state != STORE_CANCELLED)
		wrong(story, "the last order counts");
	/* Who repeats an order has given it twice. */
	if (events.count < 3 || events.count > story->orders)
		wrong(story, "each order is kept");
}

static const struct telling {
	const char *name;
	unit *before;
	void (*tell)(struct story *story);
	void (*check)(struct story *story);
} tellings[] = {
	{ "deliveries", leave_one, tell, check_end },
	{ "orders", NULL, tell_of_orders, check_orders },
};

enum { TELLINGS = sizeof(tellings) / sizeof(*tellings) };

/* Whether there was such a step. */
static bool
tell_once(const struct telling *telling, enum failing_kind kind,
	  unsigned int at, bool *good_out)
{
	struct story story = {
		.arena = arena_create(), .error = BUF_INIT, .now = NOW,
	};
	char name[64];
	bool is_failed;

	(void)snprintf(name, sizeof(name), "%s, %s at %u", telling->name,
		       failing_names[kind], at);
	story_name = name;
	story.store = failing_open(&story.failing, "memory");
	if (telling->before)
		run(&story, telling->before);
	failing_set(&story.failing, kind, at);
	telling->tell(&story);
	is_failed = story.failing.failed;
	failing_set(&story.failing, FAILING_NOT, 0);
	telling->check(&story);
	*good_out = !story.is_wrong;
	store_close(&story.store);
	buf_release(&story.error);
	arena_destroy(&story.arena);
	return is_failed;
}

static void
test(const struct telling *telling, enum failing_kind kind)
{
	unsigned int at = 0;
	size_t bad = 0;
	bool good;

	while (tell_once(telling, kind, ++at, &good))
		bad += !good;
	bad += !good;
	is_int((long long)bad, 0, "%s, %s at each of %u steps: nothing is "
	       "lost, nothing happens twice", telling->name,
	       failing_names[kind], at - 1);
	ok(at > 3 || kind == FAILING_NOT, "there are such steps");
}

int
main(void)
{
	enum failing_kind kind;
	size_t i;

	for (i = 0; i < TELLINGS; i++)
		for (kind = FAILING_NOT; kind < FAILING_KINDS; kind++)
			test(&tellings[i], kind);
	return tap_done();
}
