/*
 * The one difficulty: a bad octet must not end the conversion, so iconv is
 * called again behind it, and how far "behind" is depends on the width of the
 * charset's units.
 */
#include "parse/charset.h"

#include "base/text.h"

#include <errno.h>
#include <iconv.h>

/* A converter, and the names that mail uses for it (lower case, `_` as `-`). */
struct charset {
	const char *converter;
	size_t unit;		/* octets to skip behind a bad one */
	const char *names;	/* each between blanks */
	iconv_t handle;
	enum { UNTRIED, OPEN, MISSING } state;
};

/* Places in the table. */
enum charset_place { WINDOWS_1252, GB18030, ISO_2022_JP };

/* Their octets beyond ASCII are letters of words, and never make UTF-8. */
static const char *const western[] = {
	"WINDOWS-1252", "WINDOWS-1250", "WINDOWS-1254", "WINDOWS-1257",
	"ISO-8859-2", "ISO-8859-15",
};

static struct charset charsets[] = {
	{ "WINDOWS-1252", 1, " windows-1252 iso-8859-1 latin1 iso8859-1 l1 "
	  "cp1252 x-cp1252 ansi x-ansi cp819 ibm819 ", 0, UNTRIED },
	{ "GB18030", 1, " gb18030 gb2312 gbk cp936 x-gbk euc-cn gb-2312-80 "
	  "csgb2312 windows-936 ", 0, UNTRIED },
	{ "ISO-2022-JP-2", 1, " iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 "
	  "csiso2022jp ", 0, UNTRIED },
	{ "WINDOWS-1250", 1, " windows-1250 cp1250 ", 0, UNTRIED },
	{ "WINDOWS-1251", 1, " windows-1251 cp1251 ", 0, UNTRIED },
	{ "WINDOWS-1253", 1, " windows-1253 cp1253 ", 0, UNTRIED },
	{ "WINDOWS-1254", 1, " windows-1254 cp1254 iso-8859-9 latin5 ", 0,
	  UNTRIED },
	{ "WINDOWS-1255", 1, " windows-1255 cp1255 ", 0, UNTRIED },
	{ "WINDOWS-1256", 1, " windows-1256 cp1256 ", 0, UNTRIED },
	{ "WINDOWS-1257", 1, " windows-1257 cp1257 ", 0, UNTRIED },
	{ "WINDOWS-1258", 1, " windows-1258 cp1258 ", 0, UNTRIED },
	{ "CP874", 1, " windows-874 cp874 tis-620 iso-8859-11 ", 0, UNTRIED },
	{ "ISO-8859-2", 1, " iso-8859-2 latin2 ", 0, UNTRIED },
	{ "ISO-8859-3", 1, " iso-8859-3 latin3 ", 0, UNTRIED },
	{ "ISO-8859-4", 1, " iso-8859-4 latin4 ", 0, UNTRIED },
	{ "ISO-8859-5", 1, " iso-8859-5 ", 0, UNTRIED },
	{ "ISO-8859-6", 1, " iso-8859-6 iso-8859-6-i iso-8859-6-e ", 0,
	  UNTRIED },
	{ "ISO-8859-7", 1, " iso-8859-7 ", 0, UNTRIED },
	{ "ISO-8859-8", 1, " iso-8859-8 iso-8859-8-i iso-8859-8-e ", 0,
	  UNTRIED },
	{ "ISO-8859-10", 1, " iso-8859-10 latin6 ", 0, UNTRIED },
	{ "ISO-8859-13", 1, " iso-8859-13 ", 0, UNTRIED },
	{ "ISO-8859-14", 1, " iso-8859-14 ", 0, UNTRIED },
	{ "ISO-8859-15", 1, " iso-8859-15 latin9 ", 0, UNTRIED },
	{ "ISO-8859-16", 1, " iso-8859-16 ", 0, UNTRIED },
	{ "KOI8-R", 1, " koi8-r koi8 ", 0, UNTRIED },
	{ "KOI8-U", 1, " koi8-u ", 0, UNTRIED },
	{ "MACINTOSH", 1, " macintosh mac x-mac-roman ", 0, UNTRIED },
	{ "CP437", 1, " cp437 ibm437 ", 0, UNTRIED },
	{ "CP850", 1, " cp850 ibm850 ", 0, UNTRIED },
	{ "BIG5-HKSCS", 1, " big5 big5-hkscs cp950 csbig5 x-x-big5 ", 0,
	  UNTRIED },
	{ "CP932", 1, " shift-jis sjis x-sjis cp932 windows-31j ms-kanji "
	  "csshiftjis ", 0, UNTRIED },
	{ "EUC-JP-MS", 1, " euc-jp x-euc-jp cseucpkdfmtjapanese ", 0, UNTRIED },
	{ "UHC", 1, " euc-kr ks-c-5601-1987 ksc5601 cp949 uhc windows-949 ", 0,
	  UNTRIED },
	{ "UTF-7", 1, " utf-7 unicode-1-1-utf-7 ", 0, UNTRIED },
	{ "UTF-16", 2, " utf-16 unicode ucs-2 ", 0, UNTRIED },
	{ "UTF-16LE", 2, " utf-16le ", 0, UNTRIED },
	{ "UTF-16BE", 2, " utf-16be ", 0, UNTRIED },
	{ "UTF-32", 4, " utf-32 ucs-4 ", 0, UNTRIED },
	{ "UTF-32LE", 4, " utf-32le ", 0, UNTRIED },
	{ "UTF-32BE", 4, " utf-32be ", 0, UNTRIED },
};

