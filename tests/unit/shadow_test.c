/*
 * What is said of rules that never decide is true: over thousands of random
 * rules and all that an alert can say in the fields they ask about, certain or
 * not, no rule that is warned of is ever reached. And of two rules about the
 * same order, whatever words they are written in, it is said whenever it is
 * true.
 */
#include "rules.h"
#include "tap.h"

enum { SETS = 200, RULES = 6, PAIRS = 300 };

/* ---- alerts ---- */

static const char *const severities[] = {
	NULL, "informational", "low", "medium", "high", "critical", "none",
	"schwer", "\xEF\xBF\xBD"
};
static const char *const risks[] = { NULL, "medium", "odd" };
static const char *const titles[] = { NULL, "x", "y" };
static const char *const devices[] = { NULL, "a", "b", "ab" };

enum {
	ALERTS = 9 * 2 * 3 * 2 * 3 * 2 * 4 * 2,
	RANKS = 9 * 2 * 3 * 2,		/* of which the rest is not known */
};

static void
put(struct alert *alert, enum alert_field field, const char *const *values,
    unsigned int count, unsigned int *number)
{
	const char *value = values[*number % count];

	*number /= count;
	if (value && !strcmp(value, "ab")) {
		(void)alert_add(alert, field, "a", "test");
		(void)alert_add(alert, field, "b", "test");
	} else if (value) {
		(void)alert_add(alert, field, value, "test");
	}
	if (*number % 2)
		alert->fields[field].incomplete = "it was cut";
	*number /= 2;
}

static struct alert *
alert_numbered(struct arena *arena, unsigned int number)
{
	struct alert *alert = alert_create(arena);

	put(alert, ALERT_SEVERITY, severities, 9, &number);
	put(alert, ALERT_DEVICE_RISK, risks, 3, &number);
	put(alert, ALERT_TITLE, titles, 3, &number);
	put(alert, ALERT_DEVICE, devices, 4, &number);
	return alert;
}

/* ---- rules ---- */

static void
put_rank(struct buf *out, const char *field)
{
	static const char *const words[] = {
		"informational", "low", "medium", "high"
	};
	const char *a = words[pick(4)], *b = words[pick(4)];

	switch (pick(8)) {
	case 0:
		buf_printf(out, "%s at least %s", field, a);
		return;
	case 1:
		buf_printf(out, "%s below %s", field, a);
		return;
	case 2:
		buf_printf(out, "not (%s below %s)", field, a);
		return;
	case 3:
		buf_printf(out, "%s in %s, %s", field, a, b);
		return;
	case 4:
		buf_printf(out, "%s is not %s", field, a);
		return;
	case 5:
		buf_printf(out, "(%s at least %s or %s is %s)", field, a,
			   field, b);
		return;
	case 6:
		buf_printf(out, "%s present", field);
		return;
	default:
		buf_printf(out, "%s is %s", field, a);
	}
}

static void
put_term(struct buf *out)
{
	static const char *const others[] = {
		"title is x", "title is x", "title in x, y",
		"every device is a", "every device in a, b",
		"not every device is a", "title present",
		"(title is x or every device is a)"
	};

	if (pick(2))
		buf_puts(out, others[pick(8)]);
	else
		put_rank(out, pick(4) ? "severity" : "device-risk");
}

static void
put_rule(struct buf *out, unsigned int number)
{
	static const char *const actions[] = {
		"notify ana", "notify ana", "also notify ana",
		"drop owner ana reason r always"
	};
	unsigned int terms = pick(2) + pick(2) + 1;

	buf_printf(out, "rule r%u when ", number);
	while (terms--) {
		put_term(out);
		buf_puts(out, terms ? " and " : " ");
	}
	/* What drops is often above all that could overrule it. */
	buf_printf(out, "%s\n", actions[number < 2 && pick(2) ? 3 : pick(4)]);
}

/* ---- what is true ---- */

struct rules {
	struct arena *arena;
	const struct ruleset *ruleset;
	char *warnings;
	bool reached[RULES];
};

