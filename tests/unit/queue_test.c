/*
 * The queue: every test runs on every back end, then one that kills the
 * process, and one that only says how fast it is.
 */
#include "queue/queue.h"

#include "base/digest.h"
#include "base/vec.h"
#include "queue/backoff.h"
#include "items.h"
#include "tap.h"
#include "temporary.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY INT64_C(86400000)
#define NOW (INT64_C(20000) * DAY)
#define PAST INT64_C(15000)	/* the shortest first pause */

static struct buf error = BUF_INIT;
static struct arena *arena;
static const char *end_name;		/* of the back end under test */
static unsigned int identities;
static struct store_ids flying;		/* claimed by the test at hand */

/* ---- Scaffolding ---- */

static bool
is_outcome(enum outcome got, enum outcome want, const char *name)
{
	bool good = is_int(got, want, "%s: %s", end_name, name);

	if (!good)
		printf("# %s\n", error.data);
	buf_reset(&error);
	return good;
}

#define DONE(call, name) is_outcome(call, OUTCOME_OK, name)

static struct store *
open_store(const char *state)
{
	const char *url = *state == '/' ? arena_printf(arena,
		"sqlite:%s/store.db", state) : state;
	struct store *store = NULL;

	if (store_open_own(url, &store, &error) != OUTCOME_OK) {
		printf("Bail out! %s\n", error.data);
		exit(1);
	}
	return store;
}

static int64_t
add_item(struct store *store, const char *customer)
{
	unsigned int number = ++identities;
	struct store_item item = {
		.code = arena_printf(arena, "code%u", number),
		.identity = arena_printf(arena, "identity%u", number),
		.kind = "mail",
		.received = NOW,
		.parse = "whole",
		.verdict = {
			.customer = customer,
			.action = "notify",
			.decided = NOW,
		},
	};
	enum store_added how;
	enum outcome outcome;

	outcome = store_item_add(store, arena, &item, &how, &error);
	return outcome == OUTCOME_OK ? item.id : 0;
}

static enum outcome
add_bytes(struct store *store, int64_t item, const char *address,
	  bool urgent, instant_ms now, size_t length, int64_t *id_out)
{
	static char mail[64 * 1024];
	struct store_delivery delivery = {
		.item = item,
		.channel = "smtp",
		.address = address,
		.about = "",
		.contact = "ana",
		.relay = "smarthost",
		.sender = "",
		.message_id = "1@relay.example",
		.urgent = urgent,
		.body = mail,
		.body_length = length,
	};
	struct store_deliveries all = { 0 };
	struct change change;
	enum outcome outcome;

	change_init(&change, arena);
	queue_add(&change, &delivery, now);
	outcome = change_apply(&change, store, &error);
	if (outcome == OUTCOME_OK)
		outcome = store_item_deliveries(store, item, arena, &all,
						&error);
	*id_out = all.count ? all.items[all.count - 1].id : 0;
	return outcome;
}

/* A delivery of an item of its own. */
static int64_t
add(struct store *store, const char *customer, const char *address,
    bool urgent, instant_ms now)
{
	int64_t id;

	DONE(add_bytes(store, add_item(store, customer), address, urgent,
		       now, 10, &id), "a delivery is added");
	return id;
}

static struct store_deliveries
claim(struct store *store, instant_ms now, size_t most)
{
	struct store_deliveries claimed = { 0 };
	size_t i;

	DONE(queue_claim(store, now, ROOM_FOR(most), &flying, arena, &claimed,
			 &error), "what is due is claimed");
	for (i = 0; i < claimed.count; i++)
		vec_push(arena, &flying, claimed.items[i].id);
	return claimed;
}

/* To the latest claim. */
static struct queue_answer
answer(struct store *store, int64_t id, instant_ms at, const char *reply)
{
	struct store_status status = { 0 };

	(void)store_delivery_status(store, id, &status, &error);
	return (struct queue_answer){
		.delivery = id, .generation = status.generation, .at = at,
		.host = "mx.example:25", .reply = reply,
	};
}

static struct store_delivery *
read_delivery(struct store *store, int64_t id)
{
	struct store_delivery *delivery = NULL;

	DONE(store_delivery(store, id, arena, &delivery, &error), "read");
	return delivery;
}

static enum outcome
retry(struct store *store, int64_t id, instant_ms at, bool *gave_up_out)
{
	struct queue_answer reply = answer(store, id, at, "450 later");
	struct store_status status = { 0 };
	enum queue_settled settled;

	(void)store_delivery_status(store, id, &status, &error);
	return queue_retry(store, &reply, backoff_pause(status.attempts, 0),
			   &settled, gave_up_out, &error);
}

