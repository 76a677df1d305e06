/*
 * The states of a lane. What it does in one is in the function of that name;
 * what makes it go on is its turn, an answer, or the clerk's word.
 *
 *	UNREAD
 *	  | lane_read()
 *	  v         due                    token
 *	WAITING ---------> ASKING_TOKEN ---------> ASKING_PAGE <-------------+
 *	  ^  |                 |                     ^  |                    |
 *	  |  +---- due: there is a token ------------+  | page               |
 *	  |                    |                        v                    |
 *	  |                    |                     STORING -- next page ---+
 *	  |                    |                      |  |                   |
 *	  +------------------ last page --------------+  | unknown incident  |
 *	  |                    |                         v                   |
 *	  |                    |                   AWAITING_NAMES -- due ----+
 *	  | failed             v
 *	  +------------- REPORTING
 *
 * Each may fail; a failure with a new cause is reported first. A run that is
 * `once` ends in DONE. Between two pages a lane may be WAITING as well, for its
 * budget or for room; the run goes on from there.
 */
#include "ask/lane.h"

#include "ask/lane_private.h"
#include "base/bug.h"
#include "base/map.h"

enum {
	/* Microsoft's limit is 150 in a minute for one application in one
	 * tenant; others may use the same one. */
	BUDGET_PER_MINUTE = 100,
	/* How often one without a token looks whether its leader has one. */
	LOOK_FOR_TOKEN_MS = 200,
};

instant_ms
lane_now(const struct lane *lane)
{
	return lane->world->clock->now(lane->world->clock);
}

struct cursor_time
lane_time(const struct lane *lane)
{
	return (struct cursor_time){
		.now = lane_now(lane), .skew_ms = lane->skew_ms,
		.since = lane->world->since,
	};
}

void
lane_wipe(struct buf *secret)
{
	explicit_bzero(secret->data, secret->len);
	buf_reset(secret);
}

struct lane *
lane_owner(struct lane *lane)
{
	return lane->leader ? lane->leader : lane;
}

/* ---- states ---- */

void
lane_wait(struct lane *lane, instant_ms until)
{
	lane->state = LANE_WAITING;
	lane->due = until;
}

void
lane_end(struct lane *lane)
{
	lane->state = LANE_DONE;
}

/* May it ask once more? */
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
	if (owner->budget < 1)
		return false;
	owner->budget -= 1;
	return true;
}

/* The leader's next request will bring a token. */
static void
wait_for_token(struct lane *lane)
{
	const struct lane *leader = lane->leader;
	instant_ms now = lane_now(lane);

	if (leader->state == LANE_DONE)
		lane_fail_so(lane, TURN_LATER, "the token has ended");
	else
		lane_wait(lane, (leader->due > now ? leader->due : now) +
				LOOK_FOR_TOKEN_MS);
}

void
lane_go_on(struct lane *lane)
{
	const struct lane_world *world = lane->world;

	/* A page that follows has to wait as well; its turn comes. */
	if (world->is_stopped || world->asked >= LANE_ASKED_MOST)
		lane_wait(lane, lane_now(lane));
	else if (lane_owner(lane)->held > lane_now(lane))
		lane_wait(lane, lane_owner(lane)->held);
	else if (lane->leader && !lane_has_token(lane))
		wait_for_token(lane);
	else if (!take_budget(lane))
		lane_wait(lane, lane_now(lane) + 60000 / BUDGET_PER_MINUTE);
	else if (!lane_has_token(lane))
		lane_ask_token(lane);
	else
		lane_ask_page(lane);
}

void
lane_turn(struct lane *lane)
{
	if ((lane->state == LANE_WAITING ||
	     lane->state == LANE_AWAITING_NAMES) &&
	    lane->due <= lane_now(lane))
		lane_go_on(lane);
}

/* ---- requests ---- */

