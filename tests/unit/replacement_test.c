/*
 * Replacements of the store: what they make of a time line, whom a decision
 * tells by them, and what is wrong with one.
 */
#include "pipeline/replacement.h"

#include "base/bug.h"
#include "pipeline/decide.h"
#include "pipeline/notice.h"
#include "rules.h"
#include "tap.h"

#define NOW "2026-12-01T12:00:00Z"

static struct arena *arena;

/* Ana's and Bob's turns change at 09:00: from the 1st on it is Bob's, from the
 * 2nd Ana's. */
#define TEXT \
	"person ana { mail ana@x.example } person bob { mail bob@x.example } " \
	"person cleo { mail cleo@x.example } person dan { mail " \
	"dan@x.example } person eve { mail eve@y.example } " \
	"team soc { mail soc@x.example members zoe } " \
	"person zoe { mail zoe@x.example } " \
	"team all { members o, cleo } " \
	"oncall o { timezone UTC rotate daily at 09:00 from 2026-11-02 ana, " \
	"bob replace ana by dan from 2026-12-02 until 2026-12-02 } " \
	"oncall p { timezone UTC otherwise o } " \
	"oncall q { timezone UTC otherwise soc } " \
	"customer c { mailbox c@x.example recipients @x.example otherwise " \
	"notify o } customer d { mailbox d@x.example recipients @x.example " \
	"otherwise notify p }\n"

static struct generation *
load(const char *catch_all)
{
	struct map *texts = map_create(arena);

	(void)map_set(texts, "/rota/main", arena_printf(arena,
		"state /rota\nspool /rota\ndomain relay.x.example\n"
		"authserv mx.x.example\ncatch-all %s\n"
		"relay out { maildir /rota/out }\n" TEXT, catch_all));
	return generation_load("/rota/main", texts, instant_of(NOW));
}

/* "o bob cleo 2026-12-01 2026-12-02": words, days of UTC; several behind `|`.
 */
static struct store_replacements
parse(const char *text)
{
	struct store_replacements list = { 0 };
	char *rest = arena_strdup(arena, text), *one;

	while ((one = strsep(&rest, "|"))) {
		char *words[5];
		size_t i;

		if (!*one)
			continue;
		for (i = 0; i < 5; i++)
			words[i] = strsep(&one, " ");
		const struct store_replacement it = {
			.id = (int64_t)list.count + 1,
			.oncall = words[0], .name = words[1], .by = words[2],
			.since = instant_of(arena_printf(arena, "%sT00:00:00Z",
							 words[3])),
			.until = instant_of(arena_printf(arena, "%sT00:00:00Z",
							 words[4])),
			.who = "dan", .made = instant_of(NOW),
			.ended = TIME_UNKNOWN,
		};

		vec_push(arena, &list, it);
	}
	return list;
}

/* ---- the time line ---- */

static const struct {
	const char *name, *stored, *when, *want;
} turns[] = {
	{ "none", "", "2026-12-01T12", "bob layer 1 01T09..02T09" },
	{ "one takes over", "o bob cleo 2026-12-01 2026-12-02",
	  "2026-12-01T12", "cleo replace 01T09..02T00" },
	{ "and gives back", "o bob cleo 2026-12-01 2026-12-02",
	  "2026-12-02T01", "bob layer 1 02T00..02T09" },
	{ "another oncall's does not act", "p bob cleo 2026-12-01 2026-12-02",
	  "2026-12-01T12", "bob layer 1 01T09..02T09" },
	{ "it acts behind those of the file",
	  "o dan cleo 2026-12-02 2026-12-03", "2026-12-02T12",
	  "cleo replace 02T09..03T00" },
	{ "so not on whom they replaced",
	  "o ana cleo 2026-12-02 2026-12-04", "2026-12-02T12",
	  "dan replace 02T09..03T00" },
	{ "they chain", "o bob cleo 2026-12-01 2026-12-02|"
	  "o cleo dan 2026-12-01 2026-12-02", "2026-12-01T12",
	  "dan replace 01T09..02T00" },
	{ "in the order in which they were made",
	  "o cleo dan 2026-12-01 2026-12-02|o bob cleo 2026-12-01 2026-12-02",
	  "2026-12-01T12", "cleo replace 01T09..02T00" },
	{ "one that ended before it began is none",
	  "o bob cleo 2026-12-02 2026-12-02", "2026-12-01T12",
	  "bob layer 1 01T09..02T09" },
	{ "by somebody who is gone: who has the turn keeps it",
	  "o bob gone 2026-12-01 2026-12-02", "2026-12-01T12",
	  "bob layer 1 01T09..02T09" },
	{ "by a team that leads back: likewise",
	  "o bob all 2026-12-01 2026-12-02", "2026-12-01T12",
	  "bob layer 1 01T09..02T09" },
};

