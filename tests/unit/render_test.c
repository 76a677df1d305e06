#include "render/plain.h"
#include "render/render.h"

#include "base/text.h"

#include "tap.h"

static struct arena *arena;
static struct templates *templates;

static const char *const references[] = { "inc@relay.example", NULL };

static const struct render_envelope envelope = {
	.from_name = "MSSP SOC", .from = "tocsin@relay.example",
	.to = "ana@mssp.example", .message_id = "1@relay.example",
	.references = references, .date = INT64_C(1795302819000),
};

/* Everything that somebody who wants to harm the reader may write. */
static const char *const hostile[] = {
	"../../../etc/passwd", "a\"b'c\\d", "{{words.urgent}}",
	"{{{title}}}", "{{>layout}}", "<script>alert(1)</script>",
	"\"><img src=x onerror=alert(1)>", "a\r\nBcc: x@y.example",
	"\xE2\x80\xAE" "gnp.exe", "&amp;<",
};

static struct alert *
full_alert(void)
{
	struct alert *alert = alert_create(arena);
	static const struct { enum alert_field field; const char *text; }
	values[] = {
		{ ALERT_CUSTOMER, "contoso" }, { ALERT_TITLE, "Bad thing" },
		{ ALERT_SEVERITY, "high" }, { ALERT_INTAKE, "mail" },
		{ ALERT_AUTHENTIC, "pass" },
		{ ALERT_DEVICE, "dc01.contoso.example" },
		{ ALERT_USER, "anna@contoso.example" },
		{ ALERT_CREATED, "2026-11-21T22:59:12Z" },
		{ ALERT_TENANT, "72f988bf-86f1-41af-91ab-2d7cd011db47" },
		{ ALERT_ALERT_URL,
		  "https://security.microsoft.com/alerts/da1" },
	};
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++)
		alert_add(alert, values[i].field, values[i].text, "test");
	return alert;
}

static struct alert *
hostile_alert(void)
{
	struct alert *alert = alert_create(arena);
	int field;
	size_t i;

	for (field = 0; field < ALERT_FIELDS; field++)
		for (i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
			alert_add(alert, (enum alert_field)field, hostile[i],
				  "test");
	return alert;
}

static struct notification
notification_of(const struct alert *alert, const char *language)
{
	return (struct notification){
		.alert = alert, .customer = "Contoso GmbH", .rule = "nights",
		.code = "4q8z0m1k2p", .zone = zone_utc(),
		.words = words_choose(templates->languages, language),
	};
}

static struct rendered
rendered(const struct alert *alert, const char *template, const char *language)
{
	struct notification notification = notification_of(alert, language);
	const struct render_input input = {
		.envelope = envelope,
		.notification = &notification,
		.templates = templates,
		.template = template,
	};

	return render_notification(arena, &input);
}

static void
test_facts(void)
{
	/* What DESIGN promises of every mail. */
	static const char *const facts[] = {
		"Contoso GmbH", "High", "dc01.contoso.example", "22:59",
		"nights", "4q8z0m1k2p", "https://security.microsoft.com/alerts/"
		"da1?tid=72f988bf-86f1-41af-91ab-2d7cd011db47",
	};
	static const char *const names[] = { "alert", "urgent", "no-such" };
	struct alert *alert = full_alert();
	size_t i, j;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct rendered r = rendered(alert, names[i], "en");

		for (j = 0; j < sizeof(facts) / sizeof(*facts); j++)
			ok(strstr(r.text, facts[j]) &&
			   (!r.html || strstr(r.html, facts[j])),
			   "'%s' names %s", names[i], facts[j]);
		ok(strstr(r.body, "X-Tocsin-Customer: contoso\r\n") &&
		   strstr(r.body, "X-Tocsin-Rule: nights\r\n") &&
		   strstr(r.body, "X-Tocsin-Code: 4q8z0m1k2p\r\n"),
		   "'%s' has them in its headers", names[i]);
	}
	is(rendered(alert, "alert", "en").subject,
	   "[High] Contoso GmbH: Bad thing (dc01)", "a subject says it all");
	is(rendered(alert, "urgent", "de").subject,
	   "Dringend [Hoch] Contoso GmbH: Bad thing (dc01)",
	   "in the reader's language");
}

