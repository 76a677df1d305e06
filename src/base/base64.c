#include "base/base64.h"

#include <stdint.h>

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Up to three octets as four characters. */
static inline void
write_group(char *to, const unsigned char *bytes, size_t count)
{
	uint32_t bits = (uint32_t)bytes[0] << 16;

	if (count > 1)
		bits |= (uint32_t)bytes[1] << 8;
	if (count > 2)
		bits |= bytes[2];
	to[0] = digits[bits >> 18 & 63];
	to[1] = digits[bits >> 12 & 63];
	to[2] = count > 1 ? digits[bits >> 6 & 63] : '=';
	to[3] = count > 2 ? digits[bits & 63] : '=';
}

void
base64_append(struct buf *out, const void *bytes, size_t count)
{
	const unsigned char *from = bytes;
	size_t groups = (count + 2) / 3, i;
	char *to = buf_grow(out, groups * 4);

	for (i = 0; count - i >= 3; i += 3, to += 4)
		write_group(to, from + i, 3);
	if (i < count)
		write_group(to, from + i, count - i);
	buf_grown(out, groups * 4);
}

void
base64_append_url(struct buf *out, const void *bytes, size_t count)
{
	size_t i = out->len;

	base64_append(out, bytes, count);
	for (; i < out->len && out->data[i] != '='; i++) {
		if (out->data[i] == '+')
			out->data[i] = '-';
		if (out->data[i] == '/')
			out->data[i] = '_';
	}
	buf_cut(out, i);
}

/* -1 when it is no digit. */
static int
url_digit(char c)
{
	const char *at = c == '-' ? digits + 62 : c == '_' ? digits + 63 :
			 c == '+' || c == '/' || !c ? NULL : strchr(digits, c);

	return at ? (int)(at - digits) : -1;
}

bool
base64_decode_url(struct buf *out, const char *text, size_t count)
{
	uint32_t bits = 0;
	size_t i, held = 0;

	while (count && text[count - 1] == '=')
		count--;
	for (i = 0; i < count; i++) {
		int digit = url_digit(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		buf_putc(out, (char)(bits >> held & 255));
	}
	return true;
}
