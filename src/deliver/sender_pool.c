/*
 * One mutex guards everything but `give_up`. Whoever changes something that may
 * let a job begin calls dispatch(), which hands jobs to threads; a thread only
 * waits for what it is handed. So it is decided in one place who sends what.
 */
#include "deliver/sender_pool.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/thread.h"
#include "oncall/endpoint.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* Connections nobody used for so long are closed: a server keeps few
	 * of them, and drops them itself after minutes. */
	IDLE_S = 20,
	/* A relay that takes longer for one mail is one that hangs. */
	SLOW_MS = 2000,
	REPLY_CLOSING = 421,		/* of SMTP: it has hung up */
};

struct item {
	struct item *next;
	struct arena *arena;		/* holds the item and its job */
	const struct relay *relay;
	struct send_job job;
	uint64_t id;
};

/* The jobs of one relay. It is kept: there are few names. */
struct line {
	struct line *next;
	char *name;
	struct item *first, **end;
	size_t abreast;
	bool is_known;			/* a job was done, */
	bool is_quick;			/* and the last one in good time */
};

struct worker {
	pthread_t thread;
	pthread_cond_t handed;		/* something changed for it */
	struct sender_pool *pool;
	struct line *line;		/* whose connections it may have */
	struct item *item;		/* that it is to send, or sends */
	int64_t since_ms;		/* it has it, by the monotonic clock */
	bool must_rest;			/* close them first: they are of another
					   line, or too many */
	struct line *closing;		/* whose they are until that is done */
};

struct sender_pool {
	pthread_mutex_t mutex;
	pthread_cond_t ended;		/* a thread, by is_draining */
	const struct clock *clock;
	atomic_bool give_up;
	bool is_draining;
	int event;

	struct line *lines;
	struct sender_done *done, **done_end;

	size_t spare;
	size_t running;			/* threads that have not ended */
	size_t started;
	size_t count;			/* at most */
	struct worker workers[];
};

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);	/* cannot fail */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	if (pthread_condattr_init(&attributes) ||
	    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) ||
	    pthread_cond_init(condition, &attributes))
		BUG("condition");
	(void)pthread_condattr_destroy(&attributes);	/* holds nothing */
}

/* ---- lines ---- */

static struct line *
line_find(struct sender_pool *pool, const char *name)
{
	struct line **at = &pool->lines;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	if (*at)
		return *at;
	*at = bug_alloc(sizeof(**at));
	**at = (struct line){ .name = bug_alloc(strlen(name) + 1),
			      .abreast = 1 };
	memcpy((*at)->name, name, strlen(name) + 1);
	(*at)->end = &(*at)->first;
	return *at;
}

static void
lines_destroy(struct sender_pool *pool)
{
	struct line *line;

	while ((line = pool->lines)) {
		pool->lines = line->next;
		free(line->name);
		free(line);
	}
}

static struct item *
pop(struct line *line)
{
	struct item *item = line->first;

	line->first = item->next;
	if (!line->first)
		line->end = &line->first;
	return item;
}

/* How many threads have its connections, and how many of those are sending. */
struct use {
	size_t attached, busy;
	bool is_slow;
};

static struct use
use_of(const struct sender_pool *pool, const struct line *line, int64_t now)
{
	struct use use = { .is_slow = line->is_known && !line->is_quick };
	size_t i;

	for (i = 0; i < pool->started; i++) {
		const struct worker *worker = &pool->workers[i];

		use.attached += worker->closing == line;
		if (worker->line != line)
			continue;
		use.attached++;
		use.busy += worker->item != NULL;
		use.is_slow |= worker->item &&
			       now - worker->since_ms > SLOW_MS;
	}
	/* Of which nothing is known, one job shows it. */
	use.is_slow |= !line->is_known && use.busy;
	return use;
}

/* How many threads send for relays that may hang. */
static size_t
slow_busy(const struct sender_pool *pool, int64_t now)
{
	const struct line *line;
	size_t busy = 0;

	for (line = pool->lines; line; line = line->next) {
		struct use use = use_of(pool, line, now);

		busy += use.is_slow ? use.busy : 0;
	}
	return busy;
}

/* ---- who sends what ---- */

static void *work(void *context);

static struct worker *
start_worker(struct sender_pool *pool)
{
	struct worker *worker = &pool->workers[pool->started++];

	pool->running++;
	worker->pool = pool;
	init_condition(&worker->handed);
	worker->thread = thread_start(work, worker);
	return worker;
}

