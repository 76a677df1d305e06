/*
 * One event of a calendar, from its lines (calendar_text.h): when it begins and
 * ends, how it repeats, what is taken out of it or put in its place.
 */
#ifndef PARSE_CALENDAR_EVENT_H
#define PARSE_CALENDAR_EVENT_H

#include "base/zone.h"
#include "parse/calendar_text.h"
#include "parse/ical.h"

enum { CALENDAR_DATES_MOST = 5000 };	/* EXDATE, RDATE of one event */

/* A time of the file. */
struct calendar_moment {
	struct civil civil;
	const struct zone *zone;
	bool is_date;
};

typedef VEC(struct calendar_moment) calendar_moments;

struct calendar_event {
	const char *uid, *summary;
	VEC(const char *) attendees;	/* addresses */
	struct calendar_moment start, end, id;	/* id: RECURRENCE-ID */
	bool has_start, has_end, has_length, has_id, is_cancelled;
	struct ical_length length;
	const char *rule;		/* or NULL */
	calendar_moments excluded, added;
	long sequence;
	const char *stamp;		/* DTSTAMP; sorts as a text */
};

/* `zone` is that of times without one. NULL, or why it cannot be read; what was
 * read by then is in `out`. */
const char *calendar_event_read(struct arena *arena,
				const struct calendar_vevent *vevent,
				const struct zone *zone,
				struct calendar_event *out);

instant_ms calendar_instant(const struct calendar_moment *moment);

/* When a turn of it ends whose begin the clock on the wall shows so: as many
 * days later, at the same time of day, whatever the clocks do. */
instant_ms calendar_event_end(const struct calendar_event *event,
			      const struct civil *begin);

#endif
