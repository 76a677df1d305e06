/*
 * A name is in its slot when the slot's first octet is not 0. That one is
 * written last and cleared first, so whenever the process is killed a slot has
 * a whole name or none. After a power failure a slot may hold anything; then a
 * count is kept of something that never comes, until it is pruned.
 */
#include "take/blame.h"

#include "base/bug.h"
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

enum {
	/* Far more mails than can have been in hand at once, so all of those
	 * that were stored last are among them. */
	TAKEN_MOST = 16 * BLAME_HELD_MOST,
};

struct slot {
	_Atomic char first;
	char rest[NAME_MAX];		/* and the NUL */
};

struct blame {
	struct slot *slots;		/* BLAME_HELD_MOST, mapped */
	bool is_ready;
	struct arena *arena;
	VEC(const char *) left;		/* by the last process, each once */
	struct store_crashes crashes;	/* as that left them in the store */
	bool is_read;			/* those */
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
blame_open(const char *state, struct blame **blame_out, struct buf *error)
{
	struct blame *blame = bug_alloc(sizeof(*blame));
	enum outcome outcome;

	*blame = (struct blame){ .arena = arena_create() };
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

static bool
is_free(const struct slot *slot)
{
	return !atomic_load_explicit(&slot->first, memory_order_relaxed);
}

size_t
blame_hold(struct blame *blame, const char *name)
{
	size_t at = 0;
	struct slot *slot;

	while (at < BLAME_HELD_MOST && !is_free(&blame->slots[at]))
		at++;
	if (!blame->is_ready || at == BLAME_HELD_MOST || !*name)
		BUG("the mail '%s' is one too many in hand", name);
	slot = &blame->slots[at];
	(void)snprintf(slot->rest, sizeof(slot->rest), "%s", name + 1);
	atomic_store_explicit(&slot->first, *name, memory_order_release);
	return at;
}

void
blame_let_go(struct blame *blame, size_t slot)
{
	if (slot >= BLAME_HELD_MOST || is_free(&blame->slots[slot]))
		BUG("no mail is in hand");
	atomic_store_explicit(&blame->slots[slot].first, '\0',
			      memory_order_release);
}

/* One that stands in two slots was in hand once. */
static void
add_left(struct blame *blame, const char *name)
{
	size_t i;

	for (i = 0; i < blame->left.count; i++)
		if (!strcmp(blame->left.items[i], name))
			return;
	vec_push(blame->arena, &blame->left, name);
}

void
blame_find_left(struct blame *blame)
{
	size_t i;

	for (i = 0; i < BLAME_HELD_MOST; i++) {
		struct slot *slot = &blame->slots[i];

		if (is_free(slot))
			continue;
		slot->rest[sizeof(slot->rest) - 1] = '\0';
		add_left(blame, arena_printf(blame->arena, "%c%s", slot->first,
					     slot->rest));
	}
	memset(blame->slots, 0, FILE_SIZE);
}

/* ---- counts ---- */

static const char *
of_daemon(struct arena *arena, const char *name)
{
	return arena_printf(arena, OF_DAEMON "%s", name);
}

static bool
is_among(const struct store_names *names, const char *name)
{
	size_t i = 0;

	while (i < names->count && strcmp(names->items[i], name))
		i++;
	return i < names->count;
}

/* What the last process stored and had no time to remove is only to be removed:
 * whatever ended it, it was not that mail. */
static void
clear_taken(struct blame *blame, const struct store_names *taken)
{
	size_t i, kept = 0;

	for (i = 0; i < blame->left.count; i++)
		if (!is_among(taken, blame->left.items[i]))
			blame->left.items[kept++] = blame->left.items[i];
	blame->left.count = kept;
}

/* Once: nobody else writes them, and the unit may see its own when it is run
 * again. */
static enum outcome
read_counts(struct blame *blame, struct store *store, struct buf *error)
{
	struct store_names taken = { 0 };
	enum outcome outcome;

	if (blame->is_read)
		return OUTCOME_OK;
	blame->crashes = (struct store_crashes){ 0 };
	outcome = store_crashes(store, blame->arena, &blame->crashes, error);
	if (outcome == OUTCOME_OK && blame->left.count)
		outcome = store_latest_spools(store, TAKEN_MOST, blame->arena,
					      &taken, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	clear_taken(blame, &taken);
	blame->is_read = true;
	return OUTCOME_OK;
}

/* Of the store, before those that the last process left. */
static int64_t
count_before(const struct blame *blame, const char *spool)
{
	size_t i;

	for (i = 0; i < blame->crashes.count; i++)
		if (!strcmp(blame->crashes.items[i].spool, spool))
			return blame->crashes.items[i].count;
	return 0;
}

enum outcome
blame_count_left(struct blame *blame, struct store *store, instant_ms now,
		 struct change *change, struct buf *error)
{
	enum outcome outcome = read_counts(blame, store, error);
	size_t i;

	for (i = 0; outcome == OUTCOME_OK && i < blame->left.count; i++) {
		const char *name = blame->left.items[i];
		const char *spool = of_daemon(change->arena, name);

		change_put_crash(change, spool,
				 count_before(blame, spool) + 1, now);
		change_log(change, LOG_LEVEL_WARNING, "crash", "mail", name,
			   "why", "tocsin itself ended while it had it in "
			   "hand", NULL);
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

void
blame_learn(struct blame *blame)
{
	size_t i;

	for (i = 0; i < blame->crashes.count; i++) {
		const struct store_crash *crash = &blame->crashes.items[i];
		const char *name = crash->spool;

		if (text_starts(name, OF_DAEMON))
			entry(blame, name + strlen(OF_DAEMON))->daemon =
				crash->count;
		else
			entry(blame, name)->reader = crash->count;
	}
	for (i = 0; i < blame->left.count; i++)
		entry(blame, blame->left.items[i])->daemon++;
	blame->left.count = 0;
	blame->is_ready = true;
}

bool
blame_is_ready(const struct blame *blame)
{
	return blame->is_ready;
}

struct blame_count
blame_of(const struct blame *blame, const char *name)
{
	const struct blame_count *count = map_find(blame->counts, name);

	return count ? *count : (struct blame_count){ 0 };
}

void
blame_count_reader(const char *name, int64_t count, instant_ms now,
		   struct change *change)
{
	change_put_crash(change, name, count, now);
}

void
blame_counted_reader(struct blame *blame, const char *name, int64_t count)
{
	entry(blame, name)->reader = count;
}

void
blame_forget(const char *name, struct change *change)
{
	change_forget_crash(change, name);
	change_forget_crash(change, of_daemon(change->arena, name));
}

void
blame_forgotten(struct blame *blame, const char *name)
{
	struct blame_count *count = map_find(blame->counts, name);

	if (count)
		*count = (struct blame_count){ 0 };
}
