/*
 * A channel: a kind of way out. One struct in one file for each, listed in the
 * table of channel.c. To add one: write that file, list it, describe
 * its clauses in the manual, test it.
 */
#ifndef SEND_CHANNEL_H
#define SEND_CHANNEL_H

#include "send/relay.h"
#include "send/send.h"

/* What a sender is given from outside; lives longer than the sender. */
struct channel_world {
	const struct clock *clock;
	const atomic_bool *stop;	/* give up what is under way */
};

struct channel {
	/* The clause of a relay block that chooses this channel. */
	const char *keyword;

	/* Read the block of `node` into `relay`. */
	void (*load)(struct relay *relay, const struct conf_node *node,
		     struct arena *arena, struct diag *diag);

	/* The state that one thread keeps between deliveries; NULL functions
	 * when there is none. `rest` closes what is only kept open. */
	void *(*create)(const struct channel_world *world);
	void (*rest)(void *state);
	void (*destroy)(void *state);

	/* Deliver once. `job` has been checked, `result` is empty. */
	void (*deliver)(void *state, const struct channel_world *world,
			const struct relay *relay, const struct send_job *job,
			struct send_result *result);
};

extern const struct channel channel_smtp;
extern const struct channel channel_maildir;

/* Every channel, ended by NULL. */
extern const struct channel *const channels[];

#endif
