/*
 * Deciding reads from top to bottom as the stages follow each other; recording
 * is one transaction of the caller. The difficulty is that a code is known for
 * certain only when the store has the item (two messages may claim the same
 * one), so mails are rendered after that, inside the transaction.
 */
#include "pipeline.h"

#include "base/log.h"
#include "base/text.h"
#include "base/zone.h"
#include "queue/queue.h"

const char *const pipeline_action_names[] = { "notify", "drop", "hold" };

#define DEFAULT_TEMPLATE "alert"

enum {
	/* A mail that could not be read whole goes along; a longer one is cut,
	 * since most servers refuse more than 10 to 25 MB. */
	RAW_MOST = 4 << 20,
	/* How exactly it is known when an alert last came: its row is written
	 * once in this time, not at each look. */
	KNOWN_SEEN_MS = 24 * 3600 * 1000,
};

/* ---- deciding ---- */

static bool
is_api(const struct pipeline_input *input)
{
	return input->record != NULL;
}

static void
plan_address(struct pipeline_decision *decision, struct arena *arena,
	     const struct pipeline_plan *plan)
{
	size_t i;

	/* One mail to one address. The rule that decides comes last and knows
	 * best how it should look. */
	for (i = 0; i < decision->plans.count; i++) {
		if (!text_same(decision->plans.items[i].address, plan->address))
			continue;
		decision->plans.items[i] = *plan;
		return;
	}
	vec_push(arena, &decision->plans, *plan);
}

static void
plan_contact(const struct generation *g, struct pipeline_decision *decision,
	     const char *contact, const char *rule, const char *template,
	     struct arena *arena)
{
	const struct contact *found = contact_find(g->contacts, contact);
	recipients who = { 0 };
	size_t i;

	if (!found)
		return;
	contact_resolve(g->contacts, found, arena, &who);
	for (i = 0; i < who.count; i++) {
		struct pipeline_plan plan = {
			.address = who.items[i].address,
			.contact = who.items[i].contact,
			.rule = rule,
			.template = template ? template : DEFAULT_TEMPLATE,
		};

		plan_address(decision, arena, &plan);
	}
}

static void
plan_catch_all(const struct generation *g, struct pipeline_decision *decision,
	       struct arena *arena)
{
	plan_contact(g, decision, g->settings.catch_all.text, "catch-all", NULL,
		     arena);
}

/* The names in a verdict become people and addresses, now. */
static void
resolve_notices(const struct generation *g, const struct verdict *verdict,
		struct pipeline_decision *decision, struct arena *arena)
{
	size_t i, j;

	for (i = 0; i < verdict->notices.count; i++) {
		const struct verdict_notice *notice =
			&verdict->notices.items[i];

		for (j = 0; j < notice->contact_count; j++)
			plan_contact(g, decision, notice->contacts[j].text,
				     notice->rule, notice->template, arena);
		if (!strcmp(notice->rule, verdict->name))
			decision->template = notice->template ?
				notice->template : DEFAULT_TEMPLATE;
	}
	if (verdict->action == VERDICT_NOTIFY && !decision->plans.count)
		plan_catch_all(g, decision, arena);
}

static void
take_place(const struct generation *g, const struct verdict *verdict,
	   struct pipeline_decision *decision)
{
	struct diag_place place = g->settings.catch_all.place;
	size_t column;

	decision->file = verdict->file;
	decision->line = verdict->line;
	if (verdict->kind == VERDICT_CATCH_ALL && place.file) {
		decision->file = place.file->name;
		diag_line_column(place, &decision->line, &column);
	}
}

static enum notification_reason
told_by(const struct verdict *verdict)
{
	switch (verdict->kind) {
	case VERDICT_RULE:
		return NOTIFICATION_RULE;
	case VERDICT_OTHERWISE:
		return NOTIFICATION_OTHERWISE;
	default:
		return NOTIFICATION_CATCH_ALL;
	}
}

