/*
 * Octets as base64 (RFC 4648 section 4), with padding, on one line.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

void base64_append(struct buf *out, const void *bytes, size_t count);

#endif
