/*
 * A TZif file is a header and data with 32-bit times for old readers, then a
 * header and data with 64-bit times, then a line with a POSIX TZ rule:
 *
 *	header	"TZif" version(1) unused(15) and six counts of four bytes:
 *		isut isstd leap time type char
 *	data	time * T	transition times, T = 4 or 8
 *		time * 1	the type that begins there
 *		type * 6	offset(4) is-dst(1) abbreviation-index(1)
 *		char * 1	abbreviations, each with a NUL
 *		leap * (T + 4), isstd * 1, isut * 1
 *	footer	newline, "CET-1CEST,M3.5.0,M10.5.0/3", newline
 *
 * After the last transition the rule holds; without a rule the last type does.
 */
#include "base/zone.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/map.h"
#include "base/vec.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

enum {
	ZONE_NAME_MOST = 64,
	ZONE_FILE_MOST = 64 * 1024,	/* the largest real one has 4 kB */
	ZONE_LIST_MOST = 1024 * 1024,
	ZONE_TIMES_MOST = 4096,
	ZONE_TYPES_MOST = 256,		/* an index is one byte */
	ZONE_CHARS_MOST = 4096,
	ZONE_OFFSET_MOST_S = 26 * 3600,	/* RFC 9636 3.2 */
	DAY_S = 86400,
};

struct type {
	int offset_s;
	const char *abbreviation;
};

/* "M10.5.0/3", "J60", "59": a day of each year and a time on its wall. */
struct yearly {
	enum { YEARLY_MONTH, YEARLY_JULIAN, YEARLY_DAY } form;
	int month, week, day;
	int time_s;		/* may be negative, or more than a day */
};

struct footer {
	bool known;		/* there is a rule at all */
	bool has_dst;
	struct type standard, dst;
	struct yearly dst_start, dst_end;
};

struct zone {
	const char *name;
	size_t time_count, type_count;
	int64_t *times;		/* seconds, strictly ascending */
	unsigned char *time_types;
	struct type *types;
	struct footer footer;
};

/* ---- reading bytes ---- */

struct bytes {
	const unsigned char *at;
	size_t left;
	bool bad;		/* read past the end */
};

static const unsigned char *
take(struct bytes *in, size_t count)
{
	const unsigned char *start = in->at;

	if (in->bad || count > in->left) {
		in->bad = true;
		return NULL;
	}
	in->at += count;
	in->left -= count;
	return start;
}

static int64_t
take_integer(struct bytes *in, size_t width)
{
	const unsigned char *from = take(in, width);
	uint64_t value;
	size_t i;

	if (!from)
		return 0;
	value = from[0] & 0x80 ? UINT64_MAX : 0;	/* two's complement */
	for (i = 0; i < width; i++)
		value = value << 8 | from[i];
	return (int64_t)value;
}

struct counts {
	int64_t isut, isstd, leap, time, type, chars;
};

static bool
take_header(struct bytes *in, struct counts *counts)
{
	const unsigned char *magic = take(in, 20);

	if (!magic || memcmp(magic, "TZif", 4) || magic[4] < '2')
		return false;
	counts->isut = take_integer(in, 4);
	counts->isstd = take_integer(in, 4);
	counts->leap = take_integer(in, 4);
	counts->time = take_integer(in, 4);
	counts->type = take_integer(in, 4);
	counts->chars = take_integer(in, 4);
	return !in->bad &&
	       counts->isut >= 0 && counts->isut <= ZONE_TYPES_MOST &&
	       counts->isstd >= 0 && counts->isstd <= ZONE_TYPES_MOST &&
	       counts->leap == 0 &&	/* "right" zones count leap seconds */
	       counts->time >= 0 && counts->time <= ZONE_TIMES_MOST &&
	       counts->type >= 1 && counts->type <= ZONE_TYPES_MOST &&
	       counts->chars >= 1 && counts->chars <= ZONE_CHARS_MOST;
}

static bool
skip_old_data(struct bytes *in, const struct counts *counts)
{
	return take(in, (size_t)(counts->time * 5 + counts->type * 6 +
				 counts->chars + counts->isstd +
				 counts->isut)) != NULL;
}

static bool
take_times(struct bytes *in, struct arena *arena, struct zone *zone)
{
	size_t i;

	zone->times = arena_array(arena, zone->time_count,
				  sizeof(*zone->times));
	zone->time_types = arena_alloc(arena, zone->time_count);
	for (i = 0; i < zone->time_count; i++) {
		zone->times[i] = take_integer(in, 8);
		if (i && zone->times[i] <= zone->times[i - 1])
			return false;
	}
	for (i = 0; i < zone->time_count; i++) {
		zone->time_types[i] = (unsigned char)take_integer(in, 1);
		if (zone->time_types[i] >= zone->type_count)
			return false;
	}
	return !in->bad;
}

