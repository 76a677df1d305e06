/*
 * A round of the outbox: what it does in one transaction. The answers that are
 * there are recorded, with the notices of failures that they call for; then
 * what is due is claimed, as much as there is room for.
 *
 * It runs in the clerk's thread, maybe more than once, and only sets its
 * results.
 */
#ifndef DELIVER_ROUND_H
#define DELIVER_ROUND_H

#include "pipeline/generation.h"
#include "send/send.h"
#include "store/change.h"

/* The answer to a delivery. All are borrowed. */
struct round_answer {
	const struct store_delivery *delivery;
	const struct send_result *result;
	uint32_t random;		/* spreads the tries */
};

struct round {
	const struct generation *generation;
	instant_ms now;
	bool is_first;			/* recover what the last process left,
					   and do nothing else */
	size_t room;			/* to be claimed; 0: nothing */
	VEC(struct round_answer) answers;
	struct store_ids flying;	/* all that were claimed and whose
					   answers are not in the store */

	/* Results, in the unit's arena: */
	struct store_deliveries claimed; /* to be sent when it is committed */
	instant_ms due;			/* of the next claim, TIME_UNKNOWN when
					   nothing waits for one */
};

enum outcome round_run(struct round *round, struct store *store,
		       struct change *change, struct buf *error);

/* By which relay a delivery goes: its own, or the first one that can when that
 * is not there any more. NULL: there is none. */
const struct relay *round_relay(const struct generation *generation,
				const struct store_delivery *delivery);

#endif
