/*
 * A name is in its slot when the slot's first octet is not 0. That one is
 * written last and cleared first, so whenever the process is killed a slot has
 * a whole name or none. After a power failure a slot may hold anything; then a
 * count is kept of something that never comes, until it is pruned.
 */
#include "take/blame.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* How the store tells counts of the daemon from those of the reader: no file's
 * name can be such. */
#define OF_DAEMON "daemon/"

struct slot {
	_Atomic char first;
	char rest[NAME_MAX];		/* and the NUL */
};

struct blame {
	struct store *store;
	struct slot *slots;		/* BLAME_HELD_MOST, mapped */
	size_t held;
	bool is_recovered;
	struct arena *arena;
	struct map *counts;		/* name to struct blame_count */
};

/* ---- the file ---- */

enum { FILE_SIZE = BLAME_HELD_MOST * sizeof(struct slot) };

static enum outcome
failed(struct buf *error, const char *path, int reason)
{
	buf_printf(error, "cannot use %s: %s", path, strerror(reason));
	return outcome_of_errno(reason);
}

/* All of it has its place on the disk: or a full one would end the process when
 * it writes there. */
static enum outcome
map_file(struct blame *blame, const char *path, int fd, struct buf *error)
{
	int reason = posix_fallocate(fd, 0, FILE_SIZE);

	if (reason)
		return failed(error, path, reason);
	blame->slots = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);
	if (blame->slots != MAP_FAILED)
		return OUTCOME_OK;
	blame->slots = NULL;
	return failed(error, path, errno);
}

static enum outcome
open_file(struct blame *blame, const char *state, struct buf *error)
{
	char *path = arena_printf(blame->arena, "%s/taking", state);
	enum outcome outcome;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return failed(error, path, errno);
	outcome = map_file(blame, path, fd, error);
	(void)close(fd);	/* the mapping stays */
	return outcome;
}

enum outcome
blame_open(const char *state, struct store *store, struct blame **blame_out,
	   struct buf *error)
{
	struct blame *blame = bug_alloc(sizeof(*blame));
	enum outcome outcome;

	*blame = (struct blame){ .store = store, .arena = arena_create() };
	blame->counts = map_create(blame->arena);
	outcome = open_file(blame, state, error);
	if (outcome == OUTCOME_OK)
		*blame_out = blame;
	else
		blame_close(&blame);
	return outcome;
}

void
blame_close(struct blame **blame)
{
	if (!*blame)
		return;
	if ((*blame)->slots)
		(void)munmap((*blame)->slots, FILE_SIZE);
	arena_destroy(&(*blame)->arena);
	free(*blame);
	*blame = NULL;
}

/* ---- in hand ---- */

void
blame_hold(struct blame *blame, const char *name)
{
	struct slot *slot = &blame->slots[blame->held];

	if (!blame->is_recovered || blame->held == BLAME_HELD_MOST || !*name)
		BUG("the mail '%s' is one too many in hand", name);
	(void)snprintf(slot->rest, sizeof(slot->rest), "%s", name + 1);
	atomic_store_explicit(&slot->first, *name, memory_order_release);
	blame->held++;
}

void
blame_let_go(struct blame *blame)
{
	if (!blame->held)
		BUG("no mail is in hand");
	atomic_store_explicit(&blame->slots[--blame->held].first, '\0',
			      memory_order_release);
}

void
blame_let_all_go(struct blame *blame)
{
	while (blame->held)
		blame_let_go(blame);
}

/* ---- counts ---- */

static enum outcome
count_left(struct blame *blame, instant_ms now, struct arena *arena,
	   struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	const char *name;
	int64_t count;
	size_t i;

	for (i = 0; i < BLAME_HELD_MOST && outcome == OUTCOME_OK; i++) {
		struct slot *slot = &blame->slots[i];

		if (!slot->first)
			continue;
		slot->rest[sizeof(slot->rest) - 1] = '\0';
		name = arena_printf(arena, OF_DAEMON "%c%s", slot->first,
				    slot->rest);
		log_warning("crash", "mail", name + strlen(OF_DAEMON), "why",
			    "tocsin itself ended while it had it in hand",
			    NULL);
		outcome = store_crash_add(blame->store, name, now, &count,
					  error);
	}
	return outcome;
}

static struct blame_count *
entry(struct blame *blame, const char *name)
{
	struct blame_count *count = map_find(blame->counts, name);

	if (count)
		return count;
	count = arena_alloc(blame->arena, sizeof(*count));
	(void)map_set(blame->counts, arena_strdup(blame->arena, name), count);
	return count;
}

static void
learn(struct blame *blame, const struct store_crashes *crashes)
{
	size_t i;

	for (i = 0; i < crashes->count; i++) {
		const struct store_crash *crash = &crashes->items[i];
		const char *name = crash->spool;

		if (text_starts(name, OF_DAEMON))
			entry(blame, name + strlen(OF_DAEMON))->daemon =
				crash->count;
		else
			entry(blame, name)->reader = crash->count;
	}
}

static enum outcome
count_and_learn(struct blame *blame, instant_ms now, struct arena *arena,
		struct buf *error)
{
	struct store_crashes crashes = { 0 };
	enum outcome outcome = store_begin(blame->store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = count_left(blame, now, arena, error);
	if (outcome == OUTCOME_OK)
		outcome = store_crashes(blame->store, arena, &crashes, error);
	/* Before it is certain: who is killed just here must not count them
	 * twice, which would hold them all. A mail that really is deadly comes
	 * again. */
	if (outcome == OUTCOME_OK)
		memset(blame->slots, 0, FILE_SIZE);
	outcome = store_end(blame->store, outcome, error);
	if (outcome == OUTCOME_OK)
		learn(blame, &crashes);
	return outcome;
}

enum outcome
blame_recover(struct blame *blame, instant_ms now, struct buf *error)
{
	struct arena *arena;
	enum outcome outcome;

	if (blame->is_recovered)
		return OUTCOME_OK;
	arena = arena_create();
	outcome = count_and_learn(blame, now, arena, error);
	arena_destroy(&arena);
	blame->is_recovered = outcome == OUTCOME_OK;
	return outcome;
}

struct blame_count
blame_of(const struct blame *blame, const char *name)
{
	const struct blame_count *count = map_find(blame->counts, name);

	return count ? *count : (struct blame_count){ 0 };
}

enum outcome
blame_reader(struct blame *blame, const char *name, instant_ms now,
	     struct buf *error)
{
	int64_t count = 0;
	enum outcome outcome = store_crash_add(blame->store, name, now, &count,
					       error);

	if (outcome == OUTCOME_OK)
		entry(blame, name)->reader = count;
	return outcome;
}

static bool
is_counted(const struct blame *blame, const char *name)
{
	struct blame_count count = blame_of(blame, name);

	return count.reader || count.daemon;
}

enum outcome
blame_forget(struct blame *blame, const char *name, struct buf *error)
{
	struct arena *arena;
	enum outcome outcome;

	if (!is_counted(blame, name))
		return OUTCOME_OK;
	arena = arena_create();
	outcome = store_crash_forget(blame->store, name, error);
	if (outcome == OUTCOME_OK)
		outcome = store_crash_forget(blame->store, arena_printf(arena,
					     OF_DAEMON "%s", name), error);
	arena_destroy(&arena);
	return outcome;
}

void
blame_forgotten(struct blame *blame, const char *name)
{
	if (is_counted(blame, name))
		*entry(blame, name) = (struct blame_count){ 0 };
}
