#include "pipeline/decide.h"

#include "base/text.h"
#include "pipeline/proof.h"
#include "pipeline/returned.h"

const char *const pipeline_action_names[] = { "notify", "drop", "hold" };

#define DEFAULT_TEMPLATE "alert"

/* One decision on its way through the stages. */
struct deciding {
	const struct generation *generation;
	struct pipeline_decision *decision;
	instant_ms now;
	unsigned int flags;
	VEC(const char *) told;		/* addresses that were told before */
	VEC(const struct contact *) asked; /* oncalls that are in the trace */
	struct again_cover all;		/* what covers all of them, if any */
	struct buf trace;
	struct arena *arena;
};

static void
trace_line(struct deciding *d, const char *what, const char *text)
{
	buf_printf(&d->trace, "%s: ", what);
	text_escape(&d->trace, text, SIZE_MAX);
	buf_putc(&d->trace, '\n');
}

/* ---- on-call: names become people and endpoints, now ---- */

static bool
is_listed(const struct deciding *d, const char *address)
{
	size_t i;

	for (i = 0; i < d->told.count; i++)
		if (text_same(d->told.items[i], address))
			return true;
	return false;
}

static struct again_cover
cover_of(const struct deciding *d, const char *address)
{
	const struct again *again = &d->decision->again;

	return again->state && !d->all.line ?
	       again_told(again, d->arena, address) : d->all;
}

static void
list_told(struct deciding *d, const char *address, struct again_cover cover)
{
	if (is_listed(d, address))
		return;
	vec_push(d->arena, &d->told, address);
	vec_push(d->arena, &d->decision->covers, cover);
}

/* Whoever was told of this alert before is not told again. */
static bool
was_told(struct deciding *d, const char *address)
{
	struct again_cover cover = cover_of(d, address);

	if (cover.line)
		list_told(d, address, cover);
	return cover.line;
}

static void
plan_endpoint(struct deciding *d, const struct pipeline_plan *plan)
{
	struct pipeline_decision *decision = d->decision;
	size_t i;

	/* One message to one place. The rule that decides comes last and knows
	 * best how it should look. */
	for (i = 0; i < decision->plans.count; i++) {
		if (!endpoint_same(&decision->plans.items[i].endpoint,
				   &plan->endpoint))
			continue;
		decision->plans.items[i] = *plan;
		return;
	}
	vec_push(d->arena, &decision->plans, *plan);
}

static void
plan_all(struct deciding *d, const recipients *who, const char *rule,
	 const char *template)
{
	size_t i;

	for (i = 0; i < who->count; i++) {
		struct pipeline_plan plan = {
			.endpoint = who->items[i].endpoint,
			.relay = who->items[i].relay,
			.contact = who->items[i].contact,
			.rule = rule,
			.template = template ? template : DEFAULT_TEMPLATE,
		};

		if (who->items[i].template)
			plan.template = who->items[i].template;

		if (!was_told(d, plan.endpoint.address))
			plan_endpoint(d, &plan);
	}
}

/* "on duty: primary: ana (layer 2) until 2026-12-07T08:00:00Z" */
static void
trace_duty(struct deciding *d, const struct contact_duty *it)
{
	const struct rota_turn *duty = &it->duty;
	size_t i;

	buf_puts(&d->trace, "on duty: ");
	text_escape(&d->trace, it->oncall->name, SIZE_MAX);
	buf_puts(&d->trace, ": ");
	for (i = 0; i < duty->names.count; i++) {
		buf_puts(&d->trace, i ? ", " : "");
		text_escape(&d->trace, duty->names.items[i], SIZE_MAX);
	}
	if (duty->by == ROTA_NOBODY)
		buf_puts(&d->trace, "nobody");
	else
		buf_printf(&d->trace, " (%s)", rota_by(duty, d->arena));
	if (duty->period.until != INT64_MAX)
		buf_printf(&d->trace, " until %s",
			   clock_text(d->arena, duty->period.until));
	buf_putc(&d->trace, '\n');
}

