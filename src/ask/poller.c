/*
 * There may be ten thousand lanes and few are due at once, so a tick looks at
 * all of them five times a second, which costs less than keeping an order.
 */
#include "ask/poller.h"

#include "ask/lane.h"
#include "base/bug.h"
#include "base/container.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/map.h"

enum {
	TICK_MS = 200,
	/* A failing store is not asked more often. */
	READ_AGAIN_MS = 5000,
};

/* What is read from the store before anything is asked. */
struct reading {
	struct unit unit;
	const struct generation *generation;	/* borrowed meanwhile */
	struct store_polls polls;
	refreshes_kept kept;
	bool is_under_way;
	bool is_outdated;	/* there are more lanes since it began */
	bool has_failed;	/* and that was said */
	instant_ms due;
};

struct poller {
	struct poller_world world;
	struct lane_world shared;
	struct reading reading;
	struct loop_timer *timer;
	struct lane **lanes;
	size_t count;
	size_t first;		/* that has the next turn */
	instant_ms ticked;
};

static instant_ms
now(const struct poller *poller)
{
	return poller->world.clock->now(poller->world.clock);
}

static const char *
key_of(struct arena *arena, const char *tenant, const char *source)
{
	return arena_printf(arena, "%s %s", tenant, source);
}

/* ---- what the store has ---- */

static enum outcome
reading_work(struct unit *unit, struct store *store, struct change *change,
	     struct arena *arena, struct buf *error)
{
	struct reading *reading = CONTAINER_OF(unit, struct reading, unit);
	enum outcome outcome;

	(void)change;
	reading->polls = (struct store_polls){ 0 };
	reading->kept = (refreshes_kept){ 0 };
	outcome = store_polls(store, arena, &reading->polls, error);
	if (outcome == OUTCOME_OK)
		outcome = refreshes_read(&reading->generation->apps, store,
					 arena, &reading->kept, error);
	return outcome;
}

static void
give_rows(struct poller *poller)
{
	const struct store_polls *polls = &poller->reading.polls;
	struct arena *arena = arena_create();
	struct map *rows = map_create(arena);
	size_t i;

	for (i = 0; i < polls->count; i++)
		(void)map_set(rows, key_of(arena, polls->items[i].tenant,
					   polls->items[i].source),
			      &polls->items[i]);
	for (i = 0; i < poller->count; i++)
		if (lane_is_unread(poller->lanes[i]))
			lane_read(poller->lanes[i],
				  map_find(rows, lane_key(poller->lanes[i])));
	arena_destroy(&arena);
}

static void
give_up_reading(struct poller *poller, const char *why)
{
	size_t i;

	for (i = 0; i < poller->count; i++)
		if (lane_is_unread(poller->lanes[i]))
			lane_unreadable(poller->lanes[i], why);
}

/* "trouble" once, until it goes well. */
static void
reading_failed(struct poller *poller, const char *error)
{
	struct reading *reading = &poller->reading;

	if (!reading->has_failed)
		log_error("trouble", "in", "poll", "what", error, "hint",
			  "nothing is asked before it is known how far it was "
			  "read", NULL);
	reading->has_failed = true;
	reading->due = now(poller) + READ_AGAIN_MS;
	if (poller->world.once)
		give_up_reading(poller, error);
}

static void
reading_done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct reading *reading = CONTAINER_OF(unit, struct reading, unit);
	struct poller *poller = CONTAINER_OF(reading, struct poller, reading);

	reading->is_under_way = false;
	generations_return(poller->world.generations, reading->generation);
	if (outcome != OUTCOME_OK) {
		reading_failed(poller, error);
		return;
	}
	reading->has_failed = false;
	refreshes_take(poller->shared.refreshes, &reading->kept);
	if (!reading->is_outdated)
		give_rows(poller);
}

