#include "tap.h"

#include "conf/conf.h"
#include "normalize/customer.h"

#define CONTOSO "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define FABRIKAM "5d1f3c2a-9b64-4e0a-8f57-0a7c2e91b3d6"
#define STRANGER "0a0b0c0d-1111-4222-8333-444455556666"

static struct arena *arena;

static const char rules[] =
	"customer contoso \"Contoso GmbH\" {\n"
	"	tenant " CONTOSO "\n"
	"	mailbox contoso@relay.example, soc+contoso@relay.example\n"
	"	organization \"Contoso GmbH\", \"Contoso\"\n"
	"}\n"
	"customer fabrikam {\n"
	"	tenant " FABRIKAM ", fabrikam.example\n"
	"	mailbox fabrikam@relay.example\n"
	"}\n"
	"customer tailspin { mailbox tailspin@relay.example\n"
	"	organization \"Tailspin\" }\n";

enum { EVIDENCES_MOST = 3 };

static const struct {
	const char *name;
	const char *tenants[EVIDENCES_MOST];
	const char *mailboxes[EVIDENCES_MOST];
	const char *organizations[EVIDENCES_MOST];
	enum customer_result want;
	const char *customer, *why;
} cases[] = {
	{ "a tenant id decides", { CONTOSO }, { NULL }, { NULL },
	  CUSTOMER_FOUND, "contoso", "tenant '" CONTOSO "' (t)" },
	{ "a tenant id in capitals is the same",
	  { "72F988BF-86F1-41AF-91AB-2D7CD011DB47", CONTOSO }, { NULL },
	  { NULL }, CUSTOMER_FOUND, "contoso",
	  "tenant '72F988BF-86F1-41AF-91AB-2D7CD011DB47' (t)" },
	{ "a domain name of a tenant decides", { "Fabrikam.EXAMPLE" },
	  { NULL }, { NULL }, CUSTOMER_FOUND, "fabrikam",
	  "tenant 'Fabrikam.EXAMPLE' (t)" },
	{ "id and domain name of one tenant agree",
	  { "fabrikam.example", FABRIKAM }, { NULL }, { NULL }, CUSTOMER_FOUND,
	  "fabrikam", "tenant 'fabrikam.example' (t)" },
	{ "a domain name that nobody lists is no stranger",
	  { "contoso.example" }, { "contoso@relay.example" }, { NULL },
	  CUSTOMER_FOUND, "contoso", "mailbox 'contoso@relay.example' (m)" },
	{ "a mailbox decides without case", { NULL },
	  { "CONTOSO@Relay.Example" }, { NULL }, CUSTOMER_FOUND, "contoso",
	  "mailbox 'CONTOSO@Relay.Example' (m)" },
	{ "an extension of a mailbox belongs to it", { NULL },
	  { "fabrikam+xdr+high@relay.example" }, { NULL }, CUSTOMER_FOUND,
	  "fabrikam", "mailbox 'fabrikam+xdr+high@relay.example' (m)" },
	{ "a mailbox with an extension of its own is found first", { NULL },
	  { "soc+contoso@relay.example" }, { NULL }, CUSTOMER_FOUND, "contoso",
	  "mailbox 'soc+contoso@relay.example' (m)" },
	{ "a mailbox beside others that are nobody's decides", { NULL },
	  { "soc@relay.example", "tailspin@relay.example" }, { NULL },
	  CUSTOMER_FOUND, "tailspin", "mailbox 'tailspin@relay.example' (m)" },
	{ "the organization decides last", { NULL }, { NULL },
	  { "\xC2\xA0" "CONTOSO gmbh" }, CUSTOMER_FOUND, "contoso",
	  "organization '\xC2\xA0" "CONTOSO gmbh' (o)" },
	{ "an unknown organization is no evidence", { NULL },
	  { "contoso@relay.example" }, { "Contoso Holding" }, CUSTOMER_FOUND,
	  "contoso", "mailbox 'contoso@relay.example' (m)" },
	{ "a customer without tenant ids is known by its mailbox",
	  { STRANGER }, { "tailspin@relay.example" }, { NULL }, CUSTOMER_FOUND,
	  "tailspin", "mailbox 'tailspin@relay.example' (m)" },

	{ "two tenants in one mail are a conflict", { CONTOSO, STRANGER },
	  { "contoso@relay.example" }, { NULL }, CUSTOMER_CONFLICT, NULL,
	  "two tenants in one mail: tenant '" CONTOSO "' (t) and tenant '"
	  STRANGER "' (t)" },
	{ "two strange tenants in one mail are one too",
	  { STRANGER, "1a0b0c0d-1111-4222-8333-444455556666" }, { NULL },
	  { NULL }, CUSTOMER_CONFLICT, NULL,
	  "two tenants in one mail: tenant '" STRANGER "' (t) and tenant "
	  "'1a0b0c0d-1111-4222-8333-444455556666' (t)" },
	{ "id of one and domain name of another are a conflict",
	  { CONTOSO, "fabrikam.example" }, { NULL }, { NULL },
	  CUSTOMER_CONFLICT, NULL, "tenant '" CONTOSO "' (t) is of customer "
	  "'contoso', but tenant 'fabrikam.example' (t) is of customer "
	  "'fabrikam'" },
	{ "another customer's tenant in a mailbox is a conflict",
	  { FABRIKAM }, { "contoso@relay.example" }, { NULL },
	  CUSTOMER_CONFLICT, NULL, "tenant '" FABRIKAM "' (t) is of customer "
	  "'fabrikam', but mailbox 'contoso@relay.example' (m) is of customer "
	  "'contoso'" },
	{ "mailboxes of two customers are a conflict", { NULL },
	  { "contoso@relay.example", "fabrikam@relay.example" }, { NULL },
	  CUSTOMER_CONFLICT, NULL, "mailbox 'contoso@relay.example' (m) is of "
	  "customer 'contoso', but mailbox 'fabrikam@relay.example' (m) is of "
	  "customer 'fabrikam'" },
	{ "another customer's organization is a conflict", { CONTOSO },
	  { "contoso@relay.example" }, { "Tailspin" }, CUSTOMER_CONFLICT, NULL,
	  "tenant '" CONTOSO "' (t) is of customer 'contoso', but organization "
	  "'Tailspin' (o) is of customer 'tailspin'" },
	{ "a stranger's tenant in a mailbox is a conflict", { STRANGER },
	  { "contoso@relay.example" }, { NULL }, CUSTOMER_CONFLICT, NULL,
	  "tenant '" STRANGER "' (t) is of no customer, but mailbox "
	  "'contoso@relay.example' (m) is of customer 'contoso'" },

	{ "nothing at all is nobody's", { NULL }, { NULL }, { NULL },
	  CUSTOMER_NONE, NULL,
	  "no tenant id, and no mailbox or organization of a customer" },
	{ "a stranger's tenant is nobody's", { STRANGER },
	  { "soc@relay.example" }, { NULL }, CUSTOMER_NONE, NULL,
	  "tenant '" STRANGER "' (t) is of no customer" },
	{ "an unknown mailbox is nobody's", { NULL }, { "soc@relay.example" },
	  { "Who" }, CUSTOMER_NONE, NULL,
	  "mailbox 'soc@relay.example' (m) is of no customer" },
	{ "a plus in a domain is no extension", { NULL },
	  { "contoso@relay+x.example", "contoso+@", "+" }, { NULL },
	  CUSTOMER_NONE, NULL,
	  "mailbox 'contoso@relay+x.example' (m) is of no customer" },
};

