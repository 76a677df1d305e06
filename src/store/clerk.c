/*
 * The mutex guards the two rows of units, waiting and finished, and nothing
 * else: a unit belongs to whoever has taken it off a row.
 */
#include "store/clerk.h"

#include "base/bug.h"
#include "base/thread.h"
#include "store/clerk_private.h"

#include <sys/eventfd.h>
#include <unistd.h>

struct clerk {
	struct loop *loop;
	struct store *store;
	size_t under_way;		/* submitted and not done; the loop's */

	pthread_mutex_t mutex;
	struct units waiting, finished;
	unsigned int gathering;		/* more is about to be submitted; set by
					   the loop only */

	/* The thread's: */
	pthread_t thread;
	pthread_cond_t submitted, answered;
	int event;			/* readable: some are finished */
	bool is_ending;

	/* The twin's: */
	struct loop_timer *turn;	/* NULL of the thread's */
};

/* ---- what both have ---- */

static bool
has_thread(const struct clerk *clerk)
{
	return !clerk->turn;
}

static bool
is_idle(const struct clerk *clerk)
{
	return clerk->gathering || !clerk->waiting.first;
}

void
clerk_gather(struct clerk *clerk)
{
	thread_lock(&clerk->mutex);
	clerk->gathering++;
	thread_unlock(&clerk->mutex);
}

void
clerk_proceed(struct clerk *clerk)
{
	bool is_due;

	thread_lock(&clerk->mutex);
	clerk->gathering--;
	is_due = !is_idle(clerk);
	thread_unlock(&clerk->mutex);
	if (has_thread(clerk) && is_due)
		(void)pthread_cond_signal(&clerk->submitted);
}

static void
call_done(struct clerk *clerk, struct unit *unit)
{
	/* done() may submit the unit again, or free it. */
	struct arena *arena = unit->arena;
	struct buf error = unit->error;

	clerk->under_way--;
	if (has_thread(clerk))
		loop_arrived(clerk->loop);
	unit->done(unit, unit->outcome, error.data);
	buf_release(&error);
	arena_destroy(&arena);
}

static void
answer(struct clerk *clerk)
{
	struct units finished = { 0 };
	struct unit *unit, *next;

	thread_lock(&clerk->mutex);
	units_join(&finished, &clerk->finished);
	thread_unlock(&clerk->mutex);
	/* What one of them submits, and another one after it, too. */
	clerk_gather(clerk);
	for (unit = finished.first; unit; unit = next) {
		next = unit->next;
		call_done(clerk, unit);
	}
	clerk_proceed(clerk);
}

/* One transaction of what waits; how long to pause before the next. Holds the
 * lock but while it works. */
static unsigned int
take_turn(struct clerk *clerk)
{
	struct units group;
	unsigned int pause_ms;
	bool is_over;

	units_take_group(&clerk->waiting, &group);
	thread_unlock(&clerk->mutex);
	is_over = units_run(&group, clerk->store, &pause_ms);
	thread_lock(&clerk->mutex);
	if (is_over)
		units_join(&clerk->finished, &group);
	else
		units_put_back(&clerk->waiting, &group);
	return pause_ms;
}

static struct clerk *
create(struct loop *loop, struct store *store)
{
	struct clerk *clerk = bug_alloc(sizeof(*clerk));

	*clerk = (struct clerk){ .loop = loop, .store = store, .event = -1 };
	if (pthread_mutex_init(&clerk->mutex, NULL))
		BUG("mutex");
	return clerk;
}

/* ---- the thread ---- */

static void
announce(struct clerk *clerk)
{
	(void)pthread_cond_signal(&clerk->answered);
	/* Fails only when the counter is full, and then it is readable. */
	(void)eventfd_write(clerk->event, 1);
}

static void
rest(struct clerk *clerk, unsigned int pause_ms)
{
	struct timespec pause = { pause_ms / 1000,
				  pause_ms % 1000 * 1000000L };

	thread_unlock(&clerk->mutex);
	(void)nanosleep(&pause, NULL);	/* no signal comes here */
	thread_lock(&clerk->mutex);
}

