/*
 * A delivery that has failed: nobody will try it again by himself, so the
 * catch-all is told. When it was the catch-all that was to be told, its other
 * endpoints are; when there is none, the journal and the log have the last
 * word, and so has each start of the relay.
 */
#ifndef DELIVER_FAILURE_H
#define DELIVER_FAILURE_H

#include "pipeline/generation.h"
#include "store/change.h"

/* Of a delivery only id, item, code, channel, address and about are read. */

/* Is there anybody else to tell of its failure? */
bool failure_is_told(const struct generation *generation,
		     const struct store_delivery *delivery, instant_ms now,
		     struct arena *arena);

/* Tell them; the same answer. `reply` is why it failed. */
enum outcome failure_tell(const struct generation *generation,
			  struct store *store,
			  const struct store_delivery *delivery,
			  const char *reply, instant_ms now,
			  struct change *change, bool *told_out,
			  struct buf *error);

/* Say in the log how many have failed that nobody could be told of. */
enum outcome failure_report(struct store *store, struct change *change,
			    struct buf *error);

#endif
