/*
 * A loop as its two kinds see it: what is watched is common to both, and each
 * has its own time. Only loop*.c include this.
 */
#ifndef BASE_LOOP_PRIVATE_H
#define BASE_LOOP_PRIVATE_H

#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>

/* Something watched. Kept until the loop ends even when forgotten, because an
 * event for it may wait in the batch at hand. */
struct watch {
	struct watch *next;
	int fd;			/* -1 when forgotten */
	loop_handler *handler;
	void *context;
};

struct loop_timer {
	struct loop_timer *next;
	struct loop *loop;
	loop_handler *handler;
	void *context;

	int fd;			/* real: a timerfd */

	bool is_set;		/* virtual: */
	int64_t due_ms;		/* in the loop's time */
	uint64_t order;		/* of those that are due together */
};

struct loop_time {
	void (*open)(struct loop_timer *timer);
	void (*set)(struct loop_timer *timer, int64_t delay_ms);
	void (*close)(struct loop_timer *timer);
	void (*run)(struct loop *loop);
};

struct loop {
	const struct loop_time *time;
	int epoll;
	bool stopped;
	struct watch *watches;
	struct loop_timer *timers;

	/* Virtual: */
	struct clock *clock;
	int64_t now_ms;		/* since the loop was made; never set back */
	uint64_t order;		/* of the timer that was set last */
	size_t awaited;
};

struct loop *loop_make(const struct loop_time *time);

/* Wait up to `patience_ms` (negative: without end) for descriptors, and call
 * the handlers of those that are ready. How many were. */
int loop_turn(struct loop *loop, int patience_ms);

#endif
