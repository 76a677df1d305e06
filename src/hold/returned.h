/*
 * A notification of ours that came back: which delivery it was, and whether
 * somebody was told of that before.
 *
 * To tell of it is a mail, which may come back in turn. So it is told once for
 * each delivery; of a mail that does not say which, once a day for each sender.
 * That it was told is an item of its own in the journal, with an identity that
 * there is once.
 */
#ifndef HOLD_RETURNED_H
#define HOLD_RETURNED_H

#include "alert/alert.h"
#include "base/digest.h"
#include "store/store.h"

struct returned {
	/* NULL when it is not known, as the alert it was about. */
	const struct store_item *item;
	const struct store_delivery *delivery;
	const struct alert *alert;

	const char *identity;	/* of the item that says it was told; NULL: it
				   may be told as often as it comes */
	const char *code;	/* that this item will have */
	bool is_said;
};

/* `id` is CODE.X, or CODE, or NULL; `once` is a name for what is told once when
 * the delivery is not known, or NULL. */
enum outcome returned_load(struct store *store, const char *id,
			   const char *once, struct arena *arena,
			   struct returned *returned_out, struct buf *error);

#endif
