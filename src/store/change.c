/*
 * A row is one of the structs of store.h with the function that writes it. The
 * only thing that one row has to know of another is the id of an item that was
 * not there before.
 */
#include "store/change.h"

#include <stdarg.h>

/* What the rows of one change share while they are written. */
struct writing {
	struct store *store;
	int64_t item;			/* added last */
	struct buf *error;
};

typedef enum outcome row_writer(struct writing *writing,
				const struct change_row *row);

struct change_row {
	row_writer *write;
	int64_t item;			/* may be CHANGE_ITEM */
	instant_ms at;
	const char *name, *value;
	union {
		struct store_item item;
		struct store_verdict verdict;
		struct store_event event;
		struct store_delivery delivery;
		struct store_raw raw;
		struct store_held held;
		struct store_known known;
		struct store_told told;
		struct store_poll poll;
		struct store_incident incident;
		int64_t count;
	} as;
};

void
change_init(struct change *change, struct arena *arena)
{
	*change = (struct change){ .arena = arena };
}

static struct change_row *
add_row(struct change *change, row_writer *write)
{
	struct change_row *row = arena_alloc(change->arena, sizeof(*row));

	row->write = write;
	vec_push(change->arena, &change->rows, row);
	return row;
}

static int64_t
item_of(const struct writing *writing, int64_t item)
{
	return item == CHANGE_ITEM ? writing->item : item;
}

/* ---- items ---- */

static enum outcome
write_item(struct writing *writing, const struct change_row *row)
{
	struct store_item item = row->as.item;
	enum outcome outcome = store_item_insert(writing->store, &item,
						 writing->error);

	writing->item = item.id;
	return outcome;
}

void
change_add_item(struct change *change, const struct store_item *item)
{
	add_row(change, write_item)->as.item = *item;
}

static enum outcome
write_duplicate(struct writing *writing, const struct change_row *row)
{
	return store_item_count_duplicate(writing->store, row->item, row->at,
					  writing->error);
}

void
change_count_duplicate(struct change *change, int64_t item, instant_ms at)
{
	struct change_row *row = add_row(change, write_duplicate);

	row->item = item;
	row->at = at;
}

static enum outcome
write_verdict(struct writing *writing, const struct change_row *row)
{
	return store_item_decide(writing->store, row->item, &row->as.verdict,
				 writing->error);
}

void
change_decide_item(struct change *change, int64_t item,
		   const struct store_verdict *verdict)
{
	struct change_row *row = add_row(change, write_verdict);

	row->item = item;
	row->as.verdict = *verdict;
}

static enum outcome
write_event(struct writing *writing, const struct change_row *row)
{
	struct store_event event = row->as.event;

	event.item = item_of(writing, event.item);
	return store_event_add(writing->store, &event, writing->error);
}

void
change_add_event(struct change *change, const struct store_event *event)
{
	add_row(change, write_event)->as.event = *event;
}

static enum outcome
write_raw(struct writing *writing, const struct change_row *row)
{
	struct store_raw raw = row->as.raw;

	raw.item = item_of(writing, raw.item);
	return store_raw_add(writing->store, &raw, writing->error);
}

void
change_add_raw(struct change *change, const struct store_raw *raw)
{
	add_row(change, write_raw)->as.raw = *raw;
}

/* ---- deliveries ---- */

static enum outcome
write_delivery(struct writing *writing, const struct change_row *row)
{
	struct store_delivery delivery = row->as.delivery;

	delivery.item = item_of(writing, delivery.item);
	return store_delivery_add(writing->store, &delivery, writing->error);
}

void
change_add_delivery(struct change *change,
		    const struct store_delivery *delivery)
{
	add_row(change, write_delivery)->as.delivery = *delivery;
	change->has_deliveries = true;
}

/* ---- held ---- */

static enum outcome
write_held(struct writing *writing, const struct change_row *row)
{
	struct store_held held = row->as.held;

	held.item = item_of(writing, held.item);
	return store_held_add(writing->store, &held, writing->error);
}

