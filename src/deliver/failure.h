/*
 * A delivery that has failed: nobody will try it again by himself, so the
 * catch-all is told. When it was the catch-all that was to be told, its other
 * endpoints are; when there is none, the journal and the log have the last
 * word, and so has each start of the relay.
 */
#ifndef DELIVER_FAILURE_H
#define DELIVER_FAILURE_H

#include "pipeline/generation.h"
#include "queue/queue.h"
#include "store/change.h"

/* All are borrowed. */
struct failure {
	const struct generation *generation;
	/* Only id, item, code, channel, address and about are read. */
	const struct store_delivery *delivery;
	const char *reply;		/* why it failed */
	enum queue_settled settled;	/* what recording that said */
	instant_ms now;
};

/* Tell somebody else, unless that was done when the failure was recorded, and
 * say whether there is anybody. */
enum outcome failure_tell(const struct failure *failure, struct store *store,
			  struct change *change, bool *told_out,
			  struct buf *error);

/* How loud the log is about it: a failure that nobody is told of is worse. */
enum log_level failure_level(bool is_told);

/* Say in the log how many have failed that nobody could be told of. */
enum outcome failure_report(struct store *store, struct change *change,
			    struct buf *error);

#endif
