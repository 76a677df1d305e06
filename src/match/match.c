#include "match/match.h"

#include "base/text.h"
#include "base/vec.h"

enum {
	/* What the journal keeps of rules that said no: enough for the rules
	 * that a person wrote, not for a hundred thousand. */
	TRACE_NO_MOST = 64,
	TRACE_NAME_MOST = 80,
};

struct match {
	struct verdict verdict;
	struct facts facts;
	struct arena *arena;
	bool trace_all;
	size_t listed_no;
	struct buf why;
	const char *unread;		/* of the first rule that is unsure */
};

static void
trace_rule(struct match *match, const struct rule *rule, enum answer answer)
{
	struct verdict_trace line = {
		.rule = rule->name,
		.file = match->verdict.customer->node->place.file->name,
		.line = rule->line,
		.answer = answer,
		.why = arena_strndup(match->arena, match->why.data,
				     match->why.len),
	};

	match->listed_no += answer == ANSWER_NO;
	vec_push(match->arena, &match->verdict.trace, line);
}

/* May it hide what a rule above it would have told? Its answer is that of the
 * condition until then. */
static bool
is_overruled(const struct match *match, const struct rule *rule,
	     struct buf *why)
{
	const struct rule *above;

	if (!rule->drop || !match->verdict.unsure.count)
		return false;
	above = match->verdict.unsure.items[0];
	if (why)
		buf_printf(why, "; but nobody knows what rule '%s' would say: "
			   "%s", above->name, match->unread);
	return true;
}

static enum answer
rule_answer(struct match *match, const struct rule *rule, struct buf *why)
{
	enum answer answer;

	if (rule->drop && match->facts.now >= rule->drop->end) {
		if (why)
			buf_printf(why, "its drop ended with %s",
				   rule->drop->until);
		return ANSWER_NO;
	}
	match->facts.hiding = rule->drop;
	match->facts.unread = NULL;
	if (rule->when)
		answer = cond_eval(rule->when, &match->facts, why);
	else
		answer = ANSWER_YES;
	if (why && !rule->when)
		buf_puts(why, "it has no condition");
	if (answer == ANSWER_YES && is_overruled(match, rule, why))
		answer = ANSWER_UNKNOWN;
	return answer;
}

/* Might it have told of the alert, had all of it been read? What a word says
 * of an unknown severity does not count here either. */
static void
note_unsure(struct match *match, const struct rule *rule, enum answer answer)
{
	const char *unread = match->facts.unread;

	if (answer == ANSWER_YES || !unread || rule->drop)
		return;
	match->facts.hiding = true;
	if (cond_eval(rule->when, &match->facts, NULL) != ANSWER_UNKNOWN)
		return;
	if (!match->verdict.unsure.count)
		match->unread = unread;
	vec_push(match->arena, &match->verdict.unsure, rule);
}

/* A reason costs more than the answer, so those of a rule that says no are
 * only written while they are kept. */
static enum answer
rule_try(struct match *match, const struct rule *rule)
{
	bool list_no = match->trace_all || match->listed_no < TRACE_NO_MOST;
	enum answer answer;

	buf_reset(&match->why);
	answer = rule_answer(match, rule, list_no ? &match->why : NULL);
	note_unsure(match, rule, answer);
	if (answer == ANSWER_NO && !list_no) {
		match->verdict.unlisted++;
		return answer;
	}
	if (!list_no)
		(void)rule_answer(match, rule, &match->why); /* the same */
	trace_rule(match, rule, answer);
	return answer;
}

/* All `notify` clauses of a rule or of `otherwise`. */
static void
add_notices(struct match *match, const struct conf_node *node,
	    const char *name)
{
	const struct conf_node *notify;
	size_t at = 0;

	while ((notify = rule_next_notify(node, &at))) {
		struct verdict_notice notice = {
			.contacts = notify->words.items,
			.contact_count = notify->words.count,
			.template = rule_template(notify),
			.by_pager = rule_by_pager(notify),
			.rule = name,
		};

		vec_push(match->arena, &match->verdict.notices, notice);
	}
}

