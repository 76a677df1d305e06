#include "base/buf.h"

#include "base/bug.h"

#include <stdarg.h>
#include <stdint.h>

enum { BUF_SMALLEST = 64 };

/* Never written: a buffer without memory has size 0 and grows first. */
char buf_empty[1];

void
buf_release(struct buf *buf)
{
	if (buf->size)
		free(buf->data);
	*buf = (struct buf)BUF_INIT;
}

void
buf_reset(struct buf *buf)
{
	buf_cut(buf, 0);
}

void
buf_cut(struct buf *buf, size_t len)
{
	if (len > buf->len)
		BUG("cut to %zu of %zu bytes", len, buf->len);
	buf->len = len;
	if (buf->size)
		buf->data[len] = '\0';
}

char *
buf_grow(struct buf *buf, size_t count)
{
	size_t need, size;

	if (count > SIZE_MAX / 4 - buf->len)
		BUG("buffer of %zu bytes to grow by %zu", buf->len, count);
	need = buf->len + count + 1;
	if (need <= buf->size)
		return buf->data + buf->len;

	size = buf->size ? buf->size : BUF_SMALLEST;
	while (size < need)
		size *= 2;
	buf->data = bug_realloc(buf->size ? buf->data : NULL, size);
	buf->size = size;
	buf->data[buf->len] = '\0';
	return buf->data + buf->len;
}

void
buf_grown(struct buf *buf, size_t count)
{
	if (buf->size - buf->len <= count)
		BUG("%zu bytes written into room for less", count);
	buf->len += count;
	buf->data[buf->len] = '\0';
}

void
buf_append(struct buf *buf, const void *bytes, size_t count)
{
	if (!count)
		return;
	memcpy(buf_grow(buf, count), bytes, count);
	buf_grown(buf, count);
}

void
buf_puts(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void
buf_putc(struct buf *buf, char byte)
{
	if (buf->size - buf->len < 2)	/* also when it has no memory yet */
		(void)buf_grow(buf, 1);
	buf->data[buf->len++] = byte;
	buf->data[buf->len] = '\0';
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		BUG("bad format '%s'", format);
	va_start(args, format);
	(void)vsnprintf(buf_grow(buf, (size_t)length), (size_t)length + 1,
			format, args);		/* measured above */
	va_end(args);
	buf_grown(buf, (size_t)length);
}
