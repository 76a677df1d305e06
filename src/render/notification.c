#include "render/notification.h"

#include "base/text.h"
#include "base/vec.h"

enum {
	/* Gmail cuts mails of more than 102 KB, and nobody reads a hundred
	 * names on a phone; how many are left out is said. */
	VALUES_MOST = 10,
	/* In octets. A hostile title may have 100 KB. */
	TITLE_MOST = 300,
	VALUE_MOST = 500,
	DESCRIPTION_MOST = 4000,
	/* Browsers and Outlook follow links up to about this many octets. */
	LINK_MOST = 2000,
};

#define PORTAL "https://security.microsoft.com/"

/* The first of them is shown as the alert's time. */
static const enum alert_field times[] = {
	ALERT_CREATED, ALERT_FIRST_ACTIVITY, ALERT_LAST_ACTIVITY,
	ALERT_UPDATED,
};

static const char *
clean(struct arena *arena, enum alert_field field, const char *text)
{
	return text_cut(arena, text_fold_space(arena, text, strlen(text)),
			field == ALERT_TITLE ? TITLE_MOST : VALUE_MOST);
}

/* The first value, fit to be shown, or NULL. */
static const char *
first(struct arena *arena, const struct notification *notification,
      enum alert_field field)
{
	const char *text = alert_text(notification->alert, field);

	return text ? clean(arena, field, text) : NULL;
}

static const char *
word(const struct notification *notification, const char *key)
{
	const char *text = words_text(notification->words, key);

	return text ? text : key;
}

const char *
notification_customer(struct arena *arena,
		      const struct notification *notification)
{
	const char *claimed = first(arena, notification, ALERT_ORGANIZATION);
	const char *unknown = word(notification, "customer-unknown");

	if (notification->customer)
		return clean(arena, ALERT_CUSTOMER, notification->customer);
	return claimed ? arena_printf(arena, "%s (%s)", unknown, claimed) :
		unknown;
}

/* A severity of tomorrow is shown as it came. */
const char *
notification_severity(struct arena *arena,
		      const struct notification *notification)
{
	enum severity severity = alert_severity(notification->alert);
	const char *text = first(arena, notification, ALERT_SEVERITY);

	if (severity != SEVERITY_UNKNOWN)
		return word(notification, arena_printf(arena, "severity-%s",
				severity_names[severity - 1]));
	if (!text || !strcmp(text, "unknown"))
		return word(notification, "severity-unknown");
	return text;
}

/* Where there is little room. */
const char *
notification_severity_short(struct arena *arena,
			    const struct notification *notification)
{
	const char *text = alert_text(notification->alert, ALERT_SEVERITY);

	if (!text || !strcmp(text, "unknown"))
		return "?";
	return notification_severity(arena, notification);
}

const char *
notification_headline(struct arena *arena,
		      const struct notification *notification)
{
	static const enum alert_field fields[] = {
		ALERT_TITLE, ALERT_THREAT, ALERT_CATEGORY
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *text = first(arena, notification, fields[i]);

		if (text)
			return text;
	}
	return word(notification, "headline");
}

static const char *
local_time(struct arena *arena, const struct notification *notification,
	   enum alert_field field)
{
	const char *text = alert_text(notification->alert, field), *local;
	struct buf out = BUF_INIT;
	instant_ms when;

	if (!text)
		return NULL;
	if (!clock_parse(text, &when))
		return clean(arena, field, text);
	words_print_time(notification->words, notification->zone, when, &out);
	local = arena_strdup(arena, out.data);
	buf_release(&out);
	return local;
}

const char *
notification_time(struct arena *arena, const struct notification *notification)
{
	const char *text = NULL;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(*times) && !text; i++)
		text = local_time(arena, notification, times[i]);
	return text;
}

const char *
notification_reason(const struct notification *notification)
{
	if (notification->notice)
		return NULL;
	if (notification->reason == NOTIFICATION_OTHERWISE)
		return word(notification, "reason-otherwise");
	if (notification->reason == NOTIFICATION_CATCH_ALL)
		return word(notification, "reason-catch-all");
	return NULL;
}

bool
notification_is_unverified(const struct notification *notification)
{
	const char *intake = alert_text(notification->alert, ALERT_INTAKE);
	const char *authentic = alert_text(notification->alert,
					   ALERT_AUTHENTIC);

	return !(intake && !strcmp(intake, "api")) &&
		!(authentic && !strcmp(authentic, "pass"));
}

/* A link that may stand in a mail: nothing a browser would run, nothing that
 * ends the attribute or the line it stands in. */
static bool
link_is_safe(const char *url)
{
	const char *at;

	if (!url || !text_starts(url, "https://") || strlen(url) > LINK_MOST)
		return false;
	for (at = url; *at; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"'<>`\\", *at))
			return false;
	return true;
}

static const char *
tenant_of(const struct notification *notification)
{
	const char *tenant = alert_text(notification->alert, ALERT_TENANT);

	if (!tenant)
		tenant = notification->tenant;
	return tenant && text_is_guid(tenant) ? tenant : NULL;
}

/* Without `tid` the portal opens in the reader's own tenant, where the alert
 * does not exist. */
