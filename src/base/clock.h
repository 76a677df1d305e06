/*
 * The clock that is handed in, and instants as text.
 *
 * No module asks the time by itself, so a test lets an hour pass by setting a
 * number. An instant is a whole number of milliseconds since 1970-01-01
 * 00:00 UTC, without leap seconds; TIME_UNKNOWN is none.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

typedef int64_t instant_ms;

#define TIME_UNKNOWN INT64_MIN

struct clock {
	instant_ms (*now)(const struct clock *clock);
	instant_ms fixed;	/* of clock_at() */
};

struct clock clock_system(void);
/* A clock that stands still until `fixed` is set. */
struct clock clock_at(instant_ms when);

/* A civil date and time without a zone; month and day from 1. */
struct civil {
	int64_t year;
	int month, day, hour, minute, second, millisecond;
};

/* The clock on the wall is read in UTC. Fields out of range carry over. */
instant_ms clock_from_civil(const struct civil *civil);
void clock_to_civil(instant_ms when, struct civil *civil_out);
/* 0 Sunday ... 6 Saturday, in UTC. */
int clock_weekday(instant_ms when);

/* RFC 3339 with `Z` or an offset, seconds optional, 0 to 9 fraction digits
 * (cut to milliseconds); a date and time without offset counts as UTC. */
bool clock_parse(const char *text, instant_ms *when_out);

/* The same as programs of others write it: an offset may lack its colon or
 * stand behind a blank (+0000), and what is no time of our days is refused, as
 * the year 1, which is how .NET says that there is none. */
bool clock_parse_foreign(const char *text, instant_ms *when_out);

/* Whether a time that clock_parse() takes says its offset, as one that a person
 * writes has to: theirs is hardly UTC. */
bool clock_has_offset(const char *text);

/* "2026-11-21T23:13:39Z"; fractions only when there are any. */
void clock_print(struct buf *out, instant_ms when);
/* The same as a text in the arena. */
const char *clock_text(struct arena *arena, instant_ms when);

#endif
