/* Rules, alert, instant: the verdict, and what the trace says of it. */
#include "rules.h"
#include "tap.h"

static struct arena *arena;

static const char night[] =
	"window night { timezone Europe/Paris  mon-fri 18:00-08:00 }\n";

/* "urgent: ana bob by nights; archive by log": what is to be done. */
static char *
notices(const struct verdict *verdict)
{
	struct buf out = BUF_INIT;
	size_t i, j;
	char *text;

	if (verdict->action == VERDICT_DROP)
		buf_puts(&out, "drop; ");
	for (i = 0; i < verdict->notices.count; i++) {
		const struct verdict_notice *n = &verdict->notices.items[i];

		if (n->template)
			buf_printf(&out, "%s: ", n->template);
		for (j = 0; j < n->contact_count; j++)
			buf_printf(&out, "%s ", n->contacts[j].text);
		buf_printf(&out, "by %s; ", n->rule);
	}
	if (out.len)
		buf_cut(&out, out.len - 2);
	text = arena_strdup(arena, out.data);
	buf_release(&out);
	return text;
}

static struct verdict
verdict_of(const char *rules, const char *alert, const char *now,
	   unsigned int flags)
{
	return match_alert(rules_of(arena, night, rules), "x",
			   alert_of(arena, alert), instant_of(now), flags,
			   arena);
}

/* The example of the manual, cut to what a customer has. */
#define EXAMPLE \
	"timezone Europe/Berlin\n" \
	"rule lab-noise when every device like \"lab-*\" " \
	"  and severity below high\n" \
	"  drop owner ana reason \"pentest\" until 2027-01-31\n" \
	"rule crown-jewels when severity at least medium " \
	"  and any device-group is \"Domain Controllers\"\n" \
	"  notify bob using urgent\n" \
	"rule log-everything when severity at least low " \
	"  also notify archive\n" \
	"rule nights when severity at least high during night notify ana\n" \
	"rule info when severity is informational notify soc\n" \
	"otherwise notify soc, bob\n"

#define TWICE \
	"rule a when severity at least low also notify archive\n" \
	"rule b when title contains test drop owner ana reason r always\n"

/* What is told and what is hidden, in either order. */
#define CEO_FIRST \
	"rule ceo when user is ceo notify bob\n" \
	"rule lab when every device like \"lab-*\" " \
	"  drop owner ana reason r always\n" \
	"rule rest notify soc\n"
#define LOW_FIRST \
	"rule low when severity below high notify bob\n" \
	"rule lab when every device like \"lab-*\" " \
	"  drop owner ana reason r always\n"
#define DROP_RANK \
	"rule high when severity at least high " \
	"  drop owner ana reason r always\n" \
	"rule low when not severity below high " \
	"  drop owner ana reason r always\n"
#define ALSO_FIRST \
	"rule ceo when user is ceo also notify bob\n" \
	"rule test when title is test drop owner ana reason r always\n"

#define ALL "rule all notify ana using urgent notify bob, soc"

