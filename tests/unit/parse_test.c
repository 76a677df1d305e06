/* What of a mail is read and what is left out, at the edge of each limit. */
#include "base/buf.h"
#include "parse/parse.h"

#include <tap.h>

static bool
is_said(const struct message *message, const char *sentence)
{
	size_t i;

	for (i = 0; i < message->limits.count; i++)
		if (strstr(message->limits.items[i], sentence))
			return true;
	return false;
}

/* ---- limits that are told ---- */

#define MULTIPART "Content-Type: multipart/mixed; boundary=b\n\n"
#define HTML "Content-Type: text/html\n\n"
#define X62 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct edge {
	const char *name;
	const char *before;
	const char *again;
	int most;		/* so often, and once more is too much */
	const char *after;
	const char *says;
} edges[] = {
	{ "2000 header fields", "", "A: b\n", 2000, "\nx",
	  "too many or too long header fields" },
	{ "1 MiB of header fields", "A: b\n", "\t " X62 "\n", 16383, "\nx",
	  "too many or too long header fields" },
	{ "1000 parts", MULTIPART, "--b\nContent-Type: text/x\n\na\n", 1000,
	  "--b--\n", "too many parts" },
	{ "32 attached messages", MULTIPART, "--b\nContent-Type: "
	  "message/rfc822\n\nSubject: x\n\ny\n", 32, "--b--\n",
	  "too many attached messages" },
	{ "2000 links", HTML, "<a href=\"https://a.example/\">x</a>\n", 2000,
	  "", "too many links" },
	{ "a link of 8192 octets", HTML "<a href=\"https://a.example/", "x",
	  8192 - 18, "\">x</a>", "a link was too long" },
	{ "5000 rows", "\n", "Label: x\n", 5000, "", "too many rows" },
	{ "254 elements in body and html", HTML, "<div>", 254, "x",
	  "HTML nested too deeply" },
	{ "a tag of 512 attributes", HTML "<p", " a", 512, ">x",
	  "too many attributes" },
	{ "2 MiB of HTML", HTML, "x", 2 << 20, "", "too much HTML" },
	{ "1 MiB of text", "\n", "x", 1 << 20, "", "too much text" },
	{ "a mail of 8 MiB", "\n", "x", (8 << 20) - 1, "",
	  "larger than 8 MiB" },
};

static bool
says(const struct edge *edge, int times)
{
	struct arena *arena = arena_create();
	struct buf mail = BUF_INIT;
	bool said;

	buf_puts(&mail, edge->before);
	while (times--)
		buf_puts(&mail, edge->again);
	buf_puts(&mail, edge->after);
	said = is_said(parse_mail(arena, mail.data, mail.len), edge->says);
	buf_release(&mail);
	arena_destroy(&arena);
	return said;
}

static void
test_edges(void)
{
	size_t i;

	for (i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		ok(!says(&edges[i], edges[i].most), "%s: read",
		   edges[i].name);
		ok(says(&edges[i], edges[i].most + 1), "and more: it says so");
	}
}

/* ---- what is left out without a word ---- */

static struct arena *arena;

/* `before`, so many times `again`, `after`. */
static struct message *
mail_of(const char *before, const char *again, int times, const char *after)
{
	struct buf mail = BUF_INIT;
	struct message *message;

	buf_puts(&mail, before);
	while (times--)
		buf_puts(&mail, again);
	buf_puts(&mail, after);
	message = parse_mail(arena, mail.data, mail.len);
	buf_release(&mail);
	return message;
}

static void
test_headers(void)
{
	is_int((long long)mail_of("", "n", 128, ": v\n\nx")->headers.count, 1,
	       "the name of a field has up to 128 octets");
	is_int((long long)mail_of("", "n", 129, ": v\n\nx")->headers.count, 0,
	       "what is longer is no name");
	is(mail_of("A: b\n", "junk\n", 8, "Subject: s\n\nx")->subject, "s",
	   "eight lines of junk are forgiven");
	is(mail_of("A: b\n", "junk\n", 9, "Subject: s\n\nx")->subject, "",
	   "and not nine");
	is_int((long long)mail_of("From: a@b", ", a@b", 150,
				  "\n\nx")->from.count, 100,
	       "a hundred addresses of From are kept");
}

static void
test_rows(void)
{
	is_int((long long)mail_of(HTML "<table><tr><td>", "l", 160, "</td><td>v"
				  "</td></tr></table>")->rows.count, 1,
	       "a label has up to 160 octets");
	is_int((long long)mail_of(HTML "<table><tr><td>", "l", 161, "</td><td>v"
				  "</td></tr></table>")->rows.count, 0,
	       "what is longer is none");
	is_int((long long)mail_of("\nl", " l", 5, ": v\n")->rows.count, 1,
	       "that of a line has up to six words");
	is_int((long long)mail_of("\nl", " l", 6, ": v\n")->rows.count, 0,
	       "with more it is a sentence");
	is_int((long long)mail_of("\nlabel: ", "v", 65536 - 1, "\n")
	       ->rows.count, 1, "a value has up to 64 KiB");
	is_int((long long)mail_of("\nlabel: ", "v", 65536 + 1, "\n")
	       ->rows.count, 0, "a longer one is no row");
}

static bool
is_hidden(int before)
{
	return !*mail_of(HTML "<p style=\"", "a:b;", before,
			 "display:none\">x</p>")->html_text;
}

/* The name of a file in so many pieces (RFC 2231 section 3). */
static size_t
name_length(int pieces)
{
	struct buf header = BUF_INIT;
	const struct message *message;
	size_t length;
	int i;

	buf_puts(&header, "Content-Type: image/png");
	for (i = 0; i < pieces; i++)
		buf_printf(&header, ";\n name*%d=x", i);
	message = mail_of(header.data, "", 0, "\n\nx");
	length = strlen(message->parts.items[0].name);
	buf_release(&header);
	return length;
}

static void
test_parts(void)
{
	is_int((long long)name_length(64), 64, "a file name has up to 64 "
	       "pieces");
	is_int((long long)name_length(70), 64, "and not more");
	is(mail_of("Content-Type: text/html; a=", "x", 60000, "\n\n<p>x</p>")
	   ->text, "", "a Content-Type has up to 64 KiB");
	is(mail_of("Content-Type: text/html; a=", "x", 70000, "\n\n<p>x</p>")
	   ->text, "<p>x</p>", "a longer one is not looked at");
	is(mail_of(HTML, " ", 2000, "<meta charset=koi8-r>\xC1")->html_text,
	   "\u0430\n", "HTML names its charset in the first 2 KiB");
	is(mail_of(HTML, " ", 2048, "<meta charset=koi8-r>\xC1")->html_text,
	   "\u00C1\n", "and not behind");
	ok(is_hidden(200) && !is_hidden(256),
	   "1 KiB of a style is looked at");
	is(mail_of("Content-Type: image/png", ";\n a=b", 199, ";\n name=n\n\nx")
	   ->parts.items[0].name, "n", "a part has up to 200 parameters");
	is(mail_of("Content-Type: image/png", ";\n a=b", 200, ";\n name=n\n\nx")
	   ->parts.items[0].name, "", "and not more");
}

int
main(void)
{
	arena = arena_create();
	test_edges();
	test_headers();
	test_rows();
	test_parts();
	arena_destroy(&arena);
	return tap_done();
}
