/*
 * STATE/last-good: the last text of each included file that loaded, under a
 * name that is made of the file's path.
 */
#ifndef DAEMON_KEPT_H
#define DAEMON_KEPT_H

#include "base/arena.h"
#include "base/diag.h"

/* The name of the text of a file that is there. */
const char *kept_name(struct arena *arena, const char *file);

struct kept {
	const char *text;	/* NULL: there is none, */
	const char *unknown;	/* or perhaps there is: why nobody knows */
};

/* The text of that name. */
struct kept kept_find(struct arena *arena, const char *state,
		      const char *name);
/* The same, of a file that is there. */
struct kept kept_find_of(struct arena *arena, const char *state,
			 const char *file);

/* Make the folder, when it is missing, and keep a text; failures are logged,
 * as going on without is the better way. Only by who holds the lock of the
 * state. */
void kept_make_folder(const char *state);
void kept_put(struct arena *arena, const char *state,
	      const struct diag_file *file);

/* Keep the text of that name for a customer as well, since his file may get
 * another one; the name it has then. */
const char *kept_set_aside(struct arena *arena, const char *state,
			   const char *name, const char *customer);

#endif
