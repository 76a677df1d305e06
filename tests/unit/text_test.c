#include "base/text.h"

#include "tap.h"

static struct arena *arena;

/* ---- UTF-8 ---- */

static const struct {
	const char *name;
	const char *bytes;
	uint32_t character;
	size_t length;
} decoded[] = {
	{ "ASCII", "a", 'a', 1 },
	{ "two bytes", "\303\274", 0xFC, 2 },
	{ "three bytes", "\342\202\254", 0x20AC, 3 },
	{ "four bytes", "\360\237\224\224", 0x1F514, 4 },
	{ "the last character", "\364\217\277\277", 0x10FFFF, 4 },
	{ "one behind the last", "\364\220\200\200", 0xFFFD, 1 },
	{ "a byte that cannot begin one", "\200", 0xFFFD, 1 },
	{ "a byte that never stands", "\377", 0xFFFD, 1 },
	{ "an overlong slash", "\300\257", 0xFFFD, 1 },
	{ "an overlong slash in three bytes", "\340\200\257", 0xFFFD, 1 },
	{ "an overlong slash in four", "\360\200\200\257", 0xFFFD, 1 },
	{ "a surrogate", "\355\240\200", 0xFFFD, 1 },
	{ "one that is cut off", "\342\202", 0xFFFD, 1 },
	{ "one that is broken off", "\342\202a", 0xFFFD, 1 },
	{ "a real U+FFFD", "\357\277\275", 0xFFFD, 3 },
	{ "nothing", "", 0xFFFD, 1 },
};

static void
test_decode(void)
{
	size_t i;

	for (i = 0; i < sizeof(decoded) / sizeof(*decoded); i++) {
		const char *bytes = decoded[i].bytes;
		size_t length;
		uint32_t got = text_decode(bytes, bytes + strlen(bytes),
					   &length);
		struct buf again = BUF_INIT;

		is_int(got, decoded[i].character, "decode %s",
		       decoded[i].name);
		is_int((long long)length, (long long)decoded[i].length,
		       "decode %s: bytes", decoded[i].name);
		text_encode(&again, decoded[i].character);
		if (length > 1 || got < 0x80)
			is(again.data, bytes, "encode %s", decoded[i].name);
		buf_release(&again);
	}
}

static void
test_utf8(void)
{
	struct buf out = BUF_INIT;

	ok(text_is_utf8("a\303\274", 3), "text is UTF-8");
	ok(text_is_utf8("\357\277\275", 3), "so is a replacement character");
	ok(!text_is_utf8("a\303", 2), "what is cut off is not");
	ok(text_is_ascii("") && text_is_ascii("a\177"), "text is ASCII");
	ok(!text_is_ascii("a\200"), "a byte with the eighth bit is not");
	ok(text_hex('0') == 0 && text_hex('9') == 9 && text_hex('a') == 10 &&
	   text_hex('F') == 15, "hexadecimal digits have values");
	ok(text_hex('g') < 0 && text_hex('@') < 0 && text_hex('\0') < 0,
	   "other characters have none");
	is_int((long long)text_count("gr\303\266\303\237e", 7), 5,
	       "characters are counted, not bytes");
	is_int((long long)text_append_valid(&out, "a\0b\377c\303\274", 7), 2,
	       "bad bytes are counted");
	is(out.data, "ab\357\277\275c\303\274",
	   "NUL is dropped, an invalid byte replaced");
	buf_release(&out);
}

/* ---- white space and case ---- */

static const struct {
	const char *name;
	const char *text;
	const char *trimmed;
	const char *spaced;
	const char *folded;
} forms[] = {
	{ "nothing", "", "", "", "" },
	{ "only blanks", " \t\r\n", "", "", "" },
	{ "a word", " Abc ", "Abc", "Abc", "abc" },
	{ "blanks inside", " A \t b ", "A \t b", "A b", "a \t b" },
	{ "a no-break space", "\302\240A\302\240b\302\240", "A\302\240b",
	  "A b", "a\302\240b" },
	{ "zero-width characters", "\342\200\213A\357\273\277", "A", "A", "a" },
	{ "a hidden reversal", "a\342\200\256b", "a\342\200\256b", "a b",
	  "a\342\200\256b" },
	{ "letters beyond ASCII", "\303\211LEV\303\211", "\303\211LEV\303\211",
	  "\303\211LEV\303\211", "\303\251lev\303\251" },
	{ "Cyrillic", "\320\220", "\320\220", "\320\220", "\320\260" },
	{ "an invalid byte", "A\377", "A\377", "A\377", "a\357\277\275" },
};

static void
test_forms(void)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const char *text = forms[i].text;

		is(text_trim(arena, text, strlen(text)), forms[i].trimmed,
		   "trim %s", forms[i].name);
		is(text_fold_space(arena, text, strlen(text)),
		   forms[i].spaced, "fold the space of %s", forms[i].name);
		is(text_fold(arena, text), forms[i].folded, "fold %s",
		   forms[i].name);
	}
	ok(text_same(" HIGH\342\200\213", "high"),
	   "texts are the same without case and what cannot be seen");
	ok(!text_same("high", "higher"), "but only whole");
}

/* ---- questions ---- */

