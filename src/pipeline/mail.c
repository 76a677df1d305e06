#include "pipeline/mail.h"

#include "base/text.h"
#include "base/zone.h"
#include "pipeline/about.h"
#include "pipeline/original.h"
#include "pipeline/returned.h"

/* A short name for an address or a thread: the start of its digest. */
static const char *
short_digest(const char *a, const char *b, struct arena *arena)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char code[DIGEST_CODE];

	digest_add_text(digest, a);
	digest_add_text(digest, b);
	digest_finish(&digest, bytes);
	digest_code(bytes, code);
	return arena_strdup(arena, code);
}

const char *
pipeline_about(const struct pipeline_decision *decision)
{
	if (decision->action != PIPELINE_HOLD)
		return "";
	return pipeline_is_returned(decision->reading) ? ABOUT_RETURNED
						       : ABOUT_HELD;
}

const char *
pipeline_message_id(const struct generation *g, const char *code,
		    const char *about, const char *address,
		    struct arena *arena)
{
	return arena_printf(arena, "%s.%s@%s", code,
			    short_digest(text_fold(arena, address), about,
					 arena),
			    g->settings.domain);
}

static const char *
thread_id(const struct generation *g, const struct alert *alert, const char *id,
	  struct arena *arena)
{
	const char *customer = alert_text(alert, ALERT_CUSTOMER);

	return arena_printf(arena, "incident.%s@%s",
			    short_digest(customer ? customer : "", id, arena),
			    g->settings.domain);
}

/* One incident is one thread in a mail program; incidents that were merged are
 * one as well, since the mail belongs to the threads of all of them. */
static const char *const *
threads_of(const struct generation *g, const struct pipeline_decision *decision,
	   struct arena *arena)
{
	const struct alert *alert = decision->alert;
	const struct incident *incident = &decision->state->incident;
	const char **ids = arena_array(arena, incident->ids.count + 2,
				       sizeof(*ids));
	const char *only = alert_text(alert, ALERT_INCIDENT);
	size_t i;

	for (i = 0; i < incident->ids.count; i++)
		ids[i] = thread_id(g, alert, incident->ids.items[i], arena);
	if (!only)
		only = alert_text(alert, ALERT_ALERT);
	if (!i && only)
		ids[0] = thread_id(g, alert, only, arena);
	return ids;
}

static const char *
customer_word(const struct ruleset_customer *customer, const char *keyword)
{
	const struct conf_node *node = customer ?
		conf_find(&customer->node->block, keyword) : NULL;

	return node ? conf_word(node, 0).text : "";
}

static const struct words *
reader_words(const struct generation *g, const struct contact *contact,
	     const struct ruleset_customer *customer)
{
	const char *language = contact->language.text;

	if (!*language)
		language = customer_word(customer, "language");
	return words_choose(g->templates->languages,
			    *language ? language : NULL);
}

static const struct zone *
reader_zone(const struct contact *contact,
	    const struct ruleset_customer *customer)
{
	struct buf error = BUF_INIT;
	const struct zone *zone = NULL;

	if (*contact->timezone.text)
		zone = zone_find(contact->timezone.text, &error);
	else if (customer)
		zone = customer->zone;
	buf_release(&error);
	return zone ? zone : zone_utc();
}

/* What the reader should know about how this came to be. */
static const char *const *
notes_of(const struct pipeline_input *input,
	 const struct pipeline_decision *decision, struct arena *arena)
{
	const struct message *message = input->message;
	size_t limits = message ? message->limits.count : 0, count = 0, i;
	const char **notes = arena_array(arena, limits + 4, sizeof(*notes));

	if (decision->news)
		notes[count++] = decision->news;
	if (input->truncated)
		notes[count++] = "The mail was too large and is cut.";
	if (decision->normalized && decision->normalized->forwarded)
		notes[count++] = "The notification was forwarded; nothing "
				 "proves what it says.";
	for (i = 0; i < limits; i++)
		notes[count++] = message->limits.items[i];
	return notes;
}

/* The tenant of a customer that has one; with several, nobody can tell. */
static const char *
only_tenant(const struct ruleset_customer *customer)
{
	const struct conf_node *node;
	const char *tenant = NULL;
	size_t i;

	for (i = 0; customer && i < customer->node->block.count; i++) {
		node = customer->node->block.items[i];
		if (strcmp(node->keyword, "tenant"))
			continue;
		if (tenant || node->words.count != 1)
			return NULL;
		tenant = conf_word(node, 0).text;
	}
	return tenant;
}

static const char *
comment_of(const struct pipeline_decision *decision, const char *rule)
{
	const struct rule *deciding = decision->deciding;

	return deciding && !strcmp(deciding->name, rule) ?
		rule_comment(deciding) : NULL;
}

/* A record may bring it; a mail's incident is known by id. */
static const char *
incident_name(const struct pipeline_decision *decision)
{
	const struct normalized *normalized = decision->normalized;

	return normalized && normalized->incident_name ?
		normalized->incident_name : decision->state->incident.name;
}

