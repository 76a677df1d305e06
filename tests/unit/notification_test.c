#include "render/notification.h"

#include "base/file.h"

#include "tap.h"

static struct arena *arena;
static const struct words *english;
static struct languages *languages;

static struct notification
sample(void)
{
	return (struct notification){
		.alert = alert_create(arena), .customer = "Contoso GmbH",
		.rule = "nights", .code = "4q8z0m1k2p", .words = english,
		.zone = zone_utc(),
	};
}

static void
put(struct notification *notification, enum alert_field field,
    const char *text)
{
	alert_add((struct alert *)notification->alert, field, text, "test");
}

/* What {{name}} and {{name.name}} give. */
static const char *
shown(const struct notification *notification, const char *name)
{
	const struct value *value = notification_value(arena, notification);
	struct buf out = BUF_INIT;
	const char *text;

	while (value && *name) {
		size_t length = strcspn(name, ".");

		value = value_find(value, name, length);
		name += length + (name[length] == '.');
	}
	if (!value)
		return NULL;
	value_print(value, &out);
	text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}

static bool
is_shown_true(const struct notification *notification, const char *name)
{
	struct value *value = notification_value(arena, notification);

	return value_is_true(value_find(value, name, strlen(name)));
}

static void
test_names(void)
{
	struct value *shape = notification_shape(arena, english);
	struct notification empty = sample();
	struct value *value = notification_value(arena, &empty);
	const char *const *name;
	int field, lacking = 0;

	for (field = 0; field < ALERT_FIELDS; field++)
		ok(value_is_true(value_find(shape, alert_fields[field].name,
				strlen(alert_fields[field].name))),
		   "a template sees %s", alert_fields[field].name);
	for (name = value_names(arena, shape); *name; name++)
		if (!value_find(value, *name, strlen(*name)))
			lacking++;
	is_int(lacking, 0, "an alert without anything has the same names");
}

/* tocsin-templates(5) is the promise to whoever writes templates. */
static void
test_manual(void)
{
	struct value *shape = notification_shape(arena, english);
	struct buf manual = BUF_INIT, error = BUF_INIT;
	const char *const *name;

	if (file_read("man/tocsin-templates.5", 1 << 20, &manual, &error) !=
	    OUTCOME_OK)
		printf("Bail out! %s\n", error.data);
	for (name = value_names(arena, shape); *name; name++) {
		const char *at = manual.data;
		size_t length = strlen(*name);

		while ((at = strstr(at, *name)) != NULL &&
		       (at[-1] != ' ' || !strchr(" \n", at[length])))
			at += length;
		ok(at, "the manual names %s", *name);
	}
	buf_release(&manual);
	buf_release(&error);
}

