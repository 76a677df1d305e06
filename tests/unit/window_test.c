/* Windows: days, nights, and the two nights a year that are not as long. */
#include "conf/conf.h"
#include "match/window.h"

#include "tap.h"

static struct arena *arena;

static struct window *
window(const char *text, struct diag *diag)
{
	struct conf *conf = conf_load_text(arena, "t.rules", text, diag);

	return window_load(arena, conf->nodes.items[0], diag);
}

static instant_ms
at(const char *text)
{
	instant_ms when = TIME_UNKNOWN;

	if (!clock_parse(text, &when))
		printf("# bad time in the test: %s\n", text);
	return when;
}

#define NIGHT "window w { timezone Europe/Paris mon-fri 18:00-08:00 }"
#define WEEKEND "window w { timezone Europe/Paris sat-sun 00:00-24:00 }"
#define EARLY "window w { timezone Europe/Paris sun 02:15-02:45 }"
#define HALF "window w { timezone Australia/Lord_Howe sun 01:00-02:15 }"
#define MIDNIGHT "window w { timezone America/Sao_Paulo sun 00:00-06:00 }"

static void
covers(void)
{
	static const struct {
		const char *window, *when;
		bool want;
		const char *why;
	} cases[] = {
		/* 2026-11-23 is a Monday; Paris is an hour ahead of UTC */
		{ NIGHT, "2026-11-23T18:00:00+01:00", true, "begins" },
		{ NIGHT, "2026-11-23T17:59:59+01:00", false, "just before" },
		{ NIGHT, "2026-11-24T07:59:59+01:00", true, "just inside" },
		{ NIGHT, "2026-11-24T08:00:00+01:00", false, "its end is out" },
		{ NIGHT, "2026-11-23T03:00:00+01:00", false,
		  "Monday before dawn belongs to Sunday" },
		{ NIGHT, "2026-11-28T03:00:00+01:00", true,
		  "Saturday before dawn belongs to Friday" },
		{ NIGHT, "2026-11-28T18:30:00+01:00", false,
		  "not on Saturday evening" },
		{ WEEKEND, "2026-11-28T00:00:00+01:00", true, "Saturday 0:00" },
		{ WEEKEND, "2026-11-29T23:59:59+01:00", true, "Sunday's end" },
		{ WEEKEND, "2026-11-30T00:00:00+01:00", false, "Monday" },
		{ WEEKEND, "2026-11-29T00:00:00+01:00", true,
		  "no hole between two days" },

		/* the short night of 29 March, the long one of 25 October */
		{ WEEKEND, "2026-03-29T21:59:59Z", true, "Sunday of 23 hours" },
		{ WEEKEND, "2026-03-29T22:00:00Z", false, "and its end" },
		{ WEEKEND, "2026-10-25T22:59:59Z", true, "Sunday of 25 hours" },
		{ WEEKEND, "2026-10-25T23:00:00Z", false, "and its end" },
		{ EARLY, "2026-03-29T00:59:59Z", false,
		  "a range inside the gap never is: before" },
		{ EARLY, "2026-03-29T01:00:00Z", false,
		  "a range inside the gap never is: after" },
		{ EARLY, "2026-10-25T00:30:00Z", true,
		  "of a time shown twice the first counts" },
		{ EARLY, "2026-10-25T01:30:00Z", false, "not the second" },
		{ HALF, "2026-10-03T15:29:59Z", true,
		  "an end inside a gap is the end of the gap: before" },
		{ HALF, "2026-10-03T15:30:00Z", false,
		  "an end inside a gap is the end of the gap: after" },
		{ MIDNIGHT, "2018-11-04T03:00:00Z", true,
		  "a day whose midnight is in a gap begins after it" },

		{ "window w { timezone UTC fri-mon 10:00-11:00 }",
		  "2026-11-22T10:30:00Z", true, "days around the week's end" },
		{ "window w { timezone UTC fri-mon 10:00-11:00 }",
		  "2026-11-25T10:30:00Z", false, "a Wednesday is not in it" },
		{ "window w { timezone UTC MON, wed 10:00-11:00 }",
		  "2026-11-25T10:30:00Z", true, "a list of days" },
		{ "window w { timezone UTC mon 10:00-11:00 mon 12:00-13:00 }",
		  "2026-11-23T12:30:00Z", true, "two ranges of one day" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diag *diag = diag_create(arena);
		struct window *w = window(cases[i].window, diag);

		ok(!diag_errors(diag) &&
		   window_covers(w, at(cases[i].when)) == cases[i].want,
		   "%s: %s, %s", strchr(cases[i].window, 'z') + 2,
		   cases[i].when, cases[i].why);
	}
}

/* Around every hour of two years nothing changes before the span ends, and it
 * changes there. */
static void
spans(void)
{
	static const char *const windows[] = {
		NIGHT, WEEKEND, EARLY, HALF, MIDNIGHT,
		"window w { timezone Asia/Beirut sat-sun 00:00-00:30 }",
		"window w { timezone Pacific/Apia fri 09:00-17:00 }",
		"window w { timezone UTC mon 00:00-12:00 mon 12:00-24:00 "
		"mon 06:00-18:00 }",
	};
	const instant_ms hour = 3600000;
	instant_ms when, since, until;
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		struct window *w = window(windows[i], diag_create(arena));
		instant_ms wrong = 0;

		for (when = at("2018-01-01T00:00:00Z");
		     when < at("2020-01-01T00:00:00Z") && !wrong;
		     when += hour) {
			bool covers = window_span(w, when, &since, &until);

			if (since > when || until <= when ||
			    covers != window_covers(w, when) ||
			    covers != window_covers(w, since) ||
			    covers != window_covers(w, until - 1) ||
			    covers == window_covers(w, since - 1) ||
			    covers == window_covers(w, until))
				wrong = when;
		}
		is(wrong ? clock_text(arena, wrong) : "", "",
		   "%s: each span is whole", windows[i]);
	}
}

