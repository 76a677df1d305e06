#include "match/rule.h"

#include "base/text.h"
#include "conf/value.h"

enum {
	/* A name stands in mail headers, metrics and log lines. */
	NAME_MOST = 64,
	DROP_WARNING_DAYS = 7,
};

static const int64_t day_ms = 86400000;

const char *
rule_comment(const struct rule *rule)
{
	return conf_word(rule->node, 1).text;
}

const struct conf_node *
rule_next_notify(const struct conf_node *node, size_t *at)
{
	while (*at < node->clauses.count) {
		const struct conf_node *clause = node->clauses.items[(*at)++];

		if (!strcmp(clause->keyword, "notify"))
			return clause;
	}
	return NULL;
}

const char *
rule_template(const struct conf_node *notify)
{
	const struct conf_node *using = conf_find(&notify->clauses, "using");

	return using ? conf_word(using, 0).text : NULL;
}

bool
rule_by_pager(const struct conf_node *notify)
{
	const struct conf_node *by = conf_find(&notify->clauses, "by");

	return by && !strcmp(conf_word(by, 0).text, "pager");
}

const char *
rule_help(const struct conf_node *node, const char *keyword)
{
	const struct conf_node *notify, *clause;
	size_t at = 0;

	while ((notify = rule_next_notify(node, &at))) {
		clause = conf_find(&notify->clauses, keyword);
		if (clause)
			return conf_word(clause, 0).text;
	}
	return NULL;
}

/* ---- loading ---- */

bool
rule_check_name(struct conf_word name, const char *what, struct diag *diag)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-";
	size_t length = strlen(name.text);

	if (!length)
		return false;		/* the parser has said so */
	if (length <= NAME_MOST && strspn(name.text, allowed) == length)
		return true;
	diag_error(diag, name.place, "letters, digits, '.', '_' and '-', at "
		   "most 64; put words into the text behind it",
		   "'%s' cannot be the name of a %s", name.text, what);
	return false;
}

static bool
name_is_good(struct conf_word name, struct diag *diag)
{
	if (!strcmp(name.text, "otherwise") ||
	    !strcmp(name.text, "catch-all")) {
		diag_error(diag, name.place, "choose another name",
			   "'%s' is what decisions without a rule are called",
			   name.text);
		return false;
	}
	return rule_check_name(name, "rule", diag);
}

static bool
contact_is_known(struct rule_load *load, struct conf_word name)
{
	if (!load->contacts || !*name.text ||
	    map_find(load->contacts, name.text))
		return true;
	diag_error(load->cond.diag, name.place,
		   diag_did_you_mean(load->cond.diag, name.text,
				     load->contact_names,
				     "define it: person NAME { mail ADDRESS }"),
		   "unknown contact '%s'", name.text);
	return false;
}

bool
rule_check_notify(struct rule_load *load, const struct conf_node *notify)
{
	const struct conf_node *using = conf_find(&notify->clauses, "using");
	struct conf_word name;
	bool good = true;
	size_t i;

	for (i = 0; i < notify->words.count && !notify->broken; i++)
		good &= contact_is_known(load, notify->words.items[i]);
	if (!using || !load->templates)
		return good;
	name = conf_word(using, 0);
	if (!*name.text || map_find(load->templates, name.text))
		return good;
	diag_error(load->cond.diag, name.place,
		   diag_did_you_mean(load->cond.diag, name.text,
				     load->template_names, NULL),
		   "unknown template '%s'", name.text);
	return false;
}

/* What a drop has to say, with how it is said. */
static const struct {
	const char *keyword, *name, *remedy;
} drop_parts[] = {
	{ "owner", "an owner", "owner NAME: who answers for it" },
	{ "reason", "a reason", "reason \"TEXT\": why nobody is to be told" },
	{ "until", "an end",
	  "until DATE, or always if the contract leaves it out" },
};

enum { DROP_PARTS = sizeof(drop_parts) / sizeof(*drop_parts) };

