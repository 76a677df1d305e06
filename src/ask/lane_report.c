/*
 * How it is with a lane. What has failed, since when, and whom to tell of it is
 * in the row of the store, and said when that is written: when it cannot be,
 * the next failure tries again.
 */
#include "ask/lane_private.h"
#include "base/bug.h"
#include "base/container.h"

enum {
	TRIES_MOST = 4,		/* of one page; then the run begins anew */
	BACKOFF_LATER_MOST_MS = 15 * 60000,
	BACKOFF_MOST_MS = 3600 * 1000,
	/* With a cause that somebody has to mend, a try is made less often. */
	BACKOFF_TIMES = 10,
	/* Trouble that passes by itself is told when it has not. */
	LATER_TOLD_MS = 30 * 60000,
};

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct report {
	struct lane_job job;
	const char *text;
	bool is_new;
};

/* ---- what is said ---- */

/* What is wrong with an app is wrong with all its tenants: a mail for each of
 * thousands would bury the others. Once a day for each app and sentence. */
static bool
is_of_app(const struct lane *lane, const struct store_poll *row)
{
	return row->class && lane->is_of_app &&
	       !strcmp(row->class, turn_names[TURN_OURS]);
}

/* The same notice twice is one. */
static const char *
identity_of(const struct lane *lane, const struct store_poll *row,
	    const char *subject, const char *sentence, struct arena *arena)
{
	struct buf identity = BUF_INIT;
	const char *copy;

	if (is_of_app(lane, row)) {
		buf_printf(&identity, "poll %s %s %s %lld",
			   lane->plan->app->name, subject, sentence,
			   (long long)(row->failed / DAY_MS));
	} else {
		buf_printf(&identity, "poll %s %s %s ", lane->key, subject,
			   row->class ? row->class : "");
		clock_print(&identity, row->failed);
	}
	copy = arena_strdup(arena, identity.data);
	buf_release(&identity);
	return copy;
}

/* Alerts go on without what is read along: `customers` says it. */
static void
prepare_word(struct lane_job *job, const struct store_poll *row, bool is_good,
	     const char *sentence, const char *detail)
{
	const struct poll_plan *plan = job->plan;
	const char *what = is_good ? "A tenant can be read again"
				   : "A tenant cannot be read";
	bool is_wide = !is_good && is_of_app(job->lane, row);

	if (job->lane->leader)
		return;
	job->word = (struct pipeline_word){
		.identity = identity_of(job->lane, row, what, sentence,
					job->arena),
		.customer = plan->customer,
		.notice = {
			.kind = is_good ? NOTICE_POLL_GOOD :
				is_wide ? NOTICE_APP_FAILED
					: NOTICE_POLL_FAILED,
			.tenant = plan->tenant,
			.name = plan->app->name,
			.since = row->failed,
			.detail = is_good ? NULL : detail,
		},
	};
}

static bool
is_later(const char *class)
{
	return !strcmp(class, turn_names[TURN_LATER]);
}

static bool
has_lasted(const struct store_poll *row, instant_ms now)
{
	return row->failed != TIME_UNKNOWN && now - row->failed > LATER_TOLD_MS;
}

/* ---- it goes well again ---- */

void
lane_job_may_recover(struct lane_job *job)
{
	const struct store_poll *row = &job->was;

	if (row->failed != TIME_UNKNOWN &&
	    ((row->class && !is_later(row->class)) ||
	     has_lasted(row, job->time.now)))
		prepare_word(job, row, true, "it answers", NULL);
}

void
lane_job_recover(struct lane_job *job, struct change *change)
{
	if (job->was.failed == TIME_UNKNOWN)
		return;
	change_log(change, LOG_LEVEL_INFO, "poll-recovered", "customer",
		   job->plan->customer, "tenant", job->plan->tenant, "api",
		   job->plan->source->name, NULL);
	job->row.failed = TIME_UNKNOWN;
	job->row.class = job->row.failure = NULL;
	job->is_written = true;
}

/* ---- it fails ---- */

