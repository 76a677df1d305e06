/*
 * Who is on duty: the time lines of rotas, what is wrong in one, and who is
 * told at a moment. tests/scenario/rota.t has every turn of two years in all
 * the odd zones.
 */
#include "base/bug.h"
#include "pipeline/decide.h"
#include "rules.h"
#include "tap.h"

static struct arena *arena;

#define PEOPLE \
	"person ana { mail ana@x.example } person bob { mail bob@x.example } " \
	"person cleo { mail cleo@x.example } person dan { mail " \
	"dan@x.example } team soc { mail soc@x.example }\n"

static struct generation *
load(const char *catch_all, const char *text)
{
	struct map *texts = map_create(arena);

	(void)map_set(texts, "/rota/main", arena_printf(arena,
		"state /rota\nspool /rota\ndomain relay.x.example\n"
		"authserv mx.x.example\ncatch-all %s\n"
		"relay out { maildir /rota/out }\n" PEOPLE
		"%s", catch_all, text));
	return generation_load("/rota/main", texts,
			       instant_of("2026-12-01T12:00:00Z"));
}

/* "ana 2 2026-11-02T08:00Z..2026-11-09T08:00Z" without the seconds. */
static void
print_turn(const struct rota_turn *turn, struct buf *out)
{
	const instant_ms ends[] = { turn->period.since, turn->period.until };
	size_t i;

	for (i = 0; i < turn->names.count; i++)
		buf_printf(out, "%s ", turn->names.items[i]);
	buf_puts(out, rota_by(turn, arena));
	for (i = 0; i < 2; i++)
		buf_printf(out, "%s%.16s", i ? ".." : " ",
			   ends[i] == INT64_MIN || ends[i] == INT64_MAX ? "" :
			   clock_text(arena, ends[i]));
}

/* ---- the time line ---- */

#define WEEKLY "rotate weekly on mon at 09:00 from 2026-11-02 ana, bob "
#define NIGHTLY "rotate daily at 18:00 from 2026-11-02 cleo, dan during night "
#define WINDOWS "window night { mon-fri 18:00-08:00 }\n"
#define PARIS WINDOWS "oncall o { timezone Europe/Paris "

