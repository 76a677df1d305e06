/*
 * Deliveries and what their attempts were answered.
 *
 * The one difficulty is the claim: fair to customers and addresses, and quick
 * however much is waiting, also for relays that take nothing. The index
 * delivery_turn has the pending ones by relay, urgency and turn, then in the
 * order they are to be sent, so the first row behind a turn is at once the next
 * turn and its best delivery; claiming it takes it out of the index.
 */
#include "store/store.h"

#include "base/vec.h"
#include "store/query.h"

enum {
	URGENT_RUN = 3,		/* so many urgent ones in a row, then another
				   one, if there is any: a storm of urgent ones
				   starves nobody */
};

const char *const store_state_names[] = {
	"pending", "claimed", "sent", "retry", "failed", "cancelled", NULL
};

const char *const store_kind_names[] = { "alert", "notice", NULL };

const char *const store_answer_names[] = {
	"sent", "temporary", "permanent", "unknown", NULL
};

static enum outcome
insert_delivery(struct store *store, struct store_delivery *delivery,
		struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO delivery (item, address, turn, kind, channel,"
		" about, contact, relay, rule, template, sender, message_id,"
		" smtputf8, headers, urgent, created, state, owner, lease,"
		" generation, attempts, updated, due, expires, reply)"
		" VALUES ($1, $2, (SELECT"
		" coalesce(customer, '') || ' ' || $2 FROM item WHERE id = $1),"
		" $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16, $17, $18, $19, $20, $21, $22, $23, $24)"
		" ON CONFLICT (item, kind, channel, address, about) DO NOTHING"
		" RETURNING id", error);

	query_put_integer(&query, delivery->item);
	query_put_text(&query, delivery->address);
	query_put_text(&query, store_kind_names[delivery->kind]);
	query_put_text(&query, delivery->channel);
	query_put_text(&query, delivery->about);
	query_put_text(&query, delivery->contact);
	query_put_text(&query, delivery->relay);
	query_put_text(&query, delivery->rule);
	query_put_text(&query, delivery->template);
	query_put_text(&query, delivery->sender);
	query_put_text(&query, delivery->message_id);
	query_put_integer(&query, delivery->smtputf8);
	query_put_text(&query, delivery->headers);
	query_put_integer(&query, delivery->urgent);
	query_put_instant(&query, delivery->created);
	query_put_text(&query, store_state_names[delivery->state]);
	query_put_text(&query, delivery->owner);
	query_put_instant(&query, delivery->lease);
	query_put_integer(&query, delivery->generation);
	query_put_integer(&query, delivery->attempts);
	query_put_instant(&query, delivery->updated);
	query_put_instant(&query, delivery->due);
	query_put_instant(&query, delivery->expires);
	query_put_text(&query, delivery->reply);
	delivery->id = query_row(&query) ? query_integer(&query) : 0;
	return query_end(&query);
}

static enum outcome
insert_body(struct store *store, const struct store_delivery *delivery,
	    struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO message (delivery, body) VALUES ($1, $2)",
		error);

	query_put_integer(&query, delivery->id);
	query_put_bytes(&query, delivery->body, delivery->body_length);
	return query_end(&query);
}

enum outcome
store_delivery_add(struct store *store, struct store_delivery *delivery,
		   struct buf *error)
{
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = insert_delivery(store, delivery, error);
	if (outcome == OUTCOME_OK && delivery->id)
		outcome = insert_body(store, delivery, error);
	return store_end(store, outcome, error);
}

#define DELIVERY_COLUMNS \
	"d.id, d.item, i.code, i.customer, d.kind, d.channel, d.address," \
	" d.about, d.contact, d.relay, d.rule, d.template, d.sender," \
	" d.message_id, d.smtputf8, d.headers, d.urgent, d.created, d.state," \
	" d.owner, d.lease, d.generation, d.attempts, d.updated, d.due," \
	" d.expires, d.reply"
#define DELIVERY_TABLES "delivery d JOIN item i ON i.id = d.item"
#define BODY_TABLES \
	DELIVERY_TABLES " LEFT JOIN message m ON m.delivery = d.id"

