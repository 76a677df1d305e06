/*
 * The rules of all customers, as one generation of the configuration has them:
 * loaded once, read-only from then on.
 *
 * Order of calls: ruleset_load() reports everything that is wrong with rules
 * and customers' names; with errors in the diagnostics the result must
 * not decide about alerts (a rule in error is left out). Then match_alert()
 * (match.h), and the fields below for whoever shows or checks rules.
 */
#ifndef MATCH_RULESET_H
#define MATCH_RULESET_H

#include "match/index.h"
#include "match/rule.h"

struct ruleset_customer {
	const char *name;
	const char *display;		/* the name for people; else `name` */
	const struct conf_node *node;
	const struct zone *zone;	/* UTC when it says nothing */
	conf_words recipients;		/* addresses and @domains */
	struct rule *rules;		/* in order */
	size_t rule_count;
	const struct conf_node *otherwise; /* with its notifies, or NULL */
	uint32_t otherwise_line;
	const struct index *index;	/* NULL for few rules */
};

struct ruleset {
	struct arena *arena;
	struct ruleset_customer *customers; /* in the order of the files */
	size_t customer_count;
	struct map *by_name;		/* name to struct ruleset_customer */
	struct conf_word catch_all;	/* told when nothing else decides */
};

/* What rules may name that other stages define; lists ended by NULL. A list
 * that is NULL itself is not checked against. */
struct ruleset_names {
	const char *const *contacts;	/* persons, teams, oncalls */
	const char *const *templates;
	struct windows *windows;	/* never NULL; written: who uses them */
	struct conf_word catch_all;
};

/* `now` is for warnings about drops that end. Lives in `arena`, and so must
 * `conf` and `names`. Never NULL. */
struct ruleset *ruleset_load(struct arena *arena, const struct conf *conf,
			     const struct ruleset_names *names,
			     instant_ms now, struct diag *diag);

/* NULL when there is none of that name. */
const struct ruleset_customer *
ruleset_find(const struct ruleset *ruleset, const char *name);

/* May the address be told anything of this customer, by its `recipients`? The
 * contacts of the catch-all always may, which the caller knows. */
bool ruleset_allows(const struct ruleset_customer *customer,
		    const char *address);

/*
 * Every contact that a customer's rules and `otherwise` name, in order, for
 * checks of addresses and of contacts that nobody uses:
 *
 *	struct ruleset_mention mention = { 0 };
 *	while (ruleset_next_mention(ruleset, &mention))
 */
struct ruleset_mention {
	const struct ruleset_customer *customer;
	const char *rule;		/* or "otherwise" */
	struct conf_word contact;	/* with its place */

	size_t at_customer, at_rule, at_notify, at_word; /* where it stands */
	const struct conf_node *notify;
};

bool ruleset_next_mention(const struct ruleset *ruleset,
			  struct ruleset_mention *mention);

#endif
