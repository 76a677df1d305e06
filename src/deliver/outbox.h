/*
 * The outbox: claims deliveries that are due, gives them to sender threads,
 * and records what they were answered. Results, the notices they call for, and
 * the next claim are one transaction.
 */
#ifndef DELIVER_OUTBOX_H
#define DELIVER_OUTBOX_H

#include "base/loop.h"
#include "pipeline/generations.h"
#include "store/store.h"

struct outbox;

/* All are borrowed for its life. Deliveries that were under way when the last
 * process ended become due. */
struct outbox *outbox_create(struct loop *loop, struct store *store,
			     struct generations *generations,
			     const struct clock *clock);

/* Something may be due: new deliveries, a change by a command. */
void outbox_wake(struct outbox *outbox);

/*
 * Take part in a transaction that somebody else makes, for the price of one
 * commit: what he has added is claimed in it. Afterwards tell the outbox how it
 * ended; deliveries leave only then.
 */
enum outcome outbox_join(struct outbox *outbox, struct buf *error);
void outbox_joined(struct outbox *outbox, enum outcome outcome);

/* Claim nothing more, wait a while for what is under way, record it. */
void outbox_drain(struct outbox *outbox);

void outbox_destroy(struct outbox **outbox);

#endif
