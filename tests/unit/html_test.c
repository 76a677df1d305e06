#include "parse/describe.h"
#include "parse/html.h"

#include <tap.h>
#include <time.h>

struct html_case {
	const char *name;
	const char *html;
	const char *want;	/* text, rows, links, limits */
};

static const struct html_case cases[] = {
	{ "nothing is nothing", "", "" },
	{ "text without a tag", "just text", "html \"just text\"\n" },
	{ "blocks begin a line, inline elements do not",
	  "<div>one <b>two</b></div><p>three<br>four</p>five",
	  "html \"one two\"\nhtml \"three\"\nhtml \"four\"\n"
	  "html \"five\"\n" },
	{ "white space is folded, also U+00A0 and U+00A0 written as an entity",
	  "<p> a\r\n\t b&nbsp;&nbsp;c\xC2\xA0 d </p>", "html \"a b c d\"\n" },
	{ "lines of preformatted text stay lines", "<pre>a\nb  c</pre>",
	  "html \"a\"\nhtml \"b c\"\n" },
	{ "script, style, title and comments are no text",
	  "<head><title>t</title><style>p{}</style></head><body>"
	  "<script>if (a<b) x()</script><!-- c --><p>a</p>",
	  "html \"a\"\n" },
	{ "entities are decoded, unknown ones stay, surrogates vanish",
	  "<p>&eacute;&#8364;&#x41;&lt;b&gt;&nope;&#xD800;&#0;.</p>",
	  "html \"\xC3\xA9\xE2\x82\xAC" "A<b>&nope;.\"\n" },
	{ "a meta charset does not undo the conversion",
	  "<meta charset=\"iso-8859-1\"><p>\xC3\xA9</p>",
	  "html \"\xC3\xA9\"\n" },
	{ "a row of two cells is a label and a value",
	  "<table><tr><td>Severity:</td><td> High\n </td></tr>"
	  "<tr><th>Title</th><td>a <b>b</b></td></tr></table>",
	  "html \"Severity:\\x09High\"\nhtml \"Title\\x09a b\"\n"
	  "row \"Severity\" \"High\"\nrow \"Title\" \"a b\"\n" },
	{ "a full-width colon is taken off as well",
	  "<table><tr><td>\xE4\xB8\xA5\xE9\x87\x8D\xE6\x80\xA7"
	  "\xEF\xBC\x9A</td><td>a</td></tr></table>",
	  "html \"\xE4\xB8\xA5\xE9\x87\x8D\xE6\x80\xA7\xEF\xBC\x9A\\x09a\"\n"
	  "row \"\xE4\xB8\xA5\xE9\x87\x8D\xE6\x80\xA7\" \"a\"\n" },
	{ "an empty value is a value, a row without a label is more of it",
	  "<table><tr><td>Device</td><td></td></tr>"
	  "<tr><td>&nbsp;</td><td>x</td></tr></table>",
	  "html \"Device\"\nhtml \"x\"\nrow \"Device\" \"x\"\n" },
	{ "as often as there are such rows, until there is another label",
	  "<table><tr><td>Device</td><td>d1</td></tr><tr><td></td><td>d2</td>"
	  "</tr><tr><td></td><td>d3</td></tr><tr><td>User</td><td>u</td></tr>"
	  "</table>",
	  "html \"Device\\x09" "d1\"\nhtml \"d2\"\nhtml \"d3\"\n"
	  "html \"User\\x09u\"\nrow \"Device\" \"d1\\nd2\\nd3\"\n"
	  "row \"User\" \"u\"\n" },
	{ "but not from one table to the next",
	  "<table><tr><td>Device</td><td>d1</td></tr></table>"
	  "<table><tr><td></td><td>x</td></tr></table>",
	  "html \"Device\\x09" "d1\"\nhtml \"x\"\nrow \"Device\" \"d1\"\n" },
	{ "a label that spans several rows has all their values",
	  "<table><tr><td rowspan=2>Device</td><td>d1</td></tr><tr><td>d2</td>"
	  "</tr><tr><td>x</td></tr></table>",
	  "html \"Device\\x09" "d1\"\nhtml \"d2\"\nhtml \"x\"\n"
	  "row \"Device\" \"d1\\nd2\"\n" },
	{ "a line in the value of a row is said to be in it",
	  "<table><tr><td>Title</td><td>x<br>Severity: Low</td></tr>"
	  "<tr><td>User</td><td>u</td></tr></table>Severity: High",
	  "html \"Title\\x09x\"\nhtml \"Severity: Low\"\n"
	  "html \"User\\x09u\"\nhtml \"Severity: High\"\n"
	  "row \"Title\" \"x\\nSeverity: Low\"\nrow \"User\" \"u\"\n"
	  "line \"Severity\" \"Low\" in \"Title\"\n"
	  "line \"Severity\" \"High\"\n" },
	{ "also when label and value are blocks",
	  "<table><tr><td><p>Title</p></td><td><p>Severity: Low</p></td></tr>"
	  "</table>",
	  "html \"Title\"\nhtml \"Severity: Low\"\n"
	  "row \"Title\" \"Severity: Low\"\n"
	  "line \"Severity\" \"Low\" in \"Title\"\n" },
	{ "a label above its value",
	  "<b>Severity:<br></b>High<br><br><b>Device:</b><br>d1<br>d2<br>"
	  "<b>User:<br></b><b>Title:<br></b>x",
	  "html \"Severity:\"\nhtml \"High\"\nhtml \"Device:\"\n"
	  "html \"d1\"\nhtml \"d2\"\nhtml \"User:\"\nhtml \"Title:\"\n"
	  "html \"x\"\nabove \"Severity\" \"High\"\n"
	  "above \"Device\" \"d1\\nd2\"\nabove \"Title\" \"x\"\n" },
	{ "a spacer between two cells is no cell",
	  "<table><tr><td>Device</td><td>&nbsp;</td><td>d1</td></tr></table>",
	  "html \"Device\\x09\\x09" "d1\"\nrow \"Device\" \"d1\"\n" },
	{ "one cell is no row, three are cells, and a table is layout",
	  "<table><tr><td>a</td></tr><tr><td>a</td><td>b</td><td>c</td></tr>"
	  "<tr><td>x</td><td><table><tr><td>k</td><td>v</td></tr></table>"
	  "</td></tr></table>",
	  "html \"a\"\nhtml \"a\\x09" "b\\x09" "c\"\nhtml \"x\"\n"
	  "html \"k\\x09v\"\nrow \"k\" \"v\"\nlayout \"x\" \"k v\"\n"
	  "cells 1 \"a\" \"b\" \"c\"\n" },
	{ "cells whose text is a paragraph",
	  "<table><tr><td><p>Severity</p></td><td><p>High</p></td></tr>"
	  "</table>",
	  "html \"Severity\"\nhtml \"High\"\nrow \"Severity\" \"High\"\n" },
	{ "unclosed cells, rows and tables end with the document",
	  "<table><tr><td>Severity<td>High<tr><td>Title<td>x",
	  "html \"Severity\\x09High\"\nhtml \"Title\\x09x\"\n"
	  "row \"Severity\" \"High\"\nrow \"Title\" \"x\"\n" },
	{ "a term and its definition",
	  "<dl><dt>Device</dt><dd>lab-17</dd><dt>User</dt><dd>ana</dd></dl>",
	  "html \"Device\"\nhtml \"lab-17\"\nhtml \"User\"\nhtml \"ana\"\n"
	  "row \"Device\" \"lab-17\"\nrow \"User\" \"ana\"\n" },
	{ "several definitions of a term",
	  "<dl><dt>Device</dt><dd>d1</dd><dd>d2</dd></dl>",
	  "html \"Device\"\nhtml \"d1\"\nhtml \"d2\"\n"
	  "row \"Device\" \"d1\\nd2\"\n" },
	{ "a term without an end is no term",
	  "<dl><dt>a</dt><dt>b<p><dd>c</dd></dl>",
	  "html \"a\"\nhtml \"b\"\nhtml \"c\"\nrow \"b\" \"c\"\n" },
	{ "terms within terms",
	  "<dl><dt>User</dt><i><dt>Us<b><dd>ana</dd></b></i></dl>",
	  "html \"User\"\nhtml \"Us\"\nhtml \"ana\"\n" },
	{ "a term within a definition",
	  "<dl><dd>x<dt>User</dt></dd></dl>",
	  "html \"x\"\nhtml \"User\"\n" },
	{ "cells within cells",
	  "<table><tr><td>a<x><td~>b<y><td>c</table>",
	  "html \"a\\x09" "b\\x09" "c\"\ncells 1 \"a\" \"b\" \"c\"\n" },
	{ "a bold label before its value",
	  "<p><b>Severity:</b> High<br><strong>Title</strong>: x</p>",
	  "html \"Severity: High\"\nhtml \"Title: x\"\n"
	  "line \"Severity\" \"High\"\nline \"Title\" \"x\"\n" },
	{ "a value of several lines is one value",
	  "<table><tr><td>Devices</td><td>d1<br>d2</td></tr></table>",
	  "html \"Devices\\x09" "d1\"\nhtml \"d2\"\nrow \"Devices\" \"d1\\nd2\"\n" },
	{ "the first of several lines beside a logo is a row too",
	  "<table><tr><td>logo</td><td>Severity: High<br>Title: x</td></tr>"
	  "</table>",
	  "html \"logo\\x09Severity: High\"\nhtml \"Title: x\"\n"
	  "row \"logo\" \"Severity: High\\nTitle: x\"\n"
	  "line \"Severity\" \"High\" in \"logo\"\n"
	  "line \"Title\" \"x\" in \"logo\"\n" },
	{ "lines inside a layout cell are rows too",
	  "<table><tr><td>logo</td><td><p>Severity: High</p><p>Title: x</p>"
	  "</td></tr></table>",
	  "html \"logo\"\nhtml \"Severity: High\"\nhtml \"Title: x\"\n"
	  "row \"logo\" \"Severity: High\\nTitle: x\"\n"
	  "line \"Severity\" \"High\" in \"logo\"\n"
	  "line \"Title\" \"x\" in \"logo\"\n" },
	{ "a row that nobody sees is marked",
	  "<table><tr style=\"Display: None !important\"><td>Tenant</td>"
	  "<td>evil</td></tr><tr><td>Tenant</td><td>good</td></tr></table>",
	  "html \"Tenant\\x09good\"\nhidden row \"Tenant\" \"evil\"\n"
	  "row \"Tenant\" \"good\"\n" },
	{ "hidden by visibility, attribute, opacity and size zero",
	  "<table style=\"visibility:hidden\"><tr><td>a</td><td>1</td></tr>"
	  "</table><div hidden>b</div><p style='opacity: 0'>c</p>"
	  "<p style=\"color:red;font-size:0px\">d</p>e",
	  "html \"e\"\nhidden row \"a\" \"1\"\n" },
	{ "a size that is not zero is seen, also inside of size zero",
	  "<p style=\"font-size:0.8em\">a</p><div style=\"font-size:0\">"
	  "<span style=\"font-size:13px\">b</span></div>",
	  "html \"a\"\nhtml \"b\"\n" },
	{ "a hidden text in a cell that is seen is no part of it",
	  "<table><tr><td>Severity</td><td>High"
	  "<span style=\"display:none\">Low</span></td></tr></table>",
	  "html \"Severity\\x09High\"\nrow \"Severity\" \"High\"\n" },
	{ "a hidden cell in a row that is seen is no cell",
	  "<table><tr><td>Severity</td><td style=\"display:none\">Low</td>"
	  "<td>High</td></tr></table>",
	  "html \"Severity\\x09High\"\nrow \"Severity\" \"High\"\n" },
	{ "links with their words, entities decoded once",
	  "<a href=\"https://x/?a=1&amp;b=%26amp;\">Open\n <b>alert</b></a>"
	  "<a name=\"n\">no</a><area href=\"y\"><a href=\" \n\">none</a>",
	  "html \"Open alertnonone\"\n"
	  "link \"https://x/?a=1&b=%26amp;\" \"Open alert\"\n"
	  "link \"y\" \"\"\n" },
	{ "line ends inside a link are no part of it, as in a browser",
	  "<a href=\"https://x/\n  y\t\">z</a>",
	  "html \"z\"\nlink \"https://x/  y\" \"z\"\n" },
	{ "a link that nobody sees is marked",
	  "<p style=\"display:none\"><a href=\"evil\">x</a></p>a",
	  "html \"a\"\nhidden link \"evil\" \"x\"\n" },
	{ "a link without an end tag", "<a href=\"x\">a<p>b",
	  "html \"a\"\nhtml \"b\"\nlink \"x\" \"a b\"\n" },
	{ "tags cut in the middle", "<p>a</p><table><tr><td", "html \"a\"\n" },
	{ "quotes without an end", "<p>a</p><a href=\"x",
	  "html \"a\"\nlink \"x\" \"\"\n" },
};

