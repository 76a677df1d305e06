/*
 * Reports as mail servers write them, as octets: what failed is told from what
 * is late, has arrived or was read, whatever the report looks like.
 */
#include "tap.h"

#include "base/base64.h"
#include "conf/conf.h"
#include "normalize/mailloop.h"
#include "parse/parse.h"

#define OURS "Message-ID: <k7q2m9x0yz.0123456789@relay.example>\n"
#define US "tocsin@relay.example"
#define CUSTOMER "contoso@relay.example"

static struct arena *arena;
static struct formats *formats;

/* `%s` stands for the fields that say what became of the mail; a Status is one
 * of them. */
static const struct shape {
	const char *name;
	const char *sender;		/* of the envelope */
	const char *mail;
} shapes[] = {
	{ "Postfix", "",
	  "From: MAILER-DAEMON@mx.example (Mail Delivery System)\n"
	  "Subject: Mail Delivery Report\nAuto-Submitted: auto-replied\n"
	  "MIME-Version: 1.0\nContent-Type: multipart/report; "
	  "report-type=delivery-status;\n\tboundary=\"4XmT2k.1/mx.example\"\n\n"
	  "This is a MIME-encapsulated message.\n\n--4XmT2k.1/mx.example\n"
	  "Content-Description: Notification\nContent-Type: text/plain; "
	  "charset=us-ascii\n\nThis is the mail system at host mx.example.\n\n"
	  "--4XmT2k.1/mx.example\nContent-Description: Delivery report\n"
	  "Content-Type: message/delivery-status\n\nReporting-MTA: dns; "
	  "mx.example\nX-Postfix-Queue-ID: 4XmT2k\nX-Postfix-Sender: rfc822; "
	  US "\nArrival-Date: Sat, 21 Nov 2026 10:00:00 +0000 (UTC)\n\n"
	  "Final-Recipient: rfc822; bob@x.example\nOriginal-Recipient: "
	  "rfc822;bob@x.example\n%sRemote-MTA: dns; x.example\n"
	  "Diagnostic-Code: smtp; 550 5.1.1 <bob@x.example>:\n    User unknown"
	  "\n\n--4XmT2k.1/mx.example\nContent-Description: Undelivered Message "
	  "Headers\nContent-Type: text/rfc822-headers\n\n" OURS
	  "\n--4XmT2k.1/mx.example--\n" },
	{ "Exim", "",
	  "From: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail"
	  " delivery failed: returning message to sender\nAuto-Submitted: "
	  "auto-replied\nX-Failed-Recipients: bob@x.example\nReferences: "
	  "<k7q2m9x0yz.0123456789@relay.example>\nContent-Type: "
	  "multipart/report; report-type=delivery-status; boundary=17955-eximdsn"
	  "-1\nMIME-Version: 1.0\n\n--17955-eximdsn-1\nContent-type: text/plain;"
	  " charset=us-ascii\n\nThis message was created automatically.\n\n"
	  "--17955-eximdsn-1\nContent-type: message/delivery-status\n\n"
	  "Reporting-MTA: dns; mx.example\n\n%sFinal-Recipient: rfc822;"
	  "bob@x.example\n\n--17955-eximdsn-1\nContent-type: "
	  "message/rfc822\n\n" OURS "Subject: x\n\nx\n--17955-eximdsn-1--\n" },
	{ "OpenSMTPD", "",
	  "Subject: Delivery status notification: error\nFrom: Mailer Daemon "
	  "<MAILER-DAEMON@mx.example>\nMIME-Version: 1.0\nContent-Type: "
	  "multipart/mixed;boundary=\"12345/mx.example\"\n\n"
	  "--12345/mx.example\nContent-Description: Notification\nContent-Type:"
	  " text/plain; charset=us-ascii\n\n    Hi!\n\n--12345/mx.example\n"
	  "Content-Description: Delivery Report\nContent-Type: "
	  "message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
	  "Final-Recipient: rfc822; bob@x.example\n%s\n"
	  "--12345/mx.example\nContent-Type: text/rfc822-headers\n\n" OURS
	  "\n--12345/mx.example--\n" },
	{ "OpenSMTPD whose sender was rewritten", "srs0=x=y@gw.example",
	  "Subject: Delivery status notification: warning\nFrom: Postmaster "
	  "<postmaster@mx.example>\nContent-Type: multipart/mixed; boundary=b\n"
	  "\n--b\n\nHi!\n--b\nContent-Type: message/delivery-status\n\n"
	  "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; "
	  "bob@x.example\n%s\n--b--\n" },
	{ "Exchange", "",
	  "From: <postmaster@x.example>\r\nSubject: Undeliverable: x\r\n"
	  "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type="
	  "delivery-status;\r\n\tboundary=\"=_b\"\r\nX-MS-Exchange-Message-Is-"
	  "Ndr:\r\nIn-Reply-To: <k7q2m9x0yz.0123456789@relay.example>\r\n\r\n"
	  "--=_b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
	  "--a\r\nContent-Type: text/plain\r\n\r\nYour message ...\r\n--a\r\n"
	  "Content-Type: text/html\r\n\r\n<p>Your message</p>\r\n--a--\r\n\r\n"
	  "--=_b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA:"
	  " dns;x.example\r\nReceived-From-MTA: dns;mx.example\r\n \r\n"
	  "Final-Recipient: rfc822;bob@x.example\r\n%s"
	  "X-Display-Name: Bob\r\n\r\n--=_b\r\nContent-Type: message/rfc822\r\n"
	  "\r\n" OURS "\r\nx\r\n--=_b--\r\n" },
	{ "a report in UTF-8, encoded", "",
	  "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; "
	  "boundary=b\n\n--b\nContent-Type: message/global-delivery-status\n"
	  "Content-Transfer-Encoding: base64\nContent-Disposition: attachment\n"
	  "\n%s\n--b--\n" },
	{ "a receipt of a reader", "bob@x.example",
	  "From: bob@x.example\nSubject: Read: x\nContent-Type: "
	  "multipart/report; report-type=disposition-notification; boundary=b\n"
	  "\n--b\n\nYour message was ...\n--b\nContent-Type: "
	  "message/disposition-notification\n\nReporting-UA: x; y\n"
	  "Final-Recipient: rfc822;bob@x.example\nOriginal-Message-ID: "
	  "<k7q2m9x0yz.0123456789@relay.example>\n%s\n--b--\n" },
};

