/*
 * Pagers: who is told at one, by which template, and what is wrong with one.
 */
#include "base/bug.h"
#include "pipeline/decide.h"
#include "pipeline/replacement.h"
#include "rules.h"
#include "tap.h"

#define NOW "2026-12-01T12:00:00Z"

static struct arena *arena;

#define PEOPLE \
	"person ana { mail ana@x.example pager ana@sms.example using urgent } " \
	"person bob { mail bob@x.example } " \
	"person cleo { mail cleo@x.example pager cleo@x.example " \
	"pager 2@sms.example } " \
	"team soc { mail soc@x.example members ana, bob } " \
	"oncall o { timezone UTC rotate daily at 09:00 from 2026-12-01 ana, " \
	"bob otherwise cleo } "

static struct generation *
load(const char *text, const char *allowed, const char *rules)
{
	struct map *texts = map_create(arena);

	(void)map_set(texts, "/pager/main", arena_printf(arena,
		"state /pager\nspool /pager\ndomain relay.x.example\n"
		"authserv mx.x.example\ncatch-all soc\n"
		"relay out { maildir /pager/out }\n%s\n"
		"customer c { mailbox c@x.example recipients %s\n%s\n}\n",
		text, allowed, rules));
	return generation_load("/pager/main", texts, instant_of(NOW));
}

/* ---- who is told ---- */

static const struct {
	const char *rules, *when, *told, *trace;
} decisions[] = {
	{ "otherwise notify ana", NOW, "ana@x.example alert", "" },
	{ "otherwise notify ana by pager", NOW, "ana@sms.example urgent",
	  "ana@sms.example (ana)" },
	{ "otherwise notify bob by pager", NOW, "bob@x.example alert",
	  "bob@x.example (bob, who has no pager)" },
	{ "otherwise notify bob using urgent by pager", NOW,
	  "bob@x.example urgent", "bob@x.example (bob, who has no pager)" },
	{ "otherwise notify cleo by pager using urgent", NOW,
	  "cleo@x.example urgent 2@sms.example urgent",
	  "cleo@x.example (cleo) 2@sms.example (cleo)" },
	{ "otherwise notify soc by pager", NOW,
	  "soc@x.example alert ana@sms.example urgent bob@x.example alert",
	  "soc@x.example (soc, who has no pager) ana@sms.example (ana) "
	  "bob@x.example (bob, who has no pager)" },
	{ "otherwise notify o by pager", NOW, "ana@sms.example urgent",
	  "ana@sms.example (ana)" },
	{ "otherwise notify o by pager", "2026-12-02T12:00:00Z",
	  "bob@x.example alert", "bob@x.example (bob, who has no pager)" },
	{ "rule both also notify ana otherwise notify ana by pager", NOW,
	  "ana@x.example alert ana@sms.example urgent",
	  "ana@sms.example (ana)" },
	{ "", NOW, "soc@x.example alert ana@x.example alert "
	  "bob@x.example alert", "" },
};

static const char *
pager_lines(const char *trace)
{
	char *rest = arena_strdup(arena, trace), *line;
	const char *found = "";

	while ((line = strsep(&rest, "\n")))
		if (text_starts(line, "by pager: "))
			found = arena_printf(arena, "%s%s%s", found,
					     *found ? " " : "",
					     line + strlen("by pager: "));
	return found;
}

static void
test_decisions(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(decisions) / sizeof(*decisions); i++) {
		struct generation *g = load(PEOPLE, "@x.example, @sms.example",
					    decisions[i].rules);
		const struct pipeline_decision *decision =
			pipeline_decide_alert(g, alert_of(arena, "customer c"),
					      instant_of(decisions[i].when),
					      arena);
		const char *told = "";

		ok(generation_good(g), "'%s' loads", decisions[i].rules);
		for (j = 0; j < decision->plans.count; j++)
			told = arena_printf(arena, "%s%s%s %s", told,
				j ? " " : "",
				decision->plans.items[j].endpoint.address,
				decision->plans.items[j].template);
		is(told, decisions[i].told, "'%s': by their templates",
		   decisions[i].rules);
		is(pager_lines(decision->trace), decisions[i].trace,
		   "'%s': the trace says which", decisions[i].rules);
		generation_destroy(&g);
	}
}

