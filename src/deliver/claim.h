/*
 * What is due is claimed, as much as there is room for, in one transaction. A
 * delivery that may not be sent any more fails here.
 *
 * It runs in the clerk's thread, maybe more than once, and only sets its
 * results.
 */
#ifndef DELIVER_CLAIM_H
#define DELIVER_CLAIM_H

#include "pipeline/generation.h"
#include "queue/queue.h"

/* What the last process sent through a relay that has a rate. */
struct claim_history {
	const struct relay *relay;
	struct store_instants ends;
};

struct claim_histories {
	struct claim_history *items;
	size_t count, size;
};

struct claim {
	const struct generation *generation;
	instant_ms now;
	bool is_first;			/* recover what the last process left,
					   and claim nothing */
	bool is_new;			/* the relays may be others than before:
					   what waits for one that is gone goes
					   by another */
	struct queue_rooms rooms;	/* is_full is a result */
	struct store_ids flying;	/* all that were claimed and whose
					   answers are not in the store */

	/* Results, in the unit's arena: */
	struct store_deliveries claimed; /* to be sent when it is committed */
	struct claim_histories histories; /* when is_first */
	instant_ms due;			/* of the next retry, TIME_UNKNOWN when
					   there is none */
};

enum outcome claim_run(struct claim *claim, struct store *store,
		       struct change *change, struct buf *error);

/* By which relay a delivery goes: its own, or the first one that can when that
 * is not there any more. NULL: there is none. */
const struct relay *claim_relay(const struct generation *generation,
				const struct store_delivery *delivery);

#endif
