/*
 * The outbox in virtual time, between a store that fails when it is told to
 * and senders that answer as a test wants. Every story is told with the clerk
 * in the loop's thread and in one of his own.
 */
#include "deliver/outbox.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "deliver/pace.h"
#include "queue/queue.h"
#include "store/query.h"
#include "tap.h"
#include "temporary.h"

#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOON (INT64_C(20000) * 86400000 + 43200000)
#define SECOND INT64_C(1000)
#define DAY (INT64_C(24) * 3600 * SECOND)

#define ANA "ana@contoso.example"
#define SOC "soc@mssp.example"
#define DUTY "duty@mssp.example"
/* Whose mails no relay likes. */
#define SPAM "spam@contoso.example"

#define CONTOSO(recipients) \
	"customer contoso { mailbox contoso@relay.example\n" \
	"recipients " recipients "  otherwise notify soc }\n"
#define SETTINGS_OF(team) \
	"state .  spool .  domain relay.example  catch-all soc\n" \
	"authserv mx.example\n" \
	"team soc { " team " }\n" \
	"relay first { maildir box }\n"
#define SETTINGS SETTINGS_OF("mail " SOC)
#define RULES SETTINGS "relay second { maildir other }\n" \
	CONTOSO("@contoso.example")

static char folder[TEMPORARY_LENGTH];
static bool has_thread;
static struct arena *arena;
static struct buf error = BUF_INIT;
static struct clock the_clock;
static struct loop *loop;
static struct store *store;
static struct clerk *clerk;
static struct generations *generations;
static struct outbox *outbox;

static const char *
path(const char *name)
{
	static char text[100];

	(void)snprintf(text, sizeof(text), "%s/%s", folder, name);
	return text;
}

/* ---- senders that a test plays ---- */

enum { JOBS_MOST = 1000, ROOM = PACE_BEGIN * PACE_AHEAD };

struct sent {
	uint64_t id;
	instant_ms at;
	const char *address, *relay, *body;
	bool is_answered;
};

static struct {
	pthread_mutex_t mutex;		/* of the results: a test may answer in
					   the clerk's thread */
	int event;
	struct sent sent[JOBS_MOST];	/* all that were submitted */
	size_t count;
	size_t flying;			/* that are not answered */
	struct sender_done *done, **end;
	bool is_silent;			/* does not answer by itself */
	size_t recalled;		/* that had not begun */
	enum outcome outcome;		/* that Ana is answered by itself */
	const char *dead;		/* the relay that takes nothing */
	const char *busy;		/* the relay that is always too busy */
	bool is_refusing;		/* and a person must see to it */
} twin;

static void
give_back(struct sender_done *done)
{
	size_t i;

	thread_lock(&twin.mutex);
	*twin.end = done;
	twin.end = &done->next;
	twin.flying--;
	for (i = 0; i < twin.count; i++)
		twin.sent[i].is_answered |= twin.sent[i].id == done->id;
	thread_unlock(&twin.mutex);
	(void)eventfd_write(twin.event, 1);
}

static void
stop(uint64_t id)
{
	struct sender_done *done = sender_done_create(id);

	done->result.outcome = OUTCOME_TEMPORARY;
	done->result.was_stopped = true;
	buf_puts(&done->result.text, "not begun");
	give_back(done);
}

static void
answer(uint64_t id, enum outcome outcome, const char *text)
{
	struct sender_done *done = sender_done_create(id);

	done->result.outcome = outcome;
	buf_puts(&done->result.text, text);
	give_back(done);
}

static void
fail_as(uint64_t id, enum send_about about, const char *step)
{
	struct sender_done *done = sender_done_create(id);

	done->result.outcome = OUTCOME_TEMPORARY;
	done->result.about = about;
	done->result.needs_mending = about == SEND_ABOUT_EITHER;
	done->result.step = step;
	done->result.reply_code = about == SEND_ABOUT_EITHER ? 554 : 0;
	buf_puts(&done->result.text, "554 5.7.1 no");
	give_back(done);
}

static void
fail_by_relay(uint64_t id)
{
	struct sender_done *done = sender_done_create(id);

	done->result.outcome = OUTCOME_TEMPORARY;
	done->result.about = SEND_ABOUT_RELAY;
	done->result.needs_mending = twin.is_refusing;
	done->result.step = twin.is_refusing ? "auth" : "connect";
	buf_puts(&done->result.text, "535 no");
	give_back(done);
}

