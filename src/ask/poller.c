/*
 * A lane waits, asks for a token, asks for pages, and waits again:
 *
 *	due --> token? --> page --> page ... --> last page: cursor --> due
 *	          |         |
 *	          +---------+--> failed: due later, at the same page or anew
 *
 * There may be ten thousand lanes and few are due at once, so a tick looks at
 * all of them five times a second, which costs less than keeping an order.
 *
 * A new alert in an incident that is not known waits for the lane that reads
 * incidents along:
 *
 *	page --> unknown incident? --> the other lane's run --> the same page
 */
#include "ask/poller.h"

#include "ask/lane.h"
#include "base/bug.h"
#include "base/log.h"
#include "base/map.h"

enum {
	TICK_MS = 200,
	/* Requests under way at once, over all tenants. */
	ASKED_MOST = 128,
	CONNECTIONS_MOST = 64,
	/* Microsoft's limit is 150 in a minute for one application in one
	 * tenant; others may use the same one. */
	BUDGET_PER_MINUTE = 100,
};

instant_ms
poller_now(const struct poller *poller)
{
	return poller->world.clock->now(poller->world.clock);
}

const struct generation *
poller_rules(const struct poller *poller)
{
	return generations_current(poller->world.generations);
}

/* May it ask once more? Otherwise when. */
static bool
take_budget(struct lane *lane)
{
	struct lane *owner = lane_owner(lane);
	instant_ms at = lane_now(lane);

	if (at > owner->budget_at)
		owner->budget += (double)(at - owner->budget_at) *
				 BUDGET_PER_MINUTE / 60000;
	if (owner->budget > BUDGET_PER_MINUTE)
		owner->budget = BUDGET_PER_MINUTE;
	owner->budget_at = at;
	if (owner->budget < 1) {
		lane->due = at + 60000 / BUDGET_PER_MINUTE;
		return false;
	}
	owner->budget -= 1;
	return true;
}

/* The leader's next request will bring a token. */
static void
wait_for_token(struct lane *lane)
{
	const struct lane *leader = lane->leader;

	if (leader->is_done)
		lane_failed(lane, OAUTH_LATER, "the token has ended", -1);
	else
		lane->due = (leader->due > lane->due ? leader->due
						     : lane->due) + TICK_MS;
}

void
lane_step(struct lane *lane)
{
	struct poller *poller = lane->poller;

	lane->due = poller_now(poller);
	lane->is_waiting = false;
	/* A page that follows has to wait as well; the tick comes by. */
	if (poller->stopped || lane->is_gone || poller->asked >= ASKED_MOST)
		return;
	if (lane->leader && !lane_has_token(lane)) {
		wait_for_token(lane);
		return;
	}
	if (!take_budget(lane))
		return;
	if (!lane_has_token(lane)) {
		lane_ask_token(lane);
		return;
	}
	if (!lane->run)
		lane_begin_run(lane);
	lane_ask_page(lane);
}

/* Whatever is under way ends without an answer, and the token is gone. */
static void
give_up(struct lane *lane)
{
	transfer_forget(lane->poller->many, lane);
	if (lane->is_asking)
		lane->poller->asked--;
	lane->is_asking = false;
	lane_end_run(lane);
	lane_wipe(&lane->token);
}

static void
lane_destroy(struct lane *lane)
{
	give_up(lane);
	buf_release(&lane->token);
	buf_release(&lane->failure);
	free(lane->fingerprint);
	free(lane->key);
	free(lane);
}

