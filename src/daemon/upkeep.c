/*
 * Two units of work, each with a timer that is set when it is done: so there is
 * one of each under way, however slow the store is.
 */
#include "daemon/upkeep.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/log.h"

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

/* ---- tidying ---- */

/* It writes by itself: what is over is known when it is deleted. */
static enum outcome
tidy(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct upkeep *upkeep = CONTAINER_OF(unit, struct upkeep, tidying);
	enum outcome outcome;

	(void)change, (void)arena;
	upkeep->has_more = false;
	outcome = store_days_update(store, upkeep->now, error);
	if (outcome == OUTCOME_OK)
		outcome = store_prune(store, upkeep->now, &upkeep->has_more,
				      error);
	return outcome;
}

static void
tidied(struct unit *unit, enum outcome outcome, const char *error)
{
	struct upkeep *upkeep = CONTAINER_OF(unit, struct upkeep, tidying);
	bool goes_on = outcome == OUTCOME_OK && upkeep->has_more;

	upkeep->under_way--;
	if (outcome != OUTCOME_OK)
		log_warning("trouble", "in", "journal", "what", error, NULL);
	loop_timer_set(upkeep->tidy, goes_on ? UPKEEP_TIDY_PAUSE_MS
					     : UPKEEP_TIDY_MS);
}

static void
start_to_tidy(void *context)
{
	struct upkeep *upkeep = context;

	upkeep->under_way++;
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
