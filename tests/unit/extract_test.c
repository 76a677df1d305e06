/* Rows, subject and links to fields, with formats small enough to see. */
#include "tap.h"

#include "conf/conf.h"
#include "normalize/extract.h"

#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define OTHER "5d1f3c2a-9b64-4e0a-8f57-0a7c2e91b3d6"
#define PORTAL "https://security.microsoft.com/"

static const char rules[] =
	"format flat \"Flat\" { from f@x.example  subject \"flat\"\n"
	"	label title \"Vulnerability Name\"\n"
	"	label severity \"Severity\"\n"
	"	label description \"CVSS\"  expect title, severity }\n"
	"format policy \"Policy\" { from p@x.example\n"
	"	subject \"{severity}-severity alert: {title}\"\n"
	"	text \"alert has been triggered\"\n"
	"	label description \"Activity\"\n"
	"	set product \"P\"  set category A, B\n"
	"	link \"https://{portal}/page/{*}\"\n"
	"	expect title, severity }\n"
	"format policy-2 \"Policy\" { from p@x.example  text \"second\" }\n"
	"format body \"Body\" { text \"known by its body\" }\n"
	"format ends \"Ends\" { from e@x.example  subject \"begin {title} end\""
	" }\n"
	"format family \"Family\" { from p@x.example }\n"
	"label title \"Title\"  label severity \"Severity\", \"Gravité\"\n"
	"label device \"Device\"  label user \"User\"  label created \"Time\"\n"
	"label category \"Category\"  label description \"Description\"\n"
	"label incident \"Incident ID\"  label alert \"Alert ID\"\n"
	"label tenant \"Tenant\"  label organization \"Organization\"\n"
	"label alert-url \"Portal Link\"\n"
	"alias severity medium \"Medium\", \"中\"\n"
	"alias severity high \"Élevé\"\n"
	"ignore \"From\"\n"
	"portal security.microsoft.com\n"
	"link \"https://{portal}/alerts/{alert}\",\n"
	"     \"https://{portal}/incidents/{incident}\",\n"
	"     \"https://{portal}/machines/{device}\",\n"
	"     \"https://{portal}/{*}?tid={tenant}\"\n";

static struct arena *arena;
static struct formats *formats;

static struct message *
mail(const char *from, const char *subject)
{
	struct message *message = message_create(arena);
	struct message_address author = { "", from };

	vec_push(arena, &message->from, author);
	message->subject = subject;
	return message;
}

static void
row(struct message *message, const char *label, const char *value)
{
	vec_push(arena, &message->rows,
		 ((struct message_row){ ROW_TABLE, label, value, "",
				       false }));
}

static void
line(struct message *message, const char *label, const char *value)
{
	vec_push(arena, &message->rows,
		 ((struct message_row){ ROW_LINE, label, value, "",
				       false }));
}

static void
hidden_row(struct message *message, const char *label, const char *value)
{
	vec_push(arena, &message->rows,
		 ((struct message_row){ ROW_TABLE, label, value, "",
				       true }));
}

static void
link(struct message *message, const char *url, bool hidden)
{
	vec_push(arena, &message->links,
		 ((struct message_link){ url, "", hidden }));
}

static struct extraction
run(const struct message *message)
{
	struct recognition recognition = recognise(formats, arena, message);
	struct extraction extraction = { .alert = alert_create(arena) };

	extract(&extraction, formats, &recognition, message);
	return extraction;
}

/* All values of a field with "|" between, or NULL. */
static const char *
values(const struct extraction *extraction, enum alert_field field)
{
	const struct alert_values *all = &extraction->alert->fields[field];
	const char *text = NULL;
	size_t i;

	for (i = 0; i < all->count; i++)
		text = text ? arena_printf(arena, "%s|%s", text,
					   all->items[i].text) :
			      all->items[i].text;
	return text;
}

static const char *
doubts(const struct extraction *extraction)
{
	const struct alert_doubts *all = &extraction->alert->doubts;

	return all->count ? all->items[0].text : NULL;
}

