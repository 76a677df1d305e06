/*
 * The loop's twin. It has a time of its own, which only goes forward: the clock
 * is moved along with it and may be set by somebody else, as that of a machine
 * is.
 */
#include "base/loop_private.h"

#include "base/bug.h"

static void
virtual_open(struct loop_timer *timer)
{
	timer->is_set = false;
}

static void
virtual_set(struct loop_timer *timer, int64_t delay_ms)
{
	timer->is_set = delay_ms >= 0;
	timer->due_ms = timer->loop->now_ms + delay_ms;
	timer->order = ++timer->loop->order;
}

static void
virtual_close(struct loop_timer *timer)
{
	timer->is_set = false;
}

static bool
is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_ms < b->due_ms ||
	       (a->due_ms == b->due_ms && a->order < b->order);
}

/* NULL when none is set. */
static struct loop_timer *
first_timer(const struct loop *loop)
{
	struct loop_timer *timer, *first = NULL;

	for (timer = loop->timers; timer; timer = timer->next)
		if (timer->is_set && (!first || is_before(timer, first)))
			first = timer;
	return first;
}

static void
pass(struct loop *loop, int64_t time_ms)
{
	loop->now_ms += time_ms;
	loop->clock->fixed += time_ms;
}

static void
fire(struct loop_timer *timer)
{
	timer->is_set = false;
	timer->handler(timer->context);
}

/* One thing happens, without waiting for time to pass. */
static bool
has_happened(struct loop *loop)
{
	struct loop_timer *timer;

	if (loop_turn(loop, 0))
		return true;
	timer = first_timer(loop);
	if (timer && timer->due_ms <= loop->now_ms) {
		fire(timer);
		return true;
	}
	if (!loop->awaited)
		return false;
	(void)loop_turn(loop, -1);	/* whatever it was */
	return true;
}

static void
virtual_run(struct loop *loop)
{
	while (!loop->stopped) {
		const struct loop_timer *timer;

		if (has_happened(loop))
			continue;
		timer = first_timer(loop);
		if (!timer)
			return;
		pass(loop, timer->due_ms - loop->now_ms);
	}
}

static const struct loop_time virtual = {
	.open = virtual_open,
	.set = virtual_set,
	.close = virtual_close,
	.run = virtual_run,
};

struct loop *
loop_create_virtual(struct clock *clock)
{
	struct loop *loop = loop_make(&virtual);

	loop->clock = clock;
	return loop;
}

/* Whoever sets the clock meanwhile moves `when` nearer or further away. */
void
loop_run_until(struct loop *loop, instant_ms when)
{
	if (loop->time != &virtual)
		BUG("real time cannot be told to pass");
	while (!loop->stopped) {
		const struct loop_timer *timer;
		int64_t left;

		if (has_happened(loop))
			continue;
		left = when - loop->clock->fixed;
		if (left <= 0)
			break;
		timer = first_timer(loop);
		if (timer && timer->due_ms - loop->now_ms < left)
			left = timer->due_ms - loop->now_ms;
		pass(loop, left);
	}
	loop->stopped = false;
}