static const struct {
	const char *name, *text, *when, *want;
} turns[] = {
	{ "the first change is at or after `from`",
	  PARIS "rotate weekly on thu at 09:00 from 2026-11-02 ana, bob }",
	  "2026-11-04", "nobody ..2026-11-05T08:00" },
	{ "without a day it is that of `from`",
	  PARIS "rotate weekly at 09:00 from 2026-11-04 ana, bob }",
	  "2026-11-12", "bob layer 1 2026-11-11T08:00..2026-11-18T08:00" },
	{ "one name has a turn without an end",
	  PARIS "rotate every 2 weeks at 09:00 from 2026-11-02 ana, ana }",
	  "2027-11-12", "ana layer 1 2026-11-02T08:00.." },
	{ "every so many days",
	  PARIS "rotate every 3 days at 00:00 from 2026-11-01 ana, bob }",
	  "2026-11-05", "bob layer 1 2026-11-03T23:00..2026-11-06T23:00" },
	{ "equal neighbours are one turn",
	  PARIS "rotate daily at 00:00 from 2026-11-01 ana, ana, bob }",
	  "2026-11-02T12:00:00Z",
	  "ana layer 1 2026-10-31T23:00..2026-11-02T23:00" },
	{ "the first layer that has somebody decides",
	  PARIS NIGHTLY WEEKLY "}",
	  "2026-11-03T20:00:00Z",
	  "dan layer 1 2026-11-03T17:00..2026-11-04T07:00" },
	{ "outside of its window the next does",
	  PARIS NIGHTLY WEEKLY "}",
	  "2026-11-08T20:00:00Z",
	  "ana layer 2 2026-11-07T07:00..2026-11-09T08:00" },
	{ "which may be by another zone",
	  "window w { timezone Asia/Tokyo mon 10:00-11:00 } oncall o { "
	  "timezone UTC rotate daily at 00:00 from 2026-11-01 ana during w }",
	  "2026-11-02T01:30:00Z",
	  "ana layer 1 2026-11-02T01:00..2026-11-02T02:00" },
	{ "equal people of two layers are two turns",
	  PARIS "rotate daily at 18:00 from 2026-11-02 ana during night "
	  WEEKLY "}", "2026-11-03T20:00:00Z",
	  "ana layer 1 2026-11-03T17:00..2026-11-04T07:00" },
	{ "otherwise, when no layer has anybody",
	  PARIS WEEKLY "otherwise soc }",
	  "2026-01-01", "soc otherwise ..2026-11-02T08:00" },
	{ "an oncall may be always the same",
	  PARIS "otherwise soc }", "2026-01-01", "soc otherwise .." },
	{ "a replacement cuts a turn",
	  PARIS WEEKLY "replace ana by dan from 2026-11-03 until 2026-11-03 }",
	  "2026-11-03T12:00:00Z",
	  "dan replace 2026-11-02T23:00..2026-11-03T23:00" },
	{ "of which the rest stays",
	  PARIS WEEKLY "replace ana by dan from 2026-11-03 until 2026-11-03 }",
	  "2026-11-05", "ana layer 1 2026-11-03T23:00..2026-11-09T08:00" },
	{ "it does not act on others",
	  PARIS WEEKLY "replace ana by dan from 2026-11-08 until 2026-11-10 }",
	  "2026-11-09T12:00:00Z",
	  "bob layer 1 2026-11-09T08:00..2026-11-16T08:00" },
	{ "replacements chain",
	  PARIS WEEKLY "replace ana by dan from 2026-11-03 until 2026-11-04 "
	  "replace dan by cleo from 2026-11-04 until 2026-11-05 }",
	  "2026-11-04T12:00:00Z",
	  "cleo replace 2026-11-03T23:00..2026-11-04T23:00" },
	{ "as they are written, not backwards",
	  PARIS WEEKLY "replace dan by cleo from 2026-11-04 until 2026-11-05 "
	  "replace ana by dan from 2026-11-03 until 2026-11-04 }",
	  "2026-11-04T12:00:00Z",
	  "dan replace 2026-11-02T23:00..2026-11-04T23:00" },
	{ "two can swap",
	  PARIS WEEKLY "replace ana by bob from 2026-11-02T09:00 until "
	  "2026-11-09T09:00 replace bob by ana from 2026-11-09T09:00 until "
	  "2026-11-16T09:00+01:00 }",
	  "2026-11-10",
	  "ana replace 2026-11-09T08:00..2026-11-16T08:00" },
	{ "who is on duty otherwise is replaced, too",
	  PARIS "otherwise soc replace soc by dan from 2026-11-03 until "
	  "2026-11-03 }", "2026-11-03T12:00:00Z",
	  "dan replace 2026-11-02T23:00..2026-11-03T23:00" },
	{ "a clock time that does not exist is the moment of the change",
	  PARIS "rotate daily at 02:30 from 2027-03-01 ana, bob }",
	  "2027-03-28T12:00:00Z",
	  "bob layer 1 2027-03-28T01:00..2027-03-29T00:30" },
	{ "for both ends of a turn",
	  PARIS "rotate daily at 02:30 from 2027-03-01 ana, bob }",
	  "2027-03-28T00:59:59Z",
	  "ana layer 1 2027-03-27T01:30..2027-03-28T01:00" },
	{ "one that exists twice is the first",
	  PARIS "rotate daily at 02:30 from 2026-10-24 ana, bob }",
	  "2026-10-25T00:30:00Z",
	  "bob layer 1 2026-10-25T00:30..2026-10-26T01:30" },
	{ "a turn of a day that does not exist is nobody's",
	  "oncall o { timezone Pacific/Apia rotate daily at 00:00 from "
	  "2011-12-28 ana, bob, cleo, dan }",
	  "2011-12-30T10:00:00Z",
	  "dan layer 1 2011-12-30T10:00..2011-12-31T10:00" },
	{ "a replacement for good has an end all the same",
	  PARIS WEEKLY "replace ana by dan from 2026-11-02 until 9999-12-31 "
	  "replace bob by dan from 2026-11-02 until 9999-12-31 }",
	  "2026-11-05", NULL },
};

