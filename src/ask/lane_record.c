/*
 * A page into the store: one unit of work, so that with the last one the cursor
 * is moved in the transaction of the alerts that it has passed. What is decided
 * of a record depends on those before it, so each is written before the next
 * is decided.
 */
#include "ask/lane_private.h"
#include "base/bug.h"
#include "base/container.h"
#include "hold/incident.h"

struct page {
	struct lane_job job;
	const char *key;		/* of the lane */
	struct poll_answer answer;
	struct cursor_window window;
	bool is_last;
	bool may_miss;			/* it may wait for an incident */
	bool is_told_each;		/* so decisions are kept, not logged */
	int64_t early_ms;		/* see cursor_meet() */
	instant_ms latest;		/* change before this page */
	instant_ms untold;		/* see gaps_untold() */
	instant_ms written;		/* when the row was */

	/* What came of it. */
	bool misses;
	bool has_new;			/* records, in any run of the unit */
	instant_ms latest_out;
	VEC(struct pipeline_decision *) decisions;
};

/* What work() is given. */
struct work {
	struct page *page;
	struct store *store;
	struct change *change;
	struct arena *arena;
	struct buf *error;
};

static struct page *
page_of(struct unit *unit)
{
	struct lane_job *job = CONTAINER_OF(unit, struct lane_job, unit);

	return CONTAINER_OF(job, struct page, job);
}

/* ---- alerts ---- */

static void
log_record(const struct work *work, const struct pipeline_decision *decision)
{
	const struct poll_plan *plan = work->page->job.plan;
	const struct alert *alert = decision->alert;

	change_log(work->change, decision->action == PIPELINE_HOLD ?
		   LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		   pipeline_action_names[decision->action],
		   "code", decision->code,
		   "customer", alert_text(alert, ALERT_CUSTOMER),
		   "rule", decision->rule,
		   "severity", alert_text(alert, ALERT_SEVERITY),
		   "alert", alert_text(alert, ALERT_ALERT),
		   "recipients", arena_printf(work->arena, "%zu",
					      decision->plans.count),
		   "reason", decision->reason, "news", decision->news,
		   "title", alert_text(alert, ALERT_TITLE),
		   "tenant", plan->tenant, "api", plan->source->name, NULL);
}

static enum outcome
take_input(const struct work *work, const struct pipeline_input *input)
{
	struct page *page = work->page;
	struct pipeline_decision *decision;
	enum outcome outcome = pipeline_take(page->job.generation, work->store,
					     input, page->job.time.now,
					     work->change, &decision,
					     work->error);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (decision->how == STORE_NEW)
		page->has_new = true;
	if (page->is_told_each)
		vec_push(work->arena, &page->decisions, decision);
	else if (decision->how == STORE_NEW)
		log_record(work, decision);
	return change_flush(work->change, work->store, work->error);
}

static enum outcome
take_record(const struct work *work, const struct record *record,
	    const struct salvage_left *left)
{
	const struct page *page = work->page;
	struct buf raw = BUF_INIT;
	struct pipeline_input input = {
		.name = page->key, .sender = "", .record = record,
		.failure = left ? left->sentence : NULL,
		.tenant = page->job.plan->tenant,
		.started = cursor_started(&page->job.row, &page->window,
					  &page->job.time),
	};

	if (left)
		buf_append(&raw, left->text, left->length);
	else if (record->json)
		json_print(record->json, &raw);
	input.raw = arena_strndup(work->arena, raw.data, raw.len);
	input.length = raw.len;
	buf_release(&raw);
	return take_input(work, &input);
}

/* What is no JSON. */
static enum outcome
take_left(const struct work *work)
{
	const struct poll_answer *answer = &work->page->answer;
	const struct record none = { .json = NULL };
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < answer->left.count && outcome == OUTCOME_OK; i++)
		outcome = take_record(work, &none, &answer->left.items[i]);
	return outcome;
}

/* In its incident, as far as that is known. */
static enum outcome
take_alert(const struct work *work, const struct source_record *one)
{
	struct record record = {
		.json = one->json,
		.asked = work->page->job.plan->source->name,
	};
	struct incident incident = { .name = NULL };
	enum outcome outcome = OUTCOME_OK;

	if (one->incident)
		outcome = incident_look(work->store,
					work->page->job.plan->tenant,
					one->incident, work->arena, &incident,
					work->error);
	record.incident_name = incident.name;
	return outcome == OUTCOME_OK ? take_record(work, &record, NULL) :
				       outcome;
}

static void
take_incident(const struct work *work, const struct source_record *one)
{
	const struct lane_job *job = &work->page->job;
	const struct store_incident incident = {
		.tenant = job->plan->tenant, .id = one->id, .name = one->name,
		.merged = one->merged,
	};

	change_put_incident(work->change, &incident, job->time.now);
}

/* An incident that cannot be read is set aside as an alert would be. */
static enum outcome
take_records(const struct work *work)
{
	struct page *page = work->page;
	bool gives_alerts = poll_gives_alerts(page->job.plan);
	const struct source_page *from = &page->answer.page;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < from->records.count && outcome == OUTCOME_OK; i++) {
		const struct source_record *one = &from->records.items[i];

		if (gives_alerts || !one->id)
			outcome = take_alert(work, one);
		else
			take_incident(work, one);
		if (one->changed > page->latest_out)
			page->latest_out = one->changed;
	}
	return outcome;
}

