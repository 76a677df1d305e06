/*
 * STATE/report: what the daemon has in force, in its own words, for whoever
 * asks while it runs or after it has ended: its version, that of its
 * configuration, and what of it is not as the files say. JSON, 0600, written
 * anew at each load.
 *
 * It is a convenience, not a promise: nothing is decided by it, and it is not
 * synced, since the loop must not wait for a disk.
 */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/outcome.h"
#include "base/vec.h"

/* Something that is in force although its file says otherwise, or is not
 * although it does. */
struct report_kept {
	const char *file;
	const char *customer;	/* who would be gone; NULL: the file has
				   errors */
	const char *text;	/* what is in force: "last good", or "none" */
	int64_t errors;		/* in the file */
	instant_ms since;
};

struct report {
	const char *program;	/* version of tocsin */
	const char *rules;	/* version of the configuration */
	instant_ms started;
	instant_ms asked;	/* the load began then: what was changed before
				   is in it */
	int64_t customers, rule_count;
	VEC(struct report_kept) kept;
};

/* What was kept before, in `before` (may be NULL), is kept since then. */
void report_age(struct report *report, const struct report *before);

enum outcome report_write(const char *state, const struct report *report,
			  struct buf *error);

/* NULL in `report_out` when there is none, or none that can be read. */
enum outcome report_read(const char *state, struct arena *arena,
			 struct report **report_out, struct buf *error);

#endif
