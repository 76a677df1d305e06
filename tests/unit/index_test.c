/*
 * The index is only a shortcut: over thousands of random rules and alerts it
 * gives the verdicts of trying every rule. Words are few and alike, so that
 * much matches, and much nearly does.
 */
#include "rules.h"
#include "tap.h"

enum { SETS = 40, RULES = 150, ALERTS = 40 };

static const char *const severities[] = {
	"informational", "low", "medium", "high", "critical"
};

/* Parts from which devices, titles, globs and needles are made. */
static const char *const parts[] = {
	"lab", "lab-", "srv", "x", "", "malware", "Mal", "-1", "17",
	"suspicious activity", "activity", "\xC3\x89t\xC3\xA9", "dc",
	".contoso.example", ".", "aaaaaaaa", "aaaa",
};

static const char *
part(void)
{
	return parts[pick(sizeof(parts) / sizeof(*parts))];
}

static const char *const fields[] = {
	"title", "device", "user", "device-group", "description", "category"
};

static const char *
field(void)
{
	return fields[pick(sizeof(fields) / sizeof(*fields))];
}

static void
put_value(struct buf *out, const char *stars)
{
	static const char *const wild[] = { "*", "?", "**", "" };
	bool glob = *stars;

	buf_printf(out, "\"%s%s", glob ? wild[pick(4)] : "", part());
	if (glob && pick(3) == 0)
		buf_printf(out, "%s%s", wild[pick(3)], part());
	/* never empty: at least a letter that occurs */
	buf_printf(out, "%s%s\"", pick(4) ? part() : "",
		   pick(3) ? "a" : glob ? wild[pick(3)] : "1");
}

static void
put_test(struct buf *out)
{
	static const char *const ops[] = {
		"is", "is not", "in", "like", "like", "not like", "contains",
		"contains", "not contains"
	};
	static const char *const quantifiers[] = { "", "", "any ", "every " };
	const char *op = ops[pick(9)];
	unsigned int more;

	switch (pick(8)) {
	case 0:
		buf_printf(out, "severity %s %s",
			   pick(2) ? "at least" : "below",
			   severities[pick(5)]);
		return;
	case 1:
		buf_printf(out, "device-risk %s %s",
			   pick(2) ? "at least" : "below",
			   severities[pick(4)]);
		return;
	case 2:
		buf_printf(out, "severity %s %s", pick(2) ? "is" : "is not",
			   severities[pick(5)]);
		return;
	case 3:
		buf_printf(out, "%s matches /^%s[a1]/", field(),
			   pick(2) ? "lab" : "(mal)?");
		return;
	case 4:
		buf_printf(out, "%s present", field());
		return;
	}
	buf_printf(out, "%s%s %s ", quantifiers[pick(4)], field(), op);
	put_value(out, strstr(op, "like") ? "*" : "");
	for (more = pick(3) ? 0 : pick(3); more; more--) {
		buf_puts(out, ", ");
		put_value(out, strstr(op, "like") ? "*" : "");
	}
}

static void
put_cond(struct buf *out, unsigned int depth)
{
	unsigned int shape = depth ? pick(7) : 0;

	if (shape < 3) {
		put_test(out);
	} else if (shape == 3) {
		buf_puts(out, "not (");
		put_cond(out, depth - 1);
		buf_putc(out, ')');
	} else {
		buf_putc(out, '(');
		put_cond(out, depth - 1);
		buf_puts(out, shape == 4 ? " or " : " and ");
		put_cond(out, depth - 1);
		buf_putc(out, ')');
	}
}

static void
put_rules(struct buf *out)
{
	size_t i;

	for (i = 0; i < RULES; i++) {
		buf_printf(out, "rule r%zu ", i);
		if (pick(60)) {
			buf_puts(out, "when ");
			put_cond(out, 3);
		}
		buf_printf(out, " %s notify ana\n", pick(25) ? "also" : "");
	}
}

