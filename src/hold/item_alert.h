/* What the journal kept of an alert. */
#ifndef HOLD_ITEM_ALERT_H
#define HOLD_ITEM_ALERT_H

#include "alert/alert.h"
#include "store/store.h"

/* The alert of an item, which may be NULL; NULL when it has none. */
struct alert *hold_item_alert(const struct store_item *item,
			      struct arena *arena);

#endif
