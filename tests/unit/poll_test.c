#include "conf/conf.h"
#include "source/expect.h"
#include "source/poll.h"

#include "tap.h"

#define NOW INT64_C(1795305600000)	/* 2026-11-22T00:00:00Z */

static struct arena *arena;

static const struct {
	const char *text;
	int64_t wait;
} waits[] = {
	{ "10", 10000 }, { "2.128", 2128 }, { "0", 0 }, { "0.5", 500 },
	{ "2.", 2000 }, { "1.23456", 1234 },
	{ "99999999999999999999", 3600000 },
	{ "Sun, 22 Nov 2026 00:00:30 GMT", 30000 },
	{ "Sun, 22 Nov 2026 00:00:00 GMT", 0 },
	{ "Sat, 21 Nov 2026 23:00:00 GMT", 0 },
	{ "Sun, 22 Nov 2026 00:00:30 CET", -1 },
	{ "Sun, 22 Nov", -1 }, { "soon", -1 }, { "", -1 }, { "-5", -1 },
	{ NULL, -1 },
};

static void
test_waits(void)
{
	size_t i;

	for (i = 0; i < sizeof(waits) / sizeof(*waits); i++)
		is_int(poll_parse_wait(waits[i].text, NOW), waits[i].wait,
		       "Retry-After: %s", waits[i].text ? waits[i].text
							: "(absent)");
}

static void
test_their_clock(void)
{
	struct transfer_answer answer = {
		.retry_after = "Sun, 22 Nov 2026 00:00:30 GMT",
		.date = "Sun, 22 Nov 2026 00:00:10 GMT",
	};

	is_int(poll_wait(&answer, NOW - 86400000), 20000,
	       "a date to wait for is one of the clock of the answer");
	answer.date = NULL;
	is_int(poll_wait(&answer, NOW), 30000, "or of ours");
}

static const char configuration[] =
	"app reader { client 6f9c1d0e-0000-4000-8000-000000000001\n"
	"  secret-file /dev/null  graph https://g.example }\n"
	"customer c { tenant 72F988BF-86F1-41AF-91AB-2D7CD011DB47, c.example\n"
	"  tenant 11111111-2222-3333-4444-555555555555\n"
	"  poll graph using reader every 2m  poll endpoint using reader }\n";

static poll_plans plans;

static void
test_plans(void)
{
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "t", configuration, diag);
	app_list apps = { 0 };

	apps_load(conf, NOW, diag, &apps);
	polls_load(conf, &apps, diag, &plans);
	is_int((int64_t)plans.count, 4,
	       "each API is asked for each tenant that is a GUID");
	is(plans.items[0]->tenant, "72f988bf-86f1-41af-91ab-2d7cd011db47",
	   "in lower case");
	is_int(plans.items[0]->every_ms, 120000, "as often as it says");
	is_int(plans.items[2]->every_ms, 60000, "or every minute");
	is(plans.items[0]->along->source->name, "incidents",
	   "with alerts of Graph incidents are read");
	is_int(plans.items[0]->along->every_ms, 600000, "every fifth time");
	is_int(plans.items[2]->along == NULL, 1, "but not with others");
}

/* What is said of `poll graph using reader` with those clauses. */
static const char *
load_clauses(const char *clauses, const struct poll_plan **plan_out)
{
	const char *text = arena_printf(arena,
		"app reader { client 6f9c1d0e-0000-4000-8000-000000000001\n"
		"  secret-file /dev/null }\n"
		"customer c { tenant 11111111-2222-3333-4444-555555555555\n"
		"  poll graph using reader %s }\n", clauses);
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "t", text, diag);
	struct buf said = BUF_INIT;
	app_list apps = { 0 };
	poll_plans found = { 0 };
	const char *copy;

	apps_load(conf, NOW, diag, &apps);
	polls_load(conf, &apps, diag, &found);
	diag_print(diag, &said);
	*plan_out = found.count ? found.items[0] : NULL;
	copy = arena_strdup(arena, said.data);
	buf_release(&said);
	return copy;
}

