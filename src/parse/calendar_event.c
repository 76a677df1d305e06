#include "parse/calendar_event.h"

#include "base/text.h"
#include "parse/calendar_zone.h"

#include <stdlib.h>
#include <strings.h>

#define DAY_MS INT64_C(86400000)

enum {
	SUMMARY_MOST = 500,		/* octets */
	LENGTH_DAYS_MOST = 3660,
};

struct reading {
	struct arena *arena;
	const struct zone *zone;
	const char *why;		/* the event is refused; NULL */
};

static bool
refuse(struct reading *reading, const char *why)
{
	if (!reading->why)
		reading->why = why;
	return false;
}

/* ---- lines ---- */

/* The value of a parameter, without its quotes; NULL when it is not there. */
static const char *
parameter(struct arena *arena, const char *line, const char *name)
{
	const char *end = calendar_line_value(line), *at = line;
	size_t length = strlen(name);
	bool is_quoted = false;

	for (; at < end; at++) {
		const char *value = at + 1 + length;
		bool opens;

		if (*at == '"')
			is_quoted = !is_quoted;
		if (is_quoted || *at != ';' ||
		    strncasecmp(at + 1, name, length) || *value != '=')
			continue;
		opens = value[1] == '"';
		value += 1 + opens;
		return arena_strndup(arena, value,
				     strcspn(value, opens ? "\"" : ";:,"));
	}
	return NULL;
}

/* TEXT (3.3.11). */
static const char *
text_value(struct arena *arena, const char *line)
{
	const char *at = calendar_line_value(line);
	struct buf text = BUF_INIT;
	const char *copy;

	for (; *at; at++) {
		if (*at == '\\' && at[1]) {
			at++;
			buf_putc(&text, *at == 'n' || *at == 'N' ? ' ' : *at);
		} else {
			buf_putc(&text, *at);
		}
	}
	copy = text_cut(arena, text_fold_space(arena, text.data, text.len),
			SUMMARY_MOST);
	buf_release(&text);
	return copy;
}

/* With or without `mailto:`; newer ones have it in a parameter (RFC 7986). */
static const char *
attendee_value(struct arena *arena, const char *line)
{
	const char *value = calendar_line_value(line);
	const char *email = parameter(arena, line, "EMAIL");

	if (!strncasecmp(value, "mailto:", 7))
		value += 7;
	if (!strchr(value, '@') && email)
		value = email;
	return text_trim(arena, value, strlen(value));
}

/* ---- times ---- */

static bool
read_moment(struct reading *reading, const char *text, const char *tzid,
	    struct calendar_moment *out)
{
	struct ical_time time;

	if (!ical_time_parse(text, &time))
		return refuse(reading, "a time in it is none");
	*out = (struct calendar_moment){
		.civil = time.civil, .zone = reading->zone,
		.is_date = time.is_date,
	};
	if (time.is_utc)
		out->zone = zone_utc();
	else if (tzid && !time.is_date)
		out->zone = calendar_zone(tzid);
	if (!out->zone)
		return refuse(reading,
			      arena_printf(reading->arena, "unknown time zone "
					   "'%s'", tzid));
	return true;
}

static bool
read_moment_of(struct reading *reading, const char *line,
	       struct calendar_moment *out)
{
	return read_moment(reading, calendar_line_value(line),
			   parameter(reading->arena, line, "TZID"), out);
}

static bool
read_moments(struct reading *reading, const char *line, calendar_moments *out)
{
	const char *tzid = parameter(reading->arena, line, "TZID");
	const char *kind = parameter(reading->arena, line, "VALUE");
	const char *at = calendar_line_value(line);

	if (kind && !strcasecmp(kind, "PERIOD"))
		return refuse(reading, "it has dates that are periods");
	while (*at) {
		size_t length = strcspn(at, ",");
		struct calendar_moment moment;

		if (out->count == CALENDAR_DATES_MOST)
			return refuse(reading, "it has too many dates");
		if (!read_moment(reading, arena_strndup(reading->arena, at,
							length), tzid, &moment))
			return false;
		vec_push(reading->arena, out, moment);
		at += length + (at[length] == ',');
	}
	return true;
}

instant_ms
calendar_instant(const struct calendar_moment *moment)
{
	return zone_from_civil(moment->zone, &moment->civil);
}

