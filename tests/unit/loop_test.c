/*
 * The event loop and its twin. What happens is written down letter by letter,
 * so a case compares one word; only the twin is asked about time.
 */
#include "base/loop.h"

#include "base/bug.h"
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NOON (INT64_C(20000) * 86400000 + 43200000)
#define HOUR INT64_C(3600000)

static struct loop *loop;
static struct clock the_clock;
static struct buf story = BUF_INIT;

/* A timer or a descriptor of a story. */
struct actor {
	char letter;
	struct loop_timer *timer;
	int64_t again_ms;		/* 0: no more */
	struct actor *cancels;		/* or NULL */
	int event;
	bool stops;
};

static void
begin(struct loop *kind)
{
	loop = kind;
	buf_reset(&story);
}

static void
begin_virtual(void)
{
	the_clock = clock_at(NOON);
	begin(loop_create_virtual(&the_clock));
}

static void
told(const char *want, const char *name)
{
	is(story.data, want, "%s", name);
	loop_destroy(&loop);
}

static void
act(struct actor *actor)
{
	buf_putc(&story, actor->letter);
	if (actor->cancels)
		loop_timer_set(actor->cancels->timer, -1);
	if (actor->stops)
		loop_stop(loop);
}

static void
fired(void *context)
{
	struct actor *actor = context;

	if (actor->again_ms)
		loop_timer_set(actor->timer, actor->again_ms);
	act(actor);
}

static void
set(struct actor *actor, int64_t delay_ms)
{
	if (!actor->timer)
		actor->timer = loop_timer(loop, fired, actor);
	loop_timer_set(actor->timer, delay_ms);
}

static void
readable(void *context)
{
	struct actor *actor = context;
	eventfd_t count;

	if (eventfd_read(actor->event, &count))
		BUG("nothing to read");
	act(actor);
}

static void
watch(struct actor *actor)
{
	actor->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (actor->event < 0)
		BUG("no eventfd");
	loop_watch(loop, actor->event, readable, actor);
}

static void
ring(const struct actor *actor)
{
	if (eventfd_write(actor->event, 1))
		BUG("eventfd_write");
}

/* ---- both kinds ---- */

static struct loop *
create_virtual(void)
{
	the_clock = clock_at(NOON);
	return loop_create_virtual(&the_clock);
}

static void
test_stop(struct loop *kind)
{
	struct actor a = { .letter = 'a' }, b = { .letter = 'b' };

	begin(kind);
	a.stops = b.stops = true;
	set(&a, 0);
	loop_run(loop);
	set(&b, 0);
	loop_run(loop);
	loop_stop(loop);
	set(&a, 0);
	loop_run(loop);
	told("ab", "a stop ends the run it finds, or the next one");
}

static void
test_set_anew(struct loop *kind)
{
	struct actor a = { .letter = 'a', .stops = true };
	struct actor b = { .letter = 'b' }, c = { .letter = 'c' };

	begin(kind);
	set(&b, 0);
	set(&c, 0);
	set(&b, -1);
	set(&c, HOUR);
	set(&a, 1);
	loop_run(loop);
	told("a", "what a timer was set to is replaced");
}

static void
test_repeats(struct loop *kind)
{
	struct actor a = { .letter = 'a', .again_ms = 1, .stops = true };
	struct actor c = { .letter = 'c', .cancels = &a };
	struct actor end = { .letter = 'e', .stops = true };
	int i;

	begin(kind);
	set(&a, 0);
	for (i = 0; i < 3; i++)
		loop_run(loop);
	is(story.data, "aaa", "a timer may be set anew in its handler");
	set(&c, 0);
	set(&a, 1);
	set(&end, 2);
	loop_run(loop);
	told("aaace", "and not at all in that of another");
}

static void
test_descriptor(struct loop *kind)
{
	struct actor a = { .letter = 'a', .stops = true };

	begin(kind);
	watch(&a);
	ring(&a);
	loop_run(loop);
	ring(&a);
	loop_run(loop);
	loop_forget(loop, a.event);
	ring(&a);
	a.letter = 'b';
	set(&a, 1);
	loop_run(loop);
	told("aab", "a descriptor is handled when readable, until forgotten");
	(void)close(a.event);
}

static void
forget(void *context)
{
	struct actor *both = context;
	int i;

	buf_putc(&story, 'f');
	for (i = 0; i < 2; i++)
		loop_forget(loop, both[i].event);
}

static void
test_forget_in_batch(struct loop *kind)
{
	struct actor both[2] = { { .event = eventfd(1, EFD_CLOEXEC) },
				 { .event = eventfd(1, EFD_CLOEXEC) } };
	struct actor end = { .letter = 'e', .stops = true };

	begin(kind);
	loop_watch(loop, both[0].event, forget, both);
	loop_watch(loop, both[1].event, forget, both);
	set(&end, 1);
	loop_run(loop);
	told("fe", "what was forgotten is not called, though it was ready");
	(void)close(both[0].event);
	(void)close(both[1].event);
}

static void
test_both(struct loop *create(void))
{
	test_stop(create());
	test_set_anew(create());
	test_repeats(create());
	test_descriptor(create());
	test_forget_in_batch(create());
}