static bool
take_types(struct bytes *in, struct arena *arena, struct zone *zone,
	   size_t char_count)
{
	const unsigned char *types = take(in, zone->type_count * 6);
	const unsigned char *chars = take(in, char_count);
	struct bytes one;
	const char *kept;
	size_t i;

	if (!types || !chars || chars[char_count - 1])
		return false;
	kept = arena_strndup(arena, (const char *)chars, char_count);
	zone->types = arena_array(arena, zone->type_count,
				  sizeof(*zone->types));
	for (i = 0; i < zone->type_count; i++) {
		int64_t offset_s;

		one = (struct bytes){ types + 6 * i, 6, false };
		offset_s = take_integer(&one, 4);
		if (offset_s > ZONE_OFFSET_MOST_S ||
		    offset_s < -ZONE_OFFSET_MOST_S || one.at[1] >= char_count)
			return false;
		zone->types[i].offset_s = (int)offset_s;
		zone->types[i].abbreviation = kept + one.at[1];
	}
	return true;
}

/* ---- the rule in the footer ---- */

static bool
take_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

static bool
take_number(const char **at, int most, int *number_out)
{
	int number = 0;

	if (**at < '0' || **at > '9')
		return false;
	while (**at >= '0' && **at <= '9') {
		number = number * 10 + (*(*at)++ - '0');
		if (number > most)
			return false;
	}
	*number_out = number;
	return true;
}

/* "[+-]h[:mm[:ss]]" */
static bool
take_time(const char **at, int most_hours, int *seconds_out)
{
	int sign = 1, hours, minutes = 0, seconds = 0;

	if (take_char(at, '-'))
		sign = -1;
	else
		(void)take_char(at, '+');	/* may be left out */
	if (!take_number(at, most_hours, &hours))
		return false;
	if (take_char(at, ':')) {
		if (!take_number(at, 59, &minutes))
			return false;
		if (take_char(at, ':') && !take_number(at, 59, &seconds))
			return false;
	}
	*seconds_out = sign * (hours * 3600 + minutes * 60 + seconds);
	return true;
}

/* "CET", "<-03>" */
static const char *
take_abbreviation(const char **at, struct arena *arena)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	bool quoted = take_char(at, '<');
	size_t length = quoted ? strcspn(*at, ">") : strspn(*at, letters);
	char *abbreviation;

	if (length < 3 || length > 16)
		return NULL;
	abbreviation = arena_strndup(arena, *at, length);
	*at += length;
	return quoted && !take_char(at, '>') ? NULL : abbreviation;
}

static bool
take_yearly(const char **at, struct yearly *yearly)
{
	bool good;

	if (!take_char(at, ','))
		return false;
	if (take_char(at, 'M')) {
		yearly->form = YEARLY_MONTH;
		good = take_number(at, 12, &yearly->month) &&
		       yearly->month >= 1 && take_char(at, '.') &&
		       take_number(at, 5, &yearly->week) &&
		       yearly->week >= 1 && take_char(at, '.') &&
		       take_number(at, 6, &yearly->day);
	} else if (take_char(at, 'J')) {
		yearly->form = YEARLY_JULIAN;
		good = take_number(at, 365, &yearly->day) && yearly->day >= 1;
	} else {
		yearly->form = YEARLY_DAY;
		good = take_number(at, 365, &yearly->day);
	}
	yearly->time_s = 2 * 3600;
	return good && (!take_char(at, '/') ||
			take_time(at, 167, &yearly->time_s));
}

