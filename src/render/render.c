#include "render/render.h"

#include "base/text.h"
#include "render/compose.h"
#include "render/plain.h"

static struct compose
start(const struct render_envelope *envelope)
{
	return (struct compose){
		.from_name = envelope->from_name,
		.from = envelope->from,
		.to = envelope->to,
		.date = envelope->date,
		.message_id = envelope->message_id,
		.references = envelope->references,
	};
}

static void
finish(struct arena *arena, struct rendered *rendered,
       struct compose *compose)
{
	struct buf message = BUF_INIT;

	compose->subject = rendered->subject;
	compose->text = rendered->text;
	compose->html = rendered->html;
	rendered->smtputf8 = compose_message(compose, &message);
	rendered->body = arena_strndup(arena, message.data, message.len);
	rendered->body_length = message.len;
	buf_release(&message);
}

/* The text of one part, or NULL and a sentence in `error`. */
static const char *
render_part(struct arena *arena, const struct templates *templates,
	    const struct mustache *part, enum mustache_escape escape,
	    const struct value *value, struct buf *error)
{
	struct buf out = BUF_INIT;
	const char *text = NULL;

	if (!part)
		buf_puts(error, "a part of the template is missing or wrong");
	else if (mustache_render(part, templates->partials, value, escape,
				 &out, error))
		text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}

static bool
render_template(struct arena *arena, const struct templates *templates,
		const struct template *template, const struct value *value,
		struct rendered *rendered, struct buf *error)
{
	rendered->subject = render_part(arena, templates, template->subject,
					MUSTACHE_TEXT, value, error);
	if (!rendered->subject)
		return false;
	rendered->subject = text_fold_space(arena, rendered->subject,
					    strlen(rendered->subject));
	rendered->text = render_part(arena, templates, template->text,
				     MUSTACHE_TEXT, value, error);
	if (!rendered->text)
		return false;
	if (template->is_text)
		return true;
	rendered->html = render_part(arena, templates, template->html,
				     MUSTACHE_HTML, value, error);
	return rendered->html;
}

static void
fall_back(struct arena *arena, const struct notification *notification,
	  struct rendered *rendered, const char *why)
{
	rendered->fallback = arena_strdup(arena, why);
	rendered->subject = plain_subject(arena, notification);
	rendered->text = plain_text(arena, notification);
	rendered->html = NULL;
}

static void
render_parts(struct arena *arena, const struct render_input *input,
	     struct rendered *rendered)
{
	const struct notification *notification = input->notification;
	const char *name = input->template;
	const struct template *template = name ?
		template_find(input->templates, name) : NULL;
	struct buf error = BUF_INIT;

	if (!template)
		buf_printf(&error, "there is no template '%s'",
			   name ? name : "");
	if (!template ||
	    !render_template(arena, input->templates, template,
			     notification_value(arena, notification),
			     rendered, &error))
		fall_back(arena, notification, rendered, error.data);
	buf_release(&error);
}

/* An unknown severity is at least anything. */
static enum compose_importance
importance_of(const struct notification *notification)
{
	const struct notice *notice = notification->notice;
	enum severity severity = alert_severity(notification->alert);
	bool is_alerts = !notice || notice_short(notice, notification->words);

	if (notice && !notice_is_pressing(notice))
		return COMPOSE_NORMAL;
	if (!is_alerts || severity_at_least(severity, SEVERITY_HIGH))
		return COMPOSE_HIGH;
	return severity_at_least(severity, SEVERITY_MEDIUM) ? COMPOSE_NORMAL :
	       COMPOSE_LOW;
}

/* By customer, so that a desk sorts its mails by a rule for each. */
static const char *
list_of(struct arena *arena, const struct notification *notification,
	const char *from)
{
	const char *customer = alert_text(notification->alert, ALERT_CUSTOMER);
	const char *at = strrchr(from, '@');

	return arena_printf(arena, "%s.tocsin.%s", customer ? customer :
			    "unknown-customer", at ? at + 1 : from);
}

struct rendered
render_notification(struct arena *arena, const struct render_input *input)
{
	const struct notification *notification = input->notification;
	struct compose compose = start(&input->envelope);
	struct rendered rendered = { 0 };

	render_parts(arena, input, &rendered);
	compose.code = notification->code;
	compose.customer = alert_text(notification->alert, ALERT_CUSTOMER);
	compose.rule = notification->rule;
	compose.importance = importance_of(notification);
	compose.list = list_of(arena, notification, input->envelope.from);
	if (original_is_attached(notification->original))
		compose.original = notification->original;
	finish(arena, &rendered, &compose);
	return rendered;
}