static struct notification
notification_of(const struct generation *g,
		const struct pipeline_decision *decision,
		const struct pipeline_plan *plan, struct arena *arena)
{
	const struct pipeline_input *input = decision->reading->input;

	return (struct notification){
		.alert = decision->alert,
		.incident = incident_name(decision),
		.reason = decision->told_by,
		.rule = plan->rule,
		.rule_comment = comment_of(decision, plan->rule),
		.code = decision->code,
		.notes = notes_of(input, decision, arena),
		.original = pipeline_original(g, decision, arena),
	};
}

/* ---- held ---- */

/* The reason in words of the reader, as far as it is one of few. */
static const char *
held_why(const struct pipeline_decision *decision)
{
	const struct normalized *normalized = decision->normalized;

	if (!normalized)
		return "held-unread";
	return normalized->loop.why ? "held-loop" : "held-conflict";
}

/* Whose a mail may be shows in where it came from and went to. */
static const char *const *
held_items(const struct pipeline_input *input, struct arena *arena)
{
	const char **lines = arena_array(arena, input->recipient_count + 2,
					 sizeof(*lines));
	size_t i, count = 0;

	if (input->record)
		return lines;
	if (input->sender && *input->sender)
		lines[count++] = arena_printf(arena, "<- %s", input->sender);
	for (i = 0; i < input->recipient_count; i++)
		lines[count++] = arena_printf(arena, "-> %s",
					      input->recipients[i]);
	return lines;
}

/* A notification was not delivered; the mail that says so waits for a person as
 * well, but that matters less. */
static struct notice
returned_notice(const struct pipeline_decision *decision, struct arena *arena)
{
	const struct returned *returned = &decision->state->returned;
	const char **commands = arena_array(arena, 3, sizeof(*commands));

	commands[0] = arena_printf(arena, "tocsin why %s",
				   returned->item->code);
	commands[1] = arena_printf(arena, "tocsin held show %s",
				   decision->code);
	return (struct notice){
		.kind = NOTICE_FAILED,
		.address = returned->delivery->address,
		.detail = decision->reason,
		.commands = commands,
	};
}

static bool
is_known_report(const struct pipeline_decision *decision)
{
	return decision->normalized &&
	       decision->normalized->loop.kind == MAILLOOP_REPORT &&
	       decision->state->returned.delivery;
}

/* To the catch-all: it waits for a person. */
static struct notice
held_notice(const struct pipeline_decision *decision, struct arena *arena)
{
	const char **commands = arena_array(arena, 3, sizeof(*commands));

	if (is_known_report(decision))
		return returned_notice(decision, arena);
	commands[0] = arena_printf(arena, "tocsin held show %s",
				   decision->code);
	commands[1] = arena_printf(arena, "tocsin held release %s --customer "
				   "NAME", decision->code);
	return (struct notice){
		.kind = NOTICE_HELD,
		.why = held_why(decision),
		.detail = decision->reason,
		.items = held_items(decision->reading->input, arena),
		.commands = commands,
	};
}

/* ---- one mail to one reader ---- */

static struct render_envelope
envelope_to(const struct generation *g,
	    const struct pipeline_decision *decision, const char *address,
	    instant_ms now, struct arena *arena)
{
	return (struct render_envelope){
		.from_name = g->settings.from_name,
		.from = g->settings.from,
		.to = address,
		.message_id = pipeline_message_id(g, decision->code,
						  pipeline_about(decision),
						  address, arena),
		.references = threads_of(g, decision, arena),
		.date = now,
	};
}

struct rendered
pipeline_compose(const struct generation *g, const struct render_input *what,
		 const struct notification *notification,
		 const struct recipient *reader, struct arena *arena)
{
	const char *name = alert_text(notification->alert, ALERT_CUSTOMER);
	const struct ruleset_customer *customer = name ?
		ruleset_find(g->ruleset, name) : NULL;
	struct notification complete = *notification;
	struct render_input input = *what;

	complete.customer = customer ? customer->display : NULL;
	complete.tenant = only_tenant(customer);
	complete.words = reader_words(g, reader->contact, customer);
	complete.zone = reader_zone(reader->contact, customer);
	input.notification = &complete;
	return reader->endpoint.channel->compose(&input, arena);
}

const char *
pipeline_template(const struct rendered *mail, const struct render_input *what)
{
	return mail->fallback ? "built-in" : what->template;
}

struct rendered
pipeline_render(const struct generation *g,
		const struct pipeline_decision *decision,
		const struct pipeline_plan *plan, instant_ms now,
		struct arena *arena)
{
	bool held = decision->action == PIPELINE_HOLD;
	const struct render_input what = {
		.envelope = envelope_to(g, decision, plan->endpoint.address,
					now, arena),
		.templates = g->templates,
		.template = held ? PIPELINE_NOTICE_TEMPLATE : plan->template,
	};
	const struct recipient reader = {
		.endpoint = plan->endpoint, .relay = plan->relay,
		.contact = plan->contact,
	};
	struct notification notification = notification_of(g, decision, plan,
							   arena);
	struct notice notice;

	if (held) {
		notice = held_notice(decision, arena);
		notification.notice = &notice;
		if (decision->state->returned.alert)
			notification.alert = decision->state->returned.alert;
		notification.rule = NULL;
	}
	return pipeline_compose(g, &what, &notification, &reader, arena);
}
