#include "parse/charset.h"
#include "parse/encoded_word.h"

#include <tap.h>

#define TEXT(literal) literal, sizeof(literal) - 1

struct charset_case {
	const char *name;
	const char *charset;
	const char *in;
	size_t length;
	const char *want;
	size_t bad;
};

static const struct charset_case cases[] = {
	{ "UTF-8 stays", "utf-8", TEXT("a\xC3\xA9"), "a\xC3\xA9", 0 },
	{ "a bad octet in UTF-8 is replaced and counted", "UTF-8",
	  TEXT("a\xFF" "b\xC3"), "a\xEF\xBF\xBD" "b\xEF\xBF\xBD", 2 },
	{ "a real U+FFFD is no bad octet", "utf-8", TEXT("\xEF\xBF\xBD"),
	  "\xEF\xBF\xBD", 0 },
	{ "a lone surrogate in UTF-8 is replaced", "utf-8",
	  TEXT("a\xED\xA0\x80" "b"),
	  "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" "b", 3 },
	{ "NUL is dropped and counted", "utf-8", TEXT("a\0b"), "ab", 1 },
	{ "a byte order mark is no text", "utf-8", TEXT("\xEF\xBB\xBFx"), "x",
	  0 },
	{ "iso-8859-1 means windows-1252", "ISO-8859-1", TEXT("\x80\xE9"),
	  "\xE2\x82\xAC\xC3\xA9", 0 },
	{ "an undefined octet of windows-1252 is replaced", "windows-1252",
	  TEXT("a\x81"), "a\xEF\xBF\xBD", 1 },
	{ "us-ascii may be UTF-8", "us-ascii", TEXT("\xC3\xA9"), "\xC3\xA9",
	  0 },
	{ "us-ascii with other octets is windows-1252", "us-ascii",
	  TEXT("\xE9"), "\xC3\xA9", 0 },
	{ "8 bit without a charset may be UTF-8", "", TEXT("\xC3\xA9"),
	  "\xC3\xA9", 0 },
	{ "8 bit without a charset, else windows-1252", "", TEXT("\xE9t\xE9"),
	  "\xC3\xA9t\xC3\xA9", 0 },
	{ "a wrong charset name is as none", "no-such-charset",
	  TEXT("\xE9"), "\xC3\xA9", 0 },
	{ "a charset name of line noise is as none", "\"\x01;\n", TEXT("a"),
	  "a", 0 },
	{ "part of a known name is no known name", "windows", TEXT("\xE9"),
	  "\xC3\xA9", 0 },
	{ "gb2312 means gb18030", "gb2312", TEXT("\xD6\xD0\x81\x30\x81\x30"),
	  "\xE4\xB8\xAD\xC2\x80", 0 },
	{ "big5", "big5", TEXT("\xA4\xA4"), "\xE4\xB8\xAD", 0 },
	{ "shift_jis with an underscore", "Shift_JIS", TEXT("\x93\xFA"),
	  "\xE6\x97\xA5", 0 },
	{ "euc-jp", "euc-jp", TEXT("\xC6\xFC"), "\xE6\x97\xA5", 0 },
	{ "iso-2022-jp", "iso-2022-jp", TEXT("\x1B$BF|\x1B(B!"),
	  "\xE6\x97\xA5!", 0 },
	{ "UTF-8 under the name of a Western charset", "iso-8859-1",
	  TEXT("\xC3\x89lev\xC3\xA9" "e"), "\xC3\x89lev\xC3\xA9" "e", 0 },
	{ "but not when only some of it is", "iso-8859-1",
	  TEXT("\xC3\xA9\xE9"), "\xC3\x83\xC2\xA9\xC3\xA9", 0 },
	{ "nor under a name whose words may look like it", "koi8-r",
	  TEXT("\xC3\xA9"), "\xD1\x86\xE2\x95\x98", 0 },
	{ "ISO-2022-JP without a charset", "", TEXT("\x1B$BF|\x1B(B!"),
	  "\xE6\x97\xA5!", 0 },
	{ "ISO-2022-JP under the name of ASCII", "us-ascii",
	  TEXT("\x1B$@F|\x1B(B"), "\xE6\x97\xA5", 0 },
	{ "ISO-2022-JP under the name of UTF-8", "utf-8",
	  TEXT("\x1B$BF|\x1B(B"), "\xE6\x97\xA5", 0 },
	{ "GBK without a charset", "", TEXT("\xD1\xCF\xD6\xD8: \xB8\xDF"),
	  "\xE4\xB8\xA5\xE9\x87\x8D: \xE9\xAB\x98", 0 },
	{ "accents in pairs are no GBK", "", TEXT("cr\xE9\xE9" "e"),
	  "cr\xC3\xA9\xC3\xA9" "e", 0 },
	{ "euc-kr", "ks_c_5601-1987", TEXT("\xC7\xD1"), "\xED\x95\x9C", 0 },
	{ "koi8-r", "koi8-r", TEXT("\xC1"), "\xD0\xB0", 0 },
	{ "windows-1258 does not lose its last letter", "windows-1258",
	  TEXT("ba"), "ba", 0 },
	{ "UTF-16 with a byte order mark", "utf-16", TEXT("\xFE\xFF\0a\0b"),
	  "ab", 0 },
	{ "a lone surrogate in UTF-16 is replaced", "utf-16le",
	  TEXT("a\0\0\xD8" "b\0"), "a\xEF\xBF\xBD" "b", 2 },
	{ "an odd octet at the end of UTF-16 is replaced", "utf-16le",
	  TEXT("a\0b"), "a\xEF\xBF\xBD", 1 },
	{ "U+202E and U+200B are text", "utf-8",
	  TEXT("\xE2\x80\xAE\xE2\x80\x8B"), "\xE2\x80\xAE\xE2\x80\x8B", 0 },
};