static void
twin_submit(void *context, uint64_t id, const struct relay *relay,
	    size_t abreast, const struct send_job *job)
{
	(void)context, (void)abreast;
	if (twin.count == JOBS_MOST)
		BUG("too many jobs for a test");
	thread_lock(&twin.mutex);
	twin.flying++;
	thread_unlock(&twin.mutex);
	twin.sent[twin.count++] = (struct sent){
		.id = id,
		.at = the_clock.fixed,
		.address = arena_strdup(arena, job->address),
		.relay = arena_strdup(arena, relay->name),
		.body = arena_strndup(arena, job->body, job->length),
	};
	if (twin.dead && !strcmp(relay->name, twin.dead))
		fail_by_relay(id);
	else if (twin.busy && !strcmp(relay->name, twin.busy))
		fail_as(id, SEND_ABOUT_PACE, "greeting");
	else if (!strcmp(job->address, SPAM))
		fail_as(id, SEND_ABOUT_EITHER, "dot");
	else if (!twin.is_silent)
		answer(id, strcmp(job->address, ANA) ? OUTCOME_OK :
		       twin.outcome, "250 or not");
}

static void
twin_limit(void *context, const char *relay, size_t abreast)
{
	(void)context, (void)relay, (void)abreast;
}

/* Who is silent has begun with none. */
static void
twin_recall(void *context, const char *relay)
{
	size_t i;

	(void)context;
	for (i = 0; i < twin.count; i++)
		if (!twin.sent[i].is_answered &&
		    !strcmp(twin.sent[i].relay, relay)) {
			stop(twin.sent[i].id);
			twin.recalled++;
		}
}

static struct sender_done *
twin_results(void *context)
{
	struct sender_done *done;
	eventfd_t count;

	(void)context;
	(void)eventfd_read(twin.event, &count);
	thread_lock(&twin.mutex);
	done = twin.done;
	twin.done = NULL;
	twin.end = &twin.done;
	thread_unlock(&twin.mutex);
	return done;
}

static void add(const char *address);

/* The first delivery that flies arrives, the others are not begun. Somebody
 * else has not heard of it yet. */
static void
twin_drain(void *context, int64_t patience_ms)
{
	size_t i;

	(void)context, (void)patience_ms;
	add("eve@contoso.example");
	answer(twin.sent[0].id, OUTCOME_OK, "250 just in time");
	for (i = 1; i < twin.count; i++)
		stop(twin.sent[i].id);
}

static const struct senders senders = {
	.submit = twin_submit,
	.limit = twin_limit,
	.recall = twin_recall,
	.results = twin_results,
	.drain = twin_drain,
};

/* How often that address was tried. */
static size_t
tried(const char *address)
{
	size_t count = 0, i;

	for (i = 0; i < twin.count; i++)
		count += !strcmp(twin.sent[i].address, address);
	return count;
}

/* ---- a store that fails when it is told to ---- */

static struct {
	enum outcome begin;		/* of each, until it is set again */
	unsigned int lost;		/* commits whose answer will be lost */
	enum outcome lost_as;
	unsigned int commits;
	void (*before_commit)(void);	/* once */
} plan;

static struct store_driver driver;
static const struct store_driver *real_driver;

static enum outcome
planned_begin(struct store_session *session, struct buf *sentence)
{
	if (plan.begin == OUTCOME_OK)
		return real_driver->begin(session, sentence);
	buf_puts(sentence, "the disk is full");
	return plan.begin;
}

static enum outcome
planned_commit(struct store_session *session, struct buf *sentence)
{
	void (*before)(void) = plan.before_commit;

	plan.before_commit = NULL;
	if (before)
		before();
	plan.commits++;
	if (!plan.lost)
		return real_driver->commit(session, sentence);
	plan.lost--;
	if (real_driver->commit(session, sentence) != OUTCOME_OK)
		BUG("%s", sentence->data);
	buf_puts(sentence, "the connection is gone");
	return plan.lost_as;
}

/* Of the next ones: committed, and nobody hears of it. */
static void
lose_commits(unsigned int count, enum outcome outcome)
{
	plan.lost = count;
	plan.lost_as = outcome;
}

/* ---- the world ---- */

static struct generation *
load(const char *text)
{
	struct generation *generation;
	struct buf said = BUF_INIT;

	if (file_replace(path("tocsin.conf"), text, strlen(text), 0600, &error))
		BUG("%s", error.data);
	generation = generation_load(path("tocsin.conf"), NULL, NOON);
	diag_print(generation->diag, &said);
	if (!generation_good(generation))
		BUG("%s", said.data);
	buf_release(&said);
	return generation;
}

static void
open_outbox(void)
{
	struct outbox_world world = {
		.loop = loop, .clerk = clerk, .generations = generations,
		.clock = &the_clock, .senders = senders,
	};

	world.senders.fd = twin.event;
	outbox = outbox_create(&world);
}

