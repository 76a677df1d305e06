/* Days and civil dates by Howard Hinnant's "chrono-Compatible Low-Level Date
 * Algorithms": eras of 400 years that begin on 1 March. */
#include "base/clock.h"

enum {
	DAY_MS = 86400000,
	/* What others say of an event before these programs were written, or of
	 * one after their time, is a default or a mistake. */
	FOREIGN_YEAR_LEAST = 1990, FOREIGN_YEAR_MOST = 2999,
};

static instant_ms
system_now(const struct clock *clock)
{
	struct timespec now;

	(void)clock;			/* it has no state */
	if (clock_gettime(CLOCK_REALTIME, &now))
		return 0;		/* cannot fail with these arguments */
	return (instant_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static instant_ms
fixed_now(const struct clock *clock)
{
	return clock->fixed;
}

struct clock
clock_system(void)
{
	return (struct clock){ .now = system_now };
}

struct clock
clock_at(instant_ms when)
{
	return (struct clock){ .now = fixed_now, .fixed = when };
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
days_from_civil(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	year += floor_div(month - 1, 12);
	month = (int)(month - 1 - 12 * floor_div(month - 1, 12)) + 1;
	if (month <= 2)
		year--;
	era = floor_div(year, 400);
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

instant_ms
clock_from_civil(const struct civil *c)
{
	int64_t days = days_from_civil(c->year, c->month, c->day);

	return days * DAY_MS + c->hour * INT64_C(3600000) +
	       c->minute * INT64_C(60000) + c->second * INT64_C(1000) +
	       c->millisecond;
}

void
clock_to_civil(instant_ms when, struct civil *out)
{
	int64_t days = floor_div(when, DAY_MS);
	int64_t rest = when - days * DAY_MS;
	int64_t era, of_era, year, of_year, month;

	days += 719468;
	era = floor_div(days, 146097);
	of_era = days - era * 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
	       365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	out->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	out->month = (int)(month < 10 ? month + 3 : month - 9);
	out->year = year + era * 400 + (out->month <= 2);
	out->hour = (int)(rest / 3600000);
	out->minute = (int)(rest / 60000 % 60);
	out->second = (int)(rest / 1000 % 60);
	out->millisecond = (int)(rest % 1000);
}

int
clock_weekday(instant_ms when)
{
	int64_t days = floor_div(when, DAY_MS) + 4;	/* a Thursday */

	return (int)(days - 7 * floor_div(days, 7));
}

/* Exactly `count` digits; advances. */
static bool
take_number(const char **at, int count, int *value_out)
{
	int value = 0;

	while (count--) {
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (*(*at)++ - '0');
	}
	*value_out = value;
	return true;
}

static bool
take(const char **at, const char *any)
{
	if (!**at || !strchr(any, **at))
		return false;
	(*at)++;
	return true;
}

static bool
take_fraction(const char **at, int *milliseconds_out)
{
	int digits = 0, unit = 100;

	for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
		*milliseconds_out += (**at - '0') * unit;
		unit /= 10;
	}
	return digits >= 1 && digits <= 9;
}

/* ":39.5"; all of it may be left out. */
static bool
take_seconds(const char **at, struct civil *c)
{
	if (!take(at, ":"))
		return true;
	return take_number(at, 2, &c->second) &&
	       (!take(at, ".") || take_fraction(at, &c->millisecond));
}

/* "+01:00"; from others also " +0100". */
static bool
take_offset(const char **at, bool foreign, int *minutes_out)
{
	int sign, hours, minutes;

	if (foreign)
		*at += strspn(*at, " ");
	sign = **at == '-' ? -1 : 1;
	if (!**at || take(at, "Zz"))
		return true;
	if (!take(at, "+-") || !take_number(at, 2, &hours) ||
	    (!take(at, ":") && !foreign) || !take_number(at, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*minutes_out = sign * (hours * 60 + minutes);
	return true;
}

static int
days_in_month(int64_t year, int month)
{
	return (int)(days_from_civil(year, month + 1, 1) -
		     days_from_civil(year, month, 1));
}

static bool
parse(const char *text, bool foreign, struct civil *civil_out,
      instant_ms *when_out)
{
	struct civil c = { .month = 1 };
	int year, offset = 0;

	if (!take_number(&text, 4, &year) || !take(&text, "-") ||
	    !take_number(&text, 2, &c.month) || !take(&text, "-") ||
	    !take_number(&text, 2, &c.day) || !take(&text, "Tt ") ||
	    !take_number(&text, 2, &c.hour) || !take(&text, ":") ||
	    !take_number(&text, 2, &c.minute))
		return false;
	c.year = year;
	if (!take_seconds(&text, &c) || !take_offset(&text, foreign, &offset) ||
	    *text)
		return false;
	if (c.month < 1 || c.month > 12 || c.day < 1 || c.hour > 23 ||
	    c.day > days_in_month(c.year, c.month) || c.minute > 59 ||
	    c.second > 60)
		return false;
	*civil_out = c;
	*when_out = clock_from_civil(&c) - offset * INT64_C(60000);
	return true;
}

bool
clock_parse(const char *text, instant_ms *when_out)
{
	struct civil civil;

	return parse(text, false, &civil, when_out);
}

bool
clock_parse_foreign(const char *text, instant_ms *when_out)
{
	struct civil civil;

	return parse(text, true, &civil, when_out) &&
	       civil.year >= FOREIGN_YEAR_LEAST &&
	       civil.year <= FOREIGN_YEAR_MOST;
}

bool
clock_has_offset(const char *text)
{
	const char *clock = text + strcspn(text, "Tt ");

	return clock[strcspn(clock, "Zz+-")] != '\0';
}

void
clock_print(struct buf *out, instant_ms when)
{
	struct civil c;

	clock_to_civil(when, &c);
	buf_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c.year,
		   c.month, c.day, c.hour, c.minute, c.second);
	if (c.millisecond)
		buf_printf(out, ".%03d", c.millisecond);
	buf_putc(out, 'Z');
}

const char *
clock_text(struct arena *arena, instant_ms when)
{
	struct buf text = BUF_INIT;
	const char *copy;

	clock_print(&text, when);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}