static void
test_every_language(void)
{
	const char *const *code = words_languages(arena, templates->languages);
	struct alert *alerts[] = {
		full_alert(), hostile_alert(), alert_create(arena)
	};
	size_t i;
	int name;

	for (; *code; code++)
		for (i = 0; i < sizeof(alerts) / sizeof(*alerts); i++)
			for (name = 0; name < 2; name++) {
				struct rendered r = rendered(alerts[i], name ?
					"urgent" : "alert", *code);

				ok(!r.fallback && strlen(r.html) < 100000,
				   "%s renders alert %zu in %s", name ?
				   "urgent" : "alert", i, *code);
			}
}

static void
test_hostile(void)
{
	struct rendered r = rendered(hostile_alert(), "alert", "en");
	struct rendered plain = rendered(hostile_alert(), NULL, "en");

	ok(!strstr(r.html, "<script>") && !strstr(r.html, "<img"),
	   "markup in a value is shown, not obeyed");
	ok(strstr(r.html, "&lt;script&gt;alert(1)&lt;/script&gt;"),
	   "it is shown as it is");
	ok(strstr(r.html, "{{words.urgent}}") && strstr(r.text, "{{>layout}}"),
	   "braces in a value are shown, not obeyed");
	ok(strstr(r.html, "a&quot;b&#39;c\\d"), "quotes end no attribute");
	ok(!strstr(r.html, "\xE2\x80\xAE") && !strstr(r.text, "\xE2\x80\xAE"),
	   "nothing reorders the text");
	ok(!strstr(r.body, "\r\nBcc:"), "no header is put in");
	ok(!strstr(r.html, "href=\"javascript") && strstr(r.text,
	   "There is no portal link"), "a link that is none is not shown");
	ok(strstr(r.html, "Sender not verified"),
	   "mail that nothing vouches for is marked");
	ok(strstr(plain.text, "Sender not verified") &&
	   !strchr(plain.text, '\r') && !strstr(plain.text, "\nBcc:"),
	   "so it is in the built-in notification");
}

static void
test_fallback(void)
{
	struct diag *diag = diag_create(arena);
	static const struct diag_file file = { "loop", "{{>loop}}", 9 };
	struct template broken = { .name = "broken" };
	struct rendered r;

	r = rendered(full_alert(), "no-such", "en");
	is(r.fallback, "there is no template 'no-such'",
	   "an unknown template gives the built-in notification");
	is(r.subject, "[High] Contoso GmbH: Bad thing", "with a subject");
	ok(!r.html, "which is text");
	ok(strstr(r.text, "this is the built-in plain form"), "and says so");

	broken.subject = broken.text = mustache_compile(arena, &file, diag);
	(void)map_set(templates->partials, "loop", broken.text); /* new */
	vec_push(arena, &templates->list, &broken);
	r = rendered(full_alert(), "broken", "fr");
	ok(r.fallback && strstr(r.fallback, "loop:1:1: templates are nested "
	   "too deep here"), "so does one that fails, and the reason is told");
	ok(strstr(r.text, "Gravité\xC2\xA0: Élevée"),
	   "the built-in notification is in the reader's language");
	broken.subject = template_find(templates, "alert")->subject;
	broken.text = template_find(templates, "alert")->text;
	r = rendered(full_alert(), "broken", "en");
	is(r.fallback, "a part of the template is missing or wrong",
	   "so does one without its HTML");
	templates->list.count--;
}

/* A mail that says what we say, in each of its lines. Each text that is shown
 * has this mark in it. */
#define EVIL "EVIL"

static const struct original_row evil_rows[] = {
	{ "Severity " EVIL, "Low " EVIL },
	{ EVIL "\nDevice", "x\r\nSeverity: Low " EVIL },
	{ EVIL "</td>", "<b>" EVIL "</b> {{severity}} " EVIL },
};

static const char evil_text[] =
	"Severity: Low " EVIL "\nCustomer: Fabrikam " EVIL "\r\n"
	"--------\n" EVIL "\n> " EVIL "\n\n\n\n"
	"Link: https://evil.example/" EVIL "\n"
	"a long line that says much and goes on for so long that it would be "
	"broken by whoever shows it, Severity: Low " EVIL " " EVIL "\n"
	"</td></tr></table><h1>" EVIL "</h1>{{>layout}} " EVIL "\n"
	"\xE2\x80\xAE" EVIL "\n";

