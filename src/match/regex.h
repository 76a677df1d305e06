/*
 * Regular expressions of rules: the door to PCRE2.
 *
 * The interpreter is used, not the JIT: for many short patterns it is faster,
 * and memory that is both written and run stays forbidden. Without case, UTF-8,
 * `$` only at the very end. A pattern that explodes on a hostile text is
 * stopped after some milliseconds, and then nobody knows whether it matches.
 * An alert may have hundreds of such texts, and a customer as many rules, so
 * there is a limit for all comparisons of an alert together as well.
 */
#ifndef MATCH_REGEX_H
#define MATCH_REGEX_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

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

/* Steps for all comparisons of one alert: about a quarter of a second. Ordinary
 * patterns need ten for a text. */
enum { REGEX_ALERT_STEPS = 5000000 };

/* Anywhere in `length` bytes of text. Text that is not UTF-8 is REGEX_LIMIT.
 * Its steps are taken from `*steps_left`; with none left, everything is
 * REGEX_LIMIT. */
enum regex_result regex_match(const struct regex *regex, const char *text,
			      size_t length, uint32_t *steps_left);

#endif