/* Match and on-call. */
static void
decide_by_rules(const struct generation *g, struct pipeline_decision *decision,
		instant_ms now, struct buf *trace, struct arena *arena)
{
	const char *customer = alert_text(decision->alert, ALERT_CUSTOMER);
	struct verdict verdict = match_alert(g->ruleset, customer,
					     decision->alert, now, 0, arena);

	decision->customer = verdict.customer;
	decision->deciding = verdict.rule;
	decision->told_by = told_by(&verdict);
	decision->rule = verdict.name;
	decision->action = PIPELINE_NOTIFY;
	if (verdict.action == VERDICT_DROP) {
		decision->action = PIPELINE_DROP;
		decision->reason = arena_printf(arena, "%s (owner %s, %s%s)",
			verdict.rule->drop->reason, verdict.rule->drop->owner,
			verdict.rule->drop->until ? "until " : "always",
			verdict.rule->drop->until ? verdict.rule->drop->until
						  : "");
	}
	take_place(g, &verdict, decision);
	resolve_notices(g, &verdict, decision, arena);
	match_print_trace(&verdict, trace);
}

static void
keep_trace(struct pipeline_decision *decision, struct buf *trace,
	   struct arena *arena)
{
	decision->trace = arena_strndup(arena, trace->data, trace->len);
	buf_release(trace);
}

struct pipeline_decision *
pipeline_decide_alert(const struct generation *generation, struct alert *alert,
		      instant_ms now, struct arena *arena)
{
	struct pipeline_decision *decision = arena_alloc(arena,
							 sizeof(*decision));
	struct buf trace = BUF_INIT;

	decision->alert = alert;
	decide_by_rules(generation, decision, now, &trace, arena);
	keep_trace(decision, &trace, arena);
	return decision;
}

/* Kept back for a person to look at. */
static void
hold(const struct generation *g, struct pipeline_decision *decision,
     const char *reason, struct buf *trace, struct arena *arena)
{
	decision->action = PIPELINE_HOLD;
	decision->reason = reason;
	buf_puts(trace, "held: ");
	text_escape(trace, reason, SIZE_MAX);
	buf_putc(trace, '\n');
	if (!decision->silent)
		plan_catch_all(g, decision, arena);
}

/* Does a rule ask for alerts that need nobody any more? It does when it tests
 * `status`. */
static bool
asks_for_handled(const struct pipeline_decision *decision, const char *name)
{
	const struct rule *rule = decision->customer ?
		ruleset_rule(decision->customer, name) : NULL;

	return rule && rule_tests(rule, "status");
}

/* The tenant has dealt with it: only those rules tell anybody. */
static void
pass_over(struct pipeline_decision *decision, const char *why,
	  struct buf *trace)
{
	size_t i, kept = 0;

	for (i = 0; i < decision->plans.count; i++)
		if (asks_for_handled(decision, decision->plans.items[i].rule))
			decision->plans.items[kept++] =
				decision->plans.items[i];
	decision->plans.count = kept;
	buf_printf(trace, "handled: %s, so only rules that test status tell "
		   "anybody\n", why);
	if (kept)
		return;
	decision->action = PIPELINE_DROP;
	decision->reason = why;
}

/* Why nobody needs to be told of it: the tenant has dealt with it, or it is
 * older than our reading of that tenant. NULL: it is news. */
static const char *
handled_because(const struct pipeline_input *input,
		const struct normalized *normalized, struct arena *arena)
{
	const char *created = alert_text(normalized->alert, ALERT_CREATED);
	instant_ms when;

	if (normalized->handled || !is_api(input) ||
	    input->started == TIME_UNKNOWN || !created ||
	    !clock_parse(created, &when) || when >= input->started)
		return normalized->handled;
	return arena_printf(arena, "it is of %s, from before what counts as "
			    "new", created);
}

static void
trace_line(struct buf *trace, const char *what, const char *text)
{
	buf_printf(trace, "%s: ", what);
	text_escape(trace, text, SIZE_MAX);
	buf_putc(trace, '\n');
}

/* What was recognised and whose it is, as far as the alert's fields with their
 * sources do not say it. */
static void
trace_normalized(const struct normalized *normalized, struct buf *trace)
{
	const struct alert_values *doubts = &normalized->alert->doubts;
	size_t i;

	trace_line(trace, "customer", normalized->why);
	trace_line(trace, "authentic", normalized->authentic_why);
	for (i = 0; i < normalized->missing.count; i++)
		trace_line(trace, "missing",
			   alert_fields[normalized->missing.items[i]].name);
	for (i = 0; i < doubts->count; i++)
		trace_line(trace, "doubt", doubts->items[i].text);
	for (i = 0; i < normalized->notes.count; i++)
		trace_line(trace, "note", normalized->notes.items[i]);
}