/* Each line with the mark has ours before it; and what is between two of ours
 * is short. */
static bool
is_quoted(const char *text)
{
	const char *line = text, *end;

	for (; *line; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		if (!memmem(line, (size_t)(end - line), EVIL, strlen(EVIL)))
			continue;
		if (!text_starts(line, "> ") || end - line > 80)
			return false;
	}
	return true;
}

static void
test_quotation(void)
{
	const struct original original = {
		.from = "Defender " EVIL " <a@x.example>\nSeverity: Low",
		.text = evil_text, .rows = evil_rows, .row_count = 3,
	};
	const char *const *code = words_languages(arena, templates->languages);
	struct notification notification;
	const struct render_input input = {
		.envelope = envelope, .notification = &notification,
		.templates = templates, .template = "alert",
	};
	const struct render_input plain = {
		.envelope = envelope, .notification = &notification,
		.templates = templates, .template = "no such one",
	};
	struct rendered r;

	for (; *code; code++) {
		notification = notification_of(full_alert(), *code);
		notification.original = &original;
		r = render_notification(arena, &input);
		ok(!r.fallback && strstr(r.text, EVIL) && strstr(r.html, EVIL),
		   "%s: what the mail says is there", *code);
		ok(!strstr(r.text, "\xE2\x80\xAE") &&
		   !strstr(r.html, "<h1>" EVIL) &&
		   !strstr(r.html, "<b>" EVIL), "%s: and harmless", *code);
		if (strcmp(*code, "en"))
			continue;
		ok(is_quoted(r.text), "and none of it looks like our word");
		r = render_notification(arena, &plain);
		ok(r.fallback && strstr(r.text, EVIL) && is_quoted(r.text),
		   "nor does it where a template fails");
	}
}

static void
test_no_details(void)
{
	struct alert *alert = alert_create(arena);

	ok(!strstr(rendered(alert, "alert", "en").html, "Details"),
	   "no heading has nothing below it");
	alert_set(alert, ALERT_PRODUCT, "Office 365", "test");
	ok(strstr(rendered(alert, "alert", "en").html, "Details"),
	   "but of one detail there is a table");
}

static void
test_large_for_customers(void)
{
	const struct original original = {
		.bytes = "", .length = ORIGINAL_MOST + 1, .is_kept = true,
	};
	struct notification notification = notification_of(full_alert(), "en");
	const struct render_input input = {
		.envelope = envelope, .notification = &notification,
		.templates = templates, .template = "alert",
	};
	struct rendered r;

	notification.original = &original;
	notification.is_customers = true;
	r = render_notification(arena, &input);
	ok(strstr(r.text, "too large") && strstr(r.html, "too large") &&
	   !strstr(r.text, "tocsin why") && !strstr(r.html, "tocsin why"),
	   "the customer's own people are not sent to a command of ours");
}

static void
test_raw(void)
{
	struct original original = {
		.form = ORIGINAL_MAIL,
		.bytes = "From: x\n\nbody\n", .length = 14,
	};
	struct notification notification = notification_of(full_alert(), "en");
	const struct render_input input = {
		.envelope = envelope,
		.notification = &notification,
		.templates = templates,
		.template = "alert",
	};
	struct rendered r;

	notification.original = &original;
	r = render_notification(arena, &input);
	ok(strstr(r.body, "filename=\"original.eml\"") &&
	   strstr(r.body, "From: x\r\n\r\nbody\r\n"),
	   "the original mail can go along");
	ok(strstr(r.text, "The original mail is attached.") &&
	   strstr(r.html, "The original mail is attached."), "and is spoken "
	   "of");
	original.length = ORIGINAL_MOST + 1;
	r = render_notification(arena, &input);
	ok(!strstr(r.body, "original.eml") &&
	   !strstr(r.text, "is attached.") && !strstr(r.html, "is attached."),
	   "one that is too large does not");
	ok(strstr(r.text, "too large to be attached (4 MB)") &&
	   strstr(r.html, "too large to be attached (4 MB)") &&
	   !strstr(r.text, "tocsin why --mail"), "and that is said");
	original.is_kept = true;
	r = render_notification(arena, &input);
	ok(strstr(r.text, "tocsin why --mail 4q8z0m1k2p") &&
	   strstr(r.html, "tocsin why --mail 4q8z0m1k2p"),
	   "and where it can be seen, if it is kept");
}

