#include "hold/again.h"

#include "base/text.h"

enum {
	/* An unknown severity is at least anything. */
	RANK_UNKNOWN = SEVERITY_CRITICAL + 1,
	/* Both roads of one alert end within this time of each other. */
	ROADS_MS = 30 * 60000,
	DAY_MS = 24 * 3600 * 1000,
};

static const char *
text_of(const struct alert *alert, enum alert_field field)
{
	const char *text = alert_text(alert, field);

	return text ? text : "";
}

static int
rank_of(const struct alert *alert)
{
	enum severity severity = alert_severity(alert);

	return severity == SEVERITY_UNKNOWN ? RANK_UNKNOWN : (int)severity;
}

/* ---- devices ---- */

/* By full name, or by first label when one of them has no more. */
static bool
is_same_host(const char *a, const char *b)
{
	size_t left = strcspn(a, "."), right = strcspn(b, ".");

	if (text_same(a, b))
		return true;
	return (!a[left] || !b[right]) && left == right &&
	       !strncasecmp(a, b, left);
}

static bool
has_device(const struct json *devices, const char *name)
{
	const struct json *one = json_first(devices);

	for (; one; one = json_next(one))
		if (json_text(one) && is_same_host(json_text(one), name))
			return true;
	return false;
}

static struct json *
known_devices(const struct store_known *was)
{
	struct buf error = BUF_INIT;
	struct json *devices = was ? json_parse(was->devices,
						strlen(was->devices), &error)
				   : NULL;

	buf_release(&error);
	return devices ? devices : json_array();
}

static const char *
first_new_device(const struct store_known *was, const struct alert *alert)
{
	const struct alert_values *values = &alert->fields[ALERT_DEVICE];
	struct json *devices = known_devices(was);
	const char *found = NULL;
	size_t i;

	for (i = 0; i < values->count && !found; i++)
		if (!has_device(devices, values->items[i].text))
			found = values->items[i].text;
	json_destroy(&devices);
	return found;
}

/* Those that were known and those that it names now. */
static const char *
all_devices(const struct again *again, struct arena *arena)
{
	const struct alert_values *values = &again->alert->fields[ALERT_DEVICE];
	struct json *devices = known_devices(again->was);
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	for (i = 0; i < values->count; i++)
		if (!has_device(devices, values->items[i].text))
			json_add_text(devices, values->items[i].text);
	json_print(devices, &text);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	json_destroy(&devices);
	return copy;
}

/* ---- looking ---- */

static bool
is_resolved(const char *status)
{
	return status && text_same(status, "resolved");
}

/* A time of the future is not true, and would make all that follows older. */
static instant_ms
updated_of(const struct again *again)
{
	const char *text = alert_text(again->alert, ALERT_UPDATED);
	instant_ms when;

	return text && clock_parse(text, &when) && when < again->now + DAY_MS ?
	       when : TIME_UNKNOWN;
}

static void
find_news(struct again *again, struct arena *arena)
{
	const struct store_known *was = again->was;
	const char *severity = alert_text(again->alert, ALERT_SEVERITY);
	const char *status = alert_text(again->alert, ALERT_STATUS);
	enum severity before = was->severity ? severity_parse(was->severity)
					     : SEVERITY_UNKNOWN;
	const char *device;

	if (is_resolved(status)) {
		if (!is_resolved(was->status))
			again->change = "it was resolved";
		return;
	}
	if (before != SEVERITY_UNKNOWN &&
	    alert_severity(again->alert) > before)
		again->news = arena_printf(arena, "The severity was raised "
					   "from %s to %s.", was->severity,
					   severity);
	else if (is_resolved(was->status) && (again->by_api || status))
		again->news = "The alert was resolved and is open again.";
	/* A mail names few devices, so the first record brings no news. */
	else if ((was->digest || !again->by_api) &&
		 (device = first_new_device(was, again->alert)))
		again->news = arena_printf(arena, "A device was added: %s.",
					   device);
	else
		again->change = "it was changed";
}

/* Who was told of the alert, or of anything in the incident or in what was
 * merged with it. */
static enum outcome
find_tolds(struct store *store, struct again *again,
	   const struct incident *incident, struct arena *arena,
	   struct buf *error)
{
	const char *customer = text_of(again->alert, ALERT_CUSTOMER);
	const char *id = text_of(again->alert, ALERT_ALERT);
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	if (!incident->ids.count)
		return store_tolds(store, customer, id, "", arena,
				   &again->tolds, error);
	for (i = 0; i < incident->ids.count && outcome == OUTCOME_OK; i++)
		outcome = store_tolds(store, customer, i ? "" : id,
				      incident->ids.items[i], arena,
				      &again->tolds, error);
	return outcome;
}

static enum outcome
look_up(struct store *store, struct again *again,
	const struct incident *incident, struct arena *arena,
	struct buf *error)
{
	const struct alert *alert = again->alert;
	struct store_known *was = NULL;
	enum outcome outcome = OUTCOME_OK;

