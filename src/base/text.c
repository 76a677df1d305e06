#include "base/text.h"

#include "base/bug.h"

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <wctype.h>

enum {
	TEXT_BAD = 0xFFFD,
	ADDRESS_MOST = 254,	/* RFC 5321 4.5.3.1.3, without < > */
	NEAREST_LONGEST = 64,	/* longer words are no typing mistake */
};

uint32_t
text_decode(const char *text, const char *end, size_t *length_out)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t left = (size_t)(end - text), need, i;
	uint32_t character, least;

	*length_out = 1;
	if (!left)
		return TEXT_BAD;
	if (s[0] < 0x80)
		return s[0];
	if (s[0] >= 0xC2 && s[0] <= 0xDF)
		need = 2, character = s[0] & 0x1F, least = 0x80;
	else if (s[0] >= 0xE0 && s[0] <= 0xEF)
		need = 3, character = s[0] & 0x0F, least = 0x800;
	else if (s[0] >= 0xF0 && s[0] <= 0xF4)
		need = 4, character = s[0] & 0x07, least = 0x10000;
	else
		return TEXT_BAD;
	if (need > left)
		return TEXT_BAD;
	for (i = 1; i < need; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return TEXT_BAD;
		character = character << 6 | (s[i] & 0x3F);
	}
	if (character < least || character > 0x10FFFF ||
	    (character >= 0xD800 && character <= 0xDFFF))
		return TEXT_BAD;
	*length_out = need;
	return character;
}

void
text_encode(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
	} else if (c < 0x800) {
		buf_putc(out, (char)(0xC0 | c >> 6));
		buf_putc(out, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_putc(out, (char)(0xE0 | c >> 12));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_putc(out, (char)(0x80 | (c & 0x3F)));
	} else {
		buf_putc(out, (char)(0xF0 | c >> 18));
		buf_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_putc(out, (char)(0x80 | (c & 0x3F)));
	}
}

/* An invalid byte decodes to U+FFFD in one byte; a real U+FFFD takes three. */
static bool
decoded_badly(uint32_t character, size_t length)
{
	return character == TEXT_BAD && length == 1;
}

/* How many octets before the first one that is NUL or not ASCII: most of most
 * texts, and they need no decoding. In steps of eight, so maybe some less. */
static size_t
plain_prefix(const char *text, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t eight;
	size_t at;

	for (at = 0; length - at >= sizeof(eight); at += sizeof(eight)) {
		memcpy(&eight, text + at, sizeof(eight));
		/* The top bit is set, or borrowed for since all were 0. */
		if ((eight | (eight - ones)) & tops)
			break;
	}
	return at;
}

bool
text_is_utf8(const char *text, size_t length)
{
	const char *end = text + length;
	size_t step;

	for (; text < end; text += step) {
		uint32_t character;

		step = plain_prefix(text, (size_t)(end - text));
		if (step)
			continue;
		character = text_decode(text, end, &step);
		if (decoded_badly(character, step))
			return false;
	}
	return true;
}

bool
text_is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return !*text;
}

/* Most bytes of most texts are ASCII, which needs no decoding: how many bytes
 * from `first` to `last` begin this one. */
static size_t
ascii_run(const char *text, const char *end, char first, char last)
{
	const char *at = text;

	while (at < end && *at >= first && *at <= last)
		at++;
	return (size_t)(at - text);
}

/* What is valid goes over in long runs: most text is, from end to end. */
size_t
text_append_valid(struct buf *out, const char *bytes, size_t length)
{
	const char *end = bytes + length, *run = bytes;
	size_t bad = 0, step;

	for (; bytes < end; bytes += step) {
		uint32_t character;

		step = plain_prefix(bytes, (size_t)(end - bytes));
		if (step)
			continue;
		character = text_decode(bytes, end, &step);
		if (character && !decoded_badly(character, step))
			continue;
		buf_append(out, run, (size_t)(bytes - run));
		if (character)
			text_encode(out, TEXT_BAD);
		bad++;
		run = bytes + 1;
	}
	buf_append(out, run, (size_t)(end - run));
	return bad;
}

size_t
text_count(const char *text, size_t length)
{
	const char *end = text + length;
	size_t count = 0, step;

	for (; text < end; text += step, count++)
		(void)text_decode(text, end, &step); /* only its length */
	return count;
}

