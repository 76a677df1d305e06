/*
 * Whoever sends: what the outbox sees of the pool of threads (sender_pool.h),
 * and of its twin in a test.
 */
#ifndef DELIVER_SENDERS_H
#define DELIVER_SENDERS_H

#include "send/send.h"

/* A delivery whose try has ended. */
struct sender_done {
	struct sender_done *next;
	uint64_t id;			/* as submitted */
	struct send_result result;
};

struct sender_done *sender_done_create(uint64_t id);
/* Destroy the first of the list and advance. */
void sender_done_destroy(struct sender_done **done);

struct senders {
	void *context;
	int fd;				/* readable while there are results */

	/* Copies `job`, and borrows `relay` until its result was taken. `id`
	 * comes back with the result. Of one relay no more than `abreast` are
	 * sent at once, over as many connections; the others wait. */
	void (*submit)(void *context, uint64_t id, const struct relay *relay,
		       size_t abreast, const struct send_job *job);
	/* The same for those that wait already. */
	void (*limit)(void *context, const char *relay, size_t abreast);
	/* What waits for that relay and has not begun comes back with
	 * `was_stopped`: not now, or not to that relay any more. */
	void (*recall)(void *context, const char *relay);
	/* All results so far, oldest first; NULL when there is none. */
	struct sender_done *(*results)(void *context);
	/* Begin nothing more, and wait so long for what is under way. What was
	 * not sent comes back with `was_stopped`. */
	void (*drain)(void *context, int64_t patience_ms);
};

#endif