static const struct normalized *
normalize(const struct generation *g, const struct pipeline_input *input,
	  struct arena *arena)
{
	const struct normalize_input wanted = {
		.formats = g->formats,
		.customers = g->customers,
		.authserv = g->settings.authserv,
		.domain = g->settings.domain,
		.recipients = input->recipients,
		.recipient_count = input->recipient_count,
		.message = input->message,
	};

	return normalize_mail(&wanted, arena);
}

/* A mail, or a record of an API, that nothing could be read of. */
static struct alert *
unreadable_alert(const struct pipeline_input *input, struct arena *arena)
{
	struct alert *alert = alert_create(arena);

	alert_set(alert, ALERT_TITLE, is_api(input) ?
		  "A record of the API that could not be read" :
		  "A mail that could not be read", "tocsin");
	alert_set(alert, ALERT_INTAKE, is_api(input) ? "api" : "mail",
		  "tocsin");
	alert_set(alert, ALERT_AUTHENTIC, is_api(input) ? "pass" : "none",
		  "tocsin");
	if (input->tenant)
		alert_set(alert, ALERT_TENANT, input->tenant,
			  "the tenant that was asked");
	return alert;
}

/* NULL, with the reason in `failure_out`, when nothing can be made of it. */
static const struct normalized *
read_input(const struct generation *g, const struct pipeline_input *input,
	   const char **failure_out, struct arena *arena)
{
	const struct normalized *normalized = NULL;
	struct buf error = BUF_INIT;

	if (is_api(input)) {
		const struct normalize_record wanted = {
			.customers = g->customers,
			.tenant = input->tenant,
			.record = *input->record,
		};

		normalized = normalize_record(&wanted, arena, &error);
		*failure_out = arena_strdup(arena, error.data);
	} else if (input->message) {
		normalized = normalize(g, input, arena);
	} else {
		*failure_out = input->failure;
	}
	buf_release(&error);
	return normalized;
}

struct pipeline_decision *
pipeline_decide(const struct generation *generation,
		const struct pipeline_input *input, const char *customer,
		instant_ms now, struct arena *arena)
{
	struct pipeline_decision *decision = arena_alloc(arena,
							 sizeof(*decision));
	const struct normalized *normalized;
	const char *failure = NULL, *why;
	struct buf trace = BUF_INIT;

	normalized = read_input(generation, input, &failure, arena);
	if (!normalized) {
		decision->alert = unreadable_alert(input, arena);
		hold(generation, decision, failure, &trace, arena);
		keep_trace(decision, &trace, arena);
		return decision;
	}

	decision->normalized = normalized;
	decision->alert = normalized->alert;
	trace_normalized(normalized, &trace);
	if (customer && *customer) {
		alert_set(decision->alert, ALERT_CUSTOMER, customer,
			  "released for it");
		trace_line(&trace, "released for", customer);
	}
	decision->silent = normalized->loop != NULL;
	if (normalized->loop && !customer)
		hold(generation, decision, normalized->loop, &trace, arena);
	else if (normalized->customer == CUSTOMER_CONFLICT && !customer)
		hold(generation, decision, normalized->why, &trace, arena);
	else
		decide_by_rules(generation, decision, now, &trace, arena);
	why = handled_because(input, normalized, arena);
	if (why && decision->action == PIPELINE_NOTIFY)
		pass_over(decision, why, &trace);
	keep_trace(decision, &trace, arena);
	return decision;
}

/* ---- rendering ---- */

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

/* The same whenever the same message is told to the same address, so that a
 * mail that is sent twice can be seen to be one. */
static const char *
message_id(const struct generation *g, const char *code, const char *about,
	   const char *address, struct arena *arena)
{
	return arena_printf(arena, "%s.%s@%s", code,
			    short_digest(text_fold(arena, address), about,
					 arena),
			    g->settings.domain);
}

/* One incident is one thread in a mail program. */
static const char *
thread_id(const struct generation *g, const struct alert *alert,
	  struct arena *arena)
{
	const char *incident = alert_text(alert, ALERT_INCIDENT);
	const char *customer = alert_text(alert, ALERT_CUSTOMER);

