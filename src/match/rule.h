/*
 * One rule: a name that is its id, a condition, and what is done when the
 * condition is certainly true.
 *
 * A rule borrows its words from the tree of the configuration and lives in the
 * same arena.
 */
#ifndef MATCH_RULE_H
#define MATCH_RULE_H

#include "match/cond.h"

struct rule_drop {
	const char *owner, *reason;
	const char *until;	/* the last day, "2027-01-31"; NULL: always */
	instant_ms end;		/* the first instant of the day after, in the
				   customer's zone; INT64_MAX: never */
};

struct rule {
	const char *name;
	const struct conf_node *node;
	const struct cond *when;	/* NULL: every alert */
	const struct rule_drop *drop;	/* NULL: it notifies */
	uint32_t line;
	bool also;			/* acts, and the search goes on */
};

/* What a rule is checked against; see also struct ruleset_names. */
struct rule_load {
	struct cond_load cond;
	const struct map *contacts;	/* NULL: not checked */
	const char *const *contact_names;
	const struct map *templates;	/* NULL: not checked */
	const char *const *template_names;
	const struct zone *zone;	/* of the customer */
	instant_ms now;			/* for drops that ended */
};

/* False when something is wrong, which then is in the diagnostics. `line` is
 * left to the caller, who knows it cheaply. */
bool rule_load(struct rule_load *load, const struct conf_node *node,
	       struct rule *rule);

/* Do the contacts and the template of a `notify` exist? */
bool rule_check_notify(struct rule_load *load, const struct conf_node *notify);

/* Is it fit for headers, records and metrics? `what` has the name: "rule". */
bool rule_check_name(struct conf_word name, const char *what,
		     struct diag *diag);

/* The comment, or "". */
const char *rule_comment(const struct rule *rule);

/* The `notify` clauses below a rule or `otherwise`, in order, until NULL;
 * start with *at = 0. */
const struct conf_node *rule_next_notify(const struct conf_node *node,
					 size_t *at);

/* The template that a `notify` names, or NULL. */
const char *rule_template(const struct conf_node *notify);

/* Does it say `by pager`? */
bool rule_by_pager(const struct conf_node *notify);

/* What stands behind a `notify` of a rule or `otherwise` for all its readers:
 * "do", "runbook", "note"; the first, or NULL. */
const char *rule_help(const struct conf_node *node, const char *keyword);

/* Does its condition test that field? */
bool rule_tests(const struct rule *rule, const char *field);

/* On one line, as a person could have written it, without its name. */
void rule_describe(const struct rule *rule, struct buf *out);

#endif