static const char *
source(const struct extraction *extraction, enum alert_field field)
{
	const struct alert_values *all = &extraction->alert->fields[field];

	return all->count ? all->items[0].source : NULL;
}

/* One row of one mail. */
static const struct {
	const char *label, *value;
	enum alert_field field;
	const char *want, *source;
} rows[] = {
	{ "Severity", "\xE2\x97\x8F Medium", ALERT_SEVERITY, "medium",
	  "label 'Severity'" },
	{ "SEVERITY\xC2\xA0:", "High", ALERT_SEVERITY, "high",
	  "label 'SEVERITY\xC2\xA0:'" },
	{ "gravité", "ÉLEVÉ", ALERT_SEVERITY, "high", "label 'gravité'" },
	{ "Severity", "Apocalyptic", ALERT_SEVERITY, "apocalyptic",
	  "label 'Severity'" },
	{ "Severity", "\xE2\x97\x8F", ALERT_SEVERITY, NULL, NULL },
	{ "Device", "a.x.example, b.x.example;c", ALERT_DEVICE,
	  "a.x.example|b.x.example|c", "label 'Device'" },
	{ "Device", "a.x.example b.x.example", ALERT_DEVICE,
	  "a.x.example|b.x.example", "label 'Device'" },
	{ "Device", "the machine", ALERT_DEVICE, "the machine",
	  "label 'Device'" },
	{ "User", "Doe, Jane", ALERT_USER, "Doe, Jane", "label 'User'" },
	{ "User", "Doe, Jane; Roe, Max", ALERT_USER, "Doe, Jane|Roe, Max",
	  "label 'User'" },
	{ "User", "a@x.example, X\\b", ALERT_USER, "a@x.example|X\\b",
	  "label 'User'" },
	{ "Category", "Execution, Persistence", ALERT_CATEGORY,
	  "Execution|Persistence", "label 'Category'" },
	{ "Time", "1/23/2017 11:04:48 AM UTC", ALERT_CREATED,
	  "2017-01-23T11:04:48Z", "label 'Time'" },
	{ "Time", "tomorrow", ALERT_CREATED, NULL, NULL },
	{ "Incident ID", "#924565", ALERT_INCIDENT, "924565",
	  "label 'Incident ID'" },
	{ "Incident ID", "the big one", ALERT_INCIDENT, NULL, NULL },
	{ "Alert ID", "da637551227677560813_-961444813", ALERT_ALERT,
	  "da637551227677560813_-961444813", "label 'Alert ID'" },
	{ "Portal Link", "https:/security.microsoft.com/alerts/1_-1",
	  ALERT_ALERT_URL, PORTAL "alerts/1_-1", "link " PORTAL "alerts/1_-1" },
	{ "Portal Link", "https://evil.example/alerts/1_-1", ALERT_ALERT_URL,
	  NULL, NULL },
	{ "Description", "a\xE2\x80\xAE" "b", ALERT_DESCRIPTION,
	  "a\xE2\x80\xAE" "b", "label 'Description'" },
	{ "Title", "a\xE2\x80\xAE" "b\r\nBcc: c", ALERT_TITLE, "a b Bcc: c",
	  "label 'Title'" },
	{ "Whatever", "x", ALERT_TITLE, NULL, NULL },
};

static void
test_rows(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct message *message = mail("p@x.example", "?");
		struct extraction got;

		row(message, rows[i].label, rows[i].value);
		got = run(message);
		is(values(&got, rows[i].field), rows[i].want,
		   "a row becomes %s (%zu)", alert_fields[rows[i].field].name,
		   i);
		is(source(&got, rows[i].field), rows[i].source,
		   "  and remembers where it stood");
	}
}

