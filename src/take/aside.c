#include "take/aside.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/map.h"
#include "base/text.h"
#include "pipeline/notice.h"

#include <limits.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* A file that stays. */
struct staying {
	char *name, *why;
	instant_ms since;
	bool is_met;			/* in this sweep */
	bool is_telling, is_told;
};

/* Those for which there is no room: they are counted, and told when the count
 * has been above what was told of it for as long as a file may stay. */
struct more {
	struct arena *arena;
	struct map *met;		/* their names, in this sweep */
	struct buf why;			/* of the last one: names rise with
					   time, so it is the newest */
	size_t count;
	size_t telling, told;		/* so many */
	instant_ms since;		/* TIME_UNKNOWN: all are told */
};

struct aside {
	struct aside_world world;
	size_t count;			/* that nobody was told of */
	struct buf first, why;		/* of them, for a terminal */
	struct staying staying[ASIDE_STAYING_MOST];
	size_t staying_count;
	struct more more;

	struct unit unit;
	const struct generation *generation;	/* borrowed meanwhile */
	bool is_telling;
	size_t telling;			/* so many of the count, */
	struct arena *arena;		/* and of those that stay: what is told
					   of them, */
	VEC(const char *) lines;
	size_t late;			/* how many these are */
	instant_ms since;		/* and of the oldest one */
	instant_ms now;
};

static instant_ms
now(const struct aside *aside)
{
	return aside->world.clock->now(aside->world.clock);
}

bool
aside_take(struct aside *aside, const char *name, const char *why)
{
	enum outcome outcome = inbox_set_aside(aside->world.inbox, name,
					       now(aside));

	if (outcome != OUTCOME_OK)
		return outcome == OUTCOME_TEMPORARY;
	if (!aside->count++) {
		buf_reset(&aside->first);
		buf_reset(&aside->why);
		text_escape(&aside->first, name, NAME_MAX);
		buf_puts(&aside->why, why);
	}
	return true;
}

/* ---- what stays ---- */

static struct staying *
find(struct aside *aside, const char *name)
{
	size_t i;

	for (i = 0; i < aside->staying_count; i++)
		if (!strcmp(aside->staying[i].name, name))
			return &aside->staying[i];
	return NULL;
}

/* Each once, as a sweep may meet it again. */
static void
count_more(struct aside *aside, const char *name, const char *why)
{
	struct more *more = &aside->more;

	if (map_find(more->met, name))
		return;
	(void)map_set(more->met, arena_strdup(more->arena, name), more);
	buf_reset(&more->why);
	buf_puts(&more->why, why);
	if (++more->count > more->told &&
	    (more->since == TIME_UNKNOWN || more->since > now(aside)))
		more->since = now(aside);
}

static void
begin_more(struct more *more)
{
	arena_reset(more->arena);
	more->met = map_create(more->arena);
	more->count = 0;
}

/* What is gone may come again, and is then told again. */
static void
end_more(struct more *more)
{
	if (more->told > more->count)
		more->told = more->count;
	if (more->count == more->told)
		more->since = TIME_UNKNOWN;
}

void
aside_begin(struct aside *aside)
{
	size_t i;

	begin_more(&aside->more);
	for (i = 0; i < aside->staying_count; i++)
		aside->staying[i].is_met = false;
}

void
aside_stays(struct aside *aside, const char *name, const char *why)
{
	struct staying *one = find(aside, name);

	if (!one) {
		if (aside->staying_count == ASIDE_STAYING_MOST) {
			count_more(aside, name, why);
			return;
		}
		one = &aside->staying[aside->staying_count++];
		*one = (struct staying){
			.name = bug_strdup(name), .why = bug_strdup(why),
			.since = now(aside),
		};
	}
	one->is_met = true;
	/* A clock that is set back is no reason to wait longer. */
	if (one->since > now(aside))
		one->since = now(aside);
}

static void
release(struct staying *one)
{
	free(one->name);
	free(one->why);
}

static void
forget_others(struct aside *aside)
{
	size_t i, kept = 0;

	for (i = 0; i < aside->staying_count; i++)
		if (aside->staying[i].is_met)
			aside->staying[kept++] = aside->staying[i];
		else
			release(&aside->staying[i]);
	aside->staying_count = kept;
}

/* So many that are due since then, and why. */
static void
add_late(struct aside *aside, size_t count, const char *why, instant_ms since)
{
	vec_push(aside->arena, &aside->lines, arena_strdup(aside->arena, why));
	aside->late += count;
	if (since < aside->since)
		aside->since = since;
}

/* Those that are due, as they are told: the clerk has these texts alone. */
static void
gather(struct aside *aside)
{
	struct more *more = &aside->more;
	size_t i;

	aside->since = aside->now;
	aside->late = 0;
	for (i = 0; i < aside->staying_count; i++) {
		struct staying *one = &aside->staying[i];

		if (one->is_told || aside->now - one->since < ASIDE_LATE_MS)
			continue;
		one->is_telling = true;
		add_late(aside, 1, one->why, one->since);
	}
	more->telling = more->told;
	if (more->since == TIME_UNKNOWN ||
	    aside->now - more->since < ASIDE_LATE_MS)
		return;
	more->telling = more->count;
	add_late(aside, more->count - more->told, more->why.data, more->since);
}