/* Take everything that waits out of the way of the next test. */
static void
drain(struct store *store)
{
	struct store_deliveries claimed;
	enum queue_settled settled;
	size_t i;

	flying = (struct store_ids){ 0 };
	DONE(queue_recover(store, NOW, &i, &error), "what is being sent ends");
	DONE(store_delivery_wake(store, NOW, 0, &error), "all retries wake");
	claimed = claim(store, NOW, 10000);
	for (i = 0; i < claimed.count; i++) {
		struct queue_answer sent = answer(store, claimed.items[i].id,
						  NOW, "250 ok");

		(void)queue_sent(store, &sent, &settled, &error);
	}
	flying = (struct store_ids){ 0 };
}

/* ---- The states ---- */

static enum outcome
do_sent(struct store *store, int64_t id)
{
	struct queue_answer reply = answer(store, id, NOW, "250 ok");
	enum queue_settled settled;

	return queue_sent(store, &reply, &settled, &error);
}

static enum outcome
do_fail(struct store *store, int64_t id)
{
	struct queue_answer reply = answer(store, id, NOW, "550 no");
	enum queue_settled settled;

	return queue_fail(store, &reply, &settled, &error);
}

static enum outcome
do_retry(struct store *store, int64_t id)
{
	bool gave_up;

	return retry(store, id, NOW, &gave_up);
}

static enum outcome
do_cancel(struct store *store, int64_t id)
{
	return queue_cancel(store, id, "ana", "wrong rule", NOW, &error);
}

static enum outcome
do_retry_now(struct store *store, int64_t id)
{
	return queue_retry_now(store, id, "ana", NOW, &error);
}

enum { NOT = STORE_STATES };		/* a move that is refused */

/* What each order makes of each state. */
static const struct {
	const char *name;
	enum outcome (*move)(struct store *store, int64_t id);
	unsigned int to[STORE_STATES];
} moves[] = {
	/*                  pending claimed sent retry failed cancelled */
	{ "cancel", do_cancel,
	  { STORE_CANCELLED, NOT, NOT, STORE_CANCELLED, STORE_CANCELLED,
	    NOT } },
	{ "retry now", do_retry_now,
	  { NOT, NOT, NOT, STORE_RETRY, STORE_RETRY, STORE_RETRY } },
};

/* A new delivery, brought into a state. */
static int64_t
add_in(struct store *store, enum store_state state)
{
	int64_t id;

	drain(store);
	id = add(store, "contoso", "ana@x", false, NOW);
	if (state == STORE_CANCELLED)
		DONE(do_cancel(store, id), "cancelled");
	else if (state != STORE_PENDING)
		claim(store, NOW, 1);
	if (state == STORE_SENT)
		DONE(do_sent(store, id), "sent");
	if (state == STORE_RETRY)
		DONE(do_retry(store, id), "put off");
	if (state == STORE_FAILED)
		DONE(do_fail(store, id), "failed");
	is_int(read_delivery(store, id)->state, state, "%s: it is %s",
	       end_name, store_state_names[state]);
	return id;
}

static void
test_move(struct store *store, size_t i, enum store_state from)
{
	int64_t id = add_in(store, from);
	bool allowed = moves[i].to[from] != NOT;
	const char *state = store_state_names[from];

	is_int(moves[i].move(store, id),
	       allowed ? OUTCOME_OK : OUTCOME_PERMANENT, "%s: %s from %s is %s",
	       end_name, moves[i].name, state,
	       allowed ? "allowed" : "refused");
	if (!allowed)
		ok(strstr(error.data, state), "%s: saying so: %s", end_name,
		   error.data);
	buf_reset(&error);
	is_int(read_delivery(store, id)->state,
	       allowed ? moves[i].to[from] : from, "%s: the state is right",
	       end_name);
}

static void
test_moves(struct store *store)
{
	size_t i, from;

	for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		for (from = 0; from < STORE_STATES; from++)
			test_move(store, i, from);
		is_int(moves[i].move(store, 999999), OUTCOME_PERMANENT,
		       "%s: %s of nothing is refused", end_name,
		       moves[i].name);
		is(error.data, "there is no delivery 999999",
		   "%s: and says so", end_name);
		buf_reset(&error);
	}
}

static enum outcome
answer_sent(struct store *store, const struct queue_answer *reply,
	    enum queue_settled *settled_out)
{
	return queue_sent(store, reply, settled_out, &error);
}

static enum outcome
answer_fail(struct store *store, const struct queue_answer *reply,
	    enum queue_settled *settled_out)
{
	return queue_fail(store, reply, settled_out, &error);
}

