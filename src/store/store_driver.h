/*
 * What a back end is: a connection that runs SQL. Only store/ includes this.
 *
 * The statements are in the .c files of store/, once, in the part of SQL that
 * SQLite 3.35 and PostgreSQL share; parameters are $1, $2, ... and appear in
 * that order. A driver has what differs: how to connect, the schema, how
 * values are handed over, what an error means. To add one, write store_NAME.c
 * with one struct store_driver and put it in the table in store.c.
 *
 * Errors are reported by step(): whatever failed before it in preparing or
 * binding is remembered by the statement.
 */
#ifndef STORE_STORE_DRIVER_H
#define STORE_STORE_DRIVER_H

#include "base/buf.h"
#include "base/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_session;		/* a connection, of the driver */
struct store_statement;		/* of the driver */

struct store_driver {
	const char *name;

	/* Is that URL for this driver? */
	bool (*takes)(const char *url);
	/* With the schema in place, at its newest version. Unless `is_own`, an
	 * older one is refused; see store_open_own(). */
	enum outcome (*open)(const char *url, bool is_own,
			     struct store_session **session_out,
			     struct buf *error);
	void (*close)(struct store_session **session);

	/* For writing, so that what is read in it stays true until the end. */
	enum outcome (*begin)(struct store_session *session,
			      struct buf *error);
	enum outcome (*commit)(struct store_session *session,
			       struct buf *error);
	void (*rollback)(struct store_session *session);
	/* As store_copy(), and what it says. */
	enum outcome (*copy)(struct store_session *session, const char *path,
			     struct buf *error);
	/* As store_examine(). */
	enum outcome (*examine)(const char *url, struct buf *error);
	/* Whether another connection has committed since this was last asked;
	 * true when it cannot be told. */
	bool (*changed)(struct store_session *session);
	/* Whether what is committed would be lost with this process; then
	 * commit() refuses. */
	bool (*gone)(struct store_session *session);

	/* The statement for that text, ready to be bound. It is kept, and found
	 * again by the address of the text, which must stay valid. Until
	 * reset() it is in use. */
	struct store_statement *(*prepare)(struct store_session *session,
					   const char *sql);
	/* The next parameter. NULL is SQL's NULL; bytes and text are borrowed
	 * until reset(). */
	void (*put_integer)(struct store_statement *statement, int64_t value);
	void (*put_text)(struct store_statement *statement, const char *text);
	void (*put_bytes)(struct store_statement *statement, const void *bytes,
			  size_t length);
	/* Run to the next row. `row_out` is false at the end. */
	enum outcome (*step)(struct store_statement *statement, bool *row_out,
			     struct buf *error);
	/* The next column of the row, lent until the next step: `otherwise` or
	 * NULL for SQL's NULL. */
	int64_t (*take_integer)(struct store_statement *statement,
				int64_t otherwise);
	const void *(*take_bytes)(struct store_statement *statement,
				  size_t *length_out);
	void (*reset)(struct store_statement *statement);
};

extern const struct store_driver store_memory;
extern const struct store_driver store_sqlite;

#endif
