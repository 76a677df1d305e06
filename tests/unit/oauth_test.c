#include "net/oauth.h"

#include "base/digest.h"
#include "base/text.h"
#include "tap.h"

static struct arena *arena;

/* ---- what is asked ---- */

static void
test_form(void)
{
	struct oauth_client client = {
		.id = "6f9c1d0e-0000-4000-8000-000000000001",
		.login = "https://login.example",
		.secret = "a~b+c/d=e&f%g h",
	};

	is(oauth_url(&client, "T", arena),
	   "https://login.example/T/oauth2/v2.0/token",
	   "the token end point is that of the tenant");
	is(oauth_form(&client, "T", "https://g.example/.default", 0, arena),
	   "client_id=6f9c1d0e-0000-4000-8000-000000000001"
	   "&grant_type=client_credentials"
	   "&scope=https%3A%2F%2Fg.example%2F.default"
	   "&client_secret=a~b%2Bc%2Fd%3De%26f%25g%20h",
	   "a secret is percent-encoded");
	client.secret = NULL;
	client.refresh_token = "0.A+";
	is(oauth_form(&client, "T", "s", 0, arena),
	   "client_id=6f9c1d0e-0000-4000-8000-000000000001"
	   "&grant_type=refresh_token&refresh_token=0.A%2B"
	   "&scope=s%20offline_access",
	   "a refresh token asks for the next one as well");
}

/* ---- what is answered ---- */

static const struct answer {
	const char *name;
	int status;
	const char *body;
	enum turn turn;
	const char *token;
	int64_t lives_ms;
} answers[] = {
	{ "the newer end point writes numbers", 200,
	  "{\"access_token\":\"a\",\"expires_in\":3599}", TURN_NONE, "a",
	  3599000 },
	{ "the older one writes them as texts", 200,
	  "{\"access_token\":\"a\",\"expires_in\":\"3599\"}", TURN_NONE, "a",
	  3599000 },
	{ "an answer that does not say is good for an hour", 200,
	  "{\"access_token\":\"a\"}", TURN_NONE, "a", 3600000 },
	{ "no token lives for years", 200,
	  "{\"access_token\":\"a\",\"expires_in\":99999999}", TURN_NONE, "a",
	  48 * 3600000LL },
	{ "a token with a line end is none", 200,
	  "{\"access_token\":\"a\\r\\nX: y\"}", TURN_LATER, NULL, 0 },
	{ "an empty token is none", 200, "{\"access_token\":\"\"}", TURN_LATER,
	  NULL, 0 },
	{ "200 without a token", 200, "{}", TURN_LATER, NULL, 0 },
	{ "no JSON", 200, "<html>", TURN_LATER, NULL, 0 },
	{ "throttled", 429, "", TURN_LATER, NULL, 0 },
	{ "a passing fault", 503, "{}", TURN_LATER, NULL, 0 },
	{ "temporarily_unavailable", 400,
	  "{\"error\":\"temporarily_unavailable\"}", TURN_LATER, NULL, 0 },
	{ "a wrong secret", 401, "{\"error\":\"invalid_client\","
	  "\"error_codes\":[7000215]}", TURN_OURS, NULL, 0 },
	{ "a number only in the text", 400, "{\"error\":\"x\","
	  "\"error_description\":\"AADSTS700016: Application ...\"}",
	  TURN_CONSENT, NULL, 0 },
	{ "an unknown number of invalid_client", 401,
	  "{\"error\":\"invalid_client\",\"error_codes\":[1]}", TURN_OURS,
	  NULL, 0 },
	{ "an unknown number of something else", 400,
	  "{\"error\":\"invalid_grant\",\"error_codes\":[1]}", TURN_THEIRS,
	  NULL, 0 },
	{ "a tenant that is throttled", 400,
	  "{\"error\":\"invalid_grant\",\"error_codes\":[90055]}", TURN_LATER,
	  NULL, 0 },
};

static const struct oauth_client client = {
	.id = "c", .secret = "S3CRET", .refresh_token = "R3FRESH",
};

static struct oauth_answer
read_answer(int status, const char *body)
{
	const struct transfer_answer answer = {
		.end = TRANSFER_DONE, .status = status, .body = body,
		.length = strlen(body), .error = "",
	};

	return oauth_read(&answer, &client, arena);
}

static void
test_answers(void)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const struct answer *a = &answers[i];
		struct oauth_answer got = read_answer(a->status, a->body);

		is(turn_names[got.refusal.turn], turn_names[a->turn],
		   "%s: whose turn it is", a->name);
		is(got.token ? got.token : "", a->token ? a->token : "",
		   "%s: the token", a->name);
		if (a->token)
			is_int(got.lives_ms, a->lives_ms, "%s: its life",
			       a->name);
		else
			ok(got.refusal.sentence && *got.refusal.sentence,
			   "%s: a sentence", a->name);
	}
}