enum { ENCODED = 5 };			/* of the shapes */

static const struct word {
	const char *fields;
	bool is_harmless;
} words[] = {
	{ "Action: failed\n", false },
	{ "Action: failed\nStatus: 5.1.1\n", false },
	{ "action:FAILED\n", false },
	{ "Action: failed (mailbox is full)\n", false },
	{ "Action: delayed\n", true },
	{ "Action: delayed\nStatus: 4.4.1\n", true },
	{ "Action: delayed\nStatus: 5.1.1\n", false },
	{ "STATUS:\n 5.4.7 (too old)\nAction: delayed\n", false },
	{ "Action: delivered\nStatus: 2.5.5\n", true },
	{ "Action: delayed\nStatus: 4.4.1\n\nFinal-Recipient: rfc822; "
	  "a@x.example\nAction: relayed\nStatus: 5.1.1\n", false },
	{ "ACTION: Delayed (will be tried again)\nWill-Retry-Until: Sun, 22 Nov"
	  " 2026 10:00:00 +0000\n", true },
	{ "Action: delivered\n", true },
	{ "Action:\n relayed\n", true },
	{ "Action: expanded\n", true },
	{ "Disposition: manual-action/MDN-sent-manually; displayed\n", true },
	{ "Disposition: automatic-action/MDN-sent-automatically; processed\n",
	  true },
	{ "Disposition: automatic-action/MDN-sent-automatically; dispatched\n",
	  true },
	{ "Disposition: automatic-action/MDN-sent-automatically; processed/"
	  "error\n", false },
	{ "Disposition: manual-action/MDN-sent-manually; displayed/failure\n",
	  false },
	{ "Disposition: manual-action/MDN-sent-manually;\n\tdisplayed / "
	  "error,x\n", false },
	{ "Disposition: manual-action/MDN-sent-manually; displayed (at last)\n"
	  " /error\n", false },
	{ "Disposition: displayed/error\n", false },
	{ "Disposition: manual-action/MDN-sent-manually; displayed\nError: "
	  "lost it\n", false },
	{ "Failure: lost it\nDisposition: manual-action/MDN-sent-manually; "
	  "displayed\n", false },
	{ "Disposition: manual-action/MDN-sent-manually; deleted\n", false },
	{ "Disposition: automatic-action/MDN-sent-automatically;\n\tdeleted/"
	  "error\n", false },
	{ "Disposition: automatic-action/MDN-sent-automatically; failed\n",
	  false },
	{ "Action: delayed\n\nFinal-Recipient: rfc822; a@x.example\nAction: "
	  "failed\n", false },
	{ "Action: delivered\n\nFinal-Recipient: rfc822; a@x.example\nStatus: "
	  "5.1.1\n", false },
	{ "Action: delayed\nAction: failed\n", false },
	{ "Action: delayedx\n", false },
	{ "Action: \n", false },
	{ "Action: not delivered\n", false },
	{ "", false },
};