	if (!incident)
		incident = alert_text(alert, ALERT_ALERT);
	if (!incident)
		return NULL;
	return arena_printf(arena, "incident.%s@%s",
			    short_digest(customer ? customer : "", incident,
					 arena),
			    g->settings.domain);
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

/* Could not all of it be read? Then the original goes along. */
static bool
is_unread(const struct pipeline_input *input)
{
	return !is_api(input) &&
	       (!input->message || input->message->limits.count > 0);
}

static size_t
raw_length(const struct pipeline_input *input)
{
	return input->length < RAW_MOST ? input->length : RAW_MOST;
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

static const char *
first_tenant(const struct ruleset_customer *customer)
{
	const char *tenant = customer_word(customer, "tenant");

	return *tenant ? tenant : NULL;
}

static const char *
comment_of(const struct pipeline_decision *decision, const char *rule)
{
	const struct rule *deciding = decision->deciding;

	return deciding && !strcmp(deciding->name, rule) ?
		rule_comment(deciding) : NULL;
}

static void
append_list(struct buf *out, const char *const *items, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		buf_printf(out, "%s%s", i ? ", " : "", items[i]);
}

static void
append_envelope(struct buf *text, const struct pipeline_input *input,
		const char *title)
{
	buf_printf(text, "Subject: %s\nEnvelope sender: %s\nDelivered to: ",
		   title ? title : "(none)",
		   *input->sender ? input->sender : "(none)");
	append_list(text, input->recipients, input->recipient_count);
}

/* To the catch-all: a mail waits for a person. */
static struct rendered
render_held(const struct pipeline_input *input,
	    const struct pipeline_decision *decision, const char *code,
	    const struct render_envelope *envelope, struct arena *arena)
{
	const char *title = alert_text(decision->alert, ALERT_TITLE);
	const char *what = is_api(input) ? "An alert of an API" : "A mail";
	struct buf text = BUF_INIT;
	struct rendered mail;

	buf_printf(&text, "%s is held and no customer's contacts were "
		   "told: %s.\n\n", what, decision->reason);
	if (is_api(input))
		buf_printf(&text, "Title: %s\nTenant: %s",
			   title ? title : "(none)",
			   input->tenant ? input->tenant : "(none)");
	else
		append_envelope(&text, input, title);
	buf_printf(&text, "\n\nLook at it:\n    tocsin held show %s\nand let "
		   "it go on, for the customer whose it is:\n    tocsin held "
		   "release %s --customer NAME\n", code, code);
	mail = render_notice(arena, arena_printf(arena, "%s is held", what),
			     text.data, code,
			     is_unread(input) ? input->raw : NULL,
			     raw_length(input), envelope);
	buf_release(&text);
	return mail;
}

struct rendered
pipeline_render(const struct generation *g, const struct pipeline_input *input,
		const struct pipeline_decision *decision,
		const struct pipeline_plan *plan, const char *code,
		instant_ms now, struct arena *arena)
{
	const struct ruleset_customer *customer = decision->customer;
	const struct render_envelope envelope = {
		.from_name = g->settings.from_name,
		.from = g->settings.from,
		.to = plan->address,
		.message_id = message_id(g, code, "", plan->address, arena),
		.references = thread_id(g, decision->alert, arena),
		.date = now,
	};
	const struct notification notification = {
		.alert = decision->alert,
		.customer = customer ? customer->display : NULL,
		.tenant = first_tenant(customer),
		.reason = decision->told_by,
		.rule = plan->rule,
		.rule_comment = comment_of(decision, plan->rule),
		.code = code,
		.notes = notes_of(input, decision, arena),
		.raw = is_unread(input) ? input->raw : NULL,
		.raw_length = raw_length(input),
		.words = reader_words(g, plan->contact, customer),
		.zone = reader_zone(plan->contact, customer),
	};

	if (decision->action == PIPELINE_HOLD)
		return render_held(input, decision, code, &envelope, arena);
	return render_notification(arena, g->templates, plan->template,
				   &notification, &envelope);
}

/* ---- recording ---- */

/* A record has no recipients; the tenant that was asked stands for them, so
 * that two customers cannot have one item. */
static void
record_key(const struct pipeline_input *input,
	   const unsigned char octets[DIGEST_SIZE],
	   struct duplicate_key *key_out)
{
	const char *const about[] = { "api", input->tenant };

	duplicate_key(about, input->tenant ? 2 : 1, "", octets, key_out);
}

void
pipeline_key(const struct pipeline_input *input, struct duplicate_key *key_out)
{
	struct digest *digest = digest_create();
	unsigned char octets[DIGEST_SIZE];

	digest_add(digest, input->raw, input->length);
	digest_finish(&digest, octets);
	if (is_api(input)) {
		record_key(input, octets, key_out);
		return;
	}
	duplicate_key(input->recipients, input->recipient_count,
		      input->message ? input->message->message_id : "",
		      octets, key_out);
}

static const char *
json_of_alert(const struct alert *alert, struct arena *arena)
{
	struct json *object = alert_to_json(alert);
	struct buf text = BUF_INIT;
	const char *copy;

	json_print(object, &text);
	copy = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	json_destroy(&object);
	return copy;
}

static struct store_verdict
verdict_of(const struct generation *g, const struct pipeline_decision *decision,
	   instant_ms now, struct arena *arena)
{
	const struct alert *alert = decision->alert;

	return (struct store_verdict){
		.customer = alert_text(alert, ALERT_CUSTOMER),
		.format = alert_text(alert, ALERT_FORMAT),
		.authentic = alert_text(alert, ALERT_AUTHENTIC),
		.alert = json_of_alert(alert, arena),
		.action = pipeline_action_names[decision->action],
		.rule = decision->rule,
		.file = decision->file,
		.line = (int64_t)decision->line,
		.rules_version = g->conf->version,
		.template = decision->template,
		.reason = decision->reason,
		.trace = decision->trace,
		.decided = now,
	};
}

static const char *
parse_word(const struct pipeline_input *input)
{
	if (is_api(input))
		return "whole";
	if (!input->message)
		return input->failure;
	if (input->message->limits.count)
		return input->message->limits.items[0];
	return input->truncated ? "cut when it came in" : "whole";
}

static const char *
relay_of(const struct generation *g, const struct contact *contact)
{
	return *contact->relay.text ? contact->relay.text
				    : relay_default(g->relays)->name;
}

static enum outcome
add_delivery(const struct generation *g, struct store *store,
	     const struct pipeline_input *input,
	     const struct pipeline_decision *decision,
	     const struct pipeline_plan *plan, const struct store_item *item,
	     instant_ms now, struct arena *arena, struct buf *error)
{
	bool held = decision->action == PIPELINE_HOLD;
	struct rendered mail = pipeline_render(g, input, decision, plan,
					       item->code, now, arena);
	struct store_delivery delivery = {
		.item = item->id,
		.kind = held ? STORE_NOTICE : STORE_ALERT,
		.recipient = plan->address,
		.about = held ? "held" : "",
		.contact = plan->contact->name,
		.relay = relay_of(g, plan->contact),
		.rule = plan->rule,
		.template = mail.fallback ? "built-in" : plan->template,
		.sender = g->settings.from,
		.message_id = message_id(g, item->code, "", plan->address,
					 arena),
		.smtputf8 = mail.smtputf8,
		.urgent = severity_at_least(alert_severity(decision->alert),
					    SEVERITY_HIGH),
		.message = mail.message,
		.message_length = mail.length,
	};

	if (mail.fallback)
		log_warning("template", "code", item->code, "template",
			    plan->template, "why", mail.fallback, NULL);
	return queue_add(store, &delivery, now, error);
}

static enum outcome
add_deliveries(const struct generation *g, struct store *store,
	       const struct pipeline_input *input,
	       const struct pipeline_decision *decision,
	       const struct store_item *item, instant_ms now,
	       struct arena *arena, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < decision->plans.count && outcome == OUTCOME_OK; i++)
		outcome = add_delivery(g, store, input, decision,
				       &decision->plans.items[i], item, now,
				       arena, error);
	return outcome;
}

static enum outcome
add_held(struct store *store, const struct pipeline_input *input,
	 const struct pipeline_decision *decision,
	 const struct store_item *item, instant_ms now, struct buf *error)
{
	const struct store_held held = {
		.item = item->id,
		.since = now,
		.reason = decision->reason,
		.message = input->raw,
		.message_length = input->length,
	};

	return store_held_add(store, &held, error);
}

/* Whoever was told of this alert before is not told again. */
static void
leave_out_told(struct pipeline_decision *decision, const struct again *again,
	       struct arena *arena)
{
	size_t i, kept = 0, before = decision->plans.count;

