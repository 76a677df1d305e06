/* Records of APIs: what is read of evidence as nobody writes it, what is known
 * to be unread, and what is larger than any real one. */
#include "base/bug.h"
#include "conf/conf.h"
#include "normalize/record.h"

#include "tap.h"

static struct arena *arena;
static const struct customers *customers;
static const struct formats *formats;

#define ENDPOINT_ALERT \
	"{'id':'a','alertCreationTime':'2026-11-22T12:00:00Z',"

/* Does the alert of this record have the field, and is that all of it? */
static bool
gives(const char *text, enum alert_field field, bool *all_out)
{
	struct buf error = BUF_INIT;
	struct json *json = json_parse(text, strlen(text), &error);
	struct normalize_record input = { .customers = customers };
	const struct normalized *out;
	bool known;

	input.record.json = json;
	out = normalize_record(&input, arena, &error);
	if (!out)
		BUG("%.40s: %s", text, error.data);
	known = alert_text(out->alert, field);
	*all_out = !out->alert->fields[field].incomplete;
	json_destroy(&json);
	buf_release(&error);
	return known;
}

#define GRAPH "{\"id\":\"a\",\"title\":\"t\",\"createdDateTime\":" \
	"\"2026-11-22T12:00:00Z\","
#define IP "{\"@odata.type\":\"#microsoft.graph.security.ipEvidence\"}"
#define ENDPOINT "{\"id\":\"a\",\"alertCreationTime\":" \
	"\"2026-11-22T12:00:00Z\","

/* Is `last` read behind so many times `one`? */
static bool
is_read(const char *begin, const char *one, int times, const char *last,
	enum alert_field field, bool *all_out)
{
	struct buf text = BUF_INIT;
	bool found;

	buf_puts(&text, begin);
	while (times--)
		buf_puts(&text, one);
	buf_printf(&text, "%s]}", last);
	found = gives(text.data, field, all_out);
	buf_release(&text);
	return found;
}

static void
test_many(void)
{
	static const struct {
		const char *begin, *one, *last;
		enum alert_field field;
		const char *name;
	} lists[] = {
		{ GRAPH "\"evidence\":[", IP ",", "{\"@odata.type\":"
		  "\"#microsoft.graph.security.deviceEvidence\","
		  "\"deviceDnsName\":\"d\"}", ALERT_DEVICE,
		  "evidences of Graph" },
		{ GRAPH "\"evidence\":[", IP ",", "{\"riskScore\":\"high\"}",
		  ALERT_DEVICE_RISK, "risks of Graph" },
		{ ENDPOINT "\"evidence\":[", "{\"entityType\":\"Ip\"},",
		  "{\"entityType\":\"User\",\"accountName\":\"u\"}", ALERT_USER,
		  "evidences of Defender for Endpoint" },
	};
	bool all;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		ok(is_read(lists[i].begin, lists[i].one, 1999, lists[i].last,
			   lists[i].field, &all) && all,
		   "2000 %s are read", lists[i].name);
		ok(!is_read(lists[i].begin, lists[i].one, 2000, lists[i].last,
			    lists[i].field, &all) && !all,
		   "and not more, which is known");
	}
}

/* "lab-1, srv-9 + evidence[2] has no type": what there is of a field. */
static const char *
field_of(const struct json *json, const char *asked, enum alert_field field)
{
	struct normalize_record input = {
		.customers = customers, .formats = formats,
		.record = { .json = json, .asked = asked },
	};
	struct buf text = BUF_INIT, error = BUF_INIT;
	const struct normalized *out = normalize_record(&input, arena, &error);
	const struct alert_values *values;
	const char *copy;
	size_t i;

	values = out ? &out->alert->fields[field] : NULL;
	if (!out)
		buf_puts(&text, error.data);
	for (i = 0; out && i < values->count; i++)
		buf_printf(&text, "%s%s", i ? ", " : "",
			   values->items[i].text);
	if (out && values->incomplete)
		buf_printf(&text, "%s+ %s", text.len ? " " : "",
			   values->incomplete);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	buf_release(&error);
	return copy;
}

