#include "tap.h"

#include "base/clock.h"
#include "conf/conf.h"
#include "normalize/format.h"
#include "normalize/quirk.h"

static struct arena *arena;

/* `want`: "hole=text hole=text", or NULL for no match. */
static const struct { const char *pattern, *text, *want; } patterns[] = {
	{ "{severity}-severity alert: {title}",
	  "High-severity alert: User restricted",
	  "severity=High title=User restricted" },
	{ "{severity}-severity alert: {title}",
	  "  high-SEVERITY   Alert:\xC2\xA0 A: b-severity alert: c ",
	  "severity=high title=A: b-severity alert: c" },
	{ "{severity}-severity alert: {title}",
	  "High\xE2\x80\x91severity alert\xEF\xBC\x9A x",
	  "severity=High title=x" },
	{ "{severity}-severity alert: {title}", "-severity alert: x", NULL },
	{ "{severity}-severity alert: {title}", "High-severity alert:", NULL },
	{ "{severity}-severity alert: {title}", "High severity alert: x",
	  NULL },
	{ "{severity}严重性警报:{title}", "低严重性警报：标题",
	  "severity=低 title=标题" },
	{ "PIM: {user} has the {*} role", "PIM: A b has the C d role",
	  "user=A b" },
	{ "PIM: {user} has the {*} role", "PIM: A b has the C d roles", NULL },
	{ "{*}Apps{*}match{*}", "Apps match", "" },
	{ "{*}Apps{*}match{*}", "match Apps", NULL },
	{ "exactly this", "Exactly This", "" },
	{ "exactly this", "exactly this and more", NULL },
	{ "", "", "" },
	{ "", "x", NULL },
	{ "{title}", "", NULL },
	{ "a{title}aa", "aaa", NULL },
	{ "a{title}aa", "aaaaa", "title=aa" },
};

static const char *
captures_text(const pattern_captures *captures)
{
	struct buf out = BUF_INIT;
	const char *text;
	size_t i;

	for (i = 0; i < captures->count; i++)
		buf_printf(&out, "%s%s=%s", i ? " " : "",
			   captures->items[i].hole, captures->items[i].text);
	text = arena_strdup(arena, out.data);
	buf_release(&out);
	return text;
}

static void
test_patterns(void)
{
	struct buf error = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		struct pattern *pattern = pattern_parse(arena,
			patterns[i].pattern, "", &error);
		pattern_captures captures = { .count = 0 };
		bool good = pattern_match(pattern, arena, patterns[i].text,
					  &captures);

		is(good ? captures_text(&captures) : NULL, patterns[i].want,
		   "'%s' in '%s'", patterns[i].pattern, patterns[i].text);
		if (!good)
			ok(!captures.count, "  and nothing was captured");
	}
	is(error.data, "", "all these patterns make sense");
	buf_release(&error);
}