bool
text_is_invisible(uint32_t c)
{
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x00, 0x20 }, { 0x7F, 0xA0 }, { 0xAD, 0xAD },
		{ 0x034F, 0x034F }, { 0x061C, 0x061C }, { 0x115F, 0x1160 },
		{ 0x1680, 0x1680 }, { 0x180E, 0x180E }, { 0x2000, 0x200F },
		{ 0x2028, 0x202F }, { 0x205F, 0x206F }, { 0x3000, 0x3000 },
		{ 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE007F },
	};
	size_t i;

	if (c > 0x20 && c < 0x7F)
		return false;
	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* How many bytes begin `text` that stay as they are: visible ASCII, with single
 * blanks between. */
static size_t
visible_run(const char *text, const char *end)
{
	const char *at = text;

	for (;;) {
		size_t word = ascii_run(at, end, 0x21, 0x7E);

		at += word;
		if (!word || end - at < 2 || at[0] != ' ' ||
		    at[1] <= 0x20 || at[1] >= 0x7F)
			return (size_t)(at - text);
		at++;
	}
}

/* Append `text` without invisible characters at its ends; those inside as
 * they are, or each run as one blank. */
static void
append_visible(struct buf *out, const char *text, size_t length, bool fold)
{
	const char *end = text + length, *gap = NULL;
	size_t step;

	for (; text < end; text += step) {
		step = visible_run(text, end);
		if (!step && text_is_invisible(text_decode(text, end, &step))) {
			if (!gap)
				gap = text;
			continue;
		}
		if (gap && out->len && fold)
			buf_putc(out, ' ');
		else if (gap && out->len)
			buf_append(out, gap, (size_t)(text - gap));
		gap = NULL;
		buf_append(out, text, step);
	}
}

static char *
visible(struct arena *arena, const char *text, size_t length, bool fold)
{
	struct buf out = BUF_INIT;
	char *copy;

	append_visible(&out, text, length, fold);
	copy = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

char *
text_trim(struct arena *arena, const char *text, size_t length)
{
	return visible(arena, text, length, false);
}

char *
text_fold_space(struct arena *arena, const char *text, size_t length)
{
	return visible(arena, text, length, true);
}

const char *
text_cut(struct arena *arena, const char *text, size_t most)
{
	if (strlen(text) <= most)
		return text;
	while (most && ((unsigned char)text[most] & 0xC0) == 0x80)
		most--;
	return arena_printf(arena, "%.*s...", (int)most, text);
}

/* glibc's own table for lower case, whatever locale the process runs in. */
static locale_t utf8_locale;

static void
load_utf8_locale(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!utf8_locale)
		BUG("no C.UTF-8 locale");
}

uint32_t
text_lower(uint32_t character)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (character < 0x80)
		return character >= 'A' && character <= 'Z' ? character + 32
							     : character;
	if (pthread_once(&once, load_utf8_locale))
		BUG("pthread_once");
	return (uint32_t)towlower_l((wint_t)character, utf8_locale);
}

/* Append the ASCII that begins `text`, in lower case; how much it was. */
static size_t
append_lower_ascii(struct buf *out, const char *text, const char *end)
{
	size_t count = ascii_run(text, end, 0x01, 0x7F), i;
	char *to = buf_grow(out, count);

	for (i = 0; i < count; i++)
		to[i] = (char)text_lower((unsigned char)text[i]);
	buf_grown(out, count);
	return count;
}

/* ASCII with nothing to trim: what most texts are, which needs no copy. */
static bool
is_plain(const char *text, size_t length)
{
	return ascii_run(text, text + length, 0x01, 0x7E) == length &&
	       (!length || (*text > 0x20 && text[length - 1] > 0x20));
}

static bool
same_plain(const char *a, const char *b, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text_lower((unsigned char)a[i]) !=
		    text_lower((unsigned char)b[i]))
			return false;
	return true;
}

static void
append_folded(struct buf *out, const char *text)
{
	struct buf trimmed = BUF_INIT;
	const char *at, *end;
	size_t step;

	append_visible(&trimmed, text, strlen(text), false);
	end = trimmed.data + trimmed.len;
	for (at = trimmed.data; at < end; at += step) {
		step = append_lower_ascii(out, at, end);
		if (!step)
			text_encode(out, text_lower(text_decode(at, end,
								&step)));
	}
	buf_release(&trimmed);
}

