/*
 * The stages from normalize to oncall, in their order. What a decision becomes
 * is in mail.c (render) and record.c (queue).
 */
#include "pipeline/pipeline.h"

#include "base/text.h"

const char *const pipeline_action_names[] = { "notify", "drop", "hold" };

#define DEFAULT_TEMPLATE "alert"

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
		if (!decision->template &&
		    !strcmp(notice->rule, verdict->name))
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
	const struct ruleset_customer *customer = decision->customer;
	size_t i;

	for (i = 0; customer && i < customer->rule_count; i++)
		if (!strcmp(customer->rules[i].name, name))
			return rule_tests(&customer->rules[i], "status");
	return false;
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

	if (normalized->handled || !input->record ||
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
	if (normalized->incident_name)
		trace_line(trace, "incident", normalized->incident_name);
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
		.distrust = input->distrust,
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

	alert_set(alert, ALERT_TITLE, input->record ?
		  "A record of the API that could not be read" :
		  "A mail that could not be read", "tocsin");
	alert_set(alert, ALERT_INTAKE, input->record ? "api" : "mail",
		  "tocsin");
	alert_set(alert, ALERT_AUTHENTIC, input->record ? "pass" : "none",
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

	if (input->record) {
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
	decision->silent = normalized->loop.certain;
	if (normalized->loop.why && !customer)
		hold(generation, decision, normalized->loop.why, &trace, arena);
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
