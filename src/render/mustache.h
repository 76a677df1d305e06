/*
 * Mustache, complete: version 1.4 of its specification with the optional
 * dynamic names and inheritance, without lambdas.
 *
 *	{{name}} {{{raw}}} {{&raw}}	a value; a.b goes into a map; . is here
 *	{{#name}}...{{/name}}		for each, or if
 *	{{^name}}...{{/name}}		if not
 *	{{>partial}} {{>*name}}		another template; named by a value
 *	{{<parent}}{{$block}}...{{/block}}{{/parent}}
 *	{{! comment }} {{=<% %>=}}
 *
 * A template is compiled once, with everything wrong told to the diagnostics,
 * and rendered as often as needed. Values are written out, never read: braces
 * in a device name stay braces. Rendering is bounded in depth, steps and size,
 * so that a template that includes itself fails with a sentence.
 */
#ifndef RENDER_MUSTACHE_H
#define RENDER_MUSTACHE_H

#include "base/diag.h"
#include "base/map.h"
#include "render/value.h"

struct mustache;

enum mustache_escape {
	MUSTACHE_TEXT,		/* {{x}} as it is, like {{{x}}} */
	MUSTACHE_HTML,		/* {{x}} with & < > " ' as entities */
};

/* `file` is borrowed. NULL when anything was wrong: it is in `diag`. */
struct mustache *mustache_compile(struct arena *arena,
				  const struct diag_file *file,
				  struct diag *diag);

/*
 * Append the template rendered with `data`. `partials` maps names to struct
 * mustache; one that is not there is rendered as nothing. On false `out` holds
 * a part of it and `error` one sentence with the place.
 */
bool mustache_render(const struct mustache *template,
		     const struct map *partials, const struct value *data,
		     enum mustache_escape escape, struct buf *out,
		     struct buf *error);

/*
 * Tell every name in the template and what it includes that `shape` lacks,
 * every partial that does not exist and every block that its parent does not
 * have. `shape` is data as it will be, with every name present and one item in
 * every list.
 */
void mustache_check(const struct mustache *template,
		    const struct map *partials, const struct value *shape,
		    struct diag *diag);

#endif