static struct lane *
lane_create(struct poller *poller, const struct poll_plan *plan,
	    const char *key)
{
	struct lane *lane = bug_alloc(sizeof(*lane));
	bool hurry = poller->world.once;

	*lane = (struct lane){
		.next = poller->lanes, .poller = poller, .plan = plan,
		.key = bug_strdup(key), .token = BUF_INIT, .failure = BUF_INIT,
		.fingerprint = bug_strdup(plan->app->fingerprint),
		.top = plan->source->top, .budget = BUDGET_PER_MINUTE,
		.budget_at = poller_now(poller), .latest = TIME_UNKNOWN,
		/* Spread over the interval: thousands start at once. */
		.due = poller_now(poller) + (hurry ? 0 :
			lane_random((uint32_t)plan->every_ms)),
		.row = {
			.swept = TIME_UNKNOWN, .good = TIME_UNKNOWN,
			.alerts = TIME_UNKNOWN, .failed = TIME_UNKNOWN,
		},
	};
	poller->lanes = lane;
	return lane;
}

/* The name of a class as it stands in the table, or NULL. */
static const char *
class_name(const char *text)
{
	size_t i;

	for (i = 0; text && oauth_class_names[i]; i++)
		if (!strcmp(oauth_class_names[i], text))
			return oauth_class_names[i];
	return NULL;
}

static void
take_row(struct lane *lane, const struct store_poll *row)
{
	lane->row = *row;
	lane->row.class = class_name(row->class);
	if (lane->row.swept == TIME_UNKNOWN)
		lane->row.swept = lane->row.started;
	if (row->failure)
		buf_puts(&lane->failure, row->failure);
}

static const char *
key_of(struct arena *arena, const char *tenant, const char *source)
{
	return arena_printf(arena, "%s %s", tenant, source);
}

static void
take_plan(struct lane *lane, const struct poll_plan *plan)
{
	lane->plan = plan;
	lane->is_gone = false;
	if (!strcmp(lane->fingerprint, plan->app->fingerprint))
		return;
	/* A page of the old cloud is not asked at the new one; and what the
	 * old app was refused may be mended. */
	give_up(lane);
	free(lane->fingerprint);
	lane->fingerprint = bug_strdup(plan->app->fingerprint);
	if (lane->failures)
		lane->due = lane_now(lane);
}

static struct lane *
add_lane(struct poller *poller, const struct poll_plan *plan,
	 const struct map *known, const struct map *rows, struct arena *arena)
{
	const char *key = key_of(arena, plan->tenant,
				 plan->source->name);
	struct lane *lane = map_find(known, key);

	if (lane) {
		take_plan(lane, plan);
		return lane;
	}
	lane = lane_create(poller, plan, key);
	if (map_find(rows, key))
		take_row(lane, map_find(rows, key));
	return lane;
}

static void
add_lanes(struct poller *poller, const struct poll_plan *plan,
	  const struct map *known, const struct map *rows, struct arena *arena)
{
	struct lane *lane;

	if (poller->world.customer &&
	    strcmp(poller->world.customer, plan->customer))
		return;
	lane = add_lane(poller, plan, known, rows, arena);
	if (!plan->along)
		return;
	lane->along = add_lane(poller, plan->along, known, rows, arena);
	lane->along->leader = lane;
}

static struct map *
read_rows(struct poller *poller, struct arena *arena)
{
	struct store_polls polls = { 0 };
	struct map *rows = map_create(arena);
	struct buf error = BUF_INIT;
	size_t i;

	if (store_polls(poller->world.store, arena, &polls, &error) !=
	    OUTCOME_OK)
		log_error("trouble", "in", "poll", "what", error.data, NULL);
	for (i = 0; i < polls.count; i++)
		(void)map_set(rows, key_of(arena, polls.items[i].tenant,
					   polls.items[i].source),
			      &polls.items[i]);
	buf_release(&error);
	return rows;
}

static void
drop_gone(struct poller *poller)
{
	struct lane **at = &poller->lanes, *lane;

	while ((lane = *at)) {
		if (lane->is_gone) {
			*at = lane->next;
			lane_destroy(lane);
		} else {
			at = &lane->next;
		}
	}
}

