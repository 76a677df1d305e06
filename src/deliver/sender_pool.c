/*
 * One mutex guards everything but `give_up`. Jobs wait in a list in
 * the order of submission; a thread takes the first whose relay is not using
 * its share of the threads.
 */
#include "deliver/sender_pool.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/thread.h"
#include "send/relay.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* Connections nobody used for so long are closed: a server keeps few
	 * of them, and drops them itself after minutes. */
	IDLE_S = 20,
};

struct item {
	struct item *next;
	struct arena *arena;		/* holds the item and its job */
	const struct relay *relay;
	struct send_job job;
	uint64_t id;
};

struct worker {
	pthread_t thread;
	struct sender_pool *pool;
	const struct relay *relay;	/* of the job under way, or NULL */
};

struct sender_pool {
	pthread_mutex_t mutex;
	pthread_cond_t changed;		/* jobs, threads or `is_draining` */
	const struct clock *clock;
	atomic_bool give_up;
	bool is_draining;
	int event;

	struct item *waiting, **waiting_end;
	size_t waiting_count;
	struct sender_done *done, **done_end;

	size_t running;			/* threads that have not ended */
	size_t count;
	struct worker workers[];
};

/* Most of the threads: all but a quarter, and at least one. */
static size_t
share(const struct sender_pool *pool)
{
	return pool->count - pool->count / 4;
}

/* By name: a reload loads the same relay anew, and those who still wait for
 * its old self wait for the same server. */
static size_t
busy_with(const struct sender_pool *pool, const char *name)
{
	size_t busy = 0, i;

	for (i = 0; i < pool->count; i++) {
		const struct relay *relay = pool->workers[i].relay;

		busy += relay && !strcmp(relay->name, name);
	}
	return busy;
}

/* Take the first job that may run now off the list, or NULL. */
static struct item *
next_item(struct sender_pool *pool)
{
	struct item **at, *item;

	for (at = &pool->waiting; (item = *at); at = &item->next) {
		if (busy_with(pool, item->relay->name) >= share(pool))
			continue;
		*at = item->next;
		if (!*at)
			pool->waiting_end = at;
		pool->waiting_count--;
		return item;
	}
	return NULL;
}

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

/* Until there is a job, or NULL after the idle time. */
static struct item *
wait_for_item(struct sender_pool *pool)
{
	struct timespec until;
	struct item *item;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);	/* cannot fail */
	until.tv_sec += IDLE_S;
	while (!pool->is_draining && !(item = next_item(pool)))
		if (pthread_cond_timedwait(&pool->changed, &pool->mutex,
					   &until) == ETIMEDOUT)
			return next_item(pool);
	return pool->is_draining ? NULL : item;
}

static void
run_item(struct worker *worker, struct sender *sender, struct item *item)
{
	struct sender_pool *pool = worker->pool;
	struct sender_done *done = sender_done_create(item->id);

	worker->relay = item->relay;
	thread_unlock(&pool->mutex);
	send_deliver(sender, item->relay, &item->job, &done->result);
	item_destroy(item);
	thread_lock(&pool->mutex);
	worker->relay = NULL;
	put_done(pool, done);
	/* One more job of that relay may run now, in any thread; this one takes
	 * the next by itself. */
	if (pool->waiting)
		(void)pthread_cond_signal(&pool->changed);
}

static void *
work(void *context)
{
	struct worker *worker = context;
	struct sender_pool *pool = worker->pool;
	struct sender *sender = sender_create(pool->clock, &pool->give_up);
	struct item *item;

	thread_set_name("sender");
	thread_lock(&pool->mutex);
	while (!pool->is_draining) {
		item = wait_for_item(pool);
		if (item) {
			run_item(worker, sender, item);
		} else {
			thread_unlock(&pool->mutex);
			sender_rest(sender);
			thread_lock(&pool->mutex);
		}
	}
	thread_unlock(&pool->mutex);
	sender_destroy(&sender);
	thread_lock(&pool->mutex);
	pool->running--;
	(void)pthread_cond_broadcast(&pool->changed);
	thread_unlock(&pool->mutex);
	return NULL;
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

static void
start_threads(struct sender_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->count; i++) {
		pool->workers[i].pool = pool;
		pool->workers[i].thread = thread_start(work,
						       &pool->workers[i]);
	}
}

struct sender_pool *
sender_pool_create(size_t threads, const struct clock *clock)
{
	size_t size = sizeof(struct sender_pool) +
		      threads * sizeof(struct worker);
	struct sender_pool *pool = bug_alloc(size);

	memset(pool, 0, size);
	pool->clock = clock;
	pool->waiting_end = &pool->waiting;
	pool->done_end = &pool->done;
	pool->running = pool->count = threads;
	pool->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->event < 0 || pthread_mutex_init(&pool->mutex, NULL))
		BUG("no eventfd or mutex for the senders");
	init_condition(&pool->changed);
	start_threads(pool);
	return pool;
}

size_t
sender_pool_room(struct sender_pool *pool)
{
	size_t room;

	thread_lock(&pool->mutex);
	room = pool->is_draining ? 0 :
	       SENDER_POOL_WAITING - pool->waiting_count;
	thread_unlock(&pool->mutex);
	return room;
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

bool
sender_pool_submit(struct sender_pool *pool, uint64_t id,
		   const struct relay *relay, const struct send_job *job)
{
	struct item *item;

	/* Only the caller adds, so room that is there stays. */
	if (!sender_pool_room(pool))
		return false;
	item = item_create(id, relay, job);
	thread_lock(&pool->mutex);
	*pool->waiting_end = item;
	pool->waiting_end = &item->next;
	pool->waiting_count++;
	(void)pthread_cond_signal(&pool->changed);
	thread_unlock(&pool->mutex);
	return true;
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
	struct sender_done *done;
	struct item *item;

	while ((item = pool->waiting)) {
		pool->waiting = item->next;
		done = sender_done_create(item->id);
		done->result.outcome = OUTCOME_TEMPORARY;
		done->result.was_stopped = true;
		buf_puts(&done->result.text, "not begun, because the relay "
			 "stops");
		put_done(pool, done);
		item_destroy(item);
	}
	pool->waiting_end = &pool->waiting;
	pool->waiting_count = 0;
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
	while (pool->running && pthread_cond_timedwait(&pool->changed,
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
	(void)pthread_cond_broadcast(&pool->changed);
	wait_for_threads(pool, patience_ms);
	thread_unlock(&pool->mutex);

	atomic_store(&pool->give_up, true);
	for (i = 0; i < pool->count; i++)
		thread_join(pool->workers[i].thread);
}

void
sender_pool_destroy(struct sender_pool **pool)
{
	struct sender_done *done;

	if (!*pool)
		return;
	sender_pool_drain(*pool, 0);
	for (done = sender_pool_results(*pool); done;)
		sender_done_destroy(&done);
	(void)close((*pool)->event);	/* nothing is pending in it */
	(void)pthread_cond_destroy(&(*pool)->changed);	/* no waiters left */
	(void)pthread_mutex_destroy(&(*pool)->mutex);	/* nobody holds it */
	free(*pool);
	*pool = NULL;
}

/* ---- as the outbox sees it ---- */

static size_t
room(void *context)
{
	return sender_pool_room(context);
}

static bool
submit(void *context, uint64_t id, const struct relay *relay,
       const struct send_job *job)
{
	return sender_pool_submit(context, id, relay, job);
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
		.room = room,
		.submit = submit,
		.results = results,
		.drain = drain,
	};
}