static void
add_values(struct alert *alert, const char *name)
{
	enum alert_field at = alert_field_find(name);
	unsigned int count = pick(3);
	struct buf value = BUF_INIT;

	if (count > 1 && !alert_fields[at].several)
		count = 1;
	for (; count; count--) {
		buf_reset(&value);
		buf_printf(&value, "%s%s%s%s", part(), part(),
			   pick(3) ? part() : "", pick(2) ? "a" : "1");
		if (alert_fields[at].type == ALERT_HOST && pick(2))
			buf_puts(&value, ".contoso.example");
		alert_add(alert, at, value.data, "test");
	}
	buf_release(&value);
}

static struct alert *
random_alert(struct arena *arena)
{
	struct alert *alert = alert_create(arena);
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		add_values(alert, fields[i]);
		if (!pick(40))
			alert_incomplete(alert, alert_field_find(fields[i]),
					 "not read");
	}
	if (pick(4))
		alert_add(alert, ALERT_SEVERITY,
			  pick(6) ? severities[pick(5)] : "tomorrow", "test");
	if (pick(2))
		alert_add(alert, ALERT_DEVICE_RISK, severities[pick(4)],
			  "test");
	return alert;
}

/* The names of the rules that said yes, in order. */
static char *
yeses(struct arena *arena, const struct verdict *verdict)
{
	struct buf out = BUF_INIT;
	char *text;
	size_t i;

	for (i = 0; i < verdict->trace.count; i++)
		if (verdict->trace.items[i].answer == ANSWER_YES)
			buf_printf(&out, "%s ", verdict->trace.items[i].rule);
	buf_puts(&out, verdict->name);
	text = arena_strdup(arena, out.data);
	buf_release(&out);
	return text;
}

static size_t tried, all, matched;

static void
compare(struct arena *arena, const struct ruleset *ruleset, size_t set)
{
	struct alert *alert = random_alert(arena);
	struct verdict quick, slow;
	char *got, *want;

	quick = match_alert(ruleset, "x", alert, TEST_NOW, 0, arena);
	slow = match_alert(ruleset, "x", alert, TEST_NOW, MATCH_TRACE_ALL,
			   arena);
	got = yeses(arena, &quick);
	want = yeses(arena, &slow);
	all += slow.trace.count;
	tried += slow.trace.count - quick.untried;
	matched += slow.notices.count;
	if (strcmp(got, want) || quick.notices.count != slow.notices.count)
		is(got, want, "set %zu", set);
}

static void
random_set(size_t set)
{
	struct arena *arena = arena_create();
	struct buf rules = BUF_INIT;
	struct ruleset *ruleset;
	size_t i;

	put_rules(&rules);
	ruleset = rules_of(arena, "", rules.data);
	if (!ruleset->customers[0].index)
		ok(false, "set %zu has no index", set);
	for (i = 0; i < ALERTS; i++)
		compare(arena, ruleset, set);
	buf_release(&rules);
	arena_destroy(&arena);
}

/* Most of 20,000 rules cannot match and are never looked at. */
static void
many_rules(void)
{
	struct arena *arena = arena_create();
	struct buf rules = BUF_INIT;
	struct ruleset *ruleset;
	struct verdict verdict;
	size_t i;

	for (i = 0; i < 4000; i++)
		buf_printf(&rules,
			   "rule a%zu when device is host%zu notify ana\n"
			   "rule b%zu when device like \"srv%zu-*\" and "
			   "severity at least low notify ana\n"
			   "rule c%zu when device like \"*.n%zu.example\" "
			   "notify ana\n"
			   "rule d%zu when title contains \"case %zu of\" "
			   "notify ana\n"
			   "rule e%zu when severity is low and user is u%zu "
			   "notify ana\n",
			   i, i, i, i, i, i, i, i, i, i);
	ruleset = rules_of(arena, "", rules.data);
	verdict = match_alert(ruleset, "x", alert_of(arena,
		"severity high; title The case 3999 of it; device srv77.x"),
		TEST_NOW, 0, arena);
	is(verdict.name, "d3999", "the rule that matches is found");
	ok(verdict.untried > 19990, "nearly all others are not tried: %zu",
	   verdict.untried);
	buf_release(&rules);
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < SETS; i++)
		random_set(i);
	ok(matched > all / 20, "of %zu answers %zu were yes", all, matched);
	ok(tried < all * 3 / 4, "only %zu were needed", tried);
	many_rules();
	return tap_done();
}
