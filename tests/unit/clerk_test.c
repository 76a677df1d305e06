/*
 * The clerk and its twin: every story is told by both. The store under them is
 * the one in memory, whose transactions are counted and fail when they are told
 * to.
 */
#include "store/clerk.h"

#include "base/bug.h"
#include "base/container.h"
#include "store/query.h"
#include "tap.h"
#include "temporary.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOON (INT64_C(20000) * 86400000 + 43200000)

enum { JOBS = 10, MANY = 70 };

static const char *kind_name;
static struct loop *loop;
static struct clock the_clock;
static struct store *store;
static struct clerk *clerk;
static pthread_t loop_thread;

/* Letters of units: small when it works, large when it is done. */
static struct buf worked = BUF_INIT, done = BUF_INIT;

/* ---- a store that is told how its transactions go ---- */

enum { PLAN_MOST = 4 };

/* The outcomes of the first ones; after them all is well. */
struct plan {
	enum outcome outcomes[PLAN_MOST];
	size_t count;			/* how many there were */
	bool is_for_ever;		/* the first of them, that is */
	bool is_done_all_the_same;	/* only the answer was lost */
};

#define PLAN(...) ((struct plan){ .outcomes = { __VA_ARGS__ } })
#define PLAN_FOR_EVER(outcome) \
	((struct plan){ .outcomes = { outcome }, .is_for_ever = true })

static struct plan begins, commits;
static struct store_driver driver;
static const struct store_driver *real_driver;
static void (*before_commit)(void);

static enum outcome
planned(struct plan *plan)
{
	size_t at = plan->count++;

	if (plan->is_for_ever)
		return plan->outcomes[0];
	return at < PLAN_MOST ? plan->outcomes[at] : OUTCOME_OK;
}

static enum outcome
planned_begin(struct store_session *session, struct buf *error)
{
	enum outcome outcome = planned(&begins);

	if (outcome == OUTCOME_OK)
		return real_driver->begin(session, error);
	buf_puts(error, "it does not begin");
	return outcome;
}

static enum outcome
planned_commit(struct store_session *session, struct buf *error)
{
	enum outcome outcome = planned(&commits);

	if (before_commit)
		before_commit();
	if (outcome == OUTCOME_OK)
		return real_driver->commit(session, error);
	if (commits.is_done_all_the_same &&
	    real_driver->commit(session, error) != OUTCOME_OK)
		BUG("%s", error->data);
	buf_puts(error, "it is not stored");
	return outcome;
}

typedef enum outcome store_opener(const char *url, struct store **store_out,
				  struct buf *error);

