/*
 * Whole mails through parse_mail(): libetpan's traps, each by name, and mail
 * that means harm.
 */
#include "base/text.h"
#include "parse/describe.h"
#include "parse/parse.h"
#include "parse/wire.h"

#include <tap.h>
#include <time.h>

struct mail_case {
	const char *name;
	const char *mail;
	const char *want;	/* what describe_message() says, no headers */
};

#define MULTIPART "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct mail_case cases[] = {
	{ "an empty mail", "", "" },
	{ "only a line end", "\r\n", "" },
	{ "only a header", "Subject: x", "subject \"x\"\n" },
	{ "text without any field of MIME", "Subject: x\n\nSeverity: High\n",
	  "subject \"x\"\ntext \"Severity: High\"\n"
	  "line \"Severity\" \"High\"\n" },
	{ "no final line end", "Subject: x\n\nSeverity: High",
	  "subject \"x\"\ntext \"Severity: High\"\n"
	  "line \"Severity\" \"High\"\n" },
	{ "8 bit without a charset: windows-1252", "\n\xE9t\xE9\n",
	  "text \"\xC3\xA9t\xC3\xA9\"\n" },
	{ "8 bit without a charset: UTF-8", "\n\xC3\xA9\n",
	  "text \"\xC3\xA9\"\n" },
	{ "CRLF and CR are line ends", "\na\r\nb\rc\n",
	  "text \"a\"\ntext \"b\"\ntext \"c\"\n" },
	{ "quoted-printable that ends in one digit is read to its end, not "
	  "beyond",
	  "Content-Transfer-Encoding: quoted-printable\n\nx=A",
	  "text \"x=A\"\n" },
	{ "malformed quoted-printable stays as written",
	  "Content-Transfer-Encoding: quoted-printable\n\na=ZZb= \nc\n",
	  "text \"a=ZZbc\"\n" },
	{ "base64 cut in the middle",
	  "Content-Transfer-Encoding: base64\n\nU2V2ZXJpdHk6IEhpZ2",
	  "text \"Severity: Hig\"\nline \"Severity\" \"Hig\"\n" },
	{ "a footer behind base64",
	  "Content-Transfer-Encoding: BASE64\n\nSGVsbG8=\n-- \nfooter\n",
	  "text \"Hello\"\n" },
	{ "base64 of UTF-16",
	  "Content-Type: text/plain; charset=utf-16le\n"
	  "Content-Transfer-Encoding: base64\n\nSABpAA==\n", "text \"Hi\"\n" },
	{ "bad octets are replaced and counted",
	  "Content-Type: text/plain; charset=utf-8\n\na\xFF" "b\n",
	  "text \"a\xEF\xBF\xBD" "b\"\nbad-bytes 1\n" },
	{ "NUL octets end nothing, in the header and in the body",
	  "Content-Transfer-Encoding: quoted-printable\n\na=00b\n",
	  "text \"ab\"\nbad-bytes 1\n" },
	{ "a wrong charset name",
	  "Content-Type: text/plain; charset=x-no-such\n\n\xE9\n",
	  "text \"\xC3\xA9\"\n" },
	{ "a charset name in RFC 2231 clothes",
	  "Content-Type: text/plain; charset*=us-ascii''koi8-r\n\n\xC1\n",
	  "text \"\xD0\xB0\"\n" },
	{ "format=flowed",
	  "Content-Type: text/plain; format=Flowed; DelSp=Yes\n\na \nb\n",
	  "text \"ab\"\n" },
	{ "HTML only, the charset in the HTML",
	  "Content-Type: text/html\n\n<meta charset='gb2312'>"
	  "<p>\xD6\xD0</p>\n", "html \"\xE4\xB8\xAD\"\n" },
	{ "both alternatives, the rows of the HTML first",
	  "Content-Type: multipart/alternative; boundary=\"b\"\n\nno text\n"
	  "--b\n\nSeverity: Low\n--b\nContent-Type: text/html\n\n"
	  "<table><tr><td>Severity</td><td>High</td></tr></table>\n--b--\n"
	  "no text\n",
	  "text \"Severity: Low\"\nhtml \"Severity\\x09High\"\n"
	  "row \"Severity\" \"High\"\nline \"Severity\" \"Low\"\n" },
	{ "text of several parts is joined",
	  MULTIPART "--b\nContent-Type: text/plain\n\na\n--b\n"
	  "Content-Type: text/plain\n\nb\n--b--\n",
	  "text \"a\"\ntext \"b\"\n" },
	{ "a part without fields keeps its first lines",
	  MULTIPART "--b\n\nSeverity: High\nTitle: x\n\nmore\n--b\n\n"
	  "Device: d\n--b--\n",
	  "text \"Severity: High\"\ntext \"Title: x\"\ntext \"\"\n"
	  "text \"more\"\ntext \"Device: d\"\n"
	  "line \"Severity\" \"High\"\nline \"Title\" \"x\"\n"
	  "line \"Device\" \"d\"\n" },
	{ "a boundary that never ends",
	  MULTIPART "--b\nContent-Type: text/plain\n\nSeverity: High\n",
	  "text \"Severity: High\"\nline \"Severity\" \"High\"\n" },
	{ "a boundary that never comes",
	  MULTIPART "Severity: High\n--c\n",
	  "text \"Severity: High\"\ntext \"--c\"\n"
	  "line \"Severity\" \"High\"\n"
	  "limit \"a multipart could not be taken apart\"\n" },
	{ "the beginning of another boundary is no boundary",
	  MULTIPART "Severity: High\n--bc\n\nx\n--bc--\n",
	  "text \"Severity: High\"\ntext \"--bc\"\ntext \"\"\ntext \"x\"\n"
	  "text \"--bc--\"\nline \"Severity\" \"High\"\n"
	  "limit \"a multipart could not be taken apart\"\n" },
	{ "an empty first part hides nothing",
	  MULTIPART "--b\n\n--b\n\nSeverity: High\n--b--\n",
	  "text \"--b\"\ntext \"\"\ntext \"Severity: High\"\n"
	  "line \"Severity\" \"High\"\n" },
	{ "an empty part between two hides nothing",
	  MULTIPART "--b\n\na\n--b\n\n--b\n\nSeverity: High\n--b--\n",
	  "text \"a\"\ntext \"--b\"\ntext \"\"\ntext \"Severity: High\"\n"
	  "line \"Severity\" \"High\"\n" },
	{ "a multipart that names no boundary is text",
	  "Content-Type: multipart/mixed\n\n--b\n\nSeverity: High\n",
	  "text \"--b\"\ntext \"\"\ntext \"Severity: High\"\n"
	  "line \"Severity\" \"High\"\n" },
	{ "the crash of libetpan: a boundary of one quote",
	  "Content-Type: multipart/mixed; boundary=\"\\\"\"\n\n"
	  "Severity: High\n",
	  "text \"Severity: High\"\nline \"Severity\" \"High\"\n"
	  "limit \"a boundary with a backslash: some parts were not found\"\n"
	  "limit \"a multipart could not be taken apart\"\n" },
	{ "an empty boundary",
	  "Content-Type: multipart/mixed; boundary=\"\"\n\nSeverity: High\n",
	  "text \"Severity: High\"\nline \"Severity\" \"High\"\n"
	  "limit \"a multipart could not be taken apart\"\n" },
	{ "junk in the header does not turn fields into text",
	  "Received: 1\njunk\nContent-Type: text/html\n\n<p>a</p>",
	  "html \"a\"\n" },
	{ "an attachment, its RFC 2231 name in pieces, its decoded size",
	  MULTIPART "--b\nContent-Type: Image/PNG; name=x.png\n"
	  "Content-Disposition: attachment;\n filename*0*=utf-8''%C3%A9;\n"
	  " filename*1=\".png\"\nContent-Transfer-Encoding: base64\n\n"
	  "SGVsbG8=\n--b--\n",
	  "part 5 \"image/png\" \"\xC3\xA9.png\"\n" },
	{ "an attached text is no text of the mail",
	  MULTIPART "--b\nContent-Type: text/plain\n"
	  "Content-Disposition: attachment; filename=\"=?utf-8?q?a?=\"\n\n"
	  "Severity: Low\n--b--\n", "part 13 \"text/plain\" \"a\"\n" },
	{ "a file name of the content type alone",
	  "Content-Type: application/x-foo; name=\"a b.bin\"\n\nx",
	  "part 1 \"application/x-foo\" \"a b.bin\"\n" },
	{ "a content type of junk is text", "Content-Type: ;;;\n\na: b\n",
	  "text \"a: b\"\n" },
	{ "an unknown transfer encoding is none",
	  "Content-Transfer-Encoding: x-uuencode\n\nab\n", "text \"ab\"\n" },
	{ "no From", "Subject: a\n\n", "subject \"a\"\n" },
};