static const char *
mail_of(size_t shape, const char *fields)
{
	const char *report;
	struct buf text = BUF_INIT;

	if (shape == ENCODED) {
		report = arena_printf(arena, "Reporting-MTA: dns; mx.example\n"
				      "\nFinal-Recipient: utf-8; b\xC3\xB6"
				      "b@x.example\n%s", fields);
		base64_append(&text, report, strlen(report));
		fields = arena_strdup(arena, text.data);
		buf_release(&text);
	}
	report = strstr(shapes[shape].mail, "%s");
	return arena_printf(arena, "%.*s%s%s",
			    (int)(report - shapes[shape].mail),
			    shapes[shape].mail, fields, report + 2);
}

static struct mailloop
look(size_t shape, const char *mail, size_t length, const char *to)
{
	const struct mailloop_question question = {
		.message = parse_mail(arena, mail, length),
		.formats = formats, .raw = mail, .length = length,
		.domain = "relay.example", .from = US,
		.sender = shapes[shape].sender,
		.recipients = &to, .recipient_count = 1,
	};

	return mailloop_find(arena, &question);
}

static void
test_words(size_t shape)
{
	const char *name = shapes[shape].name;
	size_t i, wrong = 0, told = 0, unknown = 0;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *mail = mail_of(shape, words[i].fields);
		struct mailloop loop = look(shape, mail, strlen(mail), US);

		if (loop.is_harmless != words[i].is_harmless) {
			wrong++;
			printf("# %zu: %s\n", i, loop.why);
		}
		unknown += loop.kind != MAILLOOP_REPORT;
		told += look(shape, mail, strlen(mail), CUSTOMER).is_harmless;
	}
	is_int((long long)wrong, 0, "%s: what failed is told from what did "
	       "not", name);
	is_int((long long)unknown, 0, "%s: it is known as a report", name);
	is_int((long long)told, 0, "%s: where alerts come, people see it",
	       name);
}

/* Whatever is lost of it on its way. */
static void
test_cut(size_t shape)
{
	const char *mail = mail_of(shape, "Action: failed\n");
	size_t length = strlen(mail), wrong = 0, i;

	for (i = 0; i < length; i++)
		wrong += look(shape, mail, i, US).is_harmless;
	is_int((long long)wrong, 0, "%s: a failure that is cut anywhere is "
	       "never taken for none", shapes[shape].name);
}

/* Those that have no part for machines are failures, whatever they say. */
static void
test_plain(void)
{
	static const char qmail[] =
		"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n"
		"Hi. This is the qmail-send program at mx.example.\nI'm afraid "
		"I wasn't able to deliver your message.\n\n<bob@x.example>:\n"
		"Action: delayed\nSorry, no mailbox here by that name.\n\n"
		"--- Below this line is a copy of the message.\n\n" OURS;
	struct mailloop loop = look(0, qmail, strlen(qmail), US);

	is_int(loop.kind, MAILLOOP_REPORT, "qmail: it is known as a report");
	is(loop.id, "k7q2m9x0yz.0123456789", "and which mail it is about");
	ok(!loop.is_harmless, "and it is a failure, whatever its text says");
}

int
main(void)
{
	struct diag *diag;
	size_t i;

	arena = arena_create();
	diag = diag_create(arena);
	formats = formats_load(arena, &conf_load_text(arena, "f", "", diag)->
			       nodes, diag);
	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		test_words(i);
		test_cut(i);
	}
	test_plain();
	arena_destroy(&arena);
	return tap_done();
}