/* Of each oncall once, however many rules name it. */
static void
trace_duties(struct deciding *d, const contact_duties *duties)
{
	size_t i, j;

	for (i = 0; i < duties->count; i++) {
		const struct contact *oncall = duties->items[i].oncall;

		for (j = 0; j < d->asked.count; j++)
			if (d->asked.items[j] == oncall)
				break;
		if (j < d->asked.count)
			continue;
		vec_push(d->arena, &d->asked, oncall);
		trace_duty(d, &duties->items[i]);
	}
}

static const struct store_replacements *
stored_of(const struct deciding *d)
{
	return d->decision->state ? &d->decision->state->replacements : NULL;
}

static void
plan_catch_all(struct deciding *d)
{
	recipients who = { 0 };
	contact_duties duties = { 0 };

	if (!generation_catch_all(d->generation))
		return;
	generation_resolve_catch_all(d->generation, stored_of(d), d->now,
				     d->arena, &who, &duties);
	trace_duties(d, &duties);
	plan_all(d, &who, "catch-all", NULL);
}

/* Who is behind a name at that time. */
static void
resolve(const struct deciding *d, const struct contact *contact, bool by_pager,
	instant_ms when, recipients *out, contact_duties *duties)
{
	(by_pager ? contact_page : contact_resolve)(d->generation->contacts,
			contact, stored_of(d), when, d->arena, out, duties);
}

/* "by pager: ana@sms.example (ana)" */
static void
trace_pagers(struct deciding *d, const recipients *who)
{
	size_t i;

	for (i = 0; i < who->count; i++)
		trace_line(d, "by pager", arena_printf(d->arena,
			   who->items[i].is_pager ? "%s (%s)" :
			   "%s (%s, who has no pager)",
			   who->items[i].endpoint.address,
			   who->items[i].contact->name));
}

/* Was everybody told who was behind that name at that time? */
static bool
were_told(const struct deciding *d, const struct contact *contact,
	  bool by_pager, instant_ms then)
{
	recipients who = { 0 };
	size_t i;

	resolve(d, contact, by_pager, then, &who, NULL);
	for (i = 0; i < who.count; i++)
		if (!cover_of(d, who.items[i].endpoint.address).line)
			return false;
	return who.count;
}

/*
 * Duty has changed since an alert was told: whoever had it then knows, and so
 * the next one is told when there is news. What covers him; `line` NULL:
 * nothing.
 */
static struct again_cover
told_in_earlier_turn(const struct deciding *d, const struct contact *contact,
		     bool by_pager)
{
	recipients who = { 0 };
	size_t i;

	(by_pager ? contact_reach_pagers : contact_reach)(
		d->generation->contacts, contact, stored_of(d), d->arena,
		&who);
	for (i = 0; i < who.count; i++) {
		struct again_cover cover =
			cover_of(d, who.items[i].endpoint.address);

		if (cover.told && were_told(d, contact, by_pager,
					    cover.told->at))
			return cover;
	}
	return (struct again_cover){ .line = NULL };
}

static void
list_all_told(struct deciding *d, const recipients *who,
	      struct again_cover cover)
{
	size_t i;

	for (i = 0; i < who->count; i++)
		list_told(d, who->items[i].endpoint.address, cover);
}

/* Where nobody is on duty, nobody would be told. */
static void
plan_contact(struct deciding *d, const char *contact,
	     const struct verdict_notice *notice)
{
	const struct contact *found =
		contact_find(d->generation->contacts, contact);
	struct again_cover cover = { .line = NULL };
	recipients who = { 0 };
	contact_duties duties = { 0 };

	if (!found)
		return;
	resolve(d, found, notice->by_pager, d->now, &who, &duties);
	trace_duties(d, &duties);
	if (notice->by_pager)
		trace_pagers(d, &who);
	if (!who.count)
		plan_catch_all(d);
	if (duties.count)
		cover = told_in_earlier_turn(d, found, notice->by_pager);
	if (cover.line)
		list_all_told(d, &who, cover);
	else
		plan_all(d, &who, notice->rule, notice->template);
}

static void
plan_notices(struct deciding *d, const struct verdict *verdict)
{
	size_t i, j;

	for (i = 0; i < verdict->notices.count; i++) {
		const struct verdict_notice *notice =
			&verdict->notices.items[i];

		for (j = 0; j < notice->contact_count; j++)
			plan_contact(d, notice->contacts[j].text, notice);
	}
}

/* ---- match ---- */

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