/* The same of a record in this notation of JSON, which needs no backslash. */
static const char *
read_of(const char *text, const char *asked, enum alert_field field)
{
	char *quoted = arena_strdup(arena, text), *at;
	struct buf error = BUF_INIT;
	struct json *json;
	const char *got;

	for (at = quoted; *at; at++)
		if (*at == '\'')
			*at = '"';
	json = json_parse(quoted, strlen(quoted), &error);
	if (!json)
		BUG("%s: %s", text, error.data);
	got = field_of(json, asked, field);
	json_destroy(&json);
	return got;
}

/* "x" so many times, then "c". */
static const char *
read_texts(int times)
{
	struct buf text = BUF_INIT;
	const char *got;

	buf_puts(&text, "{'id':'a','evidence':[],'categories':[");
	while (times--)
		buf_puts(&text, "'x',");
	buf_puts(&text, "'c']}");
	got = read_of(text.data, NULL, ALERT_CATEGORY);
	buf_release(&text);
	return got;
}

static void
test_texts(void)
{
	is(read_texts(1999), "x, c", "2000 texts of a list are read");
	is(read_texts(2000), "x + API field categories is longer than what is "
	   "read", "and not more, which is known");
}

/* Is a device read that is so many objects deep in an evidence? */
static bool
is_read_at(int depth, bool *all_out)
{
	struct buf text = BUF_INIT;
	bool found;
	int i;

	buf_puts(&text, GRAPH "\"evidence\":[");
	for (i = 0; i < depth; i++)
		buf_puts(&text, "{\"@odata.type\":\"ipEvidence\","
			 "\"inner\":");
	buf_puts(&text, "{\"@odata.type\":\"#microsoft.graph.security."
		 "deviceEvidence\",\"deviceDnsName\":\"d\"}");
	for (i = 0; i < depth; i++)
		buf_putc(&text, '}');
	buf_puts(&text, "]}");
	found = gives(text.data, ALERT_DEVICE, all_out);
	buf_release(&text);
	return found;
}

static void
test_deep(void)
{
	bool all;

	ok(is_read_at(4, &all) && all,
	   "an evidence is read six deep, its list counted");
	ok(!is_read_at(5, &all) && !all, "and no deeper, which is known");
}

#define TYPED(type) "'@odata.type':'#microsoft.graph.security." type \
	"Evidence',"
#define BARE(type) "'@odata.type':'microsoft.graph.security." type "Evidence',"
#define REST "'rbacGroupName':'Lab','rbacGroupId':3,'tags':[]," \
	"'osPlatform':'Windows11','riskScore':'low'"
#define LAB "{" TYPED("device") "'deviceDnsName':'lab-1'," \
	"'mdeDeviceId':'d1'," REST "}"
#define SRV "'deviceDnsName':'srv-9'," REST