static bool
take_type(const char **at, struct arena *arena, struct type *type)
{
	type->abbreviation = take_abbreviation(at, arena);
	return type->abbreviation != NULL;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3"; POSIX counts offsets west of UTC. */
static bool
footer_parse(struct arena *arena, const char *at, struct footer *footer)
{
	int west_s;

	if (!*at)
		return true;
	footer->known = true;
	if (!take_type(&at, arena, &footer->standard) ||
	    !take_time(&at, 24, &west_s))
		return false;
	footer->standard.offset_s = -west_s;
	if (!*at)
		return true;

	footer->has_dst = true;
	if (!take_type(&at, arena, &footer->dst))
		return false;
	west_s -= 3600;
	if (*at != ',' && !take_time(&at, 24, &west_s))
		return false;
	footer->dst.offset_s = -west_s;
	return take_yearly(&at, &footer->dst_start) &&
	       take_yearly(&at, &footer->dst_end) && !*at;
}

static bool
take_footer(struct bytes *in, struct arena *arena, struct zone *zone)
{
	const unsigned char *start, *end;
	const char *rule;

	if (!in->left || in->at[0] != '\n')
		return false;
	start = in->at + 1;
	end = memchr(start, '\n', in->left - 1);
	if (!end)
		return false;
	rule = arena_strndup(arena, (const char *)start,
			     (size_t)(end - start));
	return footer_parse(arena, rule, &zone->footer);
}

static bool
zone_take(struct bytes *in, struct arena *arena, struct zone *zone)
{
	struct counts counts;

	if (!take_header(in, &counts) || !skip_old_data(in, &counts) ||
	    !take_header(in, &counts))
		return false;
	zone->time_count = (size_t)counts.time;
	zone->type_count = (size_t)counts.type;
	return take_times(in, arena, zone) &&
	       take_types(in, arena, zone, (size_t)counts.chars) &&
	       take(in, (size_t)(counts.isstd + counts.isut)) &&
	       take_footer(in, arena, zone);
}

struct zone *
zone_parse(struct arena *arena, const char *name, const void *bytes,
	   size_t length, struct buf *error)
{
	struct zone *zone = arena_alloc(arena, sizeof(*zone));
	struct bytes in = { bytes, length, false };

	zone->name = arena_strdup(arena, name);
	if (zone_take(&in, arena, zone))
		return zone;
	buf_printf(error, "time zone '%s' is no TZif file of version 2 or "
		   "later, or is damaged", name);
	return NULL;
}

/* ---- from instants to offsets ---- */

static int64_t
year_start_s(int64_t year)
{
	struct civil first = { .year = year, .month = 1, .day = 1 };

	return clock_from_civil(&first) / 1000;
}

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Midnight of the day "Mm.w.d": the w-th weekday d of month m, 5 the last. */
static int64_t
month_day_s(const struct yearly *yearly, int64_t year)
{
	struct civil first = { .year = year, .month = yearly->month, .day = 1 };
	instant_ms start = clock_from_civil(&first), next;
	int64_t day_s;

	first.month++;
	next = clock_from_civil(&first);
	day_s = start / 1000 + DAY_S * (int64_t)
		((yearly->day - clock_weekday(start) + 7) % 7 +
		 7 * (yearly->week - 1));
	return day_s < next / 1000 ? day_s : day_s - 7 * DAY_S;
}

/* As seconds on the wall since 1970. */
static int64_t
yearly_s(const struct yearly *yearly, int64_t year)
{
	int64_t day_s;
	int day = yearly->day;

	if (yearly->form == YEARLY_MONTH) {
		day_s = month_day_s(yearly, year);
	} else {
		/* "J60" is 1 March in every year: it never counts a leap day */
		if (yearly->form == YEARLY_JULIAN &&
		    !(is_leap(year) && day >= 60))
			day--;
		day_s = year_start_s(year) + (int64_t)DAY_S * day;
	}
	return day_s + yearly->time_s;
}

/*
 * The latest change at or before `when_s` decides. Years are tried from the
 * one before to the one after, because a rule's time may lie up to a week
 * before or after its day, and so in another year.
 */
static const struct type *
footer_type(const struct footer *footer, int64_t when_s)
{
	const struct type *latest = &footer->standard;
	int64_t latest_s = INT64_MIN, start_s, end_s;
	struct civil civil;
	int64_t year;

	if (!footer->has_dst)
		return latest;
	clock_to_civil(when_s * 1000, &civil);
	for (year = civil.year - 1; year <= civil.year + 1; year++) {
		start_s = yearly_s(&footer->dst_start, year) -
			  footer->standard.offset_s;
		end_s = yearly_s(&footer->dst_end, year) -
			footer->dst.offset_s;
		if (end_s <= when_s && end_s >= latest_s) {
			latest = &footer->standard;
			latest_s = end_s;
		}
		if (start_s <= when_s && start_s >= latest_s) {
			latest = &footer->dst;
			latest_s = start_s;
		}
	}
	return latest;
}

static const struct type *
type_at(const struct zone *zone, instant_ms when)
{
	int64_t when_s = when / 1000 - (when % 1000 < 0);
	size_t low = 0, high = zone->time_count;

	if (zone->footer.known &&
	    (!high || when_s >= zone->times[high - 1]))
		return footer_type(&zone->footer, when_s);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->times[middle] <= when_s)
			low = middle + 1;
		else
			high = middle;
	}
	/* before the first change the first type holds, RFC 9636 3.2 */
	return &zone->types[low ? zone->time_types[low - 1] : 0];
}

const char *
zone_name(const struct zone *zone)
{
	return zone->name;
}

int
zone_offset_s(const struct zone *zone, instant_ms when)
{
	return type_at(zone, when)->offset_s;
}

const char *
zone_abbreviation(const struct zone *zone, instant_ms when)
{
	return type_at(zone, when)->abbreviation;
}

void
zone_to_civil(const struct zone *zone, instant_ms when,
	      struct civil *civil_out)
{
	clock_to_civil(when + zone_offset_s(zone, when) * INT64_C(1000),
		       civil_out);
}