	decision->news = again->news;
	if (decision->action != PIPELINE_NOTIFY)
		return;
	for (i = 0; i < before; i++) {
		struct pipeline_plan plan = decision->plans.items[i];

		if (!again_told(again, arena, plan.address))
			decision->plans.items[kept++] = plan;
	}
	decision->plans.count = kept;
	if (kept == before)
		return;
	decision->trace = arena_printf(arena, "%sknown: %zu of %zu were told "
				       "of this alert before%s%s\n",
				       decision->trace, before - kept, before,
				       again->was && again->was->code ?
				       ", by " : "",
				       again->was && again->was->code ?
				       again->was->code : "");
	if (kept)
		return;
	decision->action = PIPELINE_DROP;
	decision->reason = "all were told of this alert before";
}

/* A record of an API that has come before and tells nobody. */
static bool
is_known_record(const struct pipeline_input *input,
		const struct pipeline_decision *decision,
		const struct again *again)
{
	return is_api(input) && again->was && again->was->digest &&
	       decision->action != PIPELINE_HOLD && !decision->plans.count;
}

/* Word for the journal of what changed in it, and no new item. */
static enum outcome
record_known(struct store *store, const struct again *again, instant_ms now,
	     struct arena *arena, enum store_added *how_out,
	     const char **code_out, struct buf *error)
{
	const struct store_known *was = again->was;
	const struct store_event event = {
		.item = was->item, .at = now, .what = "updated",
		.reason = again->news ? again->news : again->change,
	};
	enum outcome outcome = OUTCOME_OK;

	*code_out = was->code;
	*how_out = STORE_AGAIN;
	if (again->same && now - was->seen < KNOWN_SEEN_MS)
		return OUTCOME_OK;
	if (!again->same) {
		*how_out = STORE_DUPLICATE;
		if (was->item)
			outcome = store_event_add(store, &event, error);
	}
	if (outcome == OUTCOME_OK)
		outcome = again_remember(store, again, 0, now, arena, error);
	return outcome;
}

static enum outcome
remember(struct store *store, const struct pipeline_decision *decision,
	 const struct again *again, int64_t item, instant_ms now,
	 struct arena *arena, struct buf *error)
{
	enum outcome outcome = again_remember(store, again, item, now, arena,
					      error);
	size_t i;

