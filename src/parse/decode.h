/*
 * Content transfer encodings (RFC 2045 section 6, RFC 2047 section 4), as
 * tolerant as mail is broken.
 *
 * libetpan's decoders read past their buffer, write NUL bytes for what they do
 * not understand and go on behind padding; these do none of that. Each appends
 * octets, in no charset yet (see charset.h).
 */
#ifndef PARSE_DECODE_H
#define PARSE_DECODE_H

#include "base/buf.h"

/* A malformed `=xy` stays as written; blanks at the end of a line and before a
 * soft line break are dropped (RFC 2045 section 6.7, rule 3). */
void decode_quoted_printable(struct buf *out, const char *bytes, size_t length);

/* Characters outside the alphabet are skipped; padding ends the data, so a
 * plain-text footer behind it is no junk; what a cut last group does not fill
 * is dropped. */
void decode_base64(struct buf *out, const char *bytes, size_t length);

/* The "Q" encoding of header fields: `_` is a blank. */
void decode_q(struct buf *out, const char *bytes, size_t length);

#endif
