/*
 * pipeline_decide() as what it is, a pure function: what was before and what
 * comes on the left, what is decided and what the trace says of it on the
 * right.
 */
#include "pipeline/decide.h"

#include "base/bug.h"
#include "base/json.h"
#include "parse/parse.h"
#include "tap.h"

#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define MINUTE INT64_C(60000)

#define ALERT_ID "a1_1"
#define ANA "ana@mssp.example"
#define BOB "bob@mssp.example"
#define BOB_PAGER "123@mssp.example"
#define DAN "dan@mssp.example"
#define SOC "soc@mssp.example"
#define CONTOSO "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define FABRIKAM "5d1f3c2a-9b64-4e0a-8f57-0a7c2e91b3d6"

static struct arena *arena;
static struct buf error = BUF_INIT;

/* ---- what comes ---- */

#define PLAIN "otherwise notify ana"
#define ON_DUTY_LATER "otherwise notify later"	/* nobody before 11:57 */
#define ON_DUTY "otherwise notify duty"	/* since 11:57 she, before that he */
#define DROPPED \
	"rule copy when title contains One also notify soc\n" \
	"rule noise when title contains One drop owner ana" \
	" reason \"ticket 4711\" always\n" PLAIN
#define ASKING \
	"rule closed when status is resolved notify soc\n" PLAIN
#define TO_NOBODY \
	"rule copy when title contains One also notify ana\n" PLAIN

/* The same when Dan has taken over his and her duty, by a command, or his. */
static const char on_duty_by_dan[] = ON_DUTY, on_duty_after_dan[] = ON_DUTY;

static struct generation *
load(const char *rules)
{
	struct map *texts = map_create(arena);
	struct generation *generation;

	(void)map_set(texts, "/decide/main", arena_printf(arena,
		"state /decide\nspool /decide\ndomain relay.mssp.example\n"
		"authserv mx.mssp.example\ncatch-all soc\n"
		"team soc { mail " SOC " }\nperson ana { mail " ANA " }\n"
		"relay out { maildir /decide/out }\n"
		"person bob { mail " BOB " pager " BOB_PAGER " }\nperson dan { mail " DAN " }\n"
		"oncall duty { timezone UTC rotate daily at 11:57 from "
		"2026-11-21 bob, ana }\n"
		"oncall later { timezone UTC rotate daily at 11:57 from "
		"2026-11-22 ana, bob }\n"
		"customer fabrikam { tenant " FABRIKAM "\n"
		"recipients @mssp.example otherwise notify soc }\n"
		"customer contoso { tenant " CONTOSO "\n"
		"mailbox contoso@relay.mssp.example\n"
		"recipients @mssp.example\n%s\n}\n", rules));
	generation = generation_load("/decide/main", texts, NOON);
	if (!generation_good(generation)) {
		diag_print(generation->diag, &error);
		BUG("%s", error.data);
	}
	return generation;
}

#define STAMP "2026-11-22T11:50:00Z"

/* Members of a record of Graph, beside those that all have; an evidence of
 * nothing is a list, too. */
static const char *
record_of(const char *members)
{
	if (!strstr(members, "\"evidence\""))
		members = arena_printf(arena, "\"evidence\":[]%s%s",
				       *members ? "," : "", members);
	return arena_printf(arena, "{\"id\":\"a1_1\",\"title\":\"One\","
		"\"severity\":\"medium\",\"createdDateTime\":\"" STAMP "\","
		"\"lastUpdateDateTime\":\"" STAMP "\",\"serviceSource\":"
		"\"microsoftDefenderForEndpoint\"%s%s}", *members ? "," : "",
		members);
}

/* A mail about that alert, or about an incident; one that a person sends on
 * when "!" stands before that; one without a tenant when it has a "?". */