	for (i = 0; i < decision->plans.count && outcome == OUTCOME_OK; i++)
		outcome = again_remember_told(store, again,
					      decision->plans.items[i].address,
					      now, arena, error);
	return outcome;
}

enum outcome
pipeline_record(const struct generation *generation, struct store *store,
		const struct pipeline_input *input,
		struct pipeline_decision *decision, instant_ms now,
		struct arena *arena, enum store_added *how_out,
		const char **code_out, struct buf *error)
{
	struct duplicate_key key;
	struct store_item item;
	struct again again;
	enum outcome outcome;

	pipeline_key(input, &key);
	outcome = again_look(store, decision->alert, is_api(input) ?
			     arena_strdup(arena, key.octets) : NULL, arena,
			     &again, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	leave_out_told(decision, &again, arena);
	if (is_known_record(input, decision, &again))
		return record_known(store, &again, now, arena, how_out,
				    code_out, error);
	item = (struct store_item){
		.code = key.code,
		.identity = key.hex,
		.kind = is_api(input) ? "api" : "mail",
		.received = now,
		.spool = input->name,
		.digest = key.octets,
		.message_id = input->message ? input->message->message_id : NULL,
		.sender = input->sender,
		.recipients = input->recipients,
		.recipient_count = input->recipient_count,
		.parse = parse_word(input),
		.verdict = verdict_of(generation, decision, now, arena),
	};
	outcome = store_item_add(store, arena, &item, how_out, error);
	*code_out = arena_strdup(arena, item.code);
	if (outcome != OUTCOME_OK || *how_out != STORE_NEW)
		return outcome;
	if (decision->action == PIPELINE_HOLD)
		outcome = add_held(store, input, decision, &item, now, error);
	if (outcome == OUTCOME_OK)
		outcome = add_deliveries(generation, store, input, decision,
					 &item, now, arena, error);
	if (outcome == OUTCOME_OK && decision->action != PIPELINE_HOLD)
		outcome = remember(store, decision, &again, item.id, now,
				   arena, error);
	return outcome;
}

enum outcome
pipeline_record_released(const struct generation *generation,
			 struct store *store, const struct store_item *item,
			 const struct pipeline_input *input,
			 const struct pipeline_decision *decision,
			 instant_ms now, struct arena *arena,
			 struct buf *error)
{
	struct store_verdict verdict = verdict_of(generation, decision, now,
						  arena);
	enum outcome outcome = store_item_decide(store, item->id, &verdict,
						 error);

	if (outcome == OUTCOME_OK && decision->action == PIPELINE_HOLD)
		return add_held(store, input, decision, item, now, error);
	if (outcome == OUTCOME_OK)
		outcome = add_deliveries(generation, store, input, decision,
					 item, now, arena, error);
	if (outcome == OUTCOME_OK)
		outcome = store_held_done(store, item->id, now, error);
	return outcome;
}

static enum outcome
add_notice(const struct generation *g, struct store *store,
	   const struct pipeline_notice *notice,
	   const struct recipient *recipient, instant_ms now,
	   struct arena *arena, struct buf *error)
{
	const struct render_envelope envelope = {
		.from_name = g->settings.from_name,
		.from = g->settings.from,
		.to = recipient->address,
		.message_id = message_id(g, notice->code, notice->about,
					 recipient->address, arena),
		.date = now,
	};
	struct rendered mail = render_notice(arena, notice->subject,
					     notice->text, notice->code,
					     NULL, 0, &envelope);
	struct store_delivery delivery = {
		.item = notice->item,
		.kind = STORE_NOTICE,
		.recipient = recipient->address,
		.about = notice->about,
		.contact = recipient->contact->name,
		.relay = relay_of(g, recipient->contact),
		.sender = g->settings.from,
		.message_id = envelope.message_id,
		.smtputf8 = mail.smtputf8,
		.urgent = true,
		.message = mail.message,
		.message_length = mail.length,
	};

	return queue_add(store, &delivery, now, error);
}

enum outcome
pipeline_notify_catch_all(const struct generation *generation,
			  struct store *store,
			  const struct pipeline_notice *notice, instant_ms now,
			  struct arena *arena, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	recipients who = { 0 };
	size_t i;

	contact_resolve(generation->contacts, generation_catch_all(generation),
			arena, &who);
	for (i = 0; i < who.count && outcome == OUTCOME_OK; i++) {
		if (notice->except &&
		    text_same(who.items[i].address, notice->except))
			continue;
		outcome = add_notice(generation, store, notice, &who.items[i],
				     now, arena, error);
	}
	return outcome;
}

static enum outcome
add_alone(const struct generation *g, struct store *store,
	  struct store_item *item, const char *subject, const char *text,
	  instant_ms now, struct arena *arena, struct buf *error)
{
	struct pipeline_notice notice = {
		.about = "relay", .subject = subject, .text = text,
	};
	enum store_added how;
	enum outcome outcome = store_item_add(store, arena, item, &how, error);

	if (outcome != OUTCOME_OK || how != STORE_NEW)
		return outcome;
	notice.item = item->id;
	notice.code = item->code;
	return pipeline_notify_catch_all(g, store, &notice, now, arena, error);
}

enum outcome
pipeline_notify_alone(const struct generation *generation, struct store *store,
		      const char *identity, const char *customer,
		      const char *subject, const char *text, instant_ms now,
		      struct arena *arena, struct buf *error)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX], code[DIGEST_CODE];
	struct store_item item;
	enum outcome outcome = store_begin(store, error);

	digest_add_text(digest, identity);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	digest_code(bytes, code);
	if (outcome != OUTCOME_OK)
		return outcome;
	item = (struct store_item){
		.code = code, .identity = hex, .kind = "notice",
		.received = now, .spool = "", .parse = "whole",
		.verdict = {
			.customer = customer,
			.action = pipeline_action_names[PIPELINE_NOTIFY],
			.rule = "catch-all", .reason = subject,
			.rules_version = generation->conf->version,
			.trace = text, .decided = now,
		},
	};
	outcome = add_alone(generation, store, &item, subject, text, now,
			    arena, error);
	return store_end(store, outcome, error);
}
