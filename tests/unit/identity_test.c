/*
 * Which mails are one: what a repeat and a second server may add makes no other
 * mail, what an author writes does.
 */
#include "pipeline/identity.h"

#include "parse/parse.h"
#include "tap.h"

static struct arena *arena;

#define FIELDS \
	"From: Microsoft Defender <defender-noreply@microsoft.com>\n" \
	"Subject: One\nMessage-ID: <1@az>\n" \
	"Date: Mon, 09 Nov 2026 08:14:58 +0000\n"
#define MAIL FIELDS "Content-Type: text/plain\n\nSeverity: High\n"

static const struct {
	const char *name, *mail;
	const char *authentic;		/* of the copy; NULL: pass */
	bool same;
} rows[] = {
	{ "the mail itself", MAIL, NULL, true },
	{ "one that came by another server",
	  "Received: from a by b; Mon, 09 Nov 2026 08:15:58 +0000\n" MAIL, NULL,
	  true },
	{ "one that another server checked",
	  "Authentication-Results: mx2; dmarc=pass\nReceived-SPF: pass\n"
	  "ARC-Seal: i=1; a=b\nDKIM-Signature: v=1; b=x\nX-Spam: No\n"
	  "Return-Path: <a@b>\nDelivered-To: c@d\n" MAIL, NULL, true },
	{ "one whose fields stand in another order",
	  "Message-ID: <1@az>\nDate: Mon, 09 Nov 2026 08:14:58 +0000\n"
	  "Subject: One\n"
	  "From: Microsoft Defender <defender-noreply@microsoft.com>\n\n"
	  "Severity: High\n", NULL, true },
	{ "one with other line ends",
	  "From: Microsoft Defender <defender-noreply@microsoft.com>\r\n"
	  "Subject: One\r\nMessage-ID: <1@az>\r\n"
	  "Date: Mon, 09 Nov 2026 08:14:58 +0000\r\n\r\n"
	  "Severity: High\r\n\r\n", NULL, true },
	{ "one with an empty line more at its end", MAIL "\n", NULL, true },
	{ "another Message-ID",
	  "From: Microsoft Defender <defender-noreply@microsoft.com>\n"
	  "Subject: One\nMessage-ID: <2@az>\n"
	  "Date: Mon, 09 Nov 2026 08:14:58 +0000\n\nSeverity: High\n", NULL,
	  false },
	{ "another Date",
	  "From: Microsoft Defender <defender-noreply@microsoft.com>\n"
	  "Subject: One\nMessage-ID: <1@az>\n"
	  "Date: Mon, 09 Nov 2026 08:14:59 +0000\n\nSeverity: High\n", NULL,
	  false },
	{ "another From",
	  "From: Microsoft Defender <defender-noreply@microsoft.example>\n"
	  "Subject: One\nMessage-ID: <1@az>\n"
	  "Date: Mon, 09 Nov 2026 08:14:58 +0000\n\nSeverity: High\n", NULL,
	  false },
	{ "a second From", "From: a@b.example\n" MAIL, NULL, false },
	{ "another subject",
	  "From: Microsoft Defender <defender-noreply@microsoft.com>\n"
	  "Subject: Two\nMessage-ID: <1@az>\n"
	  "Date: Mon, 09 Nov 2026 08:14:58 +0000\n\nSeverity: High\n", NULL,
	  false },
	{ "another body", FIELDS "\nSeverity: Low\n", NULL, false },
	{ "a line more", FIELDS "\nSeverity: High\nDevice: dc-1\n", NULL,
	  false },
	{ "a copy that proves nothing", MAIL, "fail", false },
};

/* What lacks a name is known by its octets. */
static const struct {
	const char *name, *one, *other;
} nameless[] = {
	{ "without a Message-ID, a trace makes another mail",
	  "From: a@b\nDate: x\n\none\n",
	  "Received: r\nFrom: a@b\nDate: x\n\none\n" },
	{ "without a Date as well", "From: a@b\nMessage-ID: <1@b>\n\none\n",
	  "Received: r\nFrom: a@b\nMessage-ID: <1@b>\n\none\n" },
	{ "two texts without a header are two", "one", "two" },
	{ "and two without an empty line",
	  "From: a@b\nDate: x\nMessage-ID: <1@b>\none",
	  "From: a@b\nDate: x\nMessage-ID: <1@b>\ntwo" },
};

static struct duplicate_key
key_of(const char *mail, const char *authentic)
{
	static const char *const to[] = { "contoso@relay.example" };
	struct pipeline_input input = {
		.raw = mail, .length = strlen(mail), .recipients = to,
		.recipient_count = 1,
		.message = parse_mail(arena, mail, strlen(mail)),
	};
	struct alert *alert = alert_create(arena);
	struct duplicate_key key;

	alert_set(alert, ALERT_AUTHENTIC, authentic, "test");
	pipeline_identify(&input, alert, &key);
	return key;
}

int
main(void)
{
	struct duplicate_key first, key;
	size_t i;

	arena = arena_create();
	first = key_of(MAIL, "pass");
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		key = key_of(rows[i].mail, rows[i].authentic ?
			     rows[i].authentic : "pass");
		ok(!strcmp(first.hex, key.hex) == rows[i].same, "%s is %s",
		   rows[i].name, rows[i].same ? "the same" : "another");
	}
	for (i = 0; i < sizeof(nameless) / sizeof(*nameless); i++) {
		first = key_of(nameless[i].one, "pass");
		key = key_of(nameless[i].other, "pass");
		ok(strcmp(first.hex, key.hex), "%s", nameless[i].name);
	}
	arena_destroy(&arena);
	return tap_done();
}
