#include "base/loop.h"

#include "base/bug.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { LOOP_EVENTS = 32 };

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
	int fd;
	loop_handler *handler;
	void *context;
};

struct loop {
	int epoll;
	bool stopped;
	struct watch *watches;
	struct loop_timer *timers;
};

struct loop *
loop_create(void)
{
	struct loop *loop = bug_alloc(sizeof(*loop));

	*loop = (struct loop){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	if (loop->epoll < 0)
		BUG("epoll_create1: %s", strerror(errno));
	return loop;
}

void
loop_destroy(struct loop **loop)
{
	while ((*loop)->timers) {
		struct loop_timer *timer = (*loop)->timers;

		(*loop)->timers = timer->next;
		(void)close(timer->fd);		/* a timer holds no data */
		free(timer);
	}
	while ((*loop)->watches) {
		struct watch *watch = (*loop)->watches;

		(*loop)->watches = watch->next;
		free(watch);
	}
	(void)close((*loop)->epoll);		/* holds no data */
	free(*loop);
	*loop = NULL;
}

void
loop_watch(struct loop *loop, int fd, loop_handler *handler, void *context)
{
	struct watch *watch = bug_alloc(sizeof(*watch));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

	*watch = (struct watch){ loop->watches, fd, handler, context };
	loop->watches = watch;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event))
		BUG("epoll_ctl: %s", strerror(errno));
}

void
loop_forget(struct loop *loop, int fd)
{
	struct watch *watch;

	for (watch = loop->watches; watch; watch = watch->next) {
		if (watch->fd != fd)
			continue;
		watch->fd = -1;
		if (epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL))
			BUG("epoll_ctl: %s", strerror(errno));
	}
}

static void
timer_fired(void *context)
{
	struct loop_timer *timer = context;
	uint64_t times;

	/* Set anew since it fired: then there is nothing to read. */
	if (read(timer->fd, &times, sizeof(times)) == sizeof(times))
		timer->handler(timer->context);
}

struct loop_timer *
loop_timer(struct loop *loop, loop_handler *handler, void *context)
{
	struct loop_timer *timer = bug_alloc(sizeof(*timer));
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		BUG("timerfd_create: %s", strerror(errno));
	*timer = (struct loop_timer){ loop->timers, fd, handler, context };
	loop->timers = timer;
	loop_watch(loop, fd, timer_fired, timer);
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	struct itimerspec when = { 0 };

	if (delay_ms >= 0) {
		when.it_value.tv_sec = delay_ms / 1000;
		when.it_value.tv_nsec = delay_ms % 1000 * 1000000;
		if (!delay_ms)
			when.it_value.tv_nsec = 1;	/* 0 would disarm */
	}
	if (timerfd_settime(timer->fd, 0, &when, NULL))
		BUG("timerfd_settime: %s", strerror(errno));
}

void
loop_run(struct loop *loop)
{
	struct epoll_event events[LOOP_EVENTS];

	while (!loop->stopped) {
		int count = epoll_wait(loop->epoll, events, LOOP_EVENTS, -1), i;

		if (count < 0 && errno != EINTR)
			BUG("epoll_wait: %s", strerror(errno));
		for (i = 0; i < count && !loop->stopped; i++) {
			struct watch *watch = events[i].data.ptr;

			if (watch->fd >= 0)
				watch->handler(watch->context);
		}
	}
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