void
lane_ask(struct lane *lane, enum lane_state state,
	 struct transfer_request *request)
{
	request->timeout_ms = LANE_REQUEST_MS;
	request->context = lane;
	lane->state = state;
	lane->world->asked++;
	lane->world->requests->ask(lane->world->requests, request);
}

void
lane_answered(struct lane *lane)
{
	lane->world->asked--;
}

/* A page of an old app is not asked for with the token of the next. */
static void
give_up(struct lane *lane)
{
	if (lane->state == LANE_ASKING_TOKEN ||
	    lane->state == LANE_ASKING_PAGE) {
		lane->world->requests->forget(lane->world->requests, lane);
		lane->world->asked--;
	}
	lane_end_run(lane);
	lane_wipe(&lane->token);
}

/* ---- jobs ---- */

void
lane_job_begin(struct lane_job *job, struct lane *lane, struct arena *arena)
{
	*job = (struct lane_job){
		.world = lane->world, .lane = lane, .plan = lane->plan,
		.generation = generations_borrow(lane->world->generations),
		.arena = arena, .time = lane_time(lane), .was = lane->row,
	};
	job->was.tenant = lane->plan->tenant;
	job->was.source = lane->plan->source->name;
	job->was.customer = lane->plan->customer;
	if (lane->failure.len)
		job->was.failure = arena_strdup(arena, lane->failure.data);
	job->row = job->was;
}

void
lane_job_submit(struct lane_job *job)
{
	job->lane->job = job;
	clerk_submit(job->world->clerk, &job->unit);
}

enum outcome
lane_job_put(struct lane_job *job, struct store *store, struct change *change,
	     struct buf *error)
{
	change_put_poll(change, &job->row);
	if (!job->word.identity)
		return OUTCOME_OK;
	return pipeline_say(job->generation, store, &job->word, job->time.now,
			    change, error);
}

static void
take_row(struct lane *lane, const struct store_poll *row)
{
	buf_reset(&lane->failure);
	if (row->failure)
		buf_puts(&lane->failure, row->failure);
	lane->row = *row;
	/* Those texts belong to others. */
	lane->row.tenant = lane->row.source = lane->row.customer = NULL;
	lane->row.failure = NULL;
}

/* With another app it begins anew, when that was read. */
static struct lane *
leave_stale(struct lane *lane)
{
	if (lane->must_read)
		lane->state = LANE_UNREAD;
	else
		lane_wait(lane, lane_now(lane));
	return NULL;
}

struct lane *
lane_job_done(struct lane_job *job, enum outcome outcome, const char *error)
{
	struct lane *lane = job->lane;

	if (outcome != OUTCOME_OK)
		log_error("trouble", "in", "poll", "tenant", job->plan->tenant,
			  "api", job->plan->source->name, "what", error, NULL);
	else if (job->unit.change->has_deliveries)
		job->world->stored(job->world->context);
	if (lane && outcome == OUTCOME_OK) {
		take_row(lane, &job->row);
		if (job->is_written)
			lane->written = job->time.now;
	}
	generations_return(job->world->generations, job->generation);
	if (!lane)
		return NULL;
	lane->job = NULL;
	return job->is_stale ? leave_stale(lane) : lane;
}

/* ---- its life ---- */

struct lane *
lane_create(struct lane_world *world, const struct poll_plan *plan)
{
	struct lane *lane = bug_alloc(sizeof(*lane));
	struct arena *arena = arena_create();

	*lane = (struct lane){
		.world = world, .plan = plan,
		.key = bug_strdup(arena_printf(arena, "%s %s", plan->tenant,
					       plan->source->name)),
		.state = LANE_UNREAD, .must_read = true,
		.token = BUF_INIT, .failure = BUF_INIT,
		.fingerprint = bug_strdup(plan->app->fingerprint),
		.top = plan->source->top, .budget = BUDGET_PER_MINUTE,
		.latest = TIME_UNKNOWN, .sweep_tried = TIME_UNKNOWN,
		/* What a failure of the last process was about is not kept: its
		 * end is told once for all tenants, if they fail alike. */
		.is_of_app = true,
		.row = {
			.swept = TIME_UNKNOWN, .good = TIME_UNKNOWN,
			.alerts = TIME_UNKNOWN, .failed = TIME_UNKNOWN,
		},
	};
	lane->budget_at = lane_now(lane);
	/* Spread over the interval: thousands start at once. */
	lane->due = lane_now(lane) +
		    (world->once ? 0 : world->chance((uint32_t)plan->every_ms));
	arena_destroy(&arena);
	return lane;
}

