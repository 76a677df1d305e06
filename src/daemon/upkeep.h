/*
 * Upkeep of the store while the daemon runs, all of it by the clerk: has a
 * command changed something, is the file still there, does the clock go on from
 * where it was, and what is over is forgotten.
 */
#ifndef DAEMON_UPKEEP_H
#define DAEMON_UPKEEP_H

#include "pipeline/generations.h"
#include "store/clerk.h"

struct upkeep;

struct upkeep_world {
	struct loop *loop;
	struct clerk *clerk;
	const struct clock *clock;
	struct generations *generations; /* whose catch-all is told of a clock
					    that jumps */
	/* Another process has changed something. */
	loop_handler *changed;
	/* The file is not the one that was opened: see store_is_gone(). Called
	 * again and again. */
	loop_handler *gone;
	/* Notices were stored. */
	loop_handler *stored;
	void *context;
};

/* Everything in `world` is borrowed for its life. */
struct upkeep *upkeep_create(const struct upkeep_world *world);

/* Drains the clerk when something is under way. */
void upkeep_destroy(struct upkeep **upkeep);

#endif
