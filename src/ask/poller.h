/*
 * The poller: asks the APIs of all tenants for their alerts, each at its pace,
 * and moves what they answer into the store.
 *
 * A lane is one API of one tenant, with its own token, budget, back-off and
 * cursor, so that nothing that happens to one delays another. A run of a lane
 * reads all pages of a window; each page is one transaction, and the cursor
 * moves in that of the last one. Every hour a run looks at all that was made
 * within a day, for what became visible late.
 */
#ifndef ASK_POLLER_H
#define ASK_POLLER_H

#include "base/loop.h"
#include "pipeline/generations.h"
#include "pipeline/pipeline.h"
#include "store/store.h"

struct poller;

struct poller_world {
	struct loop *loop;
	struct store *store;
	struct generations *generations;
	const struct clock *clock;
	/* Called when new deliveries were stored. */
	loop_handler *stored;
	void *context;

	/* For the command; all may be NULL or 0. */
	const char *customer;		/* only this one */
	instant_ms since;		/* instead of where it was; 0: there */
	bool once;			/* one run of each lane, */
	loop_handler *finished;		/* then this is called */
	/* Told of each record that was decided. */
	void (*each)(void *context, const struct poll_plan *plan,
		     const struct pipeline_decision *decision,
		     enum store_added how);
	/* And of each run that ended, of what is read along as well (see
	 * poll_gives_alerts()), and then what it gave is in the store;
	 * NULL: it went well. */
	void (*ended)(void *context, const struct poll_plan *plan,
		      const char *failure);
};

/* All are borrowed for its life, but `world` itself. transfer_setup() has been
 * called. */
struct poller *poller_create(const struct poller_world *world);

/* There is a new generation. */
void poller_reload(struct poller *poller);

/* When all tenants of the customer had last been read whole: the time of the
 * one that waits the longest; TIME_UNKNOWN when one never was. */
instant_ms poller_good(const struct poller *poller, const char *customer);

/* A mail of the customer has come: ask now. How long it may wait until `ended`
 * is called for the customer; 0: no API of his would answer soon. */
int64_t poller_hurry(struct poller *poller, const char *customer);

/* Ask nothing more. */
void poller_stop(struct poller *poller);

void poller_destroy(struct poller **poller);

#endif
