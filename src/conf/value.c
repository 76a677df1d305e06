#include "conf/value.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <unistd.h>

enum {
	HOST_MOST = 255,	/* octets, RFC 1035 2.3.4 */
	DAY_MINUTES = 24 * 60,
};

/* "15m": a whole number and one of the units. */
bool
conf_parse_duration(const char *text, int64_t *milliseconds_out)
{
	static const struct { char letter; int64_t factor; } units[] = {
		{ 's', 1000 }, { 'm', 60 * 1000 }, { 'h', 60 * 60 * 1000 },
		{ 'd', 24 * 60 * 60 * 1000 }, { '\0', 0 },
	};
	size_t digits = strspn(text, "0123456789"), unit = 0, i;
	int64_t number = 0;

	while (units[unit].factor && units[unit].letter != text[digits])
		unit++;
	if (!digits || !units[unit].factor || text[digits + 1])
		return false;
	for (i = 0; i < digits; i++) {
		if (number > INT64_MAX / 10 - 1)
			return false;
		number = number * 10 + (text[i] - '0');
	}
	if (number > INT64_MAX / units[unit].factor)
		return false;
	*milliseconds_out = number * units[unit].factor;
	return true;
}

bool
conf_duration(struct conf_word word, struct diag *diag,
	      int64_t *milliseconds_out)
{
	if (conf_parse_duration(word.text, milliseconds_out))
		return true;
	diag_error(diag, word.place,
		   "write a number and s, m, h or d: 30s 15m 2h 7d",
		   "'%s' is no duration", word.text);
	return false;
}

bool
conf_is_duration(struct conf_word word, struct diag *diag)
{
	int64_t unused;

	return conf_duration(word, diag, &unused);
}

bool
conf_number(struct conf_word word, size_t most, struct diag *diag,
	    size_t *number_out)
{
	uint64_t number;

	if (text_to_u64(word.text, &number) && number && number <= most) {
		*number_out = (size_t)number;
		return true;
	}
	diag_error(diag, word.place, NULL, "'%s' is no number from 1 to %zu",
		   word.text, most);
	return false;
}

bool
conf_count(struct conf_word word, struct diag *diag, size_t *count_out)
{
	return conf_number(word, 9, diag, count_out);
}

bool
conf_is_count(struct conf_word word, struct diag *diag)
{
	size_t unused;

	return conf_count(word, diag, &unused);
}

bool
conf_date(struct conf_word word, struct diag *diag, struct civil *date_out)
{
	char midnight[sizeof("2027-01-31T00:00")];
	instant_ms when;

	(void)snprintf(midnight, sizeof(midnight), "%.10sT00:00", word.text);
	if (strlen(word.text) == 10 && clock_parse(midnight, &when)) {
		clock_to_civil(when, date_out);
		return true;
	}
	diag_error(diag, word.place, "as 2027-01-31", "'%s' is no date",
		   word.text);
	return false;
}

bool
conf_is_date(struct conf_word word, struct diag *diag)
{
	struct civil unused;

	return conf_date(word, diag, &unused);
}

bool
conf_time(struct conf_word word, struct diag *diag, instant_ms *when_out)
{
	if (clock_parse(word.text, when_out) && clock_has_offset(word.text))
		return true;
	diag_error(diag, word.place, "write it as 2026-12-01T02:00:00+01:00",
		   "'%s' is no time", word.text);
	return false;
}

bool
conf_is_time(struct conf_word word, struct diag *diag)
{
	instant_ms unused;

	return conf_time(word, diag, &unused);
}

int
conf_minutes(const char *text, size_t length)
{
	size_t i;
	int hours, minutes;

	if (length != 5 || text[2] != ':')
		return -1;
	for (i = 0; i < length; i++)
		if (i != 2 && (text[i] < '0' || text[i] > '9'))
			return -1;
	hours = (text[0] - '0') * 10 + text[1] - '0';
	minutes = (text[3] - '0') * 10 + text[4] - '0';
	if (minutes > 59 || hours * 60 + minutes > DAY_MINUTES)
		return -1;
	return hours * 60 + minutes;
}

bool
conf_clock(struct conf_word word, struct diag *diag, int *minutes_out)
{
	*minutes_out = conf_minutes(word.text, strlen(word.text));
	if (*minutes_out >= 0 && *minutes_out < DAY_MINUTES)
		return true;
	diag_error(diag, word.place, "as 09:00; the clock goes from 00:00 to "
		   "23:59", "'%s' is no time of the clock", word.text);
	return false;
}