/* Mails of which the headers matter. */
static const struct mail_case from_cases[] = {
	{ "an address and its name", "From: Microsoft <a@b.c>\n\n",
	  "from \"Microsoft\" \"a@b.c\"\n" },
	{ "a name of encoded words",
	  "From: =?utf-8?q?=C3=A9?= =?utf-8?q?_b?= <a@b.c>\n\n",
	  "from \"\xC3\xA9 b\" \"a@b.c\"\n" },
	{ "an encoded word in quotes",
	  "From: \"=?utf-8?q?=C3=A9?=\" <a@b.c>\n\n",
	  "from \"\xC3\xA9\" \"a@b.c\"\n" },
	{ "an address in the name is a name",
	  "From: \"good@microsoft.com\" <evil@x.y>\n\n",
	  "from \"good@microsoft.com\" \"evil@x.y\"\n" },
	{ "an address in front of the address is a name",
	  "From: good@microsoft.com <evil@x.y>\n\n",
	  "from \"good@microsoft.com\" \"evil@x.y\"\n" },
	{ "an encoded word that looks like an address is a name",
	  "From: =?utf-8?q?good=40microsoft.com?= <evil@x.y>\n\n",
	  "from \"good@microsoft.com\" \"evil@x.y\"\n" },
	{ "two addresses", "From: a@b.c, D <d@e.f>\n\n",
	  "from \"\" \"a@b.c\"\nfrom \"D\" \"d@e.f\"\n" },
	{ "two From fields", "From: a@b.c\nFrom: d@e.f\n\n",
	  "from \"\" \"a@b.c\"\nfrom \"\" \"d@e.f\"\n" },
	{ "a group", "From: G: a@b.c, d@e.f;\n\n",
	  "from \"\" \"a@b.c\"\nfrom \"\" \"d@e.f\"\n" },
	{ "no address at all", "From: undisclosed-recipients:;\n\n", "" },
	{ "folds and comments",
	  "From: Micro\n soft (x) <a@b.c>\n\n",
	  "from \"Micro soft (x)\" \"a@b.c\"\n" },
	{ "an address that follows no grammar is found all the same",
	  "From: Foo: (a@b.c\n\n", "from \"Foo: (\" \"a@b.c\"\n" },
	{ "so are several, none is taken for the one",
	  "From: <good@microsoft.com> <evil@x.y>\n\n",
	  "from \"\" \"good@microsoft.com\"\nfrom \"\" \"evil@x.y\"\n" },
	{ "a raw 8 bit name", "From: \xC3\xA9 <a@b.c>\n\n",
	  "from \"\xC3\xA9\" \"a@b.c\"\n" },
	{ "an empty From", "From:\n\n", "" },
};