static void
test_order(void)
{
	struct message *message = mail("p@x.example", "?");
	struct extraction got;

	row(message, "Device", "d");
	row(message, "Severity", "High");
	row(message, "From", "x");
	row(message, "Investigation state", "Queued");
	line(message, "investigation state", "Running");
	line(message, "I would like to say one thing", "no label");
	row(message, "Title", "t");
	got = run(message);
	is(values(&got, ALERT_TITLE), "t", "the order of rows is free");
	is(values(&got, ALERT_SEVERITY), "high", "so it is");
	is(doubts(&got), NULL, "nothing is doubtful");
	is_int((long long)got.unknown.count, 1, "one label is not known");
	is(got.unknown.items[0].label, "Investigation state", "this one");
	is(got.unknown.items[0].value, "Queued", "with its value");
}

static void
test_disagreement(void)
{
	struct message *message = mail("p@x.example",
				       "Low-severity alert: The title");
	struct extraction got;

	row(message, "Title", "Another");
	got = run(message);
	is(values(&got, ALERT_TITLE), "The title", "the first value stays");
	is(doubts(&got), "title is 'The title' by subject, but 'Another' by "
	   "label 'Title'", "the second is a doubt");

	message = mail("p@x.example", "Low-severity alert: The title");
	row(message, "Severity", "High");
	row(message, "Severity", "Medium");
	got = run(message);
	is(values(&got, ALERT_SEVERITY), "high",
	   "of several severities the highest stays");
	is(source(&got, ALERT_SEVERITY), "label 'Severity'",
	   "with its own source");
	is(doubts(&got), "severity is 'low' by subject, but 'high' by label "
	   "'Severity'", "and it is a doubt");

	message = mail("p@x.example", "?");
	row(message, "Title", "Malware in the house of the neighbour");
	line(message, "Title", "Malware in the house");
	got = run(message);
	is(doubts(&got), NULL, "a value cut by a line end is no second one");
}

static void
test_hidden(void)
{
	struct message *message = mail("p@x.example", "?");
	struct extraction got;

	hidden_row(message, "Severity", "Low");
	hidden_row(message, "Title", "t");
	hidden_row(message, "Secret", "x");
	row(message, "Severity", "High");
	row(message, "Title", "T");
	link(message, PORTAL "incidents/1", false);
	link(message, PORTAL "incidents/2?tid=" TENANT, true);
	got = run(message);
	is(values(&got, ALERT_SEVERITY), "high", "a hidden row gives nothing");
	is(values(&got, ALERT_INCIDENT), "1", "nor does a hidden link");
	is(doubts(&got), "hidden in the mail: incident '2' (link " PORTAL
	   "incidents/2?tid=" TENANT ")", "what differs is a doubt");
	is_int((long long)got.alert->doubts.count, 3,
	       "id, severity and address differ, the title does not");
	is_int((long long)got.evidences.tenants.count, 1,
	       "a hidden tenant is evidence all the same");
	is_int((long long)got.unknown.count, 0,
	       "a hidden label is no news of the format");
}

static void
test_links(void)
{
	struct message *message = mail("p@x.example", "?");
	struct extraction got;

	link(message, "https://go.microsoft.com/fwlink/?LinkId=1", false);
	link(message, PORTAL "alerts/1_1?tid=" TENANT, false);
	link(message, PORTAL "alerts/1_1", false);
	link(message, PORTAL "machines/"
	     "0123456789abcdef0123456789abcdef01234567", false);
	got = run(message);
	is(values(&got, ALERT_ALERT), "1_1", "a link of the portal has an id");
	is(values(&got, ALERT_ALERT_URL), PORTAL "alerts/1_1?tid=" TENANT,
	   "the first of its links is kept whole");
	is_int((long long)got.evidences.tenants.count, 1, "and has a tenant");
	is(values(&got, ALERT_DEVICE), NULL, "a device id is no device name");

	link(message, PORTAL "alerts/2_2", false);
	got = run(message);
	is(values(&got, ALERT_ALERT), NULL,
	   "of several alerts none is the alert of the mail");
	is(values(&got, ALERT_ALERT_URL), PORTAL "alerts/1_1?tid=" TENANT,
	   "but a link to the first one is kept");

	message = mail("p@x.example", "Low-severity alert: x");
	link(message, PORTAL "page/9", false);
	got = run(message);
	is(values(&got, ALERT_ALERT_URL), PORTAL "page/9",
	   "a page that the format names is better than no link");

	message = mail("p@x.example", "?");
	message->text = "See <" PORTAL "incidents/7?tid=" TENANT "> or\n"
		"https:/security.microsoft.com/alerts/8_8.\n";
	got = run(message);
	is(values(&got, ALERT_INCIDENT), "7",
	   "a link in a text part is found");
	is_int((long long)got.evidences.tenants.count, 1,
	       "with the tenant in it");
}