static const char *
with_tenant(struct arena *arena, const char *url, const char *tenant)
{
	size_t length = strcspn(url, "#");
	bool query = memchr(url, '?', length);

	if (!tenant || strstr(url, "?tid=") || strstr(url, "&tid="))
		return url;
	return arena_printf(arena, "%.*s%stid=%s%s", (int)length, url,
			    query ? "&" : "?", tenant, url + length);
}

static bool
is_id(const char *text)
{
	return text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_")];
}

/* A link of our own, when the alert came with none but its tenant is known. */
static const char *
made_link(struct arena *arena, const struct notification *notification,
	  const char *tenant)
{
	const char *alert = alert_text(notification->alert, ALERT_ALERT);
	const char *incident = alert_text(notification->alert,
					  ALERT_INCIDENT);

	if (!tenant)
		return NULL;
	if (is_id(alert))
		return arena_printf(arena, PORTAL "alerts/%s?tid=%s", alert,
				    tenant);
	if (is_id(incident))
		return arena_printf(arena, PORTAL "incident2/%s/overview"
				    "?tid=%s", incident, tenant);
	return arena_printf(arena, PORTAL "?tid=%s", tenant);
}

const char *
notification_link(struct arena *arena, const struct notification *notification)
{
	static const enum alert_field fields[] = {
		ALERT_ALERT_URL, ALERT_INCIDENT_URL
	};
	const char *tenant = tenant_of(notification);
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *url = alert_text(notification->alert, fields[i]);

		if (link_is_safe(url))
			return with_tenant(arena, url, tenant);
	}
	return made_link(arena, notification, tenant);
}

/* "dc01.contoso.example" is "dc01"; an address stays whole. */
static const char *
short_device(struct arena *arena, const char *device)
{
	size_t length;

	if (!device)
		return NULL;
	length = strcspn(device, ".");
	if (!length || strspn(device, "0123456789.:") == strlen(device))
		return device;
	return arena_strndup(arena, device, length);
}

static void
append_item(struct buf *line, const char *text)
{
	buf_printf(line, "%s%s", line->len ? ", " : "", text);
}

/* NAME is the list, NAME-more how many values are left out of it, NAME-text
 * both on one line. */
static void
set_several(struct arena *arena, struct value *map,
	    const struct notification *notification, enum alert_field field)
{
	const struct alert_values *values =
		&notification->alert->fields[field];
	const char *name = alert_fields[field].name, *more = NULL;
	struct value *list = value_list(arena);
	struct buf line = BUF_INIT;
	size_t i;

	for (i = 0; i < values->count && i < VALUES_MOST; i++) {
		const char *text = clean(arena, field, values->items[i].text);

		value_add(list, value_text(arena, text));
		append_item(&line, text);
	}
	if (values->count > i) {
		more = arena_printf(arena, "%zu", values->count - i);
		buf_printf(&line, ", +%s", more);
	}
	value_set(map, name, list);
	value_set_text(map, arena_printf(arena, "%s-more", name), more);
	value_set_text(map, arena_printf(arena, "%s-text", name),
		       arena_strndup(arena, line.data, line.len));
	buf_release(&line);
}

static void
set_field(struct arena *arena, struct value *map,
	  const struct notification *notification, enum alert_field field)
{
	const struct alert_field_info *info = &alert_fields[field];

	if (info->several) {
		set_several(arena, map, notification, field);
		return;
	}
	value_set_text(map, info->name, first(arena, notification, field));
	if (info->type == ALERT_TIME)
		value_set_text(map, arena_printf(arena, "%s-local",
						 info->name),
			       local_time(arena, notification, field));
}

static void
set_description(struct arena *arena, struct value *map,
		const struct notification *notification)
{
	const char *text = alert_text(notification->alert, ALERT_DESCRIPTION);
	struct value *lines = value_list(arena);
	char *rest, *line;

	value_set(map, "description-lines", lines);
	if (!text)
		return;
	rest = arena_strdup(arena, text_cut(arena, text, DESCRIPTION_MOST));
	while ((line = strsep(&rest, "\n")) != NULL)
		value_add(lines, value_text(arena, text_fold_space(arena,
						line, strlen(line))));
}

static void
set_severity(struct arena *arena, struct value *map,
	     const struct notification *notification)
{
	enum severity severity = alert_severity(notification->alert);
	struct value *is = value_map(arena);
	int i;

	value_set_text(map, "severity-word",
		       notification_severity(arena, notification));
	value_set_text(map, "severity-short",
		       notification_severity_short(arena, notification));
	value_set_bool(is, "unknown", severity == SEVERITY_UNKNOWN);
	for (i = 0; severity_names[i]; i++)
		value_set_bool(is, severity_names[i],
			       severity == (enum severity)(i + 1));
	value_set(map, "severity-is", is);
}

static void
set_status(struct arena *arena, struct value *map,
	   const struct notification *notification)
{
	static const struct { const char *status, *key; } known[] = {
		{ "new", "status-new" },
		{ "inProgress", "status-in-progress" },
		{ "resolved", "status-resolved" },
	};
	const char *status = first(arena, notification, ALERT_STATUS);
	size_t i;

	for (i = 0; status && i < sizeof(known) / sizeof(*known); i++)
		if (!strcasecmp(status, known[i].status)) {
			status = word(notification, known[i].key);
			break;
		}
	value_set_text(map, "status-word", status);
}

