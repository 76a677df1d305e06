/*
 * The outbox: claims deliveries that are due (claim.h), hands them to senders,
 * and records what they were answered, with the notices that the answers call
 * for (settle.h). Both are units of the clerk.
 *
 * Deliveries leave, and answers are forgotten, when their unit is committed. An
 * answer that could not be stored stays in hand and is stored later; what was
 * claimed by a unit that nobody heard of again is claimed once more.
 */
#ifndef DELIVER_OUTBOX_H
#define DELIVER_OUTBOX_H

#include "base/loop.h"
#include "deliver/senders.h"
#include "pipeline/generations.h"
#include "store/clerk.h"

struct outbox;

/* All are borrowed for its life. */
struct outbox_world {
	struct loop *loop;
	struct clerk *clerk;
	struct generations *generations;
	const struct clock *clock;
	struct senders senders;
};

/* Deliveries that were under way when the last process ended become due. */
struct outbox *outbox_create(const struct outbox_world *world);

/*
 * Something may be due: new deliveries, a change by a command. Whoever submits
 * units that add deliveries calls this right behind: its claim stands behind
 * them, in the same transaction if there is room, and has what they added.
 */
void outbox_wake(struct outbox *outbox);

/* Claim nothing more, wait a while for what is under way, record it. Drains the
 * clerk. */
void outbox_drain(struct outbox *outbox);

/* After outbox_drain(). */
void outbox_destroy(struct outbox **outbox);

#endif