void
change_add_held(struct change *change, const struct store_held *held)
{
	add_row(change, write_held)->as.held = *held;
}

static enum outcome
write_end_of_held(struct writing *writing, const struct change_row *row)
{
	return store_held_done(writing->store, row->item, row->at,
			       writing->error);
}

void
change_end_held(struct change *change, int64_t item, instant_ms now)
{
	struct change_row *row = add_row(change, write_end_of_held);

	row->item = item;
	row->at = now;
}

/* ---- what is known ---- */

static enum outcome
write_known(struct writing *writing, const struct change_row *row)
{
	struct store_known known = row->as.known;

	known.item = item_of(writing, known.item);
	return store_known_put(writing->store, &known, writing->error);
}

void
change_put_known(struct change *change, const struct store_known *known)
{
	add_row(change, write_known)->as.known = *known;
}

static enum outcome
write_told(struct writing *writing, const struct change_row *row)
{
	return store_told_put(writing->store, row->name, &row->as.told,
			      writing->error);
}

void
change_put_told(struct change *change, const char *customer,
		const struct store_told *told)
{
	struct change_row *row = add_row(change, write_told);

	row->name = customer;
	row->as.told = *told;
}

static enum outcome
write_poll(struct writing *writing, const struct change_row *row)
{
	return store_poll_put(writing->store, &row->as.poll, writing->error);
}

void
change_put_poll(struct change *change, const struct store_poll *poll)
{
	add_row(change, write_poll)->as.poll = *poll;
}

static enum outcome
write_incident(struct writing *writing, const struct change_row *row)
{
	return store_incident_put(writing->store, &row->as.incident, row->at,
				  writing->error);
}

void
change_put_incident(struct change *change,
		    const struct store_incident *incident, instant_ms now)
{
	struct change_row *row = add_row(change, write_incident);

	row->as.incident = *incident;
	row->at = now;
}

static enum outcome
write_meta(struct writing *writing, const struct change_row *row)
{
	return store_meta_set(writing->store, row->name, row->value,
			      writing->error);
}

void
change_put_meta(struct change *change, const char *name, const char *value)
{
	struct change_row *row = add_row(change, write_meta);

	row->name = name;
	row->value = value;
}

static enum outcome
write_crash(struct writing *writing, const struct change_row *row)
{
	return store_crash_put(writing->store, row->name, row->as.count,
			       row->at, writing->error);
}

void
change_put_crash(struct change *change, const char *spool, int64_t count,
		 instant_ms now)
{
	struct change_row *row = add_row(change, write_crash);

	row->name = spool;
	row->at = now;
	row->as.count = count;
}

static enum outcome
forget_crash(struct writing *writing, const struct change_row *row)
{
	return store_crash_forget(writing->store, row->name, writing->error);
}

void
change_forget_crash(struct change *change, const char *spool)
{
	add_row(change, forget_crash)->name = spool;
}

/* ---- the end ---- */

void
change_log(struct change *change, enum log_level level, const char *event, ...)
{
	struct buf line = BUF_INIT;
	va_list args;

	va_start(args, event);
	log_vline(&line, level, event, args);
	va_end(args);
	vec_push(change->arena, &change->lines,
		 arena_strndup(change->arena, line.data, line.len));
	buf_release(&line);
}

enum outcome
change_apply(const struct change *change, struct store *store,
	     struct buf *error)
{
	struct writing writing = { .store = store, .error = error };
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < change->rows.count && outcome == OUTCOME_OK; i++)
		outcome = change->rows.items[i]->write(&writing,
						       change->rows.items[i]);
	return outcome;
}

enum outcome
change_flush(struct change *change, struct store *store, struct buf *error)
{
	enum outcome outcome = change_apply(change, store, error);

	change->rows.count = 0;
	return outcome;
}

void
change_say(const struct change *change)
{
	size_t i;

	for (i = 0; i < change->lines.count; i++)
		log_write(change->lines.items[i]);
}