static enum outcome
answer_retry(struct store *store, const struct queue_answer *reply,
	     enum queue_settled *settled_out)
{
	bool gave_up;

	return queue_retry(store, reply, PAST, settled_out, &gave_up, &error);
}

static const struct {
	const char *name;
	enum outcome (*answer)(struct store *store,
			       const struct queue_answer *reply,
			       enum queue_settled *settled_out);
	enum store_state state;
} answers[] = {
	{ "sent", answer_sent, STORE_SENT },
	{ "fail", answer_fail, STORE_FAILED },
	{ "retry", answer_retry, STORE_RETRY },
};

enum { ANSWERS = sizeof(answers) / sizeof(*answers) };

/* An answer whose effect is looked at. */
static void
test_answer(struct store *store, size_t i, int64_t id, int64_t generation,
	    enum queue_settled want, const char *name)
{
	const struct queue_answer reply = {
		.delivery = id, .generation = generation, .at = NOW,
		.reply = "250, 450 or 550",
	};
	enum queue_settled settled;

	DONE(answers[i].answer(store, &reply, &settled), name);
	is_int(settled, want, "%s: %s: %s is known as such", end_name, name,
	       answers[i].name);
}

static size_t
count_attempts(struct store *store, int64_t id)
{
	struct store_attempts attempts = { 0 };

	DONE(store_attempts(store, id, arena, &attempts, &error), "tries");
	return attempts.count;
}

static void
test_answered_once(struct store *store)
{
	struct store_delivery *first, *second;
	int64_t id;
	size_t i;

	for (i = 0; i < ANSWERS; i++) {
		id = add_in(store, STORE_CLAIMED);
		test_answer(store, i, id, 1, QUEUE_SETTLED, "an answer");
		first = read_delivery(store, id);
		is_int(first->state, answers[i].state, "%s: it is recorded",
		       end_name);
		is(first->owner, NULL, "%s: nobody has it any more", end_name);
		is_int(first->lease, TIME_UNKNOWN, "%s: until no time",
		       end_name);
		test_answer(store, i, id, 1, QUEUE_SETTLED_BEFORE, "again");
		second = read_delivery(store, id);
		is_int(second->updated, first->updated,
		       "%s: nothing has changed", end_name);
		is_int((long long)count_attempts(store, id), 1,
		       "%s: it is one try", end_name);
	}
}

static void
test_answered_too_late(struct store *store)
{
	size_t i, count;
	int64_t id;

	for (i = 0; i < ANSWERS; i++) {
		id = add_in(store, STORE_CLAIMED);
		DONE(queue_recover(store, NOW, &count, &error), "taken away");
		test_answer(store, i, id, 1, QUEUE_NOT_OURS, "an answer");
		is_int(read_delivery(store, id)->state, STORE_RETRY,
		       "%s: it changes nothing", end_name);
		claim(store, NOW, 1);
		test_answer(store, i, id, 1, QUEUE_NOT_OURS, "to the old");
		is_int(read_delivery(store, id)->state, STORE_CLAIMED,
		       "%s: it changes nothing", end_name);
		test_answer(store, i, 999999, 1, QUEUE_NOT_OURS, "to none");
	}
}

/* Whose claim it is stands in the row, whoever asks. */
static void
test_claim_of_another(struct store *store)
{
	const struct store_claim theirs = {
		.owner = "another", .now = NOW, .lease = NOW + 1,
		.relay = "smarthost",
	};
	struct store_deliveries list = { 0 };
	int64_t id = add(store, "contoso", "ana@x", false, NOW);
	size_t count;

	DONE(store_delivery_claim(store, &theirs, 1, arena, &list, &error),
	     "another one claims it");
	is(list.items[0].owner, "another", "%s: the owner", end_name);
	is_int(list.items[0].lease, NOW + 1, "%s: the lease", end_name);
	is_int(list.items[0].generation, 1, "%s: the generation", end_name);
	test_answer(store, 0, id, 1, QUEUE_NOT_OURS, "an answer");
	DONE(queue_recover(store, NOW, &count, &error), "recovered");
	is_int((long long)count, 0, "%s: not what others have", end_name);
	is_int((long long)claim(store, NOW, 9).count, 0,
	       "%s: nor claimed again", end_name);
}