/* ---- virtual time ---- */

static void
test_order(void)
{
	struct actor a = { .letter = 'a' }, b = { .letter = 'b' };
	struct actor c = { .letter = 'c' }, d = { .letter = 'd' };

	begin_virtual();
	set(&d, 2 * HOUR);
	set(&b, HOUR);
	set(&c, HOUR);
	set(&a, 1);
	loop_run(loop);
	is_int(the_clock.fixed, NOON + 2 * HOUR,
	       "the clock shows when the last timer was due");
	told("abcd", "timers run in the order of their time, then as set");

	begin_virtual();
	a.timer = b.timer = NULL;
	set(&a, 0);
	set(&b, 0);
	set(&a, 0);
	loop_run(loop);
	is_int(the_clock.fixed, NOON, "as soon as possible takes no time");
	told("ba", "a timer that is set anew comes after those of its time");
}

static void
test_until(void)
{
	struct actor a = { .letter = 'a', .again_ms = HOUR };
	struct actor b = { .letter = 'b', .stops = true };

	begin_virtual();
	set(&a, HOUR);
	loop_run_until(loop, NOON + HOUR - 1);
	is(story.data, "", "a timer that is due later does not run");
	is_int(the_clock.fixed, NOON + HOUR - 1, "but time has passed");
	loop_run_until(loop, NOON + HOUR);
	is(story.data, "a", "one that is due at the end does");
	loop_run_until(loop, NOON + 4 * HOUR + 1);
	is(story.data, "aaaa", "and one that is set anew as often as it is "
	   "due");
	is_int(the_clock.fixed, NOON + 4 * HOUR + 1,
	       "the clock shows the end");
	set(&b, 1);
	loop_run_until(loop, NOON + 9 * HOUR);
	is_int(the_clock.fixed, NOON + 4 * HOUR + 2,
	       "a stop leaves the clock where it was");
	loop_run_until(loop, NOON);
	is_int(the_clock.fixed, NOON + 4 * HOUR + 2,
	       "time does not go back");
	told("aaaab", "a stop ends the run");
}

static void
test_nothing_left(void)
{
	struct actor a = { .letter = 'a' };

	begin_virtual();
	watch(&a);
	loop_run(loop);
	is_int(the_clock.fixed, NOON, "with nothing left the clock stays");
	loop_run_until(loop, NOON + HOUR);
	is_int(the_clock.fixed, NOON + HOUR, "unless it is told how far");
	told("", "a run ends when nothing is left to happen");
	(void)close(a.event);
}

static void
ring_it(void *context)
{
	const struct actor *actor = context;

	buf_putc(&story, 'r');
	ring(actor);
}

static void
test_descriptors_first(void)
{
	struct actor a = { .letter = 'a' }, b = { .letter = 'b' };

	begin_virtual();
	watch(&b);
	set(&a, 1);
	loop_timer_set(loop_timer(loop, ring_it, &b), 0);
	loop_run(loop);
	told("rba", "descriptors are looked at before time moves");
	(void)close(b.event);
}

static void
set_back(void *context)
{
	(void)context;
	buf_putc(&story, 's');
	the_clock.fixed -= 24 * HOUR;
}

static void
test_clock_set(void)
{
	struct actor a = { .letter = 'a' };

	begin_virtual();
	loop_timer_set(loop_timer(loop, set_back, NULL), HOUR);
	set(&a, 2 * HOUR);
	loop_run(loop);
	is_int(the_clock.fixed, NOON - 22 * HOUR,
	       "a clock that was set back goes on from there");
	told("sa", "timers come when they would have come");
}

/* Somebody else's thread that answers when it has seen the time stand still
 * for as long as this machine takes to turn to it. */
static void *
answer(void *context)
{
	const struct actor *actor = context;

	sched_yield();
	ring(actor);
	return NULL;
}

static void
arrived(void *context)
{
	struct actor *actor = context;

	readable(actor);
	loop_arrived(loop);
	if (the_clock.fixed != NOON)
		buf_puts(&story, " late");
}

static void
test_await(void)
{
	struct actor a = { .letter = 'a' };
	struct actor hour = { .letter = 'h', .again_ms = HOUR };
	struct actor soon = { .letter = 's' };
	pthread_t thread;

	begin_virtual();
	set(&hour, HOUR);
	set(&soon, 0);
	a.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop_watch(loop, a.event, arrived, &a);
	loop_await(loop);
	if (pthread_create(&thread, NULL, answer, &a))
		BUG("no thread");
	loop_run_until(loop, NOON + HOUR);
	(void)pthread_join(thread, NULL);
	ok(!strcmp(story.data, "sah") || !strcmp(story.data, "ash"),
	   "time stands still until what is awaited has arrived (%s)",
	   story.data);
	loop_destroy(&loop);
	(void)close(a.event);
}

int
main(void)
{
	test_both(loop_create);
	test_both(create_virtual);
	test_order();
	test_until();
	test_nothing_left();
	test_descriptors_first();
	test_clock_set();
	test_await();
	buf_release(&story);
	return tap_done();
}