static void
test_same(void)
{
	struct rendered a = rendered(full_alert(), "alert", "ja");
	struct rendered b = rendered(full_alert(), "alert", "ja");

	is(a.body, b.body, "the same alert gives the same bytes");
	is_int((long long)a.body_length, (long long)strlen(a.body),
	       "which are as many as said, without a NUL");
}

static struct rendered
told(const struct notice *notice, const struct alert *alert,
     const char *language)
{
	static const struct original original = {
		.form = ORIGINAL_MAIL, .bytes = "raw", .length = 3,
	};
	struct notification notification = notification_of(alert, language);
	const struct render_input input = {
		.envelope = envelope,
		.notification = &notification,
		.templates = templates,
		.template = "notice",
	};

	notification.rule = NULL;
	notification.notice = notice;
	notification.original = &original;
	return render_notification(arena, &input);
}

/* Of each kind, with everything that may be in it. */
static struct notice
notice_of(int kind)
{
	static const char *const lines[] = { "tocsin why 4q8z0m1k2p", NULL };

	return (struct notice){
		.kind = (enum notice_kind)kind,
		.address = "ana@mssp.example",
		.tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47",
		.name = "a-name", .since = INT64_C(1795302819000),
		.every_ms = INT64_C(4320) * 60000, .count = 12,
		.why = "held-conflict",
		.detail = "<b>550\xE2\x80\xAE no such user",
		.items = lines, .commands = lines,
	};
}

/* Without anything that only we know the meaning of. */
static bool
is_for_people(const char *text)
{
	return !strchr(text, '{') && !strchr(text, '}') &&
	       !strstr(text, "4320") && !strstr(text, "notice-") &&
	       !strstr(text, "held-");
}

static void
test_notice_kinds(void)
{
	const char *const *code = words_languages(arena, templates->languages);
	int kind;

	for (; *code; code++)
		for (kind = 0; kind < NOTICE_KINDS; kind++) {
			const struct notice notice = notice_of(kind);
			struct rendered r = told(&notice, full_alert(), *code);

			ok(!r.fallback && is_for_people(r.subject) &&
			   is_for_people(r.text) &&
			   strstr(r.subject, "Contoso GmbH"),
			   "notice %d is told in %s: %s", kind, *code,
			   r.subject);
		}
}

static void
test_notice(void)
{
	const struct notice notice = notice_of(NOTICE_FAILED);
	const struct notice quiet = notice_of(NOTICE_QUIET_MAIL);
	struct rendered r = told(&notice, full_alert(), "en");

	is(r.subject, "Not delivered [High] Contoso GmbH: Bad thing",
	   "what is the matter comes first, then the alert it is about");
	ok(strstr(r.text, "https://security.microsoft.com/alerts/da1?tid=") &&
	   strstr(r.html, "https://security.microsoft.com/alerts/da1?tid="),
	   "with its link");
	ok(strstr(r.text, "dc01.contoso.example") &&
	   strstr(r.html, "dc01.contoso.example"), "with its device");
	ok(strstr(r.text, "Nobody at ana@mssp.example was told") &&
	   strstr(r.html, "Nobody at ana@mssp.example was told"),
	   "and what follows from it");
	ok(strstr(r.text, "<b>550 no such user") &&
	   strstr(r.html, "&lt;b&gt;550 no such user"),
	   "a server's answer is quoted, not obeyed");
	ok(strstr(r.body, "X-Tocsin-Code: 4q8z0m1k2p\r\n") &&
	   strstr(r.body, "Auto-Submitted: auto-generated\r\n") &&
	   strstr(r.body, "original.eml"), "with code and original");
	ok(!strstr(r.body, "X-Tocsin-Rule"), "it comes from no rule");

	r = told(&quiet, alert_create(arena), "fr");
	ok(strstr(r.text, "3 jours"), "a duration is in its largest unit");
	ok(strstr(r.text, "dim. 22 novembre 2026") ||
	   strstr(r.text, "sam. 21 novembre 2026"),
	   "a time is in words of the reader");
}