static bool
must_read(const struct poller *poller)
{
	const struct reading *reading = &poller->reading;
	int64_t left = reading->due - now(poller);
	size_t i;

	/* More is left when the clock was set back. */
	if (reading->is_under_way || (left > 0 && left <= READ_AGAIN_MS))
		return false;
	for (i = 0; i < poller->count; i++)
		if (lane_is_unread(poller->lanes[i]))
			return true;
	return false;
}

static void
read_store(struct poller *poller)
{
	struct reading *reading = &poller->reading;

	if (!must_read(poller))
		return;
	reading->unit.work = reading_work;
	reading->unit.done = reading_done;
	reading->generation = generations_borrow(poller->world.generations);
	reading->is_under_way = true;
	reading->is_outdated = false;
	clerk_submit(poller->world.clerk, &reading->unit);
}

/* ---- lanes come and go ---- */

/* The former lanes, by their keys, while a generation is taken. */
struct taking {
	struct poller *poller;
	struct arena *arena;
	struct map *former;		/* of struct seat */
	struct lane **lanes;
	size_t count;
};

struct seat {
	struct lane *lane;
	bool is_kept;
};

static struct lane *
take_plan(struct taking *taking, const struct poll_plan *plan)
{
	struct seat *seat = map_find(taking->former,
				     key_of(taking->arena, plan->tenant,
					    plan->source->name));
	struct lane *lane;

	if (seat) {
		seat->is_kept = true;
		lane = seat->lane;
		lane_reload(lane, plan);
	} else {
		lane = lane_create(&taking->poller->shared, plan);
	}
	taking->lanes[taking->count++] = lane;
	return lane;
}

static void
take_plans(struct taking *taking, const struct poll_plan *plan)
{
	const char *only = taking->poller->world.customer;
	struct lane *lane;

	if (only && strcmp(only, plan->customer))
		return;
	lane = take_plan(taking, plan);
	if (plan->along)
		lane_lead(lane, take_plan(taking, plan->along));
}

static struct seat *
seat_former(struct taking *taking)
{
	const struct poller *poller = taking->poller;
	struct seat *seats = arena_array(taking->arena, poller->count + 1,
					 sizeof(*seats));
	size_t i;

	for (i = 0; i < poller->count; i++) {
		seats[i] = (struct seat){ .lane = poller->lanes[i] };
		(void)map_set(taking->former, lane_key(poller->lanes[i]),
			      &seats[i]);
	}
	return seats;
}

static void
replace_lanes(struct poller *poller, const struct taking *taking,
	      struct seat *seats)
{
	size_t i;

	for (i = 0; i < poller->count; i++)
		if (!seats[i].is_kept)
			lane_destroy(&seats[i].lane);
	free(poller->lanes);
	poller->lanes = taking->lanes;
	poller->count = taking->count;
	poller->first = 0;
}

void
poller_reload(struct poller *poller)
{
	const struct generation *g =
		generations_current(poller->world.generations);
	struct taking taking = { .poller = poller, .arena = arena_create() };
	struct seat *seats;
	size_t i;

	taking.former = map_create(taking.arena);
	/* One that is read along has a lane as well. */
	taking.lanes = bug_alloc((2 * g->polls.count + 1) *
				 sizeof(struct lane *));
	seats = seat_former(&taking);
	for (i = 0; i < g->polls.count; i++)
		take_plans(&taking, g->polls.items[i]);
	replace_lanes(poller, &taking, seats);
	arena_destroy(&taking.arena);
	poller->reading.is_outdated = true;
	read_store(poller);
}

/* ---- for others ---- */

static bool
is_of(const struct lane *lane, const char *customer)
{
	const struct poll_plan *plan = lane_plan(lane);

	return poll_gives_alerts(plan) && !strcmp(plan->customer, customer);
}

bool
poller_good(const struct poller *poller, const char *customer,
	    instant_ms *when_out)
{
	instant_ms oldest = INT64_MAX;
	size_t i;

	for (i = 0; i < poller->count; i++) {
		if (!is_of(poller->lanes[i], customer))
			continue;
		if (lane_is_unread(poller->lanes[i]))
			return false;
		if (lane_good(poller->lanes[i]) < oldest)
			oldest = lane_good(poller->lanes[i]);
	}
	/* Unknown is the least of all. */
	*when_out = oldest == INT64_MAX ? TIME_UNKNOWN : oldest;
	return true;
}