static const struct {
	const char *clauses;
	int64_t every_s, complete_s, along_s;
	const char *said;
} clauses[] = {
	{ "", 60, 5, 300, "" },
	{ "every 1s", 1, 5, 5, "" },
	{ "every 12m", 720, 5, 3600, "" },
	{ "every 13m", 780, 5, 3600, "" },
	{ "every 2h", 7200, 5, 7200, "" },
	{ "every 1d", 86400, 5, 86400, "" },
	{ "every 0s", 0, 5, 0, "cannot be asked every 0s" },
	{ "every 86401s", 86401, 5, 86401, "cannot be asked every 86401s" },
	{ "complete within 0s", 60, 0, 300, "" },
	{ "complete within 1m", 60, 60, 300, "" },
	{ "complete within 61s", 60, 61, 300, "cannot wait for 61s" },
};

static void
test_clauses(void)
{
	const struct poll_plan *plan;
	size_t i;

	for (i = 0; i < sizeof(clauses) / sizeof(*clauses); i++) {
		const char *said = load_clauses(clauses[i].clauses, &plan);

		ok(*clauses[i].said ? strstr(said, clauses[i].said) != NULL
				    : !strstr(said, "cannot be asked") &&
				      !strstr(said, "cannot wait"),
		   "'%s': %s", clauses[i].clauses,
		   *clauses[i].said ? "is refused" : "is taken");
		is_int(plan->every_ms, clauses[i].every_s * 1000, "how often");
		is_int(plan->complete_ms, clauses[i].complete_s * 1000,
		       "how long a mail waits");
		is_int(plan->along->every_ms, clauses[i].along_s * 1000,
		       "how often incidents are read");
	}
}

static void
test_expect(void)
{
	static const char *const every[] = { "1s", "0s" };
	size_t i;

	for (i = 0; i < 2; i++) {
		const char *text = arena_printf(arena, "customer c { expect "
						"mail every %s }\n", every[i]);
		struct diag *diag = diag_create(arena);
		expectations list = { 0 };

		expect_load(conf_load_text(arena, "t", text, diag), diag,
			    &list);
		is_int(diag_errors(diag) != 0, (int64_t)i, "expect every %s",
		       every[i]);
	}
}

static void
test_urls(void)
{
	const struct source_window changed = { .since = NOW + 120, .top = 50 };
	const struct source_window made = {
		.is_made = true, .since = NOW, .top = 50, .skip = 100,
	};
	const struct poll_plan *graph = plans.items[0];
	const struct poll_plan *endpoint = plans.items[2];

	is(graph->source->url(graph->host->url, &changed, arena),
	   "https://g.example/v1.0/security/alerts_v2?$top=50&$filter="
	   "lastUpdateDateTime%20ge%202026-11-22T00:00:00.120Z",
	   "what changed is asked for");
	is(endpoint->source->url(endpoint->host->url, &made, arena),
	   "https://api.security.microsoft.com/api/alerts?$top=50"
	   "&$expand=evidence&$skip=100&$filter="
	   "alertCreationTime%20ge%202026-11-22T00:00:00Z",
	   "what was made, in counted pages");
	is(graph->along->source->url(graph->along->host->url, &made, arena),
	   "https://g.example/v1.0/security/incidents?$top=50&$skip=100"
	   "&$filter=createdDateTime%20ge%202026-11-22T00:00:00Z",
	   "incidents, at the host of their alerts");
}

static const struct {
	const char *link;
	bool followed;
} links[] = {
	{ "https://g.example/v1.0/x?$skiptoken=a", true },
	{ "https://G.EXAMPLE/v1.0/x", true },
	{ "https://g.example?x", true },
	{ "http://g.example/v1.0/x", false },
	{ "https://g.example.evil.example/", false },
	{ "https://g.example@evil.example/", false },
	{ "https://g.example:444/", false },
	{ "https://evil.example/https://g.example/", false },
	{ "//g.example/", false },
	{ "/v1.0/x", false },
};