static void
take_delivery(struct query *query, struct arena *arena,
	      struct store_delivery *delivery)
{
	*delivery = (struct store_delivery){ .id = query_integer(query) };
	delivery->item = query_integer(query);
	delivery->code = query_text(query, arena);
	delivery->customer = query_text(query, arena);
	delivery->kind = query_name(query, store_kind_names);
	delivery->channel = query_text(query, arena);
	delivery->address = query_text(query, arena);
	delivery->about = query_text(query, arena);
	delivery->contact = query_text(query, arena);
	delivery->relay = query_text(query, arena);
	delivery->rule = query_text(query, arena);
	delivery->template = query_text(query, arena);
	delivery->sender = query_text(query, arena);
	delivery->message_id = query_text(query, arena);
	delivery->smtputf8 = query_integer(query);
	delivery->headers = query_text(query, arena);
	delivery->urgent = query_integer(query);
	delivery->created = query_instant(query);
	delivery->state = query_name(query, store_state_names);
	delivery->owner = query_text(query, arena);
	delivery->lease = query_instant(query);
	delivery->generation = query_integer(query);
	delivery->attempts = (unsigned int)query_integer(query);
	delivery->updated = query_instant(query);
	delivery->due = query_instant(query);
	delivery->expires = query_instant(query);
	delivery->reply = query_text(query, arena);
}

static enum outcome
take_deliveries(struct query *query, struct arena *arena,
		struct store_deliveries *deliveries)
{
	struct store_delivery delivery;

	while (query_row(query)) {
		take_delivery(query, arena, &delivery);
		vec_push(arena, deliveries, delivery);
	}
	return query_end(query);
}

enum outcome
store_delivery(struct store *store, int64_t id, struct arena *arena,
	       struct store_delivery **delivery_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " DELIVERY_COLUMNS ", m.body FROM " BODY_TABLES
		" WHERE d.id = $1", error);

	*delivery_out = NULL;
	query_put_integer(&query, id);
	if (query_row(&query)) {
		struct store_delivery *delivery;

		delivery = arena_alloc(arena, sizeof(*delivery));
		take_delivery(&query, arena, delivery);
		delivery->body = query_bytes(&query, arena,
					     &delivery->body_length);
		*delivery_out = delivery;
	}
	return query_end(&query);
}

enum outcome
store_item_deliveries(struct store *store, int64_t item, struct arena *arena,
		      struct store_deliveries *deliveries, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " DELIVERY_COLUMNS " FROM " DELIVERY_TABLES
		" WHERE d.item = $1 ORDER BY d.id", error);

	query_put_integer(&query, item);
	return take_deliveries(&query, arena, deliveries);
}

enum outcome
store_deliveries(struct store *store, enum store_state state, size_t most,
		 struct arena *arena, struct store_deliveries *deliveries,
		 struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " DELIVERY_COLUMNS " FROM " DELIVERY_TABLES
		" WHERE d.state = $1 ORDER BY d.due, d.id LIMIT $2", error);

	query_put_text(&query, store_state_names[state]);
	query_put_integer(&query, (int64_t)most);
	return take_deliveries(&query, arena, deliveries);
}

enum outcome
store_delivery_status(struct store *store, int64_t id,
		      struct store_status *status_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT item, state, generation, attempts, expires,"
		" EXISTS (SELECT 1 FROM message WHERE delivery = delivery.id)"
		" FROM delivery WHERE id = $1", error);

	*status_out = (struct store_status){ .exists = false };
	query_put_integer(&query, id);
	if (query_row(&query)) {
		status_out->exists = true;
		status_out->item = query_integer(&query);
		status_out->state = query_name(&query, store_state_names);
		status_out->generation = query_integer(&query);
		status_out->attempts = (unsigned int)query_integer(&query);
		status_out->expires = query_instant(&query);
		status_out->has_body = query_integer(&query);
	}
	return query_end(&query);
}