/* A transaction was committed, and nobody heard of it. */
static void
test_claimed_without_a_word(struct store *store)
{
	struct store_deliveries claimed = { 0 };
	int64_t known = add(store, "a", "ana@x", false, NOW);
	int64_t unknown = add(store, "b", "ana@x", false, NOW);
	int64_t new;

	(void)claim(store, NOW, 2);
	flying.items[0] = known;
	flying.count = 1;
	new = add(store, "c", "ana@x", false, NOW);
	DONE(queue_claim(store, NOW + 1, ROOM_FOR(2), &flying, arena, &claimed,
			 &error), "it is run again");
	is_int((long long)claimed.count, 2, "%s: what does not fly is found",
	       end_name);
	is_int(claimed.items[0].id, unknown, "%s: first", end_name);
	is_int(claimed.items[0].attempts, 1, "%s: in the same try", end_name);
	is_int(claimed.items[0].generation, 1, "%s: of the same claim",
	       end_name);
	ok(claimed.items[0].body, "%s: with what is to be sent", end_name);
	is_int(claimed.items[1].id, new, "%s: then what is new", end_name);
	is_int(read_delivery(store, known)->state, STORE_CLAIMED,
	       "%s: what flies goes on flying", end_name);
}

static void
test_answers_are_kept(struct store *store)
{
	struct store_attempts attempts = { 0 };
	struct store_delivery *delivery;
	int64_t id = add(store, "contoso", "ana@x", false, NOW);
	bool gave_up;

	claim(store, NOW, 1);
	DONE(retry(store, id, NOW + 1, &gave_up), "it fails for now");
	ok(!gave_up, "%s: it is not given up", end_name);
	claim(store, NOW + DAY, 1);
	DONE(do_fail(store, id), "it fails for good");
	delivery = read_delivery(store, id);
	is(delivery->reply, "550 no", "%s: the last word stays", end_name);
	is_int(delivery->attempts, 2, "%s: there were two tries", end_name);
	DONE(store_attempts(store, id, arena, &attempts, &error), "tries");
	is_int((long long)attempts.count, 2, "%s: both are kept", end_name);
	is_int(attempts.items[0].number, 1, "%s: the first", end_name);
	is_int(attempts.items[0].answer, STORE_ANSWER_TEMPORARY,
	       "%s: with what it meant", end_name);
	is(attempts.items[0].reply, "450 later", "%s: in its words", end_name);
	is(attempts.items[0].host, "mx.example:25", "%s: whose", end_name);
	is_int(attempts.items[0].at, NOW + 1, "%s: and when", end_name);
	is_int(attempts.items[1].answer, STORE_ANSWER_PERMANENT,
	       "%s: the second", end_name);
}

/* ---- Time ---- */

static void
test_retry_waits(struct store *store)
{
	int64_t id = add(store, "contoso", "ana@x", false, NOW);
	struct store_deliveries claimed = claim(store, NOW, 1);
	instant_ms when;
	bool gave_up;

	is_int((long long)claimed.items[0].body_length, 10,
	       "%s: it is claimed with its mail", end_name);
	is_int(claimed.items[0].attempts, 1, "%s: for the first try", end_name);
	DONE(queue_next_due(store, NOW, &when, &error), "asked");
	is_int(when, TIME_UNKNOWN, "%s: nothing else waits", end_name);

	DONE(retry(store, id, NOW, &gave_up), "it is put off");
	DONE(queue_next_due(store, NOW, &when, &error), "asked");
	is_int(when, NOW + PAST, "%s: for a pause", end_name);
	is_int((long long)claim(store, when - 1, 1).count, 0,
	       "%s: until then it is not claimed", end_name);
	is_int((long long)claim(store, when, 1).count, 1,
	       "%s: then it is", end_name);
	DONE(retry(store, id, NOW, &gave_up), "it is put off again");
	DONE(queue_next_due(store, NOW, &when, &error), "asked");
	is_int(when, NOW + 4 * PAST, "%s: for longer", end_name);
}

/* The clock was last seen so long ago that it must have jumped. */
static void
test_gives_up_by_clock(struct store *store)
{
	instant_ms wrong = NOW + 100 * DAY;
	const char *seen = arena_printf(arena, "%lld 0 0", (long long)NOW);
	int64_t id = add(store, "contoso", "ana@x", false, NOW);
	bool gave_up;

	DONE(store_meta_set(store, "clock", seen, &error), "last seen now");
	claim(store, wrong, 1);
	DONE(retry(store, id, wrong, &gave_up), "it fails in a hundred days");
	ok(!gave_up, "%s: by a clock that has jumped nothing is given up",
	   end_name);
	is_int(read_delivery(store, id)->due, wrong + PAST,
	       "%s: but tried again", end_name);
	seen = arena_printf(arena, "%lld 0 0", (long long)wrong);
	DONE(store_meta_set(store, "clock", seen, &error), "it stands");
	claim(store, wrong + PAST, 1);
	DONE(retry(store, id, wrong + PAST, &gave_up), "it fails once more");
	ok(gave_up, "%s: then it is", end_name);
}

