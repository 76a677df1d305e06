/*
 * Octets of any charset to UTF-8: the door to iconv.
 *
 * Names lie: much of what is labelled iso-8859-1 is windows-1252, us-ascii is
 * often UTF-8, gb2312 is a part of what was meant, and a name that nobody
 * knows still carries an alert. So every name leads to a superset, and what
 * cannot be converted becomes U+FFFD and is counted, never an error.
 */
#ifndef PARSE_CHARSET_H
#define PARSE_CHARSET_H

#include "base/buf.h"

/*
 * Open every charset and convert once. iconv loads a module from the file
 * system at the first use, which the cage forbids: what is not open by then
 * counts as unknown.
 */
void charset_warm_up(void);

/*
 * Append `bytes` as valid UTF-8 without NUL and without a leading byte order
 * mark; how many octets were no text. An empty, unknown or us-ascii name:
 * UTF-8 if it is valid, ISO-2022-JP if its escapes are there, GB18030 if all
 * octets that are no ASCII come in pairs, else windows-1252. So are those under
 * the name of a Western charset that are valid UTF-8, which no such text is.
 */
size_t charset_append(struct buf *out, const char *name, const char *bytes,
		      size_t length);

/* The same for octets that nobody gave a name, where `otherwise` is the charset
 * of what they stand beside: theirs, too, unless they are UTF-8. */
size_t charset_append_unnamed(struct buf *out, const char *otherwise,
			      const char *bytes, size_t length);

#endif