static void
open_world(void)
{
	arena = arena_create();
	if (ftruncate(STDERR_FILENO, 0))
		BUG("the log cannot be emptied");
	the_clock = clock_at(NOON);
	loop = loop_create_virtual(&the_clock);
	if (store_open("memory", &store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	real_driver = store->driver;
	driver = *real_driver;
	driver.begin = planned_begin;
	driver.commit = planned_commit;
	store->driver = &driver;
	memset(&plan, 0, sizeof(plan));
	clerk = has_thread ? clerk_create(loop, store)
			   : clerk_create_inline(loop, store);
	generations = generations_create(load(RULES));
	memset(&twin, 0, sizeof(twin));
	if (pthread_mutex_init(&twin.mutex, NULL))
		BUG("mutex");
	twin.end = &twin.done;
	twin.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	open_outbox();
	loop_run(loop);
}

static void
close_world(void)
{
	struct sender_done *rest = twin_results(NULL);

	while (rest)
		sender_done_destroy(&rest);
	outbox_destroy(&outbox);
	clerk_destroy(&clerk);
	generations_destroy(&generations);
	store_close(&store);
	loop_destroy(&loop);
	(void)close(twin.event);
	(void)pthread_mutex_destroy(&twin.mutex);	/* nobody holds it */
	arena_destroy(&arena);
}

static void
apply(const struct change *change)
{
	if (change_apply(change, store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
}

/* An alert of contoso to `address`, into `change`. */
static void
put(struct change *change, const char *channel, const char *address,
    const char *relay)
{
	static unsigned int number;
	const char *code = arena_printf(arena, "code%u", ++number);
	const struct store_item item = {
		.code = code, .identity = code, .kind = "mail",
		.received = NOON, .spool = code, .parse = "whole",
		.verdict = {
			.customer = "contoso", .action = "notify",
			.trace = "", .decided = NOON,
		},
	};
	const struct store_delivery delivery = {
		.item = CHANGE_ITEM, .kind = STORE_ALERT, .channel = channel,
		.address = address, .about = "", .contact = "ana",
		.relay = relay, .sender = "tocsin@relay.example",
		.message_id = code, .body = "Subject: x\r\n", .body_length = 12,
	};

	change_add_item(change, &item);
	queue_add(change, &delivery, the_clock.fixed);
}

static void
add_by(const char *channel, const char *address, const char *relay)
{
	struct change change;

	change_init(&change, arena);
	put(&change, channel, address, relay);
	apply(&change);
}

static void
add(const char *address)
{
	add_by("maildir", address, "first");
}

static size_t
count_in(enum store_state state)
{
	struct store_deliveries all = { 0 };

	if (store_deliveries(store, state, 100, arena, &all, &error) !=
	    OUTCOME_OK)
		BUG("%s", error.data);
	return all.count;
}

/* What the journal has of the tries of a delivery: "temporary sent". */
static const char *
tries_of(int64_t id)
{
	struct store_attempts all = { 0 };
	struct buf out = BUF_INIT;
	const char *text;
	size_t i;

	if (store_attempts(store, id, arena, &all, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < all.count; i++)
		buf_printf(&out, "%s%s", i ? " " : "",
			   store_answer_names[all.items[i].answer]);
	text = arena_strdup(arena, out.data);
	buf_release(&out);
	return text;
}

/* How often the log has that. */
static size_t
logged(const char *what)
{
	struct buf text = BUF_INIT;
	const char *at;
	size_t count = 0;

	if (file_read(path("log"), 1 << 20, &text, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (at = text.data; (at = strstr(at, what)); at++)
		count++;
	buf_release(&text);
	return count;
}

/* ---- stories ---- */

static void
test_sent(void)
{
	add(ANA);
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)tried(ANA), 1, "what is added is sent when the "
	       "outbox is woken");
	is(twin.sent[0].body, "Subject: x\r\n", "as it is");
	is(twin.sent[0].relay, "first", "by its relay");
	is_int((long long)count_in(STORE_SENT), 1, "and recorded as sent");
	is_int(the_clock.fixed - NOON, 0, "at once");
}

static void
test_back_off(void)
{
	int64_t pause, longest = 0, shortest = DAY;
	size_t i;

	twin.outcome = OUTCOME_TEMPORARY;
	add(ANA);
	outbox_wake(outbox);
	loop_run_until(loop, NOON + DAY);
	for (i = 1; i < twin.count; i++) {
		pause = twin.sent[i].at - twin.sent[i - 1].at;
		longest = pause > longest ? pause : longest;
		shortest = pause < shortest ? pause : shortest;
	}
	ok(shortest >= 15 * SECOND && shortest <= 46 * SECOND &&
	   longest > 1800 * SECOND && longest <= 2701 * SECOND,
	   "tries go from half a minute apart to half an hour: %lld to %lld s",
	   (long long)(shortest / SECOND), (long long)(longest / SECOND));
	twin.outcome = OUTCOME_OK;
	loop_run_until(loop, NOON + 2 * DAY);
	is_int((long long)count_in(STORE_SENT), 1, "and the first that "
	       "succeeds is the last");
	is_int((long long)tried(SOC), 0, "nobody else is told");
}

static void
test_give_up(void)
{
	twin.outcome = OUTCOME_TEMPORARY;
	add(ANA);
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 7 * DAY);
	ok(twin.sent[twin.count - 2].at - NOON >= 3 * DAY &&
	   twin.sent[twin.count - 2].at - NOON < 3 * DAY + DAY / 24,
	   "after three days it is given up");
	is_int((long long)count_in(STORE_FAILED), 1, "and has failed");
	is_int((long long)tried(SOC), 1, "the catch-all is told once");
	is(twin.sent[twin.count - 1].address, SOC, "of that");
	ok(strstr(tries_of((int64_t)twin.sent[0].id), "temporary temporary"),
	   "the journal has each try");
}

static void
test_restart(void)
{
	twin.is_silent = true;
	add(ANA);
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)count_in(STORE_CLAIMED), 1, "a delivery is under "
	       "way");
	outbox_destroy(&outbox);
	twin.flying = 0;
	twin.is_silent = false;
	open_outbox();
	loop_run(loop);
	is_int((long long)tried(ANA), 2, "it is sent again by the next "
	       "process");
	is(tries_of((int64_t)twin.sent[0].id), "unknown sent", "whose journal "
	   "says that nobody knows of the first try");
	is_int((long long)logged("event=recovered what="), 1, "and so does the "
	       "log");
}

static void
test_drain(void)
{
	unsigned int before;

	twin.is_silent = true;
	add(ANA);
	outbox_wake(outbox);
	loop_run(loop);
	add("bob@contoso.example");
	outbox_wake(outbox);
	outbox_drain(outbox);
	is_int((long long)twin.count, 2, "what the last claim has leaves "
	       "before the drain");
	is_int((long long)count_in(STORE_SENT), 1, "what arrived is recorded");
	is_int((long long)count_in(STORE_PENDING), 2, "what did not begin "
	       "waits for the next start, with what was added meanwhile");
	is_int((long long)count_in(STORE_CLAIMED), 0, "neither is claimed");
	before = plan.commits;
	outbox_wake(outbox);
	loop_run(loop);
	is_int(plan.commits - before, 0, "and nothing is begun any more");
}

static void
test_trouble(void)
{
	twin.is_silent = true;
	add(ANA);
	outbox_wake(outbox);
	loop_run(loop);
	plan.begin = OUTCOME_TEMPORARY;
	answer(twin.sent[0].id, OUTCOME_OK, "250 ok");
	loop_run_until(loop, NOON + 61 * SECOND);
	plan.begin = OUTCOME_OK;
	is_int((long long)logged("event=trouble in=queue"), 1, "a store that "
	       "fails for a minute is spoken of once");
	is_int((long long)count_in(STORE_CLAIMED), 1, "an answer waits "
	       "meanwhile");
	add("bob@contoso.example");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 61 * SECOND + 500);
	is_int((long long)twin.count, 1, "and nobody hurries");
	loop_run_until(loop, NOON + 63 * SECOND);
	is(tries_of((int64_t)twin.sent[0].id), "sent", "and is recorded once "
	   "when it is back");
	is_int((long long)tried(ANA), 1, "it was sent once");
	is_int((long long)tried("bob@contoso.example"), 1, "and others are "
	       "sent then");
}

static void
test_trouble_at_start(void)
{
	outbox_destroy(&outbox);
	add(ANA);
	plan.begin = OUTCOME_TEMPORARY;
	open_outbox();
	loop_run_until(loop, NOON + 60 * SECOND);
	is_int((long long)twin.count, 0, "nothing is sent before it is known "
	       "what the last process left");
	plan.begin = OUTCOME_OK;
	loop_run_until(loop, NOON + 63 * SECOND);
	is_int((long long)tried(ANA), 1, "then all is");
}

static void
test_refused(void)
{
	add("eve@fabrikam.example");
	add(SOC);
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)tried("eve@fabrikam.example"), 0, "what the "
	       "customer's recipients do not allow is not sent");
	is_int((long long)count_in(STORE_FAILED), 1, "it has failed");
	is_int((long long)tried(SOC), 2, "the catch-all may be told, and is "
	       "told of that");
}

