/* Names in hand survive a process that ends without a word; here one that
 * closes without letting go. */
#include "take/blame.h"

#include <items.h>
#include <tap.h>
#include <temporary.h>

#include <stdlib.h>
#include <unistd.h>

#define NOW INT64_C(1795000000000)

static char state[TEMPORARY_LENGTH];
static struct store *store;
static struct buf error = BUF_INIT;

/* What a unit of work puts into a change is written. */
static void
write_change(struct change *change)
{
	ok(change_apply(change, store, &error) == OUTCOME_OK, "it is written");
	arena_destroy(&change->arena);
}

/* A process begins: all counts are known. */
static struct blame *
begin(void)
{
	struct blame *blame = NULL;
	struct change change;

	change_init(&change, arena_create());
	ok(blame_open(state, &blame, &error) == OUTCOME_OK, "a start %s",
	   error.data);
	blame_find_left(blame);
	ok(!blame_is_ready(blame) &&
	   blame_count_left(blame, store, NOW, &change, &error) ==
	   OUTCOME_OK, "it looks for what was left");
	write_change(&change);
	change_init(&change, arena_create());
	ok(blame_count_left(blame, store, NOW, &change, &error) ==
	   OUTCOME_OK, "again, when nobody knows whether that was stored");
	write_change(&change);
	blame_learn(blame);
	ok(blame_is_ready(blame), "and can begin");
	return blame;
}

static void
check_counts(const struct blame *blame, const char *name, int reader,
	     int daemon)
{
	struct blame_count count = blame_of(blame, name);

	ok(count.reader == reader && count.daemon == daemon,
	   "%s: got %d and %d, want %d and %d", name, (int)count.reader,
	   (int)count.daemon, reader, daemon);
}

static void
check_clean_end(void)
{
	struct blame *blame = begin();
	size_t a, b;

	a = blame_hold(blame, "a");
	b = blame_hold(blame, "b");
	blame_let_go(blame, a);
	ok(blame_hold(blame, "c") == a, "a free place is taken again");
	blame_let_go(blame, a);
	blame_let_go(blame, b);
	blame_close(&blame);
	ok(!blame, "closing nulls");
	blame = begin();
	check_counts(blame, "a", 0, 0);
	blame_close(&blame);
}

static void
check_death(void)
{
	char longest[256];
	struct blame *blame = begin();

	memset(longest, 'x', 255);
	longest[255] = '\0';
	(void)blame_hold(blame, "a");
	(void)blame_hold(blame, "a");
	(void)blame_hold(blame, longest);
	blame_let_go(blame, blame_hold(blame, "let go"));
	blame_close(&blame);

	blame = begin();
	check_counts(blame, "a", 0, 1);
	check_counts(blame, longest, 0, 1);
	check_counts(blame, "let go", 0, 0);
	(void)blame_hold(blame, "a");
	blame_close(&blame);

	blame = begin();
	check_counts(blame, "a", 0, 2);
	check_counts(blame, longest, 0, 1);
	blame_close(&blame);
}

static void
check_forgetting(void)
{
	struct blame *blame = begin();
	struct change change;

	change_init(&change, arena_create());
	blame_count_reader("a", 1, NOW, &change);
	check_counts(blame, "a", 0, 2);
	write_change(&change);
	blame_counted_reader(blame, "a", 1);
	check_counts(blame, "a", 1, 2);
	change_init(&change, arena_create());
	blame_forget("a", &change);
	write_change(&change);
	check_counts(blame, "a", 1, 2);
	blame_forgotten(blame, "a");
	check_counts(blame, "a", 0, 0);
	blame_close(&blame);
	blame = begin();
	check_counts(blame, "a", 0, 0);
	blame_close(&blame);
}

/* Killed between the commit and the removal. */
static void
check_taken(void)
{
	struct arena *arena = arena_create();
	struct store_item item = {
		.code = "x", .identity = "x", .kind = "mail", .received = NOW,
		.spool = "stored", .parse = "whole",
		.verdict = { .action = "notify", .decided = NOW },
	};
	struct blame *blame = begin();
	enum store_added how;

	(void)blame_hold(blame, "stored");
	(void)blame_hold(blame, "not stored");
	blame_close(&blame);
	ok(store_item_add(store, arena, &item, &how, &error) == OUTCOME_OK,
	   "one of two is stored");
	blame = begin();
	check_counts(blame, "stored", 0, 0);
	check_counts(blame, "not stored", 0, 1);
	blame_close(&blame);
	arena_destroy(&arena);
}

/* What a power failure may leave. */
static void
check_garbage(void)
{
	struct blame *blame;
	char path[sizeof(state) + 8], bytes[BLAME_HELD_MOST * 256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/taking", state);
	memset(bytes, 0, sizeof(bytes));
	memset(bytes, 0xFF, 300);
	file = fopen(path, "w");
	ok(file && fwrite(bytes, sizeof(bytes), 1, file) == 1 && !fclose(file),
	   "the file is full of junk");
	blame = begin();
	check_counts(blame, "a", 0, 0);
	blame_close(&blame);
	file = fopen(path, "w");
	ok(file && !fclose(file), "the file is empty");
	blame = begin();
	blame_let_go(blame, blame_hold(blame, "b"));
	blame_close(&blame);
	(void)unlink(path);
}

int
main(void)
{
	if (!freopen("/dev/null", "w", stderr) || !mkdtemp(temporary(state)) ||
	    store_open("memory", &store, &error) != OUTCOME_OK)
		return 1;
	check_clean_end();
	check_death();
	check_forgetting();
	check_taken();
	check_garbage();
	ok(blame_open("/nonexistent", &(struct blame *){ NULL },
		      &error) != OUTCOME_OK && strstr(error.data, "taking"),
	   "no state: %s", error.data);
	store_close(&store);
	buf_release(&error);
	(void)rmdir(state);
	return tap_done();
}
