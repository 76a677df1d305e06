/*
 * Rows in one call.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "store/store.h"

/* For so many of each relay may be claimed (queue/queue.h). */
#define ROOM_FOR(count) (&(struct queue_rooms){ .others = (count) })

/* An item taken, as a unit of work takes it: its seat is looked up, then it is
 * a new one or is counted. */

__attribute__((unused))
static enum outcome
store_item_add(struct store *store, struct arena *arena,
	       struct store_item *item, enum store_added *how_out,
	       struct buf *error)
{
	struct store_seat seat = { .how = STORE_NEW };
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = store_item_seat(store, item->identity, item->spool,
				  item->code, arena, &seat, error);
	item->code = seat.code;
	item->id = seat.item;
	if (outcome == OUTCOME_OK && seat.how == STORE_NEW)
		outcome = store_item_insert(store, item, error);
	else if (outcome == OUTCOME_OK && seat.how == STORE_DUPLICATE)
		outcome = store_item_count_duplicate(store, seat.item,
						     item->received, error);
	*how_out = seat.how;
	return store_end(store, outcome, error);
}

#endif