static void
test_importance(void)
{
	static const struct {
		const char *name, *severity;
		int kind;		/* of a notice, or -1 */
		const char *want;
	} cases[] = {
		{ "a high alert", "high", -1, "high" },
		{ "a medium one", "medium", -1, "normal" },
		{ "a low one", "low", -1, "low" },
		{ "one of unknown severity", NULL, -1, "high" },
		{ "a low one that was not delivered", "low", NOTICE_FAILED,
		  "low" },
		{ "a high one that was not delivered", "high", NOTICE_FAILED,
		  "high" },
		{ "a customer that is quiet", NULL, NOTICE_QUIET_POLL, "high" },
		{ "one that is heard again", NULL, NOTICE_HEARD_POLL,
		  "normal" },
		{ "a format that changed", "high", NOTICE_FORMAT, "normal" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct alert *alert = alert_create(arena);
		struct notice notice = { .kind = NOTICE_HELD };
		struct rendered r;

		alert_set(alert, ALERT_CUSTOMER, "contoso", "test");
		if (cases[i].severity)
			alert_set(alert, ALERT_SEVERITY, cases[i].severity,
				  "test");
		if (cases[i].kind >= 0) {
			notice = notice_of(cases[i].kind);
			r = told(&notice, alert, "en");
		} else {
			r = rendered(alert, "alert", "en");
		}
		ok(strstr(r.body, arena_printf(arena, "Importance: %s\r\n",
					       cases[i].want)),
		   "%s is of %s importance", cases[i].name, cases[i].want);
		ok(strstr(r.body,
			  "List-Id: <contoso.tocsin.relay.example>\r\n"),
		   "and sorted by customer");
	}
}

/* An update that looked like the first mail was taken for a repetition. */
static void
test_update(void)
{
	struct notification notification = notification_of(full_alert(), "en");
	const struct render_input input = {
		.envelope = envelope,
		.notification = &notification,
		.templates = templates,
		.template = "alert",
	};
	struct rendered r;
	const char *news, *band;

	notification.update = (struct update){ UPDATE_RAISED, "low", NULL, 0 };
	r = render_notification(arena, &input);
	is(r.subject, "Raised from Low [High] Contoso GmbH: Bad thing (dc01)",
	   "the news comes first in a subject");
	ok(text_starts(r.text, "*** Severity raised from Low to High ***"),
	   "and in the text");
	news = strstr(r.html, "Severity raised from Low to High");
	band = strstr(r.html, "Severity: High</td>");
	ok(news && band && strstr(strchr(news, '>'),
				  "Severity raised from Low to High") < band,
	   "in the line of a lock screen, and above severity and customer");
	is(plain_subject(arena, &notification),
	   "Raised from Low [High] Contoso GmbH: Bad thing",
	   "and in the built-in form");
}

/* Each of them begins further down than the one before. */
static void
test_order(void)
{
	static const char *const order[] = {
		"Severity raised", "Severity: High", "Bad thing</h1>",
		">dc01<", "Domain Controllers", "Risk: High",
		"anna@contoso.example</td>", "22:10–22:40", "href=\"https://sec",
		"Isolate it first", "wiki.mssp.example", "+49 30",
		"Reset all passwords", "Credential access",
		"LSASS Memory (T1003.001)",
	};
	struct alert *alert = full_alert();
	struct notification notification = notification_of(alert, "en");
	const struct render_input input = {
		.envelope = envelope,
		.notification = &notification,
		.templates = templates,
		.template = "alert",
	};
	const char *at, *next;
	size_t i;

	alert_add(alert, ALERT_DEVICE_GROUP, "Domain Controllers", "test");
	alert_add(alert, ALERT_DEVICE_RISK, "high", "test");
	alert_add(alert, ALERT_CATEGORY, "CredentialAccess", "test");
	alert_add(alert, ALERT_TECHNIQUE, "T1003.001", "test");
	alert_add(alert, ALERT_FIRST_ACTIVITY, "2026-11-21T22:10:00Z", "test");
	alert_add(alert, ALERT_LAST_ACTIVITY, "2026-11-21T22:40:00Z", "test");
	notification.update = (struct update){ UPDATE_RAISED, "low", NULL, 0 };
	notification.todo = "Isolate it first";
	notification.runbook = "https://wiki.mssp.example/dc";
	notification.phone = "+49 30 5550";
	notification.actions = "Reset all passwords";
	at = strstr(render_notification(arena, &input).html,
		    "role=\"presentation\" lang=");
	for (i = 0; at && i < sizeof(order) / sizeof(*order); i++) {
		next = strstr(at, order[i]);
		ok(next, "'%s' comes next", order[i]);
		at = next ? next : at;
	}
}

static size_t
line_of(const char *text, const char *words)
{
	const char *found = strstr(text, words);
	size_t lines = 1;

	for (; found && text < found; text++)
		lines += *text == '\n';
	return found ? lines : SIZE_MAX;
}

/* On a phone, or read aloud by one. */
static void
test_first_lines(void)
{
	struct alert *alert = full_alert();
	struct notification notification = notification_of(alert, "de");
	const struct render_input input = {
		.envelope = envelope,
		.notification = &notification,
		.templates = templates,
		.template = "urgent",
	};
	struct rendered r;
	int i;

	for (i = 0; i < 40; i++)
		alert_add(alert, ALERT_DEVICE, arena_printf(arena,
				"ws-%d.contoso.example", i), "test");
	notification.update = (struct update){ UPDATE_RAISED, "low", NULL, 0 };
	notification.todo = "Isolate it first";
	notification.note = "Backups at night";
	r = render_notification(arena, &input);
	ok(line_of(r.text, "https://security") < 20,
	   "with 40 devices the link is in line %zu",
	   line_of(r.text, "https://security"));
	ok(line_of(r.text, "Backups at night") < 40,
	   "and what to do in line %zu", line_of(r.text, "Backups at night"));
}

static void
test_customers_reader(void)
{
	struct notification notification = notification_of(full_alert(), "en");
	const struct render_input input = {
		.envelope = envelope,
		.notification = &notification,
		.templates = templates,
		.template = "alert",
	};
	struct rendered r;

	notification.is_customers = true;
	r = render_notification(arena, &input);
	ok(!strstr(r.text, "nights") && !strstr(r.html, "nights"),
	   "the customer's own people do not see our rules");
	ok(!strstr(r.text, "tocsin why") && strstr(r.text, "4q8z0m1k2p"),
	   "nor our commands, but the code to quote");
}

/* When the template of notices is broken. */
static void
test_plain_notice(void)
{
	const struct notice notice = notice_of(NOTICE_HELD);
	struct notification notification = notification_of(full_alert(), "en");

	notification.notice = &notice;
	notification.rule = NULL;
	is(plain_subject(arena, &notification),
	   "Held [High] Contoso GmbH: Bad thing",
	   "the built-in form has the subject of a notice");
	ok(strstr(plain_text(arena, &notification), "points to more than one "
		  "customer") &&
	   strstr(plain_text(arena, &notification), "tocsin why"),
	   "and what it says");
}

/* Of the field user in the built-in notification. */
static size_t
plain_length(size_t octets)
{
	struct alert *alert = alert_create(arena);
	struct notification notification = notification_of(alert, "en");
	char *text = arena_alloc(arena, octets + 1);
	const char *at;

	alert_add(alert, ALERT_USER, memset(text, 'Q', octets), "test");
	at = strchr(plain_text(arena, &notification), 'Q');
	return at ? strspn(at, "Q.") : 0;
}

static size_t
detail_length(size_t octets)
{
	char *text = arena_alloc(arena, octets + 1);
	struct notice notice = notice_of(NOTICE_FAILED);
	const char *at;

	notice.detail = memset(text, 'Q', octets);
	at = strchr(told(&notice, full_alert(), "en").text, 'Q');
	return at ? strspn(at, "Q.") : 0;
}

static void
test_long_lines(void)
{
	is_int((long long)detail_length(1000), 1000,
	       "of an answer up to 1000 octets are quoted");
	is_int((long long)detail_length(1001), 1003,
	       "of a longer one so many are shown");
	is_int((long long)plain_length(2000), 2000,
	       "one of the built-in notification up to 2000");
	is_int((long long)plain_length(2001), 2003,
	       "of a longer one so many are shown");
}

int
main(void)
{
	arena = arena_create();
	templates = template_load(arena, NULL, diag_create(arena));
	test_facts();
	test_every_language();
	test_hostile();
	test_fallback();
	test_raw();
	test_no_details();
	test_large_for_customers();
	test_quotation();
	test_same();
	test_notice_kinds();
	test_notice();
	test_plain_notice();
	test_importance();
	test_update();
	test_order();
	test_first_lines();
	test_customers_reader();
	test_long_lines();
	arena_destroy(&arena);
	return tap_done();
}