static bool
is_asked_for(const char *line, bool from)
{
	if (text_starts(line, "header"))
		return false;
	if (text_starts(line, "from"))
		return from;
	if (text_starts(line, "subject \"\"") ||
	    text_starts(line, "message-id"))
		return false;
	return true;
}

static void
say(struct buf *out, const char *mail, size_t length, bool from)
{
	struct arena *arena = arena_create();
	struct buf all = BUF_INIT;
	char *line, *rest;

	describe_message(&all, parse_mail(arena, mail, length));
	for (rest = all.data; (line = strsep(&rest, "\n")) && *line;)
		if (is_asked_for(line, from))
			buf_printf(out, "%s\n", line);
	buf_release(&all);
	arena_destroy(&arena);
}

static void
check(const struct mail_case *one, bool from)
{
	struct buf got = BUF_INIT;
	/* Exactly as long as it is, so that a sanitizer sees a read beyond. */
	size_t length = strlen(one->mail);
	char *mail = malloc(length ? length : 1);

	memcpy(mail, one->mail, length);
	say(&got, mail, length, from);
	is(got.data, one->want, "%s", one->name);
	free(mail);
	buf_release(&got);
}

/* --- Nested messages --- */

static void
check_nested(void)
{
	static const char mail[] =
		"Subject: Fwd\nAuthentication-Results: ours; dmarc=pass\n"
		MULTIPART "--b\nContent-Type: text/plain\n\nsee below\n--b\n"
		"Content-Type: message/rfc822\n"
		"Content-Disposition: attachment; filename=x.eml\n\n"
		"Subject: =?utf-8?q?inner?=\nFrom: D <d@microsoft.com>\n"
		"junk\nContent-Type: text/html\n\n<p>Severity: High</p>\n"
		"--b\nContent-Type: message/rfc822\n"
		"Content-Transfer-Encoding: base64\n\n"
		"U3ViamVjdDogdHdvCgpiYXNlNjQK\n--b--\n";
	struct arena *arena = arena_create();
	struct message *message = parse_mail(arena, mail, sizeof(mail) - 1);
	struct message *inner;

	is(message->text, "see below", "the outer text is its own");
	is_int((long long)message->rows.count, 0,
	       "the outer mail has no rows of the inner one");
	if (ok(message->nested.count == 2, "both attached messages are found")) {
		inner = message->nested.items[0];
		is(inner->subject, "inner", "the inner subject");
		is(inner->html_text, "Severity: High\n", "the inner text, "
		   "though its header has junk in it");
		is(message_header(inner, "Authentication-Results"), NULL,
		   "the inner mail has no results of the outer one");
		inner = message->nested.items[1];
		is(inner->subject, "two",
		   "an attached message in base64 is read as well");
	}
	arena_destroy(&arena);
}