static void
test_gone(void)
{
	add_by("maildir", ANA, "gone");
	add_by("pigeon", "bob@contoso.example", "first");
	outbox_wake(outbox);
	loop_run(loop);
	is(twin.sent[0].relay, "first", "a relay that is not there any more is "
	   "replaced by the first");
	is_int((long long)tried("bob@contoso.example"), 0, "a channel is not");
	is_int((long long)tried(SOC), 1, "of which the catch-all is told");
}

static void
test_gathering(void)
{
	unsigned int before;

	twin.is_silent = true;
	add(ANA);
	add("bob@contoso.example");
	add("eve@contoso.example");
	outbox_wake(outbox);
	loop_run(loop);
	before = plan.commits;
	answer(twin.sent[0].id, OUTCOME_OK, "250 ok");
	loop_run_until(loop, NOON + 10);
	answer(twin.sent[1].id, OUTCOME_OK, "250 ok");
	loop_run(loop);
	is_int((long long)count_in(STORE_SENT), 2, "answers that come within "
	       "a moment");
	is_int(plan.commits - before, 1, "are one transaction");
	ok(the_clock.fixed <= NOON + 20, "since the first waits for others");
	before = (unsigned int)the_clock.fixed;
	answer(twin.sent[2].id, OUTCOME_OK, "250 ok");
	loop_run(loop);
	is_int((unsigned int)the_clock.fixed - before, 0, "unless none can "
	       "come");
	is_int((long long)count_in(STORE_SENT), 3, "then it is recorded at "
	       "once");
}

