/*
 * A pool of sender threads for the event loop, because handing a mail to a
 * server blocks: curl waits for the last reply of SMTP.
 *
 * The loop submits jobs and goes on; when sender_pool_fd() becomes readable it
 * takes the results. The pool copies what it is given, but a relay is
 * borrowed until the result of its last job was taken: whoever swaps the
 * configuration keeps the old one until then.
 *
 * Each relay has a line of its own, and so many senders at once as its
 * submitter says. A thread that is connected to a relay sends the next mail of
 * that relay, and hangs up before it turns to another one, so that there are
 * never more connections to a relay than that either.
 *
 * Relays that do not answer, or have not yet, together never get the last
 * SENDER_POOL_SPARE threads, so that a relay that works does not wait for them.
 * Relays of one name are one, of whichever configuration they are.
 *
 * End: sender_pool_drain(), take the last results, sender_pool_destroy().
 */
#ifndef DELIVER_SENDER_POOL_H
#define DELIVER_SENDER_POOL_H

#include "deliver/senders.h"

struct sender_pool;

enum {
	/* At most; a thread is started when it is needed. Three relays may use
	 * all that they get by default (PACE_CONNECTIONS) and die at once, and
	 * there are some left. */
	SENDER_POOL_THREADS = 24,
	SENDER_POOL_SPARE = 6,
};

/* Threads start with all signals blocked. `clock` is borrowed. */
struct sender_pool *sender_pool_create(size_t threads, size_t spare,
				       const struct clock *clock);

/* As senders.h has them. After sender_pool_drain() a job comes back at once. */
void sender_pool_submit(struct sender_pool *pool, uint64_t id,
			const struct relay *relay, size_t abreast,
			const struct send_job *job);
void sender_pool_limit(struct sender_pool *pool, const char *relay,
		       size_t abreast);
void sender_pool_recall(struct sender_pool *pool, const char *relay);

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