/* ---- incidents that are missed ---- */

static enum outcome
is_unknown(const struct work *work, const struct source_record *one,
	   bool *unknown_out)
{
	const struct poll_plan *plan = work->page->job.plan;
	struct store_known *known = NULL;
	struct store_incident *incident = NULL;
	enum outcome outcome = OUTCOME_OK;

	*unknown_out = false;
	if (!one->id || !one->incident)
		return OUTCOME_OK;
	outcome = store_known(work->store, plan->customer, one->id,
			      work->arena, &known, work->error);
	if (outcome != OUTCOME_OK || known)
		return outcome;
	outcome = store_incident(work->store, plan->tenant, one->incident,
				 work->arena, &incident, work->error);
	*unknown_out = !incident;
	return outcome;
}

/* Is there an alert that nobody knows, in an incident that nobody knows? */
static enum outcome
look_for_missed(const struct work *work)
{
	struct page *page = work->page;
	const struct source_page *from = &page->answer.page;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	page->misses = false;
	for (i = 0; page->may_miss && i < from->records.count &&
	     outcome == OUTCOME_OK && !page->misses; i++)
		outcome = is_unknown(work, &from->records.items[i],
				     &page->misses);
	return outcome;
}

/* ---- the row ---- */

/* What the first contact began with must hold for all its pages, so it is
 * written with the first one. */
static void
begin_row(struct page *page)
{
	struct lane_job *job = &page->job;

	job->row = job->was;
	job->is_written = !cursor_is_met(&job->was);
	if (job->is_written)
		cursor_meet(&job->row, &job->time, page->early_ms);
}

/* The latest change that the cursor may be at. */
static instant_ms
reached(const struct page *page)
{
	if (page->untold != TIME_UNKNOWN && page->untold < page->latest_out)
		return page->untold;
	return page->latest_out;
}

static enum outcome
move_row(const struct work *work)
{
	struct page *page = work->page;
	struct lane_job *job = &page->job;

	if (page->has_new)
		job->row.alerts = job->time.now;
	if (page->is_last) {
		cursor_move(&job->row, &page->window, &job->time,
			    reached(page));
		lane_job_recover(job, work->change);
	}
	job->is_written |= job->row.alerts != job->was.alerts ||
			   job->row.cursor != job->was.cursor ||
			   job->row.swept != job->was.swept ||
			   (page->is_last &&
			    job->time.now - page->written >
			    CURSOR_WRITTEN_MS);
	return job->is_written ? lane_job_put(job, work->store, work->change,
					      work->error) : OUTCOME_OK;
}

/* ---- the unit ---- */

static enum outcome
page_work(struct unit *unit, struct store *store, struct change *change,
	  struct arena *arena, struct buf *error)
{
	struct page *page = page_of(unit);
	const struct work work = { page, store, change, arena, error };
	enum outcome outcome = look_for_missed(&work);

	if (outcome != OUTCOME_OK || page->misses)
		return outcome;
	page->decisions.count = page->decisions.size = 0;
	page->decisions.items = NULL;
	page->latest_out = page->latest;
	begin_row(page);
	outcome = take_records(&work);
	if (outcome == OUTCOME_OK)
		outcome = take_left(&work);
	return outcome == OUTCOME_OK ? move_row(&work) : outcome;
}

static void
tell_each(const struct page *page, const struct poll_plan *plan)
{
	const struct lane_world *world = page->job.world;
	size_t i;

	for (i = 0; i < page->decisions.count; i++)
		world->each(world->context, plan, page->decisions.items[i]);
}

static void
go_on(struct page *page, struct lane *lane, enum outcome outcome,
      const char *error)
{
	if (outcome != OUTCOME_OK) {
		lane_end_run(lane);
		lane_fail_so(lane, TURN_LATER, error);
		return;
	}
	if (page->misses) {
		lane_await_names(lane);
		return;
	}
	tell_each(page, lane->plan);
	lane->latest = page->latest_out;
	lane_page_stored(lane, &page->answer);
}

static void
page_done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct page *page = page_of(unit);
	struct arena *arena = page->job.arena;
	struct lane *lane = lane_job_done(&page->job, outcome, error);

	if (lane)
		go_on(page, lane, outcome, error);
	json_destroy(&page->answer.document);
	free(page);
	arena_destroy(&arena);
}

void
lane_store(struct lane *lane, struct poll_answer *answer, bool is_last,
	   struct arena *arena)
{
	struct page *page = bug_alloc(sizeof(*page));

	*page = (struct page){
		.key = arena_strdup(arena, lane->key), .answer = *answer,
		.window = lane->window, .is_last = is_last,
		/* Nobody is told of what was there at the first contact. */
		/* What is planned behind a page that is cut holds but once. */
		.may_miss = lane_may_await_names(lane) && !answer->is_cut &&
			    !lane->cannot_count && !lane->is_stepping &&
			    (cursor_is_met(&lane->row) || lane->world->since),
		.is_told_each = lane->world->each,
		.early_ms = lane->world->chance(CURSOR_SWEEP_EVERY_MS),
		.latest = lane->latest, .untold = gaps_untold(&lane->gaps),
		.written = lane->written,
	};
	lane_job_begin(&page->job, lane, arena);
	if (is_last)
		lane_job_may_recover(&page->job);
	page->job.unit.work = page_work;
	page->job.unit.done = page_done;
	lane->state = LANE_STORING;
	lane_job_submit(&page->job);
}
