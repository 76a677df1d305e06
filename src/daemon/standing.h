/*
 * How the relay stands: facts from its state, its spool and its store, and what
 * they mean to whoever watches it. `tocsin status` and the STATUS that systemd
 * shows are this, so they cannot differ.
 *
 * Gathering looks at the world; judging is a pure function of what was found.
 */
#ifndef DAEMON_STANDING_H
#define DAEMON_STANDING_H

#include "daemon/report.h"
#include "store/store.h"

#include <stdbool.h>

/* As monitoring plug-ins exit. */
enum standing_level {
	STANDING_OK, STANDING_WARNING, STANDING_CRITICAL, STANDING_UNKNOWN
};

/* "ok", "warning", "critical", "unknown". */
extern const char *const standing_names[];

enum {
	/* A daemon takes a mail in less than a second: one that lies longer is
	 * late, one that lies for so long is not going to be taken. */
	STANDING_SPOOL_LATE_S = 60,
	STANDING_SPOOL_STUCK_S = 600,
	/* Greylisting and a relay that restarts are over by then; an alert that
	 * nobody has after an hour is too late for most of them. */
	STANDING_QUEUE_LATE_S = 900,
	STANDING_QUEUE_STUCK_S = 3600,
	/* tocsin-deliver refuses mail when 16 MiB are left. Of a small disk the
	 * parts below count instead. */
	STANDING_SPACE_LOW_MIB = 1024,
	STANDING_SPACE_OUT_MIB = 128,
	STANDING_SPACE_LOW_PERCENT = 10,
	STANDING_SPACE_OUT_PERCENT = 2,
};

/* A file system. */
struct standing_space {
	const char *path;	/* something on it */
	int64_t free, total;	/* octets, for who is not root */
	int64_t free_files;	/* that can be made; -1: no limit */
};

struct standing {
	bool is_alive;
	long pid;			/* 0: unknown */
	const struct report *report;	/* of the one that runs, or ran last;
					   or NULL */
	int64_t spooled;		/* mails in the spool, */
	instant_ms spool_oldest;	/* since when; or TIME_UNKNOWN */
	bool has_store;
	struct store_standing store;
	struct store_polls feeds;	/* those that fail */
	bool is_fed;			/* alerts are asked for */
	VEC(struct standing_space) spaces;
};

/* Where to look. */
struct standing_place {
	const char *state;
	const char *spool;
	struct store *store;	/* or NULL: there is none yet */
};

/* Temporary or permanent, with the reason, when it could not tell. */
enum outcome standing_gather(const struct standing_place *place,
			     struct arena *arena, struct standing *standing_out,
			     struct buf *error);

struct standing_problem {
	enum standing_level level;
	const char *what;	/* "3 mails wait and no daemon runs" */
};

struct standing_verdict {
	enum standing_level level;
	VEC(struct standing_problem) problems;	/* the worst first */
	/* "WARNING: 12 customers, 111 rules; acme.rules kept since 10:14Z (2
	 * errors)": the first problems, short enough for a pager. */
	const char *line;
};

/* `program` is the version of who asks: another one that runs is a problem. */
struct standing_verdict standing_judge(const struct standing *standing,
				       const char *program, instant_ms now,
				       struct arena *arena);

#endif