static void
test_gives_up(struct store *store)
{
	instant_ms end = NOW + BACKOFF_GIVE_UP_MS;
	struct store_delivery *delivery;
	struct store_events events = { 0 };
	int64_t id = add(store, "contoso", "ana@x", false, NOW);
	bool gave_up;

	claim(store, NOW, 1);
	DONE(retry(store, id, end - 1, &gave_up), "shortly before the end");
	ok(!gave_up, "%s: it is not given up", end_name);
	is_int(read_delivery(store, id)->due, end,
	       "%s: there is a last try", end_name);
	claim(store, end, 1);
	DONE(retry(store, id, end, &gave_up), "which fails");
	ok(gave_up, "%s: then it is given up", end_name);
	delivery = read_delivery(store, id);
	is_int(delivery->state, STORE_FAILED, "%s: it has failed", end_name);
	ok(delivery->body, "%s: the mail is kept", end_name);
	DONE(store_events(store, delivery->item, arena, &events, &error),
	     "its events");
	is(events.items[0].what, "gave-up", "%s: say that", end_name);
	is(events.items[0].reason, "450 later", "%s: and why", end_name);

	DONE(queue_retry_now(store, id, "ana", end + DAY, &error),
	     "a person wants it tried again");
	claim(store, end + DAY, 1);
	DONE(retry(store, id, end + DAY, &gave_up), "which fails too");
	ok(!gave_up, "%s: now there is time again", end_name);
}

static void
test_orders_are_kept(struct store *store)
{
	int64_t id = add(store, "contoso", "ana@x", false, NOW);
	struct store_delivery *delivery;
	struct store_events events = { 0 };
	bool more;

	DONE(do_cancel(store, id), "it is cancelled");
	DONE(do_retry_now(store, id), "somebody thinks better of it");
	DONE(do_cancel(store, id), "or not");
	delivery = read_delivery(store, id);
	DONE(store_events(store, delivery->item, arena, &events, &error),
	     "its events");
	is_int((long long)events.count, 3, "%s: all is kept", end_name);
	is(events.items[0].what, "cancelled", "%s: what", end_name);
	is(events.items[0].who, "ana", "%s: who", end_name);
	is(events.items[0].reason, "wrong rule", "%s: why", end_name);
	is_int(events.items[0].delivery, id, "%s: of which", end_name);
	is(events.items[1].what, "retried", "%s: and the rest", end_name);

	DONE(store_prune(store, NOW + QUEUE_MESSAGE_KEPT_MS, &more, &error),
	     "a week later");
	is_int(do_retry_now(store, id), OUTCOME_PERMANENT,
	       "%s: there is nothing left to send", end_name);
	ok(strstr(error.data, "no longer kept"), "%s: it says so", end_name);
	buf_reset(&error);
}

static void
test_clock_was_wrong(struct store *store)
{
	int64_t id = add(store, "contoso", "ana@x", false, NOW + 100 * DAY);
	instant_ms when;
	bool gave_up;

	claim(store, NOW + 100 * DAY, 1);
	DONE(retry(store, id, NOW + 100 * DAY, &gave_up),
	     "put off by a clock that runs ahead");
	DONE(queue_next_due(store, NOW, &when, &error), "set right,");
	is_int(when, NOW, "%s: it is due", end_name);
	is_int((long long)claim(store, NOW, 1).count, 1, "%s: and claimed",
	       end_name);
}

/* ---- Fairness ---- */

static void
test_storm_delays_nobody(struct store *store)
{
	struct store_deliveries claimed;
	int64_t ids[3];
	size_t i, j, found = 0;

	for (i = 0; i < 50; i++)
		add(store, "storm", "soc@x", true, NOW);
	ids[0] = add(store, "calm", "soc@x", false, NOW + 1);
	ids[1] = add(store, "storm", "bob@x", false, NOW + 1);
	ids[2] = add(store, NULL, "soc@x", false, NOW + 1);
	claimed = claim(store, NOW + 1, 12);
	is_int((long long)claimed.count, 12, "%s: twelve are claimed",
	       end_name);
	for (i = 0; i < claimed.count; i++)
		for (j = 0; j < 3; j++)
			found += claimed.items[i].id == ids[j];
	is_int((long long)found, 3, "%s: the others among the first",
	       end_name);
	claimed = claim(store, NOW + 1, 1000);
	is_int((long long)claimed.count, 41, "%s: then all of the storm",
	       end_name);
}