/* An idle one that has connections of `line`, NULL: of nobody. */
static struct worker *
find_idle(struct sender_pool *pool, const struct line *line)
{
	size_t i;

	for (i = 0; i < pool->started; i++)
		if (!pool->workers[i].item && pool->workers[i].line == line)
			return &pool->workers[i];
	return NULL;
}

static struct worker *
find_idle_of_any(struct sender_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->started; i++)
		if (!pool->workers[i].item)
			return &pool->workers[i];
	return NULL;
}

/* Its connections are to be closed. */
static void
let_go(struct worker *worker)
{
	worker->must_rest = true;
	worker->closing = worker->line;
	worker->line = NULL;
}

static struct worker *
find_worker(struct sender_pool *pool, const struct line *line, size_t attached)
{
	struct worker *worker = find_idle(pool, line);

	if (worker)
		return worker;
	if (attached >= line->abreast)
		return NULL;
	worker = find_idle(pool, NULL);
	if (!worker && pool->started < pool->count)
		worker = start_worker(pool);
	return worker ? worker : find_idle_of_any(pool);
}

static size_t
free_threads(const struct sender_pool *pool)
{
	size_t count = pool->count, i;

	for (i = 0; i < pool->started; i++)
		count -= pool->workers[i].item != NULL;
	return count;
}

/* Whether a line leaves enough threads for the others. Half of the spare ones
 * are for lines that have none yet: whoever has some may begin to hang. */
static bool
is_fair(const struct sender_pool *pool, const struct use *use, int64_t now)
{
	if (use->busy && free_threads(pool) <= pool->spare / 2)
		return false;
	return !use->is_slow ||
	       slow_busy(pool, now) + pool->spare < pool->count;
}

/* Whether one could begin. */
static bool
begin_one(struct sender_pool *pool, struct line *line, int64_t now)
{
	struct use use = use_of(pool, line, now);
	struct worker *worker;

	if (!line->first || use.busy >= line->abreast ||
	    !is_fair(pool, &use, now))
		return false;
	worker = find_worker(pool, line, use.attached);
	if (!worker)
		return false;
	if (worker->line && worker->line != line)
		let_go(worker);
	worker->line = line;
	worker->item = pop(line);
	worker->since_ms = now;
	(void)pthread_cond_signal(&worker->handed);
	return true;
}

/* One of each line in turn, as long as any can begin. */
static void
dispatch(struct sender_pool *pool)
{
	int64_t now = monotonic_ms();
	bool has_begun = !pool->is_draining;
	struct line *line;

	while (has_begun) {
		has_begun = false;
		for (line = pool->lines; line; line = line->next)
			has_begun |= begin_one(pool, line, now);
	}
}

/* Idle ones hang up when there are too many. */
static void
detach(struct sender_pool *pool, const struct line *line)
{
	size_t attached = 0, i;

	for (i = 0; i < pool->started; i++)
		attached += pool->workers[i].line == line;
	for (i = 0; i < pool->started && attached > line->abreast; i++) {
		struct worker *worker = &pool->workers[i];

		if (worker->line != line || worker->item)
			continue;
		let_go(worker);
		(void)pthread_cond_signal(&worker->handed);
		attached--;
	}
}

/* ---- a thread ---- */

static void
item_destroy(struct item *item)
{
	struct arena *arena = item->arena;	/* which holds the item */

	arena_destroy(&arena);
}

static void
put_done(struct sender_pool *pool, struct sender_done *done)
{
	uint64_t one = 1;

	*pool->done_end = done;
	pool->done_end = &done->next;
	/* Fails only when the counter is full, and then it is readable. */
	if (write(pool->event, &one, sizeof(one)) < 0)
		(void)0;
}

static void
rest(struct worker *worker, struct sender *sender)
{
	worker->must_rest = false;
	thread_unlock(&worker->pool->mutex);
	sender_rest(sender);
	thread_lock(&worker->pool->mutex);
	worker->closing = NULL;
	dispatch(worker->pool);
}

