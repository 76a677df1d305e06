/* The store as a whole: opening, transactions, and what belongs to no item. */
#include "store/store.h"

#include "base/bug.h"
#include "base/text.h"
#include "base/vec.h"
#include "store/query.h"

enum {
	/* Items, and mails, that one store_prune() forgets: nobody else can
	 * write meanwhile. */
	PRUNE_MOST = 500,
};

#define DAY_MS INT64_C(86400000)

/* The first one that takes the URL is used. */
static const struct store_driver *const drivers[] = {
	&store_memory,
	&store_sqlite,
	NULL
};

const char *
store_file(const char *url)
{
	return text_starts(url, STORE_SQLITE) ? url + strlen(STORE_SQLITE)
					      : NULL;
}

static const struct store_driver *
find_driver(const char *url, struct buf *error)
{
	const struct store_driver *const *driver = drivers;

	while (*driver && !(*driver)->takes(url))
		driver++;
	/* The rest may hold a password. */
	if (!*driver)
		buf_printf(error, "this version has no driver for a store "
			   "like '%.*s:'", (int)strcspn(url, ":"), url);
	return *driver;
}

static enum outcome
open_url(const char *url, bool is_own, struct store **store_out,
	 struct buf *error)
{
	const struct store_driver *driver = find_driver(url, error);
	struct store_session *session;
	enum outcome outcome;
	struct store *store;

	if (!driver)
		return OUTCOME_PERMANENT;
	outcome = driver->open(url, is_own, &session, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	store = bug_alloc(sizeof(*store));
	*store = (struct store){
		.driver = driver,
		.session = session,
		.turn = BUF_INIT, .turn_before = BUF_INIT,
		.packed = BUF_INIT,
	};
	*store_out = store;
	return OUTCOME_OK;
}

enum outcome
store_open(const char *url, struct store **store_out, struct buf *error)
{
	return open_url(url, false, store_out, error);
}

enum outcome
store_open_own(const char *url, struct store **store_out, struct buf *error)
{
	return open_url(url, true, store_out, error);
}

void
store_close(struct store **store)
{
	if (!*store)
		return;
	(*store)->driver->close(&(*store)->session);
	buf_release(&(*store)->turn);
	buf_release(&(*store)->turn_before);
	buf_release(&(*store)->packed);
	compressor_destroy(&(*store)->compressor);
	free(*store);
	*store = NULL;
}

enum outcome
store_copy(struct store *store, const char *path, struct buf *error)
{
	return store->driver->copy(store->session, path, error);
}

enum outcome
store_examine(const char *url, struct buf *error)
{
	const struct store_driver *driver = find_driver(url, error);

	return driver ? driver->examine(url, error) : OUTCOME_PERMANENT;
}

static void
set_turn(struct buf *turn, const struct buf *to)
{
	buf_reset(turn);
	buf_append(turn, to->data, to->len);
}

enum outcome
store_begin(struct store *store, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;

	if (!store->depth) {
		store->broken = false;
		set_turn(&store->turn_before, &store->turn);
		outcome = store->driver->begin(store->session, error);
	}
	if (outcome == OUTCOME_OK)
		store->depth++;
	return outcome;
}

enum outcome
store_end(struct store *store, enum outcome outcome, struct buf *error)
{
	if (!store->depth)
		BUG("the end of a transaction that was not begun");
	if (--store->depth)
		return outcome;
	if (outcome == OUTCOME_OK && store->broken) {
		buf_puts(error, "a part of the transaction failed before, "
			 "so nothing of it is stored");
		outcome = OUTCOME_TEMPORARY;
	}
	if (outcome == OUTCOME_OK)
		outcome = store->driver->commit(store->session, error);
	if (outcome != OUTCOME_OK) {
		store->driver->rollback(store->session);
		/* Nobody was served. */
		set_turn(&store->turn, &store->turn_before);
	}
	return outcome;
}

bool
store_changed(struct store *store)
{
	return store->driver->changed(store->session);
}

bool
store_is_gone(struct store *store)
{
	return store->driver->gone(store->session);
}

static enum outcome
prune_items(struct store *store, instant_ms now, bool *more_out,
	    struct buf *error)
{
	struct query query = query_start(store,
		"DELETE FROM item WHERE id IN (SELECT id FROM item"
		" WHERE received < $1"
		" AND NOT EXISTS (SELECT 1 FROM delivery"
		"  WHERE item = item.id"
		"  AND state IN ('pending', 'claimed', 'retry'))"
		" AND NOT EXISTS (SELECT 1 FROM held"
		"  WHERE item = item.id AND state <> 'done')"
		" ORDER BY received LIMIT $2) RETURNING id", error);
	size_t count = 0;

