/*
 * The loader: which files are read, in which order, and what becomes of them as
 * one tree.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/map.h"
#include "conf/tree.h"

/*
 * Load `path` and all it includes (patterns are relative to the file that says
 * `include`; matches in sorted order; a pattern that matches nothing is a
 * warning, a plain name that does not exist an error; a file that includes
 * itself is an error). Everything wrong goes to `diag`; what could be read is
 * in the tree all the same. Never NULL.
 *
 * `instead` (may be NULL) maps file names to `const char *` texts that are
 * read in their place: the last good text of a file that is broken now. A name
 * that CONF_BESIDE ends is no file's: its text is read behind all others, as if
 * the rest of the name had been included: the last good text of a file that is
 * not there any more.
 */
#define CONF_BESIDE " (last good)"
struct conf *conf_load(struct arena *arena, const char *path,
		       const struct map *instead, struct diag *diag);

/* A configuration from text in memory, for embedded defaults and tests;
 * `include` in it is an error. */
struct conf *conf_load_text(struct arena *arena, const char *name,
			    const char *text, struct diag *diag);

#endif
