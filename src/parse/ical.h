/*
 * The door to libical, in the cage alone: single times, durations, and rules
 * that are stepped through on times without a zone. What libical 3.0 makes of
 * zones, of lengths and of whole components is wrong in nights in which clocks
 * change, so none of that is asked of it.
 *
 * It parses a month of 30 without complaint and reads past its tables then: all
 * that comes out of here is checked.
 */
#ifndef PARSE_ICAL_H
#define PARSE_ICAL_H

#include "base/clock.h"

struct ical_time {
	struct civil civil;
	bool is_date, is_utc;
};

/* "20261207T090000Z", "20261207"; false when it is none. */
bool ical_time_parse(const char *text, struct ical_time *out);

struct ical_length {
	int days;			/* by the calendar */
	int64_t exact_ms;		/* and so much more */
};

/* "P1DT2H", at most ten years; false when it is none. */
bool ical_length_parse(const char *text, struct ical_length *out);

struct ical_rule;

/* The RRULE of an event that begins so; NULL when it is none. Of rules that
 * calendar_text.h lets through. The begin comes first, whether the rule has it
 * or not. */
struct ical_rule *ical_rule_open(const char *text,
				 const struct ical_time *start);
/* Its UNTIL, which it does not end at: many write it otherwise than they
 * should. False when it has none. */
bool ical_rule_until(const struct ical_rule *rule, struct ical_time *out);
/* False at its end. */
bool ical_rule_next(struct ical_rule *rule, struct civil *out);
void ical_rule_close(struct ical_rule **rule);

#endif
