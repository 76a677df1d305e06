#include "ask/lane.h"

#include "base/log.h"

enum {
	/* No id is as long; a longer one would be in the store for ever. */
	ID_MOST = 200,
};

static instant_ms
change_of(const struct alert *alert)
{
	const char *text = alert_text(alert, ALERT_UPDATED);
	instant_ms when;

	if (!text)
		text = alert_text(alert, ALERT_CREATED);
	return text && clock_parse(text, &when) ? when : TIME_UNKNOWN;
}

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
		"api", poll_source_name(lane->plan->source), NULL);
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
	instant_ms change;
	enum outcome outcome = take(page, input, &decision, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	change = change_of(decision->alert);
	if (change > lane->latest)
		lane->latest = change;
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

/* An id: a text, or a whole number as one. NULL for anything else. */
static const char *
member_id(const struct json *object, const char *name, struct arena *arena)
{
	const struct json *member = json_member(object, name);
	const char *text = json_text(member);
	int64_t number = json_integer(member, -1);

	if (!text && number >= 0)
		text = arena_printf(arena, "%lld", (long long)number);
	return text && *text && strlen(text) <= ID_MOST ? text : NULL;
}

/* In its incident, as far as that is known. */
static enum outcome
record_alert(struct lane_page *page, const struct json *json,
	     struct buf *error)
{
	const char *id = member_id(json, "incidentId", page->arena);
	struct record record = { .json = json };
	struct incident incident = { .name = NULL };
	struct json *stands_in = NULL;
	enum outcome outcome = OUTCOME_OK;

	if (id)
		outcome = incident_look(page->lane->poller->world.store,
					page->lane->plan->tenant, id,
					page->arena, &incident, error);
	if (incident.name) {
		stands_in = json_object();
		json_set_text(stands_in, "displayName", incident.name);
		record.incident = stands_in;
	}
	if (outcome == OUTCOME_OK)
		outcome = record_one(page, &record, error);
	json_destroy(&stands_in);
	return outcome;
}

/* One that cannot be read is set aside as an alert would be. */
static enum outcome
record_incident(struct lane_page *page, const struct json *json,
		struct buf *error)
{
	struct lane *lane = page->lane;
	const char *updated = json_text(json_member(json,
						    "lastUpdateDateTime"));
	const struct record record = { .json = json };
	struct store_incident incident = {
		.tenant = lane->plan->tenant,
		.id = member_id(json, "id", page->arena),
		.name = record_incident_name(json, page->arena),
		.merged = member_id(json, "redirectIncidentId", page->arena),
	};
	instant_ms when;

	if (!incident.id)
		return record_one(page, &record, error);
	if (incident.merged && !strcmp(incident.merged, incident.id))
		incident.merged = NULL;
	if (updated && clock_parse(updated, &when) && when > lane->latest)
		lane->latest = when;
	return store_incident_put(lane->poller->world.store, &incident,
				  lane_now(lane), error);
}

static enum outcome
record_records(struct lane_page *page, const struct json *document,
	       struct buf *error)
{
	bool is_incidents = poll_is_incidents(page->lane->plan);
	const struct json *one = json_first(json_member(document, "value"));
	enum outcome outcome = OUTCOME_OK;

	for (; one && outcome == OUTCOME_OK; one = json_next(one))
		outcome = is_incidents ? record_incident(page, one, error) :
					 record_alert(page, one, error);
	return outcome;
}

static bool
is_unknown(struct lane *lane, const struct json *alert, struct arena *arena)
{
	struct store *store = lane->poller->world.store;
	const char *id = member_id(alert, "id", arena);
	const char *stands_in = member_id(alert, "incidentId", arena);
	struct store_known *known = NULL;
	struct store_incident *incident = NULL;
	struct buf error = BUF_INIT;
	bool found = id && stands_in &&
		store_known(store, lane->plan->customer, id, arena, &known,
			    &error) == OUTCOME_OK && !known &&
		store_incident(store, lane->plan->tenant, stands_in, arena,
			       &incident, &error) == OUTCOME_OK && !incident;

	/* What is wrong with the store is said when the page is stored. */
	buf_release(&error);
	return found;
}

bool
lane_misses_incident(struct lane *lane, const struct json *document)
{
	const struct json *one = json_first(json_member(document, "value"));
	struct arena *arena = arena_create();
	bool found = false;

	/* Nobody is told of what was there at the first contact. */
	if (cursor_is_met(&lane->row) || lane->poller->world.since)
		for (; one && !found; one = json_next(one))
			found = is_unknown(lane, one, arena);
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
lane_record_page(struct lane_page *page, const struct json *document,
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
	outcome = record_records(page, document, error);
	if (outcome == OUTCOME_OK)
		outcome = move_row(page, is_new, is_last, error);
	outcome = store_end(store, outcome, error);
	if (outcome != OUTCOME_OK) {
		lane->row = before;
		lane->written = written;
	}
	return outcome;
}