int64_t
poller_hurry(struct poller *poller, const char *customer)
{
	int64_t most = 0;
	size_t i;

	for (i = 0; i < poller->count; i++) {
		int64_t wait = is_of(poller->lanes[i], customer) ?
			       lane_hurry(poller->lanes[i]) : 0;

		if (wait > most)
			most = wait;
	}
	return most;
}

/* ---- the loop ---- */

static uint32_t
by_chance(uint32_t most)
{
	uint32_t value;

	digest_random(&value, sizeof(value));
	return most ? value % most : 0;
}

static void
stored(void *context)
{
	struct poller *poller = context;

	poller->world.stored(poller->world.context);
}

static void
each(void *context, const struct poll_plan *plan,
     const struct pipeline_decision *decision)
{
	struct poller *poller = context;

	poller->world.each(poller->world.context, plan, decision);
}

static bool
is_finished(const struct poller *poller)
{
	size_t i;

	for (i = 0; i < poller->count; i++)
		if (!lane_is_done(poller->lanes[i]))
			return false;
	return true;
}

static void
ended(void *context, const struct poll_plan *plan, const char *failure)
{
	struct poller *poller = context;

	if (poller->world.ended)
		poller->world.ended(poller->world.context, plan, failure);
	if (poller->world.once && poller->world.finished && is_finished(poller))
		poller->world.finished(poller->world.context);
}

/* A clock that was set back must not stop anybody. */
static void
follow_clock(struct poller *poller)
{
	instant_ms at = now(poller), back = poller->ticked - at;
	size_t i;

	poller->ticked = at;
	for (i = 0; i < poller->count && back > 0; i++)
		lane_set_back(poller->lanes[i], back);
}

/* Those who had no turn, because too much was asked, come first the next
 * time. */
static void
give_turns(struct poller *poller)
{
	size_t i, at = poller->first;

	for (i = 0; i < poller->count; i++) {
		if (poller->shared.asked >= LANE_ASKED_MOST)
			break;
		lane_turn(poller->lanes[at]);
		at = at + 1 < poller->count ? at + 1 : 0;
	}
	poller->first = at;
}

static void
tick(void *context)
{
	struct poller *poller = context;

	follow_clock(poller);
	read_store(poller);
	refreshes_turn(poller->shared.refreshes, poller->ticked);
	give_turns(poller);
	loop_timer_set(poller->timer, poller->shared.is_stopped ? -1 : TICK_MS);
}

struct poller *
poller_create(const struct poller_world *world)
{
	struct poller *poller = bug_alloc(sizeof(*poller));

	*poller = (struct poller){
		.world = *world,
		.shared = {
			.clock = world->clock, .requests = world->requests,
			.clerk = world->clerk,
			.generations = world->generations,
			.refreshes = refreshes_create(world->clerk),
			.chance = world->chance ? world->chance : by_chance,
			.since = world->since, .once = world->once,
			.stored = stored, .each = world->each ? each : NULL,
			.ended = ended, .context = poller,
		},
	};
	poller->ticked = now(poller);
	poller->timer = loop_timer(world->loop, tick, poller);
	poller_reload(poller);
	loop_timer_set(poller->timer, 0);
	return poller;
}

void
poller_stop(struct poller *poller)
{
	poller->shared.is_stopped = true;
	loop_timer_set(poller->timer, -1);
}

void
poller_destroy(struct poller **poller)
{
	size_t i;

	poller_stop(*poller);
	clerk_drain((*poller)->world.clerk);
	for (i = 0; i < (*poller)->count; i++)
		lane_destroy(&(*poller)->lanes[i]);
	free((*poller)->lanes);
	refreshes_destroy(&(*poller)->shared.refreshes);
	free(*poller);
	*poller = NULL;
}