static bool
drop_has(const struct conf_node *drop, const char *keyword)
{
	const struct conf_node *part = conf_find(&drop->clauses, keyword);

	return (part && *conf_word(part, 0).text) ||
	       (!strcmp(keyword, "until") &&
		conf_find(&drop->clauses, "always"));
}

/* Everything that is missing is one finding. */
static bool
drop_is_whole(struct rule_load *load, const struct conf_node *drop)
{
	struct buf missing = BUF_INIT;
	const char *remedy = NULL;
	size_t i, count = 0;

	for (i = 0; i < DROP_PARTS; i++) {
		if (drop_has(drop, drop_parts[i].keyword))
			continue;
		buf_printf(&missing, "%s%s", count++ ? " and " : "",
			   drop_parts[i].name);
		remedy = drop_parts[i].remedy;
	}
	if (count && !drop->broken)
		diag_error(load->cond.diag, drop->place, count == 1 ? remedy :
			   "write: drop owner NAME reason \"TEXT\" until DATE",
			   "a drop needs %s", missing.data);
	buf_release(&missing);
	return !count;
}

static void
warn_of_end(struct rule_load *load, struct conf_word date, instant_ms end)
{
	if (load->now >= end)
		diag_warning(load->cond.diag, date.place,
			     "give it a new date or remove the rule",
			     "this drop ended with %s", date.text);
	else if (load->now >= end - DROP_WARNING_DAYS * day_ms)
		diag_warning(load->cond.diag, date.place,
			     "give it a new date if it is still needed",
			     "this drop ends with %s", date.text);
}

/* The day after DATE begins, on the customer's clocks. */
static bool
until_load(struct rule_load *load, const struct conf_node *until,
	   struct rule_drop *drop)
{
	struct conf_word date = conf_word(until, 0);
	struct civil civil;

	if (!conf_date(date, load->cond.diag, &civil))
		return false;
	civil.day++;
	drop->until = date.text;
	drop->end = zone_from_civil(load->zone, &civil);
	warn_of_end(load, date, drop->end);
	return true;
}

static bool
end_load(struct rule_load *load, const struct conf_node *node,
	 struct rule_drop *drop)
{
	const struct conf_node *until = conf_find(&node->clauses, "until");
	const struct conf_node *always = conf_find(&node->clauses, "always");

	drop->end = INT64_MAX;
	if (!always)
		return until_load(load, until, drop);
	if (!until)
		return true;
	diag_error(load->cond.diag, always->place,
		   "until DATE, or always if the contract leaves it out",
		   "a drop either ends or does not");
	return false;
}

static bool
drop_load(struct rule_load *load, const struct conf_node *node,
	  struct rule *rule)
{
	struct rule_drop *drop = arena_alloc(load->cond.arena, sizeof(*drop));
	struct conf_word owner;

	if (!drop_is_whole(load, node) || !end_load(load, node, drop))
		return false;
	owner = conf_word(conf_find(&node->clauses, "owner"), 0);
	drop->owner = owner.text;
	drop->reason = conf_word(conf_find(&node->clauses, "reason"), 0).text;
	if (load->contacts && !map_find(load->contacts, drop->owner))
		diag_warning(load->cond.diag, owner.place,
			     diag_did_you_mean(load->cond.diag, owner.text,
					       load->contact_names, NULL),
			     "owner '%s' is no person or team", drop->owner);
	rule->drop = drop;
	return true;
}

/* A rule decides, or every notify of it has its `also`: of one that does both,
 * half was hardly meant, a line commented out or left over. */
static bool
is_one_kind(struct rule_load *load, const struct conf_node *node,
	    const struct rule *rule)
{
	const struct conf_node *before = NULL;
	size_t i;

	for (i = 0; rule->also && i < node->clauses.count; i++) {
		const struct conf_node *clause = node->clauses.items[i];

		if (!strcmp(clause->keyword, "drop") ||
		    (!strcmp(clause->keyword, "notify") &&
		     (!before || strcmp(before->keyword, "also")))) {
			diag_error(load->cond.diag, clause->place, "write two "
				   "rules, or also before each notify",
				   "rule '%s' has `also`, and so it cannot "
				   "decide", rule->name);
			return false;
		}
		before = clause;
	}
	return true;
}