static void
endless(void)
{
	static const char *const windows[] = {
		"window w { timezone Europe/Paris mon-sun 00:00-24:00 }",
		"window w { timezone Europe/Paris mon-sun 18:00-08:00 "
		"mon-sun 08:00-18:00 }",
	};
	instant_ms since, until;
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		struct window *w = window(windows[i], diag_create(arena));

		ok(window_span(w, at("2026-03-29T01:00:00Z"), &since,
			       &until) &&
		   since == INT64_MIN && until == INT64_MAX,
		   "%s has no end", windows[i]);
	}
}

static void
borrowed_zone(void)
{
	struct window *w = window("window w { mon 10:00-11:00 }",
				  diag_create(arena));
	struct buf error = BUF_INIT;
	const struct zone *tokyo = zone_find("Asia/Tokyo", &error);

	ok(!window_zone(w) && window_zone(window_in(w, tokyo, arena)) == tokyo,
	   "a window without a zone has that of whoever uses it");
	ok(window_covers(window_in(w, tokyo, arena),
			 at("2026-11-23T10:30:00+09:00")), "and its hours");
	w = window("window w { timezone UTC mon 10:00-11:00 }",
		   diag_create(arena));
	is(zone_name(window_zone(window_in(w, tokyo, arena))), "UTC",
	   "one with a zone keeps its own");
	buf_release(&error);
}

static void
mistakes(void)
{
	static const struct { const char *window, *want; } cases[] = {
		{ "window w { mon 10:00-11:00 }", "" },
		{ "window w { timezone UTC }",
		  "t.rules:1:8: error: window 'w' has no days "
		  "(as mon-fri 18:00-08:00)" },
		{ "window w { timezone Europe/Pars mon 10:00-11:00 }",
		  "t.rules:1:21: error: unknown timezone 'Europe/Pars' "
		  "(did you mean 'Europe/Paris'?)" },
		{ "window w { timezone UTC mon 10-11 }",
		  "t.rules:1:29: error: '10-11' is no range of the clock "
		  "(as 18:00-08:00 or 00:00-24:00, with a plain - and no "
		  "blanks)" },
		{ "window w { timezone UTC mon 24:00-11:00 }",
		  "t.rules:1:29: error: '24:00-11:00' is no range of the "
		  "clock (as 18:00-08:00 or 00:00-24:00, with a plain - and "
		  "no blanks)" },
		{ "window w { timezone UTC mon 10:00-24:01 }",
		  "t.rules:1:29: error: '10:00-24:01' is no range of the "
		  "clock (as 18:00-08:00 or 00:00-24:00, with a plain - and "
		  "no blanks)" },
		{ "window w { timezone UTC mon 10:00-10:00 }",
		  "t.rules:1:29: error: range '10:00-10:00' is empty "
		  "(the whole day is 00:00-24:00)" },
		{ "window w { timezone UTC mo-fri 10:00-11:00 }",
		  "t.rules:1:25: error: 'mo-fri' is no day of the week "
		  "(write DAYS RANGE, as mon-fri 18:00-08:00, with plain -)" },
		{ "window w { timezone UTC mon, xx 10:00-11:00 }",
		  "t.rules:1:30: error: 'xx' is no day of the week "
		  "(write DAYS RANGE, as mon-fri 18:00-08:00, with plain -)" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diag *diag = diag_create(arena);
		struct buf out = BUF_INIT;

		(void)window(cases[i].window, diag);
		diag_print(diag, &out);
		buf_cut(&out, strcspn(out.data, "\n"));
		is(out.data, cases[i].want, "%s", cases[i].window);
		buf_release(&out);
	}
}

int
main(void)
{
	arena = arena_create();
	covers();
	spans();
	endless();
	borrowed_zone();
	mistakes();
	arena_destroy(&arena);
	return tap_done();
}