static void
test_constants(void)
{
	struct message *message = mail("p@x.example", "Low-severity alert: x");
	struct extraction got = run(message);

	is(values(&got, ALERT_PRODUCT), "P", "a constant is set");
	is(source(&got, ALERT_PRODUCT), "format policy", "and says by whom");
	is(values(&got, ALERT_CATEGORY), "A|B", "it may have several values");
	row(message, "Category", "C");
	got = run(message);
	is(values(&got, ALERT_CATEGORY), "C", "unless the mail says it");
}

static void
test_description(void)
{
	struct message *message = mail("p@x.example", "Low-severity alert: x");
	struct extraction got;

	row(message, "Description", "What happened.");
	row(message, "Activity", "Mail was sent");
	line(message, "Activity", "Mail was sent");
	got = run(message);
	is(values(&got, ALERT_DESCRIPTION),
	   "What happened.\nActivity: Mail was sent",
	   "a description may have several rows");
}

static void
test_flat(void)
{
	struct message *message = mail("f@x.example", "flat");
	struct extraction got;

	message->text = "Hello,\nVulnerability Name CVE-2026-1 Severity High "
		"CVSS 7.8\nBye\n";
	got = run(message);
	is(values(&got, ALERT_TITLE), "CVE-2026-1",
	   "a table that became one line is read");
	is(values(&got, ALERT_SEVERITY), "high", "label by label");
	is(values(&got, ALERT_DESCRIPTION), "CVSS: 7.8", "to its end");

	message->text = "Severity is a word, and so is severity\n";
	got = run(message);
	is(values(&got, ALERT_SEVERITY), NULL,
	   "prose that begins with a label is no table");
}

static const struct {
	const char *name, *from, *subject, *text, *format, *source;
} recognitions[] = {
	{ "From and subject", "P@X.example", "LOW-severity alert: x", "",
	  "policy", "header From and subject" },
	{ "From and text", "p@x.example", "?", "An alert has\nbeen triggered",
	  "policy", "header From and text" },
	{ "From and the text of another format", "p@x.example", "?", "Second",
	  "policy-2", "header From and text" },
	{ "a subject of anybody", "who@y.example", "Low-severity alert: x", "",
	  "policy", "subject" },
	{ "a known From and a strange subject", "p@x.example", "?", "",
	  "family", "header From" },
	{ "a known From before a body that anybody could write", "p@x.example",
	  "?", "known by its body", "family", "header From" },
	{ "a body whose subject nobody knows", "who@y.example", "?",
	  "Known by its body", "body", "text" },
	{ "a phrase that only counts with its From", "who@y.example", "?",
	  "alert has been triggered", "generic", "nothing that is known" },
	{ "an address that ends like a known one", "p@x.example.evil.example",
	  "?", "", "generic", "nothing that is known" },
	{ "nothing at all", "", "", "", "generic", "nothing that is known" },
};

static void
test_recognition(void)
{
	size_t i;

	for (i = 0; i < sizeof(recognitions) / sizeof(*recognitions); i++) {
		struct message *message = mail(recognitions[i].from,
					       recognitions[i].subject);
		struct recognition got;

		message->text = recognitions[i].text;
		got = recognise(formats, arena, message);
		is(got.format->name, recognitions[i].format, "%s",
		   recognitions[i].name);
		is(got.source, recognitions[i].source, "  by that");
	}
}

