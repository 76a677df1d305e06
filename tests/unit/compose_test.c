#include "render/compose.h"

#include "base/text.h"

#include "tap.h"

static struct compose
sample(void)
{
	return (struct compose){
		.from_name = "MSSP SOC", .from = "tocsin@relay.example",
		.to = "ana@mssp.example", .subject = "Hello",
		.date = INT64_C(1795302819000),
		.message_id = "1@relay.example", .text = "Hi\n",
	};
}

static void
test_whole(void)
{
	static const struct original original = {
		.form = ORIGINAL_MAIL,
		.bytes = "From: x\n\n\0\xFF", .length = 11,
	};
	struct compose compose = sample();
	struct buf out = BUF_INIT;

	ok(!compose_message(&compose, &out), "ASCII needs no SMTPUTF8");
	is(out.data,
	   "From: \"MSSP SOC\" <tocsin@relay.example>\r\n"
	   "To: <ana@mssp.example>\r\n"
	   "Subject: Hello\r\n"
	   "Date: Sat, 21 Nov 2026 23:13:39 +0000\r\n"
	   "Message-ID: <1@relay.example>\r\n"
	   "Auto-Submitted: auto-generated\r\n"
	   "X-Auto-Response-Suppress: All\r\n"
	   "Importance: normal\r\n"
	   "MIME-Version: 1.0\r\n"
	   "Content-Type: text/plain; charset=utf-8\r\n"
	   "Content-Transfer-Encoding: base64\r\n"
	   "\r\n"
	   "SGkNCg==\r\n", "a text is a whole message");
	buf_reset(&out);

	compose.references = (const char *const []){
		"inc@relay.example", "other@relay.example", NULL
	};
	compose.code = "4q8z0m1k2p";
	compose.customer = "contoso";
	compose.rule = "nights";
	compose.importance = COMPOSE_HIGH;
	compose.list = "contoso.tocsin.relay.example";
	compose.html = "<p>Hi</p>";
	compose.original = &original;
	compose_message(&compose, &out);
	is(strstr(out.data, "Message-ID"),
	   "Message-ID: <1@relay.example>\r\n"
	   "References: <inc@relay.example>\r\n"
	   " <other@relay.example>\r\n"
	   "Auto-Submitted: auto-generated\r\n"
	   "X-Auto-Response-Suppress: All\r\n"
	   "Importance: high\r\n"
	   "List-Id: <contoso.tocsin.relay.example>\r\n"
	   "X-Tocsin-Code: 4q8z0m1k2p\r\n"
	   "X-Tocsin-Customer: contoso\r\n"
	   "X-Tocsin-Rule: nights\r\n"
	   "MIME-Version: 1.0\r\n"
	   "Content-Type: multipart/mixed;\r\n"
	   " boundary=\"=_tocsin1a34482da65133befe3cb611f6737f71\"\r\n"
	   "\r\n"
	   "--=_tocsin1a34482da65133befe3cb611f6737f71\r\n"
	   "Content-Type: multipart/alternative;\r\n"
	   " boundary=\"=_tocsina22d4d4ff3ede5771bcd6fa9c4f849db\"\r\n"
	   "\r\n"
	   "--=_tocsina22d4d4ff3ede5771bcd6fa9c4f849db\r\n"
	   "Content-Type: text/plain; charset=utf-8\r\n"
	   "Content-Transfer-Encoding: base64\r\n"
	   "\r\n"
	   "SGkNCg==\r\n"
	   "--=_tocsina22d4d4ff3ede5771bcd6fa9c4f849db\r\n"
	   "Content-Type: text/html; charset=utf-8\r\n"
	   "Content-Transfer-Encoding: base64\r\n"
	   "\r\n"
	   "PHA+SGk8L3A+\r\n"
	   "--=_tocsina22d4d4ff3ede5771bcd6fa9c4f849db--\r\n"
	   "--=_tocsin1a34482da65133befe3cb611f6737f71\r\n"
	   "Content-Type: application/octet-stream; name=\"original.eml\"\r\n"
	   "Content-Transfer-Encoding: base64\r\n"
	   "Content-Disposition: attachment; filename=\"original.eml\"\r\n"
	   "\r\n"
	   "RnJvbTogeAoKAP8=\r\n"
	   "--=_tocsin1a34482da65133befe3cb611f6737f71--\r\n",
	   "HTML and an attachment are parts");
	buf_release(&out);
}