/* Whose turn it is, by Microsoft's list of errors. */
static const struct {
	enum turn turn;
	bool settles, is_of_app;
	int codes[20];		/* ended by 0 */
} turns[] = {
	{ TURN_OURS, false, true, { 7000215, 7000222, 7000218, 700030, 700024,
	  500133, 700082, 70008, 50173, 70043, 50196, 70011, 50194, 530034 } },
	{ TURN_OURS, true, true, { 700027, 50012, 50003, 70000 } },
	{ TURN_OURS, false, false, { 90002, 900023, 90038, 9001023, 500021 } },
	{ TURN_CONSENT, false, false, { 700016, 700011, 7000229, 65001 } },
	{ TURN_THEIRS, false, false, { 7000112, 650051, 650052, 500011, 500014,
	  5000224, 50076, 50079, 50074, 50020, 50177, 90072, 90099, 50131 } },
	{ TURN_THEIRS, false, false, { 53000, 53001, 53002, 53003, 53004,
	  530031, 530032, 530035 } },
	{ TURN_LATER, false, false, { 90055, 50000, 50033, 90006, 90012, 90024,
	  90033, 90090 } },
};

static void
test_turn(int code, size_t row)
{
	const char *body = arena_printf(arena, "{\"error\":\"invalid_x\","
		"\"error_codes\":[%d],\"error_description\":\"AADSTS%d: Its own "
		"sentence. Trace ID: 1\\r\\nTimestamp: 2\"}", code, code);
	struct refusal got = read_answer(400, body).refusal;

	is(turn_names[got.turn], turn_names[turns[row].turn],
	   "AADSTS%d: whose turn it is", code);
	is(got.words, arena_printf(arena, "HTTP 400, invalid_x, AADSTS%d: Its "
				   "own sentence.", code),
	   "AADSTS%d: and Entra's own words", code);
	ok(got.is_of_app == turns[row].is_of_app, "AADSTS%d: is%s about all "
	   "tenants", code, got.is_of_app ? "" : " not");
	ok(got.settles == turns[row].settles, "AADSTS%d: may%s pass", code,
	   got.settles ? "" : " not");
}

static void
test_turns(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		for (j = 0; turns[i].codes[j]; j++)
			test_turn(turns[i].codes[j], i);
}

/* What is said does not depend on the tenant, so it can be said once. */
static void
test_same(void)
{
	static const char *const bodies[] = {
		"{\"error\":\"invalid_client\",\"error_description\":"
		"\"AADSTS7000222: The secret in tenant A. Trace ID: 1\"}",
		"{\"error\":\"invalid_client\",\"error_description\":"
		"\"AADSTS7000222: The secret in tenant B. Trace ID: 2\"}",
	};

	is(read_answer(401, bodies[0]).refusal.sentence,
	   read_answer(401, bodies[1]).refusal.sentence,
	   "one cause has one sentence");
}

static const int strangers[] = { 302, 307, 400, 401, 403, 404, 407, 200 };

static void
test_strangers(void)
{
	size_t i;

	for (i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		struct refusal got = read_answer(strangers[i],
						 "<html>").refusal;

		is(turn_names[got.turn], "later", "%d without JSON: nobody is "
		   "blamed", strangers[i]);
		ok(strstr(got.sentence, "something else answers") &&
		   strstr(got.sentence, "proxy"), "%d: said so", strangers[i]);
	}
}

static const struct {
	enum transfer_end end;
	const char *error, *turn, *words;
} ends[] = {
	{ TRANSFER_UNREACHABLE, "Could not resolve host: login.example",
	  "later", "cannot be reached (Could not resolve host: login.example)" },
	{ TRANSFER_UNREACHABLE, "Connection refused", "later",
	  "cannot be reached (Connection refused)" },
	{ TRANSFER_LOST, "reset by peer", "later", "broke (reset by peer)" },
	{ TRANSFER_TIMEOUT, "", "later", "no answer in time" },
	{ TRANSFER_UNTRUSTED, "self-signed", "ours", "is not trusted; is a "
	  "proxy between, or ca-file wrong? (self-signed)" },
};

static void
test_ends(void)
{
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		const struct transfer_answer answer = {
			.end = ends[i].end, .error = ends[i].error, .body = "",
		};
		struct refusal got = oauth_read(&answer, &client,
						arena).refusal;
		const char *text = refusal_text(&got, arena);

		is(turn_names[got.turn], ends[i].turn, "%s: whose turn it is",
		   ends[i].words);
		ok(text_ends(text, ends[i].words) && strstr(text, "login") &&
		   !strstr(text, "HTTP"), "%s: is named", ends[i].words);
	}
}

static void
test_secrets(void)
{
	static const char *const bodies[] = {
		"{\"error\":\"x\",\"error_description\":\"you sent S3CRET\"}",
		"{\"error\":\"x\",\"error_description\":\"no R3FRESH\"}",
	};
	size_t i;

	for (i = 0; i < 2; i++)
		is(read_answer(400, bodies[i]).refusal.words, "HTTP 400, x",
		   "a secret that comes back is not shown");
}

static void
test_escaped(void)
{
	static const char body[] = "{\"error\":\"a\\u001b[31mb\","
		"\"error_description\":\"\\u001b[2J\\nx\"}";
	struct refusal got = read_answer(400, body).refusal;

	ok(!strchr(got.words, '\n') && !strchr(got.words, '\033'),
	   "what a server says cannot paint a terminal");
}

int
main(void)
{
	arena = arena_create();
	test_form();
	test_answers();
	test_turns();
	test_same();
	test_strangers();
	test_ends();
	test_secrets();
	test_escaped();
	arena_destroy(&arena);
	return tap_done();
}
