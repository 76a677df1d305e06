/*
 * Preflight: what libetpan is shown, made so that it can do no harm.
 *
 * libetpan 1.9.4 crashes on a backslash in a boundary parameter, needs time
 * quadratic in the depth of nested multiparts, and overflows the stack when
 * message/rfc822 parts are nested deeply enough. Each level of nesting needs a
 * `boundary` or an `rfc822` of its own, so counting these words bounds the
 * depth before anything is parsed; the lines that part a mail are counted as
 * well. Nothing is refused: what follows the limit is cut off, and a sentence
 * says so.
 */
#ifndef PARSE_PREFLIGHT_H
#define PARSE_PREFLIGHT_H

#include "parse/header.h"

enum { PREFLIGHT_PADDING = 16 };	/* zero octets behind the text */

/*
 * Write to `out` (empty before) a mail of the MIME fields of `header` and the
 * body, harmless, followed by padding that out->len does not count.
 */
void preflight_compose(struct arena *arena, struct message *message,
		       const struct header *header, const char *mail,
		       size_t length, struct buf *out);

#endif