static void
test_links(void)
{
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(*links); i++) {
		const char *body = arena_printf(arena, "{\"value\":[{}],"
			"\"@odata.nextLink\":\"%s\"}", links[i].link);
		const struct transfer_answer answer = {
			.end = TRANSFER_DONE, .status = 200, .body = body,
			.length = strlen(body), .error = "",
		};
		struct poll_answer got;

		poll_read(plans.items[0], &answer, NOW, arena, &got);
		ok((got.page.next != NULL) == links[i].followed &&
		   got.is_foreign == !links[i].followed, "%s is%s followed",
		   links[i].link, links[i].followed ? "" : " not");
		json_destroy(&got.document);
	}
}

static const struct {
	const char *source, *record;
	const char *id, *incident, *name, *merged, *changed;
} records[] = {
	{ "graph", "\"id\":\"a1\",\"incidentId\":\"7\","
	  "\"lastUpdateDateTime\":\"2026-11-22T00:00:01Z\","
	  "\"createdDateTime\":\"2026-11-22T00:00:00Z\"",
	  "a1", "7", NULL, NULL, "2026-11-22T00:00:01Z" },
	{ "graph", "\"id\":5,\"incidentId\":7,"
	  "\"createdDateTime\":\"2026-11-22T00:00:00Z\"",
	  "5", "7", NULL, NULL, "2026-11-22T00:00:00Z" },
	{ "graph", "\"id\":{},\"incidentId\":\"\","
	  "\"lastUpdateDateTime\":5", NULL, NULL, NULL, NULL, NULL },
	{ "graph", "\"id\":-1", NULL, NULL, NULL, NULL, NULL },
	{ "endpoint", "\"id\":\"a1\",\"incidentId\":7,"
	  "\"lastUpdateTime\":\"2026-11-22T00:00:01.5Z\"",
	  "a1", "7", NULL, NULL, "2026-11-22T00:00:01.500Z" },
	{ "endpoint", "\"id\":\"a1\","
	  "\"alertCreationTime\":\"2026-11-22T00:00:00Z\"",
	  "a1", NULL, NULL, NULL, "2026-11-22T00:00:00Z" },
	{ "incidents", "\"id\":\"7\",\"displayName\":\" A\\r\\n b \","
	  "\"redirectIncidentId\":\"8\"", "7", NULL, "A b", "8", NULL },
	{ "incidents", "\"id\":\"7\",\"redirectIncidentId\":\"7\","
	  "\"displayName\":\"\"", "7", NULL, NULL, NULL, NULL },
};

static const struct source *
source_of(const char *name)
{
	const struct source *along = source_find("graph")->along;

	return strcmp(along->name, name) ? source_find(name) : along;
}

