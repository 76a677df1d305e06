/*
 * One statement from its parameters to its rows. Only store/ includes this.
 *
 *	struct query query = query_start(store, "SELECT ... $1 ...", error);
 *
 *	query_put_text(&query, code);
 *	while (query_row(&query))
 *		... query_integer(&query), query_text(&query, arena) ...
 *	return query_end(&query);
 *
 * Parameters and columns are handed over one after the other, in the order of
 * the statement. query_end() must be called; for a statement without rows it
 * is all there is to call. The text of the statement must be static: it is
 * prepared once per connection.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/compress.h"
#include "store/store_driver.h"

/* What store.c opens, and a statement runs on. */
struct store {
	const struct store_driver *driver;
	struct store_session *session;
	unsigned int depth;	/* of store_begin() */
	bool broken;		/* a statement failed in the transaction */
	struct buf turn;	/* served last by store_delivery_claim() */
	unsigned int urgent_run; /* urgent ones it served since another */
	struct buf turn_before;	/* the transaction */
	struct compressor *compressor; /* NULL until it is needed */
	struct buf packed;	/* its room */
};

struct query {
	struct store *store;
	struct store_statement *statement;
	struct buf *error;
	enum outcome outcome;
	bool ended;
};

struct query query_start(struct store *store, const char *sql,
			 struct buf *error);

void query_put_integer(struct query *query, int64_t value);
/* TIME_UNKNOWN is NULL. */
void query_put_instant(struct query *query, instant_ms when);
void query_put_text(struct query *query, const char *text);
void query_put_bytes(struct query *query, const void *bytes, size_t length);

/* False at the end and after a failure. */
bool query_row(struct query *query);

/* 0 for NULL. */
int64_t query_integer(struct query *query);
/* TIME_UNKNOWN for NULL. */
instant_ms query_instant(struct query *query);
/* NULL for NULL. */
char *query_text(struct query *query, struct arena *arena);
void query_append(struct query *query, struct buf *out);
void *query_bytes(struct query *query, struct arena *arena,
		  size_t *length_out);
/* The index in `names` (ended by NULL); the schema allows no other text. */
unsigned int query_name(struct query *query, const char *const *names);

/* Run what is left, and release the statement. */
enum outcome query_end(struct query *query);

#endif
