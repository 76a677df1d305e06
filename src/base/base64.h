/*
 * Octets as base64 (RFC 4648), on one line.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Section 4: with padding. */
void base64_append(struct buf *out, const void *bytes, size_t count);

/* Section 5: in the alphabet for URLs, and without padding. */
void base64_append_url(struct buf *out, const void *bytes, size_t count);

#endif