static void
test_gathering_is_over(void)
{
	size_t i;

	twin.is_silent = true;
	for (i = 0; i < 4; i++)
		add(arena_printf(arena, "p%zu@contoso.example", i));
	outbox_wake(outbox);
	loop_run(loop);
	answer(twin.sent[0].id, OUTCOME_OK, "250 ok");
	loop_run_until(loop, NOON + 10);
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 11);
	is_int((long long)count_in(STORE_SENT), 1, "whoever wakes the outbox "
	       "ends the waiting");
	answer(twin.sent[1].id, OUTCOME_OK, "250 ok");
	loop_run_until(loop, NOON + 100);
	is_int((long long)count_in(STORE_SENT), 2, "and the next answer waits "
	       "anew");
}

/* All tries through that relay. */
static size_t
tried_by(const char *relay)
{
	size_t count = 0, i;

	for (i = 0; i < twin.count; i++)
		count += !strcmp(twin.sent[i].relay, relay);
	return count;
}

static void
add_many(size_t count, const char *relay)
{
	size_t i;

	for (i = 0; i < count; i++)
		add_by("maildir", arena_printf(arena, "p%zu@contoso.example",
					       i), relay);
}

static void
test_dead_relay(void)
{
	size_t before;

	twin.dead = "second";
	add_many(200, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + SECOND);
	add(ANA);
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 2 * SECOND);
	is_int((long long)tried(ANA), 1, "a relay that takes nothing holds up "
	       "no other one");
	before = tried_by("second");
	loop_run_until(loop, NOON + 3600 * SECOND);
	ok(tried_by("second") - before < 25, "it is asked by one mail now and "
	   "then: %zu tries in an hour", tried_by("second") - before);
	is_int((long long)tried(SOC), 1, "the catch-all is told once");
	before = twin.count;
	twin.dead = NULL;
	loop_run_until(loop, NOON + 3600 * SECOND + 310 * SECOND);
	is_int((long long)count_in(STORE_RETRY), 0, "when it is back, nothing "
	       "waits for its own next try");
	is_int((long long)(twin.count - before), 201, "all leaves, and the "
	       "catch-all is told of that");
	ok(twin.sent[twin.count - 1].at - twin.sent[before].at < SECOND,
	   "all of it within a second");
}

static void
test_refusing_relay(void)
{
	twin.dead = "second";
	twin.is_refusing = true;
	add_many(20, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + SECOND);
	is_int((long long)count_in(STORE_FAILED), 0, "that a relay wants no "
	       "mails of ours is no verdict on a recipient");
	is_int((long long)tried(SOC), 1, "and is told at once");
	loop_run_until(loop, NOON + DAY);
	is_int((long long)tried(SOC), 1, "once");
	outbox_destroy(&outbox);
	open_outbox();
	outbox_wake(outbox);
	loop_run_until(loop, the_clock.fixed + 3600 * SECOND);
	is_int((long long)tried(SOC), 1, "also over a restart");
	loop_run_until(loop, NOON + 4 * DAY);
	is_int((long long)count_in(STORE_FAILED), 20, "what has waited for "
	       "three days fails, tried or not");
	is_int((long long)tried(SOC), 21, "and the catch-all is told of each");
	is_int((long long)count_in(STORE_PENDING) + (long long)
	       count_in(STORE_RETRY), 0, "nothing is left behind");
}

static void
test_mended_relay(void)
{
	instant_ms mended;

	twin.dead = "second";
	twin.is_refusing = true;
	add_many(20, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + DAY / 2);
	twin.dead = NULL;
	mended = the_clock.fixed;
	generations_replace(generations, load(RULES));
	outbox_wake(outbox);
	loop_run_until(loop, mended + SECOND);
	is_int((long long)count_in(STORE_SENT), 22, "a reload asks a relay "
	       "again that was in trouble, and all that waits leaves");
	is_int((long long)tried(SOC), 2, "of which the catch-all is told");
}

