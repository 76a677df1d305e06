/* Any octets as a calendar: what is taken for one is the same after JSON, and
 * each turn has a length and touches the time that was asked for. */
#include "fuzz.h"

#include "base/bug.h"
#include "parse/calendar.h"

#define DAY_MS INT64_C(86400000)

static void
check_spans(const struct turns *turns, const struct calendar_wish *wish)
{
	size_t i, j;

	for (i = 0; i < turns->events.count; i++)
		for (j = 0; j < turns->events.items[i].spans.count; j++) {
			struct turns_span span =
				turns->events.items[i].spans.items[j];

			if (span.since >= span.until ||
			    span.until <= wish->since ||
			    span.since >= wish->until)
				BUG("a turn outside of the time");
		}
}

static void
check_json(const struct turns *turns, struct arena *arena)
{
	struct buf first = BUF_INIT, second = BUF_INIT, error = BUF_INIT;
	struct json *json;
	struct turns *back;

	turns_print(turns, &first);
	json = json_parse(first.data, first.len, &error);
	back = turns_parse(arena, json, &error);
	if (!back)
		BUG("turns are refused: %s", error.data);
	turns_print(back, &second);
	if (strcmp(first.data, second.data))
		BUG("turns are not what they were");
	json_destroy(&json);
	buf_release(&first);
	buf_release(&second);
	buf_release(&error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct calendar_wish wish = {
		.zone = zone_find("Europe/Berlin", &error),
		.since = INT64_C(1796000000000),
		.until = INT64_C(1796000000000) + 90 * DAY_MS,
	};
	struct turns *turns;

	if (!wish.zone)
		BUG("no zones: %s", error.data);
	turns = calendar_parse(arena, (const char *)data, size, &wish, &error);
	if (!turns && !error.len)
		BUG("a calendar is refused without a sentence");
	if (turns) {
		check_spans(turns, &wish);
		check_json(turns, arena);
	}
	buf_release(&error);
	arena_destroy(&arena);
	return 0;
}
