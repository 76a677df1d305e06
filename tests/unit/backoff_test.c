#include "queue/backoff.h"

#include "tap.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

enum { LEAST = 0, MIDDLE = UINT32_MAX / 2, MOST = UINT32_MAX };

static const struct pause {
	const char *name;
	unsigned int attempts;
	int64_t least, middle, most;	/* ms */
} pauses[] = {
	{ "the first pause is about 30 s", 1,
	  15 * SECOND, 30 * SECOND, 45 * SECOND },
	{ "the second is about 2 min", 2,
	  1 * MINUTE, 2 * MINUTE, 3 * MINUTE },
	{ "they grow with the square", 3,
	  135 * SECOND, 270 * SECOND, 405 * SECOND },
	{ "the seventh is under the cap", 7,
	  735 * SECOND, 1470 * SECOND, 2205 * SECOND },
	{ "from the eighth on it is about 30 min", 8,
	  15 * MINUTE, 30 * MINUTE, 45 * MINUTE },
	{ "and stays so", 150, 15 * MINUTE, 30 * MINUTE, 45 * MINUTE },
	{ "without overflow", UINT32_MAX,
	  15 * MINUTE, 30 * MINUTE, 45 * MINUTE },
	{ "no attempt, no pause", 0, 0, 0, 0 },
};

static void
test_pauses(void)
{
	size_t i;

	for (i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		const struct pause *p = &pauses[i];
		int64_t middle = backoff_pause(p->attempts, MIDDLE);

		is_int(backoff_pause(p->attempts, LEAST), p->least,
		       "%s: at least half of it", p->name);
		ok(middle == p->middle || middle == p->middle - 1,
		   "%s: on average", p->name);
		is_int(backoff_pause(p->attempts, (uint32_t)MOST), p->most,
		       "%s: at most one and a half of it", p->name);
		ok(p->most <= BACKOFF_LONGEST_MS, "%s: within the longest",
		   p->name);
	}
}

static const struct next {
	const char *name;
	instant_ms now, expires;
	bool again;
	instant_ms due;
} nexts[] = {
	{ "a try follows a pause", 1000, 10 * MINUTE, true,
	  1000 + 15 * SECOND },
	{ "the last one is at the end, not later", 10 * MINUTE - SECOND,
	  10 * MINUTE, true, 10 * MINUTE },
	{ "after the one at the end there is none", 10 * MINUTE, 10 * MINUTE,
	  false, 0 },
	{ "nor after the end", 11 * MINUTE, 10 * MINUTE, false, 0 },
};

static void
test_nexts(void)
{
	size_t i;

	for (i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		const struct next *n = &nexts[i];
		instant_ms due = 0;

		is_int(backoff_next(backoff_pause(1, LEAST), n->now,
				    n->expires, &due),
		       n->again, "%s", n->name);
		if (n->again)
			is_int(due, n->due, "%s: when", n->name);
	}
}

static void
test_whole_life(void)
{
	instant_ms now = 0, due;
	unsigned int attempts = 1;

	while (backoff_next(backoff_pause(attempts, MIDDLE), now,
			    BACKOFF_GIVE_UP_MS, &due)) {
		now = due;
		attempts++;
	}
	is_int(now, BACKOFF_GIVE_UP_MS, "the last try is after three days");
	ok(attempts > 140 && attempts < 160, "after some 150 of them (%u)",
	   attempts);
}

static void
test_short_pauses(void)
{
	is_int(backoff_short_pause(1), 1000, "a server that wants to be asked "
	       "later is asked after a second");
	is_int(backoff_short_pause(4), 8000, "then later and later");
	is_int(backoff_short_pause(1000000), 60000, "but once a minute");
}

int
main(void)
{
	test_pauses();
	test_nexts();
	test_short_pauses();
	test_whole_life();
	return tap_done();
}
