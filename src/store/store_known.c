/* Alerts as they were last seen, who was told of them, and how they came. */
#include "store/store.h"

#include "base/vec.h"
#include "store/query.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum outcome
store_known(struct store *store, const char *customer, const char *alert,
	    struct arena *arena, struct store_known **known_out,
	    struct buf *error)
{
	struct query query = query_start(store,
		"SELECT k.item, i.code, k.digest, k.severity, k.status,"
		" k.devices, k.updated, k.mail, k.api, k.seen FROM known k"
		" LEFT JOIN item i ON i.id = k.item"
		" WHERE k.customer = $1 AND k.alert = $2", error);

	*known_out = NULL;
	query_put_text(&query, customer);
	query_put_text(&query, alert);
	if (query_row(&query)) {
		struct store_known *known = arena_alloc(arena, sizeof(*known));

		known->customer = arena_strdup(arena, customer);
		known->alert = arena_strdup(arena, alert);
		known->item = query_integer(&query);
		known->code = query_text(&query, arena);
		known->digest = query_text(&query, arena);
		known->severity = query_text(&query, arena);
		known->status = query_text(&query, arena);
		known->devices = query_text(&query, arena);
		known->updated = query_instant(&query);
		known->mail = query_instant(&query);
		known->api = query_instant(&query);
		known->seen = query_instant(&query);
		*known_out = known;
	}
	return query_end(&query);
}

enum outcome
store_known_put(struct store *store, const struct store_known *known,
		struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO known (customer, alert, item, digest, severity,"
		" status, devices, updated, mail, api, seen) VALUES ($1, $2,"
		" nullif($3, 0), $4, $5, $6, $7, $8, $9, $10, $11)"
		" ON CONFLICT (customer, alert) DO UPDATE SET"
		" item = excluded.item, digest = excluded.digest,"
		" severity = excluded.severity, status = excluded.status,"
		" devices = excluded.devices, updated = excluded.updated,"
		" mail = excluded.mail, api = excluded.api,"
		" seen = excluded.seen", error);

	query_put_text(&query, known->customer);
	query_put_text(&query, known->alert);
	query_put_integer(&query, known->item);
	query_put_text(&query, known->digest);
	query_put_text(&query, known->severity);
	query_put_text(&query, known->status);
	query_put_text(&query, known->devices);
	query_put_instant(&query, known->updated);
	query_put_instant(&query, known->mail);
	query_put_instant(&query, known->api);
	query_put_instant(&query, known->seen);
	return query_end(&query);
}

enum outcome
store_known_roads(struct store *store, const char *customer, instant_ms since,
		  struct store_roads *roads_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT count(CASE WHEN api IS NULL THEN 1 END),"
		" count(CASE WHEN mail IS NULL THEN 1 END),"
		" count(CASE WHEN mail IS NOT NULL AND api IS NOT NULL"
		"  THEN 1 END) FROM known WHERE customer = $1"
		" AND (mail >= $2 OR api >= $3)", error);

	*roads_out = (struct store_roads){ 0 };
	query_put_text(&query, customer);
	query_put_instant(&query, since);
	query_put_instant(&query, since);
	if (query_row(&query)) {
		roads_out->mail_only = query_integer(&query);
		roads_out->api_only = query_integer(&query);
		roads_out->both = query_integer(&query);
	}
	return query_end(&query);
}

enum outcome
store_days_update(struct store *store, instant_ms now, struct buf *error)
{
	/* `seen` has an index and is never before the first time. */
	struct query query = query_start(store,
		"INSERT INTO day (day, customer, mail_only, api_only, both)"
		" SELECT min(coalesce(mail, api), coalesce(api, mail))"
		"   / 86400000 AS first, customer,"
		"  count(CASE WHEN api IS NULL THEN 1 END),"
		"  count(CASE WHEN mail IS NULL THEN 1 END),"
		"  count(CASE WHEN mail IS NOT NULL AND api IS NOT NULL"
		"   THEN 1 END) FROM known WHERE seen >= $1 AND"
		"  min(coalesce(mail, api), coalesce(api, mail)) >= $2"
		" GROUP BY first, customer"
		" ON CONFLICT (day, customer) DO UPDATE SET"
		"  mail_only = excluded.mail_only,"
		"  api_only = excluded.api_only, both = excluded.both"
		" WHERE day.mail_only <> excluded.mail_only OR"
		"  day.api_only <> excluded.api_only OR"
		"  day.both <> excluded.both", error);
	instant_ms since = (now / DAY_MS - 1) * DAY_MS;

	query_put_instant(&query, since);
	query_put_instant(&query, since);
	return query_end(&query);
}

enum outcome
store_days(struct store *store, const char *customer, struct arena *arena,
	   struct store_days *days, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT day, mail_only, api_only, both FROM day"
		" WHERE customer = $1 ORDER BY day DESC", error);

	query_put_text(&query, customer);
	while (query_row(&query)) {
		struct store_day day = { .day = query_integer(&query) };

		day.roads.mail_only = query_integer(&query);
		day.roads.api_only = query_integer(&query);
		day.roads.both = query_integer(&query);
		vec_push(arena, days, day);
	}
	return query_end(&query);
}

enum outcome
store_tolds(struct store *store, const char *customer, const char *alert,
	    const char *incident, struct arena *arena,
	    struct store_tolds *tolds, struct buf *error)
{
	/* With OR, or without the inner SELECT, SQLite reads all that the
	 * customer was ever told. */
	struct query query = query_start(store,
		"SELECT alert, incident, recipient, road, rank, at FROM told"
		" WHERE customer = $1 AND alert = $2 AND alert <> ''"
		" UNION"
		" SELECT alert, incident, recipient, road, rank, at FROM told"
		" WHERE customer = $1 AND incident = $3 AND alert IN"
		" (SELECT alert FROM told WHERE customer = $1"
		" AND incident = $3 AND incident <> '')", error);

	query_put_text(&query, customer);
	query_put_text(&query, alert);
	query_put_text(&query, incident);
	while (query_row(&query)) {
		struct store_told told = {
			.alert = query_text(&query, arena)
		};

		told.incident = query_text(&query, arena);
		told.recipient = query_text(&query, arena);
		told.road = query_text(&query, arena);
		told.rank = query_integer(&query);
		told.at = query_instant(&query);
		vec_push(arena, tolds, told);
	}
	return query_end(&query);
}

enum outcome
store_told_put(struct store *store, const char *customer,
	       const struct store_told *told, struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO told (customer, alert, incident, recipient, road,"
		" rank, at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (customer, alert, incident, recipient)"
		" DO UPDATE SET rank = max(told.rank, excluded.rank),"
		" road = excluded.road, at = excluded.at", error);

	query_put_text(&query, customer);
	query_put_text(&query, told->alert);
	query_put_text(&query, told->incident);
	query_put_text(&query, told->recipient);
	query_put_text(&query, told->road);
	query_put_integer(&query, told->rank);
	query_put_instant(&query, told->at);
	return query_end(&query);
}

enum outcome
store_last_mail(struct store *store, const char *customer, bool is_proven,
		instant_ms until, instant_ms *when_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT received FROM item"
		" WHERE customer = $1 AND kind = 'mail' AND received <= $2"
		" AND format <> 'generic' AND (authentic = 'pass' OR $3 = 0)"
		" ORDER BY received DESC LIMIT 1",
		error);

	*when_out = TIME_UNKNOWN;
	query_put_text(&query, customer);
	query_put_instant(&query, until);
	query_put_integer(&query, is_proven);
	if (query_row(&query))
		*when_out = query_instant(&query);
	return query_end(&query);
}