static void
test_turns(void)
{
	size_t i;

	for (i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
		struct generation *g = load("soc", arena_printf(arena,
			"%s customer c { recipients @x.example otherwise "
			"notify o }", turns[i].text));
		const struct contact *oncall = contact_find(g->contacts, "o");
		struct buf got = BUF_INIT;
		struct rota_turn turn = rota_at(oncall->rota, NULL,
			instant_of(strlen(turns[i].when) > 10 ? turns[i].when :
				   arena_printf(arena, "%sT00:00:00Z",
						turns[i].when)), arena);

		print_turn(&turn, &got);
		if (turns[i].want)
			is(got.data, turns[i].want, "%s", turns[i].name);
		else
			ok(turn.by == ROTA_REPLACE, "%s", turns[i].name);
		buf_release(&got);
		generation_destroy(&g);
	}
}

/* ---- findings ---- */

#define O(text) "oncall o { timezone UTC " text " }"
#define R "rotate daily at 09:00 from 2026-11-02 ana, bob "

static const struct {
	const char *text, *want;
} findings[] = {
	{ O(R), "" },
	{ "oncall o { " R "}", "error: oncall 'o' has no time zone "
	  "(add timezone ZONE)" },
	{ "oncall o { timezone Mars/Olympus " R "}", "error: unknown timezone "
	  "'Mars/Olympus' (an IANA name such as Europe/Paris)" },
	{ O(""), "error: oncall 'o' never has anybody (add rotate ..., or "
	  "otherwise NAME)" },
	{ "oncall ana { timezone UTC " R "}", "error: two have the name "
	  "'ana': person and oncall (names are shared by persons, teams and "
	  "oncalls: rename one; the other is in line 7)" },
	{ O("rotate daily at 09:00 from 2026-11-02 anna"),
	  "error: unknown contact 'anna' (did you mean 'ana'?)" },
	{ O(R "otherwise sock"),
	  "error: unknown contact 'sock' (did you mean 'soc'?)" },
	{ O(R "hand-over sock"),
	  "error: unknown contact 'sock' (did you mean 'soc'?)" },
	{ O(R "replace anna by bob from 2027-01-01 until 2027-01-02"),
	  "error: unknown contact 'anna' (did you mean 'ana'?)" },
	{ O(R "replace ana by bobb from 2027-01-01 until 2027-01-02"),
	  "error: unknown contact 'bobb' (did you mean 'bob'?)" },
	{ O("otherwise o"), "error: oncall 'o' is a member of itself (take "
	  "one of them out of the other)" },
	{ O("rotate at 09:00 from 2026-11-02 ana"), "error: this `rotate` "
	  "does not say how often (daily, weekly, every N days or every N "
	  "weeks)" },
	{ O("rotate daily weekly at 09:00 from 2026-11-02 ana"),
	  "error: it turns in two ways (keep one of daily, weekly and "
	  "every)" },
	{ O("rotate daily from 2026-11-02 ana"), "error: this `rotate` does "
	  "not say at what time (at HH:MM)" },
	{ O("rotate daily at 09:00"), "error: this `rotate` does not say who "
	  "and since when (from DATE NAME, NAME)" },
	{ O("rotate daily at 24:00 from 2026-11-02 ana"),
	  "error: '24:00' is no time of the clock (as 09:00; the clock goes "
	  "from 00:00 to 23:59)" },
	{ O("rotate daily on mon at 09:00 from 2026-11-02 ana"),
	  "error: only what turns by weeks has a day (write weekly, or leave "
	  "the day out)" },
	{ O("rotate weekly on monday at 09:00 from 2026-11-02 ana"),
	  "error: 'monday' is no day of the week (one of mon tue wed thu fri "
	  "sat sun)" },
	{ O("rotate every 0 days at 09:00 from 2026-11-02 ana"),
	  "error: '0' is no number from 1 to 999" },
	{ O("rotate every 2 months at 09:00 from 2026-11-02 ana"),
	  "error: unknown every 'months' (write: every N days|weeks)" },
	{ O("rotate daily at 09:00 from 2026-13-02 ana"),
	  "error: '2026-13-02' is no date (as 2027-01-31)" },
	{ O("rotate daily at 09:00 from 2026-11-02 ana during nigth"),
	  "error: unknown window 'nigth' (define it: window NAME { ... })" },
	{ O(R "replace ana from 2027-01-01 until 2027-01-02"),
	  "error: this `replace` does not say by whom (by NAME)" },
	{ O(R "replace ana by bob until 2027-01-02"),
	  "error: this `replace` does not say from when (from TIME)" },
	{ O(R "replace ana by bob from 2027-01-02"),
	  "error: this `replace` does not say until when (until TIME)" },
	{ O(R "replace ana by bob from 2027-01-02 until 2027-01-01"),
	  "error: this replacement ends before it begins" },
	{ O(R "replace ana by bob from 2027-01-02 until tomorrow"),
	  "error: 'tomorrow' is no time (write it as 2026-12-24T18:00, "
	  "2026-12-24 or 2026-12-24T18:00:00+01:00)" },
	{ O(R "replace ana by dan from 2026-11-05 until 2026-11-06"),
	  "warning: this replacement of 'ana' is over (remove it)" },
	{ O(R "replace ana by dan from 2026-11-05 until 2026-12-01T12:00"),
	  "warning: this replacement of 'ana' is over (remove it)" },
	{ O(R "replace ana by dan from 2026-11-05 until 2026-12-01T12:01"),
	  "" },
	{ O(R "replace cleo by dan from 2027-01-01 until 2027-01-06"),
	  "warning: 'cleo' is not in turn in this time, so there is nothing "
	  "to replace" },
	{ O(R "replace ana by dan from 2026-12-24T10:00 until "
	  "2026-12-24T11:00"), "" },
	{ O(R "replace ana by dan from 2026-12-25T10:00 until "
	  "2026-12-25T11:00"), "warning: 'ana' is not in turn in this time, "
	  "so there is nothing to replace" },
	{ O(R "replace ana by dan from 2027-01-01 until 2027-01-06 "
	  "replace dan by cleo from 2027-01-01 until 2027-01-02"), "" },
	{ O("rotate daily at 09:00 from 2026-12-05 ana, bob"),
	  "warning: of the next 90 days there are times at which nobody is on "
	  "duty in 'o' (UTC): now to 2026-12-05 09:00 (add otherwise NAME: "
	  "who is told then)" },
	{ O("rotate daily at 09:00 from 2026-12-05 ana, bob otherwise soc"),
	  "" },
	{ WINDOWS O(R "during night"),
	  "warning: of the next 90 days there are times at which nobody is on "
	  "duty in 'o' (UTC): now to 2026-12-01 18:00, 2026-12-02 08:00 to "
	  "2026-12-02 18:00, 2026-12-03 08:00 to 2026-12-03 18:00 and 62 "
	  "times more (add otherwise NAME: who is told then)" },
	{ "person eve { mail eve@y.example } oncall o { timezone UTC rotate "
	  "daily at 09:00 from 2026-11-02 ana, eve }",
	  "error: rule 'otherwise' of customer 'c' would send data to "
	  "eve@y.example, which no `recipients` allow (did you mean "
	  "'eve@x.example'?)" },
	{ "person eve { mail eve@y.example } " O(R "otherwise eve"),
	  "error: rule 'otherwise' of customer 'c' would send data to "
	  "eve@y.example, which no `recipients` allow (did you mean "
	  "'eve@x.example'?)" },
	{ "person eve { mail eve@y.example } "
	  O(R "replace ana by eve from 2027-01-01 until 2027-01-02"),
	  "error: rule 'otherwise' of customer 'c' would send data to "
	  "eve@y.example, which no `recipients` allow (did you mean "
	  "'eve@x.example'?)" },
	{ "person eve { mail eve@y.example } " O(R "hand-over eve"), "" },
};

