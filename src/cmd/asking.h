/*
 * Asking the APIs of a customer from a command: the daemon's poller, in a loop
 * of its own.
 */
#ifndef CMD_ASKING_H
#define CMD_ASKING_H

#include "ask/poller.h"

struct asking {
	struct generation *generation;	/* taken, and destroyed at the end */
	const char *customer;
	struct store *store;
	instant_ms since;		/* 0: from where it was */
	bool once;
	/* As in struct poller_world. */
	void (*each)(void *context, const struct poll_plan *plan,
		     const struct pipeline_decision *decision);
	void (*ended)(void *context, const struct poll_plan *plan,
		      const char *failure);
	void *context;
};

/* Until it is done, or for ever unless `once`. False after a sentence when it
 * could not begin. */
bool asking_run(const struct asking *asking);

/* A store for one who only looks: empty, but for the newest refresh tokens of
 * the customer's apps, which are read from the daemon's. What they are renewed
 * to goes with it (see ask/refresh.h). NULL after a sentence. */
struct store *asking_open_dry(const struct generation *generation,
			      const char *customer);

/* The first `poll` of the customer, or NULL. */
const struct poll_plan *asking_plan(const struct generation *generation,
				    const char *customer);

#endif
