/*
 * What came in, as it came. Compressed, unless that makes more of it.
 */
#include "store/store.h"

#include "store/query.h"

enum {
	/* Of one store_raw_prune(): a mail may have 25 MB, and what is freed
	 * is gone through page by page. */
	PRUNE_MOST = 100,
	/* Room for a compressed one that is kept for the next. */
	ROOM_MOST = 1 << 20,
};

enum form { FORM_PLAIN, FORM_ZSTD };

static const char *const forms[] = { "plain", "zstd", NULL };

static enum form
pack(struct store *store, const struct store_raw *raw, struct buf *out)
{
	if (!store->compressor)
		store->compressor = compressor_create();
	compress_append(store->compressor, raw->bytes, raw->length, out);
	return out->len < raw->length ? FORM_ZSTD : FORM_PLAIN;
}

enum outcome
store_raw_add(struct store *store, const struct store_raw *raw,
	      struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO raw (item, since, form, length, bytes)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (item) DO UPDATE"
		" SET form = excluded.form, length = excluded.length,"
		" bytes = excluded.bytes", error);
	struct buf *packed = &store->packed;
	enum form form = pack(store, raw, packed);
	enum outcome outcome;

	query_put_integer(&query, raw->item);
	query_put_instant(&query, raw->since);
	query_put_text(&query, forms[form]);
	query_put_integer(&query, (int64_t)raw->length);
	if (form == FORM_PLAIN)
		query_put_bytes(&query, raw->bytes, raw->length);
	else
		query_put_bytes(&query, packed->data, packed->len);
	outcome = query_end(&query);
	buf_reset(packed);		/* lent to the query until here */
	if (packed->size > ROOM_MOST)
		buf_release(packed);
	return outcome;
}

static enum outcome
damaged(const struct store_raw *raw, struct buf *error)
{
	buf_printf(error, "what is kept of item %lld is damaged",
		   (long long)raw->item);
	return OUTCOME_PERMANENT;
}

/* Columns form, length and bytes. */
static enum outcome
unpack(struct query *query, struct arena *arena, struct store_raw *raw,
       struct buf *error)
{
	enum form form = query_name(query, forms);
	size_t length;
	void *out, *bytes;

	raw->length = (size_t)query_integer(query);
	bytes = query_bytes(query, arena, &length);
	raw->bytes = bytes;
	if (form == FORM_PLAIN)
		return length == raw->length ? OUTCOME_OK
					     : damaged(raw, error);
	/* The length may be a lie, too. */
	if (raw->length > STORE_RAW_MOST)
		return damaged(raw, error);
	out = arena_alloc(arena, raw->length + 1);
	raw->bytes = out;
	return compress_undo(bytes, length, out, raw->length) ?
		OUTCOME_OK : damaged(raw, error);
}

enum outcome
store_raw(struct store *store, int64_t item, struct arena *arena,
	  struct store_raw **raw_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT since, form, length, bytes FROM raw WHERE item = $1",
		error);
	enum outcome outcome = OUTCOME_OK, end;
	struct store_raw *raw;

	*raw_out = NULL;
	query_put_integer(&query, item);
	if (query_row(&query)) {
		raw = arena_alloc(arena, sizeof(*raw));
		raw->item = item;
		raw->since = query_instant(&query);
		outcome = unpack(&query, arena, raw, error);
		*raw_out = raw;
	}
	end = query_end(&query);
	return outcome == OUTCOME_OK ? end : outcome;
}

enum outcome
store_raw_prune(struct store *store, instant_ms until, bool *more_out,
		struct buf *error)
{
	struct query query = query_start(store,
		"DELETE FROM raw WHERE item IN (SELECT item FROM raw"
		" WHERE since <= $1 AND NOT EXISTS (SELECT 1 FROM held"
		"  WHERE item = raw.item AND state <> 'done')"
		" ORDER BY since, item LIMIT $2) RETURNING item", error);
	size_t count = 0;

	query_put_instant(&query, until);
	query_put_integer(&query, PRUNE_MOST);
	while (query_row(&query))
		count++;
	*more_out = count == PRUNE_MOST;
	return query_end(&query);
}
