/*
 * A place where somebody is told: an address, and the channel in which it means
 * something.
 *
 * A channel is one struct in one file, send/channel_NAME.c, listed in the table
 * of send/channel.c. Its functions go the whole way, from a word of the
 * configuration to the answer of a server, so what they are handed belongs to
 * stages behind this one and is only named here: each says where it is defined.
 * To add a channel: its file, the table and its header, the clauses of its
 * relays and contacts in conf/grammar.c, the manual, a test.
 *
 * A relay is a channel as the configuration sets it up, with a name. Which one
 * a contact is told through is known when it is loaded.
 */
#ifndef ONCALL_ENDPOINT_H
#define ONCALL_ENDPOINT_H

#include "conf/tree.h"

struct channel_world;			/* send/send.h */
struct render_input;			/* render/render.h */
struct rendered;			/* render/render.h */
struct send_job;			/* send/send.h */
struct send_result;			/* send/send.h */

struct endpoint {
	const struct channel *channel;
	const char *address;		/* as channel->parse gives it */
};

struct relay {
	const char *name;
	const struct channel *channel;
	const void *settings;		/* what else channel->load has read */
	const char *folder;		/* that is written to; NULL: none is */
	const char *hello;		/* what this machine calls itself where
					   the settings say nothing else */

	/* What it takes, as far as the configuration says (send/limits.h). */
	size_t connections;		/* at once; 0: not said */
	size_t rate;			/* so many, 0: not said, */
	int64_t rate_ms;		/* in any time of that length */
};

struct channel {
	/* The clause of a relay block that chooses this channel. */
	const char *name;
	/* The clause of a person or team whose words are its addresses. */
	const char *clause;

	/* Read the block of `node` into `relay`. */
	void (*load)(struct relay *relay, const struct conf_node *node,
		     struct arena *arena, struct diag *diag);
	/* The address that a word of the clause is; NULL and an error in `diag`
	 * when it is none. */
	const char *(*parse)(struct conf_word word, struct arena *arena,
			     struct diag *diag);
	/* Are two addresses one place? Channels that share this function share
	 * their addresses as well. */
	bool (*same)(const char *a, const char *b);

	/* What is to be said as the bytes that this channel sends. */
	struct rendered (*compose)(const struct render_input *input,
				   struct arena *arena);

	/* The state that one thread keeps between deliveries; NULL functions
	 * when there is none. `rest` closes what is only kept open. */
	void *(*create)(const struct channel_world *world);
	void (*rest)(void *state);
	void (*destroy)(void *state);
	/* Deliver once. `result` is empty. */
	void (*send)(void *state, const struct channel_world *world,
		     const struct relay *relay, const struct send_job *job,
		     struct send_result *result);
};

/* Who is told at both is told twice the same. */
bool endpoint_same(const struct endpoint *a, const struct endpoint *b);

/* By which of `relays` (ended by NULL) an address of that clause is reached:
 * the one of that name (may be NULL) if it can, else the first that can; NULL
 * when none can. */
const struct relay *endpoint_relay(const struct relay *const *relays,
				   const char *name, const char *clause);

#endif