static void
decide(struct match *match, enum verdict_kind kind, const char *name,
       const struct conf_node *node, uint32_t line)
{
	match->verdict.kind = kind;
	match->verdict.name = name;
	match->verdict.file = node->place.file->name;
	match->verdict.line = line;
	add_notices(match, node, name);
}

/* Of hundreds of thousands of rules hardly any are in the cache: what is needed
 * last is asked for first. */
static void
fetch_customer(const struct ruleset_customer *customer)
{
	__builtin_prefetch(customer->rules);
	__builtin_prefetch(customer->node);
}

/* False when no rule decides. */
static bool
try_rules(struct match *match, const struct ruleset_customer *customer)
{
	/* It finds rules that say yes; here those count that say unknown. */
	bool all = match->trace_all || facts_are_incomplete(&match->facts);
	const struct index *index = all ? NULL : customer->index;
	struct index_walk walk;
	size_t tried = 0;
	uint32_t number;

	index_walk(&walk, index, customer->rule_count, &match->facts);
	while (index_next(&walk, &number)) {
		const struct rule *rule = &customer->rules[number];

		tried++;
		__builtin_prefetch(rule->node);	/* should it decide */
		if (rule_try(match, rule) != ANSWER_YES)
			continue;
		if (rule->also) {
			add_notices(match, rule->node, rule->name);
			continue;
		}
		decide(match, VERDICT_RULE, rule->name, rule->node,
		       rule->line);
		match->verdict.rule = rule;
		match->verdict.action = rule->drop ? VERDICT_DROP :
						     VERDICT_NOTIFY;
		match->verdict.untried = number + 1 - tried;
		return true;
	}
	match->verdict.untried = customer->rule_count - tried;
	return false;
}

static void
decide_catch_all(struct match *match, const struct ruleset *ruleset)
{
	struct verdict_notice notice = {
		.contacts = &ruleset->catch_all,
		.contact_count = 1,
		.rule = "catch-all",
	};

	match->verdict.kind = VERDICT_CATCH_ALL;
	match->verdict.name = "catch-all";
	match->verdict.file = "";
	vec_push(match->arena, &match->verdict.notices, notice);
}

struct verdict
match_alert(const struct ruleset *ruleset, const char *customer,
	    const struct alert *alert, instant_ms now, unsigned int flags,
	    struct arena *arena)
{
	const struct ruleset_customer *found =
		customer ? ruleset_find(ruleset, customer) : NULL;
	struct match match = {
		.verdict = { .customer = found },
		.arena = arena,
		.trace_all = flags & MATCH_TRACE_ALL,
		.why = BUF_INIT,
	};

	if (found)
		fetch_customer(found);
	facts_init(&match.facts, alert, now, arena);
	if (!found || !try_rules(&match, found)) {
		if (found && found->otherwise)
			decide(&match, VERDICT_OTHERWISE, "otherwise",
			       found->otherwise, found->otherwise_line);
		else
			decide_catch_all(&match, ruleset);
	}
	buf_release(&match.why);
	return match.verdict;
}

/* ---- printing ---- */

static void
print_end(const struct verdict *verdict, struct buf *out)
{
	static const char *const reasons[] = {
		[VERDICT_OTHERWISE] = "no rule decides",
		[VERDICT_CATCH_ALL] = "no rule decides, and the customer has "
				      "no otherwise",
	};

	if (verdict->unlisted)
		buf_printf(out, "%zu more rules: no\n", verdict->unlisted);
	if (verdict->untried)
		buf_printf(out, "%zu rules not tried: their conditions name "
			   "what the alert does not have\n", verdict->untried);
	if (verdict->kind == VERDICT_RULE)
		return;
	buf_printf(out, "%s: yes: %s\n", verdict->name, verdict->customer ?
		   reasons[verdict->kind] : "no customer is known");
}

void
match_print_trace(const struct verdict *verdict, struct buf *out)
{
	size_t i;

	for (i = 0; i < verdict->trace.count; i++) {
		const struct verdict_trace *line = &verdict->trace.items[i];

		text_escape(out, line->rule, TRACE_NAME_MOST);
		buf_printf(out, ": %s: %s\n", cond_answer_name(line->answer),
			   line->why);
	}
	print_end(verdict, out);
}
