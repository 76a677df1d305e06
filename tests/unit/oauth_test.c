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
	enum oauth_class class;
	const char *token;
	int64_t lives_ms;
} answers[] = {
	{ "the newer end point writes numbers", 200,
	  "{\"access_token\":\"a\",\"expires_in\":3599}", OAUTH_FINE, "a",
	  3599000 },
	{ "the older one writes them as texts", 200,
	  "{\"access_token\":\"a\",\"expires_in\":\"3599\"}", OAUTH_FINE, "a",
	  3599000 },
	{ "an answer that does not say is good for an hour", 200,
	  "{\"access_token\":\"a\"}", OAUTH_FINE, "a", 3600000 },
	{ "no token lives for years", 200,
	  "{\"access_token\":\"a\",\"expires_in\":99999999}", OAUTH_FINE, "a",
	  48 * 3600000LL },
	{ "a token with a line end is none", 200,
	  "{\"access_token\":\"a\\r\\nX: y\"}", OAUTH_LATER, NULL, 0 },
	{ "an empty token is none", 200, "{\"access_token\":\"\"}", OAUTH_LATER,
	  NULL, 0 },
	{ "200 without a token", 200, "{}", OAUTH_LATER, NULL, 0 },
	{ "no JSON", 200, "<html>", OAUTH_LATER, NULL, 0 },
	{ "no answer", 0, "", OAUTH_LATER, NULL, 0 },
	{ "throttled", 429, "", OAUTH_LATER, NULL, 0 },
	{ "a passing fault", 503, "{}", OAUTH_LATER, NULL, 0 },
	{ "temporarily_unavailable", 400,
	  "{\"error\":\"temporarily_unavailable\"}", OAUTH_LATER, NULL, 0 },
	{ "a wrong secret", 401, "{\"error\":\"invalid_client\","
	  "\"error_codes\":[7000215]}", OAUTH_OURS, NULL, 0 },
	{ "a number only in the text", 400, "{\"error\":\"x\","
	  "\"error_description\":\"AADSTS700016: Application ...\"}",
	  OAUTH_CONSENT, NULL, 0 },
	{ "an unknown number of invalid_client", 401,
	  "{\"error\":\"invalid_client\",\"error_codes\":[1]}", OAUTH_OURS,
	  NULL, 0 },
	{ "an unknown number of something else", 400,
	  "{\"error\":\"invalid_grant\",\"error_codes\":[1]}", OAUTH_THEIRS,
	  NULL, 0 },
	{ "a tenant that is throttled", 400,
	  "{\"error\":\"invalid_grant\",\"error_codes\":[90055]}", OAUTH_LATER,
	  NULL, 0 },
};

static void
test_answers(void)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const struct answer *a = &answers[i];
		struct oauth_answer got = oauth_read(a->status, a->body,
						     strlen(a->body), arena);

		is(oauth_class_names[got.class], oauth_class_names[a->class],
		   "%s: whose turn it is", a->name);
		is(got.token ? got.token : "", a->token ? a->token : "",
		   "%s: the token", a->name);
		if (a->token)
			is_int(got.lives_ms, a->lives_ms, "%s: its life",
			       a->name);
		else
			ok(got.sentence && *got.sentence, "%s: a sentence",
			   a->name);
	}
}

/* Whose turn it is, by Microsoft's list of errors. */
static const struct {
	enum oauth_class class;
	int codes[20];		/* ended by 0 */
} turns[] = {
	{ OAUTH_OURS, { 7000215, 7000222, 7000218, 700027, 50012, 700030,
	  700024, 500133, 90002, 900023, 90038, 700082, 70008, 50173, 70043,
	  50196, 70011, 9001023, 50194 } },
	{ OAUTH_CONSENT, { 700016, 700011, 7000229, 65001 } },
	{ OAUTH_THEIRS, { 7000112, 650051, 650052, 500011, 5000224, 50076,
	  50079, 50074, 53003, 530034, 50020, 50177, 90072, 90099 } },
	{ OAUTH_LATER, { 90055, 50033, 90006, 90012, 90024, 90033, 90090 } },
};

static void
test_turn(int code, enum oauth_class class)
{
	const char *body = arena_printf(arena, "{\"error\":\"invalid_x\","
		"\"error_codes\":[%d],\"error_description\":\"AADSTS%d: words "
		"that change\"}", code, code);
	const char *number = arena_printf(arena, "AADSTS%d)", code);
	struct oauth_answer got = oauth_read(400, body, strlen(body), arena);

	is(oauth_class_names[got.class], oauth_class_names[class],
	   "AADSTS%d: whose turn it is", code);
	ok(text_ends(got.sentence, number) && !strstr(got.sentence, "look") &&
	   !strstr(got.sentence, "change)"), "AADSTS%d: a sentence of our own, "
	   "with the number", code);
	ok(got.is_of_tenant == (code == 90002 || code == 900023 ||
				code == 90038 || code == 9001023),
	   "AADSTS%d: is%s about one tenant only", code,
	   got.is_of_tenant ? "" : " not");
	ok(got.is_new_certificate == (code == 700027), "AADSTS%d: is%s tried "
	   "again soon", code, code == 700027 ? "" : " not");
}

static void
test_turns(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		for (j = 0; turns[i].codes[j]; j++)
			test_turn(turns[i].codes[j], turns[i].class);
}

static void
test_escaped(void)
{
	static const char body[] = "{\"error\":\"a\\u001b[31m\\nb\"}";
	struct oauth_answer got = oauth_read(400, body, strlen(body), arena);

	ok(!strchr(got.sentence, '\n') && !strchr(got.sentence, '\033'),
	   "what a server says cannot paint a terminal");
}

int
main(void)
{
	arena = arena_create();
	test_form();
	test_answers();
	test_turns();
	test_escaped();
	arena_destroy(&arena);
	return tap_done();
}
