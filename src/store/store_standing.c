/* How the store stands: what waits in it, and for what. */
#include "store/store.h"

#include "base/vec.h"
#include "store/query.h"

static bool
is_open(enum store_state state)
{
	return state == STORE_PENDING || state == STORE_CLAIMED ||
	       state == STORE_RETRY;
}

static enum outcome
count_deliveries(struct store *store, struct store_standing *standing,
		 struct buf *error)
{
	struct query query = query_start(store,
		"SELECT state, count(*), min(created) FROM delivery"
		" WHERE state IN ('pending', 'claimed', 'retry', 'failed')"
		" GROUP BY state", error);

	while (query_row(&query)) {
		unsigned int state = query_name(&query, store_state_names);
		instant_ms oldest;

		standing->deliveries[state] = query_integer(&query);
		oldest = query_instant(&query);
		if (is_open(state) && (standing->oldest == TIME_UNKNOWN ||
				       oldest < standing->oldest))
			standing->oldest = oldest;
	}
	return query_end(&query);
}

static enum outcome
count_held(struct store *store, struct store_standing *standing,
	   struct buf *error)
{
	struct query query = query_start(store,
		"SELECT count(*), min(since) FROM held WHERE state = 'held'",
		error);

	if (query_row(&query)) {
		standing->held = query_integer(&query);
		standing->held_since = query_instant(&query);
	}
	return query_end(&query);
}

enum outcome
store_standing(struct store *store, struct store_standing *standing_out,
	       struct buf *error)
{
	enum outcome outcome;

	*standing_out = (struct store_standing){
		.oldest = TIME_UNKNOWN, .held_since = TIME_UNKNOWN,
	};
	outcome = count_deliveries(store, standing_out, error);
	if (outcome == OUTCOME_OK)
		outcome = count_held(store, standing_out, error);
	return outcome;
}

enum outcome
store_backlog(struct store *store, struct arena *arena,
	      struct store_backlogs *backlogs, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT relay, state, reply, count(*), min(created)"
		" FROM delivery"
		" WHERE state IN ('pending', 'claimed', 'retry', 'failed')"
		" GROUP BY relay, state, reply ORDER BY relay, state, reply",
		error);

	while (query_row(&query)) {
		struct store_backlog one = { 0 };

		one.relay = query_text(&query, arena);
		one.state = query_name(&query, store_state_names);
		one.reply = query_text(&query, arena);
		one.count = query_integer(&query);
		one.oldest = query_instant(&query);
		vec_push(arena, backlogs, one);
	}
	return query_end(&query);
}
