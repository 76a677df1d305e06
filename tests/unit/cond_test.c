/* Conditions: every word, Kleene's logic, any and every, what was decisive. */
#include "rules.h"
#include "tap.h"

static struct arena *arena;

static const char windows[] =
	"window night { timezone Europe/Paris  mon-fri 18:00-08:00 "
	"sat-sun 00:00-24:00 }\n"
	"window office { timezone Europe/Paris  mon-fri 08:00-18:00 }\n";

/* The condition as that of the only rule, which loads without errors. */
static const struct cond *
condition(const char *text)
{
	struct ruleset *ruleset = rules_of(arena, windows,
		arena_printf(arena, "rule r when %s notify ana", text));

	return ruleset->customers[0].rule_count ?
		ruleset->customers[0].rules[0].when : NULL;
}

static enum answer
answer(const char *text, const char *alert, const char *now, struct buf *why)
{
	const struct cond *cond = condition(text);
	struct facts facts;

	facts_init(&facts, alert_of(arena, alert), instant_of(now), arena);
	return cond ? cond_eval(cond, &facts, why) : (enum answer)-1;
}

static void
words(void)
{
	static const struct {
		const char *cond, *alert;
		enum answer want;
	} cases[] = {
		/* is: without case, whole value */
		{ "title is \"Malware\"", "title malware", ANSWER_YES },
		{ "title is \"Malware\"", "title Malware found", ANSWER_NO },
		{ "title is \"A  \xC2\xA0 b\"", "title a b", ANSWER_YES },
		{ "title is \"\xC3\x89T\xC3\x89\"", "title \xC3\xA9t\xC3\xA9",
		  ANSWER_YES },
		{ "title is x", "severity high", ANSWER_UNKNOWN },
		{ "title is not x", "title x", ANSWER_NO },
		{ "title is not x", "title y", ANSWER_YES },
		{ "title is not x", "", ANSWER_UNKNOWN },
		{ "title in a, b, c", "title C", ANSWER_YES },
		{ "title in a, b, c", "title d", ANSWER_NO },
		{ "title not in a, b", "title d", ANSWER_YES },
		{ "title not in a, b", "title b", ANSWER_NO },
		{ "title is a, b", "title b", ANSWER_YES },
		{ "severity is high", "severity High", ANSWER_YES },
		{ "severity is high", "severity sky-high", ANSWER_UNKNOWN },
		{ "severity is not high", "severity sky-high",
		  ANSWER_UNKNOWN },
		{ "severity is high", "", ANSWER_UNKNOWN },
		{ "severity in low, medium", "severity medium", ANSWER_YES },
		{ "intake is mail", "intake mail", ANSWER_YES },
		{ "authentic is not pass", "authentic none", ANSWER_YES },
		{ "status is resolved", "status Resolved", ANSWER_YES },
		{ "status is somethingNew", "status somethingnew",
		  ANSWER_YES },

		/* like */
		{ "title like \"*ware\"", "title Malware", ANSWER_YES },
		{ "title like \"mal*\"", "title Malware", ANSWER_YES },
		{ "title like \"*lwa*\"", "title Malware", ANSWER_YES },
		{ "title like malware", "title Malware", ANSWER_YES },
		{ "title like m?lware", "title Malware", ANSWER_YES },
		{ "title like \"m*x\"", "title Malware", ANSWER_NO },
		{ "title like \"m*\", \"x*\"", "title xylophone", ANSWER_YES },
		{ "title not like \"m*\"", "title Malware", ANSWER_NO },
		{ "title like \"*\"", "", ANSWER_UNKNOWN },

		/* contains */
		{ "title contains LWA", "title Malware", ANSWER_YES },
		{ "title contains \"lab \"", "title labour", ANSWER_NO },
		{ "title contains \"lab \"", "title the LAB is", ANSWER_YES },
		{ "title contains a, x", "title xyz", ANSWER_YES },
		{ "title not contains x", "title Malware", ANSWER_YES },
		{ "description contains \"one two\"",
		  "description one\xE2\x80\x83two",
		  ANSWER_YES },

		/* matches */
		{ "title matches /^mal.*e$/", "title Malware", ANSWER_YES },
		{ "title matches /^are/", "title Malware", ANSWER_NO },
		{ "title not matches /^are/", "title Malware", ANSWER_YES },
		{ "title matches /a\\/b/", "title xa/by", ANSWER_YES },
		{ "title matches /^(a+)+$/",
		  "title aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
		  ANSWER_UNKNOWN },
		{ "title not matches /^(a+)+$/",
		  "title aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
		  ANSWER_UNKNOWN },

		/* the order of severities, and what is not known */
		{ "severity at least low", "severity low", ANSWER_YES },
		{ "severity at least low", "severity informational",
		  ANSWER_NO },
		{ "severity at least high", "severity critical", ANSWER_YES },
		{ "severity at least critical", "", ANSWER_YES },
		{ "severity at least critical", "severity tomorrow",
		  ANSWER_YES },
		{ "severity below high", "severity medium", ANSWER_YES },
		{ "severity below high", "severity high", ANSWER_NO },
		{ "severity below critical", "", ANSWER_NO },
		{ "severity below critical", "severity tomorrow", ANSWER_NO },
		{ "not severity at least low", "", ANSWER_NO },
		{ "not severity below low", "", ANSWER_YES },
		{ "device-risk at least low", "device-risk none", ANSWER_NO },
		{ "device-risk at least low", "device-risk high",
		  ANSWER_YES },
		{ "device-risk below low", "device-risk none", ANSWER_YES },
		{ "device-risk at least low", "", ANSWER_UNKNOWN },
		{ "device-risk at least low", "device-risk odd",
		  ANSWER_UNKNOWN },

		/* present */
		{ "user present", "user ana", ANSWER_YES },
		{ "user present", "", ANSWER_NO },
		{ "not user present", "", ANSWER_YES },
		{ "every device present", "device a, b", ANSWER_YES },
		{ "severity present", "severity tomorrow", ANSWER_YES },
		{ "created present", "", ANSWER_NO },

		/* device names: the full name and the first label */
		{ "device is lab-17", "device LAB-17.contoso.example",
		  ANSWER_YES },
		{ "device is lab-17.contoso.example",
		  "device lab-17.contoso.example", ANSWER_YES },
		{ "device is lab-17.contoso.example", "device lab-17",
		  ANSWER_NO },
		{ "device is contoso", "device lab-17.contoso.example",
		  ANSWER_NO },
		{ "device like \"lab-??\"", "device lab-17.contoso.example",
		  ANSWER_YES },
		{ "device like \"*-17\"", "device lab-17.contoso.example",
		  ANSWER_YES },
		{ "device like \"*.example\"",
		  "device lab-17.contoso.example", ANSWER_YES },
		{ "device matches /^lab-\\d+$/",
		  "device lab-17.contoso.example", ANSWER_YES },
		{ "device contains \"17.con\"",
		  "device lab-17.contoso.example", ANSWER_YES },
		{ "device is 10", "device 10.0.0.5", ANSWER_NO },
		{ "device is not lab-17", "device lab-17.contoso.example",
		  ANSWER_NO },
		{ "user is ana", "user ana.lima", ANSWER_NO },

		/* any and every */
		{ "device like \"lab-*\"", "device dc1, lab-2", ANSWER_YES },
		{ "any device like \"lab-*\"", "device dc1, lab-2",
		  ANSWER_YES },
		{ "any device like \"lab-*\"", "device dc1, dc2", ANSWER_NO },
		{ "every device like \"lab-*\"", "device lab-1, lab-2",
		  ANSWER_YES },
		{ "every device like \"lab-*\"", "device dc1, lab-2",
		  ANSWER_NO },
		{ "every device like \"lab-*\"", "", ANSWER_UNKNOWN },
		{ "any device like \"lab-*\"", "", ANSWER_UNKNOWN },
		{ "device is not dc1", "device dc1, lab-2", ANSWER_NO },
		{ "device is not dc1", "device lab-1, lab-2", ANSWER_YES },
		{ "every device is not dc1", "device dc1, lab-2", ANSWER_NO },
		{ "any device is not dc1", "device dc1, lab-2", ANSWER_YES },
		{ "any device is not dc1", "device dc1", ANSWER_NO },
		{ "device not in dc1, dc2", "device lab-1, dc2", ANSWER_NO },
		{ "category is Malware", "category Execution, Malware",
		  ANSWER_YES },
		{ "any user matches /^(a+)+$/",
		  "user aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab, aa",
		  ANSWER_YES },
		{ "every user matches /^(a+)+$/",
		  "user aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab, aa",
		  ANSWER_UNKNOWN },
		{ "every user matches /^(a+)+$/",
		  "user aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab, zz",
		  ANSWER_NO },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(cond_answer_name(answer(cases[i].cond, cases[i].alert, NULL,
					   NULL)),
		   cond_answer_name(cases[i].want), "%s, of: %s",
		   cases[i].cond, cases[i].alert);
}

/* "?" is a value that was not read: what one more value could change is not
 * certain, and what it could not change is. */
static void
incomplete(void)
{
	static const struct {
		const char *cond, *alert;
		enum answer want;
	} cases[] = {
		{ "every device like \"lab-*\"", "device lab-1, ?",
		  ANSWER_UNKNOWN },
		{ "every device like \"lab-*\"", "device ?", ANSWER_UNKNOWN },
		{ "every device like \"lab-*\"", "device dc-1, ?",
		  ANSWER_NO },
		{ "not every device like \"lab-*\"", "device lab-1, ?",
		  ANSWER_UNKNOWN },
		{ "any device like \"lab-*\"", "device lab-1, ?",
		  ANSWER_YES },
		{ "any device like \"lab-*\"", "device dc-1, ?",
		  ANSWER_UNKNOWN },
		{ "not any device like \"lab-*\"", "device dc-1, ?",
		  ANSWER_UNKNOWN },
		{ "device is not dc-1", "device lab-1, ?", ANSWER_UNKNOWN },
		{ "device is not dc-1", "device dc-1, ?", ANSWER_NO },
		{ "device not in dc-1, dc-2", "device lab-1, ?",
		  ANSWER_UNKNOWN },
		{ "device not like \"dc*\"", "device lab-1, ?",
		  ANSWER_UNKNOWN },
		{ "user not contains x", "user ana, ?", ANSWER_UNKNOWN },
		{ "user not matches /x/", "user ana, ?", ANSWER_UNKNOWN },
		{ "any user is not ana", "user bob, ?", ANSWER_YES },
		{ "any user is not ana", "user ana, ?", ANSWER_UNKNOWN },
		{ "device present", "device lab-1, ?", ANSWER_YES },
		{ "device present", "device ?", ANSWER_UNKNOWN },
		{ "not device present", "device ?", ANSWER_UNKNOWN },
		{ "device-group is dc", "device lab-1, ?", ANSWER_UNKNOWN },

		/* a rank that may be another is none */
		{ "severity below high", "severity low, ?", ANSWER_NO },
		{ "severity at least high", "severity low, ?", ANSWER_YES },
		{ "severity is low", "severity low, ?", ANSWER_UNKNOWN },
		{ "severity is not high", "severity low, ?", ANSWER_UNKNOWN },
		{ "severity present", "severity low, ?", ANSWER_YES },
		{ "severity present", "severity ?", ANSWER_UNKNOWN },
		{ "severity below high", "severity none", ANSWER_NO },
		{ "device-risk below high", "device-risk low, ?",
		  ANSWER_UNKNOWN },

		/* some characters were not read */
		{ "title like \"a*\"", "title a\xEF\xBF\xBD", ANSWER_YES },
		{ "title not like \"a*\"", "title a\xEF\xBF\xBD", ANSWER_NO },
		{ "title is ab", "title a\xEF\xBF\xBD", ANSWER_UNKNOWN },
		{ "title is not ab", "title a\xEF\xBF\xBD", ANSWER_UNKNOWN },
		{ "every device like \"lab-*\"",
		  "device lab-1, \xEF\xBF\xBD-1", ANSWER_UNKNOWN },
		{ "severity below high", "severity l\xEF\xBF\xBDw", ANSWER_NO },

		/* a text that may be another is one of them */
		{ "title is a", "title a, ?", ANSWER_YES },
		{ "title is not b", "title a, ?", ANSWER_UNKNOWN },
		{ "title is b", "title a, ?", ANSWER_UNKNOWN },
		{ "title present", "title a, ?", ANSWER_YES },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(cond_answer_name(answer(cases[i].cond, cases[i].alert, NULL,
					   NULL)),
		   cond_answer_name(cases[i].want), "%s, of: %s",
		   cases[i].cond, cases[i].alert);
}

static void
during_now(void)
{
	static const struct {
		const char *cond, *now;
		enum answer want;
	} cases[] = {
		{ "during night", "2026-11-23T22:00:00Z", ANSWER_YES },
		{ "during night", "2026-11-23T12:00:00Z", ANSWER_NO },
		{ "during night or during office", "2026-11-23T12:00:00Z",
		  ANSWER_YES },
		{ "not during night", "2026-11-23T12:00:00Z", ANSWER_YES },
		{ "severity at least high during night",
		  "2026-11-23T12:00:00Z", ANSWER_NO },
		{ "severity at least high during night",
		  "2026-11-23T22:00:00Z", ANSWER_YES },
		{ "severity is low or title is x during night",
		  "2026-11-23T22:00:00Z", ANSWER_UNKNOWN },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(cond_answer_name(answer(cases[i].cond, "severity high",
					   cases[i].now, NULL)),
		   cond_answer_name(cases[i].want), "%s at %s",
		   cases[i].cond, cases[i].now);
}

/* title is x: unknown; user is a: yes; user is b: no. */
static void
kleene(void)
{
	static const char *const terms[] = {
		"user is b", "user is a", "title is x"
	};
	static const enum answer and[3][3] = {
		{ ANSWER_NO, ANSWER_NO, ANSWER_NO },
		{ ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN },
		{ ANSWER_NO, ANSWER_UNKNOWN, ANSWER_UNKNOWN },
	};
	static const enum answer or[3][3] = {
		{ ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN },
		{ ANSWER_YES, ANSWER_YES, ANSWER_YES },
		{ ANSWER_UNKNOWN, ANSWER_YES, ANSWER_UNKNOWN },
	};
	int a, b;

	for (a = 0; a < 3; a++)
		for (b = 0; b < 3; b++) {
			char *both = arena_printf(arena, "%s and %s",
						  terms[a], terms[b]);
			char *either = arena_printf(arena, "%s or %s",
						    terms[a], terms[b]);

			is_int(answer(both, "user a", NULL, NULL), and[a][b],
			       "%s and %s", cond_answer_name(a),
			       cond_answer_name(b));
			is_int(answer(either, "user a", NULL, NULL), or[a][b],
			       "%s or %s", cond_answer_name(a),
			       cond_answer_name(b));
		}
	is_int(answer("not title is x", "", NULL, NULL), ANSWER_UNKNOWN,
	       "not unknown is unknown");
	is_int(answer("not (user is b or title is x)", "user a", NULL, NULL),
	       ANSWER_UNKNOWN, "not reaches through parentheses");
	is_int(answer("user is b and user is b or user is a", "user a", NULL,
		      NULL), ANSWER_YES, "and binds stronger than or");
}

static void
reasons(void)
{
	static const struct {
		const char *cond, *alert, *now, *want;
	} cases[] = {
		{ "severity at least high", "severity low", NULL,
		  "severity is 'low' (test), wanted at least high" },
		{ "severity at least high", "", NULL,
		  "severity is not known, wanted at least high" },
		{ "title is x and severity is low and user is a",
		  "severity high; title x", NULL,
		  "severity is 'high' (test), wanted is low" },
		{ "title is x and severity is low and user is a",
		  "severity low; title x", NULL,
		  "user is not known, wanted is a" },
		{ "title is x and severity is low", "severity low; title x",
		  NULL, "title is 'x' (test), wanted is x; "
		  "severity is 'low' (test), wanted is low" },
		{ "title is y or severity is low", "severity low; title x",
		  NULL, "severity is 'low' (test), wanted is low" },
		{ "title is y or severity is high", "severity low; title x",
		  NULL, "title is 'x' (test), wanted is y; "
		  "severity is 'low' (test), wanted is high" },
		{ "not title is x", "title x", NULL,
		  "not (title is 'x' (test), wanted is x)" },
		{ "not (title is x and severity is low)", "title y", NULL,
		  "not (title is 'y' (test), wanted is x)" },
		{ "every device like \"lab-*\"", "device lab-1, dc, lab-2",
		  NULL, "device is 'dc' (test), wanted every like \"lab-*\"" },
		{ "device like \"x-*\"", "device a, b, c, d, e", NULL,
		  "device is 'a' (test), 'b' (test), 'c' (test) and 2 more, "
		  "wanted like \"x-*\"" },
		{ "title in a, b, c, d, e", "title f", NULL,
		  "title is 'f' (test), wanted in a, b, c and 2 more" },
		{ "title matches /^(a+)+$/",
		  "title aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", NULL,
		  "title is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' (test), wanted "
		  "matches /^(a+)+$/, and the comparison could not be "
		  "finished" },
		{ "during night", "", "2026-12-01T02:00:00+01:00",
		  "it is Tue 2026-12-01 02:00 CET, wanted during night" },
		{ "title is x", "title \x1b[31m\"red\"", NULL,
		  "title is '[31m\\\"red\\\"' (test), wanted is x" },
		{ "title is x", "title a\x1b[31mb", NULL,
		  "title is 'a [31mb' (test), wanted is x" },
	};
	struct buf why = BUF_INIT, values = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&why);
		(void)answer(cases[i].cond, cases[i].alert, cases[i].now,
			     &why);
		is(why.data, cases[i].want, "why: %s, of: %s", cases[i].cond,
		   cases[i].alert);
	}
	for (i = 0; i < 500; i++)
		buf_printf(&values, "%stitle is \"%080zu\"", i ? " or " : "",
			   i);
	buf_reset(&why);
	(void)answer(values.data, "title x", NULL, &why);
	ok(why.len < 1000, "a reason is bounded: %zu bytes", why.len);
	buf_release(&why);
	buf_release(&values);
}

/* `text` with `octets` x for its %s. */
static const char *
filled(const char *text, int octets)
{
	const char *x = memset(arena_alloc(arena, 101), 'x', 100);
	const char *hole = strstr(text, "%s");

	if (!hole)
		return text;
	return arena_printf(arena, "%.*s%.*s%s", (int)(hole - text), text,
			    octets, x, hole + 2);
}

/* What reasons leave out: of values, of how many there are. */
static void
short_reasons(void)
{
	static const struct {
		const char *cond, *alert;
		int octets;
		const char *want;
	} cases[] = {
		{ "title is a", "title %s", 80, "title is '%s' (test), "
		  "wanted is a" },
		{ "title is a", "title %sx", 80, "title is '%s...' (test), "
		  "wanted is a" },
		{ "title is %s, b, c, d", "title z", 80, "title is 'z' "
		  "(test), wanted is %s, b, c and 1 more" },
		{ "title is %sx, b, c, d", "title z", 80, "title is 'z' "
		  "(test), wanted is %s..., b, c and 1 more" },
		{ "every device like \"%s*\"", "device x1, x2, x3", 1,
		  "device is 'x1' (test), 'x2' (test), 'x3' (test), wanted "
		  "every like \"x*\"" },
		{ "every device like \"%s*\"", "device x1, x2, x3, x4", 1,
		  "device is 'x1' (test), 'x2' (test), 'x3' (test) and 1 "
		  "more, wanted every like \"x*\"" },
	};
	struct buf why = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *cond = filled(cases[i].cond, cases[i].octets);
		const char *alert = filled(cases[i].alert, cases[i].octets);

		buf_reset(&why);
		(void)answer(cond, alert, NULL, &why);
		is(why.data, filled(cases[i].want, cases[i].octets),
		   "why: %.40s, of: %.40s", cond, alert);
	}
	buf_release(&why);
}

