/*
 * Replacements on duty that are rows of the store: made, ended, listed by
 * `oncall`, and read by whoever says who is on duty.
 */
#ifndef CMD_REPLACING_H
#define CMD_REPLACING_H

#include "cmd/load.h"

/* `oncall replace NAME by NAME in ONCALL --from T --until T` */
struct replacing {
	const char *name, *by, *oncall;
	const char *from, *until;	/* as they were written */
};

/* Each is the whole command, and returns its exit status. */
int replacing_add(const struct cmd_line *line,
		  const struct replacing *replacing);
int replacing_end(const struct cmd_line *line, const char *id);
int replacing_list(const struct cmd_line *line, bool as_json);

/*
 * All there are, for a command that says who is on duty; none where there is no
 * store yet. Root acts as the owner of the state while it reads. False after a
 * sentence when they are not known.
 */
bool replacing_load(const struct generation *generation, struct arena *arena,
		    struct store_replacements *list_out);

/* "replacement 3: bob by ana in primary from ... until ... (root)", with the
 * times on the clocks of `zone`. */
void replacing_print(const struct store_replacement *it,
		     const struct zone *zone, struct buf *out);

/* "Mon 2026-11-30 09:00 CET" */
void replacing_print_time(const struct zone *zone, instant_ms when,
			  struct buf *out);

#endif
