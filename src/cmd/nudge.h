/*
 * A word with the daemon that runs: have it load the configuration anew, and
 * wait for what comes of it.
 */
#ifndef CMD_NUDGE_H
#define CMD_NUDGE_H

#include "cmd/load.h"
#include "daemon/report.h"

enum nudge {
	NUDGE_DONE,
	NUDGE_NOBODY,		/* no daemon runs */
	NUDGE_FAILED,		/* after a sentence */
};

/* Acts as the owner of the state from then on. The report is in `arena`; it is
 * of a load that began after the call. */
enum nudge nudge_daemon(const struct generation *generation,
			struct arena *arena, struct report **report_out);

/* What is not as the files say, a line each; how many. */
size_t nudge_append_kept(struct buf *out, const struct report *report);

#endif