/* Reasons are added while there are no more than 400 octets. */
static void
many_reasons(void)
{
	static const char one[] = "title is 'xyz' (test), wanted contains a";
	struct buf cond = BUF_INIT, why = BUF_INIT;
	size_t i, count = 0;
	const char *at;

	for (i = 0; i < 40; i++)
		buf_printf(&cond, "%stitle contains a", i ? " or " : "");
	(void)answer(cond.data, "title xyz", NULL, &why);
	for (at = why.data; (at = strstr(at, one)); at += strlen(one))
		count++;
	is_int((long long)count, 10, "of forty reasons ten are told");
	ok(text_ends(why.data, "; ..."), "and that there are more");
	buf_release(&cond);
	buf_release(&why);
}

static void
descriptions(void)
{
	static const char *const cases[] = {
		"severity at least high and during night",
		"every device like \"lab-*\"",
		"not (title is x or user present) and severity below low",
		"title not matches /a+/ or any device is not \"a b\", c",
		"not title in a, b",
		"title matches /^\\d+\\/\"x\"\\b/ and user is CORP\\ana",
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct cond *cond = condition(cases[i]);
		struct buf out = BUF_INIT;

		if (cond)
			cond_describe(cond, SIZE_MAX, &out);
		is(out.data, cases[i], "a condition in words: %s", cases[i]);
		buf_release(&out);
	}
}

static void
long_lists(void)
{
	struct buf text = BUF_INIT;
	size_t i;

	buf_puts(&text, "title in ");
	for (i = 0; i < 100000; i++)
		buf_printf(&text, "%st%zu\n", i ? ", " : "", i);
	is_int(answer(text.data, "title t99999", NULL, NULL), ANSWER_YES,
	       "a list of 100,000 values is answered");
	buf_reset(&text);
	for (i = 0; i < 900; i++)
		buf_printf(&text, "%stitle is t%zu\n", i ? " or " : "", i);
	is_int(answer(text.data, "title t899", NULL, NULL), ANSWER_YES,
	       "a chain of 900 tests is answered");
	buf_release(&text);
}

int
main(void)
{
	arena = arena_create();
	words();
	incomplete();
	during_now();
	kleene();
	reasons();
	short_reasons();
	many_reasons();
	descriptions();
	long_lists();
	arena_destroy(&arena);
	return tap_done();
}
