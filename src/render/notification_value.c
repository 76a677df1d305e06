/*
 * What a template sees, name by name.
 */
#include "render/notification_private.h"

#include "base/text.h"
#include "render/doubt.h"
#include "render/several.h"

enum {
	DESCRIPTION_MOST = 4000, /* octets */
	SENTENCES_MOST = 10,	/* more doubts convince nobody more */
};

static void
set_field(struct arena *arena, struct value *map,
	  const struct notification *notification, enum alert_field field)
{
	const struct alert_field_info *info = &alert_fields[field];
	const char *text;

	if (info->several) {
		several_set(arena, map, notification->alert, field,
			    notification->words);
		return;
	}
	text = notification_first(arena, notification, field);
	value_set_text(map, info->name, text &&
		       several_is_nothing(field, text) ? NULL : text);
	if (info->type == ALERT_TIME)
		value_set_text(map, arena_printf(arena, "%s-local",
						 info->name),
			       notification_local_time(arena, notification,
						       field));
}

static void
set_lines(struct arena *arena, struct value *map, const char *name,
	  const char *text)
{
	struct value *lines = value_list(arena);
	char *rest, *line;

	value_set(map, name, lines);
	if (!text)
		return;
	rest = arena_strdup(arena, text_cut(arena, text, DESCRIPTION_MOST));
	while ((line = strsep(&rest, "\n")) != NULL)
		value_add(lines, value_text(arena, text_fold_space(arena,
						line, strlen(line))));
}

static void
set_times(struct arena *arena, struct value *map,
	  const struct notification *notification)
{
	value_set_text(map, "time", notification_time(arena, notification));
	value_set_text(map, "activity",
		       notification_activity(arena, notification));
	value_set_text(map, "zone", zone_name(notification->zone));
}