/* One that is silent has begun with none of what it was handed. */
static void
test_recalled(void)
{
	size_t first = PACE_BEGIN * PACE_AHEAD, before;

	twin.is_silent = true;
	add_many(100, "second");
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)twin.count, (long long)first, "much waits in the "
	       "line of a relay");
	fail_by_relay(twin.sent[0].id);
	loop_run_until(loop, NOON + SECOND);
	is_int((long long)twin.recalled, (long long)first - 1, "which fails: "
	       "the others are called back");
	is_int((long long)count_in(STORE_PENDING), 99, "they wait in the "
	       "queue");
	is_int((long long)count_in(STORE_CLAIMED), 0, "and not in the line");
	is(tries_of((int64_t)twin.sent[1].id), "", "which was no try");
	twin.is_silent = false;
	before = twin.count;
	loop_run_until(loop, NOON + 10 * SECOND);
	is_int((long long)(twin.count - before), 100, "all of them leave when "
	       "it is back");
	is(tries_of((int64_t)twin.sent[1].id), "sent", "each once");
}

static void
test_recalled_by_reload(void)
{
	twin.is_silent = true;
	add_many(10, "second");
	outbox_wake(outbox);
	loop_run(loop);
	twin.is_silent = false;
	generations_replace(generations, load(SETTINGS
			    "relay third { maildir third }\n"
			    CONTOSO("@contoso.example")));
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)twin.recalled, 10, "a reload calls back what has "
	       "not begun");
	is_int((long long)tried_by("first"), 10, "and it goes by the new "
	       "configuration");
	is_int((long long)count_in(STORE_SENT), 10, "once");
}

/* One mail that a relay refuses as it would refuse us. */
static void
test_doubtful(void)
{
	size_t i;

	add_by("maildir", "p@contoso.example", "second");
	add_by("maildir", SPAM, "second");
	outbox_wake(outbox);
	for (i = 1; i <= 3 * 24 * 60; i++) {
		loop_run_until(loop, NOON + (instant_ms)i * 60 * SECOND);
		add_by("maildir", "p@contoso.example", "second");
		outbox_wake(outbox);
		loop_run_until(loop, the_clock.fixed + 1);
		if (twin.count > JOBS_MOST - 50)
			break;
	}
	is_int((long long)tried(SPAM), 3, "a mail that a relay refuses three "
	       "times, as if it was our fault, between many that it takes");
	is_int((long long)count_in(STORE_FAILED), 1, "has failed");
	is_int((long long)tried(SOC), 1, "which the catch-all is told, and of "
	       "no trouble of the relay");
	is_int((long long)count_in(STORE_PENDING), 0, "and holds up none");
}

static void
test_doubtful_relay(void)
{
	size_t i;

	for (i = 0; i < 5; i++)
		add_by("maildir", SPAM, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 60 * SECOND);
	is_int((long long)tried(SOC), 1, "a relay that takes none is in "
	       "trouble, at whichever step it says so");
	is_int((long long)count_in(STORE_FAILED), 0, "and no delivery fails");
}

static void
test_busy_relay(void)
{
	twin.busy = "second";
	add_many(5, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 500 * SECOND);
	is_int((long long)tried(SOC), 0, "a relay that is busy is no trouble");
	loop_run_until(loop, NOON + 700 * SECOND);
	is_int((long long)tried(SOC), 1, "unless it is for ten minutes");
	twin.busy = NULL;
	loop_run_until(loop, NOON + 800 * SECOND);
	is_int((long long)count_in(STORE_SENT), 7, "all leaves when it is "
	       "over, which is told");
}

static void
test_rate_and_restart(void)
{
	static const char rules[] = SETTINGS
		"relay second { maildir other  rate 5 per 1m }\n"
		CONTOSO("@contoso.example");

	generations_replace(generations, load(rules));
	outbox_wake(outbox);
	loop_run(loop);
	add_many(12, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + SECOND);
	is_int((long long)tried_by("second"), 5, "no more than the rate leave");
	outbox_destroy(&outbox);
	open_outbox();
	loop_run_until(loop, NOON + 59 * SECOND);
	is_int((long long)tried_by("second"), 5, "also over a restart");
	loop_run_until(loop, NOON + 62 * SECOND);
	is_int((long long)tried_by("second"), 10, "until the time is over");
	loop_run_until(loop, NOON + 125 * SECOND);
	is_int((long long)tried_by("second"), 12, "and so on");
}

/* The relay of many mails is taken out of the configuration. */
static void
test_gone_with_many(void)
{
	static const char rules[] = SETTINGS CONTOSO("@contoso.example");

	twin.dead = "second";
	add_many(200, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 60 * SECOND);
	twin.is_silent = true;
	generations_replace(generations, load(rules));
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 90 * SECOND);
	is_int((long long)tried_by("first") - (long long)tried(SOC), ROOM,
	       "what waits for a relay that is gone goes by another one, no "
	       "more at once than that takes");
	twin.is_silent = false;
}

/* A timer that is set again and again for what is over would spin. */
static void
test_idle(void)
{
	unsigned int before;

	twin.dead = "second";
	add_many(200, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 1800 * SECOND);
	before = plan.commits;
	loop_run_until(loop, NOON + 5400 * SECOND);
	ok(plan.commits - before <= 3 * 13, "a dead relay costs a few commits "
	   "for each probe, and nothing between: %u in an hour",
	   plan.commits - before);
}