static const struct { const char *name, *text, *findings; } wrong[] = {
	{ "an unknown field is an error with a remedy",
	  "label severty \"Severity\"\n",
	  "t.rules:1:7: error: unknown field 'severty' (did you mean "
	  "'severity'?)\n"
	  "    1 | label severty \"Severity\"\n"
	  "      |       ^~~~~~~\n" },
	{ "so it is inside a format",
	  "format f \"F\" { expect title, sverity text x }\n",
	  "t.rules:1:30: error: unknown field 'sverity' (did you mean "
	  "'severity'?)\n"
	  "    1 | format f \"F\" { expect title, sverity text x }\n"
	  "      |                              ^~~~~~~\n" },
	{ "and in a hole of a subject",
	  "format f \"F\" { subject \"{severity} {titel}\" }\n",
	  "t.rules:1:24: error: unknown field 'titel' (did you mean "
	  "'title'?)\n"
	  "    1 | format f \"F\" { subject \"{severity} {titel}\" }\n"
	  "      |                        ^~~~~~~~~~~~~~~~~~~~\n" },
	{ "a field that the relay decides cannot come from a mail",
	  "format f \"F\" { set customer contoso text x }\n",
	  "t.rules:1:20: error: field 'customer' is decided by the relay, not "
	  "by a mail\n"
	  "    1 | format f \"F\" { set customer contoso text x }\n"
	  "      |                    ^~~~~~~~\n" },
	{ "two formats of one name are an error",
	  "format f \"F\" {text x}\nformat f \"G\" {text x}\n",
	  "t.rules:2:8: error: there is already a format 'f'\n"
	  "    2 | format f \"G\" {text x}\n"
	  "      |        ^\n" },
	{ "braces without a pair are an error",
	  "format f \"F\" { subject \"{title\" }\n",
	  "t.rules:1:24: error: bad pattern: a brace without its pair (holes "
	  "are written {field} or {*})\n"
	  "    1 | format f \"F\" { subject \"{title\" }\n"
	  "      |                        ^~~~~~~~\n" },
	{ "holes that touch are an error",
	  "format f \"F\" { subject \"{title}{*}\" }\n",
	  "t.rules:1:24: error: bad pattern: nothing stands between {title} "
	  "and {*} (holes are written {field} or {*})\n"
	  "    1 | format f \"F\" { subject \"{title}{*}\" }\n"
	  "      |                        ^~~~~~~~~~~~\n" },
	{ "a link has holes of its own",
	  "link \"https://{portal}/x/{alrt}\"\n",
	  "t.rules:1:6: error: unknown hole '{alrt}' (did you mean 'alert'?)\n"
	  "    1 | link \"https://{portal}/x/{alrt}\"\n"
	  "      |      ^~~~~~~~~~~~~~~~~~~~~~~~~~~\n" },
	{ "a link to anything but https is an error",
	  "format f \"F\" { link \"http://a.example/{alert}\" text x }\n",
	  "t.rules:1:21: error: bad link pattern: a link begins with "
	  "https://\n"
	  "    1 | format f \"F\" { link \"http://a.example/{alert}\" text x }\n"
	  "      |                     ^~~~~~~~~~~~~~~~~~~~~~~~~~\n" },
	{ "a format without anything to know it by is an error",
	  "format f \"F\" { }\n",
	  "t.rules:1:8: error: no mail is ever of format 'f' (add from "
	  "ADDRESS, subject \"PATTERN\" or text \"PHRASE\")\n"
	  "    1 | format f \"F\" { }\n"
	  "      |        ^\n" },
	{ "a constant severity that there is not is an error",
	  "format f \"F\" { text x set severity hihg }\n",
	  "t.rules:1:36: error: unknown severity 'hihg' (did you mean "
	  "'high'?)\n"
	  "    1 | format f \"F\" { text x set severity hihg }\n"
	  "      |                                    ^~~~\n" },
	{ "an alias of a severity that there is not is an error",
	  "alias severity hihg \"Hoch\"\n",
	  "t.rules:1:16: error: unknown severity 'hihg' (did you mean "
	  "'high'?)\n"
	  "    1 | alias severity hihg \"Hoch\"\n"
	  "      |                ^~~~\n" },
	{ "a word that means two severities is an error",
	  "alias severity high \"Hoch\"\nalias severity low \"hoch\"\n",
	  "t.rules:2:20: error: 'hoch' is already severity 'high'\n"
	  "    2 | alias severity low \"hoch\"\n"
	  "      |                    ^~~~~~\n" },
	{ "a label of two fields is an error",
	  "label title \"Name\"\nlabel device \"name :\"\n",
	  "t.rules:2:14: error: label 'name :' is already 'title'\n"
	  "    2 | label device \"name :\"\n"
	  "      |              ^~~~~~~~\n" },
	{ "but a format may mean something else by it",
	  "label title \"Name\"\nformat f \"F\" { label device \"Name\" text x }\n",
	  "" },
	{ "two constants for a field of one value are an error",
	  "format f \"F\" { set product A, B text x }\n",
	  "t.rules:1:31: error: field 'product' has one value\n"
	  "    1 | format f \"F\" { set product A, B text x }\n"
	  "      |                               ^\n" },
	{ "a portal is a host and nothing else",
	  "portal https://a.example, a.example/x\n",
	  "t.rules:1:8: error: 'https://a.example' is no host (write the "
	  "host's name alone)\n"
	  "    1 | portal https://a.example, a.example/x\n"
	  "      |        ^~~~~~~~~~~~~~~~~\n"
	  "t.rules:1:27: error: 'a.example/x' is no host (write the host's "
	  "name alone)\n"
	  "    1 | portal https://a.example, a.example/x\n"
	  "      |                           ^~~~~~~~~~~\n" },
	{ "a redirector has a host and a path",
	  "unwrap \"a.example\" url\n",
	  "t.rules:1:8: error: 'a.example' is no place of a redirector (write "
	  "it as \"HOST/PATH\")\n"
	  "    1 | unwrap \"a.example\" url\n"
	  "      |        ^~~~~~~~~~~\n" },
	{ "a decoder is one of those that there are",
	  "decode \"a.example/*\" proofpoint-v33\n",
	  "t.rules:1:22: error: unknown decoder 'proofpoint-v33' (did you mean "
	  "'proofpoint-v3'?)\n"
	  "    1 | decode \"a.example/*\" proofpoint-v33\n"
	  "      |                      ^~~~~~~~~~~~~~\n" },
	{ "what nobody can read has a host and a path",
	  "opaque \"a.example/*\", \"b.example\"\n",
	  "t.rules:1:23: error: 'b.example' is no place of a redirector (write "
	  "it as \"HOST/PATH\")\n"
	  "    1 | opaque \"a.example/*\", \"b.example\"\n"
	  "      |                       ^~~~~~~~~~~\n" },
	{ "a phrase is not empty",
	  "format f \"F\" { text \" \" }\n",
	  "t.rules:1:21: error: an empty phrase is in every mail\n"
	  "    1 | format f \"F\" { text \" \" }\n"
	  "      |                     ^~~\n" },
	{ "a label has letters, or it would be found at every end of a line",
	  "label title \":\"\n",
	  "t.rules:1:13: error: ':' is no label\n"
	  "    1 | label title \":\"\n"
	  "      |             ^~~\n" },
	{ "the last resort asks for nothing",
	  "format generic \"G\" { subject \"x\" }\n",
	  "t.rules:1:8: error: format 'generic' is for mails that nothing "
	  "describes (take `from`, `subject` and `text` out of it)\n"
	  "    1 | format generic \"G\" { subject \"x\" }\n"
	  "      |        ^~~~~~~\n" },
};

