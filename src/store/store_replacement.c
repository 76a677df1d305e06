/* Who takes over whose duty, by a command. */
#include "store/store.h"

#include "base/vec.h"
#include "store/query.h"

enum outcome
store_replacement_add(struct store *store, const struct store_replacement *it,
		      int64_t *id_out, struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO replacement (oncall, name, substitute, since,"
		" until, who, made) VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" RETURNING id", error);

	query_put_text(&query, it->oncall);
	query_put_text(&query, it->name);
	query_put_text(&query, it->by);
	query_put_instant(&query, it->since);
	query_put_instant(&query, it->until);
	query_put_text(&query, it->who);
	query_put_instant(&query, it->made);
	if (query_row(&query))
		*id_out = query_integer(&query);
	return query_end(&query);
}

enum outcome
store_replacements(struct store *store, struct arena *arena,
		   struct store_replacements *list, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT id, oncall, name, substitute, since, until, who, made,"
		" ended FROM replacement ORDER BY id", error);

	while (query_row(&query)) {
		struct store_replacement it = { .id = query_integer(&query) };

		it.oncall = query_text(&query, arena);
		it.name = query_text(&query, arena);
		it.by = query_text(&query, arena);
		it.since = query_instant(&query);
		it.until = query_instant(&query);
		it.who = query_text(&query, arena);
		it.made = query_instant(&query);
		it.ended = query_instant(&query);
		vec_push(arena, list, it);
	}
	return query_end(&query);
}

enum outcome
store_replacement_end(struct store *store, int64_t id, instant_ms now,
		      struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE replacement SET ended = $1,"
		" until = CASE WHEN since > $1 THEN since"
		"  WHEN until > $1 THEN $1 ELSE until END"
		" WHERE id = $2 AND ended IS NULL RETURNING id",
		error);
	enum outcome outcome;
	bool found;

	query_put_instant(&query, now);
	query_put_integer(&query, id);
	found = query_row(&query);
	outcome = query_end(&query);
	if (outcome != OUTCOME_OK || found)
		return outcome;
	buf_printf(error, "there is no replacement %lld that has not been "
		   "ended", (long long)id);
	return OUTCOME_PERMANENT;
}