static int64_t
backoff(const struct lane *lane, enum turn turn)
{
	bool is_passing = turn == TURN_LATER;
	int64_t wait = lane->plan->every_ms * (is_passing ? 1 : BACKOFF_TIMES);
	int64_t most = is_passing ? BACKOFF_LATER_MOST_MS : BACKOFF_MOST_MS;
	unsigned int i;

	for (i = 1; i < lane->failures && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	return wait + lane->world->chance((uint32_t)(wait / 4 + 1));
}

static enum outcome
report_work(struct unit *unit, struct store *store, struct change *change,
	    struct arena *arena, struct buf *error)
{
	struct lane_job *job = CONTAINER_OF(unit, struct lane_job, unit);
	const struct report *report = CONTAINER_OF(job, struct report, job);

	(void)arena;
	if (report->is_new)
		change_log(change, LOG_LEVEL_WARNING, "poll-failed",
			   "customer", job->plan->customer, "tenant",
			   job->plan->tenant, "api", job->plan->source->name,
			   "class", job->row.class, "why", report->text,
			   NULL);
	return lane_job_put(job, store, change, error);
}

static void
report_done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct lane_job *job = CONTAINER_OF(unit, struct lane_job, unit);
	struct report *report = CONTAINER_OF(job, struct report, job);
	struct arena *arena = job->arena;
	struct lane *lane = lane_job_done(job, outcome, error);

	if (lane) {
		lane->is_told = outcome == OUTCOME_OK && job->word.identity &&
				is_later(job->row.class);
		lane_wait(lane, lane->due);
		lane_run_ended(lane, report->text);
	}
	free(report);
	arena_destroy(&arena);
}

/* Once per cause, until it goes well again. */
static void
report(struct lane *lane, const struct refusal *why, enum turn turn,
       bool is_new)
{
	struct report *report = bug_alloc(sizeof(*report));
	struct lane_job *job = &report->job;
	struct arena *arena = arena_create();

	lane_job_begin(job, lane, arena);
	job->unit.work = report_work;
	job->unit.done = report_done;
	job->is_written = true;
	if (job->row.failed == TIME_UNKNOWN)
		job->row.failed = job->time.now;
	job->row.class = turn_names[turn];
	report->is_new = is_new;
	report->text = job->row.failure =
		arena_strdup(arena, refusal_text(why, arena));
	if (!is_new || turn != TURN_LATER)
		prepare_word(job, &job->row, false,
			     arena_strdup(arena, why->sentence), report->text);
	lane->state = LANE_REPORTING;
	lane_job_submit(job);
}

/* What passes by itself is no news beside what somebody has to mend, who was
 * told, and will be told of the end of that. */
static bool
is_reported(const struct store_poll *row, enum turn turn)
{
	return row->failed != TIME_UNKNOWN && row->class &&
	       (turn == TURN_LATER || !strcmp(row->class, turn_names[turn]));
}

/* While it may settle, it is as what passes. */
static enum turn
turn_now(const struct lane *lane, const struct refusal *why)
{
	return why->settles && !has_lasted(&lane->row, lane_now(lane)) ?
	       TURN_LATER : why->turn;
}

void
lane_fail(struct lane *lane, const struct refusal *why, int64_t wait_ms)
{
	const struct store_poll *row = &lane->row;
	instant_ms now = lane_now(lane);
	enum turn turn = turn_now(lane, why);
	bool is_new = !is_reported(row, turn);
	bool is_long = !is_new && is_later(row->class) &&
		       has_lasted(row, now) && !lane->is_told && !lane->leader;
	int64_t wait;

	lane->failures++;
	lane->is_of_app = why->is_of_app;
	/* One who says 0 or 1 each time is not to be asked faster for it. */
	wait = backoff(lane, turn);
	lane->due = now + (wait_ms > wait ? wait_ms : wait);
	/* A sweep is not so urgent that changes could wait for it. */
	if (++lane->tries >= TRIES_MOST || lane->window.is_sweep)
		lane_end_run(lane);
	if (is_new || is_long) {
		report(lane, why, turn, is_new);
	} else {
		struct arena *arena = arena_create();

		lane_wait(lane, lane->due);
		lane_run_ended(lane, refusal_text(why, arena));
		arena_destroy(&arena);
	}
}

void
lane_fail_so(struct lane *lane, enum turn turn, const char *sentence)
{
	lane_fail(lane, &(struct refusal){
		.turn = turn, .sentence = sentence,
	}, -1);
}

/* Names of incidents are not so urgent that alerts could wait for them. */
void
lane_hold(struct lane *lane)
{
	if (!lane->leader)
		lane->held = lane->due;
}

/* Whoever waited for it goes on. */
static void
wake_leader(struct lane *leader)
{
	if (leader && leader->state == LANE_AWAITING_NAMES)
		lane_go_on(leader);
}

void
lane_run_ended(struct lane *lane, const char *failure)
{
	struct lane_world *world = lane->world;

	wake_leader(lane->leader);
	if (world->once)
		lane_end(lane);
	/* Without a token nothing can be read along. */
	if (world->once && failure && lane->along &&
	    lane->along->state == LANE_WAITING)
		lane_end(lane->along);
	world->ended(world->context, lane->plan, failure);
}
