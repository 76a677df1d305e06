/*
 * format=flowed (RFC 3676): lines that were broken for display are joined.
 */
#ifndef PARSE_FLOWED_H
#define PARSE_FLOWED_H

#include "base/buf.h"

#include <stdbool.h>

/* Append `text`, whose lines end with LF. With `delsp` the blank that marks a
 * soft break is no text. */
void flowed_join(struct buf *out, const char *text, size_t length, bool delsp);

#endif
