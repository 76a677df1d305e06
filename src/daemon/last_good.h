/*
 * Loading so that one customer's mistake harms no other.
 *
 * A file that has errors is replaced by the last text of it that had none,
 * which is kept in STATE/last-good, and everything is loaded again. So the
 * other files change, and the broken one's last good rules stay in force, also
 * over a restart. A file that never was good is left out, and so is a new one
 * that takes a name or a tenant which another file has: nobody counts on it
 * yet, and mail that its customers would get goes to the catch-all. A customer
 * who is missed stays in force (gone.h). The main file is never replaced:
 * whoever edits it sees at once that nothing changed.
 */
#ifndef DAEMON_LAST_GOOD_H
#define DAEMON_LAST_GOOD_H

#include "daemon/gone.h"
#include "daemon/report.h"
#include "pipeline/generation.h"

enum last_good_mode {
	/* The relay must start: who is missed and cannot be brought back is
	 * left out, and so is a broken file whose last good text cannot be
	 * read. */
	LAST_GOOD_START,
	/* Then everything stays as it was. */
	LAST_GOOD_RELOAD,
};

struct last_good {
	struct arena *arena;
	/* Good, or NULL when there is none to be had; whoever takes it sets
	 * this to NULL. */
	struct generation *generation;
	struct gone_roll missed;	/* who is in force all the same */
	VEC(struct report_kept) kept;	/* what is not as the files say; with
					   those who are missed. Without a
					   generation: the main file */
};

/*
 * Findings are printed on standard error as `check` prints them; each file that
 * was kept and each customer who is missed is logged.
 */
void last_good_load(const char *path, enum last_good_mode mode, instant_ms now,
		    struct last_good *out);

/* The same, as at a start, for commands, which are no daemon: without a log,
 * and with findings only when there are errors. */
void last_good_look(const char *path, instant_ms now, struct last_good *out);

/* What more than one file can be blamed for is the fault of those that the
 * state has no last good text of; one that cannot be read is there. Each load
 * above has done so. */
void last_good_blame(struct generation *generation);

void last_good_release(struct last_good *loaded);

/* Keep what was loaded for the day it is needed; only by who holds the lock of
 * its state. */
void last_good_keep(struct last_good *loaded);

#endif