/* ---- one event ---- */

static bool
read_rule(struct reading *reading, const char *line,
	  struct calendar_event *event)
{
	if (event->rule)
		return refuse(reading, "it has more than one rule");
	event->rule = calendar_line_value(line);
	return true;
}

static bool
read_line(struct reading *reading, const char *line,
	  struct calendar_event *event)
{
	struct arena *arena = reading->arena;
	const char *value = calendar_line_value(line);

	if (calendar_line_is(line, "DTSTART"))
		return event->has_start = read_moment_of(reading, line,
							 &event->start);
	if (calendar_line_is(line, "DTEND"))
		return event->has_end = read_moment_of(reading, line,
						       &event->end);
	if (calendar_line_is(line, "RECURRENCE-ID")) {
		if (parameter(arena, line, "RANGE"))
			return refuse(reading, "it changes all that follow");
		return event->has_id = read_moment_of(reading, line,
						      &event->id);
	}
	if (calendar_line_is(line, "EXDATE"))
		return read_moments(reading, line, &event->excluded);
	if (calendar_line_is(line, "RDATE"))
		return read_moments(reading, line, &event->added);
	if (calendar_line_is(line, "RRULE"))
		return read_rule(reading, line, event);
	if (calendar_line_is(line, "EXRULE"))
		return refuse(reading, "it has a rule of exceptions");
	if (calendar_line_is(line, "DURATION")) {
		event->has_length = true;
		if (!ical_length_parse(value, &event->length))
			return refuse(reading, "its length is none");
	} else if (calendar_line_is(line, "UID")) {
		event->uid = value;
	} else if (calendar_line_is(line, "SUMMARY")) {
		event->summary = text_value(arena, line);
	} else if (calendar_line_is(line, "ATTENDEE")) {
		vec_push(arena, &event->attendees, attendee_value(arena, line));
	} else if (calendar_line_is(line, "STATUS")) {
		event->is_cancelled = !strcasecmp(value, "CANCELLED");
	} else if (calendar_line_is(line, "SEQUENCE")) {
		event->sequence = strtol(value, NULL, 10);
	} else if (calendar_line_is(line, "DTSTAMP")) {
		event->stamp = value;
	}
	return true;
}

/* In seconds of the clock on the wall, from begin to end. */
static int
shown_length_s(const struct calendar_event *event)
{
	const struct calendar_moment *start = &event->start, *end = &event->end;
	struct civil civil = end->civil;

	if (end->zone != start->zone)
		zone_to_civil(start->zone, calendar_instant(end), &civil);
	return (int)((clock_from_civil(&civil) -
		      clock_from_civil(&start->civil)) / 1000);
}

instant_ms
calendar_event_end(const struct calendar_event *event,
		   const struct civil *begin)
{
	struct civil civil = *begin;

	if (event->has_end)
		civil.second += shown_length_s(event);
	else if (event->has_length)
		civil.day += event->length.days;
	else
		civil.day += event->start.is_date;
	return zone_from_civil(event->start.zone, &civil) +
	       (event->has_end ? 0 : event->length.exact_ms);
}

static bool
is_too_long(const struct calendar_event *event)
{
	return event->has_end && calendar_instant(&event->end) -
	       calendar_instant(&event->start) > LENGTH_DAYS_MOST * DAY_MS;
}

static void
check_event(struct reading *reading, const struct calendar_event *event)
{
	if (!event->has_start)
		(void)refuse(reading, "it does not say when it begins");
	else if (event->is_cancelled)
		return;
	else if (is_too_long(event))
		(void)refuse(reading, "its length is none");
	else if (calendar_event_end(event, &event->start.civil) <=
		 calendar_instant(&event->start))
		(void)refuse(reading, "it has no length");
}

const char *
calendar_event_read(struct arena *arena, const struct calendar_vevent *vevent,
		    const struct zone *zone, struct calendar_event *out)
{
	struct reading reading = { arena, zone, vevent->refused };
	size_t i;

	*out = (struct calendar_event){
		.uid = "", .summary = "", .stamp = "",
	};
	for (i = 0; i < vevent->lines.count; i++)
		if (!read_line(&reading, vevent->lines.items[i], out))
			break;
	if (!reading.why)
		check_event(&reading, out);
	return reading.why;
}
