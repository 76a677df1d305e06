#include "tap.h"

#include "base/buf.h"
#include "normalize/authentic.h"
#include "normalize/authres.h"

#define MAX_FIELDS 6
#define OURS "Authentication-Results: mx.mssp.example; "
#define PASS "dmarc=pass header.from=microsoft.com"
#define DEFENDER "defender-noreply@microsoft.com"

static struct arena *arena;

/* Fields are "Name: value"; From is added below them. */
static const struct {
	const char *name;
	const char *fields[MAX_FIELDS];
	const char *from;
	bool unlisted;
	enum authentic want;
	const char *why;
} cases[] = {
	{ "our server says DMARC passes", { OURS PASS }, DEFENDER, false,
	  AUTHENTIC_PASS, "dmarc=pass for microsoft.com by mx.mssp.example" },
	{ "names are compared without case",
	  { "AUTHENTICATION-RESULTS: MX.mssp.Example; DMARC=Pass "
	    "Header.From=Microsoft.COM" }, "X@MICROSOFT.com", false,
	  AUTHENTIC_PASS, "dmarc=pass for MICROSOFT.com by mx.mssp.example" },
	{ "comments and quotes are read as such",
	  { "Authentication-Results: (a (b\\) c) ) \"mx.mssp.example\" 1 ; "
	    "spf=pass reason=\"x; dmarc=fail\" ; dmarc/1 = pass (p=none) "
	    "header.from = \"microsoft.com\" (y)" }, DEFENDER, false,
	  AUTHENTIC_PASS, "dmarc=pass for microsoft.com by mx.mssp.example" },
	{ "what large servers write beside the standard is no hindrance",
	  { OURS "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.com; "
	    "test.com; dkim=pass (signature was verified) header.d=x.com;"
	    "test.com; dmarc=pass action=none header.from=microsoft.com;"
	    "compauth=pass reason=100" }, DEFENDER, false,
	  AUTHENTIC_PASS, "dmarc=pass for microsoft.com by mx.mssp.example" },
	{ "a sender whom no format lists does not pass", { OURS PASS },
	  "someone@microsoft.com", true, AUTHENTIC_FAIL,
	  "dmarc=pass for microsoft.com by mx.mssp.example, but no format "
	  "lists someone@microsoft.com" },
	{ "nothing at all is none", { NULL }, DEFENDER, false,
	  AUTHENTIC_NONE, "no Authentication-Results of mx.mssp.example" },
	{ "the word of another server is none",
	  { "Authentication-Results: mx.attacker.example; " PASS }, DEFENDER,
	  false, AUTHENTIC_NONE,
	  "no Authentication-Results of mx.mssp.example" },
	{ "a server whose name begins like ours is another",
	  { "Authentication-Results: mx.mssp.example.attacker.example; " PASS,
	    "Authentication-Results: mx.mssp; " PASS,
	    "Authentication-Results: " PASS }, DEFENDER, false,
	  AUTHENTIC_NONE, "no Authentication-Results of mx.mssp.example" },
	{ "a forged one above ours does not count",
	  { "Authentication-Results: mx.other.example; " PASS,
	    OURS "dmarc=fail header.from=microsoft.com" }, DEFENDER, false,
	  AUTHENTIC_FAIL, "dmarc=fail for microsoft.com by mx.mssp.example" },
	{ "a forged one below ours does not count",
	  { OURS "dmarc=fail header.from=microsoft.com", OURS PASS }, DEFENDER,
	  false, AUTHENTIC_FAIL,
	  "dmarc=fail for microsoft.com by mx.mssp.example" },
	{ "a forged failure below ours does not count either",
	  { OURS PASS, OURS "dmarc=fail header.from=microsoft.com" }, DEFENDER,
	  false, AUTHENTIC_PASS,
	  "dmarc=pass for microsoft.com by mx.mssp.example" },
	{ "our server may write DMARC into a field of its own",
	  { OURS "dkim=pass header.d=microsoft.com", OURS PASS }, DEFENDER,
	  false, AUTHENTIC_PASS,
	  "dmarc=pass for microsoft.com by mx.mssp.example" },
	{ "but not behind the next server",
	  { OURS "dkim=pass header.d=microsoft.com", "Received: from a by b",
	    OURS PASS }, DEFENDER, false, AUTHENTIC_FAIL,
	  "mx.mssp.example says nothing of DMARC" },
	{ "SPF and DKIM alone are not enough",
	  { OURS "spf=pass smtp.mailfrom=microsoft.com; dkim=pass "
	    "header.d=microsoft.com" }, DEFENDER, false, AUTHENTIC_FAIL,
	  "mx.mssp.example says nothing of DMARC" },
	{ "DMARC of another domain is not enough",
	  { OURS "dmarc=pass header.from=attacker.example" }, DEFENDER, false,
	  AUTHENTIC_FAIL, "dmarc=pass by mx.mssp.example is for "
	  "'attacker.example', not for 'microsoft.com'" },
	{ "DMARC of a domain above is not enough",
	  { OURS "dmarc=pass header.from=com" }, DEFENDER, false,
	  AUTHENTIC_FAIL, "dmarc=pass by mx.mssp.example is for 'com', not for "
	  "'microsoft.com'" },
	{ "DMARC without a domain is not enough", { OURS "dmarc=pass" },
	  DEFENDER, false, AUTHENTIC_FAIL,
	  "dmarc=pass by mx.mssp.example is for '', not for 'microsoft.com'" },
	{ "a second DMARC result that was slipped in changes nothing",
	  { OURS "spf=pass smtp.mailfrom=a;dmarc=pass "
	    "header.from=microsoft.com; dmarc=fail header.from=microsoft.com" },
	  DEFENDER, false, AUTHENTIC_FAIL,
	  "dmarc=fail for microsoft.com by mx.mssp.example" },
	{ "none, temperror and permerror are no pass",
	  { OURS "dmarc=temperror header.from=microsoft.com" }, DEFENDER,
	  false, AUTHENTIC_FAIL,
	  "dmarc=temperror for microsoft.com by mx.mssp.example" },
	{ "a field that cannot be read is no pass",
	  { OURS PASS " (never closed" }, DEFENDER, false, AUTHENTIC_FAIL,
	  "the Authentication-Results of mx.mssp.example cannot be read" },
	{ "a quote that never ends is no pass",
	  { OURS "spf=pass smtp.helo=\"x; " PASS }, DEFENDER, false,
	  AUTHENTIC_FAIL,
	  "the Authentication-Results of mx.mssp.example cannot be read" },
	{ "no results at all are no pass", { OURS "none" }, DEFENDER, false,
	  AUTHENTIC_FAIL, "mx.mssp.example says nothing of DMARC" },
	{ "an address that is none does not pass", { OURS PASS }, "microsoft",
	  false, AUTHENTIC_FAIL, "From is not one address" },
	{ "an address with two domains does not pass", { OURS PASS },
	  "a@attacker.example@microsoft.com", false, AUTHENTIC_FAIL,
	  "From is not one address" },
};