/* That the deciding rule names first, or NULL. */
static const char *
first_template(const struct verdict *verdict)
{
	size_t i;

	for (i = 0; i < verdict->notices.count; i++) {
		const struct verdict_notice *notice =
			&verdict->notices.items[i];

		if (!strcmp(notice->rule, verdict->name))
			return notice->template ? notice->template
						: DEFAULT_TEMPLATE;
	}
	return NULL;
}

static const char *
reason_of_drop(const struct rule_drop *drop, struct arena *arena)
{
	return arena_printf(arena, "%s (owner %s, %s%s)", drop->reason,
			    drop->owner, drop->until ? "until " : "always",
			    drop->until ? drop->until : "");
}

static void
take_verdict(struct deciding *d, const struct verdict *verdict)
{
	struct pipeline_decision *decision = d->decision;

	decision->customer = verdict->customer;
	decision->deciding = verdict->rule;
	decision->told_by = told_by(verdict);
	decision->rule = verdict->name;
	decision->action = PIPELINE_NOTIFY;
	decision->template = first_template(verdict);
	if (verdict->action == VERDICT_DROP) {
		decision->action = PIPELINE_DROP;
		decision->reason = reason_of_drop(verdict->rule->drop,
						  d->arena);
	}
	take_place(d->generation, verdict, decision);
	match_print_trace(verdict, &d->trace);
}

/* ---- what holds it back ---- */

/* Whoever a notification came back from is not told that it did. */
static void
leave_out_source(struct pipeline_decision *decision)
{
	size_t i, kept = 0;

	for (i = 0; i < decision->plans.count; i++)
		if (!pipeline_comes_from(decision->reading,
			&decision->state->returned,
			decision->plans.items[i].endpoint.address))
			decision->plans.items[kept++] =
				decision->plans.items[i];
	decision->plans.count = kept;
}

/* Kept back for a person to look at. */
static void
hold(struct deciding *d, const char *reason)
{
	struct pipeline_decision *decision = d->decision;

	const char *why = pipeline_untold(decision->reading,
					  &decision->state->returned);

	decision->action = PIPELINE_HOLD;
	decision->reason = reason;
	trace_line(d, "held", reason);
	if (why)
		trace_line(d, "untold", why);
	else
		plan_catch_all(d);
	leave_out_source(decision);
}

/* A report that nothing failed: nobody is told, and nobody has to look. */
static void
pass_report(struct deciding *d, const char *reason)
{
	d->decision->action = PIPELINE_DROP;
	d->decision->reason = reason;
	trace_line(d, "report", reason);
}

/* Why nobody needs to be told of it: the tenant has dealt with it, or it is
 * older than our reading of that tenant. NULL: it is news. */
static const char *
handled_because(const struct pipeline_reading *reading, struct arena *arena)
{
	const struct pipeline_input *input = reading->input;
	const char *created = alert_text(reading->alert, ALERT_CREATED);
	instant_ms when;

	if (reading->normalized->handled || !input->record ||
	    input->started == TIME_UNKNOWN || !created ||
	    !clock_parse(created, &when) || when >= input->started)
		return reading->normalized->handled;
	return arena_printf(arena, "it is of %s, from before what counts as "
			    "new", created);
}

/* Does a rule ask for alerts that need nobody any more? It does when it tests
 * `status`. */
static bool
asks_for_handled(const struct ruleset_customer *customer, const char *name)
{
	size_t i;

	for (i = 0; customer && i < customer->rule_count; i++)
		if (!strcmp(customer->rules[i].name, name))
			return rule_tests(&customer->rules[i], "status");
	return false;
}

/* The rule that may ask for them, and could not be answered; or NULL. */
static const struct rule *
may_ask_for_handled(const struct verdict *verdict)
{
	size_t i;

	for (i = 0; i < verdict->unsure.count; i++)
		if (rule_tests(verdict->unsure.items[i], "status"))
			return verdict->unsure.items[i];
	return NULL;
}

