#include "base/diag.h"
#include "base/text.h"

#include "tap.h"

static struct arena *arena;

static struct diag_file
file_of(const char *name, const char *text)
{
	return (struct diag_file){ name, text, strlen(text) };
}

/* The place of `word` in the file. */
static struct diag_place
place_of(const struct diag_file *file, const char *word)
{
	const char *at = strstr(file->text, word);

	return (struct diag_place){ file, (uint32_t)(at - file->text),
				    (uint32_t)strlen(word) };
}

static const struct {
	const char *name;
	const char *text;
	const char *word;
	const char *want;
} cases[] = {
	{ "a word is underlined", "a\n  bad word\nc", "bad",
	  "t:2:3: error: m\n    2 |   bad word\n      |   ^~~\n" },
	{ "a place of one byte is a caret", "ab }", "}",
	  "t:1:4: error: m\n    1 | ab }\n      |    ^\n" },
	{ "the caret is moved by the tabs of the line", "\ta\tbad", "bad",
	  "t:1:4: error: m\n    1 | \ta\tbad\n      | \t \t^~~\n" },
	{ "columns are characters", "Zürich bad", "bad",
	  "t:1:8: error: m\n    1 | Zürich bad\n      |        ^~~\n" },
	{ "so is what is underlined", "größe x", "größe",
	  "t:1:1: error: m\n    1 | größe x\n      | ^~~~~\n" },
	{ "line ends of Windows are not shown", "bad\r\nx", "bad",
	  "t:1:1: error: m\n    1 | bad\n      | ^~~\n" },
	{ "what is underlined ends with its line", "x bad\nworse", "bad\nworse",
	  "t:1:3: error: m\n    1 | x bad\n      |   ^~~\n" },
	{ "control characters are not printed", "\033[31m bad\177", "bad",
	  "t:1:7: error: m\n    1 | ?[31m bad?\n      |       ^~~\n" },
	{ "invalid UTF-8 is a mark a byte", "\377\200 bad", "bad",
	  "t:1:4: error: m\n    1 | ?? bad\n      |    ^~~\n" },
	{ "bidirectional controls are not printed", "a\342\200\256 bad", "bad",
	  "t:1:4: error: m\n    1 | a? bad\n      |    ^~~\n" },
	{ "the end of the file is a place", "ab", "",
	  "t:1:1: error: m\n    1 | ab\n      | ^\n" },
};

static void
test_print(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diag_file file = file_of("t", cases[i].text);
		struct diag *diag = diag_create(arena);
		struct buf got = BUF_INIT;

		diag_error(diag, place_of(&file, cases[i].word), NULL, "m");
		diag_print(diag, &got);
		is(got.data, cases[i].want, "%s", cases[i].name);
		buf_release(&got);
	}
}

static void
test_order(void)
{
	struct diag_file a = file_of("a", "x\ny\nz\n"), b = file_of("b", "w");
	struct diag *diag = diag_create(arena);
	struct buf got = BUF_INIT;

	diag_error(diag, place_of(&b, "w"), NULL, "fourth");
	diag_warning(diag, place_of(&a, "z"), "do so", "second");
	diag_error(diag, place_of(&a, "z"), NULL, "third");
	diag_error(diag, place_of(&a, "y"), NULL, "first");
	diag_error(diag, (struct diag_place){ 0 }, NULL, "of no file");
	diag_error(diag, (struct diag_place){ &a, DIAG_WHOLE_FILE, 0 }, NULL,
		   "of the whole file");
	diag_print(diag, &got);
	is(got.data,
	   "error: of no file\n"
	   "a:2:1: error: first\n    2 | y\n      | ^\n"
	   "a:3:1: warning: second (do so)\n    3 | z\n      | ^\n"
	   "a:3:1: error: third\n    3 | z\n      | ^\n"
	   "a: error: of the whole file\n"
	   "b:1:1: error: fourth\n    1 | w\n      | ^\n",
	   "findings are sorted by file and place");
	is_int((long long)diag_errors(diag), 5, "errors are counted");
	is_int((long long)diag_warnings(diag), 1, "and warnings");
	buf_reset(&got);
	diag_print_json(diag, &got);
	ok(!strncmp(got.data, "{\"file\":null,\"line\":0,\"column\":0,"
		    "\"severity\":\"error\",\"message\":\"of no file\","
		    "\"remedy\":null}\n", 50), "or are JSON, one a line");
	ok(strstr(got.data, "{\"file\":\"a\",\"line\":3,\"column\":1,"
		  "\"severity\":\"warning\",\"message\":\"second\","
		  "\"remedy\":\"do so\"}\n") != NULL,
	   "with all that is known");
	buf_release(&got);
}