/* The header `name` with its further lines, without the last line end. */
static const char *
header_of(const struct buf *message, const char *name, struct buf *out)
{
	const char *at = strstr(message->data, name), *end;

	buf_reset(out);
	if (!at)
		return NULL;
	for (end = strstr(at, "\r\n"); end && end[2] == ' ';
	     end = strstr(end + 2, "\r\n"))
		continue;
	buf_append(out, at, (size_t)(end - at));
	return out->data;
}

static void
test_subjects(void)
{
	static const struct { const char *name, *subject, *want; } cases[] = {
		{ "ASCII is itself", "[High] Contoso: x", "[High] Contoso: x" },
		{ "a long one is folded at a blank",
		  "one two three four five six seven eight nine ten eleven "
		  "twelve thirteen",
		  "one two three four five six seven eight nine ten eleven "
		  "twelve\r\n thirteen" },
		{ "UTF-8 is encoded", "Élevé", "=?UTF-8?B?w4lsZXbDqQ==?=" },
		{ "a long one becomes words that break between characters",
		  "日本語日本語日本語日本語日本語日本語日本語",
		  "=?UTF-8?B?5pel5pys6Kqe5pel5pys6Kqe5pel5pys6Kqe5pel5pys6Kqe"
		  "5pel?=\r\n =?UTF-8?B?5pys6Kqe5pel5pys6Kqe5pel5pys6Kqe?=" },
		{ "what looks encoded is encoded", "=?UTF-8?B?SGk=?=",
		  "=?UTF-8?B?PT9VVEYtOD9CP1NHaz0/PQ==?=" },
		{ "a line end is a blank", "a\r\nBcc: x@y.example\r\n\r\nb",
		  "a Bcc: x@y.example b" },
		{ "so are what separates lines and what reorders them",
		  "a\xE2\x80\xA8" "b\xE2\x80\xAE" "c\x01" "d", "a b c d" },
		{ "what is no UTF-8 is replaced", "a\xFF",
		  "=?UTF-8?B?Ye+/vQ==?=" },
		{ "nothing is nothing", "", "" },
	};
	struct buf out = BUF_INIT, header = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct compose compose = sample();
		const char *got;

		compose.subject = cases[i].subject;
		buf_reset(&out);
		compose_message(&compose, &out);
		got = header_of(&out, "Subject:", &header);
		is(got ? got + strlen("Subject:") + (got[8] == ' ') : NULL,
		   cases[i].want, "a subject: %s", cases[i].name);
	}
	buf_release(&out);
	buf_release(&header);
}

static void
test_names(void)
{
	static const struct { const char *name, *want; } cases[] = {
		{ NULL, "From: <tocsin@relay.example>" },
		{ "", "From: <tocsin@relay.example>" },
		{ "A \"B\" \\ <c>",
		  "From: \"A \\\"B\\\" \\\\ <c>\" <tocsin@relay.example>" },
		{ "Zürich SOC", "From: =?UTF-8?B?WsO8cmljaCBTT0M=?= "
		  "<tocsin@relay.example>" },
		{ "a\r\nX: y", "From: \"a X: y\" <tocsin@relay.example>" },
		{ "The Security Operations Centre of Somebody With a Name",
		  "From: \"The Security Operations Centre of Somebody With a "
		  "Name\"\r\n <tocsin@relay.example>" },
	};
	struct buf out = BUF_INIT, header = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct compose compose = sample();

		compose.from_name = cases[i].name;
		buf_reset(&out);
		compose_message(&compose, &out);
		is(header_of(&out, "From:", &header), cases[i].want,
		   "the sender's name, quoted or encoded (%zu)", i);
	}
	buf_release(&out);
	buf_release(&header);
}

static void
test_utf8_addresses(void)
{
	struct compose compose = sample();
	struct buf out = BUF_INIT;

	compose.to = "josé@mssp.example";
	ok(compose_message(&compose, &out), "UTF-8 in a recipient needs "
	   "SMTPUTF8");
	ok(strstr(out.data, "To: <josé@mssp.example>\r\n"),
	   "and stays as it is");
	compose = sample();
	compose.from = "relé@relay.example";
	ok(compose_message(&compose, &out), "so does a sender");
	compose = sample();
	compose.subject = "é";
	ok(!compose_message(&compose, &out), "a subject does not");
	buf_release(&out);
}

/* How many x are in a header whose text is `octets` long. */
static size_t
kept(const char *name, size_t octets)
{
	struct compose compose = sample();
	struct buf out = BUF_INIT, header = BUF_INIT;
	char text[500] = { 0 };
	size_t i, count = 0;

	for (i = 0; i < octets; i++)
		text[i] = i % 10 == 9 ? ' ' : 'x';
	compose.subject = compose.from_name = text;
	compose_message(&compose, &out);
	for (i = strlen(name); i < strlen(header_of(&out, name, &header)); i++)
		count += header.data[i] == 'x';
	buf_release(&out);
	buf_release(&header);
	return count;
}

