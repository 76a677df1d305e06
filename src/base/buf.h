/*
 * A byte buffer that grows. The bytes are always followed by a NUL that `len`
 * does not count, so a buffer of text can be read as a C string at any time.
 *
 * Life: `struct buf buf = BUF_INIT;` ... `buf_release(&buf);`. The fields may
 * be read, never written, from outside.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data;		/* never NULL */
	size_t len;		/* bytes in use, without the NUL */
	size_t size;		/* bytes allocated; 0: the shared empty text */
};

extern char buf_empty[1];

#define BUF_INIT { .data = buf_empty }

void buf_release(struct buf *buf);

/* Empty it, keep the memory. */
void buf_reset(struct buf *buf);

/* Cut to `len` bytes, which must not be more than it has. */
void buf_cut(struct buf *buf, size_t len);

void buf_append(struct buf *buf, const void *bytes, size_t count);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Room for `count` more bytes behind the text; buf_grown() says how many of
 * them were written. For read(2) and friends. */
char *buf_grow(struct buf *buf, size_t count);
void buf_grown(struct buf *buf, size_t count);

#endif
