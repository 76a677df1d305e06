/*
 * What deliveries were answered is recorded, with what follows from it for
 * others that wait and the notices that it calls for, in one transaction.
 *
 * It runs in the clerk's thread, maybe more than once.
 */
#ifndef DELIVER_SETTLE_H
#define DELIVER_SETTLE_H

#include "deliver/trouble.h"
#include "send/send.h"

/* The answer to a delivery. All are borrowed. */
struct settle_answer {
	const struct store_delivery *delivery;
	const struct send_result *result;
	int64_t pause_ms;		/* before it is tried again */
};

struct settle {
	const struct generation *generation;
	instant_ms now;
	VEC(struct settle_answer) answers;
	/* What the answers say of relays: those for which everything that waits
	 * is due, and what is to be told of them. */
	VEC(const char *) back;
	VEC(struct trouble) troubles;
};

enum outcome settle_run(const struct settle *settle, struct store *store,
			struct change *change, struct buf *error);

#endif
