/*
 * Lines become events, events become groups of one UID, and each group is put
 * on the time line, its overrides in place of what they override.
 *
 * Times are compared as instants, never as texts: an exception may be in UTC
 * where the event is local.
 */
#include "parse/calendar.h"

#include "base/map.h"
#include "base/text.h"
#include "parse/calendar_event.h"

#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

/* Events of one UID. */
struct group {
	VEC(struct calendar_event *) masters, overrides;
};

struct reading {
	struct arena *arena;
	const struct calendar_wish *wish;
	struct turns *turns;
	struct map *groups;		/* by UID */
	size_t spans;			/* of all events */
};

/* "\"Ana Souza\" 2026-12-07: it has no length" */
static void
say_refused(struct reading *reading, const struct calendar_event *event,
	    const char *why)
{
	struct buf text = BUF_INIT;

	buf_putc(&text, '"');
	text_escape(&text, event->summary, 60);
	buf_putc(&text, '"');
	if (event->has_start)
		buf_printf(&text, " %04d-%02d-%02d",
			   (int)event->start.civil.year,
			   event->start.civil.month, event->start.civil.day);
	buf_puts(&text, ": ");
	text_escape(&text, why, 200);
	turns_refuse(reading->arena, reading->turns, text.data);
	buf_release(&text);
}

static struct group *
group_of(struct reading *reading, const char *uid)
{
	struct group *group = map_find(reading->groups, uid);

	if (group)
		return group;
	group = arena_alloc(reading->arena, sizeof(*group));
	(void)map_set(reading->groups, uid, group);	/* was absent */
	return group;
}

static void
read_event(struct reading *reading, const struct calendar_vevent *vevent)
{
	struct calendar_event *event = arena_alloc(reading->arena,
						   sizeof(*event));
	const char *why = calendar_event_read(reading->arena, vevent,
					      reading->wish->zone, event);
	struct group *group;

	if (why) {
		say_refused(reading, event, why);
		return;
	}
	group = group_of(reading, event->uid);
	if (event->has_id)
		vec_push(reading->arena, &group->overrides, event);
	else
		vec_push(reading->arena, &group->masters, event);
}

/* ---- the time line ---- */

/* By the date alone where one of them is a date. */
static bool
is_at(const struct calendar_moment *moment, const struct calendar_event *event,
      const struct civil *begin, instant_ms when)
{
	if (moment->is_date && !event->start.is_date)
		return moment->civil.year == begin->year &&
		       moment->civil.month == begin->month &&
		       moment->civil.day == begin->day;
	return calendar_instant(moment) == when;
}

static bool
is_newer(const struct calendar_event *a, const struct calendar_event *b)
{
	if (a->sequence != b->sequence)
		return a->sequence > b->sequence;
	return strcmp(a->stamp, b->stamp) > 0;
}

static bool
same_moment(const struct calendar_moment *a, const struct calendar_moment *b)
{
	return a->is_date == b->is_date &&
	       calendar_instant(a) == calendar_instant(b);
}

/* Of several that override one, or begin at one time, the newest counts, and
 * the last of those that are alike. */
static bool
is_outdone(const struct calendar_event *event,
	   struct calendar_event *const *others, size_t count, size_t at)
{
	size_t i;

	for (i = 0; i < count && *event->uid; i++) {
		const struct calendar_event *other = others[i];
		bool is_same = event->has_id ?
			same_moment(&event->id, &other->id) :
			same_moment(&event->start, &other->start);

		if (i != at && is_same &&
		    (is_newer(other, event) ||
		     (i > at && !is_newer(event, other))))
			return true;
	}
	return false;
}

static bool
is_left_out(const struct group *group, const struct calendar_event *event,
	    const struct civil *begin, instant_ms when)
{
	size_t i;

	for (i = 0; i < event->excluded.count; i++)
		if (is_at(&event->excluded.items[i], event, begin, when))
			return true;
	for (i = 0; i < group->overrides.count; i++)
		if (*event->uid &&
		    is_at(&group->overrides.items[i]->id, event, begin, when))
			return true;
	return false;
}

static bool
is_wished(const struct reading *reading, struct turns_span span)
{
	return span.until > span.since && span.until > reading->wish->since &&
	       span.since < reading->wish->until;
}

static void
add_span(struct reading *reading, struct turns_event *out,
	 struct turns_span span)
{
	size_t i;

	for (i = out->spans.count; i && out->spans.items[i - 1].since >=
	     span.since; i--)
		if (out->spans.items[i - 1].since == span.since &&
		    out->spans.items[i - 1].until == span.until)
			return;		/* its begin, and a date of it */
	vec_push(reading->arena, &out->spans, span);
	reading->spans++;
}

static void
add_turn(struct reading *reading, const struct group *group,
	 const struct calendar_event *event, const struct civil *begin,
	 struct turns_event *out)
{
	struct turns_span span = {
		zone_from_civil(event->start.zone, begin),
		calendar_event_end(event, begin),
	};

	if (is_wished(reading, span) &&
	    !is_left_out(group, event, begin, span.since))
		add_span(reading, out, span);
}

/* A time of UNTIL that names no zone is one of the event's. */
static bool
is_past(const struct ical_rule *rule, const struct calendar_event *event,
	const struct civil *begin)
{
	struct ical_time until;

	if (!ical_rule_until(rule, &until))
		return false;
	if (until.is_date)
		return clock_from_civil(begin) >=
		       clock_from_civil(&until.civil) + DAY_MS;
	return zone_from_civil(event->start.zone, begin) >
	       zone_from_civil(until.is_utc ? zone_utc() : event->start.zone,
			       &until.civil);
}