/* The first instant in (before, after] whose wall clock shows more than
 * `wall`: the end of the gap that `wall` lies in. */
static instant_ms
gap_end(const struct zone *zone, instant_ms wall, instant_ms before,
	instant_ms after)
{
	while (after - before > 1) {
		instant_ms middle = before + (after - before) / 2;

		if (middle + zone_offset_s(zone, middle) * INT64_C(1000) >
		    wall)
			after = middle;
		else
			before = middle;
	}
	return after;
}

instant_ms
zone_from_civil(const struct zone *zone, const struct civil *civil)
{
	const instant_ms day = DAY_S * INT64_C(1000);
	instant_ms wall = clock_from_civil(civil), with_old, with_new;
	int old_s = zone_offset_s(zone, wall - day);
	int new_s = zone_offset_s(zone, wall + day);

	with_old = wall - old_s * INT64_C(1000);
	if (zone_offset_s(zone, with_old) == old_s)
		return with_old;	/* the first, if there are two */
	with_new = wall - new_s * INT64_C(1000);
	if (zone_offset_s(zone, with_new) == new_s)
		return with_new;
	return gap_end(zone, wall, with_new, with_old);
}

/* ---- finding zones ---- */

static pthread_mutex_t zone_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct arena *zone_arena;	/* never freed: see zone.h */
static struct map *zone_cache;

static void
lock(void)
{
	if (pthread_mutex_lock(&zone_mutex))
		BUG("mutex");
}

static void
unlock(void)
{
	if (pthread_mutex_unlock(&zone_mutex))
		BUG("mutex");
}

static void
cache_prepare(void)
{
	if (zone_cache)
		return;
	zone_arena = arena_create();
	zone_cache = map_create(zone_arena);
}

static bool
name_is_safe(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_+-/";
	size_t length = strlen(name);

	return length && length <= ZONE_NAME_MOST && name[0] != '/' &&
	       strspn(name, allowed) == length;
}

static struct zone *
zone_read(const char *name, struct buf *error)
{
	struct buf bytes = BUF_INIT, why = BUF_INIT;
	struct zone *zone = NULL;
	char path[sizeof(ZONE_DIRECTORY) + 1 + ZONE_NAME_MOST];

	(void)snprintf(path, sizeof(path), "%s/%s", ZONE_DIRECTORY, name);
	if (file_read(path, ZONE_FILE_MOST, &bytes, &why) == OUTCOME_OK)
		zone = zone_parse(zone_arena, name, bytes.data, bytes.len,
				  error);
	else
		buf_printf(error, "unknown timezone '%s'", name);
	buf_release(&bytes);
	buf_release(&why);
	return zone;
}

static const struct zone *
find(const char *name, struct buf *error)
{
	struct zone *zone;

	cache_prepare();
	zone = map_find(zone_cache, name);
	if (zone)
		return zone;
	if (!name_is_safe(name)) {
		buf_printf(error, "'%s' is no name of a time zone", name);
		return NULL;
	}
	zone = zone_read(name, error);
	if (zone)
		(void)map_set(zone_cache, zone->name, zone); /* was absent */
	return zone;
}

const struct zone *
zone_find(const char *name, struct buf *error)
{
	const struct zone *zone;

	lock();
	zone = find(name, error);
	unlock();
	return zone;
}

const struct zone *
zone_utc(void)
{
	static const struct zone utc = {
		.name = "UTC",
		.footer = { .known = true, .standard = { 0, "UTC" } },
	};

	return &utc;
}

/* tzdata.zi has a line "Z NAME ..." for a zone, "L TARGET NAME" for a link. */
static const char *
line_name(char *line)
{
	char *kind = strsep(&line, " "), *first = strsep(&line, " ");

	if (!first || (strcmp(kind, "Z") && strcmp(kind, "L")))
		return NULL;
	return *kind == 'Z' ? first : strsep(&line, " ");
}

static const char *const *
list_names(void)
{
	static VEC(const char *) names;
	struct buf text = BUF_INIT, why = BUF_INIT;
	char *rest, *line;

	if (names.count)
		return names.items;
	cache_prepare();
	/* without the list there is nothing to suggest, no more */
	(void)file_read(ZONE_DIRECTORY "/tzdata.zi", ZONE_LIST_MOST, &text,
			&why);
	rest = text.size ? text.data : NULL;
	while ((line = strsep(&rest, "\n"))) {
		const char *name = line_name(line);

		if (name)
			vec_push(zone_arena, &names,
				 arena_strdup(zone_arena, name));
	}
	vec_push(zone_arena, &names, NULL);
	buf_release(&text);
	buf_release(&why);
	return names.items;
}

const char *const *
zone_names(void)
{
	const char *const *names;

	lock();
	names = list_names();
	unlock();
	return names;
}