/* The first that concerns the oncall: nobody else uses the other people. */
static const char *
first_finding(const struct generation *g)
{
	struct buf said = BUF_INIT;
	const char *found = "";
	char *rest, *line;

	diag_print(g->diag, &said);
	rest = said.data;
	while (said.len && !*found && (line = strsep(&rest, "\n"))) {
		char *what = strstr(line, ": error: ");

		what = what ? what : strstr(line, ": warning: ");
		if (what && !strstr(what, "nobody uses"))
			found = arena_strdup(arena, what + 2);
	}
	buf_release(&said);
	return found;
}

static void
test_findings(void)
{
	size_t i;

	for (i = 0; i < sizeof(findings) / sizeof(*findings); i++) {
		struct generation *g = load("soc", arena_printf(arena,
			"%s customer c { mailbox c@x.example recipients "
			"@x.example otherwise notify ana%s }\n",
			findings[i].text,
			strstr(findings[i].text, "oncall o") ? ", o" : ""));

		is(first_finding(g), findings[i].want, "%s", findings[i].text);
		generation_destroy(&g);
	}
}

/* ---- who is told ---- */

#define GAP O("rotate daily at 09:00 from 2026-12-05 ana, bob")

static const struct {
	const char *name, *catch_all, *text, *when, *told, *trace;
} decisions[] = {
	{ "who is on duty", "soc", O(R) " customer c { recipients @x.example "
	  "otherwise notify o }", "2026-12-02T08:59:59Z",
	  "bob@x.example otherwise",
	  "on duty: o: bob (layer 1) until 2026-12-02T09:00:00Z" },
	{ "and at the change the next", "soc", O(R) " customer c { recipients "
	  "@x.example otherwise notify o }", "2026-12-02T09:00:00Z",
	  "ana@x.example otherwise",
	  "on duty: o: ana (layer 1) until 2026-12-03T09:00:00Z" },
	{ "in a team beside its own", "soc", O(R) " team t { members o, cleo "
	  "mail t@x.example } customer c { recipients @x.example otherwise "
	  "notify t }", "2026-12-02T08:59:59Z",
	  "t@x.example otherwise bob@x.example otherwise cleo@x.example "
	  "otherwise",
	  "on duty: o: bob (layer 1) until 2026-12-02T09:00:00Z" },
	{ "an oncall in an oncall", "soc", O(R) " oncall p { timezone UTC "
	  "otherwise o } customer c { recipients @x.example otherwise notify "
	  "p }", "2026-12-02T08:59:59Z", "bob@x.example otherwise",
	  "on duty: p: o (otherwise)\n"
	  "on duty: o: bob (layer 1) until 2026-12-02T09:00:00Z" },
	{ "of nobody the catch-all", "soc", GAP " customer c { recipients "
	  "@x.example otherwise notify o }", "2026-12-02T08:59:59Z",
	  "soc@x.example catch-all",
	  "on duty: o: nobody until 2026-12-05T09:00:00Z" },
	{ "beside those who are told", "soc", GAP " customer c { recipients "
	  "@x.example otherwise notify cleo, o }", "2026-12-02T08:59:59Z",
	  "cleo@x.example otherwise soc@x.example catch-all",
	  "on duty: o: nobody until 2026-12-05T09:00:00Z" },
	{ "a catch-all that is nobody is everybody in it", "o", GAP
	  " customer c { recipients @x.example }", "2026-12-02T08:59:59Z",
	  "ana@x.example catch-all bob@x.example catch-all",
	  "on duty: o: nobody until 2026-12-05T09:00:00Z" },
	{ "an oncall as the catch-all", "o", O(R) " customer c { recipients "
	  "@x.example }", "2026-12-02T08:59:59Z", "bob@x.example catch-all",
	  "on duty: o: bob (layer 1) until 2026-12-02T09:00:00Z" },
};

