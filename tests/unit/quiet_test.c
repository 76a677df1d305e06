/*
 * Customers that fall silent, in virtual time: days pass between two lines.
 */
#include "ask/quiet.h"

#include "base/bug.h"
#include "items.h"
#include "store/query.h"
#include "tap.h"

#include <sys/mman.h>
#include <unistd.h>

#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define HOUR INT64_C(3600000)

static struct arena *arena;
static struct clock now;
static struct loop *loop;
static struct store *store;
static struct clerk *clerk;
static struct clerk *(*open_clerk)(struct loop *loop, struct store *store);
static struct generations *generations;
static struct quiet *quiet;
static struct buf error = BUF_INIT;

static instant_ms read_last;		/* every API, when it was last read */
static bool is_unread;			/* that is not known yet */
static size_t stored_times, mails;
static int log_file = -1;

/* ---- a store that counts its transactions, and may refuse them ---- */

static const struct store_driver *real_driver;
static struct store_driver driver;
static size_t begins, refusals;

static enum outcome
counted_begin(struct store_session *session, struct buf *why)
{
	begins++;
	if (!refusals)
		return real_driver->begin(session, why);
	refusals--;
	buf_puts(why, "it is full");
	return OUTCOME_TEMPORARY;
}

static void
open_store(void)
{
	if (store_open("memory", &store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	real_driver = store->driver;
	driver = *real_driver;
	driver.begin = counted_begin;
	store->driver = &driver;
	begins = refusals = 0;
}

/* ---- the world ---- */

static bool
good(void *context, const char *customer, instant_ms *when_out)
{
	(void)context;
	(void)customer;
	*when_out = read_last;
	return !is_unread;
}

static void
stored(void *context)
{
	(void)context;
	stored_times++;
}

static struct generation *
load(void)
{
	static char text[] =
		"state /quiet\nspool /quiet\n"
		"catch-all desk\nteam desk { mail soc@mssp.example }\n"
		"relay out { maildir /quiet/out }\n";
	struct map *texts = map_create(arena);
	struct generation *generation;

	(void)map_set(texts, "/quiet/main", text);	/* was absent */
	generation = generation_load("/quiet/main", texts, NOON);
	if (!generation_good(generation))
		BUG("the configuration is wrong");
	return generation;
}

static void
expect(struct generation *generation, const char *customer, bool is_poll,
       int64_t every_ms)
{
	const struct expectation one = { customer, customer, is_poll,
					 every_ms };

	vec_push(generation->arena, &generation->expected, one);
}

static void
open_quiet(void)
{
	const struct quiet_world world = {
		.loop = loop, .clerk = clerk, .generations = generations,
		.clock = &now, .good = good, .stored = stored,
	};

	quiet = quiet_create(&world);
}

static void
open_all(struct generation *generation)
{
	now = clock_at(NOON);
	loop = loop_create_virtual(&now);
	open_store();
	clerk = open_clerk(loop, store);
	generations = generations_create(generation);
	read_last = TIME_UNKNOWN;
	stored_times = 0;
	if (ftruncate(log_file, 0) || lseek(log_file, 0, SEEK_SET))
		BUG("no empty log");
	open_quiet();
}

static void
close_all(void)
{
	quiet_destroy(&quiet);
	clerk_destroy(&clerk);
	generations_destroy(&generations);
	store_close(&store);
	loop_destroy(&loop);
}

static void
pass(int64_t hours)
{
	loop_run_until(loop, now.fixed + hours * HOUR);
}

static void
mail_of(const char *format, const char *authentic)
{
	struct store_item item = {
		.code = arena_printf(arena, "m%zu", ++mails),
		.identity = arena_printf(arena, "mail %zu", mails),
		.kind = "mail", .received = now.fixed, .spool = "",
		.parse = "whole",
		.verdict = { .customer = "contoso", .action = "notify",
			     .format = format, .authentic = authentic },
	};
	enum store_added how;

	if (store_item_add(store, arena, &item, &how, &error) != OUTCOME_OK)
		BUG("%s", error.data);
}

static void
mail_comes(void)
{
	mail_of("m365d-incident", "pass");
}

/* "+" for each notice that somebody is heard of again, "-" for silence. */
static void
told(const char *want, const char *name)
{
	struct store_items items = { 0 };
	struct buf story = BUF_INIT;
	size_t i;

	if (store_items(store, 0, 1000, arena, &items, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < items.count; i++)
		if (!strcmp(items.items[i].kind, "notice"))
			buf_putc(&story, strstr(items.items[i].verdict.reason,
						"again") ? '+' : '-');
	is(story.data, want, "%s", name);
	buf_release(&story);
}

static int
logged(const char *what)
{
	static char text[65536];
	const char *at = text;
	ssize_t length = pread(log_file, text, sizeof(text) - 1, 0);
	int count = 0;

	text[length < 0 ? 0 : length] = '\0';
	while ((at = strstr(at, what))) {
		count++;
		at++;
	}
	return count;
}

/* ---- stories ---- */

static void
test_mail(void)
{
	struct generation *generation = load();

	expect(generation, "contoso", false, 3 * HOUR);
	open_all(generation);
	pass(3);
	told("", "who was never heard of has his time as well");
	pass(1);
	told("-", "then his silence is told");
	is_int((long long)stored_times, 1, "and somebody sends it");
	pass(48);
	told("-", "once");
	is_int(logged("event=quiet"), 1, "and the log says it once");
	mail_comes();
	pass(1);
	told("-+", "that he is heard of again is told");
	mail_comes();
	pass(2);
	told("-+", "once");
	pass(4);
	told("-+-", "and that he is quiet again");
	close_all();
}

/* Of what ends the silence. */
static void
test_proof(void)
{
	struct generation *generation = load();

	generation->settings.authserv = "mx.mssp.example";
	expect(generation, "contoso", false, 3 * HOUR);
	open_all(generation);
	mail_of("generic", "pass");
	mail_of("m365d-incident", "fail");
	mail_of("m365d-incident", "none");
	mail_of(NULL, "none");
	pass(4);
	told("-", "what is not authentic or not known is no sign of life");
	mail_of("generic", "none");
	mail_of("m365d-incident", "fail");
	pass(1);
	told("-", "nor does it end the silence");
	mail_of("m365d-incident", "pass");
	mail_of("generic", "none");
	pass(1);
	told("-+", "a known mail of Microsoft does");
	close_all();
	generation = load();
	generation->settings.authserv = NULL;
	expect(generation, "contoso", false, 3 * HOUR);
	open_all(generation);
	mail_of("generic", "none");
	pass(4);
	told("-", "without authserv, spam is none either");
	mail_of("m365d-incident", "none");
	pass(1);
	told("-+", "but any mail that a format knows is");
	close_all();
}

/* It was last seen so long ago that it must have jumped. */
static void
test_clock(void)
{
	struct generation *generation = load();
	const char *seen;

	expect(generation, "contoso", false, 3 * HOUR);
	open_all(generation);
	pass(1);
	mail_comes();
	seen = arena_printf(arena, "%lld 0 0", (long long)now.fixed);
	if (store_meta_set(store, "clock", seen, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	now.fixed += 100 * 24 * HOUR;
	pass(2);
	told("", "by a clock that has jumped nobody is silent");
	close_all();
}

static void
test_restart(void)
{
	struct generation *generation = load();

	expect(generation, "contoso", false, 3 * HOUR);
	open_all(generation);
	pass(2);
	quiet_destroy(&quiet);
	open_quiet();
	pass(2);
	told("-", "a restart does not begin the time anew");
	quiet_destroy(&quiet);
	open_quiet();
	pass(4);
	told("-", "and does not tell what was told");
	close_all();
}

static void
test_poll(void)
{
	struct generation *generation = load();

	expect(generation, "contoso", true, HOUR);
	open_all(generation);
	is_unread = true;
	pass(5);
	told("", "one of which nobody knows when it was read is not silent");
	is_unread = false;
	read_last = now.fixed;
	mail_comes();
	pass(1);
	told("", "an API that was read is not silent");
	pass(1);
	mail_comes();
	told("-", "when it is no longer read, it is");
	pass(5);
	told("-", "whatever comes by mail");
	read_last = now.fixed;
	is_unread = true;
	pass(1);
	told("-", "or whatever nobody knows");
	is_unread = false;
	read_last = now.fixed;
	pass(1);
	told("-+", "until it is read again");
	close_all();
}

static void
test_clock_set_back(void)
{
	struct generation *generation = load();

	expect(generation, "contoso", false, 3 * HOUR);
	expect(generation, "contoso", true, 3 * HOUR);
	open_all(generation);
	mail_comes();
	read_last = NOON;
	pass(4);
	told("--", "mail and API are silent");
	now.fixed -= 24 * HOUR;
	pass(10);
	told("--", "a clock that is set back is no sign of life");
	mail_comes();
	read_last = now.fixed;
	pass(1);
	told("--++", "a sign of life by that clock is");
	close_all();
}

static void
test_clock_was_ahead(void)
{
	struct generation *generation = load();

	expect(generation, "contoso", false, 3 * HOUR);
	open_all(generation);
	now.fixed += 1000 * HOUR;
	mail_comes();
	pass(1);
	now.fixed -= 1000 * HOUR;
	pass(1);
	told("", "a clock that was ahead makes no silence");
	pass(3);
	told("-", "nor does its last mail hide one");
	close_all();

	generation = load();
	expect(generation, "contoso", false, 3 * HOUR);
	open_all(generation);
	pass(1);
	now.fixed -= 1000 * HOUR;
	pass(4);
	told("-", "nor that it was ahead when somebody was first expected");
	close_all();
}

static void
test_reload(void)
{
	struct generation *generation = load(), *next = load();

	expect(generation, "contoso", false, 3 * HOUR);
	expect(next, "contoso", false, 100 * HOUR);
	open_all(generation);
	mail_comes();
	pass(4);
	told("-", "silence is told by the rules of its time");
	generations_replace(generations, next);
	pass(4);
	told("-", "more patience is no sign of life");
	close_all();
}

static void
test_many(void)
{
	struct generation *generation = load();
	size_t i;

	for (i = 0; i < 200; i++)
		expect(generation, arena_printf(arena, "c%zu", i), i % 2,
		       2 * HOUR);
	open_all(generation);
	pass(1);
	begins = 0;
	loop_run_until(loop, now.fixed + 30000);
	is_int((long long)begins, 1, "one transaction looks at all");
	pass(2);
	is_int(logged("event=quiet"), 200, "and none is forgotten");
	is_int((long long)stored_times, 1, "those who send are woken once");
	close_all();
}

static void
test_trouble(void)
{
	struct generation *generation = load();

	expect(generation, "contoso", false, HOUR);
	open_all(generation);
	pass(1);
	refusals = 100;
	pass(1);
	is_int((long long)refusals, 0, "a store that fails is tried again");
	is_int(logged("event=trouble"), 1, "is told of once");
	is_int(logged("event=quiet"), 1, "and hides no silence");
	refusals = 1;
	pass(1);
	is_int(logged("event=trouble"), 2, "new trouble is told of again");
	told("-", "without a second notice");
	close_all();
}

static void
stop(void *context)
{
	(void)context;
	loop_stop(loop);
}

/* Looks are half a minute apart, beginning at half a second. */
static void
test_end(void)
{
	struct generation *generation = load();

	expect(generation, "contoso", false, HOUR);
	open_all(generation);
	pass(1);
	loop_run_until(loop, now.fixed + 30499);
	loop_timer_set(loop_timer(loop, stop, NULL), 1);
	loop_run(loop);
	told("", "nothing is told before its time");
	quiet_destroy(&quiet);
	told("-", "a look that is under way at the end is not lost");
	open_quiet();
	close_all();
}

/* With the clerk's thread, and with its twin. */
static void
test_with(struct clerk *create(struct loop *loop, struct store *store))
{
	open_clerk = create;
	test_mail();
	test_proof();
	test_clock();
	test_restart();
	test_poll();
	test_clock_set_back();
	test_clock_was_ahead();
	test_reload();
	test_many();
	test_trouble();
}

int
main(void)
{
	int before = dup(STDERR_FILENO);

	log_file = memfd_create("log", MFD_CLOEXEC);
	if (log_file < 0 || before < 0 || dup2(log_file, STDERR_FILENO) < 0)
		BUG("no log");
	arena = arena_create();
	test_with(clerk_create);
	test_with(clerk_create_inline);
	test_end();
	arena_destroy(&arena);
	buf_release(&error);
	(void)dup2(before, STDERR_FILENO);
	return tap_done();
}