void
poller_reload(struct poller *poller)
{
	const struct generation *g = poller_rules(poller);
	struct arena *arena = arena_create();
	struct map *known = map_create(arena);
	const struct map *rows = read_rows(poller, arena);
	struct lane *lane;
	size_t i;

	for (lane = poller->lanes; lane; lane = lane->next) {
		lane->is_gone = true;
		(void)map_set(known, lane->key, lane);
	}
	for (i = 0; i < g->polls.count; i++)
		add_lanes(poller, g->polls.items[i], known, rows, arena);
	drop_gone(poller);
	arena_destroy(&arena);
}

instant_ms
poller_good(const struct poller *poller, const char *customer)
{
	const struct lane *lane = poller->lanes;
	instant_ms oldest = INT64_MAX;

	for (; lane; lane = lane->next) {
		if (lane->leader || strcmp(lane->plan->customer, customer))
			continue;
		if (lane->row.good < oldest)	/* unknown is the least */
			oldest = lane->row.good;
	}
	return oldest == INT64_MAX ? TIME_UNKNOWN : oldest;
}

int64_t
poller_hurry(struct poller *poller, const char *customer)
{
	struct lane *lane = poller->lanes;
	int64_t most = 0;

	for (; lane; lane = lane->next) {
		if (lane->leader || strcmp(lane->plan->customer, customer) ||
		    !cursor_is_met(&lane->row) || lane->failures ||
		    !lane->plan->complete_ms)
			continue;
		if (lane->plan->complete_ms > most)
			most = lane->plan->complete_ms;
		if (!lane->is_asking)
			lane_step(lane);
	}
	return most;
}

/* ---- the loop ---- */

static void
answers(void *context)
{
	struct poller *poller = context;

	transfer_turn(poller->many);
}

/* A clock that was set back must not stop anybody. */
static void
follow_clock(struct poller *poller)
{
	instant_ms at = poller_now(poller), back = poller->ticked - at;
	struct lane *lane = poller->lanes;

	poller->ticked = at;
	for (; lane && back > 0; lane = lane->next) {
		lane->due -= back;
		lane->budget_at -= back;
	}
}

/* Those from here on had no turn: they come first the next time. */
static void
rotate(struct poller *poller, struct lane **at)
{
	struct lane *first = *at, *last = first;

	if (!first || first == poller->lanes)
		return;
	while (last->next)
		last = last->next;
	last->next = poller->lanes;
	poller->lanes = first;
	*at = NULL;
}

static void
tick(void *context)
{
	struct poller *poller = context;
	struct lane **at = &poller->lanes, *lane;

	follow_clock(poller);
	for (; (lane = *at) && poller->asked < ASKED_MOST; at = &lane->next)
		if (!lane->is_asking && !lane->is_done &&
		    lane->due <= poller->ticked)
			lane_step(lane);
	rotate(poller, at);
	loop_timer_set(poller->timer, poller->stopped ? -1 : TICK_MS);
}

struct poller *
poller_create(const struct poller_world *world)
{
	struct poller *poller = bug_alloc(sizeof(*poller));

	*poller = (struct poller){
		.world = *world,
		.many = transfer_many_create(CONNECTIONS_MOST),
		.refreshes = refreshes_create(world->store),
	};
	poller->timer = loop_timer(world->loop, tick, poller);
	loop_watch(world->loop, transfer_many_fd(poller->many), answers,
		   poller);
	poller_reload(poller);
	loop_timer_set(poller->timer, 0);
	return poller;
}

void
poller_stop(struct poller *poller)
{
	poller->stopped = true;
	loop_timer_set(poller->timer, -1);
}

void
poller_destroy(struct poller **poller)
{
	struct lane *lane;

	while ((lane = (*poller)->lanes)) {
		(*poller)->lanes = lane->next;
		lane_destroy(lane);
	}
	refreshes_destroy(&(*poller)->refreshes);
	loop_forget((*poller)->world.loop, transfer_many_fd((*poller)->many));
	transfer_many_destroy(&(*poller)->many);
	free(*poller);
	*poller = NULL;
}
