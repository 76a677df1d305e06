/*
 * Upkeep of a store in a file that another process, here another connection,
 * has open as well; in virtual time.
 */
#include "daemon/upkeep.h"

#include "base/bug.h"
#include "items.h"
#include "store/query.h"
#include "tap.h"
#include "temporary.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define DAY INT64_C(86400000)
#define UPKEEP_LOOKS INT64_C(600000)	/* how often it is tidied */

static struct arena *arena;
static struct clock now;
static struct loop *loop;
static struct store *store, *other;
static struct clerk *clerk;
static struct clerk *(*open_clerk)(struct loop *loop, struct store *store);
static struct upkeep *upkeep;
static struct buf error = BUF_INIT;
static char directory[TEMPORARY_LENGTH];
static struct generations *generations;
static int changes, losses, notices;
static int log_file = -1;

/* ---- a store whose commits may be refused ---- */

static const struct store_driver *real_driver;
static struct store_driver driver;
static int refusals, commits;

static enum outcome
refusing_commit(struct store_session *session, struct buf *why)
{
	commits++;
	if (refusals <= 0)
		return real_driver->commit(session, why);
	refusals--;
	buf_puts(why, "it is full");
	return OUTCOME_TEMPORARY;
}

static struct store *
open_store(void)
{
	const char *url = arena_printf(arena, "sqlite:%s/store.db", directory);
	struct store *opened;

	if (store_open(url, &opened, &error) != OUTCOME_OK) {
		printf("Bail out! %s\n", error.data);
		exit(1);
	}
	return opened;
}

static void
changed(void *context)
{
	(void)context;
	changes++;
}

static void
gone(void *context)
{
	(void)context;
	losses++;
}

static void
stored(void *context)
{
	(void)context;
	notices++;
}

static struct generation *
load(const char *keep)
{
	char *text = arena_printf(arena,
		"state /upkeep\nspool /upkeep\nkeep raw %s\n"
		"catch-all desk\nteam desk { mail soc@mssp.example }\n"
		"relay out { maildir /upkeep/out }\n", keep);
	struct map *texts = map_create(arena);
	struct generation *generation;

	(void)map_set(texts, "/upkeep/main", text);	/* was absent */
	generation = generation_load("/upkeep/main", texts, NOON);
	if (!generation_good(generation))
		BUG("the configuration is wrong");
	return generation;
}

static void
open_upkeep(void)
{
	const struct upkeep_world world = {
		.loop = loop, .clerk = clerk, .clock = &now,
		.generations = generations, .changed = changed, .gone = gone,
		.stored = stored,
	};

	upkeep = upkeep_create(&world);
}

static void
open_all(void)
{
	if (!mkdtemp(temporary(directory)))
		BUG("no directory: %s", strerror(errno));
	now = clock_at(NOON);
	loop = loop_create_virtual(&now);
	store = open_store();
	real_driver = store->driver;
	driver = *real_driver;
	driver.commit = refusing_commit;
	store->driver = &driver;
	other = open_store();
	clerk = open_clerk(loop, store);
	generations = generations_create(load("90d"));
	refusals = commits = changes = losses = notices = 0;
	if (ftruncate(log_file, 0) || lseek(log_file, 0, SEEK_SET))
		BUG("no empty log");
	open_upkeep();
}

static void
remove_file(const char *suffix)
{
	(void)unlink(arena_printf(arena, "%s/store.db%s", directory, suffix));
}

static void
close_all(void)
{
	upkeep_destroy(&upkeep);
	clerk_destroy(&clerk);
	generations_destroy(&generations);
	store_close(&store);
	store_close(&other);
	loop_destroy(&loop);
	remove_file("");
	remove_file("-wal");
	remove_file("-shm");
	(void)rmdir(directory);
	memcpy(strrchr(directory, '.') + 1, "XXXXXX", 6);
}

static void
pass(int64_t time_ms)
{
	loop_run_until(loop, now.fixed + time_ms);
}

static void
change_something(void)
{
	static int value;
	const char *text = arena_printf(arena, "%d", ++value);

	if (store_meta_set(other, "name", text, &error) != OUTCOME_OK)
		BUG("%s", error.data);
}