bool
conf_is_clock(struct conf_word word, struct diag *diag)
{
	int unused;

	return conf_clock(word, diag, &unused);
}

int
conf_day(const char *text, size_t length)
{
	static const char names[7][4] = {
		"sun", "mon", "tue", "wed", "thu", "fri", "sat"
	};
	int day;

	for (day = 0; day < 7; day++)
		if (length == 3 && !strncasecmp(names[day], text, length))
			return day;
	return -1;
}

bool
conf_is_day(struct conf_word word, struct diag *diag)
{
	if (conf_day(word.text, strlen(word.text)) >= 0)
		return true;
	diag_error(diag, word.place, "one of mon tue wed thu fri sat sun",
		   "'%s' is no day of the week", word.text);
	return false;
}

/* Whether it is a date, or a date and time without an offset. */
static bool
parse_civil(const char *text, bool is_end, struct civil *civil_out)
{
	char midnight[sizeof("2027-01-31T00:00")];
	bool is_date = strlen(text) == 10;
	instant_ms when;

	(void)snprintf(midnight, sizeof(midnight), "%.10sT00:00", text);
	if (!clock_parse(is_date ? midnight : text, &when) ||
	    (!is_date && clock_has_offset(text)))
		return false;
	clock_to_civil(when, civil_out);
	civil_out->day += is_date && is_end;
	return true;
}

bool
conf_parse_moment(const char *text, const struct zone *zone, bool is_end,
		  instant_ms *when_out)
{
	struct civil civil;

	if (!parse_civil(text, is_end, &civil))
		return clock_parse(text, when_out) && clock_has_offset(text);
	*when_out = zone_from_civil(zone, &civil);
	return true;
}

bool
conf_moment(struct conf_word word, const struct zone *zone, bool is_end,
	    struct diag *diag, instant_ms *when_out)
{
	if (conf_parse_moment(word.text, zone, is_end, when_out))
		return true;
	diag_error(diag, word.place, "write it as 2026-12-24T18:00, "
		   "2026-12-24 or 2026-12-24T18:00:00+01:00",
		   "'%s' is no time", word.text);
	return false;
}

bool
conf_is_moment(struct conf_word word, struct diag *diag)
{
	instant_ms unused;

	return conf_moment(word, zone_utc(), false, diag, &unused);
}

bool
conf_address(struct conf_word word, struct diag *diag)
{
	if (text_is_address(word.text))
		return true;
	diag_error(diag, word.place, "write the address alone: LOCAL@DOMAIN",
		   "'%s' is no mail address", word.text);
	return false;
}

bool
conf_host(struct conf_word word, struct diag *diag)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-_";
	size_t length = strlen(word.text);

	if (length && length <= HOST_MOST &&
	    strspn(word.text, allowed) == length)
		return true;
	diag_error(diag, word.place, "as relay.example",
		   "'%s' is not the name of a host", word.text);
	return false;
}

bool
conf_link(struct conf_word word, struct diag *diag)
{
	const char *at = word.text;
	bool good = text_starts(at, "https://") || text_starts(at, "http://");

	for (; *at && good; at++)
		good = *at > ' ' && *at < '\x7f' && !strchr("\"'<>`\\", *at);
	if (!good)
		diag_error(diag, word.place,
			   "write it as https://wiki.example/page, with %xx "
			   "for what is not ASCII",
			   "'%s' is no link", word.text);
	return good;
}

char *
conf_path(struct arena *arena, struct conf_word word)
{
	return file_beside(arena, word.place.file ? word.place.file->name : "",
			   word.text);
}

/* The reason is asked for once more: only a file that cannot be opened is not
 * here; one with the wrong mode is. */
void
conf_unread_secret(struct conf_word word, const char *path, const char *why,
		   struct diag *diag)
{
	int reason = access(path, R_OK) ? errno : 0;

	if (reason == ENOENT || reason == ENOTDIR)
		diag_absent(diag, word.place, DIAG_MISSING, "%s", why);
	else if (reason == EACCES)
		diag_absent(diag, word.place, DIAG_UNREADABLE, "%s", why);
	else
		diag_error(diag, word.place, NULL, "%s", why);
}
