#include "store/query.h"

#include "base/bug.h"

struct query
query_start(struct store *store, const char *sql, struct buf *error)
{
	return (struct query){
		.store = store,
		.statement = store->driver->prepare(store->session, sql),
		.error = error,
		.outcome = OUTCOME_OK,
	};
}

void
query_put_integer(struct query *query, int64_t value)
{
	query->store->driver->put_integer(query->statement, value);
}

void
query_put_instant(struct query *query, instant_ms when)
{
	if (when == TIME_UNKNOWN)
		query_put_text(query, NULL);
	else
		query_put_integer(query, when);
}

void
query_put_text(struct query *query, const char *text)
{
	query->store->driver->put_text(query->statement, text);
}

void
query_put_bytes(struct query *query, const void *bytes, size_t length)
{
	query->store->driver->put_bytes(query->statement, bytes, length);
}

bool
query_row(struct query *query)
{
	const struct store_driver *driver = query->store->driver;
	bool row = false;

	if (query->ended)
		return false;
	query->outcome = driver->step(query->statement, &row, query->error);
	if (row)
		return true;
	query->ended = true;
	driver->reset(query->statement);
	if (query->outcome != OUTCOME_OK)
		query->store->broken = true;
	return false;
}

int64_t
query_integer(struct query *query)
{
	return query->store->driver->take_integer(query->statement, 0);
}

instant_ms
query_instant(struct query *query)
{
	return query->store->driver->take_integer(query->statement,
						  TIME_UNKNOWN);
}

char *
query_text(struct query *query, struct arena *arena)
{
	size_t length;

	return query_bytes(query, arena, &length);
}

void *
query_bytes(struct query *query, struct arena *arena, size_t *length_out)
{
	const void *bytes;

	bytes = query->store->driver->take_bytes(query->statement, length_out);
	return bytes ? arena_strndup(arena, bytes, *length_out) : NULL;
}

void
query_append(struct query *query, struct buf *out)
{
	size_t length;
	const void *bytes;

	bytes = query->store->driver->take_bytes(query->statement, &length);
	buf_append(out, bytes, length);
}

unsigned int
query_name(struct query *query, const char *const *names)
{
	size_t length;
	const char *text;
	unsigned int i;

	text = query->store->driver->take_bytes(query->statement, &length);
	for (i = 0; text && names[i]; i++)
		if (strlen(names[i]) == length &&
		    !memcmp(names[i], text, length))
			return i;
	BUG("a name that the schema does not allow");
}

enum outcome
query_end(struct query *query)
{
	while (query_row(query))
		continue;
	return query->outcome;
}