static const struct { const char *pattern, *text; bool want; } globs[] = {
	{ "", "", true }, { "", "a", false }, { "a", "a", true },
	{ "a", "b", false }, { "*", "", true }, { "*", "abc", true },
	{ "a*", "abc", true }, { "*c", "abc", true }, { "*b*", "abc", true },
	{ "*b", "abc", false }, { "a*b*c", "aXbYbZc", true },
	{ "a*b*c", "aXcY", false }, { "a?c", "abc", true },
	{ "a?c", "ac", false }, { "?", "\303\274", true },
	{ "?", "ab", false }, { "**a**", "a", true },
	{ "lab-*", "lab-17.contoso.example", true },
	{ "*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  false },
};

static const struct { const char *text; bool want; } guids[] = {
	{ "72f988bf-86f1-41af-91ab-2d7cd011db47", true },
	{ "72F988BF-86F1-41AF-91AB-2D7CD011DB47", true },
	{ "72f988bf-86f1-41af-91ab-2d7cd011db4", false },
	{ "72f988bf-86f1-41af-91ab-2d7cd011db470", false },
	{ "72f988bf086f1-41af-91ab-2d7cd011db47", false },
	{ "72f988bg-86f1-41af-91ab-2d7cd011db47", false },
	{ "", false },
};

static const struct { const char *text; bool want; } addresses[] = {
	{ "ana@mssp.example", true }, { "a@b", true },
	{ "an.a+x@mssp.example", true }, { "\303\274@\303\266.example", true },
	{ "", false }, { "ana", false }, { "ana@", false }, { "@b", false },
	{ "a@b@c", false }, { "a b@c", false }, { "a@b\n", false },
	{ "<a@b>", false }, { "a,b@c", false }, { "\"a\"@c", false },
	{ "a@b\302\240", false }, { "a@b\377", false }, { "a:b@c", false },
};

static const struct { const char *text; long long want; } numbers[] = {
	{ "0", 0 }, { "42", 42 }, { "007", 7 }, { "", -1 }, { "-1", -1 },
	{ "+1", -1 }, { " 1", -1 }, { "1 ", -1 }, { "0x1", -1 },
	{ "18446744073709551616", -1 },
};

static void
test_questions(void)
{
	char longest[260];
	size_t i;

	for (i = 0; i < sizeof(globs) / sizeof(*globs); i++)
		ok(text_glob(globs[i].pattern, globs[i].text) ==
		   globs[i].want, "'%s' %s '%s'", globs[i].text,
		   globs[i].want ? "is like" : "is not like",
		   globs[i].pattern);
	for (i = 0; i < sizeof(guids) / sizeof(*guids); i++)
		ok(text_is_guid(guids[i].text) == guids[i].want,
		   "'%s' is %s GUID", guids[i].text,
		   guids[i].want ? "a" : "no");
	for (i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		ok(text_is_address(addresses[i].text) == addresses[i].want,
		   "address %zu is %s", i, addresses[i].want ? "one" : "none");
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		uint64_t value;
		bool good = text_to_u64(numbers[i].text, &value);

		is_int(good ? (long long)value : -1, numbers[i].want,
		       "number '%s'", numbers[i].text);
	}
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + 250, "@b.c", 5);
	ok(text_is_address(longest), "an address has at most 254 octets");
	memcpy(longest + 250, "a@b.c", 6);
	ok(!text_is_address(longest), "and not 255");
	ok(text_starts("abc", "ab") && !text_starts("a", "ab"), "starts");
	ok(text_ends("abc", "bc") && !text_ends("c", "bc"), "ends");
}

static void
test_invisible(void)
{
	static const uint32_t hidden[] = {
		0, 9, 10, 32, 0x7F, 0x85, 0xA0, 0xAD, 0x200B, 0x200E, 0x2028,
		0x202E, 0x2066, 0x2069, 0x3000, 0xFEFF,
	};
	static const uint32_t seen[] = { '!', 'a', 0xA1, 0xFC, 0x4E2D };
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		ok(text_is_invisible(hidden[i]), "U+%04X cannot be seen",
		   (unsigned int)hidden[i]);
	for (i = 0; i < sizeof(seen) / sizeof(*seen); i++)
		ok(!text_is_invisible(seen[i]), "U+%04X can be seen",
		   (unsigned int)seen[i]);
}

/* ---- nearest ---- */

static const struct { const char *word, *want; } words[] = {
	{ "severty", "severity" }, { "sevreity", "severity" },
	{ "severity", "severity" }, { "severities", "severity" },
	{ "stats", "status" }, { "xx", NULL }, { "i", "in" }, { "", NULL },
	{ "device", NULL },
#define LONG "a-word-of-sixty-two-octets-is-the-longest-that-is-compared-abc"
	{ LONG "xd", LONG "d" },	/* 64 octets */
	{ LONG "xyd", NULL },
};

static void
test_nearest(void)
{
	static const char *const candidates[] = { "severity", "status", "in",
						  LONG "d", NULL };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		is(text_nearest(words[i].word, candidates), words[i].want,
		   "nearest to '%s'", words[i].word);
}

/* ---- escape ---- */

static const struct {
	const char *name;
	const char *text;
	size_t most;
	const char *want;
} escapes[] = {
	{ "plain text stays", "a b \303\274", 99, "a b \303\274" },
	{ "quotes and backslashes", "\"\\", 99, "\\\"\\\\" },
	{ "newlines and controls", "a\nb\r\033[0m\177", 99,
	  "a\\nb\\x0d\\x1b[0m\\x7f" },
	{ "invalid bytes", "\377\300", 99, "\\xff\\xc0" },
	{ "what turns text around", "\342\200\256", 99, "\\u{202e}" },
	{ "too much is cut", "abcdef", 3, "abc..." },
	{ "just enough is not", "abc", 3, "abc" },
};

static void
test_escape(void)
{
	size_t i;

	for (i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		struct buf out = BUF_INIT;

		text_escape(&out, escapes[i].text, escapes[i].most);
		is(out.data, escapes[i].want, "escape: %s", escapes[i].name);
		buf_release(&out);
	}
}

int
main(void)
{
	arena = arena_create();
	test_decode();
	test_utf8();
	test_forms();
	test_questions();
	test_invisible();
	test_nearest();
	test_escape();
	arena_destroy(&arena);
	return tap_done();
}
