#include "ask/gaps.h"

#include "tap.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define SINCE 1000

/* Before the window, at its begin, side by side, and alone. */
static const instant_ms places[] = { 5, 1000, 1001, 1002, 1700, 2500, 2501 };

enum { PLACES = sizeof(places) / sizeof(*places), END = 3000 };

static struct gaps
gaps_at(unsigned int which, instant_ms now)
{
	struct gaps gaps = { .count = 0 };
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (which & 1U << i)
			(void)gaps_failed(&gaps, false, places[i], now,
					  MINUTE);
	return gaps;
}

/* How often a millisecond is asked for alone, and among others. */
static void
count_asked(struct spans *spans, unsigned char *alone, unsigned char *among)
{
	do {
		instant_ms until = spans->now.until == SPAN_OPEN ?
				   END : spans->now.until, at;

		for (at = spans->now.since; at < until; at++)
			(until - spans->now.since == 1 ? alone : among)[at]++;
	} while (spans_next(spans));
}

/* All but the gaps is asked for once, and these alone, when they are due. */
static void
test_run(unsigned int which, bool is_due)
{
	static unsigned char alone[END], among[END];
	struct arena *arena = arena_create();
	struct gaps gaps = gaps_at(which, 0);
	struct spans spans = { .now = { SINCE, SPAN_OPEN } };
	bool good = true;
	size_t i, at;

	memset(alone, 0, sizeof(alone));
	memset(among, 0, sizeof(among));
	gaps_begin(&gaps, false, is_due ? MINUTE : MINUTE - 1, &spans, arena);
	count_asked(&spans, alone, among);
	for (at = 0; at < END; at++) {
		bool is_gap = false;

		for (i = 0; i < PLACES; i++)
			is_gap |= places[i] == (instant_ms)at &&
				  (which & 1U << i);
		good &= alone[at] + among[at] ==
			(is_gap ? is_due : at >= SINCE) &&
			!(is_gap && among[at]);
	}
	ok(good, "gaps %x, %sdue", which, is_due ? "" : "not ");
	arena_destroy(&arena);
}

static void
test_told(void)
{
	struct gaps gaps = { .count = 0 };
	struct gap *gap = gaps_failed(&gaps, false, 7, 0, MINUTE);

	is_int(gap->due, MINUTE, "it is asked for an interval later");
	ok(!gaps_must_tell(&gaps, gap, HOUR), "once is not often");
	gap = gaps_failed(&gaps, false, 7, MINUTE, MINUTE);
	is_int(gap->due, 3 * MINUTE, "then twice as late");
	ok(!gaps_must_tell(&gaps, gap, HOUR), "nor is twice");
	gap = gaps_failed(&gaps, false, 7, 3 * MINUTE, MINUTE);
	ok(!gaps_must_tell(&gaps, gap, 10 * MINUTE - 1), "not before long");
	ok(gaps_must_tell(&gaps, gap, 10 * MINUTE), "then it is told");
	is_int(gaps_untold(&gaps), 7, "until then the cursor stays");
	gap->is_telling = true;
	is_int(gaps_untold(&gaps), TIME_UNKNOWN, "and not behind that");
	gaps_stored(&gaps);
	ok(!gaps_must_tell(&gaps, gap, HOUR), "once");
	gap = gaps_failed(&gaps, false, 7, 0, 50 * MINUTE);
	is_int(gap->due, HOUR, "an hour is the longest wait");
	gap->is_read = true;
	gaps_stored(&gaps);
	is_int((long long)gaps.count, 0, "what is read is none");
}

static void
test_made(void)
{
	struct gaps gaps = { .count = 0 };
	struct gap *made;
	int i;

	for (i = 0; i < 3; i++)
		made = gaps_failed(&gaps, true, 5, 0, MINUTE);
	ok(gaps_must_tell(&gaps, made, HOUR), "what only a sweep finds is "
	   "told");
	is_int(gaps_untold(&gaps), TIME_UNKNOWN, "and no matter of the cursor");
	(void)gaps_failed(&gaps, false, 4, 0, MINUTE);
	ok(gaps_must_tell(&gaps, made, HOUR), "what changed before that is "
	   "another");
	(void)gaps_failed(&gaps, false, 6, 0, MINUTE);
	ok(!gaps_must_tell(&gaps, made, HOUR), "it is what changed, if as many "
	   "did");
	(void)gaps_failed(&gaps, true, 2, 0, MINUTE);
	ok(!gaps_must_tell(&gaps, made, HOUR), "whatever was made before");
	(void)gaps_failed(&gaps, true, 6, 0, MINUTE);
	ok(gaps_must_tell(&gaps, made, HOUR), "unless more were made since");
}

/* The longer one is due, the sooner it is asked for. */
static void
test_due(void)
{
	struct arena *arena = arena_create();
	struct gaps gaps = { .count = 0 };
	struct spans spans = { .now = { SINCE, SPAN_OPEN } };

	(void)gaps_failed(&gaps, false, 7, MINUTE, MINUTE);
	(void)gaps_failed(&gaps, false, 5, 0, MINUTE);
	(void)gaps_failed(&gaps, false, 6, 2 * MINUTE, MINUTE);
	gaps_begin(&gaps, false, HOUR, &spans, arena);
	ok(spans_next(&spans) && spans.now.since == 5 &&
	   spans_next(&spans) && spans.now.since == 7 &&
	   spans_next(&spans) && spans.now.since == 6, "in the order in which "
	   "they are due");
	arena_destroy(&arena);
}

/* What has failed again is not read, whatever came before. */
static void
test_read(void)
{
	struct gaps gaps = { .count = 0 };

	gaps_failed(&gaps, false, 7, 0, MINUTE)->is_read = true;
	(void)gaps_failed(&gaps, false, 7, 0, MINUTE);
	gaps_stored(&gaps);
	is_int((long long)gaps.count, 1, "what was read and fails again stays");
}

static size_t
count_after(instant_ms now, bool is_told)
{
	struct arena *arena = arena_create();
	struct gaps gaps = { .count = 0 };
	struct spans spans = { .now = { SINCE, SPAN_OPEN } };

	gaps_failed(&gaps, false, 7, 0, MINUTE)->is_told = is_told;
	gaps_begin(&gaps, false, now, &spans, arena);
	arena_destroy(&arena);
	return gaps.count;
}

static void
test_limits(void)
{
	struct gaps gaps = { .count = 0 };
	int i;

	for (i = 0; i < 16; i++)
		(void)gaps_failed(&gaps, false, i, 0, MINUTE);
	is_int((long long)gaps.count, 16, "sixteen are known");
	ok(!gaps_failed(&gaps, false, 16, 0, MINUTE), "no more, untold");
	gaps.items[3].is_told = true;
	ok(gaps_failed(&gaps, false, 16, 0, MINUTE) && gaps.count == 16,
	   "who was told makes room");
	is_int((long long)count_after(7 * 24 * HOUR, true), 1, "for a week");
	is_int((long long)count_after(7 * 24 * HOUR + 1, true), 0,
	       "it is asked for");
	is_int((long long)count_after(30 * 24 * HOUR, false), 1,
	       "but never forgotten untold");
}

int
main(void)
{
	unsigned int which;

	for (which = 0; which < 1U << PLACES; which++) {
		test_run(which, false);
		test_run(which, true);
	}
	test_told();
	test_made();
	test_due();
	test_read();
	test_limits();
	return tap_done();
}