static void
add_field(struct message *message, const char *field)
{
	size_t name = strcspn(field, ":");
	struct message_header header = {
		arena_strndup(arena, field, name), field + name + 2
	};

	vec_push(arena, &message->headers, header);
}

static void
add_from(struct message *message, const char *address)
{
	struct message_header header = { "From", address };
	struct message_address from = { "", address };

	vec_push(arena, &message->headers, header);
	vec_push(arena, &message->from, from);
}

static void
expect(struct authentic_answer got, enum authentic want, const char *why,
       const char *name)
{
	is(authentic_names[got.authentic], authentic_names[want], "%s", name);
	is(got.why, why, "  and it says why");
}

static void
test_cases(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct message *message = message_create(arena);

		for (j = 0; j < MAX_FIELDS && cases[i].fields[j]; j++)
			add_field(message, cases[i].fields[j]);
		add_from(message, cases[i].from);
		expect(authentic_check(arena, message, "mx.mssp.example",
				       !cases[i].unlisted),
		       cases[i].want, cases[i].why, cases[i].name);
	}
}

static void
test_authors(void)
{
	struct message *message = message_create(arena);
	struct message_address other = { "", "a@attacker.example" };

	add_field(message, OURS PASS);
	expect(authentic_check(arena, message, "mx.mssp.example", true),
	       AUTHENTIC_FAIL, "From is not one address",
	       "a mail of nobody does not pass");
	add_from(message, DEFENDER);
	expect(authentic_check(arena, message, NULL, true), AUTHENTIC_NONE,
	       "no `authserv` is configured",
	       "without a server that is believed there is no answer");
	vec_push(arena, &message->from, other);
	expect(authentic_check(arena, message, "mx.mssp.example", true),
	       AUTHENTIC_FAIL, "From is not one address",
	       "two addresses in From do not pass");
	message->from.count = 1;
	add_field(message, "FROM: a@attacker.example");
	expect(authentic_check(arena, message, "mx.mssp.example", true),
	       AUTHENTIC_FAIL, "From is not one address",
	       "two From fields do not pass");
}

static void
test_hostile_sizes(void)
{
	static char field[200001];
	struct authres *authres;
	size_t i;

	memset(field, '(', sizeof(field) - 1);
	authres = authres_parse(arena, field);
	ok(authres->broken, "a hundred thousand comments do not fit together");
	for (i = 0; i + 4 < sizeof(field); i += 4)
		memcpy(field + i, ";a=b", 4);
	field[0] = 'x';
	authres = authres_parse(arena, field);
	ok(authres->broken && authres->results.count <= 50,
	   "fifty thousand results are not kept");
	authres = authres_parse(arena, "");
	ok(authres->broken && !*authres->authserv, "nothing is of nobody");
}

/* "mx; M; M; ..." with so many results, or one result with so many
 * properties. */
static const struct authres *
parsed(size_t results, size_t properties)
{
	struct buf field = BUF_INIT;
	const struct authres *authres;
	size_t i;

	buf_puts(&field, "mx");
	while (results--)
		buf_puts(&field, "; spf=pass");
	for (i = 0; i < properties; i++)
		buf_printf(&field, " p.a%zu=b", i);
	authres = authres_parse(arena, arena_strdup(arena, field.data));
	buf_release(&field);
	return authres;
}

/* Whether ours is found below so many fields of others. */
static bool
is_found(int others)
{
	struct message *message = message_create(arena);

	while (others--)
		add_field(message, "Authentication-Results: other.example; "
			  "spf=pass");
	add_field(message, OURS PASS);
	add_from(message, DEFENDER);
	return authentic_check(arena, message, "mx.mssp.example",
			       true).authentic == AUTHENTIC_PASS;
}

static void
test_limits(void)
{
	ok(!parsed(50, 0)->broken && parsed(51, 0)->broken,
	   "a field has up to 50 results");
	ok(!parsed(1, 50)->broken && parsed(1, 51)->broken,
	   "a result up to 50 properties");
	ok(is_found(199) && !is_found(200), "200 fields are looked at");
}

int
main(void)
{
	arena = arena_create();
	test_limits();
	test_cases();
	test_authors();
	test_hostile_sizes();
	arena_destroy(&arena);
	return tap_done();
}