static void
test_cut(void)
{
	is_int((long long)kept("Subject:", 399), 360,
	       "a header has up to 400 octets");
	is_int((long long)kept("Subject:", 499), 360,
	       "of a longer one so many are kept");
	is_int((long long)kept("From:", 59) - 1, 54,
	       "a name has up to 60 octets, and the address an x");
	is_int((long long)kept("From:", 99) - 1, 54,
	       "of a longer one so many are kept");
}

/* RFC 2047 section 2: an encoded word has up to 75 octets, a line with one up
 * to 76. */
static void
test_encoded_words(void)
{
	struct compose compose = sample();
	struct buf out = BUF_INIT, header = BUF_INIT;
	const char *at;
	size_t longest = 0;
	char text[301];

	for (at = text; at < text + 300; at += 3)
		memcpy(text + (at - text), "日", 3);
	text[300] = '\0';
	compose.subject = text;
	compose_message(&compose, &out);
	for (at = header_of(&out, "Subject:", &header); *at;
	     at += at[strcspn(at, "\r")] ? 2 : 0) {
		size_t length = strcspn(at, "\r");

		longest = length > longest ? length : longest;
		at += length;
	}
	ok(longest > 70 && longest <= 76, "the longest line with an encoded "
	   "word has %zu octets of 76", longest);
	buf_release(&out);
	buf_release(&header);
}

/* Whether every line is short, ASCII and ends with CR LF, and the headers are
 * those that we write. */
static bool
is_well_formed(const struct buf *message)
{
	static const char *const known[] = {
		"From:", "To:", "Subject:", "Date:", "Message-ID:",
		"References:", "Auto-Submitted:", "X-Auto-Response-Suppress:",
		"Importance:", "List-Id:",
		"X-Tocsin-Code:", "X-Tocsin-Customer:", "X-Tocsin-Rule:",
		"MIME-Version:", "Content-Type:", " "
	};
	const char *at = message->data, *stop = at + message->len, *end;
	bool headers = true;
	size_t i;

	if (strlen(message->data) != message->len)
		return false;
	for (; at < stop; at = end + 2) {
		end = memchr(at, '\r', (size_t)(stop - at));
		if (!end || end[1] != '\n' || end - at > 998)
			return false;
		for (i = 0; at + i < end; i++)
			if ((at[i] < ' ' && at[i] != '\t') || at[i] > '~')
				return false;
		if (at == end)
			headers = false;
		for (i = 0; headers && i < sizeof(known) / sizeof(*known); i++)
			if (text_starts(at, known[i]))
				break;
		if (headers && i == sizeof(known) / sizeof(*known))
			return false;
	}
	return true;
}

static void
test_hostile(void)
{
	static const char *const hostile[] = {
		"a\nBcc: x@y.example", "a\r\n\r\nbody", "a\rBcc: x", "\n", "",
		"a\xE2\x80\xA8" "Bcc: x\xE2\x80\xA9", "\xFF\xFE\x80", "=?=?=?",
		"a\x01\x02\x7F\x1B[2J", "\xED\xA0\x80",
		"\xF0\x9F\x9A\xA8 alarm", "<x> \"y\" \\",
	};
	char *huge = malloc(100001);
	struct buf out = BUF_INIT;
	size_t i;

	memset(huge, 'x', 100000);
	huge[100000] = '\0';
	for (i = 0; i <= sizeof(hostile) / sizeof(*hostile); i++) {
		bool last = i == sizeof(hostile) / sizeof(*hostile);
		const char *text = last ? huge : hostile[i];
		const struct original original = {
			.form = ORIGINAL_MAIL,
			.bytes = text, .length = strlen(text),
		};
		struct compose compose = sample();

		compose.from_name = compose.subject = compose.code = text;
		compose.customer = compose.rule = compose.list = text;
		compose.message_id = text;
		compose.references = (const char *const []){ text, NULL };
		compose.text = compose.html = text;
		compose.original = &original;
		buf_reset(&out);
		compose_message(&compose, &out);
		ok(is_well_formed(&out), "hostile text %zu stays where it is "
		   "put", i);
	}
	free(huge);
	buf_release(&out);
}

#define BOUNDARY "=_tocsin1a34482da65133befe3cb611f6737f71"
#define MAIL "Content-Type: message/rfc822; name=\"original.eml\"\r\n" \
	"Content-Transfer-Encoding: 7bit\r\n"
#define OCTETS "Content-Type: application/octet-stream; name=\"original"

