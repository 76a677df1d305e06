/*
 * A delivery that has failed: nobody will try it again by himself, so the
 * catch-all is told. When it was the catch-all that was to be told, its other
 * addresses are; when there is none, the journal and the log have the last
 * word, and so has each start of the relay.
 */
#ifndef DELIVER_FAILURE_H
#define DELIVER_FAILURE_H

#include "pipeline/generation.h"
#include "store/change.h"

/* Of `delivery`, which was for `endpoint`, only id, item, code and about are
 * read; `reply` is why it failed. `told_out` says whether there was anybody
 * else to tell. */
void failure_tell(const struct generation *generation, struct store *store,
		  const struct store_delivery *delivery,
		  const struct endpoint *endpoint, const char *reply,
		  instant_ms now, struct change *change, bool *told_out);

/* Say in the log how many have failed that nobody could be told of. */
enum outcome failure_report(struct store *store, struct buf *error);

#endif
