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
	{ "DMARC below a field of ours that says nothing of it is forged",
	  { OURS "dkim=pass header.d=microsoft.com", OURS PASS }, DEFENDER,
	  false, AUTHENTIC_FAIL, "mx.mssp.example says nothing of DMARC" },
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

/* Where filters write several fields, what stands in the second counts, too;
 * but never what is below the next server. Each row ends with the real server's
 * own Received. */
#define BORDER "Received: from a.example (a.example [192.0.2.1]) by " \
	"mx.mssp.example (Postfix) with ESMTPS id 1"
#define AMAVIS OURS "dkim=pass (2048-bit key) header.d=microsoft.com"

static const struct {
	const char *name;
	const char *fields[MAX_FIELDS];
	size_t count;
	enum authentic want;
} several[] = {
	{ "by default a sender's own below ours is none, though ours says "
	  "nothing of DMARC", { OURS "spf=pass smtp.mailfrom=a", OURS PASS,
	  BORDER }, 1, AUTHENTIC_FAIL },
	{ "where filters write two, the second may speak of DMARC",
	  { AMAVIS, OURS PASS, BORDER }, 2, AUTHENTIC_PASS },
	{ "but the third is the sender's",
	  { AMAVIS, OURS "spf=pass smtp.mailfrom=a", OURS PASS, BORDER }, 2,
	  AUTHENTIC_FAIL },
	{ "where they write three, the third may",
	  { AMAVIS, OURS "spf=pass smtp.mailfrom=a", OURS PASS, BORDER }, 3,
	  AUTHENTIC_PASS },
	{ "fields of others are not counted",
	  { AMAVIS, "Authentication-Results: other.example; spf=pass",
	    OURS PASS, BORDER }, 2, AUTHENTIC_PASS },
	{ "the first of them that speaks of DMARC decides",
	  { OURS "dmarc=fail header.from=microsoft.com", OURS PASS, BORDER },
	  2, AUTHENTIC_FAIL },
	{ "amavis hands the mail back, and Postfix writes a Received for it",
	  { AMAVIS, "Received: from mx.mssp.example (localhost [127.0.0.1]) "
	    "by mx.mssp.example (Postfix) with ESMTP id 2", OURS PASS,
	    BORDER }, 2, AUTHENTIC_PASS },
	{ "and amavis one of its own",
	  { AMAVIS, "Received: from mx.mssp.example ([127.0.0.1]) by localhost "
	    "(mx.mssp.example [127.0.0.1]) (amavis, port 10024) with ESMTP",
	    OURS PASS, BORDER }, 2, AUTHENTIC_PASS },
	{ "and Exim writes it so",
	  { AMAVIS, "Received: from localhost ([::1] helo=mx.mssp.example) by "
	    "mx.mssp.example with esmtp (Exim 4.96)", OURS PASS, BORDER }, 2,
	  AUTHENTIC_PASS },
	{ "by default nothing behind that counts",
	  { AMAVIS, "Received: from mx.mssp.example (localhost [127.0.0.1]) "
	    "by mx.mssp.example (Postfix) with ESMTP id 2", OURS PASS,
	    BORDER }, 1, AUTHENTIC_FAIL },
	{ "a client that calls itself loopback is none",
	  { AMAVIS, "Received: from [127.0.0.1] (a.example [192.0.2.1]) by "
	    "mx.mssp.example (Postfix) with ESMTP id 2", OURS PASS }, 2,
	  AUTHENTIC_FAIL },
	{ "nor one that says so to Exim",
	  { AMAVIS, "Received: from a.example ([192.0.2.1] helo=[127.0.0.1]) "
	    "by mx.mssp.example with esmtp (Exim 4.96)", OURS PASS }, 2,
	  AUTHENTIC_FAIL },
	{ "nor one of which no address is known",
	  { AMAVIS, "Received: from localhost by mx.mssp.example", OURS PASS },
	  2, AUTHENTIC_FAIL },
	{ "below our server's own Received, as OpenDMARC writes it",
	  { BORDER, OURS PASS }, 1, AUTHENTIC_PASS },

	/* Exchange Online as MX writes a field of no name, on top of what it
	 * takes. Whoever checks the mail again behind it has the word. */
#define ONLINE "Authentication-Results: spf=pass (sender IP is 192.0.2.7) " \
	"smtp.mailfrom=microsoft.com; dkim=pass (signature was verified) " \
	"header.d=microsoft.com;dmarc=pass action=none " \
	"header.from=microsoft.com;compauth=pass reason=100"
#define FROM_ONLINE "Received: from EUR05.outbound.protection.outlook.com " \
	"(mail-am7eur05.outbound.protection.outlook.com [192.0.2.9]) by " \
	"mx.mssp.example (Postfix) with ESMTPS id 3"
	{ "Exchange Online's own field is nobody's",
	  { FROM_ONLINE, ONLINE, "Received: from x (192.0.2.7) by y" }, 1,
	  AUTHENTIC_NONE },
	{ "our server's check behind Exchange Online is ours",
	  { OURS "dkim=pass header.d=microsoft.com; dmarc=pass (p=reject "
	    "dis=none) header.from=microsoft.com", FROM_ONLINE, ONLINE,
	    "Received: from x (192.0.2.7) by y" }, 1, AUTHENTIC_PASS },
	{ "one that found the signature broken on the way says so",
	  { OURS "dkim=fail (body hash did not verify) header.d=microsoft.com; "
	    "dmarc=fail header.from=microsoft.com", FROM_ONLINE, ONLINE,
	    "Received: from x (192.0.2.7) by y" }, 1, AUTHENTIC_FAIL },
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
		expect(authentic_check(arena, message, "mx.mssp.example", 1,
				       !cases[i].unlisted),
		       cases[i].want, cases[i].why, cases[i].name);
	}
}

static void
test_several(void)
{
	size_t i, j;

	for (i = 0; i < sizeof(several) / sizeof(*several); i++) {
		struct message *message = message_create(arena);

		for (j = 0; j < MAX_FIELDS && several[i].fields[j]; j++)
			add_field(message, several[i].fields[j]);
		add_from(message, DEFENDER);
		is(authentic_names[authentic_check(arena, message,
			"mx.mssp.example", several[i].count, true).authentic],
		   authentic_names[several[i].want], "%s", several[i].name);
	}
}

static void
test_authors(void)
{
	struct message *message = message_create(arena);
	struct message_address other = { "", "a@attacker.example" };

	add_field(message, OURS PASS);
	expect(authentic_check(arena, message, "mx.mssp.example", 1, true),
	       AUTHENTIC_FAIL, "From is not one address",
	       "a mail of nobody does not pass");
	add_from(message, DEFENDER);
	expect(authentic_check(arena, message, NULL, 1, true), AUTHENTIC_NONE,
	       "no `authserv` is configured",
	       "without a server that is believed there is no answer");
	vec_push(arena, &message->from, other);
	expect(authentic_check(arena, message, "mx.mssp.example", 1, true),
	       AUTHENTIC_FAIL, "From is not one address",
	       "two addresses in From do not pass");
	message->from.count = 1;
	add_field(message, "FROM: a@attacker.example");
	expect(authentic_check(arena, message, "mx.mssp.example", 1, true),
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
	return authentic_check(arena, message, "mx.mssp.example", 1,
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
	test_several();
	test_authors();
	test_hostile_sizes();
	arena_destroy(&arena);
	return tap_done();
}
