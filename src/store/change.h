/*
 * A change: all that a unit of work wants written, and what is to be said in
 * the log once it is.
 *
 *	change_init(&change, arena);
 *	... decide; change_add_item(&change, &item), change_add_event(...) ...
 *	outcome = change_apply(&change, store, &error);	-- in its transaction
 *	... commit ...
 *	change_say(&change);
 *
 * Whoever decides reads the store and fills a change; nothing is written while
 * he does. So a unit that has to be run again, because somebody else was faster
 * or the connection broke, begins with an empty change and has left no trace.
 *
 * What is handed in is copied, but the texts and octets that it points to are
 * borrowed until the change was applied; `arena`, of the unit, holds the rest.
 */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "base/log.h"
#include "base/vec.h"
#include "store/store.h"

/* In the place of an item's id: the one added last in the same change. */
#define CHANGE_ITEM INT64_C(-1)

struct change_row;

struct change {
	struct arena *arena;
	VEC(struct change_row *) rows;	/* in the order they are written */
	VEC(const char *) lines;	/* of the log */
	bool has_deliveries;		/* or an earlier run had: somebody may
					   be waiting for them */
};

void change_init(struct change *change, struct arena *arena);

/* A new item; its seat (store_item_seat()) was looked up in the same unit. */
void change_add_item(struct change *change, const struct store_item *item);
/* It came once more. */
void change_count_duplicate(struct change *change, int64_t item,
			    instant_ms at);
/* A person released it, and this was decided. */
void change_decide_item(struct change *change, int64_t item,
			const struct store_verdict *verdict);
void change_add_event(struct change *change, const struct store_event *event);
void change_add_raw(struct change *change, const struct store_raw *raw);

void change_add_delivery(struct change *change,
			 const struct store_delivery *delivery);

void change_add_held(struct change *change, const struct store_held *held);
void change_end_held(struct change *change, int64_t item, instant_ms now);

void change_put_known(struct change *change, const struct store_known *known);
void change_put_told(struct change *change, const char *customer,
		     const struct store_told *told);
void change_put_poll(struct change *change, const struct store_poll *poll);
void change_put_incident(struct change *change,
			 const struct store_incident *incident,
			 instant_ms now);
void change_put_meta(struct change *change, const char *name,
		     const char *value);
void change_put_crash(struct change *change, const char *spool, int64_t count,
		      instant_ms now);
void change_forget_crash(struct change *change, const char *spool);

/* A line of the log, as log_info() would write it. */
void change_log(struct change *change, enum log_level level,
		const char *event, ...) __attribute__((sentinel));

/* Write the rows so far, so that what is decided next in the same unit sees
 * them. */
enum outcome change_flush(struct change *change, struct store *store,
			  struct buf *error);
/* Write all rows; a part of the caller's transaction. */
enum outcome change_apply(const struct change *change, struct store *store,
			  struct buf *error);
/* It is committed. */
void change_say(const struct change *change);

#endif