static void
test_turns(struct store *store)
{
	static const char *const customers[] = { "a", "b", "c" };
	struct store_deliveries claimed;
	struct buf order = BUF_INIT;
	size_t i;

	for (i = 0; i < 6; i++)
		add(store, customers[i / 2], "soc@x", false, NOW);
	for (i = 0; i < 6; i++) {
		claimed = claim(store, NOW, 1);
		buf_puts(&order, claimed.items[0].customer);
	}
	ok(strstr("abcabcabc", order.data), "%s: one after the other: %s",
	   end_name, order.data);
	buf_release(&order);
}

static void
test_turn_undone(struct store *store)
{
	struct store_deliveries claimed = { 0 };
	int64_t first;

	add(store, "a", "soc@x", false, NOW);
	add(store, "b", "soc@x", false, NOW);
	add(store, "c", "soc@x", false, NOW);
	first = claim(store, NOW, 1).items[0].id;
	(void)store_begin(store, &error);
	(void)queue_claim(store, NOW, ROOM_FOR(1), &flying, arena, &claimed,
			  &error);
	(void)store_end(store, OUTCOME_TEMPORARY, &error);
	is_int(claim(store, NOW, 1).items[0].id, claimed.items[0].id,
	       "%s: whose claim is undone has not had his turn", end_name);
	ok(first != claimed.items[0].id, "%s: it was another's", end_name);
}

static void
test_order_in_a_turn(struct store *store)
{
	struct store_deliveries claimed;
	int64_t late = add(store, "a", "soc@x", false, NOW + 2);
	int64_t early = add(store, "a", "soc@x", false, NOW + 1);
	int64_t urgent = add(store, "a", "soc@x", true, NOW + 3);

	claimed = claim(store, NOW + 3, 9);
	is_int((long long)claimed.count, 3, "%s: three are claimed", end_name);
	is_int(claimed.items[0].id, urgent, "%s: the urgent one first",
	       end_name);
	is_int(claimed.items[1].id, early, "%s: then the older", end_name);
	is_int(claimed.items[2].id, late, "%s: then the other", end_name);
}

/* ---- Crashes and groups ---- */

static void
test_recover(struct store *store)
{
	struct store_attempts attempts = { 0 };
	int64_t id = add(store, "contoso", "ana@x", false, NOW);
	instant_ms when;
	size_t count;

	claim(store, NOW, 1);
	DONE(queue_recover(store, NOW + 1, &count, &error), "after a crash");
	is_int((long long)count, 1, "%s: what was being sent is found",
	       end_name);
	is_int((long long)claim(store, NOW + 1, 1).count, 1,
	       "%s: and sent at once", end_name);
	DONE(queue_recover(store, NOW + 2, &count, &error), "after another");
	DONE(queue_next_due(store, NOW + 2, &when, &error), "asked");
	is_int(when, NOW + 2 + PAST, "%s: it has to wait", end_name);
	DONE(queue_recover(store, NOW + 3, &count, &error), "nothing to do");
	is_int((long long)count, 0, "%s: is nothing done", end_name);
	DONE(store_attempts(store, id, arena, &attempts, &error), "tries");
	is_int((long long)attempts.count, 2, "%s: both tries", end_name);
	is_int(attempts.items[1].answer, STORE_ANSWER_UNKNOWN,
	       "%s: have no known end", end_name);
}

static void
test_recover_many(struct store *store)
{
	int64_t item = add_item(store, "contoso"), id;
	size_t i, count;

	for (i = 0; i < 250; i++)
		(void)add_bytes(store, item, arena_printf(arena, "%zu@x", i),
				false, NOW, 10, &id);
	claim(store, NOW, 250);
	DONE(queue_recover(store, NOW, &count, &error), "however many");
	is_int((long long)count, 250, "%s: all are found", end_name);
	is_int((long long)claim(store, NOW, 1000).count, 250,
	       "%s: and claimed again", end_name);
}

static void
test_group(struct store *store)
{
	struct store_deliveries claimed;
	int64_t first = add(store, "a", "ana@x", false, NOW);
	int64_t second = add(store, "b", "bob@x", false, NOW);

	claimed = claim(store, NOW, 2);
	is_int((long long)claimed.count, 2, "%s: two are sent", end_name);
	DONE(store_begin(store, &error), "their results come together");
	DONE(do_sent(store, first), "one is good");
	is_int(do_cancel(store, first), OUTCOME_PERMANENT,
	       "%s: a refused move in between", end_name);
	buf_reset(&error);
	DONE(do_sent(store, second), "does not stop the other");
	DONE(store_end(store, OUTCOME_OK, &error), "all is committed");
	is_int(read_delivery(store, first)->state, STORE_SENT, "%s: one",
	       end_name);
	is_int(read_delivery(store, second)->state, STORE_SENT, "%s: and two",
	       end_name);
}