/* ---- telling ---- */

static enum outcome
tell_moved(struct aside *aside, struct store *store, struct change *change,
	   struct arena *arena, struct buf *error)
{
	const char *folder = inbox_aside(aside->world.inbox);
	const char *count = arena_printf(arena, "%zu", aside->telling);
	const char *const items[] = { aside->first.data, NULL };
	const struct pipeline_word word = {
		.identity = arena_printf(arena, "aside %s %s %lld",
					 aside->first.data, count,
					 (long long)aside->now),
		.notice = {
			.kind = NOTICE_ASIDE,
			.name = folder,
			.count = aside->telling,
			.detail = aside->why.data,
			.items = items,
		},
	};

	change_log(change, LOG_LEVEL_ERROR, "aside", "files", count, "to",
		   folder, "first", aside->first.data, "why", aside->why.data,
		   NULL);
	return pipeline_say(aside->generation, store, &word, aside->now,
			    change, error);
}

/* The same ones are told once, and at most once a day by other processes. */
static const char *
identity_of(const struct aside *aside, struct arena *arena)
{
	struct buf text = BUF_INIT;
	const char *identity;
	size_t i;

	buf_printf(&text, "stays on %lld", (long long)(aside->now / DAY_MS));
	if (aside->late > aside->lines.count)
		buf_printf(&text, ", %zu", aside->late);
	for (i = 0; i < aside->lines.count; i++)
		buf_printf(&text, "\n%s", aside->lines.items[i]);
	identity = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	return identity;
}

static enum outcome
tell_staying(struct aside *aside, struct store *store, struct change *change,
	     struct arena *arena, struct buf *error)
{
	const char *folder = inbox_directory(aside->world.inbox);
	size_t count = aside->lines.count;
	const char **items = arena_array(arena, count + 1, sizeof(*items));
	const struct pipeline_word word = {
		.identity = identity_of(aside, arena),
		.notice = {
			.kind = NOTICE_STAYS,
			.name = folder,
			.since = aside->since,
			.count = aside->late,
			.items = items,
		},
	};

	memcpy(items, aside->lines.items, count * sizeof(*items));
	change_log(change, LOG_LEVEL_ERROR, "stays", "files",
		   arena_printf(arena, "%zu", aside->late), "in", folder,
		   "first", items[0], NULL);
	return pipeline_say(aside->generation, store, &word, aside->now,
			    change, error);
}

static enum outcome
tell(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct aside *aside = CONTAINER_OF(unit, struct aside, unit);
	enum outcome outcome = OUTCOME_OK;

	if (aside->telling)
		outcome = tell_moved(aside, store, change, arena, error);
	if (outcome == OUTCOME_OK && aside->lines.count)
		outcome = tell_staying(aside, store, change, arena, error);
	return outcome;
}

/* When it could not be stored, the next sweep tells it. */
static void
told(struct unit *unit, enum outcome outcome, const char *error)
{
	struct aside *aside = CONTAINER_OF(unit, struct aside, unit);
	size_t i;

	(void)error;			/* others complain of the store */
	aside->is_telling = false;
	generations_return(aside->world.generations, aside->generation);
	for (i = 0; i < aside->staying_count; i++) {
		aside->staying[i].is_told |= outcome == OUTCOME_OK &&
					     aside->staying[i].is_telling;
		aside->staying[i].is_telling = false;
	}
	if (outcome != OUTCOME_OK)
		return;
	aside->count -= aside->telling;
	if (aside->more.told != aside->more.telling)
		aside->more.since = TIME_UNKNOWN;
	aside->more.told = aside->more.telling;
	aside->world.stored(aside->world.context);
}

void
aside_tell(struct aside *aside)
{
	forget_others(aside);
	end_more(&aside->more);
	if (aside->is_telling)
		return;
	aside->now = now(aside);
	aside->telling = aside->count;
	arena_reset(aside->arena);
	memset(&aside->lines, 0, sizeof(aside->lines));
	gather(aside);
	if (!aside->telling && !aside->lines.count)
		return;
	aside->is_telling = true;
	aside->generation = generations_borrow(aside->world.generations);
	clerk_submit(aside->world.clerk, &aside->unit);
}

struct aside *
aside_create(const struct aside_world *world)
{
	struct aside *aside = bug_alloc(sizeof(*aside));

	*aside = (struct aside){
		.world = *world, .first = BUF_INIT, .why = BUF_INIT,
		.arena = arena_create(),
		.more = {
			.arena = arena_create(), .why = BUF_INIT,
			.since = TIME_UNKNOWN,
		},
		.unit = { .work = tell, .done = told },
	};
	begin_more(&aside->more);
	return aside;
}

void
aside_destroy(struct aside **aside)
{
	if ((*aside)->is_telling)
		BUG("the clerk still has a notice");
	aside_begin(*aside);
	forget_others(*aside);
	arena_destroy(&(*aside)->arena);
	arena_destroy(&(*aside)->more.arena);
	buf_release(&(*aside)->more.why);
	buf_release(&(*aside)->first);
	buf_release(&(*aside)->why);
	free(*aside);
	*aside = NULL;
}
