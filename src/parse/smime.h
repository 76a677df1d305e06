/*
 * Opaque S/MIME (RFC 8551 3.5.2): a mail within the octets of its signature.
 * What is signed so is to be read by everybody, unlike what is encrypted. The
 * signature is not verified: nothing here says whose the mail is.
 */
#ifndef PARSE_SMIME_H
#define PARSE_SMIME_H

#include "base/buf.h"

#include <stdbool.h>

/* Append the mail that is inside, header and all. False, and nothing appended,
 * when these octets hold none that could be read without a key. A mebibyte that
 * means harm takes a second. */
bool smime_unwrap(const char *bytes, size_t length, struct buf *out);

#endif