static void *
work(void *context)
{
	struct clerk *clerk = context;

	thread_set_name("clerk");
	thread_lock(&clerk->mutex);
	for (;;) {
		unsigned int pause_ms;

		while (is_idle(clerk) && !clerk->is_ending)
			(void)pthread_cond_wait(&clerk->submitted,
						&clerk->mutex);
		if (!clerk->waiting.first)
			break;
		pause_ms = take_turn(clerk);
		if (clerk->finished.first)
			announce(clerk);
		if (pause_ms)
			rest(clerk, pause_ms);
	}
	thread_unlock(&clerk->mutex);
	return NULL;
}

static void
answered(void *context)
{
	struct clerk *clerk = context;
	eventfd_t count;

	/* Nothing to read: clerk_drain() was faster. */
	(void)eventfd_read(clerk->event, &count);
	answer(clerk);
}

struct clerk *
clerk_create(struct loop *loop, struct store *store)
{
	struct clerk *clerk = create(loop, store);

	clerk->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (clerk->event < 0 || pthread_cond_init(&clerk->submitted, NULL) ||
	    pthread_cond_init(&clerk->answered, NULL))
		BUG("no eventfd or condition for the clerk");
	loop_watch(loop, clerk->event, answered, clerk);
	clerk->thread = thread_start(work, clerk);
	return clerk;
}

static void
wait_for_thread(struct clerk *clerk)
{
	thread_lock(&clerk->mutex);
	while (!clerk->finished.first)
		(void)pthread_cond_wait(&clerk->answered, &clerk->mutex);
	thread_unlock(&clerk->mutex);
}

static void
end_thread(struct clerk *clerk)
{
	thread_lock(&clerk->mutex);
	clerk->is_ending = true;
	(void)pthread_cond_signal(&clerk->submitted);
	thread_unlock(&clerk->mutex);
	thread_join(clerk->thread);
	loop_forget(clerk->loop, clerk->event);
	(void)close(clerk->event);	/* nothing is pending in it */
	(void)pthread_cond_destroy(&clerk->submitted);	/* no waiters left */
	(void)pthread_cond_destroy(&clerk->answered);
}

/* ---- the twin ---- */

static unsigned int
take_own_turn(struct clerk *clerk)
{
	unsigned int pause_ms;

	thread_lock(&clerk->mutex);
	pause_ms = take_turn(clerk);
	thread_unlock(&clerk->mutex);
	answer(clerk);
	return pause_ms;
}

static void
turned(void *context)
{
	struct clerk *clerk = context;
	unsigned int pause_ms = take_own_turn(clerk);

	if (clerk->waiting.first)
		loop_timer_set(clerk->turn, pause_ms);
}

struct clerk *
clerk_create_inline(struct loop *loop, struct store *store)
{
	struct clerk *clerk = create(loop, store);

	clerk->turn = loop_timer(loop, turned, clerk);
	return clerk;
}

/* ---- for the loop ---- */

void
clerk_submit(struct clerk *clerk, struct unit *unit)
{
	bool is_first;

	unit->change = NULL;
	unit->arena = arena_create();
	unit->error = (struct buf)BUF_INIT;
	unit->conflicts = 0;
	unit->is_again = false;
	unit->has_failed = false;
	clerk->under_way++;
	thread_lock(&clerk->mutex);
	is_first = !clerk->waiting.first;
	units_append(&clerk->waiting, unit);
	thread_unlock(&clerk->mutex);
	if (has_thread(clerk)) {
		loop_await(clerk->loop);
		if (!clerk->gathering)
			(void)pthread_cond_signal(&clerk->submitted);
	} else if (is_first) {
		loop_timer_set(clerk->turn, 0);
	}
}

void
clerk_drain(struct clerk *clerk)
{
	while (clerk->under_way) {
		if (has_thread(clerk)) {
			wait_for_thread(clerk);
			answer(clerk);
		} else {
			(void)take_own_turn(clerk);	/* without pauses */
		}
	}
	if (!has_thread(clerk))
		loop_timer_set(clerk->turn, -1);
}

void
clerk_destroy(struct clerk **clerk)
{
	if (!*clerk)
		return;
	clerk_drain(*clerk);
	if (has_thread(*clerk))
		end_thread(*clerk);
	(void)pthread_mutex_destroy(&(*clerk)->mutex);	/* nobody holds it */
	free(*clerk);
	*clerk = NULL;
}