static void
test_wrong(void)
{
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct diag *diag = diag_create(arena);
		struct conf *conf = conf_load_text(arena, "t.rules",
						   wrong[i].text, diag);
		struct buf out = BUF_INIT;

		formats_load(arena, &conf->nodes, diag);
		diag_print(diag, &out);
		is(out.data, wrong[i].findings, "%s", wrong[i].name);
		buf_release(&out);
	}
}

static const char *
last_name(const char *text)
{
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "t.rules", text, diag);
	struct formats *formats = formats_load(arena, &conf->nodes, diag);

	return formats->list.items[formats->list.count - 1]->name;
}

static void
test_generic(void)
{
	is(last_name(""), "generic", "without any format there is generic");
	is(last_name("format generic \"G\" {}\nformat f \"F\" {text x}\n"), "generic",
	   "generic is last, wherever it is written");
}

/* Labels, values and subjects as they really come. */
static const struct { const char *given, *label, *value; } quirks[] = {
	{ "Severity:", "severity", "Severity:" },
	{ "Gravité\xC2\xA0:", "gravité", "Gravité\xC2\xA0:" },
	{ "严重性：", "严重性", "严重性：" },
	{ "\xE2\x97\x8F Medium", "medium", "Medium" },
	{ "\xF0\x9F\x94\xB4 High \xE2\x9A\xA0\xEF\xB8\x8F", "high", "High" },
	{ "\xE2\x80\xA2\xE2\x80\xA2", "", "" },
	{ "  two   words ", "two words", "two   words" },
};