/* Its columns, in the order of put_change(). A claim is over with any. */
#define CHANGE_COLUMNS \
	"state = $1, updated = $2, due = $3," \
	" expires = coalesce($4, expires), reply = coalesce($5, reply)," \
	" owner = NULL, lease = NULL"

static void
put_change(struct query *query, const struct store_change *change)
{
	query_put_text(query, store_state_names[change->state]);
	query_put_instant(query, change->at);
	query_put_instant(query, change->due);
	query_put_instant(query, change->expires);
	query_put_text(query, change->reply);
}

enum outcome
store_delivery_change(struct store *store, int64_t id,
		      const struct store_change *change, struct buf *error)
{
	/* The generation, so that an answer to a claim that was taken away is
	 * not mistaken for one that was recorded. */
	struct query query = query_start(store,
		"UPDATE delivery SET " CHANGE_COLUMNS ", generation ="
		" generation + CASE state WHEN 'claimed' THEN 1 ELSE 0 END"
		" WHERE id = $6", error);

	put_change(&query, change);
	query_put_integer(&query, id);
	return query_end(&query);
}

enum outcome
store_delivery_settle(struct store *store, int64_t id, const char *owner,
		      int64_t generation, const struct store_change *change,
		      bool *moved_out, struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE delivery SET " CHANGE_COLUMNS " WHERE id = $6"
		" AND state = 'claimed' AND owner = $7 AND generation = $8"
		" RETURNING id", error);

	put_change(&query, change);
	query_put_integer(&query, id);
	query_put_text(&query, owner);
	query_put_integer(&query, generation);
	*moved_out = query_row(&query);
	return query_end(&query);
}

enum outcome
store_delivery_unclaim(struct store *store, int64_t id, const char *owner,
		       int64_t generation, instant_ms now, bool *moved_out,
		       struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE delivery SET state = 'pending', updated = $1,"
		" attempts = attempts - 1, owner = NULL, lease = NULL"
		" WHERE id = $2 AND state = 'claimed' AND owner = $3"
		" AND generation = $4 RETURNING id", error);

	query_put_instant(&query, now);
	query_put_integer(&query, id);
	query_put_text(&query, owner);
	query_put_integer(&query, generation);
	*moved_out = query_row(&query);
	return query_end(&query);
}

static enum outcome
wake(struct store *store, const char *sql, instant_ms now, instant_ms limit,
     struct buf *error)
{
	struct query query = query_start(store, sql, error);

	query_put_instant(&query, now);
	query_put_instant(&query, limit);
	return query_end(&query);
}

enum outcome
store_delivery_wake(struct store *store, instant_ms now, instant_ms latest,
		    struct buf *error)
{
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	/* Two statements: SQLite uses no index for an OR of them. */
	outcome = wake(store, "UPDATE delivery SET state = 'pending',"
		       " updated = $1 WHERE state = 'retry' AND due <= $2",
		       now, now, error);
	if (outcome == OUTCOME_OK)
		outcome = wake(store, "UPDATE delivery SET state = 'pending',"
			       " updated = $1 WHERE state = 'retry'"
			       " AND due > $2", now, latest, error);
	return store_end(store, outcome, error);
}

/* The best delivery of the first turn behind `after`, whose turn it was then;
 * `id_out` is 0 when there is none behind it. */
static enum outcome
next_in_turn(struct store *store, const char *relay, bool is_urgent,
	     const char *after, int64_t *id_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT id, turn FROM delivery WHERE state = 'pending'"
		" AND relay = $1 AND urgent = $2 AND turn > $3"
		" ORDER BY turn, due, id LIMIT 1", error);

	*id_out = 0;
	query_put_text(&query, relay);
	query_put_integer(&query, is_urgent);
	query_put_text(&query, after);
	if (query_row(&query)) {
		*id_out = query_integer(&query);
		buf_reset(&store->turn);
		query_append(&query, &store->turn);
		store->urgent_run = is_urgent ? store->urgent_run + 1 : 0;
	}
	return query_end(&query);
}