static void (*const tests[])(struct store *store) = {
	test_moves,
	test_answered_once,
	test_answered_too_late,
	test_claim_of_another,
	test_claimed_without_a_word,
	test_answers_are_kept,
	test_retry_waits,
	test_gives_up, test_gives_up_by_clock,
	test_orders_are_kept,
	test_clock_was_wrong,
	test_storm_delays_nobody,
	test_turns,
	test_turn_undone,
	test_order_in_a_turn,
	test_recover,
	test_recover_many,
	test_group,
	NULL
};

static void
run_all(const char *name, const char *state)
{
	struct store *store = open_store(state);
	size_t i;

	end_name = name;
	for (i = 0; tests[i]; i++) {
		drain(store);
		tests[i](store);
	}
	store_close(&store);
}

/* ---- Killed at any moment ---- */

enum {
	KILLS = 12,
	LONGEST_US = 30000,	/* that a child lives once it is at work */
	RECIPIENTS = 3,		/* of each item */
};

/* What the child says it has done: it was committed. */
struct promise {
	int64_t item;
	int64_t sent;
};

/* Take an item with its deliveries, send what is due, say what was done;
 * again and again, until killed. */
static void
work(struct store *store, int out)
{
	struct promise promise = { 0 };
	int64_t id;
	size_t i;

	for (;;) {
		struct store_deliveries claimed = { 0 };

		(void)store_begin(store, &error);
		promise.item = add_item(store, "contoso");
		for (i = 0; i < RECIPIENTS; i++)
			(void)add_bytes(store, promise.item,
					arena_printf(arena, "%zu@x", i), false,
					NOW, 3000, &id);
		(void)queue_claim(store, NOW, ROOM_FOR(2), NULL, arena,
				  &claimed, &error);
		if (store_end(store, OUTCOME_OK, &error) != OUTCOME_OK)
			_exit(1);
		promise.sent = claimed.items[0].id;
		if (do_sent(store, promise.sent) != OUTCOME_OK)
			_exit(2);
		if (write(out, &promise, sizeof(promise)) != sizeof(promise))
			_exit(3);
		arena_reset(arena);
	}
}

static unsigned int
random_number(void)
{
	unsigned int number;

	digest_random(&number, sizeof(number));
	return number;
}

/* The promises of a child that is killed at some moment after its first. */
static size_t
killed(const char *state, struct promise *promises, size_t most)
{
	struct promise promise;
	size_t count = 0;
	int ends[2], status;
	pid_t child;

	if (pipe(ends))
		return 0;
	fflush(stdout);
	identities += 1000000;		/* those of the child are its own */
	child = fork();
	if (!child) {
		struct store *store = open_store(state);
		size_t recovered;

		(void)queue_recover(store, NOW, &recovered, &error);
		work(store, ends[1]);
	}
	close(ends[1]);
	if (read(ends[0], &promise, sizeof(promise)) == sizeof(promise))
		promises[count++] = promise;
	usleep(random_number() % LONGEST_US);
	kill(child, SIGKILL);
	while (count < most &&
	       read(ends[0], &promise, sizeof(promise)) == sizeof(promise))
		promises[count++] = promise;
	close(ends[0]);
	ok(waitpid(child, &status, 0) == child && WIFSIGNALED(status),
	   "it was at work when it was killed (%zu promises)", count);
	return count;
}

/* Every item is whole: all its deliveries, all their mails. */
static size_t
broken_items(struct store *store)
{
	struct store_items items = { 0 };
	size_t i, j, broken = 0;

	(void)store_items(store, 0, SIZE_MAX / 2, arena, &items, &error);
	for (i = 0; i < items.count; i++) {
		struct store_deliveries list = { 0 };

		(void)store_item_deliveries(store, items.items[i].id, arena,
					    &list, &error);
		broken += list.count != RECIPIENTS;
		for (j = 0; j < list.count; j++) {
			struct store_status status;

			(void)store_delivery_status(store, list.items[j].id,
						    &status, &error);
			broken += !status.has_body;
		}
	}
	return broken;
}