/* The pause of a dead relay ends while a claim without it is under way. */
static void
pass_pause(void)
{
	the_clock.fixed += PACE_FAILED_MOST_MS;
}

static void
test_pause_ends_meanwhile(void)
{
	if (has_thread)
		return;		/* the clock is the loop's */
	twin.dead = "second";
	add_many(2, "second");
	outbox_wake(outbox);
	loop_run_until(loop, NOON + SECOND);
	twin.dead = NULL;
	plan.before_commit = pass_pause;
	outbox_wake(outbox);
	loop_run_until(loop, the_clock.fixed + PACE_FAILED_MOST_MS +
		       SECOND);
	is_int((long long)count_in(STORE_SENT), 2, "a pause that ends while "
	       "a claim is under way is not overlooked");
}

/* News that come while older ones are being recorded are not lost. */
static void
fail_again(void)
{
	fail_by_relay(twin.sent[1].id);
}

static void
test_news_meanwhile(void)
{
	twin.is_silent = true;
	twin.is_refusing = true;
	add_many(2, "second");
	outbox_wake(outbox);
	loop_run(loop);
	plan.before_commit = fail_again;
	answer(twin.sent[0].id, OUTCOME_OK, "250 ok");
	loop_run_until(loop, NOON + SECOND);
	is_int((long long)tried(SOC), 1, "what a relay says while something "
	       "older is recorded is told as well");
}

static void
answer_all(void)
{
	answer(twin.sent[0].id, OUTCOME_OK, "250 ok");
	answer(twin.sent[1].id, OUTCOME_PERMANENT, "550 no");
}

static void
test_under_way(void)
{
	twin.is_silent = true;
	add(ANA);
	add("bob@contoso.example");
	outbox_wake(outbox);
	loop_run(loop);
	twin.is_silent = false;
	add("eve@contoso.example");
	plan.before_commit = answer_all;
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)count_in(STORE_SENT), 3, "answers that come while a "
	       "settling is under way are recorded by the next");
	is_int((long long)count_in(STORE_FAILED), 1, "with the failures");
	is_int((long long)tried(SOC), 1, "and who is told of them");
	is_int((long long)twin.count, 4, "each was sent once");
}

/* Here the loop hears of the answer before the clerk begins. */
static void
test_collected(void)
{
	twin.is_silent = true;
	add(ANA);
	outbox_wake(outbox);
	loop_run(loop);
	outbox_wake(outbox);
	answer(twin.sent[0].id, OUTCOME_OK, "250 ok");
	loop_run(loop);
	is_int((long long)count_in(STORE_SENT), 1, "an answer that is collected "
	       "while a claim is under way is recorded by the next");
}

/* Another unit, and the outbox right behind it. */
static enum outcome
put_one(struct unit *unit, struct store *in, struct change *change,
	struct arena *of_unit, struct buf *sentence)
{
	(void)unit, (void)in, (void)of_unit, (void)sentence;
	put(change, "maildir", ANA, "first");
	return OUTCOME_OK;
}

static void
put_done(struct unit *unit, enum outcome outcome, const char *sentence)
{
	(void)unit, (void)sentence;
	ok(outcome == OUTCOME_OK, "another unit adds a delivery");
}

static void
test_behind(void)
{
	struct unit other = { .work = put_one, .done = put_done };
	unsigned int before = plan.commits;

	twin.is_silent = true;
	clerk_submit(clerk, &other);
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)tried(ANA), 1, "the outbox behind it sends that");
	/* A thread may have begun before the outbox was there. */
	ok(plan.commits - before <= (has_thread ? 2 : 1),
	   "for the price of one commit");
}

static void
test_lost(void)
{
	twin.outcome = OUTCOME_PERMANENT;
	add(ANA);
	lose_commits(1, OUTCOME_CONFLICT);
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)tried(ANA), 1, "a claim whose commit was not "
	       "answered is sent once");
	is_int((long long)tried(SOC), 1, "its failure is told once");
	twin.is_silent = true;
	add("bob@contoso.example");
	outbox_wake(outbox);
	loop_run(loop);
	lose_commits(1, OUTCOME_CONFLICT);
	answer(twin.sent[2].id, OUTCOME_PERMANENT, "550 no");
	loop_run(loop);
	is(tries_of((int64_t)twin.sent[2].id), "permanent", "an answer is "
	   "recorded once");
	is_int((long long)tried(SOC), 2, "and its failure told once");
}

