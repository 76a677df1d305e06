/*
 * What of a mail is shown: enough, and no more than that.
 */
#include "render/original.h"

#include "base/text.h"
#include "render/shelf.h"
#include "tap.h"

static struct arena *arena;
static const struct words *english;

static struct value *
value_of(const char *text)
{
	const struct original original = { .text = text };

	return original_value(arena, &original, english);
}

static const struct value *
member(const struct value *map, const char *name)
{
	return value_find(map, name, strlen(name));
}

/* The items of a list, a line each. */
static const char *
lines(const struct value *map, const char *name)
{
	const struct value *list = member(map, name);
	struct buf out = BUF_INIT;
	const char *text;
	size_t i;

	for (i = 0; i < value_count(list); i++) {
		value_print(value_item(list, i), &out);
		buf_puts(&out, "|");
	}
	text = arena_strdup(arena, out.data);
	buf_release(&out);
	return text;
}

static const struct { const char *name, *text, *want; } texts[] = {
	{ "nothing has no lines", "", "" },
	{ "nor have blanks", " \n\t\n\xC2\xA0\n", "" },
	{ "a line is a line", "one", "one|" },
	{ "one after the other", "one\ntwo\r\nthree\n", "one|two|three|" },
	{ "between two is at most one that is empty", "\n\none\n\n \n\ntwo\n\n",
	  "one||two|" },
	{ "blanks are folded, and nothing hides", " a \t b\xE2\x80\xAE c ",
	  "a b c|" },
};

static void
test_lines(void)
{
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		is(lines(value_of(texts[i].text), "lines"), texts[i].want,
		   "%s", texts[i].name);
}

/* `count` times that text. */
static const char *
repeated(const char *text, size_t count)
{
	struct buf out = BUF_INIT;
	const char *copy;

	while (count--)
		buf_puts(&out, text);
	copy = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

static size_t
shown(const struct value *map)
{
	const char *text = lines(map, "lines");

	return text_count(text, strlen(text)) -
	       value_count(member(map, "lines"));
}

static void
test_length(void)
{
	static const char *const units[] = { "x", "\xC3\xA9", "x\n", "abc\n",
					     "\xE6\x97\xA5\n" };
	struct value *map;
	size_t i;

	map = value_of(repeated("x", 2000));
	ok(shown(map) == 2000 && !value_is_true(member(map, "is-cut")),
	   "2,000 characters are shown");
	map = value_of(repeated("x", 2001));
	ok(shown(map) == 2000 && value_is_true(member(map, "is-cut")),
	   "of one more the first 2,000, and that it goes on");
	map = value_of(repeated("\xE6\x97\xA5", 2000));
	ok(shown(map) == 2000 && !value_is_true(member(map, "is-cut")),
	   "a character is one, however many octets it has");
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		map = value_of(repeated(units[i], 20000));
		ok(shown(map) <= 2000 &&
		   value_count(member(map, "lines")) <= 100 &&
		   value_is_true(member(map, "is-cut")),
		   "no text fills more than a few screens: %zu", i);
	}
}

static void
test_wrapped(void)
{
	const char *words = repeated("word ", 40);
	const char *cjk = repeated("\xE6\x97\xA5", 160);
	const struct value *list;
	struct value *map = value_of(words);
	size_t i, longest = 0;

	list = member(map, "quoted-lines");
	for (i = 0; i < value_count(list); i++) {
		struct buf line = BUF_INIT;

		value_print(value_item(list, i), &line);
		longest = line.len > longest ? line.len : longest;
		buf_release(&line);
	}
	ok(value_count(list) == 3 && longest <= 76,
	   "a quotation is in lines of 76 characters: %zu", longest);
	ok(!strstr(lines(map, "quoted-lines"), "wo|rd"), "broken at blanks");
	ok(value_count(member(value_of(cjk), "quoted-lines")) == 3,
	   "or, where there is none, between characters");
}

static void
test_nothing(void)
{
	const struct original large = {
		.bytes = "", .length = ORIGINAL_MOST + 1,
	}, largest = { .bytes = "", .length = ORIGINAL_MOST };
	struct buf out = BUF_INIT;

	ok(!value_is_true(original_value(arena, NULL, english)),
	   "no original is false");
	original_print(arena, NULL, english, &out);
	is(out.data, "", "and no text");
	ok(!original_is_attached(NULL) && !original_is_attached(&large) &&
	   original_is_attached(&largest), "what is too large is left out");
	buf_release(&out);
}

int
main(void)
{
	struct diag *diag;

	arena = arena_create();
	diag = diag_create(arena);
	english = words_choose(words_load(arena, shelf_open(arena, NULL, diag),
					  diag), NULL);
	test_lines();
	test_length();
	test_wrapped();
	test_nothing();
	arena_destroy(&arena);
	return tap_done();
}
