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
