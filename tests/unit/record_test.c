/* Records of APIs that are larger than any real one. */
#include "base/bug.h"
#include "conf/conf.h"
#include "normalize/record.h"

#include "tap.h"

static struct arena *arena;
static const struct customers *customers;

/* Does the alert of this record have the field? */
static bool
gives(const char *text, enum alert_field field)
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
	json_destroy(&json);
	buf_release(&error);
	return known;
}

#define GRAPH "{\"id\":\"a\",\"title\":\"t\",\"createdDateTime\":" \
	"\"2026-11-22T12:00:00Z\","
#define ENDPOINT "{\"id\":\"a\",\"alertCreationTime\":" \
	"\"2026-11-22T12:00:00Z\","

/* Is `last` read behind so many times `one`? */
static bool
is_read(const char *begin, const char *one, int times, const char *last,
	enum alert_field field)
{
	struct buf text = BUF_INIT;
	bool found;

	buf_puts(&text, begin);
	while (times--)
		buf_puts(&text, one);
	buf_printf(&text, "%s]}", last);
	found = gives(text.data, field);
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
		{ GRAPH "\"categories\":[", "null,", "\"c\"", ALERT_CATEGORY,
		  "texts of Graph" },
		{ GRAPH "\"evidence\":[", "{},", "{\"@odata.type\":"
		  "\"#microsoft.graph.security.deviceEvidence\","
		  "\"deviceDnsName\":\"d\"}", ALERT_DEVICE,
		  "evidences of Graph" },
		{ GRAPH "\"evidence\":[", "{},", "{\"riskScore\":\"high\"}",
		  ALERT_DEVICE_RISK, "risks of Graph" },
		{ ENDPOINT "\"evidence\":[", "{},", "{\"entityType\":"
		  "\"User\",\"accountName\":\"u\"}", ALERT_USER,
		  "evidences of Defender for Endpoint" },
	};
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		ok(is_read(lists[i].begin, lists[i].one, 1999, lists[i].last,
			   lists[i].field), "2000 %s are read", lists[i].name);
		ok(!is_read(lists[i].begin, lists[i].one, 2000, lists[i].last,
			    lists[i].field), "and not more");
	}
}

/* Is a device read that is so many objects deep in an evidence? */
static bool
is_read_at(int depth)
{
	struct buf text = BUF_INIT;
	bool found;
	int i;

	buf_puts(&text, GRAPH "\"evidence\":[");
	for (i = 0; i < depth; i++)
		buf_puts(&text, "{\"inner\":");
	buf_puts(&text, "{\"@odata.type\":\"#microsoft.graph.security."
		 "deviceEvidence\",\"deviceDnsName\":\"d\"}");
	for (i = 0; i < depth; i++)
		buf_putc(&text, '}');
	buf_puts(&text, "]}");
	found = gives(text.data, ALERT_DEVICE);
	buf_release(&text);
	return found;
}

static void
test_deep(void)
{
	ok(is_read_at(4), "an evidence is read six deep, its list counted");
	ok(!is_read_at(5), "and no deeper");
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
	test_many();
	test_deep();
	test_name();
	arena_destroy(&arena);
	return tap_done();
}
