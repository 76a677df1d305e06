/*
 * What deliveries were answered is recorded, with the notices of failures that
 * the answers call for, in one transaction.
 *
 * It runs in the clerk's thread, maybe more than once.
 */
#ifndef DELIVER_SETTLE_H
#define DELIVER_SETTLE_H

#include "pipeline/generation.h"
#include "send/send.h"
#include "store/change.h"

/* The answer to a delivery. All are borrowed. */
struct settle_answer {
	const struct store_delivery *delivery;
	const struct send_result *result;
	uint32_t random;		/* spreads the tries */
};

struct settle {
	const struct generation *generation;
	instant_ms now;
	VEC(struct settle_answer) answers;
};

enum outcome settle_run(const struct settle *settle, struct store *store,
			struct change *change, struct buf *error);

#endif