static void
test_once(void)
{
	struct diag_file file = file_of("a", "x y");
	struct diag *diag = diag_create(arena);

	diag_error(diag, place_of(&file, "x"), NULL, "%s", "bad");
	diag_error(diag, place_of(&file, "x"), "r", "bad");
	is_int((long long)diag_errors(diag), 1, "one finding is added once");
	diag_error(diag, place_of(&file, "y"), NULL, "bad");
	diag_error(diag, place_of(&file, "x"), NULL, "worse");
	is_int((long long)diag_errors(diag), 3,
	       "another place or sentence is another finding");
}

static void
test_within(void)
{
	struct diag_file file = file_of("a", "0123456789");
	struct diag_file other = file_of("b", "0123456789");
	struct diag *diag = diag_create(arena);
	size_t i;

	diag_error(diag, place_of(&file, "3"), NULL, "bad");
	diag_warning(diag, place_of(&file, "7"), NULL, "bad");
	diag_error(diag, place_of(&other, "7"), NULL, "bad");
	is_int((long long)diag_errors_within(diag, &file, 3, 5), 1,
	       "an error within");
	is_int((long long)diag_errors_within(diag, &file, 4, 9), 0,
	       "none, but for a warning and another file");
	diag_error(diag, (struct diag_place){ &file, DIAG_WHOLE_FILE, 0 }, NULL,
		   "unreadable");
	is_int((long long)diag_errors_within(diag, &file, 4, 9), 1,
	       "an error of the whole file is one of every part");
	for (i = 0; i < 2000; i++)
		diag_error(diag, place_of(&other, "1"), NULL, "error %zu", i);
	ok(diag_errors_within(diag, &file, 4, 5) > 1,
	   "errors too many to be kept may lie anywhere");
}

static void
test_many(void)
{
	struct diag_file file = file_of("a", "x");
	struct diag *diag = diag_create(arena);
	struct buf got = BUF_INIT;
	size_t i;

	for (i = 0; i < 5000; i++)
		diag_error(diag, place_of(&file, "x"), NULL, "error %zu", i);
	diag_print(diag, &got);
	is_int((long long)diag_errors(diag), 5000, "all errors are counted");
	ok(strstr(got.data, "and 4000 more findings\n") != NULL,
	   "not all are printed");
	buf_release(&got);
}

/* A line of 1 MB with a word at the start, in the middle and at the end. */
static void
test_long_line(void)
{
	static const struct { const char *name; size_t at; } where[] = {
		{ "start", 0 }, { "middle", 500000 }, { "end", 999997 },
	};
	struct buf line = BUF_INIT, got = BUF_INIT;
	size_t i;

	memset(buf_grow(&line, 1000000), 'x', 1000000);
	buf_grown(&line, 1000000);
	for (i = 0; i < sizeof(where) / sizeof(*where); i++) {
		struct diag_file file = { "t", line.data, line.len };
		struct diag *diag = diag_create(arena);
		const char *mark, *shown;

		memcpy(line.data + where[i].at, "bad", 3);
		diag_error(diag, (struct diag_place){ &file,
			   (uint32_t)where[i].at, 3 }, NULL, "m");
		buf_reset(&got);
		diag_print(diag, &got);
		ok(got.len < 500, "of a long line a part is shown (%s)",
		   where[i].name);
		mark = strstr(got.data, "^~~");
		shown = strstr(got.data, "bad");
		ok(mark && shown && mark - strrchr(got.data, '|') ==
		   shown - strchr(got.data, '|'),
		   "with the caret under the word (%s)", where[i].name);
		memcpy(line.data + where[i].at, "xxx", 3);
	}
	buf_release(&line);
	buf_release(&got);
}

/* Lines of `length` x, in which "bad" begins at `at`: what is shown of them is
 * `from`, so many x before the word and after it. */
static const struct {
	size_t length, at;
	const char *from;
	size_t before, after;
	const char *to;
} parts[] = {
	{ 160, 0, "", 0, 157, "" },
	{ 161, 0, "", 0, 157, "..." },
	{ 400, 80, "", 80, 77, "..." },
	{ 400, 81, "...", 40, 117, "..." },
	{ 160, 157, "", 157, 0, "" },
};

static void
test_part_of_line(void)
{
	char text[401], want[1000], dots[401], blanks[401];
	struct buf got = BUF_INIT;
	size_t i;

	memset(dots, 'x', 400);
	memset(blanks, ' ', 400);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct diag_file file = { "t", text, parts[i].length };
		struct diag *diag = diag_create(arena);

		memset(text, 'x', sizeof(text));
		memcpy(text + parts[i].at, "bad", 3);
		diag_error(diag, (struct diag_place){ &file,
			   (uint32_t)parts[i].at, 3 }, NULL, "m");
		buf_reset(&got);
		diag_print(diag, &got);
		snprintf(want, sizeof(want), "t:1:%zu: error: m\n"
			 "    1 | %s%.*sbad%.*s%s\n      | %.*s%.*s^~~\n",
			 parts[i].at + 1, parts[i].from,
			 (int)parts[i].before, dots, (int)parts[i].after, dots,
			 parts[i].to, (int)strlen(parts[i].from), blanks,
			 (int)parts[i].before, blanks);
		is(got.data, want, "of %zu octets what is around the word at "
		   "%zu", parts[i].length, parts[i].at);
	}
	buf_release(&got);
}

