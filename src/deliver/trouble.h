/*
 * A relay that takes nothing, through no fault of a mail: who sees to it is
 * told, once for each relay and cause until it is over, and then that it is.
 * What was told is in the store, so that a restart tells nothing twice.
 */
#ifndef DELIVER_TROUBLE_H
#define DELIVER_TROUBLE_H

#include "pipeline/generation.h"
#include "store/change.h"

struct trouble {
	const char *relay;
	bool is_over;
	const char *cause;	/* the same for the same: "auth-535" */
	const char *detail;	/* in the server's words */
	instant_ms since;
};

enum outcome trouble_tell(const struct trouble *trouble,
			  const struct generation *generation,
			  struct store *store, instant_ms now,
			  struct change *change, struct buf *error);

#endif