static void
check_deep_messages(void)
{
	struct arena *arena = arena_create();
	struct buf mail = BUF_INIT;
	const struct message *message;
	int depth = 0, i;

	buf_puts(&mail, "Subject: 0\n");
	for (i = 1; i < 30000; i++)
		buf_printf(&mail, "Content-Type: message/rfc822\n\n"
			   "Subject: %d\n", i);
	message = parse_mail(arena, mail.data, mail.len);
	is(message->subject, "0", "30,000 messages in messages: the outermost "
	   "is read");
	for (; message->nested.count; message = message->nested.items[0])
		depth++;
	is_int(depth, 4, "and four more");
	ok(message->limits.count, "and the last one says that there are more");
	buf_release(&mail);
	arena_destroy(&arena);
}

/* --- Floods --- */

struct flood {
	const char *name;
	const char *before;
	const char *again;
	int times;
	const char *after;
	const char *says;	/* NULL: no limit is met */
};

/* S/MIME of so many signers, without them, and 24 of these. */
#define SIGNERS(start) \
	"Subject: first\n" MULTIPART "--b\n\nSeverity: High\n--b\n" \
	"Content-Type: application/pkcs7-mime; name=smime.p7m\n" \
	"Content-Transfer-Encoding: base64\n\n" start "\n"
#define SIGNERS_504000 SIGNERS( \
	"MIMPYbQGCSqGSIb3DQEHAqCDD2GkMIMPYZ8CAQExADATBgkqhkiG9w0BBwGg" \
	"BgQEeHh4eDGDD2GA")
#define SIGNERS_2400000 SIGNERS( \
	"MINJPjQGCSqGSIb3DQEHAqCDST4kMINJPh8CAQExADATBgkqhkiG9w0BBwGg" \
	"BgQEeHh4eDGDST4A")
#define SIGNER_LINE \
	"MAAwADAAMAAwADAAMAAwADAAMAAwADAAMAAwADAAMAAwADAAMAAwADAAMAAwADAA\n"

static const struct flood floods[] = {
	{ "100,000 header fields", "Subject: first\n", "X-Foo: bar baz\n",
	  100000, "\nSeverity: High\n", "too many or too long header fields" },
	{ "a field of 2 MB", "Subject: first\nX-Foo: ", "0123456789abcdef",
	  131072, "\n\nSeverity: High\n", "too many or too long" },
	{ "100,000 folds of one field", "Subject: first\nX-Foo: a\n", " b\n",
	  100000, "\nSeverity: High\n", NULL },
	{ "50,000 lines of junk among as many fields", "Subject: first\n",
	  "junk\nX-A: b\n", 50000, "\nSeverity: High\n",
	  "too many or too long header fields" },
	{ "4,000 nested parts", "Subject: first\n",
	  "Content-Type: multipart/mixed; boundary=b\n\nSeverity: High\n"
	  "--b\n", 4000, "", "too many nested parts" },
	{ "4,000 parts",
	  "Subject: first\n" MULTIPART
	  "--b\nContent-Type: text/plain\n\nSeverity: High\n",
	  "--b\nContent-Type: text/x\n\na\n", 4000, "--b--\n",
	  "too many parts" },
	{ "100,000 addresses",
	  "Subject: first\nFrom: a@b", ", a@b", 100000,
	  "\n\nSeverity: High\n", NULL },
	{ "100,000 encoded words",
	  "Subject: first\nX: y\nComments: ", "=?utf-8?q?a?= ", 70000,
	  "\n\nSeverity: High\n", NULL },
	{ "100,000 openings of encoded words",
	  "Subject: first\nComments: ", "=?a?q?", 100000,
	  "\n\nSeverity: High\n", NULL },
	{ "100,000 parameters",
	  "Subject: first\nContent-Type: text/plain", "; a=b", 10000,
	  "\n\nSeverity: High\n", NULL },
	{ "a line of 8 MB", "Subject: first\n\nSeverity: High\n",
	  "0123456789abcdef", 500000, "", "too much text" },
	{ "50 MB of base64",
	  "Subject: first\n" MULTIPART "--b\n\nSeverity: High\n--b\n"
	  "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n",
	  "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
	  "QUFBQUFBQUFB\n", 650000, "--b--\n", "larger than 8 MiB" },
	{ "a million lines that look like boundaries",
	  "Subject: first\n" MULTIPART "--b\n\nSeverity: High\n", "--c\n",
	  1000000, "", "too many lines that part" },
	{ "504,000 signers of a part", SIGNERS_504000, SIGNER_LINE, 21000,
	  "--b--\n", NULL },
	{ "2.4 million signers of a part", SIGNERS_2400000, SIGNER_LINE,
	  100000, "--b--\n", "may hold the mail" },
	{ "2 million blank lines", "Subject: first\n\nSeverity: High\n",
	  "\n", 2000000, "", "too much text" },
};

