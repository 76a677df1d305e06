#include "ask/cursor.h"

#include "tap.h"

#define NOW INT64_C(1795305600000)	/* 2026-11-22T00:00:00Z */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define YEAR (365 * 24 * HOUR)

static struct store_poll
row_read(int64_t ago)
{
	return (struct store_poll){
		.started = NOW - 30 * 24 * HOUR, .cursor = NOW - ago,
		.swept = NOW - MINUTE, .good = NOW - ago,
	};
}

static const struct {
	const char *name;
	int64_t skew;
	int64_t started, cursor, good;	/* before NOW; 0: never */
	int64_t since;			/* before NOW */
} windows[] = {
	{ "a window begins 15 minutes before the cursor", 0,
	  24 * HOUR, 10 * MINUTE, 5 * MINUTE, 25 * MINUTE },
	{ "also when it was last read an hour ago", 0,
	  24 * HOUR, HOUR + MINUTE, HOUR, HOUR + 16 * MINUTE },
	{ "after an outage of more than an hour 30 minutes before", 0,
	  24 * HOUR, HOUR + 2, HOUR + 1, HOUR + 2 + 30 * MINUTE },
	{ "the first one begins 30 minutes ago", 0, 0, 0, 0, 30 * MINUTE },
	{ "by their clock", -10 * MINUTE, 0, 0, 0, 40 * MINUTE },
	{ "a cursor of just now counts", 0,
	  24 * HOUR, 0, MINUTE, 15 * MINUTE },
	{ "one in the future does not: it begins where it was last read", 0,
	  24 * HOUR, -1, 50 * MINUTE, 65 * MINUTE },
	{ "by their clock as well", 10 * MINUTE,
	  24 * HOUR, -YEAR, 50 * MINUTE, 55 * MINUTE },
	{ "one that is in the future by our clock only counts", 10 * MINUTE,
	  24 * HOUR, -10 * MINUTE, MINUTE, 5 * MINUTE },
	{ "and after an outage nothing is left out", 0,
	  24 * HOUR, -YEAR, 30 * HOUR, 30 * HOUR + 30 * MINUTE },
	{ "when that was in the future as well, it begins now", 0,
	  -YEAR, -YEAR, -YEAR, 15 * MINUTE },
};

static void
test_windows(void)
{
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		const struct cursor_time time = {
			.now = NOW, .skew_ms = windows[i].skew,
		};
		struct store_poll row = {
			.started = windows[i].started ?
				   NOW - windows[i].started : 0,
			.cursor = NOW - windows[i].cursor,
			.good = windows[i].good ? NOW - windows[i].good
						: TIME_UNKNOWN,
		};

		is_int(NOW - cursor_window(&row, &time).since,
		       windows[i].since, "%s", windows[i].name);
	}
}

static const struct {
	const char *name;
	int64_t theirs;		/* after NOW */
	int64_t skew;
} skews[] = {
	{ "a clock that is behind", -10 * MINUTE, -10 * MINUTE },
	{ "one that is ahead", 10 * MINUTE, 10 * MINUTE },
	{ "an hour is believed", HOUR, HOUR },
	{ "either way", -HOUR, -HOUR },
	{ "more than an hour is not", HOUR + 1, 7 },
	{ "either way", -HOUR - 1, 7 },
	{ "six years are not", -6 * YEAR, 7 },
};

static void
test_skew(void)
{
	size_t i;

	for (i = 0; i < sizeof(skews) / sizeof(*skews); i++)
		is_int(cursor_skew(7, NOW + skews[i].theirs, NOW),
		       skews[i].skew, "skew: %s", skews[i].name);
}

static void
test_started(void)
{
	struct cursor_time time = { .now = NOW };
	struct store_poll row = row_read(MINUTE), before = row;
	struct cursor_window window = cursor_window(&row, &time);

	is_int(cursor_started(&row, &window, &time), row.started,
	       "what was made after the first contact is news");
	time.skew_ms = -40 * 24 * HOUR;
	window = cursor_window(&row, &time);
	is_int(cursor_started(&row, &window, &time), window.since,
	       "when that is in the future, what is made in the window is");
	ok(!memcmp(&row, &before, sizeof(row)), "and the row stays as it was");
	time.since = NOW - 90 * 24 * HOUR;
	is_int(cursor_started(&row, &window, &time), time.since,
	       "or what a person asks for");
}

