/*
 * Header text: RFC 2047 encoded words to UTF-8.
 *
 * libetpan can do this, but with converters that hide bad octets and know no
 * aliases; here header and body go through the same charset.h.
 */
#ifndef PARSE_ENCODED_WORD_H
#define PARSE_ENCODED_WORD_H

#include "base/buf.h"

/*
 * Append one unfolded line of a header value. Octets outside of encoded words
 * are UTF-8 if valid, else of the charset `otherwise`. White space between two
 * words is no text, and a character may be split over two words of one charset
 * (not allowed, and common). Returns how many octets were no text.
 */
size_t encoded_word_append(struct buf *out, const char *line, size_t length,
			   const char *otherwise);

#endif