/* A hostile mail is large in every way. */
static void
test_sizes(void)
{
	struct message *message = mail("p@x.example", "?");
	char *long_text = memset(arena_alloc(arena, 200001), 'x', 200000);
	struct extraction got;
	int i;

	row(message, "Title", long_text);
	for (i = 0; i < 20000; i++) {
		const char *text = arena_printf(arena, "%d", i);

		row(message, text, text);
		row(message, "Device", text);
		link(message, arena_printf(arena, PORTAL "alerts/%d", i),
		     false);
	}
	got = run(message);
	ok(strlen(values(&got, ALERT_TITLE)) < 1100, "a long title is cut");
	ok(got.alert->fields[ALERT_DEVICE].count <= 1000,
	   "devices are not without end");
	ok(got.alert->fields[ALERT_DEVICE].incomplete,
	   "and that there are more is known");
	ok(got.unknown.count <= 50, "nor are unknown labels");
	message = mail("p@x.example", "?");
	row(message, "Device", "lab-1");
	vec_push(arena, &message->limits, "too many rows");
	got = run(message);
	is(got.alert->fields[ALERT_DEVICE].incomplete, "too many rows",
	   "a mail that was cut may name more devices");
	is(got.alert->fields[ALERT_SEVERITY].incomplete, "too many rows",
	   "and whatever else");
	message = mail("p@x.example", long_text);
	got = run(message);
	ok(true, "a subject of 200 KB is survived");
}

static const char *
text_of(int octets)
{
	const char *x = memset(arena_alloc(arena, 300001), 'x', 300000);

	return arena_printf(arena, "%.*s", octets, x);
}

static size_t
length_of(const char *label, const char *value, enum alert_field field)
{
	struct message *message = mail("p@x.example", "?");
	struct extraction got;

	row(message, label, value);
	got = run(message);
	return strlen(values(&got, field));
}

/* What is cut of one value, with "..." behind it. */
static void
test_long_values(void)
{
	struct message *message = mail("p@x.example", "?");
	struct extraction got;

	is_int((long long)length_of("Title", text_of(1000), ALERT_TITLE), 1000,
	       "a title has up to 1000 octets");
	is_int((long long)length_of("Title", text_of(1001), ALERT_TITLE), 1003,
	       "of a longer one that many are kept");
	is_int((long long)length_of("Description", text_of(16383),
				    ALERT_DESCRIPTION), 16383,
	       "a description has up to 16 KiB, with a line end");
	is_int((long long)length_of("Description", text_of(16384),
				    ALERT_DESCRIPTION), 16387,
	       "of a longer one that many are kept");
	row(message, text_of(200), text_of(201));
	row(message, text_of(201), text_of(200));
	got = run(message);
	is_int((long long)strlen(got.unknown.items[0].label), 200,
	       "of an unknown label 200 octets are shown");
	is_int((long long)strlen(got.unknown.items[0].value), 203,
	       "of its value as well");
	is_int((long long)strlen(got.unknown.items[1].label), 203,
	       "and not more");
}

/* How many there are at most. */
static void
test_many_values(void)
{
	struct message *message = mail("p@x.example", "?");
	const char *description;
	struct extraction got;
	int i, lines = 0;

	for (i = 0; i < 1000; i++) {
		row(message, arena_printf(arena, "Strange %d", i), "x");
		row(message, "Time", arena_printf(arena, "never %d", i));
		row(message, "Device", arena_printf(arena, "d%d", i));
		row(message, "Description", arena_printf(arena, "D%d", i));
	}
	got = run(message);
	is_int((long long)got.unknown.count, 50, "50 unknown labels are kept");
	is_int((long long)got.notes.count, 50, "50 notes");
	is_int((long long)got.alert->fields[ALERT_DEVICE].count, 900,
	       "900 devices");
	ok(got.alert->fields[ALERT_DEVICE].incomplete,
	   "and that there are more");
	for (description = values(&got, ALERT_DESCRIPTION); *description;
	     description++)
		lines += *description == '\n';
	is_int(lines + 1, 50, "50 rows of a description");
}

