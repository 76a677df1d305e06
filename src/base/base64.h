/*
 * Octets as base64 (RFC 4648), on one line.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

#include <stdbool.h>

/* Section 4: with padding. */
void base64_append(struct buf *out, const void *bytes, size_t count);

/* Section 5: in the alphabet for URLs, and without padding. */
void base64_append_url(struct buf *out, const void *bytes, size_t count);

/* Append what such a text stands for, padded or not. False, and some of it
 * appended, when it is none. */
bool base64_decode_url(struct buf *out, const char *text, size_t count);

#endif
