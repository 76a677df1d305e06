/*
 * Patterns with holes: how a format writes a subject or a part of a link.
 *
 *	{severity}-severity alert: {title}
 *
 * A hole with a name captures one or more characters, `{*}` stands for any
 * text, also none. The pattern covers the whole text. Literals are compared
 * without case, runs of blanks as one, hyphens and colons of any script as `-`
 * and `:`. Each hole ends at the first place where the literal behind it fits,
 * and nothing is ever tried twice, so no text makes a match slow.
 */
#ifndef NORMALIZE_PATTERN_H
#define NORMALIZE_PATTERN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

#include <stdbool.h>

struct pattern;

struct pattern_capture {
	const char *hole;	/* "title" */
	const char *text;	/* never empty, without blanks at its ends */
};

typedef VEC(struct pattern_capture) pattern_captures;

/*
 * A named hole does not cover any character of `stops` ("" for subjects, the
 * separators of a URL for links). NULL and a sentence when the braces make no
 * sense or two holes touch.
 */
struct pattern *pattern_parse(struct arena *arena, const char *text,
			      const char *stops, struct buf *error);

/* The names of the holes in order, without `{*}`, ended by NULL. */
const char *const *pattern_holes(const struct pattern *pattern);

/* Does the pattern cover `text`? Only then captures are added. */
bool pattern_match(const struct pattern *pattern, struct arena *arena,
		   const char *text, pattern_captures *captures);

#endif