/* Of a mail whose customer is found: what the reader is told. */
static const struct {
	const char *name;
	const char *tenants[EVIDENCES_MOST];
	const char *mailboxes[EVIDENCES_MOST];
	const char *organizations[EVIDENCES_MOST];
	const char *doubt;
} doubts[] = {
	{ "the customer's own organization is no doubt", { CONTOSO },
	  { "contoso@relay.example" }, { "contoso" }, NULL },
	{ "a stranger's at his mailbox is one", { NULL },
	  { "contoso@relay.example" }, { "Northwind" },
	  "organization 'Northwind' (o) is of no customer" },
	{ "and beside his own", { NULL }, { "contoso@relay.example" },
	  { "Contoso", "Northwind" },
	  "organization 'Northwind' (o) is of no customer" },
	{ "and beside his tenant id", { CONTOSO }, { NULL }, { "Northwind" },
	  "organization 'Northwind' (o) is of no customer" },
	{ "one who lists no name is known by his tenant id", { FABRIKAM },
	  { NULL }, { "Fabrikam SA" }, NULL },
	{ "but not by his mailbox alone", { NULL },
	  { "fabrikam@relay.example" }, { "Northwind" },
	  "organization 'Northwind' (o) is of no customer" },
	{ "no name is no doubt", { NULL }, { "contoso@relay.example" },
	  { NULL }, NULL },
};

