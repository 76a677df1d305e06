/*
 * What others write for JSON, as JSON that says what they meant. It knows no
 * tree and no library: octets in, octets out.
 *
 *	half a surrogate pair, \ud83d		U+FFFD
 *	\u0000, \u12x4, a raw NUL in a string	U+FFFD: nothing ends there
 *	octets in a string that are no UTF-8	U+FFFD each
 *	NaN, Infinity, -Infinity		null: no number is known
 *
 * Titles that are cut in the middle of an emoji give the first, programs that
 * print numbers of C or Python the last. Other raw control characters in
 * strings (RFC 8259 section 7 wants them escaped) mean themselves, and stay.
 * Nothing is mended that changes where a value or a string ends.
 */
#ifndef BASE_JSON_MEND_H
#define BASE_JSON_MEND_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends the mended text and says true; when nothing is to be mended, false,
 * and nothing is appended. */
bool json_mend(const char *text, size_t length, struct buf *out);

#endif