/* The lines of the trace that say who is on duty. */
static const char *
duty_lines(const char *trace)
{
	char *rest = arena_strdup(arena, trace), *line;
	struct buf out = BUF_INIT;
	const char *copy;

	while ((line = strsep(&rest, "\n")))
		if (text_starts(line, "on duty: "))
			buf_printf(&out, "%s%s", out.len ? "\n" : "", line);
	copy = arena_strdup(arena, out.len ? out.data : "");
	buf_release(&out);
	return copy;
}

static void
test_decisions(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(decisions) / sizeof(*decisions); i++) {
		struct generation *g = load(decisions[i].catch_all,
					    decisions[i].text);
		const struct pipeline_decision *decision =
			pipeline_decide_alert(g, alert_of(arena, "customer c"),
					      instant_of(decisions[i].when),
					      arena);
		struct buf told = BUF_INIT;

		is(first_finding(g), text_starts(first_finding(g), "warning") ?
		   first_finding(g) : "", "it loads");
		for (j = 0; j < decision->plans.count; j++)
			buf_printf(&told, "%s%s %s", j ? " " : "",
				   decision->plans.items[j].endpoint.address,
				   decision->plans.items[j].rule);
		is(told.len ? told.data : "", decisions[i].told, "%s",
		   decisions[i].name);
		is(duty_lines(decision->trace), decisions[i].trace,
		   "%s: how it came", decisions[i].name);
		buf_release(&told);
		generation_destroy(&g);
	}
}

int
main(void)
{
	arena = arena_create();
	test_turns();
	test_findings();
	test_decisions();
	arena_destroy(&arena);
	return tap_done();
}