static char line_of_998[998 + 2], line_of_999[999 + 2];

/* What stands in the mail of the original, behind its head. */
static const struct {
	const char *name;
	enum original_form form;
	const char *bytes;
	size_t length;			/* 0: of the text */
	const char *type, *want;
} originals[] = {
	{ "a mail is a mail", ORIGINAL_MAIL, "From: x\n\nbody\n", 0, MAIL,
	  "From: x\r\n\r\nbody\r\n\r\n--" BOUNDARY "--" },
	{ "one with the line ends of SMTP, too", ORIGINAL_MAIL,
	  "From: x\r\n\r\nbody", 0, MAIL,
	  "From: x\r\n\r\nbody\r\n--" BOUNDARY "--" },
	{ "lines that begin with a dot are its own", ORIGINAL_MAIL,
	  ".\n..\n.a\n", 0, MAIL, ".\r\n..\r\n.a\r\n" },
	{ "a line of 998 octets is one that SMTP takes", ORIGINAL_MAIL,
	  line_of_998, 0, MAIL, "xxxx" },
	{ "one of 999 is not", ORIGINAL_MAIL, line_of_999, 0,
	  OCTETS ".eml", "eHh4" },
	{ "nor is what is no ASCII", ORIGINAL_MAIL, "\xC3\xA9\n", 0,
	  OCTETS ".eml", "w6kK" },
	{ "nor a NUL", ORIGINAL_MAIL, "a\0b", 3, OCTETS ".eml", "YQBi" },
	{ "nor what a terminal obeys", ORIGINAL_MAIL, "a\x1B[2J", 0,
	  OCTETS ".eml", "YRtbMko=" },
	{ "but a tab is a blank", ORIGINAL_MAIL, "A: x\n\ty\n\n", 0, MAIL,
	  "A: x\r\n\ty\r\n\r\n" },
	{ "nor a CR that ends no line", ORIGINAL_MAIL, "a\rb", 0,
	  OCTETS ".eml", "YQ1i" },
	{ "nor one at the end", ORIGINAL_MAIL, "a\r", 0, OCTETS ".eml",
	  "YQ0=" },
	{ "a mail that ends our part does not", ORIGINAL_MAIL,
	  "x\n--" BOUNDARY "--\nContent-Type: text/html\n\nx\n", 0,
	  OCTETS ".eml", "eAotLT1f" },
	{ "what nobody could read is not given to a mail program",
	  ORIGINAL_OCTETS, "From: x\n\nbody\n", 0, OCTETS ".eml", "RnJvbTog" },
	{ "a record is JSON", ORIGINAL_RECORD, "{}", 0, OCTETS ".json",
	  "e30=" },
	{ "nothing is a mail as well", ORIGINAL_MAIL, "", 0, MAIL,
	  "\r\n--" BOUNDARY "--" },
};

static void
test_originals(void)
{
	struct compose compose = sample();
	struct buf out = BUF_INIT;
	size_t i;

	memset(line_of_998, 'x', 998);
	memset(line_of_999, 'x', 999);
	line_of_998[998] = line_of_999[999] = '\n';
	for (i = 0; i < sizeof(originals) / sizeof(*originals); i++) {
		const struct original original = {
			.form = originals[i].form,
			.bytes = originals[i].bytes,
			.length = originals[i].length ? originals[i].length :
				  strlen(originals[i].bytes),
		};
		const char *head, *body;

		compose.original = &original;
		buf_reset(&out);
		compose_message(&compose, &out);
		head = strstr(out.data, originals[i].type);
		body = head ? strstr(head, "\r\n\r\n") : NULL;
		ok(body && text_starts(body + 4, originals[i].want) &&
		   is_well_formed(&out), "%s", originals[i].name);
	}
	buf_release(&out);
}

static void
test_large(void)
{
	const size_t length = ORIGINAL_MOST;
	char *raw = calloc(1, length);
	const struct original original = {
		.form = ORIGINAL_MAIL, .bytes = raw, .length = length,
	};
	struct compose compose = sample();
	struct buf out = BUF_INIT;

	compose.original = &original;
	compose_message(&compose, &out);
	ok(is_well_formed(&out), "NULs are encoded");
	ok(out.len > length / 3 * 4 && out.len < 8 << 20,
	   "the largest is whole, and most servers take it");
	free(raw);
	buf_release(&out);
}

int
main(void)
{
	test_whole();
	test_subjects();
	test_names();
	test_cut();
	test_encoded_words();
	test_utf8_addresses();
	test_hostile();
	test_originals();
	test_large();
	return tap_done();
}
