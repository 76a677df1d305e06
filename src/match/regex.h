/*
 * Regular expressions of rules: the door to PCRE2.
 *
 * The interpreter is used, not the JIT: for many short patterns it is faster,
 * and memory that is both written and run stays forbidden. Without case, UTF-8,
 * `$` only at the very end. A pattern that explodes on a hostile text is
 * stopped after some milliseconds, and then nobody knows whether it matches.
 */
#ifndef MATCH_REGEX_H
#define MATCH_REGEX_H

#include "base/arena.h"
#include "base/buf.h"

struct regex;

enum regex_result {
	REGEX_NO,
	REGEX_YES,
	REGEX_LIMIT,	/* stopped before it was known */
};

/* NULL, one sentence appended to `error`, and the offset of the mistake in
 * bytes when the pattern is no good. Lives as long as the arena. */
struct regex *regex_compile(struct arena *arena, const char *pattern,
			    struct buf *error, size_t *offset_out);

/* Anywhere in `length` bytes of text. Text that is not UTF-8 is REGEX_LIMIT. */
enum regex_result regex_match(const struct regex *regex, const char *text,
			      size_t length);

#endif