static const struct { const char *text, *value, *want; } folded[] = {
	{ "Title: Malware Command and Control (C2) traffic associated with "
	  "the\nTECHNETIUM actor\nSeverity: Medium\n",
	  "Malware Command and Control (C2) traffic associated with the",
	  "Malware Command and Control (C2) traffic associated with the "
	  "TECHNETIUM actor" },
	{ "a line of fifty-eight octets, too short to go on in a next\n"
	  "with more\n",
	  "a line of fifty-eight octets, too short to go on in a next",
	  "a line of fifty-eight octets, too short to go on in a next" },
	{ "a line of fifty-nine octets is long enough, so that it goes\n"
	  "with more\n",
	  "a line of fifty-nine octets is long enough, so that it goes",
	  "a line of fifty-nine octets is long enough, so that it goes "
	  "with more" },
#define LINE "sixty octets at least, and there are more than the most of them"
	{ LINE "\n1" LINE "\n2" LINE "\n3" LINE "\n4" LINE "\n5" LINE "\n",
	  LINE, LINE " 1" LINE " 2" LINE " 3" LINE " 4" LINE },
	{ "Severity: High\nView alert details\n", "High", "High" },
	{ "Prose that has High in it, and that is as long as a folded line is\n"
	  "usually\nSeverity: High\n", "High", "High" },
	{ "no such value", "High", "High" },
	{ "", "", "" },
};

static void
test_quirks(void)
{
	size_t i;

	for (i = 0; i < sizeof(quirks) / sizeof(*quirks); i++) {
		is(quirk_label(arena, quirks[i].given), quirks[i].label,
		   "'%s' as a label", quirks[i].given);
		is(quirk_value(arena, quirks[i].given), quirks[i].value,
		   "'%s' as a value", quirks[i].given);
	}
	for (i = 0; i < sizeof(folded) / sizeof(*folded); i++)
		is(quirk_unfold(arena, folded[i].text, folded[i].value),
		   folded[i].want, "'%s' in its text", folded[i].value);
}

/* A line that goes on, `at` so many octets of the text. */
static bool
is_unfolded_at(size_t at)
{
	struct buf text = BUF_INIT;
	bool unfolded;

	while (text.len < at)
		buf_putc(&text, '\n');
	buf_puts(&text, LINE "\nmore\n");
	unfolded = !strcmp(quirk_unfold(arena, text.data, LINE),
			   LINE " more");
	buf_release(&text);
	return unfolded;
}

static void
test_unfold_within(void)
{
	size_t most = (64 << 10) - strlen(LINE "\n");

	ok(is_unfolded_at(most), "a line is looked for in 64 KiB");
	ok(!is_unfolded_at(most + 1), "and not behind");
}

/* A hostile mail: thousands of rows, whose value is found at every octet of a
 * text that never has it at the end of a line. */
static void
test_unfold_is_bounded(void)
{
	clock_t begun = clock();
	char text[60001], value[41];
	int i;

	memset(text, 'a', sizeof(text));
	memset(value, 'a', sizeof(value));
	text[sizeof(text) - 1] = value[sizeof(value) - 1] = '\0';
	text[sizeof(text) - 2] = 'b';
	for (i = 0; i < 5000; i++)
		(void)quirk_unfold(arena, text, value);
	ok(tap_effort(begun) < 20, "5000 rows are unfolded soon");
}

int
main(void)
{
	arena = arena_create();
	test_unfold_is_bounded();
	test_patterns();
	test_wrong();
	test_generic();
	test_quirks();
	test_unfold_within();
	arena_destroy(&arena);
	return tap_done();
}