static void
test_first_contact(void)
{
	const struct cursor_time time = { .now = NOW, .skew_ms = -5000 };
	const struct cursor_time asked = { .now = NOW, .since = NOW - HOUR };
	struct store_poll row = { .started = 0 };

	ok(!cursor_is_met(&row), "a tenant is new");
	cursor_meet(&row, &time, 1000);
	ok(cursor_is_met(&row), "and then met");
	is_int(row.started, NOW - 5000, "by their clock");
	is_int(row.cursor, NOW - 5000, "and the cursor is there");
	is_int(row.swept, NOW - 6000, "its first sweep comes early");
	cursor_meet(&row, &asked, 1000);
	is_int(row.started, NOW - HOUR, "or since when a person asks");
}

static void
test_move(void)
{
	const struct cursor_time time = { .now = NOW, .skew_ms = 3000 };
	struct store_poll row = row_read(HOUR);
	struct cursor_window window = cursor_window(&row, &time);
	const struct store_poll before = row;

	cursor_move(&row, &window, &time, NOW - MINUTE);
	is_int(row.cursor, NOW - MINUTE, "the cursor is the latest change");
	is_int(row.good, NOW, "and it is read whole now");
	cursor_move(&row, &window, &time, NOW - 2 * MINUTE);
	is_int(row.cursor, NOW - MINUTE, "it does not go back");
	cursor_move(&row, &window, &time, TIME_UNKNOWN);
	is_int(row.cursor, NOW - MINUTE, "nor is it moved by nothing");
	is_int(row.started, before.started, "nor does the start move");
	is_int(row.swept, before.swept, "nor the sweep");
	row = before;
	window = cursor_sweep(&time);
	cursor_move(&row, &window, &time, NOW);
	is_int(row.cursor, before.cursor, "a sweep leaves the cursor");
	is_int(row.good, before.good, "and says nothing of what changed");
	is_int(row.swept, NOW + 3000, "but of what was made");
}

static const struct {
	const char *name;
	int64_t ago, since;
	instant_ms tried;
	bool must;
} sweeps[] = {
	{ "an hour after the last one", HOUR, 0, TIME_UNKNOWN, true },
	{ "not before", HOUR - 1, 0, TIME_UNKNOWN, false },
	{ "one in the future does not count", -1, 0, TIME_UNKNOWN, true },
	{ "not when a person asks", 2 * HOUR, NOW - HOUR, TIME_UNKNOWN, false },
	{ "not so soon after one that failed", 2 * HOUR, 0, NOW - HOUR + 1,
	  false },
	{ "but later", 2 * HOUR, 0, NOW - HOUR, true },
};

static void
test_sweeps(void)
{
	struct cursor_time time = { .now = NOW, .skew_ms = 3000 };
	struct cursor_window window = cursor_sweep(&time);
	size_t i;

	ok(window.is_sweep && window.since == NOW + 3000 - 24 * HOUR,
	   "a sweep looks at a day");
	for (i = 0; i < sizeof(sweeps) / sizeof(*sweeps); i++) {
		const struct store_poll row = {
			.swept = NOW + 3000 - sweeps[i].ago
		};

		time.since = sweeps[i].since;
		ok(cursor_must_sweep(&row, sweeps[i].tried, &time) ==
		   sweeps[i].must,
		   "sweep: %s", sweeps[i].name);
	}
}

/* A person asks for the last minutes, and what is before was never read. */
static void
test_gap(void)
{
	const struct cursor_time time = { .now = NOW, .since = NOW - MINUTE };
	const struct cursor_time older = { .now = NOW, .since = NOW - HOUR };
	struct store_poll row = row_read(30 * MINUTE);
	const struct store_poll before = row;
	struct cursor_window window = cursor_window(&row, &time);

	is_int(window.since, NOW - MINUTE, "a person says since when");
	cursor_move(&row, &window, &time, NOW);
	is_int(row.cursor, before.cursor, "the cursor waits at the gap");
	is_int(row.good, before.good, "for what is in it");
	window = cursor_window(&row, &older);
	cursor_move(&row, &window, &older, NOW);
	is_int(row.cursor, NOW, "but goes on where there is none");
}

int
main(void)
{
	test_windows();
	test_skew();
	test_started();
	test_first_contact();
	test_move();
	test_sweeps();
	test_gap();
	return tap_done();
}