char *
text_fold(struct arena *arena, const char *text)
{
	struct buf out = BUF_INIT;
	char *copy;

	append_folded(&out, text);
	copy = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

bool
text_same(const char *a, const char *b)
{
	struct buf left = BUF_INIT, right = BUF_INIT;
	size_t length = strlen(a), other = strlen(b);
	bool same;

	if (is_plain(a, length) && is_plain(b, other))
		return length == other && same_plain(a, b, length);
	append_folded(&left, a);
	append_folded(&right, b);
	same = left.len == right.len &&
	       !memcmp(left.data, right.data, left.len);
	buf_release(&left);
	buf_release(&right);
	return same;
}

bool
text_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Linear in practice: on a mismatch only the last `*` takes one more. */
bool
text_glob(const char *pattern, const char *text)
{
	const char *end = text + strlen(text), *star = NULL, *resume = NULL;
	size_t step;

	while (text < end) {
		(void)text_decode(text, end, &step);	/* only its length */
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == '?') {
			pattern++;
			text += step;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			(void)text_decode(resume, end, &step);
			pattern = star;
			text = resume += step;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

bool
text_is_guid(const char *text)
{
	size_t i;

	for (i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !strchr("0123456789abcdefABCDEF",
						    text[i]) || !text[i])
			return false;
	}
	return !text[36];
}

bool
text_is_address(const char *text)
{
	size_t length = strlen(text), step;
	const char *end = text + length, *at = strrchr(text, '@');

	if (length > ADDRESS_MOST || !at || at == text || !at[1] ||
	    !text_is_utf8(text, length) || memchr(text, '@', length) != at)
		return false;
	for (; text < end; text += step)
		if (text_is_invisible(text_decode(text, end, &step)) ||
		    strchr("<>()[],;:\\\"", *text))
			return false;
	return true;
}

int
text_hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

bool
text_to_u64(const char *text, uint64_t *value_out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value_out = strtoull(text, &end, 10);
	return !errno && !*end;
}

/* Optimal string alignment distance: insert, delete, replace, swap. */
static size_t
text_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][NEAREST_LONGEST + 1], i, j;

	for (j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (i = 1; i <= a_length; i++) {
		size_t *now = rows[i % 3], *before = rows[(i + 2) % 3];
		size_t *earlier = rows[(i + 1) % 3];

		now[0] = i;
		for (j = 1; j <= b_length; j++) {
			size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);

			if (before[j] + 1 < best)
				best = before[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && earlier[j - 2] + 1 < best)
				best = earlier[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[a_length % 3][b_length];
}

const char *
text_nearest(const char *word, const char *const *candidates)
{
	size_t length = strlen(word), best, distance;
	const char *nearest = NULL;

	if (!length || length > NEAREST_LONGEST)
		return NULL;
	best = length < 5 ? 1 : length < 8 ? 2 : 3;
	for (; *candidates; candidates++) {
		size_t other = strlen(*candidates);

		if (!strcasecmp(word, *candidates))
			return *candidates;
		if (other > NEAREST_LONGEST)
			continue;
		distance = text_distance(word, length, *candidates, other);
		if (distance < best || (distance == best && !nearest)) {
			best = distance;
			nearest = *candidates;
		}
	}
	return nearest;
}

bool
text_starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

bool
text_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), end = strlen(suffix);

	return length >= end && !strcmp(text + length - end, suffix);
}

void
text_escape(struct buf *out, const char *text, size_t most)
{
	const char *end = text + strlen(text);
	size_t start = out->len, step;

	for (; text < end; text += step) {
		uint32_t c = text_decode(text, end, &step);

		if (out->len - start >= most) {
			buf_puts(out, "...");
			return;
		}
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (int)c);
		else if (c == '\n')
			buf_puts(out, "\\n");
		else if (decoded_badly(c, step) || (c != ' ' && c < 0x80 &&
						    text_is_invisible(c)))
			buf_printf(out, "\\x%02x", (unsigned char)*text);
		else if (c != ' ' && text_is_invisible(c))
			buf_printf(out, "\\u{%04x}", (unsigned int)c);
		else
			buf_append(out, text, step);
	}
}

bool
text_is_command(uint32_t c)
{
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x00, 0x08 }, { 0x0B, 0x1F }, { 0x7F, 0x9F },
		{ 0x061C, 0x061C }, { 0x200E, 0x200F }, { 0x2028, 0x202E },
		{ 0x2066, 0x2069 },
	};
	size_t i;

	if (c >= ' ' && c < 0x7F)
		return false;	/* nearly always */
	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

void
text_append_harmless(struct buf *out, const char *text, size_t length)
{
	const char *end = text + length;
	size_t step;

	for (; text < end; text += step) {
		uint32_t c = text_decode(text, end, &step);

		if (decoded_badly(c, step) || (c < 0x80 && text_is_command(c)))
			buf_printf(out, "\\x%02x", (unsigned char)*text);
		else if (text_is_command(c))
			buf_printf(out, "\\u{%04x}", (unsigned int)c);
		else
			buf_append(out, text, step);
	}
}
