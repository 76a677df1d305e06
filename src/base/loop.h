/*
 * The one event loop: file descriptors that become readable, and timers.
 *
 * Handlers run one after the other in the thread that runs the loop, so they
 * share everything without locks and must not block.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>

struct loop;
struct loop_timer;

typedef void loop_handler(void *context);

/* Descriptors are closed with the loop only if the loop opened them. */
struct loop *loop_create(void);
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

/* Until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
