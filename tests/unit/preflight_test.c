#include "parse/header.h"
#include "parse/preflight.h"

#include <tap.h>

struct header_case {
	const char *name;
	const char *mail;
	const char *fields;	/* name=value; for each */
	const char *body;
};

static const struct header_case headers[] = {
	{ "fields up to the empty line", "A: 1\nB: 2\n\nbody", "A=1;B=2;",
	  "body" },
	{ "CRLF", "A: 1\r\nB: 2\r\n\r\nbody\r\n", "A=1;B=2;", "body\r\n" },
	{ "an empty mail", "", "", "" },
	{ "a mail of one line end", "\n", "", "" },
	{ "a header without a body or a line end", "A: 1\nB: 2", "A=1;B=2;",
	  "" },
	{ "folds are joined", "A: 1\n 2\n\t3\n\nb", "A=1 2 3;", "b" },
	{ "an empty folded line cuts nothing", "A: 1\n \n 2\nSubject: 3\n\nb",
	  "A=1  2;Subject=3;", "b" },
	{ "a line of blanks before text ends the header",
	  "A: 1\n \nHello\n", "A=1;", "Hello\n" },
	{ "the From line of a mailbox file is dropped",
	  "From x@y Mon Jan 1\nA: 1\n\nb", "A=1;", "b" },
	{ "a quoted one and a second one as well",
	  ">From x\nFrom y\nA: 1\n\nb", "A=1;", "b" },
	{ "a line of junk does not end the header",
	  "A: 1\njunk\n folded junk\nSubject: 2\n\nb", "A=1;Subject=2;", "b" },
	{ "junk before the first field", "junk\nReceived: 1\n\nb",
	  "Received=1;", "b" },
	{ "a first line with a blank in front is junk",
	  " x\nReceived: 1\n\nb", "Received=1;", "b" },
	{ "text without an empty line before it is the body",
	  "Subject: 1\nHello there\nSeverity: High\n", "Subject=1;",
	  "Hello there\nSeverity: High\n" },
	{ "no header at all", "Hello\n\nWorld\n", "", "Hello\n\nWorld\n" },
	{ "blanks before the colon", "A : 1\n\nb", "A=1;", "b" },
	{ "no blank behind the colon", "A:1\n\nb", "A=1;", "b" },
	{ "a value of nothing", "A:\nB: 1\n\nb", "A=;B=1;", "b" },
	{ "a field twice, in order",
	  "Authentication-Results: 1\nAuthentication-Results: 2\n\n",
	  "Authentication-Results=1;Authentication-Results=2;", "" },
	{ "control characters become blanks", "Subject: a\rb\x01" "c\n\n",
	  "Subject=a b c;", "" },
	{ "line ends in an encoded word become blanks",
	  "Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n\n", "Subject=a  Bcc: x;", "" },
	{ "an encoded word in Authentication-Results stays encoded",
	  "Authentication-Results: mx; =?utf-8?q?dmarc=3Dpass?=\n\n",
	  "Authentication-Results=mx; =?utf-8?q?dmarc=3Dpass?=;", "" },
	{ "8 bit without a charset", "Subject: \xE9\nTo: \xC3\xA9\n\n",
	  "Subject=\xC3\xA9;To=\xC3\xA9;", "" },
};

static void
check_header(const struct header_case *one)
{
	struct arena *arena = arena_create();
	struct buf got = BUF_INIT;
	struct header header;
	size_t i, bad = 0;

	header_split(arena, one->mail, strlen(one->mail), &header);
	for (i = 0; i < header.fields.count; i++) {
		const struct header_field *field = &header.fields.items[i];

		buf_append(&got, field->name, field->name_length);
		buf_printf(&got, "=%s;", header_text(arena, field, "",
							      &bad));
	}
	is(got.data, one->fields, "%s", one->name);
	is(one->mail + header.body, one->body, "%s: the body", one->name);
	buf_release(&got);
	arena_destroy(&arena);
}

struct compose_case {
	const char *name;
	const char *mail;
	const char *want;
	const char *limit;	/* NULL for none */
};

