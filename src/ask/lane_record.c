#include "ask/lane.h"

#include "base/log.h"

static void
log_record(const struct lane *lane, const struct pipeline_decision *decision,
	   const char *code)
{
	const struct alert *alert = decision->alert;
	char count[32];

	(void)snprintf(count, sizeof(count), "%zu", decision->plans.count);
	(decision->action == PIPELINE_HOLD ? log_warning : log_info)(
		pipeline_action_names[decision->action], "code", code,
		"customer", alert_text(alert, ALERT_CUSTOMER),
		"rule", decision->rule,
		"severity", alert_text(alert, ALERT_SEVERITY),
		"alert", alert_text(alert, ALERT_ALERT),
		"recipients", count, "reason", decision->reason,
		"news", decision->news,
		"title", alert_text(alert, ALERT_TITLE),
		"tenant", lane->plan->tenant,
		"api", lane->plan->source->name, NULL);
}

static enum outcome
take(struct lane_page *page, const struct pipeline_input *input,
     struct pipeline_decision **decision_out, struct buf *error)
{
	struct poller *poller = page->lane->poller;
	struct change change;
	enum outcome outcome;

	change_init(&change, page->arena);
	outcome = pipeline_take(poller_rules(poller), poller->world.store,
				input, lane_now(page->lane), &change,
				decision_out, error);
	if (outcome == OUTCOME_OK)
		outcome = change_apply(&change, poller->world.store, error);
	if (outcome == OUTCOME_OK)
		change_say(&change);
	return outcome;
}

static enum outcome
record_input(struct lane_page *page, const struct pipeline_input *input,
	     struct buf *error)
{
	struct lane *lane = page->lane;
	struct poller *poller = lane->poller;
	struct pipeline_decision *decision;
	enum outcome outcome = take(page, input, &decision, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (decision->how == STORE_NEW)
		page->count++;
	if (decision->how == STORE_NEW && !poller->world.each)
		log_record(lane, decision, decision->code);
	if (poller->world.each)
		poller->world.each(poller->world.context, lane->plan, decision,
				   decision->how);
	return OUTCOME_OK;
}

static enum outcome
record_one(struct lane_page *page, const struct record *record,
	   struct buf *error)
{
	struct lane *lane = page->lane;
	struct cursor_time time = lane_time(lane);
	struct buf raw = BUF_INIT;
	struct pipeline_input input = {
		.name = lane->key, .sender = "", .record = record,
		.tenant = lane->plan->tenant,
		.started = cursor_started(&lane->row, &lane->window, &time),
	};

	if (record->json)
		json_print(record->json, &raw);
	input.raw = arena_strndup(page->arena, raw.data, raw.len);
	input.length = raw.len;
	buf_release(&raw);
	return record_input(page, &input, error);
}

/* In its incident, as far as that is known. */
static enum outcome
record_alert(struct lane_page *page, const struct source_record *one,
	     struct buf *error)
{
	struct record record = { .json = one->json };
	struct incident incident = { .name = NULL };
	enum outcome outcome = OUTCOME_OK;

	if (one->incident)
		outcome = incident_look(page->lane->poller->world.store,
					page->lane->plan->tenant,
					one->incident, page->arena, &incident,
					error);
	record.incident_name = incident.name;
	return outcome == OUTCOME_OK ? record_one(page, &record, error)
				     : outcome;
}

static enum outcome
record_incident(struct lane_page *page, const struct source_record *one,
		struct buf *error)
{
	const struct lane *lane = page->lane;
	const struct store_incident incident = {
		.tenant = lane->plan->tenant, .id = one->id, .name = one->name,
		.merged = one->merged,
	};

	return store_incident_put(lane->poller->world.store, &incident,
				  lane_now(lane), error);
}

/* An incident that cannot be read is set aside as an alert would be. */
static enum outcome
record_records(struct lane_page *page, const struct source_page *from,
	       struct buf *error)
{
	struct lane *lane = page->lane;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < from->records.count && outcome == OUTCOME_OK; i++) {
		const struct source_record *one = &from->records.items[i];

		outcome = poll_gives_alerts(lane->plan) || !one->id ?
			  record_alert(page, one, error) :
			  record_incident(page, one, error);
		if (one->changed > lane->latest)
			lane->latest = one->changed;
	}
	return outcome;
}

static bool
is_unknown(struct lane *lane, const struct source_record *one,
	   struct arena *arena)
{
	struct store *store = lane->poller->world.store;
	struct store_known *known = NULL;
	struct store_incident *incident = NULL;
	struct buf error = BUF_INIT;
	bool found = one->id && one->incident &&
		store_known(store, lane->plan->customer, one->id, arena,
			    &known, &error) == OUTCOME_OK && !known &&
		store_incident(store, lane->plan->tenant, one->incident, arena,
			       &incident, &error) == OUTCOME_OK && !incident;

	/* What is wrong with the store is said when the page is stored. */
	buf_release(&error);
	return found;
}

bool
lane_misses_incident(struct lane *lane, const struct source_page *page)
{
	struct arena *arena = arena_create();
	bool found = false;
	size_t i;

	/* Nobody is told of what was there at the first contact. */
	if (cursor_is_met(&lane->row) || lane->poller->world.since)
		for (i = 0; i < page->records.count && !found; i++)
			found = is_unknown(lane, &page->records.items[i],
					   arena);
	arena_destroy(&arena);
	return found;
}

/* In the transaction of each page. What the first contact began with must hold
 * for all its pages, so it is written with the first one. */
static enum outcome
move_row(struct lane_page *page, bool is_new, bool is_last, struct buf *error)
{
	struct lane *lane = page->lane;
	struct cursor_time time = lane_time(lane);
	struct store_poll before = lane->row;

	if (page->count)
		lane->row.alerts = time.now;
	if (is_last)
		cursor_move(&lane->row, &lane->window, &time, lane->latest);
	if (is_new || lane->row.alerts != before.alerts ||
	    lane->row.cursor != before.cursor ||
	    lane->row.swept != before.swept ||
	    (is_last && time.now - lane->written > CURSOR_WRITTEN_MS))
		return lane_put_row(lane, error);
	return OUTCOME_OK;
}

enum outcome
lane_record_page(struct lane_page *page, const struct source_page *from,
		 bool is_last, struct buf *error)
{
	struct lane *lane = page->lane;
	struct store *store = lane->poller->world.store;
	struct store_poll before = lane->row;
	instant_ms written = lane->written;
	struct cursor_time time = lane_time(lane);
	bool is_new = !cursor_is_met(&lane->row);
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (is_new)
		cursor_meet(&lane->row, &time,
			    lane_random(CURSOR_SWEEP_EVERY_MS));
	outcome = record_records(page, from, error);
	if (outcome == OUTCOME_OK)
		outcome = move_row(page, is_new, is_last, error);
	outcome = store_end(store, outcome, error);
	if (outcome != OUTCOME_OK) {
		lane->row = before;
		lane->written = written;
	}
	return outcome;
}