static struct store *
open_store(store_opener *open, const char *url)
{
	struct buf error = BUF_INIT;
	struct store *opened;

	if (open(url, &opened, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	buf_release(&error);
	return opened;
}

static void
open_planned(const char *url)
{
	store = open_store(store_open_own, url);
	real_driver = store->driver;
	driver = *real_driver;
	driver.begin = planned_begin;
	driver.commit = planned_commit;
	store->driver = &driver;
	begins = commits = (struct plan){ 0 };
	before_commit = NULL;
}

static const char *
read_meta(struct store *from, const char *name)
{
	static char text[64];
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	const char *value;

	if (store_meta(from, name, arena, &value, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	if (value)
		(void)snprintf(text, sizeof(text), "%s", value);
	arena_destroy(&arena);
	buf_release(&error);
	return value ? text : NULL;
}

/* ---- units ---- */

struct job {
	struct unit unit;
	char letter;
	struct plan plan;		/* of its work */
	bool waits;			/* for `gate`, where there is a thread */
	bool speaks;			/* to the log */
	enum outcome outcome;		/* and what it was answered */
	char error[64];
	pthread_t worker;
	bool is_deaf;			/* to signals, in its thread */
	struct job *next;		/* to be submitted when it is done */
};

static sem_t begun, gate;
static bool has_thread;

static enum outcome
work(struct unit *unit, struct store *in, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct job *job = CONTAINER_OF(unit, struct job, unit);
	enum outcome outcome = planned(&job->plan);
	sigset_t blocked;

	(void)in;
	buf_putc(&worked, job->letter);
	job->worker = pthread_self();
	(void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	job->is_deaf = sigismember(&blocked, SIGTERM) == 1;
	if (job->waits && has_thread) {
		(void)sem_post(&begun);
		(void)sem_wait(&gate);
	}
	change_put_meta(change, arena_printf(arena, "%c", job->letter),
			arena_printf(arena, "%zu", job->plan.count));
	if (job->speaks)
		change_log(change, LOG_LEVEL_INFO, "worked", "letter",
			   arena_printf(arena, "%c", job->letter), NULL);
	if (outcome != OUTCOME_OK)
		buf_printf(error, "%c cannot", job->letter);
	return outcome;
}

static void
job_done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct job *job = CONTAINER_OF(unit, struct job, unit);

	if (!pthread_equal(pthread_self(), loop_thread))
		buf_puts(&done, " in another thread: ");
	buf_putc(&done, (char)(job->letter - 'a' + 'A'));
	job->outcome = outcome;
	(void)snprintf(job->error, sizeof(job->error), "%s", error);
	if (job->next)
		clerk_submit(clerk, &job->next->unit);
}

static void
job_init(struct job *job, char letter)
{
	*job = (struct job){
		.unit = { .work = work, .done = job_done },
		.letter = letter,
	};
}

static void
jobs_init(struct job *jobs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		job_init(&jobs[i], (char)('a' + i % 26));
}

/* They wait together: the clerk is busy until the last one is there. */
static void
submit_together(struct job *jobs, size_t count)
{
	struct job first;
	size_t i;

	job_init(&first, 'z');
	first.unit.is_alone = first.waits = true;
	clerk_submit(clerk, &first.unit);
	if (has_thread)
		(void)sem_wait(&begun);
	for (i = 0; i < count; i++)
		clerk_submit(clerk, &jobs[i].unit);
	if (has_thread)
		(void)sem_post(&gate);
	loop_run(loop);
}

/* ---- the two kinds ---- */

static void
open_all(const char *state)
{
	the_clock = clock_at(NOON);
	loop = loop_create_virtual(&the_clock);
	open_planned(state);
	clerk = has_thread ? clerk_create(loop, store)
			   : clerk_create_inline(loop, store);
	buf_reset(&worked);
	buf_reset(&done);
}

static void
close_all(void)
{
	clerk_destroy(&clerk);
	store_close(&store);
	loop_destroy(&loop);
}

static void
test_one(void)
{
	struct job job;

	open_all("memory");
	job_init(&job, 'a');
	clerk_submit(clerk, &job.unit);
	is(done.data, "", "%s: nothing is done before the loop turns",
	   kind_name);
	loop_run(loop);
	is(done.data, "A", "%s: a unit is done, in the loop's thread",
	   kind_name);
	is_int(job.outcome, OUTCOME_OK, "%s: it is stored", kind_name);
	is(job.error, "", "%s: without an error", kind_name);
	ok(has_thread != !!pthread_equal(job.worker, loop_thread),
	   "%s: it works in the thread it should", kind_name);
	ok(job.is_deaf == has_thread, "%s: which no signal interrupts",
	   kind_name);
	clerk_submit(clerk, &job.unit);
	loop_run(loop);
	clerk_drain(clerk);
	is(read_meta(store, "a"), "2", "%s: it may be submitted again",
	   kind_name);
	close_all();
}

static void
test_group(void)
{
	struct job jobs[MANY];
	size_t i, good = 0;

	open_all("memory");
	jobs_init(jobs, JOBS);
	submit_together(jobs, JOBS);
	is(worked.data, "zabcdefghij", "%s: units work in their order",
	   kind_name);
	is(done.data, "ZABCDEFGHIJ", "%s: and are done in it", kind_name);
	is_int((long long)commits.count, 2,
	       "%s: what waits together is one commit", kind_name);

	jobs_init(jobs, MANY);
	commits.count = 0;
	submit_together(jobs, MANY);
	for (i = 0; i < MANY; i++)
		good += jobs[i].outcome == OUTCOME_OK;
	is_int((long long)commits.count, 1 + (MANY + 31) / 32,
	       "%s: but at most 32 units", kind_name);
	is_int((long long)good, MANY, "%s: of which none is lost", kind_name);
	close_all();
}

static void
test_gather(void)
{
	struct job jobs[JOBS];
	size_t i;

	open_all("memory");
	jobs_init(jobs, JOBS);
	clerk_gather(clerk);
	for (i = 0; i < JOBS; i++)
		clerk_submit(clerk, &jobs[i].unit);
	clerk_proceed(clerk);
	clerk_drain(clerk);
	is_int((long long)commits.count, 1,
	       "%s: what is gathered is one commit, though nobody was busy",
	       kind_name);
	clerk_submit(clerk, &jobs[0].unit);
	clerk_drain(clerk);
	is_int((long long)commits.count, 2, "%s: and then all is as before",
	       kind_name);
	for (i = 0; i < JOBS / 2; i++)
		jobs[i].next = &jobs[i + JOBS / 2];
	commits.count = 0;
	submit_together(jobs, JOBS / 2);
	is_int((long long)commits.count, 3, "%s: and so is what those that are "
	       "done submit", kind_name);
	close_all();
}

static void
test_alone(void)
{
	struct job jobs[JOBS];

	open_all("memory");
	jobs_init(jobs, JOBS);
	jobs[3].unit.is_alone = true;
	submit_together(jobs, JOBS);
	is(done.data, "ZABCDEFGHIJ",
	   "%s: a unit that is alone has its place in the row", kind_name);
	is_int((long long)commits.count, 4,
	       "%s: and a commit between those before and after", kind_name);
	close_all();
}

static void
test_failure_in_company(void)
{
	struct job jobs[JOBS];
	size_t i, good = 0;

	open_all("memory");
	jobs_init(jobs, JOBS);
	jobs[4].plan = PLAN_FOR_EVER(OUTCOME_PERMANENT);
	submit_together(jobs, JOBS);
	for (i = 0; i < JOBS; i++)
		good += jobs[i].outcome == OUTCOME_OK && !*jobs[i].error;
	is_int((long long)good, JOBS - 1,
	       "%s: one unit that fails harms none of the others", kind_name);
	is_int(jobs[4].outcome, OUTCOME_PERMANENT,
	       "%s: it is told its own outcome", kind_name);
	is(jobs[4].error, "e cannot", "%s: and sentence", kind_name);
	is(worked.data, "zabcdeabcdefghij",
	   "%s: each is run again, in its order", kind_name);
	is(done.data, "ZABCDEFGHIJ", "%s: and done once", kind_name);
	clerk_drain(clerk);
	is(read_meta(store, "d"), "2",
	   "%s: what the run that was undone wanted is not there", kind_name);
	is(read_meta(store, "e"), NULL, "%s: nor what the failed one did",
	   kind_name);
	close_all();
}

static void
test_failure_before_others(void)
{
	struct job jobs[MANY];
	struct buf want = BUF_INIT;
	size_t i;

	open_all("memory");
	jobs_init(jobs, MANY);
	jobs[1].plan = PLAN_FOR_EVER(OUTCOME_PERMANENT);
	submit_together(jobs, MANY);
	buf_putc(&want, 'Z');
	for (i = 0; i < MANY; i++)
		buf_putc(&want, (char)('A' + i % 26));
	is(done.data, want.data,
	   "%s: those of the next group stay behind the ones run again",
	   kind_name);

	jobs_init(jobs, 2);
	jobs[1].plan = PLAN_FOR_EVER(OUTCOME_PERMANENT);
	submit_together(jobs, 2);
	is_int(jobs[0].outcome, OUTCOME_OK,
	       "%s: two are company enough to be separated", kind_name);
	buf_release(&want);
	close_all();
}

static void
test_conflict(void)
{
	struct job jobs[2];

	open_all("memory");
	jobs_init(jobs, 2);
	jobs[0].plan = PLAN(OUTCOME_CONFLICT);
	clerk_submit(clerk, &jobs[0].unit);
	loop_run(loop);
	is_int(jobs[0].outcome, OUTCOME_OK,
	       "%s: a unit that meets a conflict is run again", kind_name);
	is(jobs[0].error, "", "%s: and has no error to tell of", kind_name);

	jobs_init(jobs, 2);
	commits = PLAN(OUTCOME_OK, OUTCOME_CONFLICT);
	commits.is_done_all_the_same = true;
	submit_together(jobs, 2);
	is_int(jobs[0].outcome, OUTCOME_OK,
	       "%s: so are all when a commit's answer is lost", kind_name);
	is_int((long long)jobs[1].plan.count, 2, "%s: from the start",
	       kind_name);

	jobs_init(jobs, 2);
	begins = PLAN(OUTCOME_OK, OUTCOME_CONFLICT);
	submit_together(jobs, 2);
	is_int(jobs[1].outcome, OUTCOME_OK,
	       "%s: or a transaction does not begin", kind_name);
	close_all();
}

static void
test_conflict_for_ever(void)
{
	struct job jobs[2];

	open_all("memory");
	jobs_init(jobs, 2);
	jobs[0].plan = PLAN_FOR_EVER(OUTCOME_CONFLICT);
	clerk_submit(clerk, &jobs[0].unit);
	loop_run(loop);
	is_int(jobs[0].outcome, OUTCOME_TEMPORARY,
	       "%s: a conflict that does not end is a temporary failure",
	       kind_name);
	is(jobs[0].error, "a cannot", "%s: with its sentence", kind_name);
	is_int((long long)jobs[0].plan.count, 6, "%s: after a few runs",
	       kind_name);
	if (!has_thread)
		is_int(the_clock.fixed - NOON, 20 + 40 + 80 + 160 + 320,
		       "%s: and growing pauses", kind_name);
	close_all();
}

static void
test_pause(void)
{
	struct job jobs[2];

	if (has_thread)
		return;
	open_all("memory");
	jobs_init(jobs, 2);
	jobs[0].plan = PLAN(OUTCOME_CONFLICT);
	clerk_submit(clerk, &jobs[0].unit);
	loop_run_until(loop, NOON + 10);
	clerk_submit(clerk, &jobs[1].unit);
	loop_run_until(loop, NOON + 19);
	is(worked.data, "a", "%s: who comes in a pause does not end it",
	   kind_name);
	loop_run_until(loop, NOON + 20);
	is(done.data, "AB", "%s: and is next", kind_name);
	close_all();
}

static void
test_failing_store(void)
{
	struct job jobs[JOBS];

	open_all("memory");
	jobs_init(jobs, JOBS);
	begins = PLAN(OUTCOME_OK, OUTCOME_TEMPORARY);
	submit_together(jobs, JOBS);
	is(worked.data, "z", "%s: no unit works outside a transaction",
	   kind_name);
	is(jobs[9].error, "it does not begin",
	   "%s: one that does not begin is every unit's failure", kind_name);
	is_int((long long)begins.count, 2, "%s: and it is tried once",
	       kind_name);

	commits = PLAN(OUTCOME_OK, OUTCOME_PERMANENT);
	submit_together(jobs, JOBS);
	is_int(jobs[0].outcome, OUTCOME_PERMANENT,
	       "%s: so is one that is not stored", kind_name);
	is(jobs[9].error, "it is not stored", "%s: with its sentence",
	   kind_name);
	is_int((long long)commits.count, 2, "%s: which is tried once",
	       kind_name);
	close_all();
}

static void
test_drain(void)
{
	struct job jobs[MANY], next;
	size_t i, failed = 0;

	open_all("memory");
	jobs_init(jobs, MANY);
	job_init(&next, 'y');
	jobs[MANY - 1].next = &next;
	for (i = 0; i < MANY; i++)
		clerk_submit(clerk, &jobs[i].unit);
	clerk_drain(clerk);
	is_int((long long)done.len, MANY + 1,
	       "%s: draining ends when all is done, what came meanwhile too",
	       kind_name);
	loop_run(loop);
	is_int((long long)done.len, MANY + 1, "%s: and is the end of it",
	       kind_name);

	jobs_init(jobs, MANY);
	begins = PLAN_FOR_EVER(OUTCOME_TEMPORARY);
	for (i = 0; i < MANY; i++)
		clerk_submit(clerk, &jobs[i].unit);
	clerk_destroy(&clerk);
	for (i = 0; i < MANY; i++)
		failed += jobs[i].outcome == OUTCOME_TEMPORARY;
	is_int((long long)failed, MANY,
	       "%s: with a store that fails all are told so", kind_name);
	close_all();
}

static void
free_job(struct unit *unit, enum outcome outcome, const char *error)
{
	job_done(unit, outcome, error);
	free(CONTAINER_OF(unit, struct job, unit));
}

static void
test_freed(void)
{
	struct job *job = bug_alloc(sizeof(*job));

	open_all("memory");
	job_init(job, 'a');
	job->plan = PLAN(OUTCOME_PERMANENT);
	job->unit.done = free_job;
	clerk_submit(clerk, &job->unit);
	loop_run(loop);
	is(done.data, "A", "%s: a unit may be freed when it is done",
	   kind_name);
	close_all();
}

/* ---- a store in a file, that others have open too ---- */

static struct store *other;
static char directory[TEMPORARY_LENGTH];

static void
open_both(void)
{
	char url[64];

	if (!mkdtemp(temporary(directory)))
		BUG("no directory: %s", strerror(errno));
	(void)snprintf(url, sizeof(url), "sqlite:%s/store.db", directory);
	open_all(url);
	other = open_store(store_open, url);
}

static void
close_both(void)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char path[64];
	size_t i;

	close_all();
	store_close(&other);
	for (i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/store.db%s", directory,
			       names[i]);
		(void)unlink(path);
	}
	(void)rmdir(directory);
	memcpy(strrchr(directory, '.') + 1, "XXXXXX", 6);
}

static bool was_seen;
static int log_file;

/* What the log has while standard error is the file `log_file`. */
static const char *
read_log(void)
{
	static char text[256];
	ssize_t length = pread(log_file, text, sizeof(text) - 1, 0);

	text[length < 0 ? 0 : length] = '\0';
	return text;
}

static void
look_from_outside(void)
{
	was_seen = was_seen || read_meta(other, "a") || *read_log() ||
		   done.len;
}

static void
test_nothing_before_commit(void)
{
	int before = dup(STDERR_FILENO);
	struct job jobs[2];

	open_both();
	log_file = memfd_create("log", MFD_CLOEXEC);
	if (log_file < 0 || before < 0 || dup2(log_file, STDERR_FILENO) < 0)
		BUG("no log");
	jobs_init(jobs, 2);
	was_seen = false;
	before_commit = look_from_outside;
	jobs[0].speaks = jobs[1].speaks = true;
	jobs[0].next = &jobs[1];
	jobs[1].plan = PLAN_FOR_EVER(OUTCOME_PERMANENT);
	clerk_submit(clerk, &jobs[0].unit);
	loop_run(loop);
	ok(!was_seen, "%s: before the commit nothing is seen outside",
	   kind_name);
	is(read_meta(other, "a"), "1", "%s: and all of it after", kind_name);
	is(read_log(), "event=worked letter=a\n",
	   "%s: log lines too, and none of what failed", kind_name);
	if (dup2(before, STDERR_FILENO) < 0)
		BUG("no standard error");
	(void)close(before);
	(void)close(log_file);
	close_both();
}

/* ---- a store that another process has locked ---- */

static int turns;
static struct loop_timer *turning;

static void
turn(void *context)
{
	struct buf error = BUF_INIT;

	(void)context;
	if (++turns == 5 && store_end(other, OUTCOME_OK, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	if (turns < 5)
		loop_timer_set(turning, 1);
	buf_release(&error);
}

/* On a machine that is slow enough it was locked for too long. */
static void
until_stored(struct unit *unit, enum outcome outcome, const char *error)
{
	if (outcome == OUTCOME_TEMPORARY && turns < 5) {
		clerk_submit(clerk, unit);
		return;
	}
	job_done(unit, outcome, error);
	loop_stop(loop);
}

static void
test_locked(void)
{
	struct buf error = BUF_INIT;
	struct job job;

	open_both();
	clerk_destroy(&clerk);
	loop_destroy(&loop);
	loop = loop_create();
	clerk = clerk_create(loop, store);
	job_init(&job, 'a');
	job.unit.done = until_stored;
	if (store_begin(other, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	turns = 0;
	turning = loop_timer(loop, turn, NULL);
	loop_timer_set(turning, 0);
	clerk_submit(clerk, &job.unit);
	loop_run(loop);
	is_int(turns, 5, "the loop turns while the store is locked");
	is(done.data, "A", "and the unit is done when it no longer is");
	buf_release(&error);
	close_both();
}

static void
test_kind(bool threaded, const char *name)
{
	has_thread = threaded;
	kind_name = name;
	test_one();
	test_group();
	test_gather();
	test_alone();
	test_failure_in_company();
	test_failure_before_others();
	test_conflict();
	test_conflict_for_ever();
	test_pause();
	test_failing_store();
	test_drain();
	test_freed();
	test_nothing_before_commit();
}

int
main(void)
{
	loop_thread = pthread_self();
	if (sem_init(&begun, 0, 0) || sem_init(&gate, 0, 0))
		BUG("no semaphores");
	test_kind(true, "thread");
	test_kind(false, "inline");
	has_thread = true;
	test_locked();
	buf_release(&worked);
	buf_release(&done);
	return tap_done();
}