/* The same, from the first turn again behind the last one. */
static enum outcome
next_of(struct store *store, const char *relay, bool is_urgent,
	int64_t *id_out, struct buf *error)
{
	enum outcome outcome = next_in_turn(store, relay, is_urgent,
					    store->turn.data, id_out, error);

	if (outcome != OUTCOME_OK || *id_out || !store->turn.len)
		return outcome;
	return next_in_turn(store, relay, is_urgent, "", id_out, error);
}

static enum outcome
next_pending(struct store *store, const char *relay, int64_t *id_out,
	     struct buf *error)
{
	bool is_urgent = store->urgent_run < URGENT_RUN;
	enum outcome outcome = next_of(store, relay, is_urgent, id_out, error);

	if (outcome != OUTCOME_OK || *id_out)
		return outcome;
	return next_of(store, relay, !is_urgent, id_out, error);
}

static enum outcome
claim_one(struct store *store, const struct store_claim *claim, int64_t id,
	  struct arena *arena, struct store_deliveries *deliveries,
	  struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE delivery SET state = 'claimed', owner = $1,"
		" updated = $2, lease = $3, generation = generation + 1,"
		" attempts = attempts + 1 WHERE id = $4", error);
	struct store_delivery *delivery;
	enum outcome outcome;

	query_put_text(&query, claim->owner);
	query_put_instant(&query, claim->now);
	query_put_instant(&query, claim->lease);
	query_put_integer(&query, id);
	outcome = query_end(&query);
	if (outcome == OUTCOME_OK)
		outcome = store_delivery(store, id, arena, &delivery, error);
	if (outcome == OUTCOME_OK)
		vec_push(arena, deliveries, *delivery);
	return outcome;
}

enum outcome
store_delivery_claim(struct store *store, const struct store_claim *claim,
		     size_t most, struct arena *arena,
		     struct store_deliveries *deliveries, struct buf *error)
{
	enum outcome outcome = store_begin(store, error);
	int64_t id;

	if (outcome != OUTCOME_OK)
		return outcome;
	while (outcome == OUTCOME_OK && most--) {
		outcome = next_pending(store, claim->relay, &id, error);
		if (outcome != OUTCOME_OK || !id)
			break;
		outcome = claim_one(store, claim, id, arena, deliveries,
				    error);
	}
	return store_end(store, outcome, error);
}

/* The first relay behind that name; nothing is appended when there is none. */
static enum outcome
next_relay(struct store *store, const char *after, struct arena *arena,
	   struct store_names *names, struct buf *error)
{
	/* One step in the index, however many wait for it. */
	struct query query = query_start(store,
		"SELECT relay FROM delivery WHERE state = 'pending'"
		" AND relay > $1 ORDER BY relay LIMIT 1", error);

	query_put_text(&query, after);
	if (query_row(&query))
		vec_push(arena, names, query_text(&query, arena));
	return query_end(&query);
}

enum outcome
store_delivery_relays(struct store *store, struct arena *arena,
		      struct store_names *names, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	const char *last = "";
	size_t before;

	do {
		before = names->count;
		outcome = next_relay(store, last, arena, names, error);
		if (names->count > before)
			last = names->items[before];
	} while (outcome == OUTCOME_OK && names->count > before);
	return outcome;
}

enum outcome
store_delivery_all_relays(struct store *store, struct arena *arena,
			  struct store_names *names, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT DISTINCT relay FROM delivery"
		" WHERE state IN ('pending', 'retry') ORDER BY relay", error);

	while (query_row(&query))
		vec_push(arena, names, query_text(&query, arena));
	return query_end(&query);
}

enum outcome
store_delivery_reroute(struct store *store, const char *from,
		       const char *channel, const char *to, struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE delivery SET relay = $1 WHERE relay = $2"
		" AND channel = $3 AND state IN ('pending', 'retry')", error);

	query_put_text(&query, to);
	query_put_text(&query, from);
	query_put_text(&query, channel);
	return query_end(&query);
}

