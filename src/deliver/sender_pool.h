/*
 * A pool of sender threads for the event loop, because handing a mail to a
 * server blocks: curl waits for the last reply of SMTP.
 *
 * The loop submits jobs and goes on; when sender_pool_fd() becomes readable it
 * takes the results. The pool copies what it is given, but a relay is
 * borrowed until the result of its last job was taken: whoever swaps the
 * configuration keeps the old one until then.
 *
 * One relay that does not answer gets most of the threads, never all of
 * them, so that mail through another one does not wait for it. Relays of one
 * name are one, of whichever configuration they are.
 *
 * End: sender_pool_drain(), take the last results, sender_pool_destroy().
 */
#ifndef DELIVER_SENDER_POOL_H
#define DELIVER_SENDER_POOL_H

#include "deliver/senders.h"

struct sender_pool;

enum {
	SENDER_POOL_THREADS = 6,	/* the usual size; see create() */
	SENDER_POOL_WAITING = 64,	/* jobs that wait for a thread: enough
					   to keep all busy, little to hand
					   back when the relay stops */
};

/* Threads start with all signals blocked. `clock` is borrowed. */
struct sender_pool *sender_pool_create(size_t threads,
				       const struct clock *clock);

/* How many jobs can be submitted now. */
size_t sender_pool_room(struct sender_pool *pool);

/* Copies `job`; false when there is no room or the pool drains. `id` comes
 * back with the result. */
bool sender_pool_submit(struct sender_pool *pool, uint64_t id,
			const struct relay *relay, const struct send_job *job);

/* Readable while there are results. */
int sender_pool_fd(const struct sender_pool *pool);

/* All results so far, oldest first, for sender_done_destroy() one by one; NULL
 * when there is none. */
struct sender_done *sender_pool_results(struct sender_pool *pool);

/*
 * Begin nothing more; wait up to `patience_ms` for what is under way, then give
 * it up, which takes a second or two. Jobs that were never begun, or given up
 * before the server had the whole message, come back as temporary with
 * `was_stopped`. Afterwards all threads are gone.
 */
void sender_pool_drain(struct sender_pool *pool, int64_t patience_ms);

/* Drains without patience if that was not done. */
void sender_pool_destroy(struct sender_pool **pool);

/* For the outbox; lives no longer than the pool. */
struct senders sender_pool_senders(struct sender_pool *pool);

#endif