/* The tenant has dealt with it: only those rules tell anybody. */
static void
pass_over(struct deciding *d, struct verdict *verdict, const char *why)
{
	const struct rule *unsure = may_ask_for_handled(verdict);
	size_t i, kept = 0;

	if (unsure) {
		buf_printf(&d->trace, "handled: %s, but nobody knows what "
			   "rule '%s' would say\n", why, unsure->name);
		return;
	}

	for (i = 0; i < verdict->notices.count; i++)
		if (asks_for_handled(verdict->customer,
				     verdict->notices.items[i].rule))
			verdict->notices.items[kept++] =
				verdict->notices.items[i];
	verdict->notices.count = kept;
	buf_printf(&d->trace, "handled: %s, so only rules that test status "
		   "tell anybody\n", why);
	if (kept || d->decision->action == PIPELINE_DROP)
		return;
	d->decision->action = PIPELINE_DROP;
	d->decision->reason = why;
}

/* Then it counts for what comes later. */
static bool
is_proven(struct deciding *d)
{
	const char *why = pipeline_unproven(d->generation,
					    d->decision->reading);

	if (why && !d->decision->reading->input->record)
		trace_line(d, "unproven", why);
	return !why;
}

static void
look_back(struct deciding *d)
{
	struct pipeline_decision *decision = d->decision;
	const struct pipeline_reading *reading = decision->reading;

	decision->again = (struct again){
		.alert = decision->alert,
		.state = decision->state,
		.is_proven = is_proven(d),
		.is_completed = reading->input->is_completed,
		.has_words = reading->normalized->has_words,
		.now = d->now,
		.digest = reading->input->record ? reading->key.octets : NULL,
	};
	again_look(&decision->again, d->arena);
	decision->news = decision->again.news;
	d->all = again_covers_all(&decision->again);
}

/* Each line of the table that decided is printed once. */
static void
trace_covers(struct deciding *d)
{
	const struct pipeline_decision *decision = d->decision;
	const struct cover *last = NULL;
	size_t i;

	for (i = 0; i < decision->covers.count; i++) {
		const struct again_cover *cover = &decision->covers.items[i];

		if (cover->line == last)
			continue;
		last = cover->line;
		buf_printf(&d->trace, "covered: by %s, as %s: %s\n",
			   cover->code ? cover->code : "?", last->name,
			   last->sentence);
	}
	buf_printf(&d->trace, "known: %s, so %zu of %zu are not told again\n",
		   decision->covers.items[0].line->because, d->told.count,
		   d->told.count + decision->plans.count);
}

static void
note_told(struct deciding *d)
{
	struct pipeline_decision *decision = d->decision;
	const struct again_cover *cover = decision->covers.items;

	if (!d->told.count)
		return;
	trace_covers(d);
	if (decision->plans.count || decision->action == PIPELINE_DROP)
		return;
	decision->action = PIPELINE_DROP;
	decision->reason = cover->code ?
		arena_printf(d->arena, "%s (%s, %s)", cover->line->because,
			     cover->code, cover->line->name) :
		arena_printf(d->arena, "%s (%s)", cover->line->because,
			     cover->line->name);
}

/* ---- the order ---- */

static void
decide_by_rules(struct deciding *d)
{
	struct pipeline_decision *decision = d->decision;
	const char *customer = alert_text(decision->alert, ALERT_CUSTOMER);
	struct verdict verdict = match_alert(d->generation->ruleset, customer,
		decision->alert, d->now, d->flags & PIPELINE_TRACE_ALL ?
		MATCH_TRACE_ALL : 0, d->arena);
	const char *why = NULL;

	take_verdict(d, &verdict);
	if (decision->reading) {
		why = handled_because(decision->reading, d->arena);
		look_back(d);
	}
	if (why)
		pass_over(d, &verdict, why);
	plan_notices(d, &verdict);
	if (decision->action == PIPELINE_NOTIFY && !decision->plans.count &&
	    !d->told.count)
		plan_catch_all(d);
	note_told(d);
}

static void
keep_trace(struct deciding *d)
{
	d->decision->trace = arena_strndup(d->arena, d->trace.data,
					   d->trace.len);
	buf_release(&d->trace);
}

static void
trace_incomplete(struct deciding *d, const struct alert *alert)
{
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		if (alert->fields[field].incomplete)
			trace_line(d, "incomplete", arena_printf(d->arena,
				   "%s: %s", alert_fields[field].name,
				   alert->fields[field].incomplete));
}

