/*
 * When to try again: arithmetic on its own.
 *
 * The n-th try that failed is followed by a pause of 30 s * n * n, at most 30
 * minutes: 30 s, 2 min, 4 min 30, 8 min, ... 30 min. An alert is worth a quick
 * second try; a relay that is down is not worth more than two an hour.
 *
 * The pause is spread over half to one and a half of that, so that what failed
 * together is not tried together, and yet never at once: a server that
 * greylists wants to see some time pass.
 */
#ifndef QUEUE_BACKOFF_H
#define QUEUE_BACKOFF_H

#include "base/clock.h"

#include <stdbool.h>

#define BACKOFF_FIRST_MS INT64_C(30000)
#define BACKOFF_SHORT_FIRST_MS INT64_C(1000)
#define BACKOFF_SHORT_MOST_MS INT64_C(60000)
#define BACKOFF_MOST_MS INT64_C(1800000)
/* The longest that backoff_next() ever puts off. */
#define BACKOFF_LONGEST_MS (BACKOFF_MOST_MS / 2 * 3)
/* From the first try to the last. */
#define BACKOFF_GIVE_UP_MS (INT64_C(3) * 24 * 3600 * 1000)

/* The pause after `attempts` tries (from 1), `random` being any number. */
int64_t backoff_pause(unsigned int attempts, uint32_t random);

/* The same where a server only wants to be asked later: 1 s, 2 s, 4 s, ... a
 * minute. How much it takes in all is not the delivery's concern. */
int64_t backoff_short_pause(unsigned int attempts);

/* When to try again, after that pause; the last try is at `expires`. False when
 * there was one at that time or after: give up. */
bool backoff_next(int64_t pause_ms, instant_ms now, instant_ms expires,
		  instant_ms *due_out);

#endif
