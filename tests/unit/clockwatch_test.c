#include "store/clockwatch.h"

#include "tap.h"

#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const news_names[] = { "", "jumped", "back", "stands" };

static const struct {
	const char *name;
	struct clockwatch before;
	int64_t passes;
	const char *news;
	int64_t shift, stood;
} steps[] = {
	{ "the first time", { TIME_UNKNOWN, 0, 0 }, 0, "", 0, 0 },
	{ "as usual", { NOON, 0, 0 }, 10 * MINUTE, "", 0, 0 },
	{ "set back a little", { NOON, 0, 0 }, -HOUR, "", 0, 0 },
	{ "a day", { NOON, 0, 0 }, DAY, "", 0, 0 },
	{ "more than a day", { NOON, 0, 0 }, DAY + 1, "jumped", DAY + 1, 0 },
	{ "back more than a day", { NOON, 0, 0 }, -DAY - 1, "jumped", -DAY - 1,
	  0 },
	{ "it stands", { NOON, 100 * DAY, 0 }, 10 * MINUTE, "", 100 * DAY,
	  10 * MINUTE },
	{ "the step of a process that was away", { NOON, 100 * DAY, 0 }, 5 *
	  HOUR, "", 100 * DAY, 20 * MINUTE },
	{ "nearly an hour", { NOON, 100 * DAY, 49 * MINUTE }, 10 * MINUTE, "",
	  100 * DAY, 59 * MINUTE },
	{ "an hour", { NOON, 100 * DAY, 50 * MINUTE }, 10 * MINUTE, "stands",
	  0, 0 },
	{ "back in between", { NOON, 100 * DAY, 30 * MINUTE }, -100 * DAY,
	  "back", 0, 0 },
	{ "nearly back", { NOON, 100 * DAY, 0 }, -99 * DAY, "back", 0, 0 },
	{ "elsewhere", { NOON, 100 * DAY, 50 * MINUTE }, -90 * DAY, "jumped",
	  10 * DAY, 0 },
	{ "set back a little in doubt", { NOON, 100 * DAY, 50 * MINUTE },
	  -HOUR, "", 100 * DAY, 50 * MINUTE },
};

static void
test_steps(void)
{
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct clockwatch watch = steps[i].before;
		instant_ms now = NOON + steps[i].passes;

		is(news_names[clockwatch_step(&watch, now)], steps[i].news,
		   "%s: the news", steps[i].name);
		is_int(watch.last, now, "%s: what is kept", steps[i].name);
		is_int(watch.shift_ms, steps[i].shift, "%s: what is doubted",
		       steps[i].name);
		is_int(watch.stood_ms, steps[i].stood, "%s: for how long",
		       steps[i].name);
	}
}

int
main(void)
{
	test_steps();
	return tap_done();
}