static bool
actions_load(struct rule_load *load, const struct conf_node *node,
	     struct rule *rule)
{
	const struct conf_node *drop = conf_find(&node->clauses, "drop");
	const struct conf_node *notify;
	bool good = true;
	size_t at = 0, notifies = 0;

	rule->also = conf_find(&node->clauses, "also");
	while ((notify = rule_next_notify(node, &at))) {
		good &= rule_check_notify(load, notify);
		notifies++;
	}
	if (!node->broken && !is_one_kind(load, node, rule))
		return false;
	if (drop && !drop_load(load, drop, rule))
		return false;
	if (drop && notifies) {
		diag_error(load->cond.diag, drop->place, "make it two rules",
			   "rule '%s' both notifies and drops", rule->name);
		return false;
	}
	if (drop || notifies)
		return good;
	if (!node->broken)
		diag_error(load->cond.diag, conf_word(node, 0).place,
			   "add notify NAME, or drop", "rule '%s' does nothing",
			   rule->name);
	return false;
}

bool
rule_load(struct rule_load *load, const struct conf_node *node,
	  struct rule *rule)
{
	struct conf_word name = conf_word(node, 0);
	bool good = name_is_good(name, load->cond.diag);

	rule->name = name.text;
	rule->node = node;
	good &= actions_load(load, node, rule);
	if (!node->expr)
		return good;
	load->cond.file = node->place.file;
	load->cond.drop = conf_find(&node->clauses, "drop");
	rule->when = cond_load(&load->cond, node->expr);
	return rule->when && good;
}

/* ---- describing ---- */

static void
describe_text(const char *text, struct buf *out)
{
	buf_putc(out, '"');
	text_escape(out, text, SIZE_MAX);
	buf_putc(out, '"');
}

static void
describe_drop(const struct rule_drop *drop, struct buf *out)
{
	buf_puts(out, "drop owner ");
	text_escape(out, drop->owner, SIZE_MAX);
	buf_puts(out, " reason ");
	describe_text(drop->reason, out);
	if (drop->until)
		buf_printf(out, " until %s", drop->until);
	else
		buf_puts(out, " always");
}

static void
describe_help(const struct conf_node *notify, struct buf *out)
{
	static const char *const keywords[] = { "do", "runbook", "note" };
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		const struct conf_node *clause = conf_find(&notify->clauses,
							   keywords[i]);

		if (!clause)
			continue;
		buf_printf(out, " %s ", keywords[i]);
		describe_text(conf_word(clause, 0).text, out);
	}
}

static void
describe_notify(const struct conf_node *notify, struct buf *out)
{
	const char *template = rule_template(notify);
	size_t i;

	buf_puts(out, "notify");
	for (i = 0; i < notify->words.count; i++) {
		buf_puts(out, i ? ", " : " ");
		text_escape(out, notify->words.items[i].text, SIZE_MAX);
	}
	if (template)
		buf_printf(out, " using %s", template);
	if (rule_by_pager(notify))
		buf_puts(out, " by pager");
	describe_help(notify, out);
}

static bool
tests(const struct conf_expr *expr, const char *field)
{
	if (!expr)
		return false;
	if (expr->kind == CONF_TEST)
		return expr->field && !strcmp(expr->field, field);
	return tests(expr->left, field) || tests(expr->right, field);
}

bool
rule_tests(const struct rule *rule, const char *field)
{
	return tests(rule->node->expr, field);
}

void
rule_describe(const struct rule *rule, struct buf *out)
{
	const struct conf_node *notify;
	size_t at = 0;

	if (rule->when) {
		buf_puts(out, "when ");
		cond_describe(rule->when, SIZE_MAX, out);
		buf_putc(out, ' ');
	}
	if (rule->drop)
		describe_drop(rule->drop, out);
	while ((notify = rule_next_notify(rule->node, &at))) {
		if (rule->also)
			buf_puts(out, "also ");
		describe_notify(notify, out);
		buf_putc(out, ' ');
	}
	while (out->len && out->data[out->len - 1] == ' ')
		buf_cut(out, out->len - 1);
}
