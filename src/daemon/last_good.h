/*
 * Loading so that one customer's mistake harms no other.
 *
 * A file that has errors is replaced by the last text of it that had none,
 * which is kept in STATE/last-good, and everything is loaded again. So the
 * other files change, and the broken one's last good rules stay in force, also
 * over a restart. The main file is never replaced: whoever edits it sees at
 * once that nothing changed.
 */
#ifndef DAEMON_LAST_GOOD_H
#define DAEMON_LAST_GOOD_H

#include "pipeline/generation.h"

enum last_good_mode {
	/* A file that never was good is left out: the relay must start, and
	 * mail that its customers would get goes to the catch-all. */
	LAST_GOOD_START,
	/* Then everything stays as it was. */
	LAST_GOOD_RELOAD,
};

/*
 * A generation that is good, or NULL when there is none to be had. Findings
 * are printed on standard error as `check` prints them; each file that was
 * kept is logged.
 */
struct generation *last_good_load(const char *path, enum last_good_mode mode,
				  instant_ms now);

/* Keep the texts of a good generation for the day they are needed; only by who
 * holds the lock of its state. */
void last_good_keep(const struct generation *good);

#endif