static void
test_turns(struct generation *g)
{
	const struct contact *oncall = contact_find(g->contacts, "o");
	size_t i;

	for (i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
		struct store_replacements stored = parse(turns[i].stored);
		rota_replacements more = contact_replacements(g->contacts,
				oncall, &stored, arena);
		struct rota_turn turn = rota_at(oncall->rota, &more,
			instant_of(arena_printf(arena, "%s:00:00Z",
						turns[i].when)), arena);

		is(arena_printf(arena, "%s %s %.5s..%.5s", turn.names.items[0],
				rota_by(&turn, arena),
				clock_text(arena, turn.period.since) + 8,
				clock_text(arena, turn.period.until) + 8),
		   turns[i].want, "%s", turns[i].name);
	}
}

/* ---- who is told ---- */

static const char *
addresses(const recipients *who)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < who->count; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? " " : "",
				    who->items[i].endpoint.address);
	return text;
}

static const char *
resolved(const struct generation *g, const char *name, const char *stored)
{
	struct store_replacements list = parse(stored);
	recipients who = { 0 };

	contact_resolve(g->contacts, contact_find(g->contacts, name), &list,
			instant_of(NOW), arena, &who, NULL);
	return addresses(&who);
}

static void
test_told(struct generation *g)
{
	const char *by_soc = "o bob soc 2026-12-01 2026-12-02";
	struct store_replacements list = parse(by_soc);
	recipients who = { 0 };

	is(resolved(g, "o", ""), "bob@x.example", "who has the turn");
	is(resolved(g, "o", by_soc), "soc@x.example zoe@x.example",
	   "or whoever is behind the one who has taken it");
	is(resolved(g, "all", by_soc),
	   "soc@x.example zoe@x.example cleo@x.example", "also in a team");
	is(resolved(g, "p", by_soc), "soc@x.example zoe@x.example",
	   "and in another oncall");
	is(resolved(g, "p", "p o cleo 2026-12-01 2026-12-02"),
	   "cleo@x.example", "which is itself replaced");
	is(resolved(g, "p", "p o q 2026-12-01 2026-12-02|"
		    "q soc p 2026-12-01 2026-12-02"), "",
	   "a circle of two has an end");
	contact_reach(g->contacts, contact_find(g->contacts, "o"), &list,
		      arena, &who);
	is(addresses(&who), "ana@x.example bob@x.example dan@x.example "
	   "soc@x.example zoe@x.example", "all who may ever be");
}

