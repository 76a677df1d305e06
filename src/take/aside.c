#include "take/aside.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/text.h"
#include "pipeline/notice.h"

#include <limits.h>

struct aside {
	struct aside_world world;
	size_t count;			/* that nobody was told of */
	struct buf first, why;		/* of them, for a terminal */

	struct unit unit;
	const struct generation *generation;	/* borrowed meanwhile */
	bool is_telling;
	size_t telling;			/* so many of the count */
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

static enum outcome
tell(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct aside *aside = CONTAINER_OF(unit, struct aside, unit);
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

/* When it could not be stored, the next sweep tells it. */
static void
told(struct unit *unit, enum outcome outcome, const char *error)
{
	struct aside *aside = CONTAINER_OF(unit, struct aside, unit);

	(void)error;			/* others complain of the store */
	aside->is_telling = false;
	generations_return(aside->world.generations, aside->generation);
	if (outcome != OUTCOME_OK)
		return;
	aside->count -= aside->telling;
	aside->world.stored(aside->world.context);
}

void
aside_tell(struct aside *aside)
{
	if (!aside->count || aside->is_telling)
		return;
	aside->is_telling = true;
	aside->telling = aside->count;
	aside->now = now(aside);
	aside->generation = generations_borrow(aside->world.generations);
	clerk_submit(aside->world.clerk, &aside->unit);
}

struct aside *
aside_create(const struct aside_world *world)
{
	struct aside *aside = bug_alloc(sizeof(*aside));

	*aside = (struct aside){
		.world = *world, .first = BUF_INIT, .why = BUF_INIT,
		.unit = { .work = tell, .done = told },
	};
	return aside;
}

void
aside_destroy(struct aside **aside)
{
	if ((*aside)->is_telling)
		BUG("the clerk still has a notice");
	buf_release(&(*aside)->first);
	buf_release(&(*aside)->why);
	free(*aside);
	*aside = NULL;
}