/* Labels of what an analyst needs first and the alert does not have. */
static const char *
missing(struct arena *arena, const struct notification *notification)
{
	static const enum alert_field fields[] = {
		ALERT_TITLE, ALERT_SEVERITY, ALERT_DEVICE
	};
	struct buf line = BUF_INIT;
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!alert_text(notification->alert, fields[i]))
			append_item(&line, word(notification,
					alert_fields[fields[i]].name));
	if (!notification_time(arena, notification))
		append_item(&line, word(notification, "time"));
	text = arena_strndup(arena, line.data, line.len);
	buf_release(&line);
	return text;
}

static void
set_sentences(struct arena *arena, struct value *map,
	      const struct notification *notification)
{
	const struct alert_values *doubts = &notification->alert->doubts;
	const char *const *note = notification->notes;
	struct value *notes = value_list(arena), *list = value_list(arena);
	size_t i;

	for (i = 0; i < doubts->count && i < VALUES_MOST; i++)
		value_add(list, value_text(arena, clean(arena,
				ALERT_DESCRIPTION, doubts->items[i].text)));
	value_set(map, "doubts", list);
	for (; note && *note; note++)
		value_add(notes, value_text(arena, clean(arena,
				ALERT_DESCRIPTION, *note)));
	value_set(map, "notes", notes);
}

static void
set_words(struct arena *arena, struct value *map, const struct words *words)
{
	const char *const *key = words_keys(arena, words);
	struct value *texts = value_map(arena);

	for (; *key; key++)
		value_set_text(texts, *key, words_text(words, *key));
	value_set(map, "words", texts);
	value_set_text(map, "language", words_language(words));
}

static void
set_rule(struct arena *arena, struct value *map,
	 const struct notification *notification)
{
	const char *comment = notification->rule_comment;

	value_set_text(map, "rule", notification->rule);
	value_set_text(map, "rule-comment", comment ?
		       clean(arena, ALERT_DESCRIPTION, comment) : NULL);
	value_set_text(map, "reason", notification_reason(notification));
	value_set_text(map, "code", notification->code);
}

static void
set_notice(struct arena *arena, struct value *map,
	   const struct notification *notification)
{
	const struct notice *notice = notification->notice;

	value_set(map, "notice", notice ?
		  notice_value(arena, notice, notification->words,
			       notification->zone) :
		  value_bool(arena, false));
}

struct value *
notification_value(struct arena *arena,
		   const struct notification *notification)
{
	struct value *map = value_map(arena);
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		set_field(arena, map, notification, (enum alert_field)field);
	set_description(arena, map, notification);
	set_severity(arena, map, notification);
	set_status(arena, map, notification);
	set_sentences(arena, map, notification);
	set_rule(arena, map, notification);
	set_words(arena, map, notification->words);
	value_set_text(map, "customer-name",
		       notification_customer(arena, notification));
	value_set_text(map, "incident-name", notification->incident ?
		       clean(arena, ALERT_TITLE, notification->incident) :
		       NULL);
	value_set_text(map, "headline",
		       notification_headline(arena, notification));
	value_set_text(map, "time", notification_time(arena, notification));
	value_set_text(map, "zone", zone_name(notification->zone));
	value_set_text(map, "device-short", short_device(arena,
			first(arena, notification, ALERT_DEVICE)));
	value_set_text(map, "missing", missing(arena, notification));
	value_set_text(map, "portal-link",
		       notification_link(arena, notification));
	value_set_bool(map, "unverified",
		       notification_is_unverified(notification));
	value_set(map, "original", original_value(arena, notification->original,
						  notification->words));
	value_set_bool(map, "raw-attached",
		       original_is_attached(notification->original));
	set_notice(arena, map, notification);
	return map;
}

struct value *
notification_shape(struct arena *arena, const struct words *words)
{
	static const char *const notes[] = { "a note", NULL };
	static const struct notice notice = {
		.kind = NOTICE_HELD, .why = "held-conflict",
		.detail = "detail", .items = notes, .commands = notes,
	};
	static const struct original_row row = { "label", "text" };
	static const struct original original = {
		.from = "from", .text = "text", .rows = &row, .row_count = 1,
		.bytes = "", .length = ORIGINAL_MOST + 1,
	};
	struct alert *alert = alert_create(arena);
	struct notification notification = {
		.alert = alert, .customer = "Customer", .incident = "incident",
		.rule = "rule",
		.rule_comment = "comment", .code = "code", .notes = notes,
		.notice = &notice, .original = &original,
		.words = words, .zone = zone_utc(),
	};
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		(void)alert_add(alert, (enum alert_field)field,
				alert_fields[field].type == ALERT_TIME ?
				"2026-01-01T00:00:00Z" :
				alert_fields[field].name, "shape");
	alert_doubt(alert, "a doubt");
	return notification_value(arena, &notification);
}