static void
check_flood(const struct flood *flood)
{
	struct arena *arena = arena_create();
	struct buf mail = BUF_INIT, all = BUF_INIT, error = BUF_INIT;
	struct message *message;
	clock_t begun;
	double effort;
	int i;

	buf_puts(&mail, flood->before);
	for (i = 0; i < flood->times; i++)
		buf_puts(&mail, flood->again);
	buf_puts(&mail, flood->after);
	begun = clock();
	message = parse_mail(arena, mail.data, mail.len);
	effort = tap_effort(begun);
	is(message->subject, "first", "%s: the subject is read", flood->name);
	if (!flood->says || !strstr(flood->says, "nested"))
		ok(text_starts(message->text, "Severity: High"),
		   "%s: the text is read", flood->name);
	if (flood->says)
		ok(message->limits.count &&
		   strstr(message->limits.items[0], flood->says),
		   "%s: says \"%s\"", flood->name, flood->says);
	else
		is(message->limits.count ? message->limits.items[0] : NULL,
		   NULL, "%s: is no limit", flood->name);
	/* Fifty under the sanitizers; what is quadratic takes thousands. */
	ok(effort < 200, "%s: soon (%.1f)", flood->name, effort);
	wire_encode(&all, message);
	ok(wire_decode(arena, all.data, all.len, &error),
	   "%s: can be sent to the parent %s", flood->name, error.data);
	buf_release(&all);
	buf_release(&error);
	buf_release(&mail);
	arena_destroy(&arena);
}

static void
check_long_subject(void)
{
	struct arena *arena = arena_create();
	struct buf mail = BUF_INIT;
	struct message *message;
	int i;

	buf_puts(&mail, "Subject: ");
	for (i = 0; i < 10000; i++)
		buf_puts(&mail, "0123456789");
	buf_puts(&mail, "\n\nSeverity: High\n");
	message = parse_mail(arena, mail.data, mail.len);
	is_int((long long)strlen(message->subject), 100000,
	       "a subject of 100 KB is kept whole");
	is_int((long long)message->limits.count, 0, "and is no limit");
	buf_release(&mail);
	arena_destroy(&arena);
}

static void
check_invisible(void)
{
	static const char mail[] =
		"Subject: =?utf-8?q?a=E2=80=AEb=E2=80=8Bc=00d=0D=0Ae?= "
		"=?utf-16be?B?2AAAYQ==?=\n\n";
	struct arena *arena = arena_create();

	is(parse_mail(arena, mail, sizeof(mail) - 1)->subject,
	   "a\xE2\x80\xAE" "b\xE2\x80\x8B" "cd  e\xEF\xBF\xBD" "a",
	   "U+202E and U+200B stay, NUL goes, CR and LF are blanks, a lone "
	   "surrogate is U+FFFD");
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	parse_warm_up();
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&cases[i], false);
	for (i = 0; i < sizeof(from_cases) / sizeof(*from_cases); i++)
		check(&from_cases[i], true);
	check_nested();
	check_deep_messages();
	for (i = 0; i < sizeof(floods) / sizeof(*floods); i++)
		check_flood(&floods[i]);
	check_long_subject();
	check_invisible();
	return tap_done();
}
