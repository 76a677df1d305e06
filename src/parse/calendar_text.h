/*
 * The octets of an iCalendar file (RFC 5545) taken apart, as far as that can be
 * done without knowing what is in them: folded lines are put together, and of
 * each VEVENT the few properties that say who is when are left.
 *
 * Whoever reads the values sees neither time zones of the file, nor alarms, nor
 * descriptions, nor rules that repeat more often than daily: all that made
 * libraries run for minutes is gone by then, or the event is refused.
 */
#ifndef PARSE_CALENDAR_TEXT_H
#define PARSE_CALENDAR_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

#include <stdbool.h>

enum {
	CALENDAR_MOST = 2 << 20,	/* octets of a file */
	/* Octets of a line that matters; a description may be longer. */
	CALENDAR_LINE_MOST = 4096,
	CALENDAR_EVENTS_MOST = 5000,
	CALENDAR_LINES_MOST = 2000,	/* of one event that matter */
};

struct calendar_vevent {
	VEC(const char *) lines;	/* unfolded */
	const char *refused;		/* why it cannot be read; NULL */
};

struct calendar_text {
	VEC(struct calendar_vevent) events;
	bool is_cancelled;		/* METHOD:CANCEL: all of it */
};

/* False, and one sentence, when it is no whole calendar, or too large a one. */
bool calendar_text_parse(struct arena *arena, const char *bytes, size_t length,
			 struct calendar_text *out, struct buf *error);

/* The name that the line begins with, without case? */
bool calendar_line_is(const char *line, const char *name);
/* What is behind the colon. */
const char *calendar_line_value(const char *line);

#endif