enum {
	CHARSETS = sizeof(charsets) / sizeof(*charsets),
	NAME_MOST = 40,		/* longer is no name that mail uses */
	CHUNK = 16384,		/* octets converted in one step */
};

static const char replacement[] = "\xEF\xBF\xBD";	/* U+FFFD */
static const char byte_order_mark[] = "\xEF\xBB\xBF";	/* U+FEFF */

/* Lower case, `_` as `-`, between blanks; false when it is no name. */
static bool
normal_name(const char *name, char out[NAME_MOST + 3])
{
	size_t i, length = strlen(name);

	if (!length || length > NAME_MOST)
		return false;
	out[0] = ' ';
	for (i = 0; i < length; i++) {
		char c = name[i];

		if (c <= ' ')
			return false;
		out[i + 1] = c == '_' ? '-' : c >= 'A' && c <= 'Z'
			? (char)(c + 'a' - 'A') : c;
	}
	out[length + 1] = ' ';
	out[length + 2] = '\0';
	return true;
}

static bool
charset_open(struct charset *charset)
{
	if (charset->state == UNTRIED) {
		charset->handle = iconv_open("UTF-8", charset->converter);
		charset->state = charset->handle == (iconv_t)-1 ? MISSING
								: OPEN;
	}
	return charset->state == OPEN;
}

/* NULL for UTF-8 and for what counts as unknown. */
static struct charset *
charset_find(const char *normal)
{
	size_t i;

	for (i = 0; i < CHARSETS; i++)
		if (strstr(charsets[i].names, normal))
			return charset_open(&charsets[i]) ? &charsets[i] : NULL;
	return NULL;
}

static size_t
drop_nul(struct buf *out, size_t from)
{
	size_t to = from, i;

	if (!memchr(out->data + from, '\0', out->len - from))
		return 0;
	for (i = from; i < out->len; i++)
		if (out->data[i])
			out->data[to++] = out->data[i];
	i = out->len - to;
	buf_cut(out, to);
	return i;
}

/* One step of iconv, and what errno it ended with (0: all was converted). */
static int
convert_step(struct charset *charset, struct buf *out, char **bytes,
	     size_t *left)
{
	size_t taken = *left < CHUNK ? *left : CHUNK, offered = taken;
	size_t space = 4 * taken + 16, room = space;
	char *to = buf_grow(out, space);
	size_t result;

	errno = 0;
	result = iconv(charset->handle, bytes, &taken, &to, &room);
	buf_grown(out, space - room);
	*left -= offered - taken;
	if (result != (size_t)-1)
		return 0;
	/* Cut by the chunk, not by the end of the text. */
	if (errno == EINVAL && taken < *left)
		return 0;
	return errno;
}

/* Some converters hold a character back until they know that no combining mark
 * follows (windows-1258, big5-hkscs). */
static void
convert_end(struct charset *charset, struct buf *out)
{
	size_t space = 16, room = space;
	char *to = buf_grow(out, space);

	(void)iconv(charset->handle, NULL, NULL, &to, &room);	/* has room */
	buf_grown(out, space - room);
}

