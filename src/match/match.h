/*
 * The one evaluator: rules to verdict.
 *
 * A pure function of (rules, alert, instant): it asks no clock, keeps nothing,
 * and gives the same verdict for the same input, so the daemon, explain, test
 * and a replay of the journal agree. Rules are tried in order; the first whose
 * condition is certainly true decides, those with `also` only add. A drop is
 * only certain when nothing above it could have told of the alert.
 */
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H

#include "match/ruleset.h"

enum verdict_kind {
	VERDICT_RULE,
	VERDICT_OTHERWISE,	/* the customer's last word */
	VERDICT_CATCH_ALL,	/* no rule, or nobody knows whose alert it is */
};

enum verdict_action { VERDICT_NOTIFY, VERDICT_DROP };

/* One `notify` that has to be done. */
struct verdict_notice {
	const struct conf_word *contacts; /* their names */
	size_t contact_count;
	const char *template;		/* NULL: the default one */
	bool by_pager;
	const char *rule;		/* or "otherwise", "catch-all" */
};

/* What one rule answered. */
struct verdict_trace {
	const char *rule;
	const char *file;
	uint32_t line;
	enum answer answer;
	const char *why;		/* one line, escaped, bounded */
};

struct verdict {
	enum verdict_kind kind;
	enum verdict_action action;
	const struct ruleset_customer *customer; /* NULL: none */
	const struct rule *rule;	/* that decided, of VERDICT_RULE */
	const char *name;		/* its name, "otherwise", "catch-all" */
	const char *file;		/* where it stands; "" for catch-all */
	uint32_t line;

	/* In the order of the rules; those of `also` are done even when a
	 * later rule drops the alert. */
	VEC(struct verdict_notice) notices;

	/* Rules that might have told of the alert, and could not be answered
	 * since something that the alert has was not read. Below them no rule
	 * drops it. */
	VEC(const struct rule *) unsure;

	/*
	 * Every rule that said yes or unknown, and those that said no: all of
	 * them with MATCH_TRACE_ALL, else the first 64.
	 */
	VEC(struct verdict_trace) trace;
	size_t unlisted;		/* said no and are not in the trace */
	size_t untried;			/* before the end, not tried: their
					   conditions name what the alert does
					   not have (index.h) */
};

enum match_flags {
	MATCH_TRACE_ALL = 1,	/* try every rule, record every answer */
};

/*
 * The verdict on an alert at the instant `now`. `customer` NULL, or none of
 * the ruleset: the catch-all. Everything new lives in `arena`; the verdict
 * borrows from the ruleset.
 */
struct verdict match_alert(const struct ruleset *ruleset, const char *customer,
			   const struct alert *alert, instant_ms now,
			   unsigned int flags, struct arena *arena);

/* The trace for people, one line a rule, each with a line end:
 * "nights: no: severity is 'low' (label 'Severity'), wanted at least high". */
void match_print_trace(const struct verdict *verdict, struct buf *out);

#endif