/* What was recognised and whose it is, as far as the alert's fields with their
 * sources do not say it. */
static void
trace_normalized(struct deciding *d, const struct normalized *normalized)
{
	const struct alert_doubts *doubts = &normalized->alert->doubts;
	size_t i;

	trace_line(d, "customer", normalized->why);
	trace_line(d, "authentic", normalized->authentic_why);
	if (normalized->incident_name)
		trace_line(d, "incident", normalized->incident_name);
	for (i = 0; i < normalized->missing.count; i++)
		trace_line(d, "missing",
			   alert_fields[normalized->missing.items[i]].name);
	trace_incomplete(d, normalized->alert);
	for (i = 0; i < doubts->count; i++)
		trace_line(d, "doubt", doubts->items[i].text);
	for (i = 0; i < normalized->notes.count; i++)
		trace_line(d, "note", normalized->notes.items[i]);
}

/* Why a person has to look at it first, or NULL; one has, when it was
 * released. */
static const char *
held_because(const struct pipeline_reading *reading)
{
	const struct normalized *normalized = reading->normalized;

	if (reading->input->released)
		return NULL;
	if (normalized->loop.why)
		return normalized->loop.why;
	return normalized->customer == CUSTOMER_CONFLICT ? normalized->why
							 : NULL;
}

static void
decide_reading(struct deciding *d)
{
	const struct pipeline_reading *reading = d->decision->reading;
	const char *why;

	trace_normalized(d, reading->normalized);
	if (reading->input->released_for)
		trace_line(d, "released for", reading->input->released_for);
	why = held_because(reading);
	if (why && pipeline_is_harmless(reading))
		pass_report(d, why);
	else if (why)
		hold(d, why);
	else
		decide_by_rules(d);
}

/* A record of an API that has come before and tells nobody. */
static bool
is_known_record(const struct pipeline_decision *decision)
{
	const struct store_known *known = decision->state->known;

	return decision->reading->input->record && known && known->digest &&
	       !decision->reading->input->released &&
	       decision->action != PIPELINE_HOLD && !decision->plans.count;
}

static void
take_seat(struct pipeline_decision *decision)
{
	decision->how = decision->state->seat.how;
	decision->code = decision->state->seat.code;
	decision->is_known = is_known_record(decision);
	if (!decision->is_known)
		return;
	decision->how = decision->again.same ? STORE_AGAIN : STORE_DUPLICATE;
	decision->code = decision->state->known->code;
}

struct pipeline_decision *
pipeline_decide(const struct generation *generation,
		const struct pipeline_reading *reading,
		const struct hold_state *state, instant_ms now,
		unsigned int flags, struct arena *arena)
{
	struct deciding d = {
		.generation = generation, .now = now, .flags = flags,
		.trace = BUF_INIT, .arena = arena,
		.decision = arena_alloc(arena, sizeof(*d.decision)),
	};

	*d.decision = (struct pipeline_decision){
		.reading = reading, .state = state, .alert = reading->alert,
		.normalized = reading->normalized,
	};
	if (reading->normalized)
		decide_reading(&d);
	else
		hold(&d, reading->failure);
	take_seat(d.decision);
	keep_trace(&d);
	return d.decision;
}

struct pipeline_decision *
pipeline_decide_first(const struct generation *generation,
		      const struct pipeline_input *input,
		      const struct store_replacements *stored, instant_ms now,
		      unsigned int flags, struct arena *arena)
{
	const struct pipeline_reading *reading = pipeline_read(generation,
							       input, arena);
	struct hold_state *state = arena_alloc(arena, sizeof(*state));

	*state = hold_nothing(&reading->question, arena);
	if (stored)
		state->replacements = *stored;
	return pipeline_decide(generation, reading, state, now, flags, arena);
}

struct pipeline_decision *
pipeline_decide_alert(const struct generation *generation, struct alert *alert,
		      instant_ms now, struct arena *arena)
{
	struct deciding d = {
		.generation = generation, .now = now,
		.flags = PIPELINE_TRACE_ALL,
		.trace = BUF_INIT, .arena = arena,
		.decision = arena_alloc(arena, sizeof(*d.decision)),
	};

	d.decision->alert = alert;
	decide_by_rules(&d);
	keep_trace(&d);
	return d.decision;
}