static size_t
convert(struct charset *charset, struct buf *out, const char *bytes,
	size_t length)
{
	size_t start = out->len, bad = 0, skip;
	char *at = (char *)bytes;	/* iconv's prototype; it only reads */

	(void)iconv(charset->handle, NULL, NULL, NULL, NULL);	/* a reset */
	while (length) {
		int error = convert_step(charset, out, &at, &length);

		if (error != EILSEQ && error != EINVAL)
			continue;
		skip = charset->unit < length ? charset->unit : length;
		buf_puts(out, replacement);
		bad += skip;
		at += skip;
		length -= skip;
	}
	convert_end(charset, out);
	/* The octets are the caller's: the bad ones, and every NUL. */
	return bad + drop_nul(out, start);
}

static void
drop_byte_order_mark(struct buf *out, size_t start)
{
	const size_t mark = sizeof(byte_order_mark) - 1;

	if (out->len - start < mark ||
	    memcmp(out->data + start, byte_order_mark, mark))
		return;
	memmove(out->data + start, out->data + start + mark,
		out->len - start - mark);
	buf_cut(out, out->len - mark);
}

/* ESC $ @ or ESC $ B: JIS X 0208 follows. */
static bool
has_japanese_escapes(const char *bytes, size_t length)
{
	const char *end = bytes + length, *at = bytes;

	/* Nearly no text has an ESC at all. */
	for (; (at = memchr(at, '\x1B', (size_t)(end - at))); at++)
		if (end - at > 2 && at[1] == '$' &&
		    (at[2] == 'B' || at[2] == '@'))
			return true;
	return false;
}

/* Octets of the run at `at` that are no ASCII. */
static size_t
run_beyond_ascii(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && (unsigned char)*at >= 0x80)
		at++;
	return (size_t)(at - start);
}

/* Two octets a character, and two characters in a row somewhere. Accents of
 * Western texts hardly ever come in fours. */
static bool
looks_chinese(const char *bytes, size_t length)
{
	const char *end = bytes + length;
	size_t run, longest = 0;

	for (; bytes < end; bytes += run ? run : 1) {
		run = run_beyond_ascii(bytes, end);
		if (run % 2)
			return false;
		if (run > longest)
			longest = run;
	}
	return longest >= 4;
}

static size_t
append_guessed(struct buf *out, const char *bytes, size_t length)
{
	enum charset_place place = WINDOWS_1252;

	if (has_japanese_escapes(bytes, length))
		place = ISO_2022_JP;
	else if (text_is_utf8(bytes, length))
		return text_append_valid(out, bytes, length);
	else if (looks_chinese(bytes, length))
		place = GB18030;
	if (!charset_open(&charsets[place]))
		return text_append_valid(out, bytes, length);
	return convert(&charsets[place], out, bytes, length);
}

/* Letters of Western charsets that make valid UTF-8 were UTF-8: "Ã" and a
 * symbol, again and again, are no words. */
static bool
is_mislabelled(const struct charset *charset, const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < sizeof(western) / sizeof(*western); i++)
		if (!strcmp(charset->converter, western[i]))
			return text_is_utf8(bytes, length);
	return false;
}

size_t
charset_append(struct buf *out, const char *name, const char *bytes,
	       size_t length)
{
	char normal[NAME_MOST + 3] = "";
	struct charset *charset = NULL;
	size_t start = out->len, bad;
	bool named = normal_name(name, normal);

	if (named && (!strcmp(normal, " utf-8 ") || !strcmp(normal, " utf8 ")))
		bad = has_japanese_escapes(bytes, length) ?
			append_guessed(out, bytes, length) :
			text_append_valid(out, bytes, length);
	else if (named && (charset = charset_find(normal)) &&
		 !is_mislabelled(charset, bytes, length))
		bad = convert(charset, out, bytes, length);
	else
		bad = append_guessed(out, bytes, length);
	drop_byte_order_mark(out, start);
	return bad;
}

size_t
charset_append_unnamed(struct buf *out, const char *otherwise,
		       const char *bytes, size_t length)
{
	return charset_append(out, text_is_utf8(bytes, length) ? "" : otherwise,
			      bytes, length);
}

void
charset_warm_up(void)
{
	struct buf out = BUF_INIT;
	size_t i;

	for (i = 0; i < CHARSETS; i++)
		if (charset_open(&charsets[i]))
			(void)convert(&charsets[i], &out, "warm", 4);
	buf_release(&out);
}