/* What a mail finds in the store. */
static void
test_past(struct generation *g)
{
	struct store_replacements list =
		parse("o bob cleo 2026-12-01 2026-12-02");
	const struct pipeline_input input = {
		.name = "test", .failure = "it cannot be read",
		.raw = "x", .length = 1,
	};
	const struct pipeline_reading *reading = pipeline_read(g, &input,
							       arena);
	struct store *store = NULL;
	struct buf error = BUF_INIT;
	struct hold_state state = { 0 };
	int64_t id;

	if (store_open("memory", &store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	ok(hold_load(store, &reading->question, arena, &state, &error) ==
	   OUTCOME_OK && !state.replacements.count, "nothing is there");
	ok(store_replacement_add(store, &list.items[0], &id, &error) ==
	   OUTCOME_OK, "one is made");
	ok(hold_load(store, &reading->question, arena, &state, &error) ==
	   OUTCOME_OK && state.replacements.count == 1 &&
	   !strcmp(state.replacements.items[0].by, "cleo"),
	   "the next decision knows it");
	store_close(&store);
	buf_release(&error);
}

/* What is held tells the catch-all. */
static const char *
told_of_held(struct generation *g, const char *stored)
{
	struct store_replacements list = parse(stored);
	const struct pipeline_input input = {
		.name = "test", .failure = "it cannot be read",
		.raw = "x", .length = 1,
	};
	const struct pipeline_decision *decision = pipeline_decide_first(g,
		&input, &list, instant_of(NOW), 0, arena);
	const char *text = "";
	size_t i;

	for (i = 0; i < decision->plans.count; i++)
		text = arena_printf(arena, "%s%s ", text,
				    decision->plans.items[i].endpoint.address);
	return text;
}

/* What the relay itself has to say goes to the catch-all as well. */
static void
test_said(const struct generation *g, const struct store_replacement *it)
{
	const struct pipeline_word word = {
		.identity = "test",
		.notice = {
			.kind = NOTICE_RELAY_FAILED, .name = "out",
			.since = instant_of(NOW), .detail = "no answer",
		},
	};
	struct store_deliveries told = { 0 };
	struct store *store = NULL;
	struct buf error = BUF_INIT;
	struct change change;
	int64_t id;

	change_init(&change, arena);
	if (store_open("memory", &store, &error) != OUTCOME_OK ||
	    store_replacement_add(store, it, &id, &error) != OUTCOME_OK ||
	    pipeline_say(g, store, &word, instant_of(NOW), &change, &error) !=
	    OUTCOME_OK || change_apply(&change, store, &error) != OUTCOME_OK ||
	    store_deliveries(store, STORE_PENDING, 9, arena, &told, &error) !=
	    OUTCOME_OK)
		BUG("%s", error.data);
	is_int((long long)told.count, 1, "one notice");
	is(told.items[0].address, "ana@x.example",
	   "to whoever has taken over");
	store_close(&store);
	buf_release(&error);
}

static void
test_catch_all(void)
{
	struct generation *g = load("o");
	struct store_replacements list =
		parse("o bob ana 2026-12-01 2026-12-02");
	struct endpoint ana = contact_find(g->contacts,
					   "ana")->own.items[0].endpoint;

	is(told_of_held(g, ""), "bob@x.example ", "a catch-all with turns");
	is(told_of_held(g, "o bob ana 2026-12-01 2026-12-02"),
	   "ana@x.example ", "has replacements, too");
	ok(pipeline_catch_all_has_other(g, NULL, &ana, instant_of(NOW),
					arena),
	   "a notice that could not reach Ana can go to Bob");
	ok(!pipeline_catch_all_has_other(g, &list, &ana, instant_of(NOW),
					 arena),
	   "unless she has taken over from him");
	test_said(g, &list.items[0]);
	generation_destroy(&g);
}

/* ---- what is wrong ---- */

static const struct {
	const char *catch_all, *stored, *want;	/* of the last one */
} faults[] = {
	{ "soc", "o bob cleo 2026-12-01 2026-12-02", "" },
	{ "soc", "oo bob cleo 2026-12-01 2026-12-02",
	  "error: there is no oncall 'oo' (did you mean 'o'?)" },
	{ "soc", "soc bob cleo 2026-12-01 2026-12-02",
	  "error: 'soc' is a team, and so has no turns (name an oncall behind "
	  "`in`)" },
	{ "soc", "o bobb cleo 2026-12-01 2026-12-02",
	  "error: there is no contact 'bobb' (did you mean 'bob'?)" },
	{ "soc", "o bob cloe 2026-12-01 2026-12-02",
	  "error: there is no contact 'cloe' (did you mean 'cleo'?)" },
	{ "soc", "o bob xxxxxxxx 2026-12-01 2026-12-02",
	  "error: there is no contact 'xxxxxxxx'" },
	{ "soc", "o bob o 2026-12-01 2026-12-02",
	  "error: behind 'o' stands 'o' itself (name a person or another "
	  "team)" },
	{ "soc", "o bob all 2026-12-01 2026-12-02",
	  "error: behind 'all' stands 'o' itself (name a person or another "
	  "team)" },
	{ "soc", "q soc p 2026-12-01 2026-12-02|o bob q 2026-12-01 2026-12-02",
	  "error: behind 'q' stands 'o' itself (name a person or another "
	  "team)" },
	{ "soc", "o bob eve 2026-12-01 2026-12-02",
	  "error: rule 'otherwise' would send data of customer 'c' to "
	  "eve@y.example, which its recipients do not allow (name somebody "
	  "whom the `recipients` of c allow)" },
	{ "soc", "p o eve 2026-12-01 2026-12-02",
	  "error: rule 'otherwise' would send data of customer 'd' to "
	  "eve@y.example, which its recipients do not allow (name somebody "
	  "whom the `recipients` of d allow)" },
	{ "soc", "q soc eve 2026-12-01 2026-12-02", "" },
	{ "soc", "o bob q 2026-12-01 2026-12-02|q soc eve 2026-12-01 "
	  "2026-12-02",
	  "error: rule 'otherwise' would send data of customer 'c' to "
	  "eve@y.example, which its recipients do not allow (name somebody "
	  "whom the `recipients` of c allow)" },
	{ "o", "o bob cleo 2026-12-01 2026-12-02",
	  "error: 'cleo' would be behind the catch-all, which gets data of "
	  "every customer (name somebody who is behind it, or write `replace` "
	  "into the oncall)" },
	{ "o", "o bob ana 2026-12-01 2026-12-02", "" },
	{ "soc", "o bob cleo 2026-11-03 2026-11-04",
	  "doubt: this replacement of 'bob' is over" },
	{ "soc", "o dan cleo 2026-12-04 2026-12-06",
	  "doubt: 'dan' is not in turn in this time, so there is nothing to "
	  "replace" },
	{ "soc", "o ana dan 2026-12-04 2026-12-06|"
	  "o dan cleo 2026-12-04 2026-12-06", "" },
};

static const char *
fault_of(struct generation *g, const char *text)
{
	struct store_replacements all = parse(text), before = all;
	const struct store_replacement *it;
	struct replacement_fault fault;
	const char *kind = "error";

	before.count--;
	it = &all.items[before.count];
	fault = replacement_error(g, &before, it, arena);
	if (!fault.sentence) {
		kind = "doubt";
		fault = replacement_doubt(g, &before, it, instant_of(NOW),
					  arena);
	}
	if (!fault.sentence)
		return "";
	return arena_printf(arena, fault.remedy ? "%s: %s (%s)" : "%s: %s%s",
			    kind, fault.sentence,
			    fault.remedy ? fault.remedy : "");
}

static void
test_faults(void)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct generation *g = load(faults[i].catch_all);

		is(fault_of(g, faults[i].stored), faults[i].want, "%s, %s",
		   faults[i].catch_all, faults[i].stored);
		generation_destroy(&g);
	}
}