enum outcome
store_delivery_waiting(struct store *store, const char *relay,
		       int64_t *count_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT count(*) FROM delivery WHERE relay = $1"
		" AND state IN ('pending', 'claimed', 'retry')", error);

	query_put_text(&query, relay);
	*count_out = query_row(&query) ? query_integer(&query) : 0;
	return query_end(&query);
}

enum outcome
store_delivery_hasten(struct store *store, const char *relay, instant_ms now,
		      struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE delivery SET due = $1 WHERE state = 'retry'"
		" AND relay = $2 AND due > $1", error);

	query_put_instant(&query, now);
	query_put_text(&query, relay);
	return query_end(&query);
}

enum outcome
store_delivery_expired(struct store *store, const char *relay, instant_ms now,
		       size_t most, struct arena *arena,
		       struct store_deliveries *deliveries, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " DELIVERY_COLUMNS " FROM " DELIVERY_TABLES
		" WHERE d.state = 'pending' AND d.relay = $1"
		" AND d.expires <= $2 ORDER BY d.id LIMIT $3", error);

	query_put_text(&query, relay);
	query_put_instant(&query, now);
	query_put_integer(&query, (int64_t)most);
	return take_deliveries(&query, arena, deliveries);
}

enum outcome
store_delivery_claimed(struct store *store, const char *owner,
		       struct arena *arena, struct store_ids *ids,
		       struct buf *error)
{
	struct query query = query_start(store,
		"SELECT id FROM delivery"
		" WHERE state = 'claimed' AND owner = $1 ORDER BY id", error);

	query_put_text(&query, owner);
	while (query_row(&query))
		vec_push(arena, ids, query_integer(&query));
	return query_end(&query);
}

enum outcome
store_delivery_due(struct store *store, enum store_state state,
		   instant_ms *due_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT min(due) FROM delivery WHERE state = $1", error);

	query_put_text(&query, store_state_names[state]);
	*due_out = query_row(&query) ? query_instant(&query) : TIME_UNKNOWN;
	return query_end(&query);
}

enum outcome
store_attempt_add(struct store *store, const struct store_attempt *attempt,
		  struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO attempt (delivery, number, at, outcome, host,"
		" reply) SELECT id, attempts, $1, $2, $3, $4 FROM delivery"
		" WHERE id = $5", error);

	query_put_instant(&query, attempt->at);
	query_put_text(&query, store_answer_names[attempt->answer]);
	query_put_text(&query, attempt->host);
	query_put_text(&query, attempt->reply);
	query_put_integer(&query, attempt->delivery);
	return query_end(&query);
}

enum outcome
store_attempt_times(struct store *store, const char *relay, instant_ms since,
		    size_t most, struct arena *arena,
		    struct store_instants *times, struct buf *error)
{
	/* No try of a delivery is later than its last change. */
	struct query query = query_start(store,
		"SELECT at FROM (SELECT a.at FROM delivery d"
		" JOIN attempt a ON a.delivery = d.id WHERE d.relay = $1"
		" AND d.updated >= $2 AND a.at >= $2"
		" ORDER BY a.at DESC LIMIT $3) AS last ORDER BY at", error);

	query_put_text(&query, relay);
	query_put_instant(&query, since);
	query_put_integer(&query, (int64_t)most);
	while (query_row(&query))
		vec_push(arena, times, query_instant(&query));
	return query_end(&query);
}

enum outcome
store_attempts(struct store *store, int64_t delivery, struct arena *arena,
	       struct store_attempts *attempts, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT number, at, outcome, host, reply FROM attempt"
		" WHERE delivery = $1 ORDER BY number", error);

	query_put_integer(&query, delivery);
	while (query_row(&query)) {
		struct store_attempt attempt = { .delivery = delivery };

		attempt.number = (unsigned int)query_integer(&query);
		attempt.at = query_instant(&query);
		attempt.answer = query_name(&query, store_answer_names);
		attempt.host = query_text(&query, arena);
		attempt.reply = query_text(&query, arena);
		vec_push(arena, attempts, attempt);
	}
	return query_end(&query);
}