static const char *
text_of(instant_ms when)
{
	struct buf text = BUF_INIT;
	const char *copy;

	if (when == TIME_UNKNOWN)
		return NULL;
	clock_print(&text, when);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static void
test_record(size_t i)
{
	const char *text = arena_printf(arena, "{\"value\":[{%s}]}",
					records[i].record);
	struct buf error = BUF_INIT;
	struct json *document = json_parse(text, strlen(text), &error);
	struct source_page page;

	ok(source_of(records[i].source)->read(document, arena, &page) &&
	   page.records.count == 1, "%s {%s}: a record", records[i].source,
	   records[i].record);
	is(page.records.items[0].id, records[i].id, "its id");
	is(page.records.items[0].incident, records[i].incident,
	   "the incident it is in");
	is(page.records.items[0].name, records[i].name, "its name");
	is(page.records.items[0].merged, records[i].merged,
	   "what it was merged into");
	is(text_of(page.records.items[0].changed), records[i].changed,
	   "when it changed");
	json_destroy(&document);
	buf_release(&error);
}

/* An id and a name are as long as they may be, and not longer. */
static void
test_lengths(void)
{
	char id[202] = "", name[402] = "";
	struct buf error = BUF_INIT;
	struct json *document;
	struct source_page page;
	const char *text;

	memset(id, 'i', 201);
	memset(name, 'n', 401);
	text = arena_printf(arena, "{\"value\":[{\"id\":\"%.200s\","
			    "\"displayName\":\"%.200s\"},{\"id\":\"%s\","
			    "\"displayName\":\"%s\"}]}", id, name, id, name);
	document = json_parse(text, strlen(text), &error);
	ok(source_of("incidents")->read(document, arena, &page),
	   "long ones are read");
	ok(page.records.items[0].id && !page.records.items[1].id,
	   "an id has 200 octets at most");
	is(page.records.items[0].name, name + 201,
	   "a name of 200 characters is whole");
	ok(strlen(page.records.items[1].name) < 210 &&
	   strncmp(page.records.items[1].name, name, 190) == 0,
	   "a longer one is cut");
	json_destroy(&document);
	buf_release(&error);
}

#define ERROR(code, message) "{\"error\":{\"code\":\"" code "\"," \
	"\"message\":\"" message "\"}}"
#define CAE "Continuous access evaluation resulted in challenge with result: " \
	"InteractionRequired and code: LocationConditionEvaluationSatisfied"

static const struct {
	const char *name;
	enum transfer_end end;
	int status;
	const char *body;
	enum poll_result result;
	enum turn turn;
	const char *words;	/* in what is said; or NULL */
	const char *challenge;
} answers[] = {
	{ "an empty page", TRANSFER_DONE, 200, "{\"value\":[]}", POLL_PAGE,
	  TURN_NONE, NULL, NULL },
	{ "200 without value", TRANSFER_DONE, 200, "{}", POLL_FAILED,
	  TURN_LATER, "without a list", NULL },
	{ "value that is no list", TRANSFER_DONE, 200, "{\"value\":{}}",
	  POLL_FAILED, TURN_LATER, "without a list", NULL },
	{ "half a page", TRANSFER_DONE, 200, "{\"value\":[{", POLL_PAGE,
	  TURN_NONE, NULL, NULL },
	{ "a page of somebody else", TRANSFER_DONE, 200, "<html>", POLL_FAILED,
	  TURN_LATER, "no JSON", NULL },
	{ "a token that ended", TRANSFER_DONE, 401, "", POLL_TOKEN,
	  TURN_LATER, "does not take the token", NULL },
	{ "a new signing key", TRANSFER_DONE, 401,
	  ERROR("InvalidAuthenticationToken", "Signing key is invalid."),
	  POLL_TOKEN, TURN_LATER, "(HTTP 401, InvalidAuthenticationToken, "
	  "Signing key is invalid.)", NULL },
	{ "a token of another API", TRANSFER_DONE, 401,
	  ERROR("InvalidAuthenticationToken", "Access token validation "
		"failure. Invalid audience."), POLL_TOKEN, TURN_OURS,
	  "cloud, graph and endpoint", NULL },
	{ "continuous access evaluation", TRANSFER_DONE, 401,
	  ERROR("InvalidAuthenticationToken", CAE), POLL_TOKEN, TURN_THEIRS,
	  "Conditional Access", NULL },
	{ "the same in a header", TRANSFER_DONE, 401, "", POLL_TOKEN,
	  TURN_THEIRS, "Conditional Access", "Bearer realm=\"\", "
	  "error=\"insufficient_claims\", claims=\"e30=\"" },
	{ "no permission", TRANSFER_DONE, 403, ERROR("UnknownError", ""),
	  POLL_FAILED, TURN_CONSENT, "no SecurityAlert.Read.All there; the "
	  "tenant's administrator has to consent (HTTP 403, UnknownError)",
	  NULL },
	{ "an empty 403", TRANSFER_DONE, 403, "", POLL_FAILED, TURN_CONSENT,
	  "consent (HTTP 403)", NULL },
	{ "not onboarded", TRANSFER_DONE, 403,
	  ERROR("Forbidden", "Tenant is not onboarded to Defender."),
	  POLL_FAILED, TURN_THEIRS, "licence of Defender, and to have set it "
	  "up (HTTP 403, Forbidden, Tenant is not", NULL },
	{ "no licence", TRANSFER_DONE, 400,
	  ERROR("BadRequest", "Request not applicable to target tenant."),
	  POLL_FAILED, TURN_THEIRS, "licence of Defender", NULL },
	{ "403 of a proxy", TRANSFER_DONE, 403, "<html>", POLL_FAILED,
	  TURN_LATER, "something else answers in place of the API", NULL },
	{ "a proxy that wants a login", TRANSFER_DONE, 407, "", POLL_FAILED,
	  TURN_LATER, "something else answers in place of the API", NULL },
	{ "nothing there", TRANSFER_DONE, 404, "", POLL_FAILED, TURN_THEIRS,
	  "cloud", NULL },
	{ "an empty 429", TRANSFER_DONE, 429, "", POLL_FAILED, TURN_LATER,
	  "throttles", NULL },
	{ "429 of a gateway", TRANSFER_DONE, 429, "<html>", POLL_FAILED,
	  TURN_LATER, "throttles", NULL },
	{ "500", TRANSFER_DONE, 500, "", POLL_FAILED, TURN_LATER, "passing",
	  NULL },
	{ "504 of a gateway", TRANSFER_DONE, 504, "<html>", POLL_FAILED,
	  TURN_LATER, "passing", NULL },
	{ "a redirection", TRANSFER_DONE, 302, "", POLL_FAILED, TURN_LATER,
	  "elsewhere", NULL },
	{ "another one", TRANSFER_DONE, 307, "", POLL_FAILED, TURN_LATER,
	  "elsewhere", NULL },
	{ "what nobody knows", TRANSFER_DONE, 418, ERROR("Teapot", "Short."),
	  POLL_FAILED, TURN_THEIRS, "look its words up (HTTP 418, Teapot, "
	  "Short.)", NULL },
	{ "too many records wanted", TRANSFER_DONE, 400, ERROR("", "The limit "
	  "of '50' for Top query has been exceeded."), POLL_TOO_LARGE,
	  TURN_OURS, NULL, NULL },
	{ "another 400", TRANSFER_DONE, 400, "{\"error\":{}}", POLL_FAILED,
	  TURN_OURS, "report it", NULL },
	{ "a time-out", TRANSFER_TIMEOUT, 0, "", POLL_FAILED, TURN_LATER,
	  "in time", NULL },
	{ "a stranger's certificate", TRANSFER_UNTRUSTED, 0, "", POLL_FAILED,
	  TURN_OURS, "not trusted", NULL },
};

static void
test_answers(void)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const struct transfer_answer answer = {
			.end = answers[i].end, .status = answers[i].status,
			.body = answers[i].body,
			.length = strlen(answers[i].body), .error = "",
			.challenge = answers[i].challenge,
		};
		const char *words = answers[i].words;
		struct poll_answer got;

		poll_read(plans.items[0], &answer, NOW, arena, &got);
		is_int(got.result, answers[i].result, "%s: what it is",
		       answers[i].name);
		is(turn_names[got.refusal.turn], turn_names[answers[i].turn],
		   "%s: whose turn it is", answers[i].name);
		ok(!words || strstr(refusal_text(&got.refusal, arena), words),
		   "%s: %s", answers[i].name, words ? words : "no words");
		ok(!got.refusal.is_of_app ||
		   answers[i].end == TRANSFER_UNTRUSTED, "%s: no claim about "
		   "other tenants", answers[i].name);
		json_destroy(&got.document);
	}
}

int
main(void)
{
	size_t i;

	arena = arena_create();
	test_waits();
	test_their_clock();
	test_plans();
	test_clauses();
	test_expect();
	test_urls();
	for (i = 0; i < sizeof(records) / sizeof(*records); i++)
		test_record(i);
	test_lengths();
	test_links();
	test_answers();
	arena_destroy(&arena);
	return tap_done();
}