/* `check` says it of all that nobody has ended. */
static void
test_check(void)
{
	struct generation *g = load("soc");
	struct store_replacements all = parse(
		"o bob cleo 2026-12-01 2026-12-02|"
		"o bob cleo 2026-11-03 2026-11-04|"
		"o bob cleo 2026-11-03 2026-11-04|"
		"o bob gone 2026-12-01 2026-12-02");
	struct buf said = BUF_INIT;
	size_t before = diag_warnings(g->diag);

	all.items[1].ended = instant_of(NOW);
	replacements_check(g, &all, instant_of(NOW));
	is_int((long long)(diag_warnings(g->diag) - before), 2,
	       "of two that are fine, or ended, nothing is said");
	diag_print(g->diag, &said);
	ok(strstr(said.data, "warning: replacement 3, which is no line of a "
		  "file: this replacement of 'bob' is over (tocsin oncall "
		  "replace --end 3)"), "one that is over");
	ok(strstr(said.data, "replacement 4, which is no line of a file: "
		  "there is no contact 'gone' (tocsin oncall replace --end "
		  "4)"), "one by somebody who is gone");
	buf_release(&said);
	generation_destroy(&g);
}

int
main(void)
{
	struct generation *g;

	arena = arena_create();
	g = load("soc");
	ok(generation_good(g), "it loads");
	test_turns(g);
	test_told(g);
	test_past(g);
	generation_destroy(&g);
	test_catch_all();
	test_faults();
	test_check();
	arena_destroy(&arena);
	return tap_done();
}
