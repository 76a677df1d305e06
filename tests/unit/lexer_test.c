#include "conf/lexer.h"

#include "base/buf.h"

#include "tap.h"

static struct arena *arena;

static struct diag_file
file_of(const char *text)
{
	return (struct diag_file){ "t", text, strlen(text) };
}

/* The tokens of `text`, one letter for the kind before each, ! before the first
 * of a line. */
static void
describe(const char *text, bool regex, struct buf *out, struct diag *diag)
{
	static const char *const kinds[] = {
		[TOKEN_WORD] = "w:", [TOKEN_STRING] = "s:", [TOKEN_OPEN] = "",
		[TOKEN_CLOSE] = "", [TOKEN_LEFT] = "", [TOKEN_RIGHT] = "",
		[TOKEN_COMMA] = "",
	};
	struct diag_file file = file_of(text);
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, arena, &file, diag);
	for (;;) {
		token = lexer_next(&lexer);
		if (token.kind == TOKEN_END)
			return;
		if (regex && *token.text == '/')
			token = lexer_regex(&lexer, &token);
		buf_printf(out, "%s%s%s%s", out->len ? " " : "",
			   token.first ? "!" : "", kinds[token.kind],
			   token.text);
	}
}

static const struct {
	const char *name;
	const char *text;
	const char *want;
	size_t errors;
} cases[] = {
	{ "an empty file has no tokens", "", "", 0 },
	{ "blanks and newlines divide words", " a b\tc\r\nd\ve\ff\n",
	  "!w:a w:b w:c !w:d w:e w:f", 0 },
	{ "punctuation needs no blanks", "a{b}c(d)e,f\"g\"h",
	  "!w:a { w:b } w:c ( w:d ) w:e , w:f s:g w:h", 0 },
	{ "a comment ends with its line", "a #b \" { \nc", "!w:a !w:c", 0 },
	{ "a comment may end with the file", "a #b", "!w:a", 0 },
	{ "a # inside a word is part of it", "a#b # c", "!w:a#b", 0 },
	{ "a comment may follow punctuation at once", "{#b\n}", "!{ !}", 0 },
	{ "a string has blanks and keeps its comment signs",
	  "\"a # b\"", "!s:a # b", 0 },
	{ "a string may be empty", "\"\" a", "!s: w:a", 0 },
	{ "a string has two escapes", "\"a\\\"b\\\\c\"", "!s:a\"b\\c", 0 },
	{ "other escapes are errors", "\"a\\nb\"", "!s:anb", 1 },
	{ "strings stand side by side", "\"a\"\"b\"c\"d\"",
	  "!s:a s:b w:c s:d", 0 },
	{ "a string ends with its line", "\"a b\nc", "!s:a b !w:c", 1 },
	{ "a string ends before the line end of Windows", "\"a b\r\nc",
	  "!s:a b !w:c", 1 },
	{ "a string may be cut off by the end of the file", "a\"", "!w:a s:",
	  1 },
	{ "a backslash is no escape of the line's end", "\"a\\\nb",
	  "!s:a\\ !w:b", 1 },
	{ "a backslash may be the last byte", "\"a\\", "!s:a\\", 1 },
	{ "words are UTF-8", "Zürich 漢字", "!w:Zürich w:漢字", 0 },
	{ "a no-break space ends a word, which is an error", "a\302\240b",
	  "!w:a w:b", 1 },
	{ "a run of them is one error", "a\302\240 \343\200\200\302\240b",
	  "!w:a w:b", 2 },
	{ "what has no width is left out of a word, which is an error",
	  "a\342\200\213b", "!w:ab", 1 },
	{ "a no-break space in a string is text", "\"a\302\240b\"",
	  "!s:a\302\240b", 0 },
	{ "curly quotes are an error, and make a string",
	  "\342\200\234a b\342\200\235", "!s:a b", 1 },
	{ "so do those that only begin curly", "\342\200\236a b\" c",
	  "!s:a b w:c", 1 },
	{ "so do single ones", "'a b', c", "!s:a b , w:c", 1 },
	{ "an apostrophe is no quote", "'tis o'clock' 'a", "!s:tis o'clock w:'a",
	  1 },
	{ "nor is one without another", "rock'n' 'roll", "!w:rock'n' w:'roll",
	  0 },
	{ "a curly quote within a word is an error", "a\342\200\234",
	  "!w:a\342\200\234", 1 },
};

static const struct {
	const char *name;
	const char *text;
	const char *want;
	size_t errors;
} regex_cases[] = {
	{ "a regex has blanks and punctuation", "a /b c{1,2}(d)\"#/ e",
	  "!w:a s:b c{1,2}(d)\"# w:e", 0 },
	{ "a regex keeps its escapes, but for the slash",
	  "/a\\/b\\d\\\\\\\"/", "!s:a/b\\d\\\\\\\"", 0 },
	{ "a regex ends with its line", "/ab\nc", "!s:ab !w:c", 1 },
	{ "a regex may be empty", "// a", "!s: w:a", 0 },
	{ "a list of regexes", "/a/, /b/,/c/", "!s:a , s:b , s:c", 0 },
};

static void
check(const char *name, const char *text, bool regex, const char *want,
      size_t errors)
{
	struct diag *diag = diag_create(arena);
	struct buf got = BUF_INIT;

	describe(text, regex, &got, diag);
	is(got.data, want, "%s", name);
	is_int((long long)diag_errors(diag), (long long)errors,
	       "%s: errors", name);
	buf_release(&got);
}

