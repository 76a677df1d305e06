#include "render/notification.h"

#include "base/text.h"
#include "render/notification_private.h"
#include "render/portal.h"

enum {
	/* In octets. A hostile title may have 100 KB. */
	TITLE_MOST = 300,
	VALUE_MOST = 500,
};

/* The first of them is shown as the alert's time. */
static const enum alert_field times[] = {
	ALERT_CREATED, ALERT_FIRST_ACTIVITY, ALERT_LAST_ACTIVITY,
	ALERT_UPDATED,
};

const char *
notification_clean(struct arena *arena, enum alert_field field,
		   const char *text)
{
	return text_cut(arena, text_fold_space(arena, text, strlen(text)),
			field == ALERT_TITLE ? TITLE_MOST : VALUE_MOST);
}

const char *
notification_first(struct arena *arena,
		   const struct notification *notification,
		   enum alert_field field)
{
	const char *text = alert_text(notification->alert, field);

	return text ? notification_clean(arena, field, text) : NULL;
}

const char *
notification_word(const struct notification *notification, const char *key)
{
	const char *text = words_text(notification->words, key);

	return text ? text : key;
}

const char *
notification_customer(struct arena *arena,
		      const struct notification *notification)
{
	const char *claimed = notification_first(arena, notification,
						 ALERT_ORGANIZATION);
	const char *unknown = notification_word(notification,
						"customer-unknown");

	if (notification->customer)
		return notification_clean(arena, ALERT_CUSTOMER,
					  notification->customer);
	return claimed ? arena_printf(arena, "%s (%s)", unknown, claimed) :
		unknown;
}

/* Nobody knows it: not a word of tomorrow, but none, or one that something
 * contradicts. */
static bool
is_unknown(const struct notification *notification)
{
	const char *text = alert_text(notification->alert, ALERT_SEVERITY);

	return alert_severity(notification->alert) == SEVERITY_UNKNOWN &&
	       (!text || !strcmp(text, "unknown") ||
		severity_parse(text) != SEVERITY_UNKNOWN);
}

/* A severity of tomorrow is shown as it came. */
const char *
notification_severity(struct arena *arena,
		      const struct notification *notification)
{
	enum severity severity = alert_severity(notification->alert);
	const char *text = notification_first(arena, notification,
					      ALERT_SEVERITY);

	if (severity != SEVERITY_UNKNOWN)
		return notification_word(notification,
				arena_printf(arena, "severity-%s",
					     severity_names[severity - 1]));
	if (is_unknown(notification))
		return notification_word(notification, "severity-unknown");
	return text;
}

/* Where there is little room. */
const char *
notification_severity_short(struct arena *arena,
			    const struct notification *notification)
{
	const char *text = alert_text(notification->alert, ALERT_SEVERITY);

	if (is_unknown(notification) || !text)
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
		const char *text = notification_first(arena, notification,
						      fields[i]);

		if (text)
			return text;
	}
	return notification_word(notification, "headline");
}

const char *
notification_local_time(struct arena *arena,
			const struct notification *notification,
			enum alert_field field)
{
	const char *text = alert_text(notification->alert, field), *local;
	struct buf out = BUF_INIT;
	instant_ms when;

	if (!text)
		return NULL;
	if (!clock_parse(text, &when))
		return notification_clean(arena, field, text);
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
		text = notification_local_time(arena, notification, times[i]);
	return text;
}

const char *
notification_activity(struct arena *arena,
		      const struct notification *notification)
{
	const char *from = alert_text(notification->alert,
				      ALERT_FIRST_ACTIVITY);
	const char *to = alert_text(notification->alert, ALERT_LAST_ACTIVITY);
	instant_ms begin, end;
	struct buf out = BUF_INIT;
	const char *text;

	if (!from || !to)
		return notification_local_time(arena, notification, from ?
					       ALERT_FIRST_ACTIVITY :
					       ALERT_LAST_ACTIVITY);
	if (!clock_parse(from, &begin) || !clock_parse(to, &end))
		return notification_clean(arena, ALERT_FIRST_ACTIVITY,
				arena_printf(arena, "%s – %s", from, to));
	words_print_span(notification->words, notification->zone, begin, end,
			 &out);
	text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}

const char *
notification_reason(const struct notification *notification)
{
	if (notification->notice)
		return NULL;
	if (notification->reason == NOTIFICATION_OTHERWISE)
		return notification_word(notification, "reason-otherwise");
	if (notification->reason == NOTIFICATION_CATCH_ALL)
		return notification_word(notification, "reason-catch-all");
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

const char *
notification_link(struct arena *arena, const struct notification *notification)
{
	return portal_link(arena, notification->alert, notification->tenant);
}

const char *
notification_note(struct arena *arena, const struct notification *notification,
		  const char *note)
{
	const char *text = words_text(notification->words, note);

	return text ? text : notification_clean(arena, ALERT_DESCRIPTION, note);
}
