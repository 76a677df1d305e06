/* Items and their events: the journal. */
#include "store/store.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/vec.h"
#include "store/query.h"

/* The envelope's recipients as a JSON array, and back. */
static void
recipients_print(const struct store_item *item, struct buf *out)
{
	struct json *array = json_array();
	size_t i;

	for (i = 0; i < item->recipient_count; i++)
		json_add_text(array, item->recipients[i]);
	json_print(array, out);
	json_destroy(&array);
}

static void
recipients_parse(struct arena *arena, const char *text,
		 struct store_item *item)
{
	struct buf error = BUF_INIT;
	struct json *array = json_parse(text, strlen(text), &error);
	VEC(const char *) list = { 0 };
	const struct json *one;

	for (one = json_first(array); one; one = json_next(one)) {
		const char *address = json_text(one);

		vec_push(arena, &list,
			 arena_strdup(arena, address ? address : ""));
	}
	json_destroy(&array);
	buf_release(&error);
	item->recipients = list.items;
	item->recipient_count = list.count;
}

/* The columns of a verdict, in the order of put_verdict() and
 * take_verdict(). */
#define VERDICT_COLUMNS \
	"customer, format, authentic, alert, action, rule, file, line," \
	" rules_version, template, reason, trace, decided"

static void
put_verdict(struct query *query, const struct store_verdict *verdict)
{
	query_put_text(query, verdict->customer);
	query_put_text(query, verdict->format);
	query_put_text(query, verdict->authentic);
	query_put_text(query, verdict->alert);
	query_put_text(query, verdict->action);
	query_put_text(query, verdict->rule);
	query_put_text(query, verdict->file);
	query_put_integer(query, verdict->line);
	query_put_text(query, verdict->rules_version);
	query_put_text(query, verdict->template);
	query_put_text(query, verdict->reason);
	query_put_text(query, verdict->trace);
	query_put_instant(query, verdict->decided);
}

static void
take_verdict(struct query *query, struct arena *arena,
	     struct store_verdict *verdict)
{
	verdict->customer = query_text(query, arena);
	verdict->format = query_text(query, arena);
	verdict->authentic = query_text(query, arena);
	verdict->alert = query_text(query, arena);
	verdict->action = query_text(query, arena);
	verdict->rule = query_text(query, arena);
	verdict->file = query_text(query, arena);
	verdict->line = query_integer(query);
	verdict->rules_version = query_text(query, arena);
	verdict->template = query_text(query, arena);
	verdict->reason = query_text(query, arena);
	verdict->trace = query_text(query, arena);
	verdict->decided = query_instant(query);
}

#define ITEM_COLUMNS \
	"id, code, identity, kind, received, spool, digest, message_id," \
	" sender, recipients, parse, duplicates, last_duplicate, " \
	VERDICT_COLUMNS

static void
take_item(struct query *query, struct arena *arena, struct store_item *item)
{
	const char *recipients;

	*item = (struct store_item){ .id = query_integer(query) };
	item->code = query_text(query, arena);
	item->identity = query_text(query, arena);
	item->kind = query_text(query, arena);
	item->received = query_instant(query);
	item->spool = query_text(query, arena);
	item->digest = query_text(query, arena);
	item->message_id = query_text(query, arena);
	item->sender = query_text(query, arena);
	recipients = query_text(query, arena);
	recipients_parse(arena, recipients, item);
	item->parse = query_text(query, arena);
	item->duplicates = query_integer(query);
	item->last_duplicate = query_instant(query);
	take_verdict(query, arena, &item->verdict);
}

/* One item, or NULL. */
static enum outcome
take_one(struct query *query, struct arena *arena,
	 struct store_item **item_out)
{
	*item_out = NULL;
	if (query_row(query)) {
		*item_out = arena_alloc(arena, sizeof(**item_out));
		take_item(query, arena, *item_out);
	}
	return query_end(query);
}

enum outcome
store_item(struct store *store, int64_t id, struct arena *arena,
	   struct store_item **item_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " ITEM_COLUMNS " FROM item WHERE id = $1", error);

	query_put_integer(&query, id);
	return take_one(&query, arena, item_out);
}

enum outcome
store_item_find(struct store *store, const char *code, struct arena *arena,
		struct store_item **item_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " ITEM_COLUMNS " FROM item WHERE code = $1", error);

	query_put_text(&query, code);
	return take_one(&query, arena, item_out);
}

enum outcome
store_items(struct store *store, int64_t after, size_t most,
	    struct arena *arena, struct store_items *items, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT " ITEM_COLUMNS " FROM item WHERE id > $1"
		" ORDER BY id LIMIT $2", error);
	struct store_item item;

	query_put_integer(&query, after);
	query_put_integer(&query, (int64_t)most);
	while (query_row(&query)) {
		take_item(&query, arena, &item);
		vec_push(arena, items, item);
	}
	return query_end(&query);
}

/* Was it taken before? Then all of the seat is set. */
static enum outcome
find_taken(struct store *store, const char *identity, const char *spool,
	   struct arena *arena, struct store_seat *seat, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT id, code, spool FROM item WHERE identity = $1", error);
	const char *other;

	query_put_text(&query, identity);
	if (query_row(&query)) {
		seat->item = query_integer(&query);
		seat->code = query_text(&query, arena);
		other = query_text(&query, arena);
		seat->how = other && spool && !strcmp(other, spool) ?
			    STORE_AGAIN : STORE_DUPLICATE;
	}
	return query_end(&query);
}

