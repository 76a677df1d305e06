/*
 * Two units of work, each with a timer that is set when it is done: so there is
 * one of each under way, however slow the store is.
 */
#include "daemon/upkeep.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/log.h"
#include "pipeline/notice.h"
#include "store/clockwatch.h"

enum {
	/* How soon a command's change is noticed. */
	UPKEEP_LOOK_MS = 500,
	UPKEEP_TIDY_MS = 600000,
	/* Pieces of old journal that are dropped while there are more. */
	UPKEEP_TIDY_PAUSE_MS = 200,
};

struct upkeep {
	struct upkeep_world world;
	struct loop_timer *look, *tidy;
	size_t under_way;

	struct unit looking;
	bool is_changed, is_gone;

	struct unit tidying;
	const struct generation *generation;	/* borrowed meanwhile */
	instant_ms now;
	bool has_more;
};

/* ---- looking ---- */

/* A change is reported once; it must not be forgotten when the transaction,
 * which others share, comes to nothing. */
static enum outcome
look(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct upkeep *upkeep = CONTAINER_OF(unit, struct upkeep, looking);

	(void)change, (void)arena, (void)error;
	if (store_changed(store))
		upkeep->is_changed = true;
	upkeep->is_gone = store_is_gone(store);
	return OUTCOME_OK;
}

/* Nothing is stored in a file that is gone, so the outcome is no news; of other
 * trouble those speak who have something to store. */
static void
looked(struct unit *unit, enum outcome outcome, const char *error)
{
	struct upkeep *upkeep = CONTAINER_OF(unit, struct upkeep, looking);
	const struct upkeep_world *world = &upkeep->world;

	(void)outcome, (void)error;
	upkeep->under_way--;
	if (upkeep->is_changed)
		world->changed(world->context);
	if (upkeep->is_gone)
		world->gone(world->context);
	upkeep->is_changed = false;
	loop_timer_set(upkeep->look, UPKEEP_LOOK_MS);
}

static void
start_to_look(void *context)
{
	struct upkeep *upkeep = context;

	upkeep->under_way++;
	clerk_submit(upkeep->world.clerk, &upkeep->looking);
}

/* ---- the clock ---- */

static const struct {
	const char *word;	/* of the log */
	enum notice_kind kind;
} clock_news[] = {
	[CLOCKWATCH_JUMPED] = { "jumped", NOTICE_CLOCK },
	[CLOCKWATCH_BACK] = { "back", NOTICE_CLOCK_BACK },
};

/* By `shift_ms` from where it would be. */
static enum outcome
tell_of_clock(const struct upkeep *upkeep, enum clockwatch_news news,
	      int64_t shift_ms, struct store *store, struct change *change,
	      struct buf *error)
{
	struct arena *arena = change->arena;
	const char *at = clock_text(arena, upkeep->now);
	const struct pipeline_word word = {
		.identity = arena_printf(arena, "clock %s %s",
					 clock_news[news].word, at),
		.notice = {
			.kind = clock_news[news].kind,
			.since = upkeep->now - shift_ms,
			.every_ms = shift_ms < 0 ? -shift_ms : shift_ms,
		},
	};

	change_log(change, LOG_LEVEL_WARNING, "clock", "what",
		   clock_news[news].word, "days",
		   arena_printf(arena, "%+lld", (long long)
				(shift_ms / CLOCKWATCH_JUMP_MS)),
		   "to", at, NULL);
	return pipeline_say(upkeep->generation, store, &word, upkeep->now,
			    change, error);
}

/* Whether what is over by it may go. */
static enum outcome
look_at_clock(const struct upkeep *upkeep, struct store *store,
	      struct change *change, bool *trusted_out, struct buf *error)
{
	struct clockwatch watch;
	enum clockwatch_news news;
	enum outcome outcome = clockwatch_read(store, change->arena, &watch,
					       error);
	instant_ms before = watch.last;

	if (outcome != OUTCOME_OK)
		return outcome;
	news = clockwatch_step(&watch, upkeep->now);
	*trusted_out = !watch.shift_ms;
	/* In between it is as good: nothing is written for a look alone. */
	if (news != CLOCKWATCH_NONE || before == TIME_UNKNOWN ||
	    upkeep->now - before >= UPKEEP_TIDY_MS)
		clockwatch_put(change, &watch);
	if (news != CLOCKWATCH_JUMPED && news != CLOCKWATCH_BACK)
		return OUTCOME_OK;
	return tell_of_clock(upkeep, news, watch.shift_ms, store, change,
			     error);
}

/* ---- tidying ---- */

/* It writes by itself: what is over is known when it is deleted. */
static enum outcome
tidy(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct upkeep *upkeep = CONTAINER_OF(unit, struct upkeep, tidying);
	bool is_trusted = false, has_more_raw = false;
	enum outcome outcome;

	(void)arena;
	upkeep->has_more = false;
	outcome = look_at_clock(upkeep, store, change, &is_trusted, error);
	if (outcome != OUTCOME_OK || !is_trusted)
		return outcome;
	outcome = store_days_update(store, upkeep->now, error);
	if (outcome == OUTCOME_OK)
		outcome = store_prune(store, upkeep->now, &upkeep->has_more,
				      error);
	if (outcome == OUTCOME_OK)
		outcome = store_raw_prune(store, upkeep->now -
				upkeep->generation->settings.keep_raw_ms,
				&has_more_raw, error);
	upkeep->has_more |= has_more_raw;
	return outcome;
}

static void
tidied(struct unit *unit, enum outcome outcome, const char *error)
{
	struct upkeep *upkeep = CONTAINER_OF(unit, struct upkeep, tidying);
	const struct upkeep_world *world = &upkeep->world;
	bool goes_on = outcome == OUTCOME_OK && upkeep->has_more;

	upkeep->under_way--;
	generations_return(world->generations, upkeep->generation);
	if (outcome != OUTCOME_OK)
		log_warning("trouble", "in", "journal", "what", error, NULL);
	else if (unit->change->has_deliveries)
		world->stored(world->context);
	loop_timer_set(upkeep->tidy, goes_on ? UPKEEP_TIDY_PAUSE_MS
					     : UPKEEP_TIDY_MS);
}

static void
start_to_tidy(void *context)
{
	struct upkeep *upkeep = context;

	upkeep->under_way++;
	upkeep->generation = generations_borrow(upkeep->world.generations);
	upkeep->now = upkeep->world.clock->now(upkeep->world.clock);
	clerk_submit(upkeep->world.clerk, &upkeep->tidying);
}

struct upkeep *
upkeep_create(const struct upkeep_world *world)
{
	struct upkeep *upkeep = bug_alloc(sizeof(*upkeep));

	*upkeep = (struct upkeep){
		.world = *world,
		.look = loop_timer(world->loop, start_to_look, upkeep),
		.tidy = loop_timer(world->loop, start_to_tidy, upkeep),
		.looking = { .work = look, .done = looked },
		/* It may take long, and nobody is to wait for it who does not
		 * have to. */
		.tidying = { .work = tidy, .done = tidied, .is_alone = true },
	};
	loop_timer_set(upkeep->look, UPKEEP_LOOK_MS);
	loop_timer_set(upkeep->tidy, 0);
	return upkeep;
}

void
upkeep_destroy(struct upkeep **upkeep)
{
	if ((*upkeep)->under_way)
		clerk_drain((*upkeep)->world.clerk);
	loop_timer_set((*upkeep)->look, -1);
	loop_timer_set((*upkeep)->tidy, -1);
	free(*upkeep);
	*upkeep = NULL;
}