static void
add_items(int count, instant_ms received)
{
	int i;

	if (store_begin(store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < count; i++) {
		struct store_item item = {
			.code = arena_printf(arena, "c%d", i),
			.identity = arena_printf(arena, "item %d", i),
			.kind = "mail", .received = received,
			.spool = arena_printf(arena, "s%d", i),
			.parse = "whole",
			.verdict = { .action = "drop", .decided = received },
		};
		enum store_added how;

		if (store_item_add(store, arena, &item, &how, &error) !=
		    OUTCOME_OK)
			BUG("%s", error.data);
	}
	if (store_end(store, OUTCOME_OK, &error) != OUTCOME_OK)
		BUG("%s", error.data);
}

static struct store_items
all_items(void)
{
	struct store_items items = { 0 };

	if (store_items(store, 0, 10000, arena, &items, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	return items;
}

static int
count_items(void)
{
	return (int)all_items().count;
}

/* What each of them was made of. */
static void
keep_raws(instant_ms since)
{
	struct store_items items = all_items();
	size_t i;

	if (store_begin(store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < items.count; i++) {
		const struct store_raw raw = {
			.item = items.items[i].id, .since = since,
			.bytes = "m", .length = 1,
		};

		if (store_raw_add(store, &raw, &error) != OUTCOME_OK)
			BUG("%s", error.data);
	}
	if (store_end(store, OUTCOME_OK, &error) != OUTCOME_OK)
		BUG("%s", error.data);
}

static int
count_raws(void)
{
	struct store_items items = all_items();
	struct store_raw *raw;
	int count = 0;
	size_t i;

	for (i = 0; i < items.count; i++) {
		if (store_raw(store, items.items[i].id, arena, &raw,
			      &error) != OUTCOME_OK)
			BUG("%s", error.data);
		count += raw != NULL;
	}
	return count;
}

/* ---- stories ---- */

static void
test_changes(void)
{
	open_all();
	pass(10000);
	is_int(changes, 0, "with nothing changed nobody is woken");
	change_something();
	pass(500);
	is_int(changes, 1, "a change of another process is noticed at once");
	pass(10000);
	is_int(changes, 1, "and once");
	change_something();
	refusals = 1;
	pass(500);
	is_int(changes, 2,
	       "even when the transaction in which it was seen failed");
	is_int(losses, 0, "the file is where it was");
	close_all();
}

static enum outcome
fail(struct unit *unit, struct store *in, struct change *change,
     struct arena *of, struct buf *why)
{
	(void)unit, (void)in, (void)change, (void)of, (void)why;
	return OUTCOME_PERMANENT;
}

static void
ignore(struct unit *unit, enum outcome outcome, const char *why)
{
	(void)unit, (void)outcome, (void)why;
}

static void
submit(void *context)
{
	clerk_submit(clerk, context);
}

/* The look is run twice, because it shares a transaction with one that fails:
 * the second time there is nothing new. */
static void
test_changes_in_company(void)
{
	struct unit unit = { .work = fail, .done = ignore };

	open_all();
	pass(1);
	loop_timer_set(loop_timer(loop, submit, &unit), 499);
	change_something();
	pass(499);
	is_int(changes, 1, "a change is noticed in bad company as well");
	close_all();
}

static void
test_gone(void)
{
	open_all();
	pass(100);
	remove_file("");
	pass(500);
	ok(losses > 0, "a file that was removed is noticed");
	close_all();
}

static void
test_tidy(void)
{
	open_all();
	add_items(1200, NOON - 91 * DAY);
	pass(0);
	is_int(count_items(), 700, "what is over goes at the start");
	pass(200);
	is_int(count_items(), 200, "a piece at a time, with pauses");
	pass(200);
	is_int(count_items(), 0, "until there is no more");
	add_items(1, now.fixed - 91 * DAY);
	pass(599000);
	is_int(count_items(), 1, "then it is not looked at for a while");
	pass(1000);
	is_int(count_items(), 0, "and again");
	close_all();
}

static void
test_tidy_raw(void)
{
	open_all();
	add_items(250, NOON - 7 * DAY);
	keep_raws(NOON - 7 * DAY);
	generations_replace(generations, load("169h"));
	pass(0);
	is_int(count_raws(), 250, "what came is kept as long as is said");
	pass(3600000);
	is_int(count_raws(), 150, "and not longer: it goes");
	pass(200);
	pass(200);
	is_int(count_raws(), 0, "a piece at a time");
	is_int(count_items(), 250, "what was decided of it stays");
	keep_raws(now.fixed);
	generations_replace(generations, load("0"));
	pass(601000);
	is_int(count_raws(), 0, "0 keeps nothing, once it is said");
	close_all();
}

static enum outcome
succeed(struct unit *unit, struct store *in, struct change *change,
	struct arena *of, struct buf *why)
{
	(void)unit, (void)in, (void)change, (void)of, (void)why;
	return OUTCOME_OK;
}

static void
test_tidy_alone(void)
{
	struct unit unit = { .work = succeed, .done = ignore };

	open_all();
	clerk_submit(clerk, &unit);
	pass(0);
	is_int(commits, 2, "nobody's commit waits until what is over has gone");
	close_all();
}

static int
logged(const char *what)
{
	char text[4096];
	ssize_t length = pread(log_file, text, sizeof(text) - 1, 0);

	text[length < 0 ? 0 : length] = '\0';
	return strstr(text, what) != NULL;
}

static void
test_trouble(void)
{
	open_all();
	add_items(501, NOON - 91 * DAY);
	refusals = 1;
	pass(0);
	is_int(count_items(), 501, "a store that fails loses nothing");
	ok(logged("event=trouble in=journal what=\"it is full\""),
	   "and the log says so");
	pass(200);
	is_int(count_items(), 501, "there is no hurry then");
	pass(600000);
	is_int(count_items(), 0, "but another try");
	close_all();
}

/* ---- the clock ---- */

/* Two that are a day old, by the time before a jump. */
static void
open_before_jump(int64_t jump)
{
	open_all();
	pass(UPKEEP_LOOKS);
	add_items(2, NOON - DAY);
	now.fixed += jump;
}

static int
journal(void)
{
	return count_items() - notices;
}

static void
test_clock_ahead(void)
{
	open_before_jump(100 * DAY);
	pass(UPKEEP_LOOKS);
	is_int(journal(), 2, "by a clock that has jumped nothing is over");
	is_int(notices, 1, "the catch-all is told of it");
	ok(logged("event=clock what=jumped days=+100"), "and the log");
	pass(45 * 60000);
	is_int(journal(), 2, "nor half an hour later");
	is_int(notices, 1, "which is told once");
	pass(30 * 60000);
	is_int(count_items(), 1, "when it has stood for an hour it is");
	close_all();
}

static void
test_clock_back(void)
{
	open_before_jump(100 * DAY);
	pass(30 * 60000);
	now.fixed -= 100 * DAY;
	pass(UPKEEP_LOOKS);
	is_int(notices, 2, "when it is right again that is told");
	ok(logged("event=clock what=back"), "and logged");
	pass(2 * 3600000);
	is_int(journal(), 2, "and nothing is lost");
	is_int(notices, 2, "nor is anything told after that");
	close_all();
}

/* The last time is in the store. */
static void
test_clock_at_start(void)
{
	open_all();
	pass(UPKEEP_LOOKS);
	add_items(2, NOON - DAY);
	upkeep_destroy(&upkeep);
	now.fixed += 100 * DAY;
	open_upkeep();
	pass(10000);
	is_int(journal(), 2, "nor is anything by one that was wrong at the "
	       "start");
	is_int(notices, 1, "which is told at once");
	upkeep_destroy(&upkeep);
	now.fixed += 3 * 3600000;
	open_upkeep();
	pass(10000);
	is_int(journal(), 2, "a process that was away has not seen it stand");
	close_all();
}

/* A jump that is none. */
static void
test_clock_usual(void)
{
	open_before_jump(DAY - 3600000);
	pass(2 * UPKEEP_LOOKS);
	is_int(notices, 0, "less than a day is no jump");
	add_items(1, now.fixed - 91 * DAY);
	pass(UPKEEP_LOOKS);
	is_int(count_items(), 2, "what is over goes then as always");
	close_all();
}

static void
stop(void *context)
{
	(void)context;
	loop_stop(loop);
}

static void
test_end(void)
{
	open_all();
	add_items(1, NOON - 91 * DAY);
	loop_timer_set(loop_timer(loop, stop, NULL), 0);
	loop_run(loop);
	is_int(count_items(), 1, "a piece is dropped at the loop's next turn");
	upkeep_destroy(&upkeep);
	is_int(count_items(), 0, "or at the end, once it is under way");
	open_upkeep();
	close_all();
}

/* With the clerk's thread, and with its twin. */
static void
test_with(struct clerk *create(struct loop *loop, struct store *store))
{
	open_clerk = create;
	test_changes();
	test_changes_in_company();
	test_gone();
	test_tidy();
	test_tidy_raw();
	test_tidy_alone();
	test_trouble();
	test_clock_ahead();
	test_clock_back();
	test_clock_at_start();
	test_clock_usual();
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
