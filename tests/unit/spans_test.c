#include "ask/spans.h"

#include "tap.h"

static const struct {
	const char *name;
	instant_ms since, until, present;
	instant_ms poison;
} windows[] = {
	{ "a minute", 0, 60000, 99, 30000 },
	{ "its begin", 0, 60000, 99, 0 },
	{ "its last millisecond", 0, 60000, 99, 59999 },
	{ "an odd one", 7, 20, 99, 13 },
	{ "an open one", 0, SPAN_OPEN, 900000, 123456 },
	{ "the future of an open one", 0, SPAN_OPEN, 1000, 5000 },
};

/* Whatever is halved, each millisecond is read once, and what cannot be read
 * ends as short as it can be. */
static void
test_window(size_t row)
{
	struct arena *arena = arena_create();
	struct spans spans = {
		.now = { windows[row].since, windows[row].until },
	};
	instant_ms end = windows[row].until, present = windows[row].present;
	size_t pages = 0, held = 0;
	bool joins = true, goes_on = true;

	while (goes_on && pages++ < 1000) {
		const struct span now = spans.now;
		bool breaks = windows[row].poison >= now.since &&
			      windows[row].poison < now.until;

		if (breaks && spans_halve(&spans, present, arena))
			continue;
		held += breaks;
		joins &= now.until == end;
		end = now.since;
		goes_on = spans_next(&spans);
	}
	ok(joins && end == windows[row].since, "%s: all of it is read, once",
	   windows[row].name);
	is_int((long long)held, 1, "%s: one piece is left", windows[row].name);
	ok(pages < 70, "%s: in %zu pages", windows[row].name, pages);
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(windows) / sizeof(*windows); i++)
		test_window(i);
	return tap_done();
}
