/* Items that wait for a person, and what the person said. */
#include "store/store.h"

#include "base/vec.h"
#include "store/query.h"

const char *const store_held_names[] = { "held", "released", "done", NULL };

static enum outcome
hold(struct store *store, const struct store_held *held, struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO held (item, since, reason, state, updated)"
		" VALUES ($1, $2, $3, 'held', $2)"
		" ON CONFLICT (item) DO UPDATE SET reason = excluded.reason,"
		" state = 'held', updated = excluded.updated, who = NULL,"
		" customer = NULL, note = NULL", error);

	query_put_integer(&query, held->item);
	query_put_instant(&query, held->since);
	query_put_text(&query, held->reason);
	return query_end(&query);
}

enum outcome
store_held_add(struct store *store, const struct store_held *held,
	       struct buf *error)
{
	const struct store_raw raw = {
		.item = held->item,
		.since = held->since,
		.bytes = held->message,
		.length = held->message_length,
	};
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = hold(store, held, error);
	if (outcome == OUTCOME_OK)
		outcome = store_raw_add(store, &raw, error);
	return store_end(store, outcome, error);
}

#define HELD_COLUMNS \
	"h.item, i.code, h.since, h.reason, h.state, h.updated, h.who," \
	" h.customer, h.note, r.length"
#define HELD_TABLES \
	"held h JOIN item i ON i.id = h.item LEFT JOIN raw r" \
	" ON r.item = h.item AND h.state <> 'done'"

static void
take_held(struct query *query, struct arena *arena, struct store_held *held)
{
	*held = (struct store_held){ .item = query_integer(query) };
	held->code = query_text(query, arena);
	held->since = query_instant(query);
	held->reason = query_text(query, arena);
	held->state = query_name(query, store_held_names);
	held->updated = query_instant(query);
	held->who = query_text(query, arena);
	held->customer = query_text(query, arena);
	held->note = query_text(query, arena);
	held->message_length = (size_t)query_integer(query);
}

static enum outcome
find(struct store *store, int64_t item, struct arena *arena,
     struct store_held **held_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " HELD_COLUMNS " FROM " HELD_TABLES
		" WHERE h.item = $1", error);

	*held_out = NULL;
	query_put_integer(&query, item);
	if (query_row(&query)) {
		*held_out = arena_alloc(arena, sizeof(**held_out));
		take_held(&query, arena, *held_out);
	}
	return query_end(&query);
}

enum outcome
store_held(struct store *store, int64_t item, struct arena *arena,
	   struct store_held **held_out, struct buf *error)
{
	enum outcome outcome = find(store, item, arena, held_out, error);
	struct store_raw *raw = NULL;

	if (outcome != OUTCOME_OK || !*held_out ||
	    (*held_out)->state == STORE_DONE)
		return outcome;
	outcome = store_raw(store, item, arena, &raw, error);
	if (raw)
		(*held_out)->message = raw->bytes;
	return outcome;
}

enum outcome
store_held_is_released(struct store *store, int64_t item, bool *released_out,
		       struct buf *error)
{
	struct query query = query_start(store,
		"SELECT 1 FROM held WHERE item = $1 AND state = 'released'",
		error);

	query_put_integer(&query, item);
	*released_out = query_row(&query);
	return query_end(&query);
}

enum outcome
store_helds(struct store *store, enum store_held_state state,
	    struct arena *arena, struct store_helds *helds, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " HELD_COLUMNS " FROM " HELD_TABLES
		" WHERE h.state = $1 ORDER BY h.since, h.item", error);
	struct store_held held;

	query_put_text(&query, store_held_names[state]);
	while (query_row(&query)) {
		take_held(&query, arena, &held);
		vec_push(arena, helds, held);
	}
	return query_end(&query);
}

/* After an UPDATE that returns the item it changed. */
static enum outcome
end_move(struct query *query, int64_t item, const char *state,
	 struct buf *error)
{
	bool moved = query_row(query);
	enum outcome outcome = query_end(query);

	if (outcome != OUTCOME_OK || moved)
		return outcome;
	buf_printf(error, "item %lld is not %s", (long long)item, state);
	return OUTCOME_PERMANENT;
}

static enum outcome
release(struct store *store, int64_t item, const char *who,
	const char *customer, const char *note, instant_ms now,
	struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE held SET state = 'released', updated = $1, who = $2,"
		" customer = $3, note = $4 WHERE item = $5 AND state = 'held'"
		" RETURNING item", error);

	query_put_instant(&query, now);
	query_put_text(&query, who);
	query_put_text(&query, customer);
	query_put_text(&query, note);
	query_put_integer(&query, item);
	return end_move(&query, item, "held", error);
}

enum outcome
store_held_release(struct store *store, int64_t item, const char *who,
		   const char *customer, const char *note, instant_ms now,
		   struct buf *error)
{
	struct store_event event = {
		.item = item,
		.at = now,
		.what = "released",
		.who = who,
		.reason = note,
	};
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = release(store, item, who, customer, note, now, error);
	if (outcome == OUTCOME_OK)
		outcome = store_event_add(store, &event, error);
	return store_end(store, outcome, error);
}

enum outcome
store_held_done(struct store *store, int64_t item, instant_ms now,
		struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE held SET state = 'done', updated = $1"
		" WHERE item = $2 AND state = 'released' RETURNING item",
		error);

	query_put_instant(&query, now);
	query_put_integer(&query, item);
	return end_move(&query, item, "released", error);
}