/* Up to the end of the time that is asked for; NULL, or why it cannot be. */
static const char *
follow(struct reading *reading, const struct group *group,
       const struct calendar_event *event, struct ical_rule *rule,
       struct turns_event *out)
{
	struct civil begin;
	int steps;

	for (steps = 0; steps < CALENDAR_STEPS_MOST; steps++) {
		if (!ical_rule_next(rule, &begin) ||
		    is_past(rule, event, &begin) ||
		    zone_from_civil(event->start.zone, &begin) >=
		    reading->wish->until)
			return NULL;
		add_turn(reading, group, event, &begin, out);
		if (reading->spans > TURNS_MOST)
			return NULL;	/* all of it is refused */
	}
	return "it repeats too often to be followed";
}

static const char *
add_repeated(struct reading *reading, const struct group *group,
	     const struct calendar_event *event, struct turns_event *out)
{
	const struct ical_time start = {
		event->start.civil, event->start.is_date, false,
	};
	struct ical_rule *rule = ical_rule_open(event->rule, &start);
	const char *why;

	if (!rule)
		return "its rule is none";
	why = follow(reading, group, event, rule, out);
	ical_rule_close(&rule);
	return why;
}

static void
add_dates(struct reading *reading, const struct group *group,
	  const struct calendar_event *event, struct turns_event *out)
{
	size_t i;

	for (i = 0; i < event->added.count; i++) {
		const struct calendar_moment *moment = &event->added.items[i];
		struct civil begin = moment->civil;

		if (moment->zone != event->start.zone)
			zone_to_civil(event->start.zone,
				      calendar_instant(moment), &begin);
		add_turn(reading, group, event, &begin, out);
	}
}

/* What changes one turn of another. */
static void
put_override(struct reading *reading, const struct calendar_event *event,
	     struct turns_event *out)
{
	const struct turns_span once = {
		calendar_instant(&event->start),
		calendar_event_end(event, &event->start.civil),
	};

	if (is_wished(reading, once))
		add_span(reading, out, once);
}

/* NULL, or why it cannot be. */
static const char *
put_master(struct reading *reading, const struct group *group,
	   const struct calendar_event *event, struct turns_event *out)
{
	const char *why = NULL;

	if (event->rule)
		why = add_repeated(reading, group, event, out);
	else
		add_turn(reading, group, event, &event->start.civil, out);
	if (!why)
		add_dates(reading, group, event, out);
	return why;
}

static void
put_event(struct reading *reading, const struct group *group,
	  const struct calendar_event *event)
{
	struct turns_event out = { .summary = event->summary };
	size_t before = reading->spans, i;
	const char *why = NULL;

	if (event->is_cancelled)
		return;
	for (i = 0; i < event->attendees.count; i++)
		vec_push(reading->arena, &out.attendees,
			 event->attendees.items[i]);
	if (event->has_id)
		put_override(reading, event, &out);
	else
		why = put_master(reading, group, event, &out);
	if (why) {
		say_refused(reading, event, why);
		reading->spans = before;
	} else if (out.spans.count) {
		vec_push(reading->arena, &reading->turns->events, out);
	}
}

/* Who cancels an event cancels all of it. */
static bool
is_cancelled(const struct group *group)
{
	const struct calendar_event *master;

	if (group->masters.count != 1)
		return false;
	master = group->masters.items[0];
	return master->is_cancelled && *master->uid;
}

static void
put_group(struct reading *reading, const struct group *group)
{
	size_t i;

	if (is_cancelled(group))
		return;
	for (i = 0; i < group->masters.count; i++)
		if (!is_outdone(group->masters.items[i], group->masters.items,
				group->masters.count, i))
			put_event(reading, group, group->masters.items[i]);
	for (i = 0; i < group->overrides.count; i++)
		if (!is_outdone(group->overrides.items[i],
				group->overrides.items, group->overrides.count,
				i))
			put_event(reading, group, group->overrides.items[i]);
}

/* One order, whatever the file's: the same turns are the same octets. */
static int
compare_events(const void *left, const void *right)
{
	const struct turns_event *a = left, *b = right;
	instant_ms begin_a = a->spans.items[0].since;
	instant_ms begin_b = b->spans.items[0].since;

	if (begin_a != begin_b)
		return begin_a < begin_b ? -1 : 1;
	return strcmp(a->summary, b->summary);
}

static void
put_all(struct reading *reading)
{
	struct turns *turns = reading->turns;
	const char *uid;
	size_t at = 0;
	void *group;

	while (map_next(reading->groups, &at, &uid, &group))
		put_group(reading, group);
	if (turns->events.count)
		qsort(turns->events.items, turns->events.count,
		      sizeof(*turns->events.items), compare_events);
}

struct turns *
calendar_parse(struct arena *arena, const char *bytes, size_t length,
	       const struct calendar_wish *wish, struct buf *error)
{
	struct reading reading = {
		.arena = arena, .wish = wish,
		.turns = arena_alloc(arena, sizeof(*reading.turns)),
		.groups = map_create(arena),
	};
	struct calendar_text text;
	size_t i;

	if (!calendar_text_parse(arena, bytes, length, &text, error))
		return NULL;
	if (text.is_cancelled)
		return reading.turns;
	for (i = 0; i < text.events.count; i++)
		read_event(&reading, &text.events.items[i]);
	put_all(&reading);
	if (reading.spans <= TURNS_MOST)
		return reading.turns;
	buf_printf(error, "it has more than %d turns in the time that is "
		   "looked at", TURNS_MOST);
	return NULL;
}
