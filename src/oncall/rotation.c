#include "oncall/rotation.h"

#define DAY_MS INT64_C(86400000)

void
period_cut(struct period *period, struct period other)
{
	if (other.since > period->since)
		period->since = other.since;
	if (other.until < period->until)
		period->until = other.until;
}

/* The instant of change number `number`, from 0. */
static instant_ms
change(const struct rotation *rotation, int64_t number)
{
	struct civil civil = rotation->first;

	civil.day += (int)(number * rotation->days);
	return zone_from_civil(rotation->zone, &civil);
}

/* By the calendar, so that it is not more than one off. */
static int64_t
guess(const struct rotation *rotation, instant_ms when)
{
	struct civil now;

	zone_to_civil(rotation->zone, when, &now);
	return (clock_from_civil(&now) - clock_from_civil(&rotation->first)) /
	       (rotation->days * DAY_MS);
}

/* The last change up to `when`, which is not before the first: of two at one
 * instant the latter. */
static int64_t
last_change(const struct rotation *rotation, instant_ms when)
{
	int64_t number = guess(rotation, when);

	while (number > 0 && change(rotation, number) > when)
		number--;
	while (change(rotation, number + 1) <= when)
		number++;
	return number;
}

/* One who takes turns with nobody has one that does not end. */
static bool
is_alone(const struct rotation *rotation)
{
	size_t i;

	for (i = 1; i < rotation->names.count; i++)
		if (strcmp(rotation->names.items[i].text,
			   rotation->names.items[0].text))
			return false;
	return true;
}

static const char *
turn_at(const struct rotation *rotation, instant_ms when,
	struct period *period_out)
{
	instant_ms first = change(rotation, 0);
	int64_t number;

	*period_out = (struct period){ INT64_MIN, first };
	if (when < first)
		return NULL;
	*period_out = (struct period){ first, INT64_MAX };
	if (is_alone(rotation))
		return rotation->names.items[0].text;
	number = last_change(rotation, when);
	period_out->since = change(rotation, number);
	period_out->until = change(rotation, number + 1);
	return rotation->names.items[(size_t)number %
				     rotation->names.count].text;
}

const char *
rotation_at(const struct rotation *rotation, instant_ms when,
	    struct period *period_out)
{
	const char *name = turn_at(rotation, when, period_out);
	struct period window;

	if (!name || !rotation->window)
		return name;
	if (window_span(rotation->window, when, &window.since, &window.until)) {
		period_cut(period_out, window);
		return name;
	}
	*period_out = window;
	return NULL;
}
