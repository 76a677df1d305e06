/*
 * Where templates and words come from: the configured folder, and behind it
 * the files that were shipped. A file in the folder hides the shipped one of
 * the same name. Names are as seen from the folder: "alert/html.mustache".
 */
#ifndef RENDER_SHELF_H
#define RENDER_SHELF_H

#include "base/diag.h"
#include "base/vec.h"

struct shelf {
	struct arena *arena;
	struct diag *diag;
	const char *directory;		/* NULL: only shipped files */
	VEC(const char *) own;		/* names in the folder, sorted; folders
					   in folders in it are not looked at */
	VEC(const char *) shipped;
	VEC(const char *) all;		/* each name once, own ones first */
};

/* A folder that cannot be read is an error in `diag`. */
struct shelf *shelf_open(struct arena *arena, const char *directory,
			 struct diag *diag);

/* Whether the folder, or else the program, has a file of that name. */
bool shelf_has(const struct shelf *shelf, const char *name);

/* The path under which a person would open a file of the folder. */
const char *shelf_path(const struct shelf *shelf, const char *name);

/* The file, ours or the shipped one. NULL when there is none, or when it
 * cannot be read, which is an error in `diag`. */
const struct diag_file *shelf_read(const struct shelf *shelf,
				   const char *name);

#endif