/* What describe_message() says, without the fields of a mail. */
static void
read_html(const char *html, size_t length, struct buf *out)
{
	static const char *const empty = "subject \"\"\nmessage-id \"\"\n";
	struct arena *arena = arena_create();
	struct message *message = message_create(arena);
	struct buf text = BUF_INIT, all = BUF_INIT;

	html_read(arena, message, html, length, &text);
	message->html_text = text.data;
	describe_message(&all, message);
	buf_puts(out, all.data + strlen(empty));
	buf_release(&all);
	buf_release(&text);
	arena_destroy(&arena);
}

struct flood {
	const char *name;
	const char *before;
	const char *again;	/* %d counts */
	int times;
	const char *says;	/* somewhere in the result */
};

static const struct flood floods[] = {
	{ "a million tags", "<p>Severity: High</p>", "<b>", 1000000,
	  "line \"Severity\" \"High\"" },
	{ "a million closed tags", "<p>Severity: High</p>", "<i></i>", 1000000,
	  "too much HTML" },
	{ "a million line breaks", "<p>Severity: High</p>", "<br>", 1000000,
	  "too much HTML" },
	{ "100,000 nested blocks", "<p>Severity: High</p>", "<div>", 100000,
	  "HTML nested too deeply" },
	{ "100,000 nested tables", "<p>Severity: High</p>",
	  "<table><tr><td>", 100000, "HTML nested too deeply" },
	{ "100,000 attributes on one tag", "<p>Severity: High</p><b ",
	  " a%d=1", 100000, "too many attributes" },
	{ "attributes without blanks between them",
	  "<p>Severity: High</p><b ", "a%d=\"1\"", 100000,
	  "too many attributes" },
	{ "5 MB of <", "<p>Severity: High</p>", "<", 5000000,
	  "too much HTML" },
	{ "100,000 rows", "<p>Severity: High</p><table>",
	  "<tr><td>a<td>%d", 100000, "too many rows" },
	{ "100,000 links", "<p>Severity: High</p>", "<a href=x%d>", 100000,
	  "too many links" },
	{ "100,000 entities", "<p>Severity: High</p>", "&amp;", 100000,
	  "&&&&" },
	{ "100,000 end tags of nothing", "<p>Severity: High</p>", "</table>",
	  100000, "line \"Severity\"" },
	{ "20,000 unclosed tables in unclosed cells",
	  "<p>Severity: High</p>", "<table><td>", 20000, "nested too deeply" },
	{ "a link of 100,000 octets", "<p>Severity: High</p><a href=\"x",
	  "yyyyyyyyyy", 10000, "Severity" },
};

