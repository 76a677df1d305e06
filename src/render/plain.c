#include "render/plain.h"

#include "base/text.h"

/* Many lines of one field tell nobody more. */
enum { LINE_MOST = 2000 };

static const char *
word(const struct notification *notification, const char *key)
{
	const char *text = words_text(notification->words, key);

	return text ? text : key;
}

static void
append_line(struct buf *out, const struct notification *notification,
	    const char *label, const char *text)
{
	buf_printf(out, "%s%s%s\n", word(notification, label),
		   word(notification, "colon"),
		   text ? text : word(notification, "unknown"));
}

static void
append_field(struct arena *arena, struct buf *out,
	     const struct notification *notification, enum alert_field field)
{
	const struct alert_values *values =
		&notification->alert->fields[field];
	struct buf line = BUF_INIT;
	size_t i;

	for (i = 0; i < values->count; i++)
		buf_printf(&line, "%s%s", i ? ", " : "",
			   values->items[i].text);
	if (line.len || field == ALERT_DEVICE)
		append_line(out, notification, alert_fields[field].name,
			    line.len ? text_cut(arena, text_fold_space(arena,
					line.data, line.len), LINE_MOST) :
			    NULL);
	buf_release(&line);
}

static void
append_facts(struct arena *arena, struct buf *out,
	     const struct notification *notification)
{
	static const enum alert_field fields[] = {
		ALERT_DEVICE, ALERT_USER, ALERT_DEVICE_GROUP, ALERT_CATEGORY,
		ALERT_TECHNIQUE, ALERT_THREAT, ALERT_PRODUCT, ALERT_INCIDENT,
		ALERT_ALERT
	};
	size_t i;

	append_line(out, notification, "severity",
		    notification_severity(arena, notification));
	append_line(out, notification, "customer",
		    notification_customer(arena, notification));
	append_line(out, notification, "time",
		    notification_time(arena, notification));
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		append_field(arena, out, notification, fields[i]);
}

static void
append_link(struct arena *arena, struct buf *out,
	    const struct notification *notification)
{
	const char *link = notification_link(arena, notification);

	if (link)
		append_line(out, notification, "link", link);
	else
		buf_printf(out, "%s\n", word(notification, "no-link"));
}

static void
append_update(struct arena *arena, struct buf *out,
	      const struct notification *notification)
{
	const char *text = update_text(arena, &notification->update,
				       notification->words,
				       notification_severity(arena,
							     notification));

	if (text)
		buf_printf(out, "*** %s ***\n\n", text);
}

static void
append_help(struct buf *out, const struct notification *notification)
{
	const struct { const char *label, *text; } help[] = {
		{ "what-to-do", notification->todo },
		{ "runbook", notification->runbook },
		{ "phone", notification->phone },
		{ "note", notification->rule_note },
		{ "note", notification->note },
	};
	size_t i;

	for (i = 0; i < sizeof(help) / sizeof(*help); i++)
		if (help[i].text)
			append_line(out, notification, help[i].label,
				    help[i].text);
}

/* How we work is for our own people only. */
static void
append_reason(struct buf *out, const struct notification *notification)
{
	const char *reason = notification_reason(notification);
	bool is_internal = !notification->is_customers;

	if (is_internal && reason)
		append_line(out, notification, "reason", reason);
	else if (is_internal && notification->rule)
		append_line(out, notification, "rule", notification->rule);
	if (notification->code)
		append_line(out, notification, "code", notification->code);
}

static const char *
subject_of_alert(struct arena *arena, const struct notification *notification)
{
	const char *news = update_short(arena, &notification->update,
					notification->words);

	return arena_printf(arena, "%s%s[%s] %s%s%s", news ? news : "",
			    news ? " " : "",
			    notification_severity_short(arena, notification),
			    notification_customer(arena, notification),
			    word(notification, "colon"),
			    notification_headline(arena, notification));
}

const char *
plain_subject(struct arena *arena, const struct notification *notification)
{
	const struct notice *notice = notification->notice;
	const char *brief = notice ? notice_short(notice, notification->words)
				   : NULL;

	if (!notice)
		return subject_of_alert(arena, notification);
	if (!brief)
		return notice_title(arena, notice, notification->words);
	return arena_printf(arena, "%s %s", brief,
			    subject_of_alert(arena, notification));
}

const char *
plain_text(struct arena *arena, const struct notification *notification)
{
	const char *const *note = notification->notes;
	struct buf out = BUF_INIT;
	const char *text;

	if (notification->notice)
		notice_print(arena, notification->notice, notification->words,
			     notification->zone, &out);
	append_update(arena, &out, notification);
	buf_printf(&out, "%s\n\n", notification_headline(arena, notification));
	if (notification_is_unverified(notification))
		buf_printf(&out, "*** %s ***\n%s\n\n",
			   word(notification, "unverified-title"),
			   word(notification, "unverified-text"));
	append_facts(arena, &out, notification);
	append_link(arena, &out, notification);
	append_help(&out, notification);
	for (; note && *note; note++)
		append_line(&out, notification, "notes",
			    notification_note(arena, notification, *note));
	original_print(arena, notification->original, notification->words,
		       &out);
	buf_putc(&out, '\n');
	append_reason(&out, notification);
	buf_printf(&out, "%s\n", word(notification, "fallback"));
	text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}
