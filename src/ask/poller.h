/*
 * The poller: asks the APIs of all tenants for their alerts, each at its pace,
 * and moves what they answer into the store.
 *
 * It has the lanes (lane.h), which come and go with generations, and gives each
 * its turns. How far they were read, and the newest refresh tokens, are read
 * from the store before anything is asked: what nobody could read is not what
 * was never met.
 */
#ifndef ASK_POLLER_H
#define ASK_POLLER_H

#include "ask/requests.h"
#include "pipeline/generations.h"
#include "pipeline/pipeline.h"
#include "store/clerk.h"

struct poller;

struct poller_world {
	struct loop *loop;
	struct clerk *clerk;
	struct requests *requests;
	struct generations *generations;
	const struct clock *clock;
	/* A number below `most`, which spreads what would fall together; NULL:
	 * by chance. */
	uint32_t (*chance)(uint32_t most);
	/* Called when new deliveries were stored. */
	loop_handler *stored;
	void *context;

	/* For the command; all may be NULL or 0. */
	const char *customer;		/* only this one */
	instant_ms since;		/* instead of where it was; 0: there */
	bool once;			/* one run of each lane, */
	loop_handler *finished;		/* then this is called */
	/* Told of each record that was decided and stored; then nothing is
	 * logged of it. */
	void (*each)(void *context, const struct poll_plan *plan,
		     const struct pipeline_decision *decision);
	/* And of each run that ended, of what is read along as well (see
	 * poll_gives_alerts()), and then what it gave is in the store;
	 * NULL: it went well. */
	void (*ended)(void *context, const struct poll_plan *plan,
		      const char *failure);
};

/* All are borrowed for its life, but `world` itself. */
struct poller *poller_create(const struct poller_world *world);

/* There is a new generation. At once after generations_replace(): plans of the
 * former one are gone. */
void poller_reload(struct poller *poller);

/* When all tenants of the customer had last been read whole: the time of the
 * one that waits the longest; TIME_UNKNOWN when one never was. False: that is
 * not known yet. */
bool poller_good(const struct poller *poller, const char *customer,
		 instant_ms *when_out);

/* A mail of the customer has come: ask now. How long it may wait until `ended`
 * is called for the customer; 0: no API of his would answer soon. */
int64_t poller_hurry(struct poller *poller, const char *customer);

/* Ask nothing more. */
void poller_stop(struct poller *poller);

/* Drains the clerk. */
void poller_destroy(struct poller **poller);

#endif
