/*
 * The unit of systemd, as far as it decides which folders the daemon can write:
 * `check` says beforehand what would keep the daemon from starting.
 *
 * A reader of two directives, not of units: specifiers, links and what a
 * manager adds by itself are left out. Where it is not sure it says nothing.
 */
#ifndef CMD_UNIT_H
#define CMD_UNIT_H

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>

#define UNIT_NAME "tocsin.service"

struct unit {
	const char *file;	/* the last one that was read; NULL: there is
				   no unit */
	const char *conf;	/* of ExecStart's -c, or the default */
	bool is_strict;		/* ProtectSystem=strict */
	VEC(const char *) writable;
};

/* What a file of it says, on top of what was said before; `file` and `text` are
 * borrowed. */
void unit_add(struct arena *arena, struct unit *unit, const char *file,
	      const char *text);

/* The installed one, with its drop-ins. */
void unit_find(struct arena *arena, struct unit *unit_out);

/* May the daemon write below `folder`, an absolute path without links? */
bool unit_allows(const struct unit *unit, const char *folder);

#endif