static void
test_long_message(void)
{
	struct diag *diag = diag_create(arena);
	struct buf got = BUF_INIT;
	char text[1002] = { 0 };

	memset(text, 'x', 1001);
	diag_error(diag, (struct diag_place){ 0 }, NULL, "%.1000s", text);
	diag_error(diag, (struct diag_place){ 0 }, NULL, "%s", text);
	diag_print(diag, &got);
	is_int((long long)got.len, 2 * (long long)strlen("error: \n") + 2003,
	       "of a message 1000 octets are shown");
	ok(text_ends(got.data, "xxx...\n"), "and that there are more");
	buf_release(&got);
}

static void
test_did_you_mean(void)
{
	static const char *const candidates[] = { "severity", "status", NULL };
	struct diag *diag = diag_create(arena);

	is(diag_did_you_mean(diag, "severty", candidates, "x"),
	   "did you mean 'severity'?", "the nearest candidate is offered");
	is(diag_did_you_mean(diag, "wholly", candidates, "x"), "x",
	   "or something else, when none is near");
}

static void
test_line_column(void)
{
	struct diag_file file = file_of("t", "a\n\nbü c");
	size_t line, column;

	diag_line_column(place_of(&file, "c"), &line, &column);
	is_int((long long)line, 3, "lines are counted from 1");
	is_int((long long)column, 4, "and columns in characters");
}

/* Which of three files, by their bits, are new; to whom it is told then. */
static const struct {
	const char *name;
	unsigned int new;
	bool is_clash;		/* of the first two */
	const char *blamed, *printed;
} blames[] = {
	{ "of two that clash, none is new", 0, true, "ab", "a:1:1: error: m "
	  "(the other is at b:1)\n" },
	{ "the latter is", 1, true, "a", "a:1:1: error: m (the other is at "
	  "b:1)\n" },
	{ "the former is", 2, true, "b", "b:1:1: error: m (the other is at "
	  "a:1)\n" },
	{ "both are", 3, true, "a", "a:1:1: error: m (the other is at b:1)\n" },
	{ "of three, none is new", 0, false, "abc", "c:1:1: error: m (r)\n" },
	{ "one is", 2, false, "b", "c:1:1: error: m (r)\n" },
	{ "the last one is", 4, false, "c", "c:1:1: error: m (r)\n" },
	{ "two are", 3, false, "ab", "c:1:1: error: m (r)\n" },
	{ "all are", 7, false, "ab", "c:1:1: error: m (r)\n" },
};

static bool
is_new(void *context, const struct diag_file *file)
{
	return *(const unsigned int *)context & 1U << (*file->name - 'a');
}

static void
test_blame(void)
{
	struct diag_file files[] = {
		file_of("a", "x"), file_of("b", "x"), file_of("c", "x")
	};
	struct diag_place places[] = {
		place_of(&files[0], "x"), place_of(&files[1], "x"),
		place_of(&files[2], "x"),
	};
	const struct diag_parties all = { places, 3, false };
	size_t i, j;

	for (i = 0; i < sizeof(blames) / sizeof(*blames); i++) {
		struct diag *diag = diag_create(arena);
		unsigned int new = blames[i].new;
		struct buf blamed = BUF_INIT, out = BUF_INIT;

		if (blames[i].is_clash)
			diag_clash(diag, places[0], places[1], NULL, "m");
		else
			diag_error_of(diag, places[2], &all, "r", "m");
		diag_blame(diag, is_new, &new);
		for (j = 0; j < 3; j++)
			if (diag_errors_within(diag, &files[j], 0, 2))
				buf_puts(&blamed, files[j].name);
		is(blamed.data, blames[i].blamed, "%s: who is to blame",
		   blames[i].name);
		diag_print(diag, &out);
		ok(text_starts(out.data, blames[i].printed), "%s: %s",
		   blames[i].name, out.data);
		is_int((long long)diag_errors(diag), 1, "it is one error");
		buf_release(&blamed);
		buf_release(&out);
	}
}

int
main(void)
{
	arena = arena_create();
	test_print();
	test_order();
	test_once();
	test_within();
	test_blame();
	test_many();
	test_long_line();
	test_part_of_line();
	test_long_message();
	test_did_you_mean();
	test_line_column();
	arena_destroy(&arena);
	return tap_done();
}