static void
set_severity(struct arena *arena, struct value *map,
	     const struct notification *notification)
{
	enum severity severity = alert_severity(notification->alert);
	bool is_relays = notification->notice &&
		!notice_short(notification->notice, notification->words);
	struct value *is = value_map(arena);
	int i;

	value_set_text(map, "severity-word",
		       notification_severity(arena, notification));
	value_set_text(map, "severity-short",
		       notification_severity_short(arena, notification));
	value_set_bool(is, "relay", is_relays);
	value_set_bool(is, "unknown", !is_relays &&
		       severity == SEVERITY_UNKNOWN);
	for (i = 0; severity_names[i]; i++)
		value_set_bool(is, severity_names[i], !is_relays &&
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
	const char *status = notification_first(arena, notification,
						ALERT_STATUS);
	size_t i;

	for (i = 0; status && i < sizeof(known) / sizeof(*known); i++)
		if (!strcasecmp(status, known[i].status)) {
			status = notification_word(notification, known[i].key);
			break;
		}
	value_set_text(map, "status-word", status);
}

/* Would somebody who is to act miss it? Of an alert about an account nobody
 * misses a device. */
static bool
is_missed(const struct notification *notification, enum alert_field field)
{
	const struct alert *alert = notification->alert;

	if (field == ALERT_DEVICE && alert_text(alert, ALERT_USER))
		return false;
	return !alert_text(alert, field);
}

static void
add_word(struct arena *arena, struct value *list,
	 const struct notification *notification, const char *key)
{
	value_add(list, value_text(arena, notification_word(notification,
							    key)));
}

/* Labels of what an analyst needs first and the alert does not have. */
static const char *
missing(struct arena *arena, const struct notification *notification)
{
	static const enum alert_field fields[] = {
		ALERT_TITLE, ALERT_SEVERITY, ALERT_DEVICE
	};
	struct value *list = value_list_joined(arena,
			notification_word(notification, "separator"));
	struct buf line = BUF_INIT;
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (is_missed(notification, fields[i]))
			add_word(arena, list, notification,
				 alert_fields[fields[i]].name);
	if (!notification_time(arena, notification))
		add_word(arena, list, notification, "time");
	value_print(list, &line);
	text = arena_strndup(arena, line.data, line.len);
	buf_release(&line);
	return text;
}

static void
set_sentences(struct arena *arena, struct value *map,
	      const struct notification *notification)
{
	const struct alert_doubts *doubts = &notification->alert->doubts;
	const char *const *note = notification->notes, *last = NULL;
	struct value *notes = value_list(arena), *list = value_list(arena);
	size_t i;

	for (i = 0; i < doubts->count && i < SENTENCES_MOST; i++) {
		const char *text = doubt_text(arena, &doubts->items[i],
					      notification->words);

		/* Of what was not read there may be several. */
		if (!last || strcmp(last, text))
			value_add(list, value_text(arena, text));
		last = text;
	}
	value_set(map, "doubts", list);
	for (; note && *note; note++)
		value_add(notes, value_text(arena, notification_note(arena,
						notification, *note)));
	value_set(map, "notes", notes);
}

static void
set_words(struct value *map, const struct words *words)
{
	value_set(map, "words", words_value(words));
	value_set_text(map, "language", words_language(words));
}

static const char *
clean_text(struct arena *arena, const char *text)
{
	return text && *text ? notification_clean(arena, ALERT_DESCRIPTION,
						  text) : NULL;
}

/* How we work: for our own people. */
static void
set_rule(struct arena *arena, struct value *map,
	 const struct notification *notification)
{
	bool is_internal = !notification->is_customers;
	struct value *others = value_list_joined(arena,
			notification_word(notification, "separator"));
	const char *const *other = notification->others;
	struct buf line = BUF_INIT;

	for (; is_internal && other && *other; other++)
		value_add(others, value_text(arena, *other));
	value_set_bool(map, "internal", is_internal);
	value_set_text(map, "rule", is_internal ? notification->rule : NULL);
	value_set_text(map, "rule-comment", is_internal ? clean_text(arena,
			notification->rule_comment) : NULL);
	value_set_text(map, "reason", is_internal ?
		       notification_reason(notification) : NULL);
	value_set(map, "others", others);
	value_print(others, &line);
	value_set_text(map, "others-text", arena_strndup(arena, line.data,
							 line.len));
	buf_release(&line);
	value_set_text(map, "code", notification->code);
}

/* What to do, as the configuration and Microsoft have it. */
static void
set_help(struct arena *arena, struct value *map,
	 const struct notification *notification)
{
	value_set_text(map, "do", clean_text(arena, notification->todo));
	value_set_text(map, "runbook", clean_text(arena,
						  notification->runbook));
	value_set_text(map, "phone", clean_text(arena, notification->phone));
	value_set_text(map, "note", clean_text(arena, notification->note));
	value_set_text(map, "rule-note", clean_text(arena,
						    notification->rule_note));
	set_lines(arena, map, "recommended-actions", notification->actions);
	value_set_bool(map, "has-recommended", notification->actions);
	value_set_bool(map, "has-help", notification->todo ||
		       notification->runbook ||
		       notification->phone || notification->note ||
		       notification->rule_note);
}

static void
set_update(struct arena *arena, struct value *map,
	   const struct notification *notification)
{
	const struct update *update = &notification->update;
	const char *device = notification_first(arena, notification,
						ALERT_DEVICE);

	value_set_text(map, "update", update_text(arena, update,
			notification->words,
			notification_severity(arena, notification)));
	value_set_text(map, "update-short", update_short(arena, update,
						notification->words));
	/* The news has named one already. */
	value_set_text(map, "device-short", device &&
		       update->kind != UPDATE_DEVICE ?
		       several_short(arena, device) : NULL);
}

static void
set_devices(struct arena *arena, struct value *map,
	    const struct notification *notification)
{
	const char *risk = notification_first(arena, notification,
					      ALERT_DEVICE_RISK);
	const char *text = risk ? words_text(notification->words,
			arena_printf(arena, "severity-%s", risk)) : NULL;

	if (risk && several_is_nothing(ALERT_DEVICE_RISK, risk))
		risk = NULL;
	value_set_text(map, "device-risk-word", risk && text ? text : risk);
	several_set_devices(arena, map, notification->alert,
			    notification->words);
}

static void
set_customer(struct arena *arena, struct value *map,
	     const struct notification *notification)
{
	value_set_text(map, "customer-name",
		       notification_customer(arena, notification));
	value_set_text(map, "incident-name",
		       clean_text(arena, notification->incident));
	value_set_text(map, "headline",
		       notification_headline(arena, notification));
	value_set_text(map, "portal-link",
		       notification_link(arena, notification));
}

static void
set_trust(struct arena *arena, struct value *map,
	  const struct notification *notification)
{
	value_set_text(map, "missing", missing(arena, notification));
	value_set_bool(map, "unverified",
		       notification_is_unverified(notification));
	value_set(map, "original", original_value(arena, notification->original,
						  notification->words));
	value_set_bool(map, "raw-attached",
		       original_is_attached(notification->original));
}

/* Is there anything below that heading? A mail in prose has nothing. */
static void
set_details(struct value *map)
{
	static const char *const names[] = {
		"activity", "device-many", "device-tag-text", "device-os",
		"threat", "actor", "category-text", "technique-text",
		"status-word", "incident", "product",
	};
	bool has_details = false;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		has_details |= value_is_true(value_find(map, names[i],
							strlen(names[i])));
	value_set_bool(map, "has-details", has_details);
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
	set_lines(arena, map, "description-lines",
		  alert_text(notification->alert, ALERT_DESCRIPTION));
	set_severity(arena, map, notification);
	set_status(arena, map, notification);
	set_times(arena, map, notification);
	set_devices(arena, map, notification);
	set_update(arena, map, notification);
	set_sentences(arena, map, notification);
	set_help(arena, map, notification);
	set_rule(arena, map, notification);
	set_words(map, notification->words);
	set_customer(arena, map, notification);
	set_trust(arena, map, notification);
	set_details(map);
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
		.actions = "recommended", .rule = "rule",
		.update = { .kind = UPDATE_REOPENED },
		.rule_comment = "comment", .code = "code", .notes = notes,
		.todo = "do", .runbook = "https://runbook.example/",
		.phone = "phone", .note = "note", .rule_note = "note",
		.others = notes, .notice = &notice, .original = &original,
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