static void
verdicts(void)
{
	static const struct {
		const char *rules, *alert, *now, *name, *notices, *why;
	} cases[] = {
		{ EXAMPLE, "severity high; device lab-1.x.example",
		  "2026-12-01T02:00:00+01:00", "nights",
		  "archive by log-everything; ana by nights",
		  "a high alert on a lab machine still pages" },
		{ EXAMPLE, "severity low; device lab-1, lab-2",
		  "2026-12-01T02:00:00+01:00", "lab-noise", "drop",
		  "noise from the lab is dropped" },
		{ EXAMPLE, "severity low; device lab-1, dc-1",
		  "2026-12-01T12:00:00+01:00", "otherwise",
		  "archive by log-everything; soc bob by otherwise",
		  "another device in the alert keeps it" },
		{ EXAMPLE, "severity low", "2026-12-01T12:00:00+01:00",
		  "otherwise",
		  "archive by log-everything; soc bob by otherwise",
		  "no device known: not dropped" },
		{ EXAMPLE, "device lab-1", "2026-12-01T12:00:00+01:00",
		  "otherwise",
		  "archive by log-everything; soc bob by otherwise",
		  "no severity known: not dropped" },
		{ EXAMPLE, "device lab-1", "2026-12-01T02:00:00+01:00",
		  "nights", "archive by log-everything; ana by nights",
		  "no severity known: it pages at night" },
		{ EXAMPLE, "severity low; device lab-1",
		  "2027-01-31T23:59:59+01:00", "lab-noise", "drop",
		  "a drop holds to the end of its day, where the customer is" },
		{ EXAMPLE, "severity low; device lab-1",
		  "2027-02-01T00:00:00+01:00", "otherwise",
		  "archive by log-everything; soc bob by otherwise",
		  "and then it ends" },
		{ EXAMPLE, "severity informational; device lab-1",
		  "2027-02-01T12:00:00+01:00", "info", "soc by info",
		  "is on a severity" },
		{ EXAMPLE, "severity medium; device-group Servers, "
		  "domain controllers", NULL, "crown-jewels",
		  "urgent: bob by crown-jewels", "the first match decides" },
		{ TWICE, "severity high; title a test", NULL, "b",
		  "drop; archive by a", "also acts before a drop" },
		{ TWICE, "severity high; title other", NULL, "catch-all",
		  "archive by a; soc by catch-all",
		  "without otherwise the catch-all is told" },
		{ TWICE, "severity high", NULL, "catch-all",
		  "archive by a; soc by catch-all",
		  "a missing title does not drop" },

		/* "?" is a value that was not read */
		{ CEO_FIRST, "user ana; device lab-1", NULL, "lab", "drop",
		  "what is certain is dropped" },
		{ CEO_FIRST, "user ana; device lab-1, ?", NULL, "rest",
		  "soc by rest", "a device that was not read is not dropped" },
		{ CEO_FIRST, "device lab-1", NULL, "lab", "drop",
		  "nobody is named: whom a rule above asks for is not" },
		{ CEO_FIRST, "user ana, ?; device lab-1", NULL, "rest",
		  "soc by rest",
		  "a drop waits for what a rule above would say" },
		{ CEO_FIRST, "user ceo, ?; device lab-1", NULL, "ceo",
		  "bob by ceo", "a rule above that is certain decides" },
		{ LOW_FIRST, "severity low; device lab-1", NULL, "low",
		  "bob by low", "a low alert is told" },
		{ LOW_FIRST, "severity low, ?; device lab-1", NULL,
		  "catch-all", "soc by catch-all",
		  "and is not dropped when it may be high" },
		{ LOW_FIRST, "device lab-1", NULL, "lab", "drop",
		  "without any severity it is below nothing" },
		{ DROP_RANK, "", NULL, "catch-all", "soc by catch-all",
		  "an unknown severity is not at least what drops" },
		{ DROP_RANK, "severity high", NULL, "high", "drop",
		  "a known one is" },
		{ ALSO_FIRST, "user ?; title test", NULL, "catch-all",
		  "soc by catch-all",
		  "nor does a drop hide what is told by also" },
		{ ALL, "", NULL, "all", "urgent: ana by all; bob soc by all",
		  "a rule without a condition takes everything" },
		{ "", "", NULL, "catch-all", "soc by catch-all",
		  "no rules: the catch-all" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct verdict verdict = verdict_of(cases[i].rules,
						    cases[i].alert,
						    cases[i].now, 0);
		const char *want = cases[i].notices;
		char *got = notices(&verdict);

		is(verdict.name, cases[i].name, "%s", cases[i].why);
		is(!strcmp(want, "drop") ? arena_printf(arena, "%.4s", got) :
		   got, want, "and what is done");
	}
}

static void
customers(void)
{
	struct diag *diag = diag_create(arena);
	struct ruleset *ruleset = rules_load(arena,
		"customer a \"A Ltd\" { recipients @a.example "
		"rule r notify ana }\n"
		"customer b { recipients @b.example\n"
		"otherwise notify bob }\n", diag);
	struct alert *alert = alert_of(arena, "severity high");
	struct verdict verdict;

	verdict = match_alert(ruleset, "a", alert, TEST_NOW, 0, arena);
	is(verdict.name, "r", "each customer has rules of its own");
	is(verdict.customer->display, "A Ltd", "and a name for people");
	is(verdict.file, "t.rules", "the verdict says where the rule is");
	is_int(verdict.line, 1, "and in which line");
	verdict = match_alert(ruleset, "b", alert, TEST_NOW, 0, arena);
	is(verdict.name, "otherwise", "another customer");
	is_int(verdict.kind, VERDICT_OTHERWISE, "with otherwise");
	is_int(verdict.line, 3, "whose line is known");
	verdict = match_alert(ruleset, NULL, alert, TEST_NOW, 0, arena);
	is(verdict.name, "catch-all", "no customer: the catch-all");
	is(notices(&verdict), "soc by catch-all", "is told");
	verdict = match_alert(ruleset, "c", alert, TEST_NOW, 0, arena);
	is_int(verdict.kind, VERDICT_CATCH_ALL, "an unknown customer, too");
}

static void
traces(void)
{
	static const struct {
		const char *rules, *alert, *want;
	} cases[] = {
		{ EXAMPLE, "severity low; device lab-1, dc-1",
		  "lab-noise: no: device is 'dc-1' (test), "
		  "wanted every like \"lab-*\"\n"
		  "crown-jewels: no: severity is 'low' (test), "
		  "wanted at least medium\n"
		  "log-everything: yes: severity is 'low' (test), "
		  "wanted at least low\n"
		  "nights: no: severity is 'low' (test), "
		  "wanted at least high\n"
		  "info: no: severity is 'low' (test), "
		  "wanted is informational\n"
		  "otherwise: yes: no rule decides\n" },
		{ "rule old drop owner ana reason r until 2026-01-31\n"
		  "rule b when title is x drop owner ana reason r always", "",
		  "old: no: its drop ended with 2026-01-31\n"
		  "b: unknown: title is not known, wanted is x\n"
		  "catch-all: yes: no rule decides, and the customer has no "
		  "otherwise\n" },
		{ "rule all notify ana", "",
		  "all: yes: it has no condition\n" },
	};
	struct buf out = BUF_INIT;
	struct verdict verdict;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		verdict = verdict_of(cases[i].rules, cases[i].alert, NULL, 0);
		buf_reset(&out);
		match_print_trace(&verdict, &out);
		is(out.data, cases[i].want, "the trace of case %zu", i);
	}
	verdict = match_alert(rules_of(arena, "", ""), NULL,
			      alert_of(arena, ""), TEST_NOW, 0, arena);
	buf_reset(&out);
	match_print_trace(&verdict, &out);
	is(out.data, "catch-all: yes: no customer is known\n",
	   "without a customer the trace says so");
	buf_release(&out);
}