static void
send_item(struct worker *worker, struct sender *sender)
{
	struct sender_pool *pool = worker->pool;
	struct line *line = worker->line;
	struct item *item = worker->item;
	struct sender_done *done = sender_done_create(item->id);

	thread_unlock(&pool->mutex);
	send_deliver(sender, item->relay, &item->job, &done->result);
	item_destroy(item);
	thread_lock(&pool->mutex);
	line->is_known = true;
	line->is_quick = monotonic_ms() - worker->since_ms <= SLOW_MS;
	worker->item = NULL;
	detach(pool, line);
	/* What was hung up on has no connection, though others may have. */
	if (done->result.reply_code == REPLY_CLOSING && worker->line)
		let_go(worker);
	put_done(pool, done);
	dispatch(pool);
}

/* Until it is handed something; false after the idle time, when it may have
 * connections. */
static bool
wait_for_word(struct worker *worker)
{
	struct timespec until;

	while (!worker->line && !worker->item && !worker->must_rest &&
	       !worker->pool->is_draining)
		(void)pthread_cond_wait(&worker->handed, &worker->pool->mutex);
	(void)clock_gettime(CLOCK_MONOTONIC, &until);	/* cannot fail */
	until.tv_sec += IDLE_S;
	while (!worker->item && !worker->must_rest &&
	       !worker->pool->is_draining)
		if (pthread_cond_timedwait(&worker->handed,
					   &worker->pool->mutex,
					   &until) == ETIMEDOUT)
			return worker->item || worker->must_rest;
	return true;
}

static void
run(struct worker *worker, struct sender *sender)
{
	while (!worker->pool->is_draining) {
		if (!wait_for_word(worker))
			let_go(worker);
		if (worker->must_rest)
			rest(worker, sender);
		if (worker->item && !worker->must_rest)
			send_item(worker, sender);
	}
}

static void *
work(void *context)
{
	struct worker *worker = context;
	struct sender_pool *pool = worker->pool;
	struct sender *sender = sender_create(pool->clock, &pool->give_up);

	thread_set_name("sender");
	thread_lock(&pool->mutex);
	run(worker, sender);
	thread_unlock(&pool->mutex);
	sender_destroy(&sender);
	thread_lock(&pool->mutex);
	pool->running--;
	(void)pthread_cond_broadcast(&pool->ended);
	thread_unlock(&pool->mutex);
	return NULL;
}

/* ---- from outside ---- */

struct sender_pool *
sender_pool_create(size_t threads, size_t spare, const struct clock *clock)
{
	size_t size = sizeof(struct sender_pool) +
		      threads * sizeof(struct worker);
	struct sender_pool *pool = bug_alloc(size);

	memset(pool, 0, size);
	pool->clock = clock;
	pool->done_end = &pool->done;
	pool->count = threads;
	pool->spare = spare;
	pool->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->event < 0 || pthread_mutex_init(&pool->mutex, NULL))
		BUG("no eventfd or mutex for the senders");
	init_condition(&pool->ended);
	return pool;
}

static struct item *
item_create(uint64_t id, const struct relay *relay, const struct send_job *job)
{
	struct arena *arena = arena_create();
	struct item *item = arena_alloc(arena, sizeof(*item));

	item->arena = arena;
	item->relay = relay;
	item->id = id;
	item->job = *job;
	item->job.sender = arena_strdup(arena, job->sender);
	item->job.address = arena_strdup(arena, job->address);
	if (job->headers)
		item->job.headers = arena_strdup(arena, job->headers);
	item->job.body = arena_strndup(arena, job->body, job->length);
	item->job.message_id = arena_strdup(arena, job->message_id);
	return item;
}

static void
hand_back(struct sender_pool *pool, struct item *item)
{
	struct sender_done *done = sender_done_create(item->id);

	done->result.outcome = OUTCOME_TEMPORARY;
	done->result.was_stopped = true;
	buf_puts(&done->result.text, "not begun");
	put_done(pool, done);
	item_destroy(item);
}

void
sender_pool_submit(struct sender_pool *pool, uint64_t id,
		   const struct relay *relay, size_t abreast,
		   const struct send_job *job)
{
	struct item *item = item_create(id, relay, job);
	struct line *line;

	thread_lock(&pool->mutex);
	if (pool->is_draining) {
		hand_back(pool, item);
	} else {
		line = line_find(pool, relay->name);
		line->abreast = abreast;
		*line->end = item;
		line->end = &item->next;
		dispatch(pool);
	}
	thread_unlock(&pool->mutex);
}

