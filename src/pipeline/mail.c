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
notes_of(const struct pipeline_input *input, struct arena *arena)
{
	const char **notes = arena_array(arena, 2, sizeof(*notes));

	if (input->truncated)
		notes[0] = "note-cut";
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

/* The rule that tells a reader; NULL for the catch-all. */
static const struct conf_node *
node_of(const struct ruleset_customer *customer, const char *rule)
{
	size_t i;

	if (!customer || !rule)
		return NULL;
	if (!strcmp(rule, "otherwise"))
		return customer->otherwise;
	for (i = 0; i < customer->rule_count; i++)
		if (!strcmp(customer->rules[i].name, rule))
			return customer->rules[i].node;
	return NULL;
}

static const char *
comment_of(const struct pipeline_decision *decision, const char *rule)
{
	const struct rule *deciding = decision->deciding;

	return deciding && !strcmp(deciding->name, rule) ?
		rule_comment(deciding) : NULL;
}

static const char *
word_or_none(const struct ruleset_customer *customer, const char *keyword)
{
	const char *text = customer_word(customer, keyword);

	return *text ? text : NULL;
}

/* What the rule says of its own replaces what the customer has for all. */
static void
add_help(struct notification *notification,
	 const struct ruleset_customer *customer)
{
	const struct conf_node *node = node_of(customer, notification->rule);

	notification->note = word_or_none(customer, "note");
	notification->phone = word_or_none(customer, "phone");
	notification->runbook = word_or_none(customer, "runbook");
	if (!node)
		return;
	notification->todo = rule_help(node, "do");
	notification->rule_note = rule_help(node, "note");
	if (rule_help(node, "runbook"))
		notification->runbook = rule_help(node, "runbook");
}

/* Who else is told, each contact once. */
static const char *const *
others_of(const struct pipeline_decision *decision,
	  const struct pipeline_plan *plan, struct arena *arena)
{
	size_t count = decision->plans.count, kept = 0, i, j;
	const char **names = arena_array(arena, count + 1, sizeof(*names));

	for (i = 0; i < count; i++) {
		const char *name = decision->plans.items[i].contact->name;

		for (j = 0; j < kept && strcmp(names[j], name); j++)
			;
		if (j == kept && strcmp(name, plan->contact->name))
			names[kept++] = name;
	}
	return names;
}

static enum update_kind
severity_update(const struct pipeline_decision *decision)
{
	if (severity_parse(decision->again.was) == SEVERITY_UNKNOWN)
		return UPDATE_KNOWN;
	if (alert_severity(decision->alert) == SEVERITY_UNKNOWN)
		return UPDATE_UNKNOWN;
	return UPDATE_RAISED;
}

static struct update
update_of(const struct pipeline_decision *decision)
{
	const struct again *again = &decision->again;
	struct update update = {
		.was = again->was,
		.device = again->device, .devices = again->devices,
	};

	if (again->kind == AGAIN_RAISED)
		update.kind = severity_update(decision);
	else if (again->kind == AGAIN_REOPENED)
		update.kind = UPDATE_REOPENED;
	else if (again->kind == AGAIN_DEVICE)
		update.kind = again->devices ? UPDATE_DEVICE :
			      UPDATE_MAYBE_DEVICE;
	return update;
}

static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

static bool
has_our_domain(const struct generation *g, const struct endpoint *to,
	       struct arena *arena)
{
	const char *domain = domain_of(to->address);
	recipients ours = { 0 };
	size_t i;

	if (text_same(domain, domain_of(g->settings.from)))
		return true;
	contact_reach(g->contacts, generation_catch_all(g), NULL, arena,
		      &ours);
	for (i = 0; i < ours.count; i++)
		if (text_same(domain,
			      domain_of(ours.items[i].endpoint.address)))
			return true;
	return false;
}

static bool
is_at_pager(const struct recipient *reader)
{
	const recipients *pagers = &reader->contact->pagers;
	size_t i;

	for (i = 0; i < pagers->count; i++)
		if (endpoint_same(&pagers->items[i].endpoint,
				  &reader->endpoint))
			return true;
	return false;
}

/* Ours are those who share a domain with the sender or somebody of the
 * catch-all; everybody else is the customer's own. A pager, at the domain of a
 * gateway, is whose the person is. */
static bool
is_ours(const struct generation *g, const struct recipient *reader,
	struct arena *arena)
{
	const recipients *own = &reader->contact->own;
	size_t i;

	if (has_our_domain(g, &reader->endpoint, arena))
		return true;
	for (i = 0; is_at_pager(reader) && i < own->count; i++)
		if (has_our_domain(g, &own->items[i].endpoint, arena))
			return true;
	return false;
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
		.notes = notes_of(input, arena),
		.update = update_of(decision),
		.actions = decision->normalized ?
			   decision->normalized->actions : NULL,
		.others = others_of(decision, plan, arena),
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
	complete.is_customers = !is_ours(g, reader, arena);
	add_help(&complete, customer);
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
		.template = held ? TEMPLATE_NOTICE : plan->template,
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