static void
test_tokens(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(cases[i].name, cases[i].text, false, cases[i].want,
		      cases[i].errors);
	for (i = 0; i < sizeof(regex_cases) / sizeof(*regex_cases); i++)
		check(regex_cases[i].name, regex_cases[i].text, true,
		      regex_cases[i].want, regex_cases[i].errors);
}

static void
test_places(void)
{
	struct diag_file file = file_of("ab \"c d\" /e f/");
	struct diag *diag = diag_create(arena);
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, arena, &file, diag);
	token = lexer_next(&lexer);
	is_int(token.place.offset, 0, "a word begins where it begins");
	is_int(token.place.length, 2, "and is as long as it is");
	token = lexer_next(&lexer);
	is_int(token.place.offset, 3, "a string begins with its quote");
	is_int(token.place.length, 5, "and ends with the other");
	token = lexer_next(&lexer);
	token = lexer_regex(&lexer, &token);
	is_int(token.place.offset, 10, "a regex begins behind its slash");
	is_int(token.place.length, 3, "and ends before the other");
	token = lexer_next(&lexer);
	is_int(token.kind, TOKEN_END, "the end comes next");
	is_int(lexer_next(&lexer).kind, TOKEN_END, "and stays");
}

/* More words than fit into one piece of memory, one of them longer than it. */
static void
test_many_words(void)
{
	struct diag *diag = diag_create(arena);
	struct buf text = BUF_INIT, got = BUF_INIT, want = BUF_INIT;
	size_t i;

	for (i = 0; i < 20000; i++) {
		buf_printf(&text, "w%zu ", i);
		buf_printf(&want, "%sw:w%zu", i ? " " : "!", i);
	}
	for (i = 0; i < 50000; i++)
		buf_putc(&text, 'x');
	buf_puts(&want, " w:");
	for (i = 0; i < 50000; i++)
		buf_putc(&want, 'x');
	describe(text.data, false, &got, diag);
	ok(!strcmp(got.data, want.data), "words may be many and long");
	buf_release(&text);
	buf_release(&got);
	buf_release(&want);
}

static void
test_forget(void)
{
	struct diag_file file = file_of("first second third");
	struct diag *diag = diag_create(arena);
	struct lexer lexer;
	struct token first, second, third;

	lexer_init(&lexer, arena, &file, diag);
	first = lexer_next(&lexer);
	second = lexer_next(&lexer);
	lexer_forget(&lexer, &first);
	third = lexer_next(&lexer);
	is(second.text, "second", "forgetting an older word changes nothing");
	lexer_forget(&lexer, &third);
	is(first.text, "first", "a word stays when later ones are forgotten");
}

/* Of a text in single quotes; a word begins where there is none. */
static void
test_wrong_quotes(void)
{
	struct buf text = BUF_INIT;
	size_t length;

	for (length = 400; length <= 401; length++) {
		struct diag *diag = diag_create(arena);
		struct diag_file file;
		struct lexer lexer;

		buf_reset(&text);
		while (text.len < length - 1)
			buf_putc(&text, text.len ? 'x' : '\'');
		buf_puts(&text, "' y");
		file = file_of(text.data);
		lexer_init(&lexer, arena, &file, diag);
		is_int(lexer_next(&lexer).kind, length == 400 ? TOKEN_STRING :
		       TOKEN_WORD, "a text in wrong quotes has up to 400 "
		       "octets, here %zu", length);
	}
	buf_release(&text);
}

static const struct {
	const char *name;
	const char *text;
	size_t length;
	bool want;
	size_t errors;
} bytes[] = {
	{ "tabs, line ends and UTF-8 are text", "\ta\r\n\303\274\n", 7, true,
	  0 },
	{ "a control character is an error", "a\001b", 3, true, 1 },
	{ "several in one line are one error", "\001\002\003", 3, true, 1 },
	{ "each line has its own", "\001\n\002\n\003", 5, true, 3 },
	{ "a delete character is an error", "a\177", 2, true, 1 },
	{ "a cut off character is an error", "a\303", 2, true, 1 },
	{ "an overlong form is an error", "\300\200", 2, true, 1 },
	{ "a surrogate is an error", "\355\240\200", 3, true, 1 },
	{ "a file with NUL is no text", "a\0b", 3, false, 1 },
};

static void
test_check(void)
{
	struct buf line = BUF_INIT;
	struct diag_file file;
	struct diag *diag;
	size_t i;

	for (i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		diag = diag_create(arena);
		file = (struct diag_file){ "t", bytes[i].text,
					   bytes[i].length };
		ok(lexer_check(&file, diag) == bytes[i].want, "%s",
		   bytes[i].name);
		is_int((long long)diag_errors(diag),
		       (long long)bytes[i].errors, "%s: errors",
		       bytes[i].name);
	}
	diag = diag_create(arena);
	memset(buf_grow(&line, 1048577), 'x', 1048577);
	buf_grown(&line, 1048576);
	file = (struct diag_file){ "t", line.data, line.len };
	ok(lexer_check(&file, diag) && !diag_errors(diag),
	   "a line may have 1 MiB");
	buf_putc(&line, 'x');
	file = (struct diag_file){ "t", line.data, line.len };
	ok(lexer_check(&file, diag) && diag_errors(diag) == 1,
	   "and no longer");
	buf_release(&line);
}

int
main(void)
{
	arena = arena_create();
	test_tokens();
	test_places();
	test_many_words();
	test_forget();
	test_wrong_quotes();
	test_check();
	arena_destroy(&arena);
	return tap_done();
}
