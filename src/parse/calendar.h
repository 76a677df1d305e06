/*
 * An iCalendar file becomes turns; in the cage alone.
 *
 * Rules are followed by the calendar, on times without a zone (ical.h), and put
 * into zones by base/zone.h: both ends of a turn are what the clock on the wall
 * shows, so a night in which clocks change makes a turn longer or shorter and
 * moves none, as with rotations.
 *
 * An event that cannot be understood is left out and said; a file that is no
 * whole calendar is refused.
 */
#ifndef PARSE_CALENDAR_H
#define PARSE_CALENDAR_H

#include "base/zone.h"
#include "parse/turns.h"

/* Of one rule, from its begin: 27 years of days. */
enum { CALENDAR_STEPS_MOST = 10000 };

struct calendar_wish {
	const struct zone *zone;	/* of times that name none */
	instant_ms since, until;	/* turns that touch this time */
};

/* NULL and a sentence when it is refused. */
struct turns *calendar_parse(struct arena *arena, const char *bytes,
			     size_t length, const struct calendar_wish *wish,
			     struct buf *error);

#endif