/* ---- findings ---- */

static const struct {
	const char *text, *recipients, *rules, *want;
} findings[] = {
	{ PEOPLE, "@x.example", "otherwise notify o", "" },
	{ PEOPLE, "@x.example, ana@sms.example, 2@sms.example",
	  "otherwise notify o by pager", "" },
	{ PEOPLE, "@x.example, 2@sms.example", "otherwise notify o by pager",
	  "rule 'otherwise' of customer 'c' would send data to "
	  "ana@sms.example, which no `recipients` allow (did you mean "
	  "'ana@x.example'?)" },
	{ PEOPLE, "@sms.example", "otherwise notify ana by pager", "" },
	{ PEOPLE "person dan { mail dan@x.example pager dan@x.example using "
	  "urgant } ", "@x.example", "otherwise notify dan",
	  "unknown template 'urgant' (did you mean 'urgent'?)" },
	{ PEOPLE "person dan { mail dan@x.example pager 0123 } ",
	  "@x.example", "otherwise notify dan",
	  "'0123' is no mail address (write the address alone: "
	  "LOCAL@DOMAIN)" },
	{ PEOPLE "person dan { pager dan@x.example } ", "@x.example",
	  "otherwise notify dan",
	  "person 'dan' has no address (write `mail ADDRESS`)" },
	{ PEOPLE, "@x.example", "otherwise notify ana by phone",
	  "unknown by 'phone' (write: by pager)" },
};

/* The first error. */
static const char *
first_error(const struct generation *g)
{
	struct buf said = BUF_INIT;
	const char *found = "";
	char *rest, *line;

	diag_print(g->diag, &said);
	rest = said.data;
	while (said.len && !*found && (line = strsep(&rest, "\n"))) {
		const char *what = strstr(line, ": error: ");

		if (what)
			found = arena_strdup(arena,
					     what + strlen(": error: "));
	}
	buf_release(&said);
	return found;
}

static void
test_findings(void)
{
	size_t i;

	for (i = 0; i < sizeof(findings) / sizeof(*findings); i++) {
		struct generation *g = load(findings[i].text,
					    findings[i].recipients,
					    findings[i].rules);

		is(first_error(g), findings[i].want, "'%s' for %s: '%s'",
		   findings[i].rules, findings[i].recipients,
		   findings[i].want);
		generation_destroy(&g);
	}
}

/* Whoever takes over is called at his pager as well. */
static void
test_replaced(void)
{
	static const char rules[] = "otherwise notify o by pager";
	struct generation *g = load(PEOPLE, "@x.example, ana@sms.example, "
				    "2@sms.example", rules);
	const struct store_replacements none = { 0 };
	struct store_replacement it = {
		.oncall = "o", .name = "bob", .by = "cleo",
		.since = instant_of(NOW), .until = INT64_MAX,
	};

	is(replacement_error(g, &none, &it, arena).sentence, NULL,
	   "somebody whose pager may be called");
	generation_destroy(&g);
	g = load(PEOPLE "person eve { mail eve@x.example pager "
		 "eve@sms.example }", "@x.example, ana@sms.example, "
		 "2@sms.example", rules);
	it.by = "eve";
	is(replacement_error(g, &none, &it, arena).sentence, "rule 'otherwise' "
	   "would send data of customer 'c' to eve@sms.example, which its "
	   "recipients do not allow", "somebody whose pager may not");
	generation_destroy(&g);
}

/* A rule as it is written. */
static void
test_described(void)
{
	struct generation *g = load(PEOPLE, "@x.example, @sms.example",
				    "rule r notify ana by pager using urgent");
	struct buf out = BUF_INIT;

	rule_describe(&g->ruleset->customers[0].rules[0], &out);
	is(out.data, "notify ana using urgent by pager",
	   "a rule is shown with it");
	buf_release(&out);
	generation_destroy(&g);
}

int
main(void)
{
	arena = arena_create();
	test_decisions();
	test_findings();
	test_replaced();
	test_described();
	arena_destroy(&arena);
	return tap_done();
}