void
sender_pool_limit(struct sender_pool *pool, const char *relay, size_t abreast)
{
	struct line *line;

	thread_lock(&pool->mutex);
	line = line_find(pool, relay);
	if (line->abreast != abreast) {
		line->abreast = abreast;
		detach(pool, line);
		dispatch(pool);
	}
	thread_unlock(&pool->mutex);
}

static void
hand_back_line(struct sender_pool *pool, struct line *line)
{
	while (line->first)
		hand_back(pool, pop(line));
}

void
sender_pool_recall(struct sender_pool *pool, const char *relay)
{
	thread_lock(&pool->mutex);
	hand_back_line(pool, line_find(pool, relay));
	thread_unlock(&pool->mutex);
}

int
sender_pool_fd(const struct sender_pool *pool)
{
	return pool->event;
}

struct sender_done *
sender_pool_results(struct sender_pool *pool)
{
	struct sender_done *done;
	uint64_t count;

	thread_lock(&pool->mutex);
	/* Nothing to read is no error: somebody looked too often. */
	if (read(pool->event, &count, sizeof(count)) < 0)
		(void)0;
	done = pool->done;
	pool->done = NULL;
	pool->done_end = &pool->done;
	thread_unlock(&pool->mutex);
	return done;
}

static void
hand_back_waiting(struct sender_pool *pool)
{
	struct line *line;

	for (line = pool->lines; line; line = line->next)
		hand_back_line(pool, line);
}

/* What was handed to a thread that had not begun with it yet. */
static void
hand_back_unbegun(struct sender_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->started; i++) {
		if (pool->workers[i].item)
			hand_back(pool, pool->workers[i].item);
		pool->workers[i].item = NULL;
	}
}

static void
wait_for_threads(struct sender_pool *pool, int64_t patience_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);	/* cannot fail */
	until.tv_sec += patience_ms / 1000;
	until.tv_nsec += patience_ms % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (pool->running && pthread_cond_timedwait(&pool->ended,
						       &pool->mutex, &until) !=
				ETIMEDOUT)
		;
}

void
sender_pool_drain(struct sender_pool *pool, int64_t patience_ms)
{
	size_t i;

	thread_lock(&pool->mutex);
	if (pool->is_draining) {
		thread_unlock(&pool->mutex);
		return;
	}
	pool->is_draining = true;
	hand_back_waiting(pool);
	for (i = 0; i < pool->started; i++)
		(void)pthread_cond_signal(&pool->workers[i].handed);
	wait_for_threads(pool, patience_ms);
	thread_unlock(&pool->mutex);

	atomic_store(&pool->give_up, true);
	for (i = 0; i < pool->started; i++)
		thread_join(pool->workers[i].thread);
	hand_back_unbegun(pool);
}

void
sender_pool_destroy(struct sender_pool **pool)
{
	struct sender_done *done;
	size_t i;

	if (!*pool)
		return;
	sender_pool_drain(*pool, 0);
	for (done = sender_pool_results(*pool); done;)
		sender_done_destroy(&done);
	for (i = 0; i < (*pool)->started; i++)
		/* no waiters left */
		(void)pthread_cond_destroy(&(*pool)->workers[i].handed);
	lines_destroy(*pool);
	(void)close((*pool)->event);	/* nothing is pending in it */
	(void)pthread_cond_destroy(&(*pool)->ended);
	(void)pthread_mutex_destroy(&(*pool)->mutex);	/* nobody holds it */
	free(*pool);
	*pool = NULL;
}

/* ---- as the outbox sees it ---- */

static void
submit(void *context, uint64_t id, const struct relay *relay, size_t abreast,
       const struct send_job *job)
{
	sender_pool_submit(context, id, relay, abreast, job);
}

static void
limit(void *context, const char *relay, size_t abreast)
{
	sender_pool_limit(context, relay, abreast);
}

static void
recall(void *context, const char *relay)
{
	sender_pool_recall(context, relay);
}

static struct sender_done *
results(void *context)
{
	return sender_pool_results(context);
}

static void
drain(void *context, int64_t patience_ms)
{
	sender_pool_drain(context, patience_ms);
}

struct senders
sender_pool_senders(struct sender_pool *pool)
{
	return (struct senders){
		.context = pool,
		.fd = sender_pool_fd(pool),
		.submit = submit,
		.limit = limit,
		.recall = recall,
		.results = results,
		.drain = drain,
	};
}