static void
test_severity(void)
{
	static const struct { const char *severity, *language, *word; }
	cases[] = {
		{ "high", "en", "High" }, { "high", "de", "Hoch" },
		{ "critical", "ja", "重大" }, { "low", "pt-BR", "Baixa" },
		{ "informational", "zh-CN", "信息" },
		{ NULL, "en", "Severity unknown" },
		{ "unknown", "fr", "Gravité inconnue" },
		{ "catastrophic", "en", "catastrophic" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct notification n = sample();

		n.words = words_choose(languages, cases[i].language);
		if (cases[i].severity)
			put(&n, ALERT_SEVERITY, cases[i].severity);
		is(shown(&n, "severity-word"), cases[i].word,
		   "severity %s in %s", cases[i].severity ? cases[i].severity :
		   "not known", cases[i].language);
	}
}

static void
test_time(void)
{
	struct notification n = sample();
	struct buf error = BUF_INIT;

	ok(!is_shown_true(&n, "time"), "an alert without a time has none");
	put(&n, ALERT_UPDATED, "2026-07-01T10:00:00Z");
	is(shown(&n, "time"), "Wed 1 Jul 2026, 10:00 UTC",
	   "any time is better than none");
	put(&n, ALERT_CREATED, "2026-07-01T09:00:00Z");
	is(shown(&n, "time"), "Wed 1 Jul 2026, 09:00 UTC",
	   "the time of an alert is when it was created");
	n.zone = zone_find("Europe/Paris", &error);
	if (!ok(n.zone, "(the zone of the test)%s", error.data))
		n.zone = zone_utc();
	is(shown(&n, "created-local"), "Wed 1 Jul 2026, 11:00 CEST",
	   "times are in the reader's zone");
	is(shown(&n, "created"), "2026-07-01T09:00:00Z",
	   "the record's own form is there, too");
	is(shown(&n, "zone"), "Europe/Paris", "the zone has its name");
	put(&n, ALERT_LAST_ACTIVITY, "some day");
	is(shown(&n, "last-activity-local"), "some day",
	   "what is no time is shown as it came");
	buf_release(&error);
}

#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"

static void
test_link(void)
{
	static const struct {
		const char *name, *alert_url, *incident_url, *tenant, *alert,
			*incident, *want;
	} cases[] = {
		{ "a link with its tenant stays",
		  "https://security.microsoft.com/alerts/da1?tid=" TENANT,
		  NULL, TENANT, NULL, NULL,
		  "https://security.microsoft.com/alerts/da1?tid=" TENANT },
		{ "a link without a tenant gets it",
		  "https://security.microsoft.us/alerts/da1", NULL, TENANT,
		  NULL, NULL,
		  "https://security.microsoft.us/alerts/da1?tid=" TENANT },
		{ "behind what it asks already, before its fragment",
		  "https://security.microsoft.com/v?id=1#top", NULL, TENANT,
		  NULL, NULL,
		  "https://security.microsoft.com/v?id=1&tid=" TENANT "#top" },
		{ "the incident's link serves when there is no alert's", NULL,
		  "https://security.microsoft.com/incidents/7", TENANT, NULL,
		  NULL,
		  "https://security.microsoft.com/incidents/7?tid=" TENANT },
		{ "without a link one is made from the alert's id", NULL,
		  NULL, TENANT, "da637_-1", "7",
		  "https://security.microsoft.com/alerts/da637_-1?tid="
		  TENANT },
		{ "or from the incident's", NULL, NULL, TENANT, "no/id", "7",
		  "https://security.microsoft.com/incident2/7/overview?tid="
		  TENANT },
		{ "or it leads to the tenant's portal", NULL, NULL, TENANT,
		  NULL, NULL, "https://security.microsoft.com/?tid=" TENANT },
		{ "without a tenant a link is left as it is",
		  "https://security.microsoft.com/alerts/da1", NULL, NULL,
		  NULL, NULL, "https://security.microsoft.com/alerts/da1" },
		{ "without a tenant no link is made", NULL, NULL, NULL,
		  "da1", "7", NULL },
		{ "http is no link", "http://security.microsoft.com/", NULL,
		  NULL, NULL, NULL, NULL },
		{ "javascript is no link", "javascript:alert(1)", NULL, NULL,
		  NULL, NULL, NULL },
		{ "a quote is no part of a link",
		  "https://a.example/\"onclick=\"x", NULL, NULL, NULL, NULL,
		  NULL },
		{ "nor is a blank", "https://a.example/ x", NULL, NULL, NULL,
		  NULL, NULL },
		{ "a tenant that is no GUID stays out of links",
		  "https://a.example/", NULL, "contoso.example", NULL, NULL,
		  "https://a.example/" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct notification n = sample();

		if (cases[i].alert_url)
			put(&n, ALERT_ALERT_URL, cases[i].alert_url);
		if (cases[i].incident_url)
			put(&n, ALERT_INCIDENT_URL, cases[i].incident_url);
		if (cases[i].alert)
			put(&n, ALERT_ALERT, cases[i].alert);
		if (cases[i].incident)
			put(&n, ALERT_INCIDENT, cases[i].incident);
		n.tenant = cases[i].tenant;
		is(notification_link(arena, &n), cases[i].want, "%s",
		   cases[i].name);
	}
}

static void
test_devices(void)
{
	static const struct { const char *device, *want; } cases[] = {
		{ "dc01.corp.example", "dc01" }, { "laptop", "laptop" },
		{ "10.0.0.7", "10.0.0.7" }, { "fe80::1", "fe80::1" },
		{ "../../etc/passwd", "../../etc/passwd" },
	};
	struct notification many = sample();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct notification n = sample();

		put(&n, ALERT_DEVICE, cases[i].device);
		is(shown(&n, "device-short"), cases[i].want,
		   "%s in a subject", cases[i].device);
	}
	for (i = 0; i < 100; i++)
		put(&many, ALERT_USER, arena_printf(arena, "u%zu", i));
	is(shown(&many, "user"), "u0, u1, u2, u3, u4, u5, u6, u7, u8, u9",
	   "a long list is cut");
	is(shown(&many, "user-more"), "90", "and how much is known");
	is(shown(&many, "user-text"),
	   "u0, u1, u2, u3, u4, u5, u6, u7, u8, u9, +90",
	   "on one line, too");
	ok(!is_shown_true(&many, "device-text"), "no devices are no text");
}

static void
test_authentic(void)
{
	static const struct { const char *intake, *authentic; bool doubted; }
	cases[] = {
		{ "mail", "pass", false }, { "mail", "fail", true },
		{ "mail", "none", true }, { "mail", NULL, true },
		{ NULL, NULL, true }, { "api", NULL, false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct notification n = sample();

		if (cases[i].intake)
			put(&n, ALERT_INTAKE, cases[i].intake);
		if (cases[i].authentic)
			put(&n, ALERT_AUTHENTIC, cases[i].authentic);
		ok(is_shown_true(&n, "unverified") == cases[i].doubted,
		   "%s with result %s is %s",
		   cases[i].intake ? cases[i].intake : "nothing",
		   cases[i].authentic ? cases[i].authentic : "none",
		   cases[i].doubted ? "marked" : "believed");
	}
}

static void
test_missing(void)
{
	struct notification n = sample();

	is(shown(&n, "missing"), "Title, Severity, Device, Time",
	   "what is missing is said");
	put(&n, ALERT_USER, "ana@contoso.example");
	is(shown(&n, "missing"), "Title, Severity, Time",
	   "who has the account misses no device");
	n.words = words_choose(languages, "zh-CN");
	is(shown(&n, "missing"), "标题、严重性、时间",
	   "a list is written as the language does");
	n.words = english;
	is(shown(&n, "headline"), "Microsoft Defender alert",
	   "an alert without a title has a headline");
	put(&n, ALERT_CATEGORY, "Malware");
	is(shown(&n, "headline"), "Malware", "the category is a better one");
	put(&n, ALERT_TITLE, "Bad thing");
	put(&n, ALERT_SEVERITY, "low");
	put(&n, ALERT_DEVICE, "pc");
	put(&n, ALERT_CREATED, "2026-07-01T09:00:00Z");
	ok(!is_shown_true(&n, "missing"), "nothing is missing from all");
	is(shown(&n, "headline"), "Bad thing", "the title is the headline");
	n.customer = NULL;
	is(shown(&n, "customer-name"), "Customer unknown",
	   "nobody's alert says so");
	put(&n, ALERT_ORGANIZATION, "Some Ltd");
	is(shown(&n, "customer-name"), "Customer unknown (Some Ltd)",
	   "and what it claims");
}

/* "40: a, b, c, d, e +35" */
static const char *
first_screen(const struct notification *n)
{
	return arena_printf(arena, "%s: %s +%s%s", shown(n, "device-count"),
			    shown(n, "device-brief"),
			    shown(n, "device-brief-more"),
			    is_shown_true(n, "device-many") ? "" : " one");
}

static void
test_first_screen(void)
{
	struct notification one = sample(), many = sample();
	int i;

	put(&one, ALERT_DEVICE, "dc01.contoso.example");
	is(first_screen(&one), "1: dc01 + one", "one device has its short name");
	is(shown(&one, "device-long"), "dc01.contoso.example",
	   "and its whole one");
	for (i = 0; i < 40; i++)
		put(&many, ALERT_DEVICE, arena_printf(arena,
				"ws-%d.contoso.example", i));
	is(first_screen(&many), "40: ws-0, ws-1, ws-2, ws-3, ws-4 +35",
	   "many are counted first, and five are named");
	is(shown(&many, "device-others"), "39", "a subject says how many more");
	ok(!is_shown_true(&many, "device-long"), "their whole names stand "
	   "below");
}

/* What tells nobody anything is not shown, whoever asks for it. */
static void
test_nothing(void)
{
	static const struct { enum alert_field field; const char *text, *name; }
	cases[] = {
		{ ALERT_CATEGORY, "None", "category-text" },
		{ ALERT_CATEGORY, "unknown", "category" },
		{ ALERT_DEVICE_GROUP, "UnassignedGroup", "device-group-text" },
		{ ALERT_DEVICE_RISK, "none", "device-risk-word" },
		{ ALERT_DEVICE_RISK, "none", "device-risk" },
		{ ALERT_THREAT, "None", "threat" },
	};
	struct notification mixed = sample();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct notification n = sample();

		put(&n, cases[i].field, cases[i].text);
		ok(!is_shown_true(&n, cases[i].name), "a %s of %s is not shown",
		   alert_fields[cases[i].field].name, cases[i].text);
	}
	put(&mixed, ALERT_DEVICE_GROUP, "UnassignedGroup");
	put(&mixed, ALERT_DEVICE_GROUP, "Servers");
	is(shown(&mixed, "device-group-text"), "Servers", "others are");
}

static void
test_words_of_values(void)
{
	static const struct {
		enum alert_field field;
		const char *text, *name, *language, *want;
	} cases[] = {
		{ ALERT_CATEGORY, "CredentialAccess", "category-text", "es",
		  "Acceso a credenciales" },
		{ ALERT_CATEGORY, "Lateral movement", "category-text", "zh-CN",
		  "横向移动" },
		{ ALERT_CATEGORY, "Something new", "category-text", "de",
		  "Something new" },
		{ ALERT_TECHNIQUE, "T1059.001", "technique-text", "en",
		  "PowerShell (T1059.001)" },
		{ ALERT_TECHNIQUE, "T9999", "technique-text", "en", "T9999" },
		{ ALERT_DEVICE_RISK, "high", "device-risk-word", "fr",
		  "Élevée" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct notification n = sample();

		n.words = words_choose(languages, cases[i].language);
		put(&n, cases[i].field, cases[i].text);
		is(shown(&n, cases[i].name), cases[i].want, "%s in %s",
		   cases[i].text, cases[i].language);
	}
}

static void
test_update(void)
{
	static const struct {
		const char *name;
		struct update update;
		const char *language, *text, *brief;
	} cases[] = {
		{ "a raise", { UPDATE_RAISED, "medium", NULL, 0 }, "en",
		  "Severity raised from Medium to High", "Raised from Medium" },
		{ "a raise", { UPDATE_RAISED, "low", NULL, 0 }, "ja",
		  "重大度が低から高に上がりました", "低から引き上げ" },
		{ "a reopening", { UPDATE_REOPENED, NULL, NULL, 0 }, "de",
		  "Wieder offen, nachdem sie gelöst war", "Wieder offen" },
		{ "a device", { UPDATE_DEVICE, NULL, "ws-9.contoso.example", 1 },
		  "es", "Nuevo dispositivo: ws-9.contoso.example",
		  "Nuevo dispositivo ws-9" },
		{ "several", { UPDATE_DEVICE, NULL, "ws-9", 3 }, "en",
		  "3 new devices, the first is ws-9", "3 new devices" },
	};
	struct notification first = sample();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct notification n = sample();

		n.words = words_choose(languages, cases[i].language);
		n.update = cases[i].update;
		put(&n, ALERT_SEVERITY, "high");
		is(shown(&n, "update"), cases[i].text, "%s in %s",
		   cases[i].name, cases[i].language);
		is(shown(&n, "update-short"), cases[i].brief,
		   "and for a subject");
	}
	ok(!is_shown_true(&first, "update") &&
	   !is_shown_true(&first, "update-short"),
	   "what is told for the first time is no update");
}

static void
test_doubts(void)
{
	struct notification n = sample();
	struct alert *alert = (struct alert *)n.alert;
	const struct alert_doubt by = {
		.kind = ALERT_DOUBT_FORWARDED, .one = "ana@contoso.example",
	};

	put(&n, ALERT_SEVERITY, "low");
	put(&n, ALERT_SEVERITY, "high");
	is(shown(&n, "doubts"), "Severity is “Low”, but also “High”",
	   "two values are a doubt in words");
	n.words = words_choose(languages, "fr");
	is(shown(&n, "doubts"), "Gravité\u00a0: «\u00a0Faible\u00a0», "
	   "mais aussi «\u00a0Élevée\u00a0»", "of the reader");
	alert->doubts.count = 0;
	alert_doubt_of(alert, &by, "forwarded by ana");
	n.words = words_choose(languages, "de");
	is(shown(&n, "doubts"), "Weitergeleitet von ana@contoso.example; "
	   "nichts belegt, was darin steht", "so is who sent it on");
	is(alert->doubts.items[0].text, "forwarded by ana",
	   "the journal has the whole story");
}

static void
test_customers_reader(void)
{
	static const char *const names[] = {
		"rule", "rule-comment", "reason", "others", "others-text",
		"internal", NULL
	};
	static const char *const others[] = { "soc-desk", NULL };
	struct notification n = sample();
	size_t i;

	n.rule_comment = "they complain a lot";
	n.others = others;
	is(shown(&n, "others-text"), "soc-desk", "who else is told is shown");
	n.reason = NOTIFICATION_OTHERWISE;
	n.is_customers = true;
	for (i = 0; names[i]; i++)
		ok(!is_shown_true(&n, names[i]),
		   "the customer's own people do not see %s", names[i]);
	is(shown(&n, "code"), "4q8z0m1k2p", "they have the code to quote");
}

static void
test_help(void)
{
	struct notification n = sample();

	ok(!is_shown_true(&n, "has-help") &&
	   !is_shown_true(&n, "has-recommended"), "nothing is no help");
	n.todo = "Isolate it";
	n.runbook = "https://wiki.mssp.example/lsass";
	n.actions = "1. One\r\n2. Two\xE2\x80\xAE";
	ok(is_shown_true(&n, "has-help"), "something is");
	is(shown(&n, "do"), "Isolate it", "what to do is shown");
	is(shown(&n, "recommended-actions"), "1. One, 2. Two",
	   "what Microsoft recommends as clean lines");
}

static void
test_hostile(void)
{
	struct notification n = sample();
	char *long_title = arena_alloc(arena, 100001);
	const char *title;

	memset(long_title, 'x', 100000);
	put(&n, ALERT_TITLE, long_title);
	title = shown(&n, "title");
	ok(title && strlen(title) < 400, "a title of 100 KB is cut");
	put(&n, ALERT_THREAT, "a\r\nb\xE2\x80\xAE" "c\xE2\x80\xA8" "d");
	is(shown(&n, "threat"), "a b c d", "a value is one line of visible "
	   "characters");
	put(&n, ALERT_DESCRIPTION, "one\xE2\x80\xAE two\r\n\nthree");
	is(shown(&n, "description-lines"), "one two, , three",
	   "a description keeps its lines and nothing else");
	put(&n, ALERT_DEVICE, "{{title}}");
	is(shown(&n, "device"), "{{title}}", "braces stay braces");
	alert_doubt((struct alert *)n.alert, "two\nlines");
	is(shown(&n, "doubts"), "two lines", "so is a doubt");
}

static const char *
text_of(int octets)
{
	const char *x = memset(arena_alloc(arena, 5001), 'x', 5000);

	return arena_printf(arena, "%.*s", octets, x);
}

static size_t
shown_length(enum alert_field field, const char *name, int octets)
{
	struct notification n = sample();

	put(&n, field, text_of(octets));
	return strlen(shown(&n, name));
}

static bool
is_link(int octets)
{
	struct notification n = sample();

	put(&n, ALERT_ALERT_URL, arena_printf(arena, "https://a.example/%s",
					      text_of(octets - 18)));
	return notification_link(arena, &n) != NULL;
}

static void
test_long_values(void)
{
	static const struct {
		enum alert_field field;
		const char *name;
		int most;
	} cases[] = {
		{ ALERT_TITLE, "title", 300 },
		{ ALERT_THREAT, "threat", 500 },
		{ ALERT_DESCRIPTION, "description-lines", 4000 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		is_int((long long)shown_length(cases[i].field, cases[i].name,
					       cases[i].most), cases[i].most,
		       "%s: %d octets are shown", cases[i].name,
		       cases[i].most);
		is_int((long long)shown_length(cases[i].field, cases[i].name,
					       cases[i].most + 1),
		       cases[i].most + 3, "and not more");
	}
	ok(is_link(2000) && !is_link(2001), "a link has up to 2000 octets");
}

static void
test_reason(void)
{
	struct notification n = sample();

	ok(!is_shown_true(&n, "reason"), "a rule is its own reason");
	n.reason = NOTIFICATION_CATCH_ALL;
	is(shown(&n, "reason"), words_text(english, "reason-catch-all"),
	   "the catch-all learns why");
	n.words = words_choose(languages, "de");
	n.reason = NOTIFICATION_OTHERWISE;
	is(shown(&n, "reason"), "Keine Regel dieses Kunden traf zu; es gilt "
	   "seine Standardregel.", "in the reader's language");
	is(shown(&n, "language"), "de", "which has a name");
	is(shown(&n, "words.device"), "Gerät", "words are there by their key");
	put(&n, ALERT_STATUS, "inProgress");
	is(shown(&n, "status-word"), "In Bearbeitung",
	   "so is a status that is known");
}

int
main(void)
{
	struct diag *diag;

	arena = arena_create();
	diag = diag_create(arena);
	languages = words_load(arena, shelf_open(arena, NULL, diag), diag);
	english = words_choose(languages, NULL);
	test_names();
	test_manual();
	test_severity();
	test_time();
	test_link();
	test_devices();
	test_authentic();
	test_missing();
	test_first_screen();
	test_nothing();
	test_words_of_values();
	test_update();
	test_doubts();
	test_customers_reader();
	test_help();
	test_hostile();
	test_long_values();
	test_reason();
	arena_destroy(&arena);
	return tap_done();
}