static void
check_flood(const struct flood *flood)
{
	struct buf html = BUF_INIT, out = BUF_INIT;
	clock_t begun = clock();
	double effort;
	int i;

	buf_puts(&html, flood->before);
	for (i = 0; i < flood->times; i++) {
		const char *number = strstr(flood->again, "%d");

		if (!number) {
			buf_puts(&html, flood->again);
			continue;
		}
		buf_append(&html, flood->again,
			   (size_t)(number - flood->again));
		buf_printf(&html, "%d", i);
		buf_puts(&html, number + 2);
	}
	read_html(html.data, html.len, &out);
	ok(strstr(out.data, "High"), "%s: what came before is read",
	   flood->name);
	ok(strstr(out.data, flood->says), "%s: says \"%s\"", flood->name,
	   flood->says);
	effort = tap_effort(begun);
	ok(effort < 50, "%s: soon (%.1f)", flood->name, effort);
	buf_release(&html);
	buf_release(&out);
}

static void
check_invalid(void)
{
	static const char html[] = "<p>a\xFF\xC3</p><p>b\0c</p>";
	struct buf out = BUF_INIT;

	read_html(html, sizeof(html) - 1, &out);
	ok(strstr(out.data, "html \"a"), "octets that are no UTF-8 do no harm");
	ok(strstr(out.data, "c\""), "nor does NUL");
	buf_release(&out);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT;

		read_html(cases[i].html, strlen(cases[i].html), &out);
		is(out.data, cases[i].want, "%s", cases[i].name);
		buf_release(&out);
	}
	for (i = 0; i < sizeof(floods) / sizeof(*floods); i++)
		check_flood(&floods[i]);
	check_invalid();
	return tap_done();
}
