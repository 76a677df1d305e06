#include "hold/again.h"

#include "base/text.h"
#include "hold/incident_mail.h"

enum {
	/* An unknown severity is at least anything. */
	RANK_UNKNOWN = SEVERITY_CRITICAL + 1,
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

/* ---- severity ---- */

/* As it is remembered: one that nobody understands is "unknown", and one that
 * is not stated at all, NULL, is no news. */
static const char *
severity_of(const struct alert *alert)
{
	const char *text = alert_text(alert, ALERT_SEVERITY);

	if (alert->fields[ALERT_SEVERITY].incomplete ||
	    (text && severity_parse(text) == SEVERITY_UNKNOWN))
		return "unknown";
	return text;
}

/* What is not known may be worse, so to become unknown is news as well, and to
 * be known again. */
static const char *
describe_severity(const char *before, const char *now, struct arena *arena)
{
	if (severity_parse(before) == SEVERITY_UNKNOWN)
		return arena_printf(arena, "The severity was not known, and "
				    "is %s.", now);
	if (severity_parse(now) == SEVERITY_UNKNOWN)
		return arena_printf(arena, "The severity was %s, and is not "
				    "known any more.", before);
	return arena_printf(arena, "The severity was raised from %s to %s.",
			    before, now);
}

static bool
find_severity_news(struct again *again, struct arena *arena)
{
	const char *before = again->state->known->severity;
	const char *now = severity_of(again->alert);
	enum severity from, to;

	if (!before || !now)
		return false;
	from = severity_parse(before);
	to = severity_parse(now);
	if (from == to || (to < from && to != SEVERITY_UNKNOWN))
		return false;
	again->kind = AGAIN_RAISED;
	again->was = before;
	again->news = describe_severity(before, now, arena);
	return true;
}

/* ---- devices: names, and how many were not read, if any ---- */

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

static bool
find_new_devices(struct again *again)
{
	const struct alert_values *values = &again->alert->fields[ALERT_DEVICE];
	struct json *devices = known_devices(again->state->known);
	size_t i;

	for (i = 0; i < values->count; i++) {
		if (has_device(devices, values->items[i].text))
			continue;
		if (!again->devices++)
			again->device = values->items[i].text;
	}
	json_destroy(&devices);
	return again->devices;
}

static int64_t
unread_devices(const struct json *devices)
{
	const struct json *one = json_first(devices);
	int64_t count = 0;

	for (; one; one = json_next(one))
		count = json_integer(one, count);
	return count;
}

static const char *
describe_devices(const struct again *again, struct arena *arena)
{
	if (!again->devices)
		return arena_printf(arena, "A device may have been added: %s.",
			again->alert->fields[ALERT_DEVICE].incomplete);
	if (again->devices == 1)
		return arena_printf(arena, "A device was added: %s.",
				    again->device);
	return arena_printf(arena, "%zu devices were added, the first is %s.",
			    again->devices, again->device);
}

static bool
find_device_news(struct again *again, struct arena *arena)
{
	const struct alert_values *values = &again->alert->fields[ALERT_DEVICE];
	struct json *devices = known_devices(again->state->known);
	bool is_more = (int64_t)values->unread > unread_devices(devices);

	json_destroy(&devices);
	if (!find_new_devices(again) && !is_more)
		return false;
	again->news = describe_devices(again, arena);
	return true;
}

/* Those that were known and those that it names now. A mail names fewer than
 * the API, so it takes back no doubt. */
static const char *
all_devices(const struct again *again, struct arena *arena)
{
	const struct alert_values *values = &again->alert->fields[ALERT_DEVICE];
	struct json *was = known_devices(again->state->known);
	struct json *devices = json_array();
	int64_t unread = (int64_t)values->unread;
	const struct json *one = json_first(was);
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	for (; one; one = json_next(one))
		if (json_text(one))
			json_add_text(devices, json_text(one));
	for (i = 0; i < values->count; i++)
		if (!has_device(devices, values->items[i].text))
			json_add_text(devices, values->items[i].text);
	if (!again->by_api && unread < unread_devices(was))
		unread = unread_devices(was);
	if (unread)
		json_add_integer(devices, unread);
	json_print(devices, &text);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	json_destroy(&devices);
	json_destroy(&was);
	return copy;
}

/* ---- looking ---- */

static bool
is_resolved(const char *status)
{
	return status && text_same(status, "resolved");
}

static const char *
status_of(const struct alert *alert)
{
	return alert->fields[ALERT_STATUS].incomplete ? NULL :
	       alert_text(alert, ALERT_STATUS);
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
	const char *status = status_of(again->alert);

	if (is_resolved(status)) {
		if (!is_resolved(was->status))
			again->change = "it was resolved";
		return;
	}
	if (find_severity_news(again, arena))
		return;
	if (is_resolved(was->status) && (again->by_api || status)) {
		again->kind = AGAIN_REOPENED;
		again->news = "The alert was resolved and is open again.";
	/* A mail names few devices, so the first record brings no news. */
	} else if ((was->digest || !again->by_api) &&
		   find_device_news(again, arena)) {
		again->kind = AGAIN_DEVICE;
	} else {
		again->change = "it was changed";
	}
}

/* Whose time is not known is not known to be older. */
static bool
is_older(const struct again *again)
{
	instant_ms updated = updated_of(again);

	return updated != TIME_UNKNOWN &&
	       updated < again->state->known->updated;
}

void
again_look(struct again *again, struct arena *arena)
{
	const struct store_known *was = again->state->known;

	again->by_api = again->digest != NULL;
	if (!was)
		return;
	again->same = again->digest && was->digest &&
		(!strcmp(was->digest, again->digest) || is_older(again));
	if (!again->same)
		find_news(again, arena);
}

/* ---- the table ---- */

/* Was the later one made, or did it come, and the earlier one was told not
 * longer after or before that than the line says? */
static bool
is_in_time(const struct again *again, const struct cover *line,
	   const struct store_told *told)
{
	const char *created = alert_text(again->alert, ALERT_CREATED);
	instant_ms when;

	if (!line->within_ms)
		return true;
	if (!again->by_api)
		return again->now - told->at <= line->within_ms;
	return created && clock_parse(created, &when) && told->at >= when &&
	       told->at - when <= line->within_ms;
}

static bool
has_title(const struct alert *alert, const char *title)
{
	const char *own = alert->fields[ALERT_TITLE].incomplete ? NULL :
			  alert_text(alert, ALERT_TITLE);

	return own && title && text_same(own, title);
}

static bool
names_device(const struct alert_values *devices, const char *name)
{
	size_t i;

	for (i = 0; i < devices->count; i++)
		if (is_same_host(devices->items[i].text, name))
			return true;
	return false;
}

/* Has it devices, all of which are known, and does the other name them? */
static bool
are_devices_among(const struct alert *alert, const struct alert *other)
{
	const struct alert_values *own = &alert->fields[ALERT_DEVICE];
	size_t i;

	for (i = 0; i < own->count; i++)
		if (!names_device(&other->fields[ALERT_DEVICE],
				  own->items[i].text))
			return false;
	return own->count > 0 && !own->incomplete;
}

static bool
looks_alike(const struct again *again, const struct alert *other)
{
	const char *incident = again->state->incident.name;

	return has_title(again->alert, alert_text(other, ALERT_TITLE)) ||
	       (!again->by_api && has_title(again->alert, incident)) ||
	       are_devices_among(again->alert, other);
}

/* The earlier one was told of an incident: is it about the same alert? */
static bool
is_same_in_incident(const struct again *again, const struct cover *line,
		    const struct store_told *told)
{
	const char *id = text_of(again->alert, ALERT_ALERT);
	const struct store_tolds *tolds = &again->state->tolds;
	const struct alert *said = hold_said(again->state, told->alert);
	enum incident_mail_bond bond = INCIDENT_MAIL_FREE;

	if (line->proof & COVER_ONCE)
		bond = incident_mail_bond(tolds, told->alert, id);
	if (bond != INCIDENT_MAIL_FREE)
		return bond == INCIDENT_MAIL_OURS;
	return said && looks_alike(again, said);
}

static bool
is_same(const struct again *again, const struct cover *line,
	const struct store_told *told)
{
	const char *id = text_of(again->alert, ALERT_ALERT);

	if (line->identity == COVER_SAME_ALERT)
		return *id && !strcmp(told->alert, id);
	/* A mail that names its alert is known by that. */
	if (line->identity != COVER_SAME_INCIDENT || (!again->by_api && *id))
		return false;
	if (line->earlier == COVER_MAIL && !incident_mail_code(told->alert))
		return false;
	return is_in_time(again, line, told) &&
	       is_same_in_incident(again, line, told);
}

/* Is the proof there that the line wants, but for that of the earlier one,
 * which would not be known without? */
static bool
is_enough(const struct again *again, const struct cover *line)
{
	bool is_calm = !again->news, is_read = again->is_completed;

	return (!(line->proof & COVER_NO_NEWS) || is_calm) &&
	       (!(line->proof & COVER_API_READ) || is_read) &&
	       (!(line->proof & COVER_API_OR_NO_NEWS) || is_calm || is_read) &&
	       (!(line->proof & COVER_WORDLESS) || !again->has_words);
}

static bool
covers(const struct again *again, const struct cover *line,
       const struct store_told *told)
{
	bool by_api = !strcmp(told->road, "api");

	return by_api == (line->earlier == COVER_API) &&
	       (!(line->proof & COVER_AS_SEVERE) ||
		told->rank >= rank_of(again->alert)) &&
	       is_same(again, line, told);
}

static bool
may_apply(const struct again *again, const struct cover *line, bool is_for_all)
{
	return line->later == (again->by_api ? COVER_API : COVER_MAIL) &&
	       line->is_for_all == is_for_all && is_enough(again, line);
}

/* By the code of the earlier one's item. */
static struct again_cover
cover_by(const struct again *again, const struct cover *line,
	 const struct store_told *told)
{
	const struct store_known *known = again->state->known;
	struct again_cover cover = { line, NULL, told };

	if (line->identity == COVER_SAME_INCIDENT)
		cover.code = hold_said_code(again->state, told->alert);
	else if (known)
		cover.code = known->code;
	return cover;
}

/* By what was told; `recipient`, folded, or NULL for anybody. */
static struct again_cover
find_told(const struct again *again, const struct cover *line,
	  const char *recipient)
{
	const struct store_tolds *tolds = &again->state->tolds;
	size_t i;

	for (i = 0; i < tolds->count; i++) {
		const struct store_told *told = &tolds->items[i];

		if ((!recipient || !strcmp(told->recipient, recipient)) &&
		    covers(again, line, told))
			return cover_by(again, line, told);
	}
	return (struct again_cover){ .line = NULL };
}

/* ---- telling ---- */

/* Did an API give it, whomever that told? */
static bool
was_given(const struct again *again, const struct cover *line)
{
	const struct store_known *known = again->state->known;

	return known && known->api != TIME_UNKNOWN &&
	       line->earlier == COVER_API &&
	       line->identity == COVER_SAME_ALERT;
}

struct again_cover
again_covers_all(const struct again *again)
{
	struct again_cover found = { .line = NULL };
	const struct cover *line;

	for (line = cover_table; line->name && !found.line; line++) {
		if (!may_apply(again, line, true))
			continue;
		found = was_given(again, line) ? cover_by(again, line, NULL)
					       : find_told(again, line, NULL);
	}
	return found;
}

struct again_cover
again_told(const struct again *again, struct arena *arena,
	   const char *recipient)
{
	const char *folded = text_fold(arena, recipient);
	struct again_cover found = { .line = NULL };
	const struct cover *line;

	for (line = cover_table; line->name && !found.line; line++)
		if (may_apply(again, line, false))
			found = find_told(again, line, folded);
	return found;
}

/* ---- remembering ---- */

static bool
counts(const struct again *again)
{
	return *text_of(again->alert, ALERT_CUSTOMER) && again->is_proven;
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
		known.severity = severity_of(alert);
		known.status = status_of(alert);
		if (updated_of(again) != TIME_UNKNOWN)
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

/* By which name it is remembered. */
static const char *
told_name(const struct again *again, const char *code, struct arena *arena)
{
	const char *id = text_of(again->alert, ALERT_ALERT);

	return *id || !*text_of(again->alert, ALERT_INCIDENT) || again->by_api ?
		id : incident_mail_name(code, arena);
}

void
again_remember_told(const struct again *again, const char *code,
		    const char *recipient, struct change *change)
{
	const struct alert *alert = again->alert;
	const struct store_told told = {
		.alert = told_name(again, code, change->arena),
		.incident = text_of(alert, ALERT_INCIDENT),
		.recipient = text_fold(change->arena, recipient),
		.road = again->by_api ? "api" : "mail",
		.rank = rank_of(alert),
		.at = again->now,
	};

	if (counts(again) && (*told.alert || *told.incident))
		change_put_told(change, text_of(alert, ALERT_CUSTOMER), &told);
}

void
again_remember_cover(const struct again *again,
		     const struct again_cover *cover, struct change *change)
{
	const char *id = text_of(again->alert, ALERT_ALERT);
	struct store_told bond;

	if (!cover->line || !(cover->line->proof & COVER_ONCE) || !*id)
		return;
	bond = *cover->told;
	bond.alert = incident_mail_bind(bond.alert, id, change->arena);
	change_put_told(change, text_of(again->alert, ALERT_CUSTOMER), &bond);
}
