/* What both kinds of loop share, and the one whose time is real: there a timer
 * is one more descriptor. */
#include "base/loop.h"

#include "base/bug.h"
#include "base/loop_private.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { LOOP_EVENTS = 32 };

struct loop *
loop_make(const struct loop_time *time)
{
	struct loop *loop = bug_alloc(sizeof(*loop));

	*loop = (struct loop){
		.time = time,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
	};
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
		(*loop)->time->close(timer);
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

struct loop_timer *
loop_timer(struct loop *loop, loop_handler *handler, void *context)
{
	struct loop_timer *timer = bug_alloc(sizeof(*timer));

	*timer = (struct loop_timer){
		.next = loop->timers, .loop = loop, .handler = handler,
		.context = context,
	};
	loop->timers = timer;
	loop->time->open(timer);
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
	timer->loop->time->set(timer, delay_ms);
}

/* Real time does not wait for anybody; that they are pairs shows either way. */
void
loop_await(struct loop *loop)
{
	loop->awaited++;
}

void
loop_arrived(struct loop *loop)
{
	if (!loop->awaited)
		BUG("what arrived was not awaited");
	loop->awaited--;
}

int
loop_turn(struct loop *loop, int patience_ms)
{
	struct epoll_event events[LOOP_EVENTS];
	int count = epoll_wait(loop->epoll, events, LOOP_EVENTS, patience_ms);
	int i;

	if (count < 0 && errno != EINTR)
		BUG("epoll_wait: %s", strerror(errno));
	for (i = 0; i < count && !loop->stopped; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->fd >= 0)
			watch->handler(watch->context);
	}
	return count;
}

void
loop_run(struct loop *loop)
{
	loop->time->run(loop);
	loop->stopped = false;
}

void
loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

/* ---- real time ---- */

static void
real_fired(void *context)
{
	struct loop_timer *timer = context;
	uint64_t times;

	/* Set anew since it fired: then there is nothing to read. */
	if (read(timer->fd, &times, sizeof(times)) == sizeof(times))
		timer->handler(timer->context);
}

static void
real_open(struct loop_timer *timer)
{
	timer->fd = timerfd_create(CLOCK_MONOTONIC,
				   TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->fd < 0)
		BUG("timerfd_create: %s", strerror(errno));
	loop_watch(timer->loop, timer->fd, real_fired, timer);
}

static void
real_set(struct loop_timer *timer, int64_t delay_ms)
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

static void
real_close(struct loop_timer *timer)
{
	(void)close(timer->fd);		/* a timer holds no data */
}

static void
real_run(struct loop *loop)
{
	while (!loop->stopped)
		(void)loop_turn(loop, -1);	/* however many they were */
}

static const struct loop_time real = {
	.open = real_open,
	.set = real_set,
	.close = real_close,
	.run = real_run,
};

struct loop *
loop_create(void)
{
	return loop_make(&real);
}
