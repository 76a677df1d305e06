/* Instants as text: RFC 3339 in, RFC 3339 out, and the calendar between. */
#include "tap.h"

#include "base/clock.h"

static const struct {
	const char *text;
	const char *want;	/* NULL: refused */
} times[] = {
	{ "2026-11-21T23:13:39Z", "2026-11-21T23:13:39Z" },
	{ "2026-11-21t23:13:39z", "2026-11-21T23:13:39Z" },
	{ "2026-12-01T02:00:00+01:00", "2026-12-01T01:00:00Z" },
	{ "2026-03-01T00:30:00-00:45", "2026-03-01T01:15:00Z" },
	{ "2026-12-24T00:00", "2026-12-24T00:00:00Z" },
	{ "2026-12-24 10:00:01", "2026-12-24T10:00:01Z" },
	{ "2021-01-26T20:33:57.7220239Z", "2021-01-26T20:33:57.722Z" },
	{ "2021-01-26T20:33:57.1Z", "2021-01-26T20:33:57.100Z" },
	{ "2021-01-26T20:33:57.000Z", "2021-01-26T20:33:57Z" },
	{ "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z" },
	{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z" },
	{ "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z" },
	{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
	{ "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z" },
	{ "2023-02-29T00:00:00Z", NULL },
	{ "2026-13-01T00:00:00Z", NULL },
	{ "2026-00-01T00:00:00Z", NULL },
	{ "2026-01-32T00:00:00Z", NULL },
	{ "2026-01-01T24:00:00Z", NULL },
	{ "2026-01-01T00:60:00Z", NULL },
	{ "2026-01-01T00:00:61Z", NULL },
	{ "2026-01-01T00:00:00.Z", NULL },
	{ "2026-01-01T00:00.5Z", NULL },
	{ "2026-01-01T00:00:00+1:00", NULL },
	{ "2026-01-01T00:00:00+0100", NULL },
	{ "2026-01-01T00:00:00 +01:00", NULL },
	{ "2026-01-01T00:00:00Z ", NULL },
	{ "2026-01-01", NULL },
	{ "", NULL },
};

static void
test_text(void)
{
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct buf out = BUF_INIT;
		instant_ms when;
		bool good = clock_parse(times[i].text, &when);

		if (good)
			clock_print(&out, when);
		is(good ? out.data : NULL, times[i].want, "'%s' is read",
		   times[i].text);
		buf_release(&out);
	}
}

static void
test_foreign(void)
{
	static const struct {
		const char *text, *want;	/* NULL: refused */
	} cases[] = {
		{ "2026-11-21T23:13:39.5Z", "2026-11-21T23:13:39.500Z" },
		{ "2026-11-21T23:13:39+0000", "2026-11-21T23:13:39Z" },
		{ "2026-11-21T23:13:39-0130", "2026-11-22T00:43:39Z" },
		{ "2026-11-21 23:13:39 +01:00", "2026-11-21T22:13:39Z" },
		{ "2026-11-21T23:13:39.1234567 Z", "2026-11-21T23:13:39.123Z" },
		{ "2026-11-21T23:13:39 ", "2026-11-21T23:13:39Z" },
		{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z" },
		{ "0001-01-01T00:00:00Z", NULL },
		{ "1601-01-01T00:00:00Z", NULL },
		{ "1970-01-01T00:00:00Z", NULL },
		{ "9999-12-31T23:59:59Z", NULL },
		{ "2026-11-21T23:13:39+0530577Z", NULL },
		{ "", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT;
		instant_ms when;
		bool good = clock_parse_foreign(cases[i].text, &when);

		if (good)
			clock_print(&out, when);
		is(good ? out.data : NULL, cases[i].want,
		   "'%s' of another program", cases[i].text);
		buf_release(&out);
	}
}

static void
test_offset(void)
{
	static const struct { const char *text; bool want; } cases[] = {
		{ "2026-12-01T02:00:00Z", true },
		{ "2026-12-01 02:00+01:00", true },
		{ "2026-12-01T02:00:00.5-03:00", true },
		{ "2026-12-01T02:00:00", false },
		{ "2026-12-01t02:00", false },
		{ "", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ok(clock_has_offset(cases[i].text) == cases[i].want,
		   "'%s' %s its offset", cases[i].text,
		   cases[i].want ? "says" : "does not say");
}

static void
test_calendar(void)
{
	instant_ms day;
	int wrong = 0;

	for (day = -400000; day < 400000; day += 17) {
		struct civil civil;

		clock_to_civil(day * 86400000 + 12345, &civil);
		wrong += clock_from_civil(&civil) != day * 86400000 + 12345;
	}
	is_int(wrong, 0, "a civil date gives back its instant, over 2,000 years");
	is_int(clock_weekday(0), 4, "1970-01-01 is a Thursday");
	is_int(clock_weekday(-86400000), 3, "the day before a Wednesday");
	clock_parse("2026-11-21T23:59:59Z", &day);
	is_int(clock_weekday(day), 6, "2026-11-21 is a Saturday");
	is_int(clock_from_civil(&(struct civil){ .year = 2026, .month = 14,
						 .day = 1 }),
	       clock_from_civil(&(struct civil){ .year = 2027, .month = 2,
						 .day = 1 }),
	       "a month beyond December carries over");
}

static void
test_clock(void)
{
	struct clock clock = clock_at(1000), real = clock_system();

	is_int(clock.now(&clock), 1000, "a clock stands where it was set");
	clock.fixed += 3600000;
	is_int(clock.now(&clock), 3601000, "and an hour passes in one line");
	ok(real.now(&real) > 1700000000000, "the real clock tells the time");
}

int
main(void)
{
	test_text();
	test_foreign();
	test_offset();
	test_calendar();
	test_clock();
	return tap_done();
}