static const struct { const char *name, *in, *want; } words[] = {
	{ "B and Q, any case", "=?UTF-8?b?w6k=?= =?utf-8?q?=C3=A9?=",
	  "\xC3\xA9\xC3\xA9" },
	{ "blanks between two words are no text, before others they are",
	  "a =?utf-8?q?b?= \t =?utf-8?q?c?= d", "a bc d" },
	{ "a character split over two words is joined",
	  "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "\xC3\xA9" },
	{ "a character split over B and Q is joined",
	  "=?utf-8?B?ww==?= =?utf-8?Q?=A9?=", "\xC3\xA9" },
	{ "two words of different charsets are not joined",
	  "=?utf-8?q?=C3=A9?= =?iso-8859-1?q?=E9?=", "\xC3\xA9\xC3\xA9" },
	{ "iso-2022-jp", "=?ISO-2022-JP?B?GyRCRnwbKEI=?=", "\xE6\x97\xA5" },
	{ "windows-1252", "=?windows-1252?Q?=80?=", "\xE2\x82\xAC" },
	{ "words inside quotes are decoded", "\"=?utf-8?q?a?=\" <x@y>",
	  "\"a\" <x@y>" },
	{ "blanks inside a word are forgiven", "=?utf-8?Q?a b?=", "a b" },
	{ "a language is ignored", "=?utf-8*en?Q?a?=", "a" },
	{ "a word without an end stays", "=?utf-8?Q?abc", "=?utf-8?Q?abc" },
	{ "a word without an end does not eat the next",
	  "=?utf-8?Q?a =?utf-8?Q?b?=", "=?utf-8?Q?a b" },
	{ "an unknown encoding stays", "=?utf-8?X?a?=", "=?utf-8?X?a?=" },
	{ "an unknown charset is windows-1252", "=?nope?Q?=E9?=",
	  "\xC3\xA9" },
	{ "an empty word is nothing", "a=?utf-8?Q?" "?=b", "ab" },
	{ "raw 8 bit is no question mark", "\xE9 \xE8", "\xC3\xA9 \xC3\xA8" },
	{ "raw UTF-8 stays", "\xC3\xA9", "\xC3\xA9" },
	{ "NUL in a word is dropped", "=?utf-8?Q?a=00b?=", "ab" },
	{ "equals and question marks alone are text", "a =? b ?= c ==?",
	  "a =? b ?= c ==?" },
};

static void
check_chunks(void)
{
	struct buf in = BUF_INIT, out = BUF_INIT;
	int i;

	buf_putc(&in, 'a');	/* so that chunks cut characters in two */
	for (i = 0; i < 40000; i++)
		buf_puts(&in, "\xD6\xD0");
	is_int((long long)charset_append(&out, "gb18030", in.data, in.len), 0,
	       "a long text is converted in pieces without a bad octet");
	is_int((long long)out.len, 1 + 40000 * 3, "and all of it");
	buf_release(&in);
	buf_release(&out);
}

int
main(void)
{
	struct buf out = BUF_INIT;
	size_t i, bad;

	charset_warm_up();
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		bad = charset_append(&out, cases[i].charset, cases[i].in,
				     cases[i].length);
		is(out.data, cases[i].want, "%s", cases[i].name);
		is_int((long long)bad, (long long)cases[i].bad,
		       "%s: bad octets", cases[i].name);
	}
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		buf_reset(&out);
		encoded_word_append(&out, words[i].in, strlen(words[i].in),
				    "");
		is(out.data, words[i].want, "encoded words: %s",
		   words[i].name);
	}
	buf_release(&out);
	check_chunks();
	return tap_done();
}
