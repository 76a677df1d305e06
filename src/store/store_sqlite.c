/*
 * SQLite as a back end, in a file and in memory: the door to sqlite3.h.
 *
 * The file is in WAL mode with synchronous=FULL: a commit is on the disk when
 * it returns. One process writes at a time, the daemon or a command. Who only
 * reads begins no transaction, sees what was committed before his statement,
 * waits for no writer and holds none up; a long one merely lets the log grow,
 * as it is begun anew only when nobody reads in it. After a crash the first one
 * to open the file puts the log in order, and the others wait that long.
 */
#include "store/store_driver.h"

#include "base/bug.h"
#include "base/file.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	/* More than there are statements in store/. */
	STATEMENTS_MOST = 128,
	/* "tocs": whose file it is, as file(1) sees it too. */
	APPLICATION_ID = 0x746f6373,
};

/* By version; a text made of src/store/schema_N.sql by the Makefile. */
static const char *const schemas[] = {
#include "schema_1.sql.inc"
	,
#include "schema_2.sql.inc"
	,
#include "schema_3.sql.inc"
	,
#include "schema_4.sql.inc"
	,
#include "schema_5.sql.inc"
	,
};

enum { SCHEMA_NEWEST = sizeof(schemas) / sizeof(schemas[0]) };

struct store_statement {
	struct store_session *session;
	const char *sql;
	sqlite3_stmt *handle;
	bool in_use;
	int failure;		/* of preparing or binding; SQLITE_OK */
	int parameter;		/* the last one that was put */
	int column;		/* the next one to take */
};

struct store_session {
	sqlite3 *db;
	int own;		/* the file, locked; -1: it is not ours alone */
	char *path;		/* as a person would name it */
	int64_t version;	/* PRAGMA data_version, when last asked */
	size_t count;
	struct store_statement statements[STATEMENTS_MOST];
};

/* What SQLite's primary result codes mean for the caller. */
static const struct failure {
	int code;
	enum outcome outcome;
	const char *remedy;
} failures[] = {
	{ SQLITE_BUSY, OUTCOME_TEMPORARY, NULL },
	{ SQLITE_LOCKED, OUTCOME_TEMPORARY, NULL },
	{ SQLITE_PROTOCOL, OUTCOME_TEMPORARY, NULL },
	{ SQLITE_INTERRUPT, OUTCOME_TEMPORARY, NULL },
	{ SQLITE_IOERR, OUTCOME_TEMPORARY, NULL },
	{ SQLITE_FULL, OUTCOME_TEMPORARY, "free some space there" },
	{ SQLITE_CORRUPT, OUTCOME_PERMANENT,
	  "restore it from a backup, or move it away to begin a new one" },
	{ SQLITE_NOTADB, OUTCOME_PERMANENT,
	  "restore it from a backup, or move it away to begin a new one" },
	{ SQLITE_READONLY, OUTCOME_PERMANENT,
	  "whoever runs tocsin must be able to write it" },
	{ SQLITE_OK, OUTCOME_PERMANENT, NULL }	/* all others */
};

static const struct failure *
failure_find(int code)
{
	const struct failure *failure = failures;

	while (failure->code != SQLITE_OK && failure->code != code)
		failure++;
	return failure;
}

static enum outcome
failed(struct store_session *session, int code, struct buf *error)
{
	const struct failure *failure = failure_find(code);
	int reason = sqlite3_system_errno(session->db);
	enum outcome outcome = failure->outcome;

	if (code == SQLITE_NOMEM)
		BUG("no memory for SQLite");
	if (code == SQLITE_MISUSE || code == SQLITE_RANGE)
		BUG("SQLite: %s", sqlite3_errmsg(session->db));
	buf_printf(error, "the store %s: %s", session->path,
		   sqlite3_errmsg(session->db));
	if (reason && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN))
		buf_printf(error, ": %s", strerror(reason));
	if (code == SQLITE_CANTOPEN)
		outcome = outcome_of_errno(reason);
	if (failure->remedy)
		buf_printf(error, " (%s)", failure->remedy);
	return outcome;
}

