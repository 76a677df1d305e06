/*
 * Units in a row, and what one transaction makes of them. Only clerk*.c include
 * this.
 */
#ifndef STORE_CLERK_PRIVATE_H
#define STORE_CLERK_PRIVATE_H

#include "store/clerk.h"

/* In the order of submission; zeroed is empty. */
struct units {
	struct unit *first, *last;
	size_t count;
};

void units_append(struct units *units, struct unit *unit);
/* Move all of `more`, which is empty then, behind or before the others. */
void units_join(struct units *units, struct units *more);
void units_put_back(struct units *units, struct units *more);

/* Move as many as share the next transaction. */
void units_take_group(struct units *waiting, struct units *group_out);

/*
 * Run a group in one transaction. True: each has its outcome. False: all are to
 * be run again, after a pause, and then maybe not in one group.
 */
bool units_run(struct units *group, struct store *store,
	       unsigned int *pause_ms_out);

#endif
