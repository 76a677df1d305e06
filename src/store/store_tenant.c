/* What the APIs of tenants said of incidents, and how far they were read. */
#include "store/store.h"

#include "base/vec.h"
#include "store/query.h"

enum outcome
store_polls(struct store *store, struct arena *arena, struct store_polls *polls,
	    struct buf *error)
{
	struct query query = query_start(store,
		"SELECT tenant, source, customer, started, cursor, swept, good,"
		" alerts, failed, class, failure FROM poll"
		" ORDER BY customer, tenant, source", error);

	while (query_row(&query)) {
		struct store_poll poll = {
			.tenant = query_text(&query, arena)
		};

		poll.source = query_text(&query, arena);
		poll.customer = query_text(&query, arena);
		poll.started = query_instant(&query);
		poll.cursor = query_instant(&query);
		poll.swept = query_instant(&query);
		poll.good = query_instant(&query);
		poll.alerts = query_instant(&query);
		poll.failed = query_instant(&query);
		poll.class = query_text(&query, arena);
		poll.failure = query_text(&query, arena);
		vec_push(arena, polls, poll);
	}
	return query_end(&query);
}

enum outcome
store_poll_put(struct store *store, const struct store_poll *poll,
	       struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO poll (tenant, source, customer, started, cursor,"
		" swept, good, alerts, failed, class, failure) VALUES ($1, $2,"
		" $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		" ON CONFLICT (tenant, source) DO UPDATE SET"
		" customer = excluded.customer, started = excluded.started,"
		" cursor = excluded.cursor, swept = excluded.swept,"
		" good = excluded.good, alerts = excluded.alerts,"
		" failed = excluded.failed, class = excluded.class,"
		" failure = excluded.failure", error);

	query_put_text(&query, poll->tenant);
	query_put_text(&query, poll->source);
	query_put_text(&query, poll->customer);
	query_put_instant(&query, poll->started);
	query_put_instant(&query, poll->cursor);
	query_put_instant(&query, poll->swept);
	query_put_instant(&query, poll->good);
	query_put_instant(&query, poll->alerts);
	query_put_instant(&query, poll->failed);
	query_put_text(&query, poll->class);
	query_put_text(&query, poll->failure);
	return query_end(&query);
}

static struct store_incident
take_incident(struct query *query, const char *tenant, struct arena *arena)
{
	struct store_incident incident = { .tenant = tenant };

	incident.id = query_text(query, arena);
	incident.name = query_text(query, arena);
	incident.merged = query_text(query, arena);
	return incident;
}

enum outcome
store_incident(struct store *store, const char *tenant, const char *id,
	       struct arena *arena, struct store_incident **incident_out,
	       struct buf *error)
{
	struct query query = query_start(store,
		"SELECT id, name, merged FROM incident"
		" WHERE tenant = $1 AND id = $2", error);

	*incident_out = NULL;
	query_put_text(&query, tenant);
	query_put_text(&query, id);
	if (query_row(&query)) {
		*incident_out = arena_alloc(arena, sizeof(**incident_out));
		**incident_out = take_incident(&query, tenant, arena);
	}
	return query_end(&query);
}

enum outcome
store_incident_parts(struct store *store, const char *tenant, const char *id,
		     struct arena *arena, struct store_incidents *parts,
		     struct buf *error)
{
	struct query query = query_start(store,
		"SELECT id, name, merged FROM incident"
		" WHERE tenant = $1 AND merged = $2 ORDER BY id", error);

	query_put_text(&query, tenant);
	query_put_text(&query, id);
	while (query_row(&query)) {
		struct store_incident part = take_incident(&query, tenant,
							   arena);

		vec_push(arena, parts, part);
	}
	return query_end(&query);
}

enum outcome
store_incident_put(struct store *store, const struct store_incident *incident,
		   instant_ms now, struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO incident (tenant, id, name, merged, seen)"
		" VALUES ($1, $2, $3, $4, $5)"
		" ON CONFLICT (tenant, id) DO UPDATE SET"
		"  name = excluded.name, merged = excluded.merged,"
		"  seen = excluded.seen"
		" WHERE name IS NOT excluded.name"
		"  OR merged IS NOT excluded.merged", error);

	query_put_text(&query, incident->tenant);
	query_put_text(&query, incident->id);
	query_put_text(&query, incident->name);
	query_put_text(&query, incident->merged);
	query_put_instant(&query, now);
	return query_end(&query);
}
