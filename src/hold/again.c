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
	struct json *devices = known_devices(again->state->known);
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
	const struct store_known *was = again->state->known;
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

void
again_look(struct again *again, struct arena *arena)
{
	const struct store_known *was = again->state->known;

	again->by_api = again->digest != NULL;
	if (!was)
		return;
	again->same = again->digest && was->digest &&
		(!strcmp(was->digest, again->digest) ||
		 updated_of(again) < was->updated);
	if (!again->same)
		find_news(again, arena);
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
	const struct store_known *known = again->state->known;
	const struct store_tolds *tolds = &again->state->tolds;
	size_t i;

	if (again->by_api)
		return false;
	if (known && known->api != TIME_UNKNOWN)
		return again->is_completed || !again->news;
	for (i = 0; i < tolds->count; i++)
		if (!strcmp(tolds->items[i].road, "api") &&
		    covers(again, &tolds->items[i]))
			return true;
	return false;
}

bool
again_told(const struct again *again, struct arena *arena,
	   const char *recipient)
{
	const struct store_tolds *tolds = &again->state->tolds;
	const char *folded = text_fold(arena, recipient);
	size_t i;

	if (again->news)
		return false;
	for (i = 0; i < tolds->count; i++)
		if (!strcmp(tolds->items[i].recipient, folded) &&
		    covers(again, &tolds->items[i]))
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

static struct store_known
known_now(const struct again *again, int64_t item, struct arena *arena)
{
	const struct alert *alert = again->alert;
	struct store_known known = {
		.mail = TIME_UNKNOWN, .api = TIME_UNKNOWN,
		.updated = TIME_UNKNOWN,
	};

	if (again->state->known)
		known = *again->state->known;
	known.customer = text_of(alert, ALERT_CUSTOMER);
	known.alert = text_of(alert, ALERT_ALERT);
	if (!known.item)
		known.item = item;
	known.seen = again->now;
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
		known.api = again->now;
	if (!again->by_api && known.mail == TIME_UNKNOWN)
		known.mail = again->now;
	return known;
}

void
again_remember(const struct again *again, int64_t item, struct change *change)
{
	struct store_known known;

	if (!counts(again) || !*text_of(again->alert, ALERT_ALERT))
		return;
	known = known_now(again, item, change->arena);
	change_put_known(change, &known);
}

void
again_remember_told(const struct again *again, const char *recipient,
		    struct change *change)
{
	const struct alert *alert = again->alert;
	const struct store_told told = {
		.alert = text_of(alert, ALERT_ALERT),
		.incident = text_of(alert, ALERT_INCIDENT),
		.recipient = text_fold(change->arena, recipient),
		.road = again->by_api ? "api" : "mail",
		.rank = rank_of(alert),
		.at = again->now,
	};

	if (counts(again) && (*told.alert || *told.incident))
		change_put_told(change, text_of(alert, ALERT_CUSTOMER), &told);
}