/* 1,000 rules of which the last but one matches and only some are tried. */
static void
long_traces(void)
{
	struct buf rules = BUF_INIT, out = BUF_INIT;
	struct ruleset *ruleset;
	struct verdict verdict;
	size_t i;

	for (i = 0; i < 1000; i++)
		buf_printf(&rules, "rule r%zu when %s%zu/ notify ana\n", i,
			   i < 500 ? "title matches /t" : "user matches /u",
			   i);
	ruleset = rules_of(arena, "", rules.data);
	verdict = match_alert(ruleset, "x",
			      alert_of(arena, "title zz; user u998"), TEST_NOW,
			      0, arena);
	is(verdict.name, "r998", "the rule that matches decides");
	is_int((long long)verdict.trace.count, 65,
	       "64 noes and a yes are kept");
	is_int((long long)verdict.unlisted, 998 - 64, "the others are counted");
	is_int((long long)verdict.untried, 0, "every one was tried");
	match_print_trace(&verdict, &out);
	ok(strstr(out.data, "r998: yes: user is 'u998' (test), wanted matches "
		  "/u998/\n934 more rules: no\n"), "and the trace says so");

	verdict = match_alert(ruleset, "x",
			      alert_of(arena, "title zz; user u998"), TEST_NOW,
			      MATCH_TRACE_ALL, arena);
	is_int((long long)verdict.trace.count, 999, "all are kept on demand");
	is_int((long long)verdict.unlisted, 0, "and none is only counted");
	buf_release(&rules);
	buf_release(&out);
}

/* A hostile mail names hundreds of devices, each made for the worst pattern of
 * one customer: the others wait no longer for it than a moment. */
static void
unlisted(void)
{
	struct buf rules = BUF_INIT;
	struct verdict verdict;
	int i;

	for (i = 0; i < 70; i++)
		buf_printf(&rules, "rule r%d when title contains a notify bob"
			   "\n", i);
	verdict = match_alert(rules_of(arena, "", rules.data), "x",
			      alert_of(arena, "title xyz"), TEST_NOW, 0, arena);
	is_int((long long)verdict.trace.count, 64,
	       "of rules that say no 64 are in the trace");
	is_int((long long)verdict.unlisted, 6, "and the others are counted");
	buf_release(&rules);
}

static void
hostile_devices(void)
{
	struct buf rules = BUF_INIT;
	clock_t begun = clock();
	struct alert *alert = alert_create(arena);
	struct verdict verdict;
	int i;

	alert_add(alert, ALERT_SEVERITY, "low", "test");
	for (i = 0; i < 900; i++)
		alert_add(alert, ALERT_DEVICE, arena_printf(arena,
			  "aaaaaaaaaaaaaaaa%d", i), "test");
	for (i = 0; i < 50; i++)
		buf_printf(&rules, "rule r%d when every device not matches "
			   "/^(a+)+$/ and title is x notify bob\n", i);
	buf_puts(&rules, "rule all when severity is low notify ana\n");
	verdict = match_alert(rules_of(arena, "", rules.data), "x", alert,
			      TEST_NOW, 0, arena);
	is(verdict.name, "all", "the rule that is certain decides");
	ok(tap_effort(begun) < 50, "soon");
	buf_release(&rules);
}

int
main(void)
{
	arena = arena_create();
	verdicts();
	customers();
	traces();
	long_traces();
	unlisted();
	hostile_devices();
	arena_destroy(&arena);
	return tap_done();
}
