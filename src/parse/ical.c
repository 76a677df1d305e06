#include "parse/ical.h"

#include "base/bug.h"

#include <libical/ical.h>
#include <stdlib.h>

enum {
	YEAR_LEAST = 1970, YEAR_MOST = 2200,
	DAYS_MOST = 3660,		/* of a length */
};

struct ical_rule {
	icalrecur_iterator *iterator;
	struct ical_time start, until;
	bool has_until, has_begun;
};

/* ---- times ---- */

static bool
is_sane(const struct icaltimetype *time)
{
	return time->year >= YEAR_LEAST && time->year <= YEAR_MOST &&
	       time->month >= 1 && time->month <= 12 && time->day >= 1 &&
	       time->day <= icaltime_days_in_month(time->month, time->year) &&
	       time->hour >= 0 && time->hour < 24 && time->minute >= 0 &&
	       time->minute < 60 && time->second >= 0 && time->second <= 60;
}

static bool
take_time(struct icaltimetype time, struct ical_time *out)
{
	if (!is_sane(&time))
		return false;
	*out = (struct ical_time){
		.civil = {
			.year = time.year, .month = time.month,
			.day = time.day,
			.hour = time.is_date ? 0 : time.hour,
			.minute = time.is_date ? 0 : time.minute,
			.second = time.is_date ? 0 : time.second,
		},
		.is_date = time.is_date,
		.is_utc = icaltime_is_utc(time),
	};
	return true;
}

bool
ical_time_parse(const char *text, struct ical_time *out)
{
	icalerror_set_errors_are_fatal(0);
	return take_time(icaltime_from_string(text), out);
}

bool
ical_length_parse(const char *text, struct ical_length *out)
{
	const int64_t day_s = 86400;
	struct icaldurationtype of;
	int64_t days, exact_s;

	icalerror_set_errors_are_fatal(0);
	of = icaldurationtype_from_string(text);
	days = of.weeks * INT64_C(7) + of.days;
	exact_s = of.hours * INT64_C(3600) + of.minutes * INT64_C(60) +
		  of.seconds;
	if (of.is_neg || days > DAYS_MOST || exact_s > DAYS_MOST * day_s)
		return false;
	*out = (struct ical_length){ (int)days, exact_s * 1000 };
	return true;
}

/* ---- rules ---- */

/* Without its zone: then each day has its 02:30, and the next one is right. */
static struct icaltimetype
floating(const struct ical_time *of)
{
	struct icaltimetype time = icaltime_null_time();

	time.year = (int)of->civil.year;
	time.month = of->civil.month;
	time.day = of->civil.day;
	time.hour = of->civil.hour;
	time.minute = of->civil.minute;
	time.second = of->civil.second;
	time.is_date = of->is_date;
	return time;
}

static bool
take_until(struct ical_rule *rule, struct icalrecurrencetype *type)
{
	if (icaltime_is_null_time(type->until))
		return true;
	if (!take_time(type->until, &rule->until))
		return false;
	rule->has_until = true;
	type->until = icaltime_null_time();
	return true;
}

/* A begin that the rule leaves out is counted by it all the same. */
static bool
begins_elsewhere(const struct icalrecurrencetype *type,
		 struct icaltimetype start)
{
	icalrecur_iterator *iterator = icalrecur_iterator_new(*type, start);
	struct icaltimetype first;

	if (!iterator)
		return false;
	first = icalrecur_iterator_next(iterator);
	icalrecur_iterator_free(iterator);
	return icaltime_compare(first, start) != 0;
}

struct ical_rule *
ical_rule_open(const char *text, const struct ical_time *start)
{
	struct ical_rule *rule = bug_alloc(sizeof(*rule));
	struct icalrecurrencetype type;

	icalerror_set_errors_are_fatal(0);
	type = icalrecurrencetype_from_string(text);
	*rule = (struct ical_rule){ .start = *start };
	if (type.freq >= ICAL_DAILY_RECURRENCE &&
	    type.freq <= ICAL_YEARLY_RECURRENCE && take_until(rule, &type)) {
		if (type.count > 1 && begins_elsewhere(&type, floating(start)))
			type.count--;
		rule->iterator = icalrecur_iterator_new(type, floating(start));
	}
	if (!rule->iterator)
		ical_rule_close(&rule);
	return rule;
}

bool
ical_rule_until(const struct ical_rule *rule, struct ical_time *out)
{
	*out = rule->until;
	return rule->has_until;
}

bool
ical_rule_next(struct ical_rule *rule, struct civil *out)
{
	struct ical_time next;

	if (!rule->has_begun) {
		rule->has_begun = true;
		*out = rule->start.civil;
		return true;
	}
	if (!take_time(icalrecur_iterator_next(rule->iterator), &next))
		return false;
	*out = next.civil;
	return true;
}

void
ical_rule_close(struct ical_rule **rule)
{
	if ((*rule)->iterator)
		icalrecur_iterator_free((*rule)->iterator);
	free(*rule);
	*rule = NULL;
}