#define ADD(list, texts, source) do { \
	size_t at; \
	for (at = 0; at < EVIDENCES_MOST && (texts)[at]; at++) \
		vec_push(arena, (list), ((struct customer_evidence){ \
			(texts)[at], source })); \
} while (0)

static void
test_cases(const struct customers *customers)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct customer_evidences evidences = { .tenants = { NULL } };
		struct customer_answer got;

		ADD(&evidences.tenants, cases[i].tenants, "t");
		ADD(&evidences.mailboxes, cases[i].mailboxes, "m");
		ADD(&evidences.organizations, cases[i].organizations, "o");
		got = customers_find(customers, arena, &evidences);
		is_int(got.result, cases[i].want, "%s", cases[i].name);
		is(got.customer ? got.customer->name : NULL, cases[i].customer,
		   "  and it is that customer");
		is(got.why, cases[i].why, "  and it says why");
	}
}

static void
test_doubts(const struct customers *customers)
{
	size_t i;

	for (i = 0; i < sizeof(doubts) / sizeof(*doubts); i++) {
		struct customer_evidences evidences = { .tenants = { NULL } };

		ADD(&evidences.tenants, doubts[i].tenants, "t");
		ADD(&evidences.mailboxes, doubts[i].mailboxes, "m");
		ADD(&evidences.organizations, doubts[i].organizations, "o");
		is(customers_find(customers, arena, &evidences).doubt,
		   doubts[i].doubt, "%s", doubts[i].name);
	}
}

/* Of a genuine mail: does it count for what comes later? */
static const struct {
	const char *name, *customer, *tenant;
	bool is_strange;
	const char *why;
} proofs[] = {
	{ "his tenant id is proof", "contoso",
	  "72F988BF-86F1-41AF-91AB-2D7CD011DB47", false, NULL },
	{ "none is not, when he has one", "contoso", NULL, false,
	  "it bears no tenant id, and the customer has one" },
	{ "a domain name is none, when he has an id", "fabrikam",
	  "fabrikam.example", false,
	  "it bears no tenant id, and the customer has one" },
	{ "another's is not", "contoso", FABRIKAM, false,
	  "its tenant is not the customer's" },
	{ "nor a stranger's", "contoso", STRANGER, false,
	  "its tenant is not the customer's" },
	{ "one without tenants is known by his mailbox", "tailspin", NULL,
	  false, NULL },
	{ "unless it names somebody else", "tailspin", NULL, true,
	  "it names an organization of no customer" },
	{ "nobody's proves nothing", NULL, CONTOSO, false,
	  "it is of no customer" },
};

static void
test_proofs(const struct customers *customers)
{
	size_t i;

	for (i = 0; i < sizeof(proofs) / sizeof(*proofs); i++)
		is(customer_unproven(customers, proofs[i].customer,
				     proofs[i].tenant, proofs[i].is_strange),
		   proofs[i].why, "%s", proofs[i].name);
}

