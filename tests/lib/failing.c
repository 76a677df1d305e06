/*
 * A driver that hands everything through to the one behind it. A session and a
 * statement of its own stand before the real ones, so that it knows whose they
 * are.
 */
#include "failing.h"

#include "base/bug.h"
#include "store/query.h"

struct store_statement {
	struct store_statement *next;
	struct store_session *session;
	struct store_statement *real;
	bool is_run;
};

struct store_session {
	struct failing *failing;
	const struct store_driver *driver;
	struct store_session *real;
	struct store_statement *statements;
};

const char *const failing_names[] = {
	"not", "locked", "full", "gone", "conflict", "lost", NULL
};

/* ---- when ---- */

enum step { BEGIN = 1 << 0, STATEMENT = 1 << 1, COMMIT = 1 << 2 };

static const struct {
	unsigned int steps;		/* that it is about */
	bool goes_on;			/* with all of them that follow */
	enum outcome outcome;
	const char *sentence;
} kinds[FAILING_KINDS] = {
	[FAILING_LOCKED] = { BEGIN | STATEMENT, true, OUTCOME_TEMPORARY,
			     "somebody else has the store" },
	[FAILING_FULL] = { STATEMENT, false, OUTCOME_TEMPORARY,
			   "the store has no room" },
	[FAILING_GONE] = { COMMIT, true, OUTCOME_TEMPORARY,
			   "the store is not there any more" },
	[FAILING_CONFLICT] = { BEGIN | STATEMENT | COMMIT, false,
			       OUTCOME_CONFLICT, "somebody was faster" },
	[FAILING_LOST] = { COMMIT, false, OUTCOME_CONFLICT,
			   "nobody knows whether it was stored" },
};

static enum outcome
take_step(struct failing *failing, enum step step, struct buf *error)
{
	if (!(kinds[failing->kind].steps & step) ||
	    ++failing->steps < failing->at ||
	    (failing->steps > failing->at && !kinds[failing->kind].goes_on))
		return OUTCOME_OK;
	failing->failed++;
	buf_puts(error, kinds[failing->kind].sentence);
	return kinds[failing->kind].outcome;
}

void
failing_set(struct failing *failing, enum failing_kind kind, unsigned int at)
{
	*failing = (struct failing){ .kind = kind, .at = at };
}

/* ---- the driver ---- */

static void
failing_close(struct store_session **session)
{
	struct store_statement *statement, *next;

	for (statement = (*session)->statements; statement; statement = next) {
		next = statement->next;
		free(statement);
	}
	(*session)->driver->close(&(*session)->real);
	free(*session);
	*session = NULL;
}

static enum outcome
failing_begin(struct store_session *session, struct buf *error)
{
	enum outcome outcome = take_step(session->failing, BEGIN, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	return session->driver->begin(session->real, error);
}

static enum outcome
failing_commit(struct store_session *session, struct buf *error)
{
	enum outcome answer = take_step(session->failing, COMMIT, error);
	enum outcome outcome;

	if (answer != OUTCOME_OK && session->failing->kind != FAILING_LOST)
		return answer;
	outcome = session->driver->commit(session->real, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	session->failing->commits++;
	return answer;
}

static void
failing_rollback(struct store_session *session)
{
	session->driver->rollback(session->real);
}

static bool
failing_changed(struct store_session *session)
{
	return session->driver->changed(session->real);
}

static bool
failing_gone(struct store_session *session)
{
	return session->driver->gone(session->real);
}

static struct store_statement *
failing_prepare(struct store_session *session, const char *sql)
{
	struct store_statement *real, *statement = session->statements;

	real = session->driver->prepare(session->real, sql);
	while (statement && statement->real != real)
		statement = statement->next;
	if (statement)
		return statement;
	statement = bug_alloc(sizeof(*statement));
	*statement = (struct store_statement){
		.next = session->statements, .session = session, .real = real,
	};
	session->statements = statement;
	return statement;
}

static void
failing_put_integer(struct store_statement *statement, int64_t value)
{
	statement->session->driver->put_integer(statement->real, value);
}

static void
failing_put_text(struct store_statement *statement, const char *text)
{
	statement->session->driver->put_text(statement->real, text);
}

static void
failing_put_bytes(struct store_statement *statement, const void *bytes,
		  size_t length)
{
	statement->session->driver->put_bytes(statement->real, bytes, length);
}

static enum outcome
failing_step(struct store_statement *statement, bool *row_out,
	     struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;

	*row_out = false;
	if (!statement->is_run)
		outcome = take_step(statement->session->failing, STATEMENT,
				    error);
	statement->is_run = true;
	if (outcome != OUTCOME_OK)
		return outcome;
	return statement->session->driver->step(statement->real, row_out,
						error);
}

static int64_t
failing_take_integer(struct store_statement *statement, int64_t otherwise)
{
	return statement->session->driver->take_integer(statement->real,
							otherwise);
}

static const void *
failing_take_bytes(struct store_statement *statement, size_t *length_out)
{
	return statement->session->driver->take_bytes(statement->real,
						      length_out);
}

static void
failing_reset(struct store_statement *statement)
{
	statement->is_run = false;
	statement->session->driver->reset(statement->real);
}

static const struct store_driver driver = {
	.name = "failing",
	.close = failing_close,
	.begin = failing_begin,
	.commit = failing_commit,
	.rollback = failing_rollback,
	.changed = failing_changed,
	.gone = failing_gone,
	.prepare = failing_prepare,
	.put_integer = failing_put_integer,
	.put_text = failing_put_text,
	.put_bytes = failing_put_bytes,
	.step = failing_step,
	.take_integer = failing_take_integer,
	.take_bytes = failing_take_bytes,
	.reset = failing_reset,
};

struct store *
failing_open(struct failing *failing, const char *url)
{
	struct store_session *session = bug_alloc(sizeof(*session));
	struct buf error = BUF_INIT;
	struct store *store;

	if (store_open(url, &store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	buf_release(&error);
	*session = (struct store_session){
		.failing = failing, .driver = store->driver,
		.real = store->session,
	};
	store->driver = &driver;
	store->session = session;
	failing_set(failing, FAILING_NOT, 0);
	return store;
}