/* How often the journal has that nobody could be told. */
static size_t
untold(int64_t item)
{
	struct store_events all = { 0 };
	size_t count = 0, i;

	if (store_events(store, item, arena, &all, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < all.count; i++)
		count += !strcmp(all.items[i].what, STORE_UNTOLD);
	return count;
}

static void
test_lost_untold(void)
{
	twin.is_silent = true;
	add(SOC);
	outbox_wake(outbox);
	loop_run(loop);
	lose_commits(1, OUTCOME_CONFLICT);
	answer(twin.sent[0].id, OUTCOME_PERMANENT, "550 no");
	loop_run(loop);
	is_int((long long)untold(1), 1, "that nobody could be told is recorded "
	       "once");
	is_int((long long)logged("event=failed"), 1, "and logged once");
}

static void
test_lost_for_good(void)
{
	add(ANA);
	lose_commits(1, OUTCOME_TEMPORARY);
	outbox_wake(outbox);
	loop_run_until(loop, NOON + 1 * SECOND);
	is_int((long long)tried(ANA), 0, "a claim that nobody heard of again "
	       "does not leave");
	is_int((long long)count_in(STORE_CLAIMED), 1, "though it is in the "
	       "store");
	loop_run_until(loop, NOON + 10 * SECOND);
	is(tries_of((int64_t)twin.sent[0].id), "sent", "and is not stranded");
}

static void
reload(void)
{
	generations_replace(generations, load(SETTINGS
			    CONTOSO("@contoso.example.com")));
}

static void
test_reload(void)
{
	add(ANA);
	plan.before_commit = reload;
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)tried(ANA), 0, "what a reload forbids between claim "
	       "and departure does not leave");
	is_int((long long)tried(SOC), 1, "and the catch-all is told");
}

static void
test_all_told(void)
{
	generations_replace(generations, load(SETTINGS_OF("mail " SOC
			    "  mail " DUTY) CONTOSO("@contoso.example")));
	twin.outcome = OUTCOME_PERMANENT;
	add(ANA);
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)tried(SOC), 1, "of a failure the catch-all is told");
	is_int((long long)tried(DUTY), 1, "at each of its addresses");
	twin.is_silent = true;
	add(SOC);
	outbox_wake(outbox);
	loop_run(loop);
	answer(twin.sent[twin.count - 1].id, OUTCOME_PERMANENT, "550 no");
	loop_run(loop);
	is_int((long long)tried(DUTY), 2, "of that of one address the others");
	answer(twin.sent[twin.count - 1].id, OUTCOME_PERMANENT, "550 no");
	loop_run(loop);
	is_int((long long)tried(SOC), 2, "and not that one, nor of theirs");
}

static void
test_full(void)
{
	size_t i;

	twin.is_silent = true;
	for (i = 0; i < 2 * ROOM; i++)
		add(arena_printf(arena, "p%zu@contoso.example", i));
	outbox_wake(outbox);
	loop_run(loop);
	is_int((long long)twin.count, ROOM, "no more is claimed than there is "
	       "room for");
	is_int((long long)count_in(STORE_CLAIMED), ROOM, "the others wait");
	for (i = 0; i < ROOM; i++)
		answer(twin.sent[i].id, OUTCOME_OK, "250 ok");
	loop_run(loop);
	is_int((long long)twin.count, 2 * ROOM, "until there is");
}

static const struct {
	const char *name;
	void (*run)(void);
} stories[] = {
	{ "sent", test_sent },
	{ "back off", test_back_off },
	{ "give up", test_give_up },
	{ "restart", test_restart },
	{ "drain", test_drain },
	{ "trouble", test_trouble },
	{ "trouble at start", test_trouble_at_start },
	{ "refused", test_refused },
	{ "gone", test_gone },
	{ "gathering", test_gathering },
	{ "gathering is over", test_gathering_is_over },
	{ "a dead relay", test_dead_relay },
	{ "a relay that refuses us", test_refusing_relay },
	{ "a relay that was mended", test_mended_relay },
	{ "called back", test_recalled },
	{ "called back by a reload", test_recalled_by_reload },
	{ "a doubtful answer", test_doubtful },
	{ "many doubtful answers", test_doubtful_relay },
	{ "a busy relay", test_busy_relay },
	{ "a rate and a restart", test_rate_and_restart },
	{ "many for a relay that is gone", test_gone_with_many },
	{ "idle", test_idle },
	{ "a pause that ends meanwhile", test_pause_ends_meanwhile },
	{ "news meanwhile", test_news_meanwhile },
	{ "under way", test_under_way },
	{ "collected", test_collected },
	{ "behind", test_behind },
	{ "lost", test_lost },
	{ "lost, and nobody to tell", test_lost_untold },
	{ "lost for good", test_lost_for_good },
	{ "reload", test_reload },
	{ "all told", test_all_told },
	{ "full", test_full },
};

static void
test_all(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		printf("# %s: %s\n", kind, stories[i].name);
		open_world();
		stories[i].run();
		close_world();
	}
}

int
main(void)
{
	if (!mkdtemp(temporary(folder)) ||
	    !freopen(path("log"), "a", stderr))
		return 1;
	test_all("in the loop");
	has_thread = true;
	test_all("in a thread");
	(void)unlink(path("tocsin.conf"));
	(void)unlink(path("log"));
	(void)rmdir(folder);
	buf_release(&error);
	return tap_done();
}
