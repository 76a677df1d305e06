/*
 * What the daemon says of itself, beside its log: STATE/report at each load,
 * STATUS to a service manager at each load and every minute (standing.h), and,
 * once, a notice about each customer who is missed (gone.h), and each file that
 * is kept for 15 minutes.
 */
#ifndef DAEMON_VIGIL_H
#define DAEMON_VIGIL_H

#include "daemon/last_good.h"
#include "pipeline/generations.h"
#include "store/clerk.h"

struct vigil;

/* All are borrowed for its life. */
struct vigil_world {
	struct loop *loop;
	struct clerk *clerk;
	struct generations *generations;
	const struct clock *clock;
	/* A notice was stored. */
	void (*stored)(void *context);
	void *context;
};

struct vigil *vigil_create(const struct vigil_world *world);

/* A load has ended, and what it brought is in force (is_new) or nothing has
 * changed. What was changed before `asked` is in it. */
void vigil_loaded(struct vigil *vigil, const struct last_good *loaded,
		  bool is_new, instant_ms asked);

void vigil_destroy(struct vigil **vigil);

#endif