static void
test_evidence(void)
{
	static const struct {
		const char *evidence;
		enum alert_field field;
		const char *want;
	} cases[] = {
		/* what there is of it */
		{ "[]", ALERT_DEVICE, "" },
		{ "[" LAB "]", ALERT_DEVICE, "lab-1" },
		{ "[" LAB ",{" BARE("device") SRV "}]", ALERT_DEVICE,
		  "lab-1, srv-9" },
		{ "[" LAB ",{'@odata.type':'deviceevidence'," SRV "}]",
		  ALERT_DEVICE, "lab-1, srv-9" },
		{ "[" LAB ",{" SRV "}]", ALERT_DEVICE, "lab-1, srv-9" },
		{ "[" LAB ",{'@odata.type':null," SRV "}]", ALERT_DEVICE,
		  "lab-1, srv-9" },
		{ "[{" TYPED("hostLogonSession") "'host':{" SRV "},"
		  "'account':{'userAccount':{'accountName':'kari'}}}]",
		  ALERT_DEVICE, "srv-9" },
		{ "[{" TYPED("hostLogonSession") "'host':{" SRV "},"
		  "'account':{'userAccount':{'accountName':'kari'}}}]",
		  ALERT_USER, "kari" },
		{ "[{" BARE("hostLogonSession") "'host':{" BARE("device") SRV
		  "},'account':{" BARE("user") "'userAccount':{"
		  "'userPrincipalName':'a@b'}}}]", ALERT_USER, "a@b" },
		{ "[{" TYPED("malware") "'processes':[{'userAccount':{"
		  "'domainName':'X','accountName':'y'}}]}]", ALERT_USER,
		  "X\\y" },
		{ "[{" TYPED("cloudLogonSession") "'deviceName':'m-4',"
		  "'account':{'userAccount':{'accountName':'kari'}}}]",
		  ALERT_DEVICE, "m-4" },
		{ "[{" TYPED("mailbox") "'upn':'','primaryAddress':'p@x'}]",
		  ALERT_USER, "p@x" },
		{ "[{" TYPED("ip") "'ipAddress':'192.0.2.1'}]", ALERT_DEVICE,
		  "" },

		/* what there is, and was not read */
		{ "[" LAB ",{" TYPED("device") "'deviceDnsName':'',"
		  "'hostName':'\xE2\x80\x8B'," REST "}]", ALERT_DEVICE,
		  "lab-1 + evidence[1] is a device without a name" },
		{ "[" LAB ",{" TYPED("device") "'deviceDnsName':{}," REST
		  "}]", ALERT_DEVICE, "lab-1 + evidence[1] is a device "
		  "without a name" },
		{ "[" LAB ",{" TYPED("ioTDevice") "'tags':[]}]", ALERT_DEVICE,
		  "lab-1 + evidence[1] is a device without a name" },
		{ "[" LAB ",{'a':1}]", ALERT_DEVICE,
		  "lab-1 + evidence[1] has no type" },
		{ "[" LAB ",{" TYPED("tomorrows") "'a':1}]", ALERT_USER,
		  "+ evidence[1] is of a type that nobody knows: "
		  "#microsoft.graph.security.tomorrowsEvidence" },
		{ "[" LAB ",{" TYPED("hostLogonSession") "'host':null}]",
		  ALERT_DEVICE, "lab-1 + evidence[1] does not say its host" },
		{ "[" LAB ",{" TYPED("hostLogonSession") "'host':{}}]",
		  ALERT_USER, "+ evidence[1] does not say its account" },
		{ "[" LAB ",{" TYPED("file") "'mdeDeviceId':'d1'}]",
		  ALERT_DEVICE, "lab-1" },
		{ "[" LAB ",{" TYPED("file") "'mdeDeviceId':'d2'}]",
		  ALERT_DEVICE, "lab-1 + evidence[1] is of a device without a "
		  "name" },
		{ "[" LAB ",null]", ALERT_DEVICE,
		  "lab-1 + evidence has what is no evidence" },
		{ "[" LAB ",{}]", ALERT_DEVICE,
		  "lab-1 + evidence has what is no evidence" },
		{ "{}", ALERT_DEVICE, "+ evidence is no list" },
		{ "null", ALERT_USER, "+ evidence is no list" },
		{ "[{" TYPED("user") "'userAccount':null}]", ALERT_USER,
		  "+ evidence[0].userAccount is a user without a name" },
		{ "[{" TYPED("user") "'userAccount':{'userPrincipalName':'',"
		  "'accountName':null}}]", ALERT_USER,
		  "+ evidence[0].userAccount is a user without a name" },
		{ "[{" TYPED("user") "'userAccount':{'accountName':'ceo',"
		  "'azureAdUserId':'6f9c'}}]", ALERT_USER, "ceo + "
		  "evidence[0].userAccount does not say its principal name" },
		{ "[{" TYPED("ioTDevice") "'deviceId':'i-7','tags':[]}]",
		  ALERT_DEVICE, "i-7 + evidence[0] is a device without a name"
		},
		{ "[{" TYPED("process") "'mdeDeviceId':null}]", ALERT_USER,
		  "+ evidence[0].userAccount is a user without a name" },
		{ "[{" TYPED("mailbox") "'upn':7}]", ALERT_USER,
		  "+ evidence[0].userAccount is a user without a name" },

		/* groups, tags, systems, risks */
		{ "[" LAB "]", ALERT_DEVICE_GROUP, "Lab" },
		{ "[{" TYPED("device") "'rbacGroupName':null,"
		  "'rbacGroupId':0}]", ALERT_DEVICE_GROUP, "" },
		{ "[" LAB ",{" TYPED("device") "'rbacGroupName':null,"
		  "'rbacGroupId':31}]", ALERT_DEVICE_GROUP,
		  "Lab + evidence[1] does not say its group" },
		{ "[" LAB ",{" TYPED("device") "'hostName':'x'}]",
		  ALERT_DEVICE_GROUP,
		  "Lab + evidence[1] does not say its group" },
		{ "[" LAB "]", ALERT_DEVICE_TAG, "" },
		{ "[{" TYPED("device") "'tags':null}]", ALERT_DEVICE_TAG,
		  "+ evidence[0] does not say its tags" },
		{ "[{" TYPED("device") "'tags':['a',{}]}]", ALERT_DEVICE_TAG,
		  "a + API field evidence[0].tags[1] is neither text nor "
		  "number" },
		{ "[" LAB ",{" TYPED("device") "'osPlatform':'Linux'}]",
		  ALERT_DEVICE_OS, "Windows11 + evidence[1] has another: "
		  "Linux" },
		{ "[" LAB ",{" TYPED("device") "'riskScore':'extreme'}]",
		  ALERT_DEVICE_RISK,
		  "low + evidence[1] does not say a risk that is known" },
		{ "[" LAB ",{" TYPED("device") "'riskScore':'high'}]",
		  ALERT_DEVICE_RISK, "high" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(read_of(arena_printf(arena, "{'id':'a','title':'t',"
			   "'evidence':%s}", cases[i].evidence), NULL,
			   cases[i].field), cases[i].want, "%s of %s",
		   alert_fields[cases[i].field].name, cases[i].evidence);
}

static void
test_members(void)
{
	static const struct {
		const char *record, *asked;
		enum alert_field field;
		const char *want;
	} cases[] = {
		/* what an alert of Graph always has */
		{ "{'id':'a','evidence':[],'severity':'low'}", NULL,
		  ALERT_SEVERITY, "low" },
		{ "{'id':'a','evidence':[]}", NULL, ALERT_SEVERITY,
		  "+ the API does not say severity" },
		{ "{'id':'a','evidence':[],'severity':{}}", NULL,
		  ALERT_SEVERITY,
		  "+ API field severity is neither text nor number" },
		{ "{'id':'a','evidence':[],'title':''}", NULL, ALERT_TITLE,
		  "+ the API does not say title" },
		{ "{'id':'a','evidence':[],'categories':[]}", NULL,
		  ALERT_CATEGORY, "" },
		{ "{'id':'a','evidence':[],'category':'X'}", NULL,
		  ALERT_CATEGORY, "X + the API does not list categories" },
		{ "{'id':'a','evidence':[],'categories':['X',null]}", NULL,
		  ALERT_CATEGORY, "X + API field categories[1] is neither "
		  "text nor number" },
		{ "{'id':'a','evidence':[],'categories':['X','']}", NULL,
		  ALERT_CATEGORY, "X + API field categories[1] is empty" },
		{ "{'id':'a','evidence':[],'categories':null}", NULL,
		  ALERT_CATEGORY, "+ the API does not list categories" },
		{ "{'id':'a','evidence':[],'actorDisplayName':null}", NULL,
		  ALERT_ACTOR, "" },

		/* what is an alert of Graph */
		{ "{'id':'a','title':null,'serviceSource':'x'}", NULL,
		  ALERT_ALERT, "a" },
		{ "{'id':'a','@odata.type':'microsoft.graph.security.alert'}",
		  NULL, ALERT_FORMAT, "graph" },
		{ "{'id':'a','@odata.type':'#microsoft.graph.security.alert'}",
		  NULL, ALERT_FORMAT, "graph" },
		{ "{'id':'a','@odata.type':'#microsoft.graph.alert'}", NULL,
		  ALERT_FORMAT, "the API sent a record that is no alert of "
		  "Graph or of Defender for Endpoint" },
		{ "{'id':'a'}", "graph", ALERT_FORMAT, "graph" },
		{ "{'id':'a'}", "endpoint", ALERT_FORMAT, "endpoint" },
		{ "{'id':'a'}", "incidents", ALERT_FORMAT, "the API sent a "
		  "record that is no alert of Graph or of Defender for "
		  "Endpoint" },
		{ "{'title':'t'}", "graph", ALERT_FORMAT,
		  "the API sent an alert without an id" },
		{ "{'id':'a','alertCreationTime':null}", "graph",
		  ALERT_FORMAT, "endpoint" },

		/* times as others write them */
		{ "{'id':'a','evidence':[],'createdDateTime':"
		  "'2026-11-20 02:11:09 +0000'}", NULL, ALERT_CREATED,
		  "2026-11-20T02:11:09Z" },
		{ "{'id':'a','evidence':[],'createdDateTime':"
		  "'11/23/2026 2:11:09 AM'}", NULL, ALERT_CREATED,
		  "2026-11-23T02:11:09Z" },
		{ "{'id':'a','evidence':[],'createdDateTime':"
		  "'0001-01-01T00:00:00Z'}", NULL, ALERT_CREATED,
		  "+ API field createdDateTime is no time" },

		/* links lead to portals */
		{ "{'id':'a','evidence':[],'alertWebUrl':"
		  "'https://security.microsoft.com/alerts/a?tid=x'}", NULL,
		  ALERT_ALERT_URL,
		  "https://security.microsoft.com/alerts/a?tid=x" },
		{ "{'id':'a','evidence':[],'alertWebUrl':"
		  "'https://security.microsoft.com.evil.example/a'}", NULL,
		  ALERT_ALERT_URL, "+ API field alertWebUrl is no link to a "
		  "known portal: https://security.microsoft.com.evil.example/a"
		},
		{ "{'id':'a','evidence':[],'incidentWebUrl':"
		  "'javascript:alert(1)'}", NULL, ALERT_INCIDENT_URL,
		  "+ API field incidentWebUrl is no link to a known portal: "
		  "javascript:alert(1)" },
		{ "{'id':'a','evidence':[],'alertWebUrl':'https://evil.example/"
		  "?tid=72f988bf-86f1-41af-91ab-2d7cd011db47'}", NULL,
		  ALERT_TENANT, "" },

		/* Defender for Endpoint */
		{ ENDPOINT_ALERT "'computerDnsName':null}", NULL,
		  ALERT_DEVICE, "+ the API does not say computerDnsName" },
		{ ENDPOINT_ALERT "'rbacGroupName':null}", NULL,
		  ALERT_DEVICE_GROUP, "+ the API does not say rbacGroupName" },
		{ ENDPOINT_ALERT "'evidence':[{'entityType':'Process',"
		  "'accountName':'kari','domainName':'X'}]}", NULL,
		  ALERT_USER, "X\\kari" },
		{ ENDPOINT_ALERT "'evidence':[{'entityType':'File',"
		  "'accountName':null}]}", NULL, ALERT_USER, "" },
		{ ENDPOINT_ALERT "'evidence':[{'entityType':'User'}]}", NULL,
		  ALERT_USER, "+ evidence[0] is a user without a name" },
		{ ENDPOINT_ALERT "'evidence':[{'a':'b'}]}", NULL, ALERT_USER,
		  "+ evidence[0] is of a type that nobody knows" },
		{ ENDPOINT_ALERT "'category':'null'}", NULL, ALERT_CATEGORY,
		  "" },
		{ ENDPOINT_ALERT "'category':null}", NULL, ALERT_CATEGORY,
		  "+ the API does not say category" },
		{ ENDPOINT_ALERT "'evidence':null}", NULL, ALERT_USER,
		  "+ evidence is no list" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(read_of(cases[i].record, cases[i].asked, cases[i].field),
		   cases[i].want, "%s of %s%s%s",
		   alert_fields[cases[i].field].name, cases[i].record,
		   cases[i].asked ? ", asked of " : "",
		   cases[i].asked ? cases[i].asked : "");
}

static size_t
name_length(int octets)
{
	static const char record[] = GRAPH "\"status\":\"new\"}";
	struct buf text = BUF_INIT, error = BUF_INIT;
	struct json *json = json_parse(record, strlen(record), &error);
	struct normalize_record input = {
		.customers = customers, .record = { .json = json },
	};
	size_t length;

	while (octets--)
		buf_putc(&text, 'x');
	input.record.incident_name = text.data;
	length = strlen(normalize_record(&input, arena, &error)->incident_name);
	json_destroy(&json);
	buf_release(&text);
	buf_release(&error);
	return length;
}

static void
test_name(void)
{
	is_int((long long)name_length(200), 200,
	       "the name of an incident has up to 200 octets");
	is_int((long long)name_length(201), 203,
	       "of a longer one that many are kept");
}

int
main(void)
{
	struct diag *diag;

	arena = arena_create();
	diag = diag_create(arena);
	customers = customers_load(arena, &conf_load_text(arena, "t", "", diag)
				   ->nodes, diag);
	formats = formats_load(arena, &conf_load_text(arena, "f",
			       "portal security.microsoft.com", diag)->nodes,
			       diag);
	test_evidence();
	test_members();
	test_many();
	test_texts();
	test_deep();
	test_name();
	arena_destroy(&arena);
	return tap_done();
}
