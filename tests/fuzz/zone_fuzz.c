/* Any octets as a TZif file: what is taken for a zone has an answer for every
 * instant, and a clock on the wall leads back to it. */
#include "fuzz.h"

#include "base/bug.h"
#include "base/zone.h"

enum { A_DAY_S = 86400 };

static void
check(const struct zone *zone, instant_ms when)
{
	int offset = zone_offset_s(zone, when);
	struct civil civil;
	instant_ms back;

	if (offset < -2 * A_DAY_S || offset > 2 * A_DAY_S)
		BUG("%d seconds from UTC", offset);
	(void)strlen(zone_abbreviation(zone, when));
	zone_to_civil(zone, when, &civil);
	back = zone_from_civil(zone, &civil);
	if (back < when - INT64_C(8000) * A_DAY_S ||
	    back > when + INT64_C(8000) * A_DAY_S)
		BUG("%lld leads to %lld", (long long)when, (long long)back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	const struct zone *zone = zone_parse(arena, "Fuzz/Zone", data, size,
					     &error);
	instant_ms when;

	if (!zone && !error.len)
		BUG("a zone is refused without a sentence");
	for (when = INT64_C(-4000000000000); zone &&
	     when < INT64_C(9000000000000); when += INT64_C(86400000) * 365)
		check(zone, when);
	buf_release(&error);
	arena_destroy(&arena);
	return 0;
}