static const char *
mail_of(const char *link)
{
	const char *tenant = strchr(link, '?') ? "" : "?tid=" CONTOSO;
	bool is_sent_on = *link == '!';

	link += is_sent_on;
	return arena_printf(arena,
		"Authentication-Results: mx.mssp.example; dmarc=pass "
		"header.from=microsoft.com\n"
		"From: %s\nSubject: %sAlert notification from your security service\n"
		"Message-ID: <1@az>\n"
		"Content-Type: text/plain; charset=utf-8\n\n"
		"%sMicrosoft Defender for Endpoint\n\nAlert title: One\n"
		"Severity: Medium\nOrganization name: Contoso GmbH\n\n"
		"View alert in portal <https://security.microsoft.com/%s%s>\n",
		is_sent_on ? "Jo <jo@contoso.example>" :
		"Microsoft Defender <defender-noreply@microsoft.com>",
		is_sent_on ? "FW: " : "", is_sent_on ? "Call me!\n\n" : "",
		link, tenant);
}

/* ---- the table ---- */

/* How the alert was before. */
struct before {
	bool is_known;
	const char *severity, *status, *devices;
	bool by_api;			/* else by mail only */
	bool is_same;			/* the record, octet by octet */
	/* Who was told: an address, by which road, so many minutes ago. */
	const char *told, *road;
	int minutes;
	bool of_incident;		/* by a mail that named only that */
};