	if (*text_of(alert, ALERT_ALERT))
		outcome = store_known(store, text_of(alert, ALERT_CUSTOMER),
				      text_of(alert, ALERT_ALERT), arena, &was,
				      error);
	again->was = was;
	if (outcome != OUTCOME_OK)
		return outcome;
	return find_tolds(store, again, incident, arena, error);
}

enum outcome
again_look(struct store *store, const struct alert *alert,
	   const struct incident *incident, const char *digest, instant_ms now,
	   struct arena *arena, struct again *again_out, struct buf *error)
{
	enum outcome outcome;

	*again_out = (struct again){
		.alert = alert, .by_api = digest != NULL, .digest = digest,
		.now = now,
	};
	if (!*text_of(alert, ALERT_CUSTOMER))
		return OUTCOME_OK;
	outcome = look_up(store, again_out, incident, arena, error);
	if (outcome != OUTCOME_OK || !again_out->was)
		return outcome;
	again_out->same = digest && again_out->was->digest &&
		(!strcmp(again_out->was->digest, digest) ||
		 updated_of(again_out) < again_out->was->updated);
	if (!again_out->same)
		find_news(again_out, arena);
	return OUTCOME_OK;
}

/* ---- telling ---- */

/* Was that told soon after the alert was made? */
static bool
follows(const struct store_told *told, const struct alert *alert)
{
	const char *created = alert_text(alert, ALERT_CREATED);
	instant_ms when;

	return created && clock_parse(created, &when) && told->at >= when &&
	       told->at - when <= ROADS_MS;
}

static bool
covers(const struct again *again, const struct store_told *told)
{
	const char *id = text_of(again->alert, ALERT_ALERT);
	bool as_severe = told->rank >= rank_of(again->alert);

	if (*id && !strcmp(told->alert, id))
		return again->by_api || !strcmp(told->road, "api") || as_severe;
	if (again->by_api)	/* told by a mail about the incident? */
		return !*told->alert && as_severe &&
		       follows(told, again->alert);
	return !*id && !strcmp(told->road, "api") && as_severe &&
	       again->is_completed && again->now - told->at <= ROADS_MS;
}

bool
again_is_covered(const struct again *again)
{
	size_t i;

	if (again->by_api)
		return false;
	if (again->was && again->was->api != TIME_UNKNOWN)
		return again->is_completed || !again->news;
	for (i = 0; i < again->tolds.count; i++)
		if (!strcmp(again->tolds.items[i].road, "api") &&
		    covers(again, &again->tolds.items[i]))
			return true;
	return false;
}

bool
again_told(const struct again *again, struct arena *arena,
	   const char *recipient)
{
	const char *folded = text_fold(arena, recipient);
	size_t i;

	if (again->news)
		return false;
	for (i = 0; i < again->tolds.count; i++)
		if (!strcmp(again->tolds.items[i].recipient, folded) &&
		    covers(again, &again->tolds.items[i]))
			return true;
	return false;
}

/* ---- remembering ---- */

static bool
counts(const struct again *again)
{
	const char *authentic = alert_text(again->alert, ALERT_AUTHENTIC);

	return *text_of(again->alert, ALERT_CUSTOMER) &&
	       authentic && !strcmp(authentic, "pass");
}

enum outcome
again_remember(struct store *store, const struct again *again, int64_t item,
	       instant_ms now, struct arena *arena, struct buf *error)
{
	const struct alert *alert = again->alert;
	struct store_known known = {
		.mail = TIME_UNKNOWN, .api = TIME_UNKNOWN,
		.updated = TIME_UNKNOWN,
	};

	if (!counts(again) || !*text_of(alert, ALERT_ALERT))
		return OUTCOME_OK;
	if (again->was)
		known = *again->was;
	known.customer = text_of(alert, ALERT_CUSTOMER);
	known.alert = text_of(alert, ALERT_ALERT);
	if (!known.item)
		known.item = item;
	known.seen = now;
	/* What the API says is newer than any mail. */
	if (again->by_api || known.api == TIME_UNKNOWN) {
		known.severity = alert_text(alert, ALERT_SEVERITY);
		known.status = alert_text(alert, ALERT_STATUS);
		known.updated = updated_of(again);
	}
	known.devices = all_devices(again, arena);
	if (again->by_api)
		known.digest = again->digest;
	if (again->by_api && known.api == TIME_UNKNOWN)
		known.api = now;
	if (!again->by_api && known.mail == TIME_UNKNOWN)
		known.mail = now;
	return store_known_put(store, &known, error);
}

enum outcome
again_remember_told(struct store *store, const struct again *again,
		    const char *recipient, instant_ms now, struct arena *arena,
		    struct buf *error)
{
	const struct alert *alert = again->alert;
	struct store_told told = {
		.alert = text_of(alert, ALERT_ALERT),
		.incident = text_of(alert, ALERT_INCIDENT),
		.recipient = text_fold(arena, recipient),
		.road = again->by_api ? "api" : "mail",
		.rank = rank_of(alert),
		.at = now,
	};

	if (!counts(again) || (!*told.alert && !*told.incident))
		return OUTCOME_OK;
	return store_told_put(store, text_of(alert, ALERT_CUSTOMER), &told,
			      error);
}
