/*
 * The one event loop: file descriptors that become readable, and timers.
 *
 * Handlers run one after the other in the thread that runs the loop, so they
 * share everything without locks and must not block.
 *
 * Its twin for tests lives in virtual time: an hour passes as soon as nothing
 * else is to be done. Timers run in the order of their time, those of the same
 * time as they were set; before time moves, descriptors are looked at, without
 * waiting. Whoever has work done elsewhere, by a thread or a process, that will
 * answer through a descriptor says so with loop_await(): else the hour would be
 * over before the answer.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/clock.h"

struct loop;
struct loop_timer;

typedef void loop_handler(void *context);

/* Descriptors are closed with the loop only if the loop opened them. */
struct loop *loop_create(void);
/* The twin moves `clock`, which is one of clock_at() and borrowed. Whoever sets
 * it meanwhile is seen as one who sets the clock of a machine: timers come when
 * they would have come. */
struct loop *loop_create_virtual(struct clock *clock);
void loop_destroy(struct loop **loop);

/* Call `handler` whenever `fd` is readable or hung up. The caller keeps `fd`
 * and forgets it before closing it. */
void loop_watch(struct loop *loop, int fd, loop_handler *handler,
		void *context);
void loop_forget(struct loop *loop, int fd);

/* A timer of the loop, not set. */
struct loop_timer *loop_timer(struct loop *loop, loop_handler *handler,
			      void *context);

/* Call once after `delay_ms` (0: as soon as possible), replacing what was set;
 * negative: not at all. */
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms);

/* Virtual time stands still from await to arrived, which may be nested, and the
 * loop waits for descriptors. In the loop's thread only. */
void loop_await(struct loop *loop);
void loop_arrived(struct loop *loop);

/* Until loop_stop(), which ends the run that is under way or else the next; in
 * virtual time also until nothing is left to happen. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Of the twin only: let time pass until `when`, which the clock shows
 * afterwards unless the run was stopped. */
void loop_run_until(struct loop *loop, instant_ms when);

#endif