static const struct { const char *name, *text, *findings; } wrong[] = {
	{ "two customers of one name are an error",
	  "customer a { mailbox a@b }\ncustomer a {}\n",
	  "t.rules:2:10: error: customer 'a' is defined twice "
	  "(the other is in line 1)\n"
	  "    2 | customer a {}\n"
	  "      |          ^\n" },
	{ "a customer that nothing leads to is a warning",
	  "customer a { language de }\n",
	  "t.rules:1:10: warning: no alert is ever one of customer 'a' (add "
	  "tenant GUID, mailbox ADDRESS or organization TEXT)\n"
	  "    1 | customer a { language de }\n"
	  "      |          ^\n" },
	{ "a tenant of two customers is an error, whatever its case",
	  "customer a { tenant " CONTOSO " }\n"
	  "customer b { tenant 72F988BF-86F1-41AF-91AB-2D7CD011DB47 }\n",
	  "t.rules:2:21: error: tenant '72F988BF-86F1-41AF-91AB-2D7CD011DB47' "
	  "is claimed by customer 'a' and by customer 'b' (mail for it could be "
	  "either's; the other is in line 1)\n"
	  "    2 | customer b { tenant 72F988BF-86F1-41AF-91AB-2D7CD011DB47 "
	  "}\n"
	  "      |                     ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
	},
	{ "a mailbox of two customers is an error",
	  "customer a { mailbox x@y.example }\n"
	  "customer b { mailbox X@Y.example }\n",
	  "t.rules:2:22: error: mailbox 'X@Y.example' is claimed by "
	  "customer 'a' and by customer 'b' (mail for it could be either's; "
	  "the other is in line 1)\n"
	  "    2 | customer b { mailbox X@Y.example }\n"
	  "      |                      ^~~~~~~~~~~\n" },
	{ "an organization of two customers is an error",
	  "customer a { organization \"O\" }\n"
	  "customer b { organization \"o\" }\n",
	  "t.rules:2:27: error: organization 'o' is claimed by "
	  "customer 'a' and by customer 'b' (mail for it could be either's; "
	  "the other is in line 1)\n"
	  "    2 | customer b { organization \"o\" }\n"
	  "      |                           ^~~\n" },
	{ "the same twice within one customer is none",
	  "customer a { mailbox x@y.example, X@y.example }\n", "" },
	{ "a tenant that is neither id nor domain is an error",
	  "customer a { tenant 72f988bf }\n",
	  "t.rules:1:21: error: '72f988bf' is no tenant (write the tenant's "
	  "GUID or one of its domain names)\n"
	  "    1 | customer a { tenant 72f988bf }\n"
	  "      |                     ^~~~~~~~\n" },
};

static void
test_wrong(void)
{
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct diag *diag = diag_create(arena);
		struct conf *conf = conf_load_text(arena, "t.rules",
						   wrong[i].text, diag);
		struct buf out = BUF_INIT;

		customers_load(arena, &conf->nodes, diag);
		diag_print(diag, &out);
		is(out.data, wrong[i].findings, "%s", wrong[i].name);
		buf_release(&out);
	}
}

static void
test_many(void)
{
	struct diag *diag = diag_create(arena);
	struct customer_evidences evidences = { .tenants = { NULL } };
	struct customer_evidence mailbox = { "c7777+x@relay.example", "m" };
	struct buf text = BUF_INIT;
	struct customers *customers;
	struct customer_answer got;
	int i;

	for (i = 0; i < 10000; i++)
		buf_printf(&text, "customer c%d { tenant %08x-0000-4000-8000-"
			   "000000000000 mailbox c%d@relay.example }\n", i, i,
			   i);
	customers = customers_load(arena, &conf_load_text(arena, "many",
							  text.data, diag)
				   ->nodes, diag);
	ok(!diag_errors(diag) && customers->list.count == 10000,
	   "ten thousand customers load");
	vec_push(arena, &evidences.mailboxes, mailbox);
	got = customers_find(customers, arena, &evidences);
	is(got.customer ? got.customer->name : NULL, "c7777",
	   "and each is found");
	buf_release(&text);
}

int
main(void)
{
	struct diag *diag;
	struct conf *conf;

	arena = arena_create();
	diag = diag_create(arena);
	conf = conf_load_text(arena, "customers", rules, diag);
	test_cases(customers_load(arena, &conf->nodes, diag));
	test_doubts(customers_load(arena, &conf->nodes, diag));
	test_proofs(customers_load(arena, &conf->nodes, diag));
	ok(!diag_errors(diag), "the customers of this test make sense");
	test_wrong();
	test_many();
	arena_destroy(&arena);
	return tap_done();
}