static void
load(struct rules *rules, const char *text)
{
	struct diag *diag;
	struct buf out = BUF_INIT;

	*rules = (struct rules){ .arena = arena_create() };
	diag = diag_create(rules->arena);
	rules->ruleset = rules_load(rules->arena, arena_printf(rules->arena,
		"customer c { recipients @example.com\n%s}\n", text), diag);
	diag_print(diag, &out);
	if (diag_errors(diag))
		printf("# %s\n", out.data);
	rules->warnings = arena_strdup(rules->arena, out.data);
	buf_release(&out);
}

static void
mark(struct rules *rules, const char *name)
{
	if (*name == 'r')
		rules->reached[name[1] - '0'] = true;
}

static void
reach(struct rules *rules, unsigned int alerts)
{
	unsigned int number;
	size_t i;

	for (number = 0; number < alerts; number++) {
		struct arena *arena = arena_create();
		struct verdict verdict = match_alert(rules->ruleset, "c",
			alert_numbered(arena, number), TEST_NOW, 0, arena);

		mark(rules, verdict.name);
		for (i = 0; i < verdict.notices.count; i++)
			mark(rules, verdict.notices.items[i].rule);
		arena_destroy(&arena);
	}
}

static bool
is_warned_of(const struct rules *rules, unsigned int number)
{
	return strstr(rules->warnings, arena_printf(rules->arena,
			"rule 'r%u' never decides", number)) ||
	       strstr(rules->warnings, arena_printf(rules->arena,
			"rule 'r%u' is never reached", number));
}

/* ---- */

static void
test_never_false(void)
{
	unsigned int set, i, warned = 0, wrong = 0;

	for (set = 0; set < SETS; set++) {
		struct buf text = BUF_INIT;
		struct rules rules;

		for (i = 0; i < RULES; i++)
			put_rule(&text, i);
		load(&rules, text.data);
		if (strstr(rules.warnings, "never"))
			reach(&rules, ALERTS);
		for (i = 0; i < RULES; i++) {
			warned += is_warned_of(&rules, i);
			if (!is_warned_of(&rules, i) || !rules.reached[i])
				continue;
			if (!wrong++)
				printf("# r%u of\n%s%s", i, text.data,
				       rules.warnings);
		}
		buf_release(&text);
		arena_destroy(&rules.arena);
	}
	is_int(wrong, 0, "no rule that is warned of is reached");
	ok(warned > SETS / 3, "many are warned of: %u", warned);
}

static bool
is_reached_alone(const char *rule)
{
	struct rules rules;
	bool is_reached;

	load(&rules, rule);
	reach(&rules, RANKS);
	is_reached = rules.reached[1];
	arena_destroy(&rules.arena);
	return is_reached;
}

static void
test_always_said(void)
{
	unsigned int pair, shadowed = 0, wrong = 0;

	for (pair = 0; pair < PAIRS; pair++) {
		struct buf earlier = BUF_INIT, later = BUF_INIT;
		struct rules rules;
		bool is_shadowed;

		buf_puts(&earlier, "rule r0 when ");
		put_rank(&earlier, "severity");
		buf_puts(&earlier, pick(4) ? " notify ana\n" :
			 " drop owner ana reason r always\n");
		buf_puts(&later, "rule r1 when ");
		put_rank(&later, "severity");
		if (!pick(3)) {
			buf_puts(&later, " and ");
			put_rank(&later, "severity");
		}
		buf_puts(&later, pick(4) ? " notify ana\n" :
			 " drop owner ana reason r always\n");
		buf_printf(&earlier, "%s", later.data);
		load(&rules, earlier.data);
		reach(&rules, RANKS);
		is_shadowed = !rules.reached[1] &&
			      is_reached_alone(later.data);
		shadowed += is_shadowed;
		if (is_shadowed != is_warned_of(&rules, 1) &&
		    !(is_warned_of(&rules, 1) && !rules.reached[1]) &&
		    !wrong++)
			printf("# %s", earlier.data);
		buf_release(&earlier);
		buf_release(&later);
		arena_destroy(&rules.arena);
	}
	is_int(wrong, 0, "of two rules about severity it is said always");
	ok(shadowed > PAIRS / 20, "which was asked often: %u", shadowed);
}

int
main(void)
{
	test_never_false();
	test_always_said();
	return tap_done();
}