static const struct row {
	const char *name;
	const char *rules;
	struct before before;
	const char *record;		/* or NULL, */
	const char *mail;		/* and then this */
	bool is_completed;
	bool is_released;
	const char *tenant;		/* that was asked; NULL: Contoso's */
	instant_ms started;
	const char *want;
	const char *trace;		/* a part of it; or NULL */
} rows[] = {
	{ "what is new is told", PLAIN, { 0 }, "", NULL, false, false, NULL, 0,
	  "notify " ANA " by otherwise", "customer: " },
	{ "a drop tells nobody", DROPPED, { 0 }, "", NULL, false, false, NULL,
	  0, "drop " SOC " by noise: ticket 4711 (owner ana, always)",
	  "noise: yes" },
	{ "to one address once, as the last rule wants", TO_NOBODY, { 0 }, "",
	  NULL, false, false, NULL, 0, "notify " ANA " by otherwise",
	  "copy: yes" },

	{ "the same record again is known", PLAIN,
	  { true, "medium", "new", "[]", true, true, ANA, "api", 5, false },
	  "", NULL, false, false, NULL, 0,
	  "drop nobody by otherwise: all were told of this alert before "
	  "(code1, api-api-alert), known, again",
	  "covered: by code1, as api-api-alert: An alert that an API gives "
	  "again" },
	{ "one that has changed is known as well", PLAIN,
	  { true, "medium", "new", "[]", true, false, ANA, "api", 5, false },
	  "", NULL, false, false, NULL, 0,
	  "drop nobody by otherwise: all were told of this alert before "
	  "(code1, api-api-alert), known, duplicate", NULL },
	{ "whoever was not told before is told", PLAIN,
	  { true, "medium", "new", "[]", true, false, SOC, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "notify " ANA " by otherwise", NULL },
	{ "a higher severity is news", PLAIN,
	  { true, "low", "new", "[]", true, false, ANA, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "notify " ANA " by otherwise, news: "
	  "The severity was raised from low to medium.", NULL },
	{ "a device more is news", PLAIN,
	  { true, "medium", "new", "[\"pc1\"]", true, false, ANA, "api", 5,
	    false },
	  "\"evidence\":[{\"@odata.type\":\"#microsoft.graph.security."
	  "deviceEvidence\",\"deviceDnsName\":\"pc2\"}]", NULL, false, false,
	  NULL, 0, "notify " ANA " by otherwise, news: A device was added: "
	  "pc2.", NULL },
	{ "what was resolved and is open again is news", PLAIN,
	  { true, "medium", "resolved", "[]", true, false, ANA, "api", 5,
	    false },
	  "\"status\":\"new\"", NULL, false, false, NULL, 0, "notify " ANA
	  " by otherwise, news: The alert was resolved and is open again.",
	  NULL },
	{ "that it is resolved is none", PLAIN,
	  { true, "medium", "new", "[]", true, false, ANA, "api", 5, false },
	  "\"status\":\"resolved\"", NULL, false, false, NULL, 0,
	  "drop nobody by otherwise: it was resolved before it was seen, "
	  "known, duplicate", "handled: " },

	{ "what is new is told to whoever is on duty", ON_DUTY, { 0 }, "",
	  NULL, false, false, NULL, 0, "notify " ANA " by otherwise",
	  "on duty: duty: ana (layer 1) until 2026-11-23T11:57:00Z" },
	{ "what was told to the one before her is not", ON_DUTY,
	  { true, "medium", "new", "[]", true, false, BOB, "api", 5, false },
	  "", NULL, false, false, NULL, 0,
	  "drop nobody by otherwise: all were told of this alert before "
	  "(code1, api-api-alert), known, duplicate", "so 1 of 1 are not told "
	  "again" },
	{ "nor what called him at his pager",
	  "otherwise notify duty by pager",
	  { true, "medium", "new", "[]", true, false, BOB_PAGER, "api", 5,
	    false }, "", NULL, false, false, NULL, 0,
	  "drop nobody by otherwise: all were told of this alert before "
	  "(code1, api-api-alert), known, duplicate", "so 1 of 1 are not told "
	  "again" },
	{ "unless it came in her turn", ON_DUTY,
	  { true, "medium", "new", "[]", true, false, BOB, "api", 2, false },
	  "", NULL, false, false, NULL, 0, "notify " ANA " by otherwise", NULL },
	{ "or he was not told", ON_DUTY,
	  { true, "medium", "new", "[]", true, false, SOC, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "notify " ANA " by otherwise", NULL },
	{ "who has taken over her duty is told", on_duty_by_dan, { 0 }, "",
	  NULL, false, false, NULL, 0, "notify " DAN " by otherwise",
	  "on duty: duty: dan (replace) until 2026-11-22T12:30:00Z" },
	{ "when a swap is over, what he was told is not", on_duty_after_dan,
	  { true, "medium", "new", "[]", true, false, DAN, "api", 7, false },
	  "", NULL, false, false, NULL, 0,
	  "drop nobody by otherwise: all were told of this alert before "
	  "(code1, api-api-alert), known, duplicate", "so 1 of 1 are not told "
	  "again" },
	{ "unless it came when it was over", on_duty_after_dan,
	  { true, "medium", "new", "[]", true, false, DAN, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "notify " ANA " by otherwise", NULL },
	{ "or nobody had duty", ON_DUTY_LATER,
	  { true, "medium", "new", "[]", true, false, BOB, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "notify " ANA " by otherwise", NULL },
	{ "or there is news", ON_DUTY,
	  { true, "low", "new", "[]", true, false, BOB, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "notify " ANA " by otherwise, news: "
	  "The severity was raised from low to medium.", NULL },

	{ "a drop that also tells tells at the first time", DROPPED, { 0 }, "",
	  NULL, false, false, NULL, 0, "drop " SOC " by noise: ticket 4711 "
	  "(owner ana, always)", "copy: yes" },
	{ "and not at each change", DROPPED,
	  { true, "medium", "new", "[]", true, false, SOC, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "drop nobody by noise: ticket 4711 "
	  "(owner ana, always), known, duplicate", "so 1 of 1 are not told "
	  "again" },
	{ "but of news", DROPPED,
	  { true, "low", "new", "[]", true, false, SOC, "api", 5, false },
	  "", NULL, false, false, NULL, 0, "drop " SOC " by noise: ticket 4711 "
	  "(owner ana, always), news: The severity was raised from low to "
	  "medium.", NULL },

	{ "what the tenant has dealt with tells nobody", PLAIN, { 0 },
	  "\"status\":\"resolved\"", NULL, false, false, NULL, 0,
	  "drop nobody by otherwise: it was resolved before it was seen",
	  "handled: it was resolved before it was seen, so only rules that "
	  "test status tell anybody" },
	{ "but whom a rule about that names", ASKING, { 0 },
	  "\"status\":\"resolved\"", NULL, false, false, NULL, 0,
	  "notify " SOC " by closed", "handled: " },
	{ "what is older than our reading tells nobody", PLAIN, { 0 }, "",
	  NULL, false, false, NULL, NOON, "drop nobody by otherwise: it is of "
	  STAMP ", from before what counts as new", "handled: " },
	{ "nor is it held against a younger one", PLAIN, { 0 }, "", NULL,
	  false, false, NULL, NOON - 60 * MINUTE, "notify " ANA
	  " by otherwise", NULL },

	{ "a mail about what the API gave is covered", PLAIN,
	  { true, "medium", "new", "[]", true, false, SOC, "api", 5, false },
	  NULL, "alerts/a1_1", false, false, NULL, 0, "drop nobody by otherwise: "
	  "the API gave this alert before (code1, api-mail-alert)",
	  "known: the API gave this alert before, so 1 of 1 are not told "
	  "again" },
	{ "unless it is more severe", PLAIN,
	  { true, "low", "new", "[]", true, false, SOC, "api", 5, false },
	  NULL, "alerts/a1_1", false, false, NULL, 0, "notify " ANA " by "
	  "otherwise, news: The severity was raised from low to medium.",
	  NULL },
	{ "which the API knows better when it was just read", PLAIN,
	  { true, "low", "new", "[]", true, false, SOC, "api", 5, false },
	  NULL, "alerts/a1_1", true, false, NULL, 0, "drop nobody by otherwise: "
	  "the API gave this alert before (code1, api-mail-alert), news: The "
	  "severity was raised from low to medium.", NULL },
	{ "a mail about an alert of another mail tells others", PLAIN,
	  { true, "medium", "new", "[]", false, false, SOC, "mail", 5, false },
	  NULL, "alerts/a1_1", false, false, NULL, 0, "notify " ANA
	  " by otherwise", NULL },
	{ "and not whoever was told", PLAIN,
	  { true, "medium", "new", "[]", false, false, ANA, "mail", 5, false },
	  NULL, "alerts/a1_1", false, false, NULL, 0, "drop nobody by otherwise: "
	  "all were told of this alert before (code1, "
	  "mail-mail-alert)", NULL },
	{ "a mail of an incident is covered by its alert", PLAIN,
	  { false, NULL, NULL, NULL, false, false, SOC, "api", 5, false },
	  NULL, "incident2/7/overview", true, false, NULL, 0, "drop nobody by "
	  "otherwise: the API gave this alert of its incident before (code9, "
	  "api-mail-incident)", "so 1 of 1" },
	{ "not when the API was not read since", PLAIN,
	  { false, NULL, NULL, NULL, false, false, SOC, "api", 5, false },
	  NULL, "incident2/7/overview", false, false, NULL, 0, "notify " ANA
	  " by otherwise", NULL },
	{ "nor half an hour later", PLAIN,
	  { false, NULL, NULL, NULL, false, false, SOC, "api", 31, false },
	  NULL, "incident2/7/overview", true, false, NULL, 0, "notify " ANA
	  " by otherwise", NULL },
	{ "an alert is told by the mail of its incident", PLAIN,
	  { false, NULL, NULL, NULL, false, false, ANA, "mail", 5, true },
	  "\"incidentId\":\"7\"", NULL, false, false, NULL, 0, "drop nobody by "
	  "otherwise: all were told of this alert before, by a "
	  "mail of its incident (code9, mail-api-incident)", NULL },

	{ "what a mail without the customer's tenant says is told", PLAIN,
	  { 0 }, NULL, "alerts/a1_1?x=", false, false, NULL, 0, "notify " ANA
	  " by otherwise", "unproven: it bears no tenant id, and the customer "
	  "has one" },
	{ "and above what is known a person's words are read", PLAIN,
	  { true, "medium", "new", "[]", true, false, ANA, "api", 5, false },
	  NULL, "!alerts/a1_1", true, false, NULL, 0, "notify " ANA
	  " by otherwise", NULL },
	{ "a record of another tenant is held", PLAIN, { 0 },
	  "\"tenantId\":\"" CONTOSO "\"", NULL, false, false, FABRIKAM, 0,
	  "hold " SOC ": ", "held: " },
	{ "when a person let it go on it is decided", PLAIN, { 0 },
	  "\"tenantId\":\"" CONTOSO "\"", NULL, false, true, FABRIKAM, 0,
	  "notify " ANA " by otherwise", "released for: contoso" },
	{ "one that was told by the other road is not told again", PLAIN,
	  { true, "medium", "new", "[]", false, false, ANA, "mail", 5, false },
	  "\"tenantId\":\"" CONTOSO "\"", NULL, false, true, FABRIKAM, 0,
	  "drop nobody by otherwise: all were told of this alert before (code1, "
	  "mail-api-alert)",
	  "so 1 of 1" },
	{ "what was released is an item, known or not", PLAIN,
	  { true, "medium", "new", "[]", true, false, ANA, "api", 5, false },
	  "\"tenantId\":\"" CONTOSO "\"", NULL, false, true, FABRIKAM, 0,
	  "drop nobody by otherwise: all were told of this alert before (code1, "
	  "api-api-alert)",
	  NULL },
};

/* ---- a row ---- */

static const struct store_item released = { .id = 1, .code = "code1" };

static struct pipeline_input
input_of(const struct row *row)
{
	static const char *const to[] = { "contoso@relay.mssp.example" };
	struct pipeline_input input = {
		.name = "f", .sender = "", .started = row->started ?
			row->started : TIME_UNKNOWN,
		.is_completed = row->is_completed,
		.released = row->is_released ? &released : NULL,
		.released_for = row->is_released ? "contoso" : NULL,
	};
	struct record *record;

	if (row->mail) {
		input.raw = mail_of(row->mail);
		input.recipients = to;
		input.recipient_count = 1;
		input.message = parse_mail(arena, input.raw,
					   strlen(input.raw));
	} else {
		record = arena_alloc(arena, sizeof(*record));
		input.raw = record_of(row->record);
		input.tenant = row->tenant ? row->tenant : CONTOSO;
		record->json = json_parse(input.raw, strlen(input.raw),
					  &error);
		input.record = record;
	}
	input.length = strlen(input.raw);
	return input;
}

static void
add_told(const struct before *before, struct hold_state *state)
{
	struct hold_said said = {
		.name = before->of_incident ? "mail code9" : ALERT_ID,
		.code = "code9", .alert = alert_create(arena),
	};
	struct store_told told = {
		.alert = said.name, .incident = "7",
		.recipient = before->told, .road = before->road,
		.rank = SEVERITY_MEDIUM,
		.at = NOON - before->minutes * MINUTE,
	};

	alert_set((struct alert *)said.alert, ALERT_TITLE, "One", "test");
	vec_push(arena, &state->tolds, told);
	vec_push(arena, &state->said, said);
}

/* Dan has taken over, by a command. */
static void
add_replacement(const char *name, int64_t until, struct hold_state *state)
{
	const struct store_replacement it = {
		.id = 1, .oncall = "duty", .name = name, .by = "dan",
		.since = NOON - 60 * MINUTE, .until = until, .who = "soc",
		.made = NOON - 60 * MINUTE, .ended = TIME_UNKNOWN,
	};

	vec_push(arena, &state->replacements, it);
}

static struct hold_state
state_of(const struct row *row, const struct pipeline_reading *reading)
{
	struct hold_state state = hold_nothing(&reading->question, arena);
	const struct before *before = &row->before;
	struct store_known *known = arena_alloc(arena, sizeof(*known));

	if (before->told)
		add_told(before, &state);
	if (row->rules == on_duty_by_dan) {
		add_replacement("bob", NOON - 6 * MINUTE, &state);
		add_replacement("ana", NOON + 30 * MINUTE, &state);
	} else if (row->rules == on_duty_after_dan) {
		add_replacement("bob", NOON - 6 * MINUTE, &state);
	}
	if (!before->is_known)
		return state;
	*known = (struct store_known){
		.customer = "contoso", .alert = ALERT_ID, .item = 1,
		.code = "code1", .severity = before->severity,
		.status = before->status, .devices = before->devices,
		.digest = !before->by_api ? NULL : before->is_same ?
			reading->key.octets : "another",
		.updated = TIME_UNKNOWN, .mail = TIME_UNKNOWN,
		.api = before->by_api ? NOON - 5 * MINUTE : TIME_UNKNOWN,
		.seen = NOON - 5 * MINUTE,
	};
	state.known = known;
	return state;
}

/* "notify ANA, SOC by RULE: REASON, news: NEWS, known, duplicate"; of hold the
 * reason is left out. */
static const char *
describe(const struct pipeline_decision *decision)
{
	struct buf text = BUF_INIT;
	bool is_held = decision->action == PIPELINE_HOLD;
	const char *copy;
	size_t i;

	buf_puts(&text, pipeline_action_names[decision->action]);
	for (i = 0; i < decision->plans.count; i++)
		buf_printf(&text, "%s%s", i ? ", " : " ",
			   decision->plans.items[i].endpoint.address);
	if (!i)
		buf_puts(&text, " nobody");
	if (decision->rule)
		buf_printf(&text, " by %s", decision->rule);
	if (decision->reason)
		buf_printf(&text, ": %s", is_held ? "" : decision->reason);
	if (decision->news)
		buf_printf(&text, ", news: %s", decision->news);
	if (decision->is_known)
		buf_printf(&text, ", known, %s", decision->how == STORE_AGAIN ?
			   "again" : "duplicate");
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static bool
has_same_plans(const struct pipeline_decision *a,
	       const struct pipeline_decision *b)
{
	size_t i;

	for (i = 0; i < a->plans.count; i++)
		if (strcmp(a->plans.items[i].rule, b->plans.items[i].rule) ||
		    strcmp(a->plans.items[i].template,
			   b->plans.items[i].template))
			return false;
	return a->plans.count == b->plans.count;
}

static void
check(const struct row *row)
{
	struct generation *generation = load(row->rules);
	const struct pipeline_input input = input_of(row);
	const struct pipeline_reading *reading = pipeline_read(generation,
							       &input, arena);
	const struct hold_state state = state_of(row, reading);
	const struct pipeline_decision *decision, *again;

	decision = pipeline_decide(generation, reading, &state, NOON, 0,
				   arena);
	is(describe(decision), row->want, "%s", row->name);
	if (row->trace && !ok(strstr(decision->trace, row->trace),
			      "%s: the trace says why", row->name))
		printf("# want: %s\n# %s\n", row->trace, decision->trace);
	again = pipeline_decide(generation, reading, &state, NOON, 0, arena);
	ok(!strcmp(describe(again), describe(decision)) &&
	   !strcmp(again->trace, decision->trace) &&
	   !strcmp(again->code, decision->code) &&
	   has_same_plans(decision, again), "%s: and so the second time",
	   row->name);
	if (input.record)
		json_destroy(&(struct json *){
			(struct json *)input.record->json });
	generation_destroy(&generation);
}

/* ---- many rules ---- */

/* Each about a word that is not in the title, but the last. */
static const char *
many_rules(size_t count)
{
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	for (i = 1; i < count; i++)
		buf_printf(&text, "rule r%zu when title contains w%zu notify "
			   "soc\n", i, i);
	buf_printf(&text, "rule r%zu when title contains One notify ana\n"
		   "otherwise notify soc", count);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static size_t
count_answers(const char *trace, size_t rules)
{
	size_t count = 0, i;

	for (i = 1; i <= rules; i++)
		count += strstr(trace, arena_printf(arena, "\nr%zu: %s", i,
				i < rules ? "no" : "yes")) != NULL;
	return count;
}

static void
check_many(size_t count)
{
	struct generation *generation = load(many_rules(count));
	const struct row row = {
		.record = "\"status\":\"new\",\"categories\":[],"
			  "\"mitreTechniques\":[]"
	};
	const struct pipeline_input input = input_of(&row);
	const struct pipeline_decision *decision, *brief;

	decision = pipeline_decide_first(generation, &input, NULL, NOON,
					 PIPELINE_TRACE_ALL, arena);
	brief = pipeline_decide_first(generation, &input, NULL, NOON, 0,
				      arena);
	is(describe(decision), arena_printf(arena, "notify " ANA " by r%zu",
					    count), "the last of %zu rules "
	   "decides", count);
	is(describe(brief), describe(decision), "of %zu: whoever looks",
	   count);
	is_int((long long)count_answers(decision->trace, count),
	       (long long)count, "of %zu: each one's answer is there for a "
	       "person", count);
	ok(!strstr(decision->trace, "not tried") &&
	   !strstr(decision->trace, "more rules"), "of %zu: none is left out",
	   count);
	if (count > 64)
		ok(count_answers(brief->trace, count) <= 65 &&
		   strlen(brief->trace) < strlen(decision->trace),
		   "of %zu: the journal's is short", count);
	json_destroy(&(struct json *){ (struct json *)input.record->json });
	generation_destroy(&generation);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		arena = arena_create();
		check(&rows[i]);
		arena_destroy(&arena);
	}
	arena = arena_create();
	check_many(64);
	check_many(65);
	check_many(200);
	arena_destroy(&arena);
	buf_release(&error);
	return tap_done();
}