	query_put_instant(&query, now - STORE_JOURNAL_DAYS * DAY_MS);
	query_put_integer(&query, PRUNE_MOST);
	while (query_row(&query))
		count++;
	*more_out |= count == PRUNE_MOST;
	return query_end(&query);
}

/* The deliveries whose mails go. A LIMIT needs the ORDER BY so that both
 * statements below mean the same ones. */
#define PRUNE_MESSAGES \
	"(SELECT id FROM delivery" \
	" WHERE state IN ('sent', 'cancelled') AND due <= $1" \
	" ORDER BY due, id LIMIT $2)"

static enum outcome
prune_messages(struct store *store, instant_ms now, bool *more_out,
	       struct buf *error)
{
	static const char *const statements[] = {
		"DELETE FROM message WHERE delivery IN " PRUNE_MESSAGES
		" RETURNING delivery",
		"UPDATE delivery SET due = NULL WHERE id IN " PRUNE_MESSAGES,
	};
	enum outcome outcome = OUTCOME_OK;
	size_t i, count = 0;

	for (i = 0; i < 2 && outcome == OUTCOME_OK; i++) {
		struct query query = query_start(store, statements[i], error);

		query_put_instant(&query, now);
		query_put_integer(&query, PRUNE_MOST);
		while (query_row(&query))
			count++;
		outcome = query_end(&query);
	}
	*more_out |= count == PRUNE_MOST;
	return outcome;
}

static enum outcome
prune_crashes(struct store *store, instant_ms now, struct buf *error)
{
	struct query query = query_start(store,
		"DELETE FROM crash WHERE last < $1", error);

	query_put_instant(&query, now - STORE_JOURNAL_DAYS * DAY_MS);
	return query_end(&query);
}

static enum outcome
prune_known(struct store *store, instant_ms now, struct buf *error)
{
	static const char *const statements[] = {
		"DELETE FROM known WHERE seen < $1",
		"DELETE FROM told WHERE at < $1",
		"DELETE FROM incident WHERE seen < $1",
		"DELETE FROM day WHERE day < $1 / 86400000",
		NULL
	};
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; statements[i] && outcome == OUTCOME_OK; i++) {
		struct query query = query_start(store, statements[i], error);

		query_put_instant(&query, now - STORE_JOURNAL_DAYS * DAY_MS);
		outcome = query_end(&query);
	}
	return outcome;
}

/* Until then they say who was on duty when an alert was told. */
static enum outcome
prune_replacements(struct store *store, instant_ms now, struct buf *error)
{
	struct query query = query_start(store,
		"DELETE FROM replacement WHERE until < $1", error);

	query_put_instant(&query, now - STORE_JOURNAL_DAYS * DAY_MS);
	return query_end(&query);
}

enum outcome
store_prune(struct store *store, instant_ms now, bool *more_out,
	    struct buf *error)
{
	enum outcome outcome = store_begin(store, error);

	*more_out = false;
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = prune_items(store, now, more_out, error);
	if (outcome == OUTCOME_OK)
		outcome = prune_messages(store, now, more_out, error);
	if (outcome == OUTCOME_OK)
		outcome = prune_crashes(store, now, error);
	if (outcome == OUTCOME_OK)
		outcome = prune_known(store, now, error);
	if (outcome == OUTCOME_OK)
		outcome = prune_replacements(store, now, error);
	return store_end(store, outcome, error);
}

enum outcome
store_meta(struct store *store, const char *name, struct arena *arena,
	   const char **value_out, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT value FROM meta WHERE name = $1", error);

	*value_out = NULL;
	query_put_text(&query, name);
	if (query_row(&query))
		*value_out = query_text(&query, arena);
	return query_end(&query);
}

enum outcome
store_meta_set(struct store *store, const char *name, const char *value,
	       struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO meta (name, value) VALUES ($1, $2)"
		" ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		error);

	query_put_text(&query, name);
	query_put_text(&query, value);
	return query_end(&query);
}

enum outcome
store_crashes(struct store *store, struct arena *arena,
	      struct store_crashes *crashes, struct buf *error)
{
	struct query query = query_start(store,
		"SELECT spool, count FROM crash ORDER BY spool", error);

	while (query_row(&query)) {
		struct store_crash crash = { 0 };

		crash.spool = query_text(&query, arena);
		crash.count = query_integer(&query);
		vec_push(arena, crashes, crash);
	}
	return query_end(&query);
}

enum outcome
store_crash_put(struct store *store, const char *spool, int64_t count,
		instant_ms now, struct buf *error)
{
	struct query query = query_start(store,
		"INSERT INTO crash (spool, count, last) VALUES ($1, $2, $3)"
		" ON CONFLICT (spool) DO UPDATE"
		" SET count = excluded.count, last = excluded.last", error);

	query_put_text(&query, spool);
	query_put_integer(&query, count);
	query_put_instant(&query, now);
	return query_end(&query);
}

enum outcome
store_crash_forget(struct store *store, const char *spool, struct buf *error)
{
	struct query query = query_start(store,
		"DELETE FROM crash WHERE spool = $1", error);

	query_put_text(&query, spool);
	return query_end(&query);
}
