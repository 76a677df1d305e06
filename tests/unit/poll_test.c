#include "conf/conf.h"
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
	is(poll_url(plans.items[0], POLL_UPDATED, NOW + 120, 50, 0, arena),
	   "https://g.example/v1.0/security/alerts_v2?$top=50&$filter="
	   "lastUpdateDateTime%20ge%202026-11-22T00:00:00.120Z",
	   "what changed is asked for");
	is(poll_url(plans.items[2], POLL_CREATED, NOW, 50, 100, arena),
	   "https://api.security.microsoft.com/api/alerts?$top=50"
	   "&$expand=evidence&$skip=100&$filter="
	   "alertCreationTime%20ge%202026-11-22T00:00:00Z",
	   "what was made, in counted pages");
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
		ok((got.next != NULL) == links[i].followed &&
		   got.is_foreign == !links[i].followed, "%s is%s followed",
		   links[i].link, links[i].followed ? "" : " not");
		json_destroy(&got.document);
	}
}

static const struct {
	const char *name;
	enum transfer_end end;
	int status;
	const char *body;
	enum poll_result result;
	enum oauth_class class;
} answers[] = {
	{ "an empty page", TRANSFER_DONE, 200, "{\"value\":[]}", POLL_PAGE,
	  OAUTH_FINE },
	{ "200 without value", TRANSFER_DONE, 200, "{}", POLL_FAILED,
	  OAUTH_LATER },
	{ "value that is no list", TRANSFER_DONE, 200, "{\"value\":{}}",
	  POLL_FAILED, OAUTH_LATER },
	{ "half a page", TRANSFER_DONE, 200, "{\"value\":[{", POLL_FAILED,
	  OAUTH_LATER },
	{ "a token that ended", TRANSFER_DONE, 401, "", POLL_TOKEN,
	  OAUTH_THEIRS },
	{ "no permission", TRANSFER_DONE, 403, "{}", POLL_FAILED,
	  OAUTH_CONSENT },
	{ "nothing there", TRANSFER_DONE, 404, "", POLL_FAILED, OAUTH_THEIRS },
	{ "an empty 429", TRANSFER_DONE, 429, "", POLL_FAILED, OAUTH_LATER },
	{ "500", TRANSFER_DONE, 500, "", POLL_FAILED, OAUTH_LATER },
	{ "a redirection", TRANSFER_DONE, 302, "", POLL_FAILED, OAUTH_THEIRS },
	{ "too many records wanted", TRANSFER_DONE, 400, "{\"error\":{\"code\":"
	  "\"\",\"message\":\"The limit of '50' for Top query has been "
	  "exceeded.\"}}", POLL_TOO_LARGE, OAUTH_OURS },
	{ "another 400", TRANSFER_DONE, 400, "{\"error\":{}}", POLL_FAILED,
	  OAUTH_OURS },
	{ "a time-out", TRANSFER_TIMEOUT, 0, "", POLL_FAILED, OAUTH_LATER },
	{ "a stranger's certificate", TRANSFER_UNTRUSTED, 0, "", POLL_FAILED,
	  OAUTH_OURS },
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
		};
		struct poll_answer got;

		poll_read(plans.items[0], &answer, NOW, arena, &got);
		is_int(got.result, answers[i].result, "%s: what it is",
		       answers[i].name);
		is(oauth_class_names[got.class],
		   oauth_class_names[answers[i].class], "%s: whose turn it is",
		   answers[i].name);
		json_destroy(&got.document);
	}
}

int
main(void)
{
	arena = arena_create();
	test_waits();
	test_their_clock();
	test_plans();
	test_links();
	test_answers();
	arena_destroy(&arena);
	return tap_done();
}