/* What is looked at: the title stands behind so many others. */
static const char *
title_behind(int above, int links, int lines)
{
	struct message *message = mail(lines ? "f@x.example" : "p@x.example",
				       lines ? "flat" : "?");
	struct buf text = BUF_INIT;
	struct extraction got;

	while (above--)
		row(message, "From", "x");
	row(message, "Title", "T");
	while (links--)
		link(message, "https://a.example/", false);
	link(message, PORTAL "incidents/7", false);
	while (lines-- > 1)
		buf_putc(&text, '\n');
	buf_puts(&text, "Vulnerability Name V Severity High");
	message->text = arena_strdup(arena, text.data);
	buf_release(&text);
	got = run(message);
	return arena_printf(arena, "%s %s", values(&got, ALERT_TITLE) ?
			    values(&got, ALERT_TITLE) : "none",
			    values(&got, ALERT_INCIDENT) ?
			    values(&got, ALERT_INCIDENT) : "none");
}

static void
test_far_behind(void)
{
	is(title_behind(4999, 0, 0), "T 7", "5000 rows are looked at");
	is(title_behind(5000, 0, 0), "none 7", "and not more");
	is(title_behind(0, 299, 0), "T 7", "300 links");
	is(title_behind(0, 300, 0), "T none", "and not more");
	is(title_behind(5000, 0, 500), "V 7", "500 lines of a flat table");
	is(title_behind(5000, 0, 501), "none 7", "and not more");
}

/* What a label may look like that no format knows. */
static void
test_strange_labels(void)
{
	static const struct { const char *label; int kept; } labels[] = {
		{ "one two three four five", 1 },
		{ "one two three four five six", 0 },
		{ "a-label-of-forty-eight-octets-which-is-the-most-x", 0 },
		{ "a-label-of-forty-eight-octets-which-is-the-most-", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		struct message *message = mail("p@x.example", "?");

		line(message, labels[i].label, "x");
		is_int((long long)run(message).unknown.count, labels[i].kept,
		       "'%s' in prose is %s label", labels[i].label,
		       labels[i].kept ? "a" : "no");
	}
}

static bool
is_known_by(const char *from, const char *subject, const char *text,
	    const char *format)
{
	struct message *message = mail(from, subject);

	message->text = text;
	return !strcmp(recognise(formats, arena, message).format->name,
		       format);
}

static void
test_recognised_within(void)
{
	static const char phrase[] = "known by its body";
	int before = (256 << 10) - (int)strlen(phrase);

	ok(is_known_by("who@y.example", arena_printf(arena, "begin %s end",
		       text_of(1990)), "", "ends"),
	   "a subject has up to 2000 octets");
	ok(!is_known_by("who@y.example", arena_printf(arena, "begin %s end",
			text_of(1991)), "", "ends"), "and not more");
	ok(is_known_by("who@y.example", "?", arena_printf(arena, "%s %s",
		       text_of(before - 1), phrase), "body"),
	   "a phrase is looked for in 256 KiB");
	ok(!is_known_by("who@y.example", "?", arena_printf(arena, "%s %s",
			text_of(before), phrase), "body"), "and not behind");
}

int
main(void)
{
	struct diag *diag;

	arena = arena_create();
	diag = diag_create(arena);
	formats = formats_load(arena, &conf_load_text(arena, "t", rules, diag)
			       ->nodes, diag);
	ok(!diag_errors(diag), "the formats of this test make sense");
	test_rows();
	test_order();
	test_disagreement();
	test_hidden();
	test_links();
	test_constants();
	test_description();
	test_flat();
	test_recognition();
	test_sizes();
	test_long_values();
	test_many_values();
	test_far_behind();
	test_strange_labels();
	test_recognised_within();
	arena_destroy(&arena);
	return tap_done();
}