static const struct compose_case composed[] = {
	{ "only the fields of MIME are shown, unfolded, the first of each",
	  "Subject: x\nContent-Type: text/plain;\n charset=utf-8\n"
	  "Content-Type: text/html\nMIME-Version: 1.0\n\nbody",
	  "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nbody",
	  NULL },
	{ "a boundary of a backslash and a quote is made harmless",
	  "Content-Type: multipart/mixed; boundary=\"\\\"\"\n\nb",
	  "Content-Type: multipart/mixed; boundary=\"_\"\"\n\nb",
	  "a boundary with a backslash: some parts were not found" },
	{ "so it is in a part, in folds and behind a long comment",
	  "A: 1\n\nContent-Type: multipart/x; BOUNDARY\n =\n\t(c)\n \"\\\"\"\n\\",
	  "\nContent-Type: multipart/x; BOUNDARY\n =\n\t(c)\n \"_\"\"\n\\",
	  "a boundary with a backslash: some parts were not found" },
	{ "a backslash in a sentence about a boundary stays",
	  "A: 1\n\nthe boundary \\ of", "\nthe boundary \\ of", NULL },
};

static void
compose(struct arena *arena, struct message *message, const char *mail,
	size_t length, struct buf *out)
{
	struct header header;

	header_split(arena, mail, length, &header);
	preflight_compose(arena, message, &header, mail, length, out);
}

static void
check_composed(const struct compose_case *one)
{
	struct arena *arena = arena_create();
	struct message *message = message_create(arena);
	struct buf out = BUF_INIT;

	compose(arena, message, one->mail, strlen(one->mail), &out);
	is(out.data, one->want, "%s", one->name);
	is(message->limits.count ? message->limits.items[0] : NULL, one->limit,
	   "%s: the limit", one->name);
	buf_release(&out);
	arena_destroy(&arena);
}

static void
check_flood(const char *name, const char *first, const char *again, int times,
	    size_t most, const char *limit)
{
	struct arena *arena = arena_create();
	struct message *message = message_create(arena);
	struct buf mail = BUF_INIT, out = BUF_INIT;
	int i;

	buf_puts(&mail, first);
	for (i = 0; i < times; i++)
		buf_puts(&mail, again);
	compose(arena, message, mail.data, mail.len, &out);
	ok(out.len <= most, "%s: %zu of %zu octets are shown", name, out.len,
	   mail.len);
	is(message->limits.count ? message->limits.items[0] : NULL, limit,
	   "%s: the limit", name);
	buf_release(&mail);
	buf_release(&out);
	arena_destroy(&arena);
}

static void
check_padding(void)
{
	struct arena *arena = arena_create();
	struct buf out = BUF_INIT;
	bool zero = true;
	int i;

	compose(arena, message_create(arena), "A: 1\n\nx=A", 10, &out);
	for (i = 0; i < PREFLIGHT_PADDING; i++)
		zero = zero && !out.data[out.len + (size_t)i];
	ok(zero, "zero octets lie behind the mail");
	buf_release(&out);
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		check_header(&headers[i]);
	for (i = 0; i < sizeof(composed) / sizeof(*composed); i++)
		check_composed(&composed[i]);
	check_flood("100,000 boundaries", "A: 1\n\n", "boundary=x\n", 100000,
		    1000, "too many nested parts: the innermost ones were "
		    "not read");
	check_flood("64 boundaries", "A: 1\n\n", "boundary=x\n", 64, 1000,
		    NULL);
	check_flood("1,000 times the word boundary", "A: 1\n\n",
		    "a boundary is ", 1000, 20000, NULL);
	check_flood("5000 delimiters", "A: 1\n\nx", "\n--A", 5000, 30000, NULL);
	check_flood("2,000,000 of them", "A: 1\n\nx", "\n--A", 2000000, 30000,
		    "too many lines that part the mail: what follows was not "
		    "read");
	check_flood("100,000 attached messages", "A: 1\n\n",
		    "Content-Type: Message/RFC822\n\n", 100000, 2000,
		    "too many attached messages: the last ones were not read");
	check_flood("16 MB with 20 boundaries",
		    "A: 1\n\nboundary=xboundary=xboundary=xboundary=xboundary=x"
		    "boundary=xboundary=xboundary=xboundary=xboundary=x"
		    "boundary=xboundary=xboundary=xboundary=xboundary=x"
		    "boundary=xboundary=xboundary=xboundary=xboundary=x",
		    "0123456789abcdef", 1 << 20, 1000,
		    "too many nested parts: the innermost ones were not read");
	check_padding();
	return tap_done();
}