/* One or more statements without parameters and without rows that count. */
static enum outcome
run(struct store_session *session, const char *sql, struct buf *error)
{
	int code = sqlite3_exec(session->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? OUTCOME_OK : failed(session, code, error);
}

static enum outcome
sqlite_begin(struct store_session *session, struct buf *error)
{
	/* Not a plain BEGIN, which takes the lock with the first change: then
	 * what was read before may be stale, and the change refused. That the
	 * daemon has one thread for the store does not help: commands write,
	 * too. And it costs nothing, since only who writes begins one. */
	return run(session, "BEGIN IMMEDIATE", error);
}

/* SQLite goes on in a file that was removed, as if nothing had happened. */
static bool
sqlite_gone(struct store_session *session)
{
	int moved = 0;

	/* A store in memory has no file to ask. */
	(void)sqlite3_file_control(session->db, "main",
				   SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved;
}

static enum outcome
sqlite_commit(struct store_session *session, struct buf *error)
{
	if (sqlite_gone(session)) {
		buf_printf(error, "the store %s was removed or replaced: put "
			   "it back, or start tocsin again", session->path);
		return OUTCOME_TEMPORARY;
	}
	return run(session, "COMMIT", error);
}

static void
sqlite_rollback(struct store_session *session)
{
	struct buf error = BUF_INIT;

	/* A full disk and the like have made SQLite roll back already. */
	if (!sqlite3_get_autocommit(session->db))
		(void)run(session, "ROLLBACK", &error);
	buf_release(&error);
}

static struct store_statement *
statement_add(struct store_session *session, const char *sql)
{
	struct store_statement *statement;

	if (session->count == STATEMENTS_MOST)
		BUG("more than %d statements", STATEMENTS_MOST);
	statement = &session->statements[session->count++];
	*statement = (struct store_statement){
		.session = session,
		.sql = sql,
	};
	return statement;
}

static struct store_statement *
statement_find(struct store_session *session, const char *sql)
{
	size_t i;

	for (i = 0; i < session->count; i++)
		if (session->statements[i].sql == sql)
			return &session->statements[i];
	return statement_add(session, sql);
}

static struct store_statement *
sqlite_prepare(struct store_session *session, const char *sql)
{
	struct store_statement *statement = statement_find(session, sql);

	if (statement->in_use)
		BUG("a statement is used within itself: %s", sql);
	statement->in_use = true;
	statement->parameter = 0;
	statement->failure = SQLITE_OK;
	if (!statement->handle)
		statement->failure = sqlite3_prepare_v3(session->db, sql, -1,
			SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
	return statement;
}

static void
bound(struct store_statement *statement, int code)
{
	if (statement->failure == SQLITE_OK)
		statement->failure = code;
}

static void
sqlite_put_integer(struct store_statement *statement, int64_t value)
{
	if (statement->handle)
		bound(statement, sqlite3_bind_int64(statement->handle,
			++statement->parameter, value));
}

static void
sqlite_put_text(struct store_statement *statement, const char *text)
{
	if (statement->handle)
		bound(statement, sqlite3_bind_text(statement->handle,
			++statement->parameter, text, -1, SQLITE_STATIC));
}

static void
sqlite_put_bytes(struct store_statement *statement, const void *bytes,
		 size_t length)
{
	if (statement->handle)
		bound(statement, sqlite3_bind_blob64(statement->handle,
			++statement->parameter, bytes, length,
			SQLITE_STATIC));
}

static enum outcome
sqlite_step(struct store_statement *statement, bool *row_out,
	    struct buf *error)
{
	int code = statement->failure;

	if (code == SQLITE_OK)
		code = sqlite3_step(statement->handle);
	statement->column = 0;
	*row_out = code == SQLITE_ROW;
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return OUTCOME_OK;
	return failed(statement->session, code, error);
}

static int64_t
sqlite_take_integer(struct store_statement *statement, int64_t otherwise)
{
	int column = statement->column++;

	if (sqlite3_column_type(statement->handle, column) == SQLITE_NULL)
		return otherwise;
	return sqlite3_column_int64(statement->handle, column);
}

static const void *
sqlite_take_bytes(struct store_statement *statement, size_t *length_out)
{
	int column = statement->column++;
	const void *bytes;

	*length_out = 0;
	if (sqlite3_column_type(statement->handle, column) == SQLITE_NULL)
		return NULL;
	bytes = sqlite3_column_blob(statement->handle, column);
	*length_out = (size_t)sqlite3_column_bytes(statement->handle, column);
	return bytes ? bytes : "";	/* none for no bytes */
}

static void
sqlite_reset(struct store_statement *statement)
{
	statement->in_use = false;
	if (!statement->handle)
		return;
	/* Repeats the error of the last step, which was reported. */
	(void)sqlite3_reset(statement->handle);
	/* Forgets what was only lent; cannot fail. */
	(void)sqlite3_clear_bindings(statement->handle);
}

/* The first column of the first row. */
static enum outcome
ask_integer(struct store_session *session, const char *sql,
	    int64_t *value_out, struct buf *error)
{
	struct store_statement *statement = sqlite_prepare(session, sql);
	enum outcome outcome;
	bool row;

	outcome = sqlite_step(statement, &row, error);
	if (outcome == OUTCOME_OK && row)
		*value_out = sqlite_take_integer(statement, 0);
	sqlite_reset(statement);
	return outcome;
}

static bool
sqlite_changed(struct store_session *session)
{
	struct buf error = BUF_INIT;
	int64_t version = session->version;
	enum outcome outcome;
	bool same;

	outcome = ask_integer(session, "PRAGMA data_version", &version,
			      &error);
	same = outcome == OUTCOME_OK && version == session->version;
	session->version = version;
	buf_release(&error);
	return !same;
}

static void
sqlite_close(struct store_session **session)
{
	size_t i;

	for (i = 0; i < (*session)->count; i++)
		(void)sqlite3_finalize((*session)->statements[i].handle);
	/* Nothing is open any more, so this can only fail in tidying up the
	 * log, which the next one to open the file does. */
	(void)sqlite3_close((*session)->db);
	/* After it: closing any descriptor of the file drops the locks that
	 * this process has on it. */
	if ((*session)->own >= 0)
		(void)close((*session)->own);	/* only locked */
	free((*session)->path);
	free(*session);
	*session = NULL;
}

/* The file's version, 0 when there is nothing in it; whether it is ours. */
static enum outcome
read_version(struct store_session *session, int64_t *version_out,
	     struct buf *error)
{
	int64_t tables = 0, application = 0;
	enum outcome outcome;

	outcome = ask_integer(session, "SELECT count(*) FROM sqlite_schema",
			      &tables, error);
	if (outcome == OUTCOME_OK)
		outcome = ask_integer(session, "PRAGMA application_id",
				      &application, error);
	if (outcome == OUTCOME_OK)
		outcome = ask_integer(session, "PRAGMA user_version",
				      version_out, error);
	if (outcome != OUTCOME_OK || !tables || application == APPLICATION_ID)
		return outcome;
	buf_printf(error, "%s is the database of another program",
		   session->path);
	return OUTCOME_PERMANENT;
}

/* Older versions are refused, not read: the statements name columns that they
 * do not have. */
static enum outcome
check_version(struct store_session *session, bool is_own,
	      int64_t *version_out, struct buf *error)
{
	enum outcome outcome = read_version(session, version_out, error);
	int64_t version = *version_out;

	if (outcome != OUTCOME_OK || !version || version == SCHEMA_NEWEST)
		return outcome;
	if (version < 0 || version > SCHEMA_NEWEST)
		buf_printf(error, "%s was written by a newer tocsin: its "
			   "version is %lld, this program knows %d",
			   session->path, (long long)version, SCHEMA_NEWEST);
	else if (!is_own)
		buf_printf(error, "%s was written by an older tocsin: its "
			   "version is %lld, this program has %d; `tocsin "
			   "run` brings it up to date when it starts",
			   session->path, (long long)version, SCHEMA_NEWEST);
	else
		return OUTCOME_OK;
	return OUTCOME_PERMANENT;
}

/* Inside a transaction. Asks the version again: two processes may have found
 * the same new file. */
static enum outcome
apply_schemas(struct store_session *session, struct buf *error)
{
	struct buf mark = BUF_INIT;
	enum outcome outcome;
	int64_t version = 0;

	outcome = read_version(session, &version, error);
	for (; outcome == OUTCOME_OK && version < SCHEMA_NEWEST; version++)
		outcome = run(session, schemas[version], error);
	buf_printf(&mark, "PRAGMA application_id = %d;"
		   "PRAGMA user_version = %d", APPLICATION_ID, SCHEMA_NEWEST);
	if (outcome == OUTCOME_OK)
		outcome = run(session, mark.data, error);
	buf_release(&mark);
	return outcome;
}

/* All versions that are missing in one transaction: a process that ends
 * meanwhile leaves the one there was. */
static enum outcome
upgrade(struct store_session *session, struct buf *error)
{
	enum outcome outcome;

	/* A table that is made anew would take with it whatever refers to it.
	 * Means nothing inside a transaction. */
	outcome = run(session, "PRAGMA foreign_keys = OFF", error);
	if (outcome == OUTCOME_OK)
		outcome = sqlite_begin(session, error);
	if (outcome == OUTCOME_OK)
		outcome = apply_schemas(session, error);
	if (outcome == OUTCOME_OK)
		outcome = sqlite_commit(session, error);
	if (outcome != OUTCOME_OK)
		sqlite_rollback(session);
	if (outcome == OUTCOME_OK)
		outcome = run(session, "PRAGMA foreign_keys = ON", error);
	return outcome;
}

/* Whether the log stays a file of its own when the last one closes the store.
 * SQLite writes it into the file by itself then, which is a change. */
static void
keep_log(struct store_session *session, bool keeps)
{
	/* Cannot fail: SQLite knows it since 3.16. */
	(void)sqlite3_db_config(session->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
				(int)keeps, NULL);
}

/* `name` is what SQLite opens, `path` what the sentences say. */
static enum outcome
session_open(const char *name, const char *path,
	     struct store_session **session_out, struct buf *error)
{
	struct store_session *session = bug_alloc(sizeof(*session));
	int code;

	/* It would count under a lock what it allocates. Refused, without harm,
	 * when a store is open already. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	memset(session, 0, sizeof(*session));
	session->path = bug_strdup(path);
	session->own = -1;
	*session_out = session;
	code = sqlite3_open_v2(name, &session->db, SQLITE_OPEN_READWRITE |
			       SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		return failed(session, code, error);
	keep_log(session, true);
	/* Others hold the lock for as long as a commit takes, which is long
	 * only where the disk is slow. In the daemon it is the clerk who waits,
	 * not the loop. Cannot fail. */
	(void)sqlite3_busy_timeout(session->db, STORE_BUSY_MS);
	return run(session,
		"PRAGMA foreign_keys = ON;"
		"PRAGMA trusted_schema = OFF;"
		"PRAGMA temp_store = MEMORY;"
		/* Debian's default overwrites each deleted mail with zeros,
		 * which costs as much as writing it. */
		"PRAGMA secure_delete = FAST", error);
}

static enum outcome
log_ahead(struct store_session *session, struct buf *error)
{
	struct store_statement *statement;
	enum outcome outcome;
	const char *mode = "";
	size_t length;
	bool row;

	statement = sqlite_prepare(session, "PRAGMA journal_mode = WAL");
	outcome = sqlite_step(statement, &row, error);
	if (outcome == OUTCOME_OK && row)
		mode = sqlite_take_bytes(statement, &length);
	if (outcome == OUTCOME_OK && strcmp(mode, "wal")) {
		buf_printf(error, "%s cannot have a write-ahead log (is it on "
			   "a network file system?)", session->path);
		outcome = OUTCOME_PERMANENT;
	}
	sqlite_reset(statement);
	return outcome;
}

static enum outcome
check_writable(struct store_session *session, struct buf *error)
{
	if (!sqlite3_db_readonly(session->db, "main"))
		return OUTCOME_OK;
	buf_printf(error, "the store %s cannot be written (%s)", session->path,
		   failure_find(SQLITE_READONLY)->remedy);
	return OUTCOME_PERMANENT;
}

/* For this process alone, as far as others ask for the same. */
static enum outcome
make_own(struct store_session *session, struct buf *error)
{
	session->own = open(session->path, O_RDONLY | O_CLOEXEC);
	if (session->own < 0) {
		buf_printf(error, "cannot open %s: %s", session->path,
			   strerror(errno));
		return outcome_of_errno(errno);
	}
	if (!flock(session->own, LOCK_EX | LOCK_NB))
		return OUTCOME_OK;
	buf_printf(error, "another tocsin runs on the store %s: stop it first, "
		   "or give this one a `store` of its own", session->path);
	return OUTCOME_PERMANENT;
}

/* What the connection is like, once the file is known to be ours. */
static enum outcome
set_up(struct store_session *session, struct buf *error)
{
	enum outcome outcome;

	keep_log(session, false);
	outcome = log_ahead(session, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	return run(session,
		"PRAGMA synchronous = FULL;"
		/* 16 MB: a page that a storm of mails changes again and again
		 * is written once. */
		"PRAGMA wal_autocheckpoint = 4096;"
		/* What a burst has made of the log is given back. */
		"PRAGMA journal_size_limit = 67108864", error);
}

static enum outcome
open_file(const char *path, bool is_own, struct store_session **session_out,
	  struct buf *error)
{
	enum outcome outcome = session_open(path, path, session_out, error);
	int64_t version = 0;

	if (outcome == OUTCOME_OK)
		outcome = check_writable(*session_out, error);
	if (outcome == OUTCOME_OK && is_own)
		outcome = make_own(*session_out, error);
	if (outcome == OUTCOME_OK)
		outcome = check_version(*session_out, is_own, &version, error);
	if (outcome == OUTCOME_OK)
		outcome = set_up(*session_out, error);
	if (outcome == OUTCOME_OK && version < SCHEMA_NEWEST)
		outcome = upgrade(*session_out, error);
	if (outcome != OUTCOME_OK)
		sqlite_close(session_out);
	else			/* what others change is told from here on */
		(void)sqlite_changed(*session_out);
	return outcome;
}

/*
 * Make an empty file that only its owner may read; SQLite gives its other
 * files the same mode. A file that is there is not even opened here: closing
 * it would drop the locks that this process has on it.
 */
static enum outcome
make_private(const char *path, struct buf *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int reason = errno;

	if (fd >= 0) {
		(void)close(fd);	/* nothing was written */
		return file_sync_folder(path, error);
	}
	if (reason == EEXIST)
		return OUTCOME_OK;
	buf_printf(error, "cannot create %s: %s", path, strerror(reason));
	return outcome_of_errno(reason);
}

/* The copy is one file: SQLite writes it without a log, and does not sync it.
 */
static enum outcome
sync_copy(const char *path, struct buf *error)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool synced = fd >= 0 && !fsync(fd);

	if (!synced)
		buf_printf(error, "cannot write %s: %s", path,
			   strerror(errno));
	if (fd >= 0)
		(void)close(fd);	/* synced, or failed already */
	return synced ? file_sync_folder(path, error) : OUTCOME_TEMPORARY;
}

/* One transaction that reads: what is committed meanwhile is not in it. */
static enum outcome
copy_into(struct store_session *session, const char *path, struct buf *error)
{
	struct store_statement *statement =
		sqlite_prepare(session, "VACUUM INTO $1");
	enum outcome outcome;
	bool row;

	sqlite_put_text(statement, path);
	outcome = sqlite_step(statement, &row, error);
	sqlite_reset(statement);
	return outcome == OUTCOME_OK ? sync_copy(path, error) : outcome;
}

static enum outcome
sqlite_copy(struct store_session *session, const char *path, struct buf *error)
{
	enum outcome outcome;

	/* SQLite would make it for everybody to read. */
	if (!access(path, F_OK)) {
		buf_printf(error, "there is a file %s", path);
		return OUTCOME_PERMANENT;
	}
	outcome = make_private(path, error);
	if (outcome == OUTCOME_OK)
		outcome = copy_into(session, path, error);
	if (outcome != OUTCOME_OK)
		(void)unlink(path);	/* what is there is of no use */
	return outcome;
}

/* SQLite's own look at all pages and indexes. */
static enum outcome
check_whole(struct store_session *session, struct buf *error)
{
	struct store_statement *statement =
		sqlite_prepare(session, "PRAGMA integrity_check(1)");
	const char *said = "";
	enum outcome outcome;
	size_t length;
	bool row;

	outcome = sqlite_step(statement, &row, error);
	if (outcome == OUTCOME_OK && row)
		said = sqlite_take_bytes(statement, &length);
	if (outcome == OUTCOME_OK && strcmp(said, "ok")) {
		/* Behind a line that names the database. */
		if (strchr(said, '\n'))
			said = strchr(said, '\n') + 1;
		buf_printf(error, "%s is damaged: %s", session->path, said);
		outcome = OUTCOME_PERMANENT;
	}
	sqlite_reset(statement);
	return outcome;
}

static enum outcome
file_examine(const char *url, struct buf *error)
{
	const char *path = store_file(url);
	struct store_session *session = NULL;
	int64_t version = 0;
	enum outcome outcome = session_open(path, path, &session, error);

	if (outcome == OUTCOME_OK)
		outcome = check_version(session, true, &version, error);
	if (outcome == OUTCOME_OK && !version) {
		buf_printf(error, "there is no store in %s", path);
		outcome = OUTCOME_PERMANENT;
	}
	if (outcome == OUTCOME_OK)
		outcome = check_whole(session, error);
	sqlite_close(&session);
	return outcome;
}

static enum outcome
memory_examine(const char *url, struct buf *error)
{
	buf_printf(error, "%s is no file", url);
	return OUTCOME_PERMANENT;
}

static bool
file_takes(const char *url)
{
	return store_file(url);
}

static enum outcome
file_open(const char *url, bool is_own, struct store_session **session_out,
	  struct buf *error)
{
	const char *path = store_file(url);
	enum outcome outcome = make_private(path, error);

	if (outcome == OUTCOME_OK)
		outcome = open_file(path, is_own, session_out, error);
	return outcome;
}

static bool
memory_takes(const char *url)
{
	return !strcmp(url, "memory");
}

/* The first one is made as a file is, the next ones begin as what it was then:
 * tests open thousands, all in one thread. */
static enum outcome
memory_begin(struct store_session *session, struct buf *error)
{
	static unsigned char *image;
	static sqlite3_int64 size;
	unsigned char *copy;
	enum outcome outcome;
	int code;

	if (!image) {
		outcome = upgrade(session, error);
		if (outcome == OUTCOME_OK)
			image = sqlite3_serialize(session->db, "main", &size,
						  0);
		return outcome;
	}
	copy = sqlite3_malloc64((sqlite3_uint64)size);
	if (!copy)
		BUG("no memory for SQLite");
	memcpy(copy, image, (size_t)size);
	code = sqlite3_deserialize(session->db, "main", copy, size, size,
				   SQLITE_DESERIALIZE_FREEONCLOSE |
				   SQLITE_DESERIALIZE_RESIZEABLE);
	return code == SQLITE_OK ? OUTCOME_OK : failed(session, code, error);
}

static enum outcome
memory_open(const char *url, bool is_own, struct store_session **session_out,
	    struct buf *error)
{
	enum outcome outcome;

	(void)is_own;			/* nobody else can have it */
	outcome = session_open(":memory:", url, session_out, error);
	if (outcome == OUTCOME_OK)
		outcome = memory_begin(*session_out, error);
	if (outcome != OUTCOME_OK)
		sqlite_close(session_out);
	return outcome;
}

/* All that a connection does once it is open. */
#define SQLITE_CONNECTION \
	.close = sqlite_close, \
	.begin = sqlite_begin, \
	.commit = sqlite_commit, \
	.rollback = sqlite_rollback, \
	.changed = sqlite_changed, \
	.gone = sqlite_gone, \
	.copy = sqlite_copy, \
	.prepare = sqlite_prepare, \
	.put_integer = sqlite_put_integer, \
	.put_text = sqlite_put_text, \
	.put_bytes = sqlite_put_bytes, \
	.step = sqlite_step, \
	.take_integer = sqlite_take_integer, \
	.take_bytes = sqlite_take_bytes, \
	.reset = sqlite_reset

const struct store_driver store_sqlite = {
	.name = "sqlite",
	.takes = file_takes,
	.open = file_open,
	.examine = file_examine,
	SQLITE_CONNECTION
};

const struct store_driver store_memory = {
	.name = "memory",
	.takes = memory_takes,
	.open = memory_open,
	.examine = memory_examine,
	SQLITE_CONNECTION
};
