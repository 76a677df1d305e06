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

	/* How many can be submitted now; only submit() makes it less. */
	size_t (*room)(void *context);
	/* Copies `job`, and borrows `relay` until its result was taken; false
	 * when there is no room. `id` comes back with the result. */
	bool (*submit)(void *context, uint64_t id, const struct relay *relay,
		       const struct send_job *job);
	/* All results so far, oldest first; NULL when there is none. */
	struct sender_done *(*results)(void *context);
	/* Begin nothing more, and wait so long for what is under way. What was
	 * not sent comes back with `was_stopped`. */
	void (*drain)(void *context, int64_t patience_ms);
};

#endif