/* Queue and journal agree: as many answers as there were tries. */
static size_t
broken_answers(struct store *store)
{
	enum store_state state;
	size_t i, broken = 0;

	for (state = 0; state < STORE_STATES; state++) {
		struct store_deliveries list = { 0 };

		(void)store_deliveries(store, state, 1000000, arena, &list,
				       &error);
		for (i = 0; i < list.count; i++) {
			struct store_attempts attempts = { 0 };

			(void)store_attempts(store, list.items[i].id, arena,
					     &attempts, &error);
			broken += list.items[i].attempts != attempts.count +
				  (state == STORE_CLAIMED);
		}
	}
	return broken;
}

static size_t
broken_promises(struct store *store, const struct promise *promises,
		size_t count)
{
	size_t i, broken = 0;

	for (i = 0; i < count; i++) {
		struct store_item *item = NULL;
		struct store_status status;

		(void)store_item(store, promises[i].item, arena, &item,
				 &error);
		(void)store_delivery_status(store, promises[i].sent, &status,
					    &error);
		broken += !item + (status.state != STORE_SENT);
	}
	return broken;
}

static void
test_kill(const char *state)
{
	enum { MOST = 10000 };
	static struct promise promises[MOST];
	size_t i, count = 0;

	end_name = "killed";
	for (i = 0; i < KILLS; i++) {
		struct store *store;

		count += killed(state, promises + count, MOST - count);
		store = open_store(state);
		is_int((long long)broken_promises(store, promises, count), 0,
		       "whatever was committed is there");
		is_int((long long)broken_items(store), 0,
		       "no item is there in part");
		is_int((long long)broken_answers(store), 0,
		       "every try has an answer, or is under way");
		store_close(&store);
		arena_reset(arena);
	}
}

/* ---- How fast ---- */

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
fill(struct store *store, size_t total, size_t group, size_t length)
{
	size_t i, done;
	int64_t id;

	for (done = 0; done < total; done += group) {
		(void)store_begin(store, &error);
		for (i = 0; i < group; i++)
			(void)add_bytes(store, add_item(store, "contoso"),
					"soc@x", false, NOW, length, &id);
		(void)store_end(store, OUTCOME_OK, &error);
		arena_reset(arena);
	}
}

static size_t
send_all(struct store *store, size_t group)
{
	struct store_deliveries claimed = { 0 };
	size_t i, total = 0;

	do {
		size_t before = claimed.count;

		(void)store_begin(store, &error);
		for (i = 0; i < before; i++)
			(void)do_sent(store, claimed.items[i].id);
		arena_reset(arena);
		claimed = (struct store_deliveries){ 0 };
		(void)queue_claim(store, NOW, ROOM_FOR(group), NULL, arena,
				  &claimed, &error);
		(void)store_end(store, OUTCOME_OK, &error);
		total += claimed.count;
	} while (claimed.count);
	return total;
}

static void
show_speed(const char *name, const char *state)
{
	static const struct { size_t group, total, length; } rows[] = {
		{ 1, 50, 500 }, { 10, 500, 500 }, { 100, 2000, 500 },
		{ 1, 50, 40000 }, { 50, 500, 40000 },
	};
	struct store *store = open_store(state);
	size_t i;

	drain(store);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double start = seconds(), middle, end;

		fill(store, rows[i].total, rows[i].group, rows[i].length);
		middle = seconds();
		is_int((long long)send_all(store, rows[i].group),
		       (long long)rows[i].total, "%s: all were sent", name);
		end = seconds();
		printf("# %s, %zu octets, %zu a transaction: %.0f/s taken, "
		       "%.0f/s claimed and sent\n", name, rows[i].length,
		       rows[i].group,
		       (double)rows[i].total / (middle - start),
		       (double)rows[i].total / (end - middle));
	}
	store_close(&store);
}

static void
with_directory(void (*run)(const char *state))
{
	char state[TEMPORARY_LENGTH];
	static const char *const names[] = {
		"store.db", "store.db-wal", "store.db-shm"
	};
	char path[64];
	size_t i;

	if (!mkdtemp(temporary(state))) {
		printf("Bail out! no directory: %s\n", strerror(errno));
		exit(1);
	}
	run(state);
	for (i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", state, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(state);
}

static void
run_sqlite(const char *state)
{
	run_all("sqlite", state);
}

static void
show_sqlite(const char *state)
{
	show_speed("sqlite", state);
}

int
main(void)
{
	arena = arena_create();
	run_all("memory", "memory");
	with_directory(run_sqlite);
	with_directory(test_kill);
	end_name = "speed";
	show_speed("memory", "memory");
	with_directory(show_sqlite);
	buf_release(&error);
	arena_destroy(&arena);
	return tap_done();
}