void
lane_destroy(struct lane **lane)
{
	give_up(*lane);
	if ((*lane)->job)
		(*lane)->job->lane = NULL;
	/* Unless another one leads, or is led, by now. */
	if ((*lane)->along && (*lane)->along->leader == *lane)
		(*lane)->along->leader = NULL;
	if ((*lane)->leader && (*lane)->leader->along == *lane)
		(*lane)->leader->along = NULL;
	buf_release(&(*lane)->token);
	buf_release(&(*lane)->failure);
	free((*lane)->fingerprint);
	free((*lane)->key);
	free(*lane);
	*lane = NULL;
}

void
lane_lead(struct lane *leader, struct lane *along)
{
	leader->along = along;
	along->leader = leader;
}

void
lane_reload(struct lane *lane, const struct poll_plan *plan)
{
	lane->plan = plan;
	if (!strcmp(lane->fingerprint, plan->app->fingerprint))
		return;
	give_up(lane);
	free(lane->fingerprint);
	lane->fingerprint = bug_strdup(plan->app->fingerprint);
	lane->must_read = true;
	if (lane->job)
		lane->job->is_stale = true;
	else
		lane->state = LANE_UNREAD;
	/* What the old app was refused may be mended, and each has a limit of
	 * its own. */
	lane->held = 0;
	if (lane->failures)
		lane->due = lane_now(lane);
}

/* The name of a class as it stands in the table, or NULL. */
static const char *
class_name(const char *text)
{
	size_t i;

	for (i = 0; text && turn_names[i]; i++)
		if (!strcmp(turn_names[i], text))
			return turn_names[i];
	return NULL;
}

void
lane_read(struct lane *lane, const struct store_poll *row)
{
	if (row && !lane->has_row) {
		take_row(lane, row);
		lane->row.class = class_name(row->class);
		if (lane->row.swept == TIME_UNKNOWN)
			lane->row.swept = lane->row.started;
	}
	lane->has_row = true;
	lane->must_read = false;
	if (lane->state == LANE_UNREAD)
		lane_wait(lane, lane->due);
}

void
lane_unreadable(struct lane *lane, const char *why)
{
	lane->must_read = false;
	lane_run_ended(lane, why);
}

/* ---- what others ask ---- */

const char *
lane_key(const struct lane *lane)
{
	return lane->key;
}

const struct poll_plan *
lane_plan(const struct lane *lane)
{
	return lane->plan;
}

bool
lane_is_unread(const struct lane *lane)
{
	return lane->must_read;
}

bool
lane_is_done(const struct lane *lane)
{
	return lane->state == LANE_DONE;
}

instant_ms
lane_good(const struct lane *lane)
{
	return lane->row.good;
}

void
lane_set_back(struct lane *lane, int64_t back_ms)
{
	lane->due -= back_ms;
	lane->held -= back_ms;
	lane->budget_at -= back_ms;
	lane->began -= back_ms;
	lane->newest -= back_ms;
	gaps_set_back(&lane->gaps, back_ms);
}

int64_t
lane_hurry(struct lane *lane)
{
	if (lane->must_read || lane->failures || !cursor_is_met(&lane->row))
		return 0;
	if (lane->state == LANE_WAITING)
		lane_go_on(lane);
	return lane->plan->complete_ms;
}
