#include "parse/decode.h"

#include "base/text.h"

/* `=xy` at `at`: its octet, or -1 when it is none. */
static int
escaped_octet(const char *at, const char *end)
{
	int high, low;

	if (end - at < 3)
		return -1;
	high = text_hex(at[1]);
	low = text_hex(at[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* What lies between two line ends. */
static void
decode_escapes(struct buf *out, const char *at, const char *end)
{
	while (at < end) {
		const char *sign = memchr(at, '=', (size_t)(end - at));
		int octet;

		if (!sign)
			sign = end;
		buf_append(out, at, (size_t)(sign - at));
		if (sign == end)
			return;
		octet = escaped_octet(sign, end);
		buf_putc(out, octet < 0 ? '=' : (char)octet);
		at = sign + (octet < 0 ? 1 : 3);
	}
}

static const char *
before_blanks(const char *from, const char *end)
{
	while (end > from &&
	       (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	return end;
}

void
decode_quoted_printable(struct buf *out, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *line = bytes, *stop;
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		bytes = newline ? newline + 1 : end;
		stop = before_blanks(line, newline ? newline : end);
		if (stop > line && stop[-1] == '=') {
			decode_escapes(out, line, stop - 1);
			continue;
		}
		decode_escapes(out, line, stop);
		if (newline)
			buf_putc(out, '\n');
	}
}

void
decode_q(struct buf *out, const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		int octet = bytes[i] == '='
			? escaped_octet(bytes + i, bytes + length) : -1;

		if (octet >= 0)
			i += 2;
		else
			octet = bytes[i] == '_' ? ' ' : bytes[i];
		buf_putc(out, (char)octet);
	}
}

/* Sextets plus one, so that what is not named here is 0. */
static const unsigned char sextets[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
	43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};

void
decode_base64(struct buf *out, const char *bytes, size_t length)
{
	char *room = buf_grow(out, length / 4 * 3 + 3);
	unsigned int group = 0, filled = 0;
	size_t written = 0, i;

	for (i = 0; i < length && bytes[i] != '='; i++) {
		unsigned int sextet = sextets[(unsigned char)bytes[i]];

		if (!sextet)
			continue;
		group = group << 6 | (sextet - 1);
		if (++filled < 4)
			continue;
		room[written++] = (char)(group >> 16);
		room[written++] = (char)(group >> 8);
		room[written++] = (char)group;
		group = filled = 0;
	}
	if (filled >= 2)
		room[written++] = (char)(group >> (filled == 3 ? 10 : 4));
	if (filled == 3)
		room[written++] = (char)(group >> 2);
	buf_grown(out, written);
}