static enum outcome
code_is_free(struct store *store, const char *code, bool *free_out,
	     struct buf *error)
{
	struct query query = query_start(store,
		"SELECT 1 FROM item WHERE code = $1", error);

	query_put_text(&query, code);
	*free_out = !query_row(&query);
	return query_end(&query);
}

/* The code is short, so two items may want the same one: the later one gets
 * the code of its identity and a number. */
static enum outcome
choose_code(struct store *store, const char *identity, struct arena *arena,
	    struct store_seat *seat, struct buf *error)
{
	unsigned char bytes[DIGEST_SIZE];
	char code[DIGEST_CODE];
	enum outcome outcome;
	unsigned int number;
	bool is_free;

	for (number = 1; ; number++) {
		struct digest *digest;

		outcome = code_is_free(store, seat->code, &is_free, error);
		if (outcome != OUTCOME_OK || is_free)
			return outcome;
		digest = digest_create();
		digest_add_text(digest, identity);
		digest_add(digest, &number, sizeof(number));
		digest_finish(&digest, bytes);
		digest_code(bytes, code);
		seat->code = arena_strdup(arena, code);
	}
}

enum outcome
store_item_seat(struct store *store, const char *identity, const char *spool,
		const char *code, struct arena *arena,
		struct store_seat *seat_out, struct buf *error)
{
	enum outcome outcome;

	*seat_out = (struct store_seat){
		.how = STORE_NEW, .code = arena_strdup(arena, code),
	};
	outcome = find_taken(store, identity, spool, arena, seat_out, error);
	if (outcome != OUTCOME_OK || seat_out->how != STORE_NEW)
		return outcome;
	return choose_code(store, identity, arena, seat_out, error);
}

enum outcome
store_item_insert(struct store *store, struct store_item *item,
		  struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO item (code, identity, kind, received, spool,"
		" digest, message_id, sender, recipients, parse, "
		VERDICT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
		" $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"
		" $22, $23) RETURNING id", error);
	struct buf recipients = BUF_INIT;
	enum outcome outcome;

	recipients_print(item, &recipients);
	query_put_text(&query, item->code);
	query_put_text(&query, item->identity);
	query_put_text(&query, item->kind);
	query_put_instant(&query, item->received);
	query_put_text(&query, item->spool);
	query_put_text(&query, item->digest);
	query_put_text(&query, item->message_id);
	query_put_text(&query, item->sender);
	query_put_text(&query, recipients.data);
	query_put_text(&query, item->parse);
	put_verdict(&query, &item->verdict);
	if (query_row(&query))
		item->id = query_integer(&query);
	outcome = query_end(&query);
	buf_release(&recipients);	/* lent to the query until here */
	return outcome;
}

enum outcome
store_item_count_duplicate(struct store *store, int64_t item, instant_ms at,
			   struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE item SET duplicates = duplicates + 1,"
		" last_duplicate = $1 WHERE id = $2", error);

	query_put_instant(&query, at);
	query_put_integer(&query, item);
	return query_end(&query);
}

enum outcome
store_item_decide(struct store *store, int64_t item,
		  const struct store_verdict *verdict, struct buf *error)
{
	struct query query = query_start(store,
		"UPDATE item SET (" VERDICT_COLUMNS ") = ($1, $2, $3, $4, $5,"
		" $6, $7, $8, $9, $10, $11, $12, $13) WHERE id = $14", error);

	put_verdict(&query, verdict);
	query_put_integer(&query, item);
	return query_end(&query);
}

enum outcome
store_latest_spools(struct store *store, size_t most, struct arena *arena,
		    struct store_names *names, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT spool FROM item WHERE kind = 'mail'"
		" AND spool IS NOT NULL ORDER BY id DESC LIMIT $1", error);

	query_put_integer(&query, (int64_t)most);
	while (query_row(&query))
		vec_push(arena, names, query_text(&query, arena));
	return query_end(&query);
}

enum outcome
store_event_add(struct store *store, const struct store_event *event,
		struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO event (item, delivery, at, what, who, reason)"
		" VALUES ($1, nullif($2, 0), $3, $4, $5, $6)", error);

	query_put_integer(&query, event->item);
	query_put_integer(&query, event->delivery);
	query_put_instant(&query, event->at);
	query_put_text(&query, event->what);
	query_put_text(&query, event->who);
	query_put_text(&query, event->reason);
	return query_end(&query);
}

enum outcome
store_events(struct store *store, int64_t item, struct arena *arena,
	     struct store_events *events, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT delivery, at, what, who, reason FROM event"
		" WHERE item = $1 ORDER BY id", error);

	query_put_integer(&query, item);
	while (query_row(&query)) {
		struct store_event event = { .item = item };

		event.delivery = query_integer(&query);
		event.at = query_instant(&query);
		event.what = query_text(&query, arena);
		event.who = query_text(&query, arena);
		event.reason = query_text(&query, arena);
		vec_push(arena, events, event);
	}
	return query_end(&query);
}

enum outcome
store_untold(struct store *store, struct arena *arena, struct store_ids *ids,
	     struct buf *error)
{
	struct query query = query_start(store,
		"SELECT id FROM delivery WHERE state = 'failed' AND EXISTS"
		" (SELECT 1 FROM event WHERE item = delivery.item"
		"  AND delivery = delivery.id AND what = $1) ORDER BY id",
		error);

	query_put_text(&query, STORE_UNTOLD);
	while (query_row(&query))
		vec_push(arena, ids, query_integer(&query));
	return query_end(&query);
}
