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

#include "base/zone_data.h"

enum {
	ZONE_TIMES_MOST = 4096,
	ZONE_TYPES_MOST = 256,		/* an index is one byte */
	ZONE_CHARS_MOST = 4096,
	ZONE_OFFSET_MOST_S = 26 * 3600,	/* RFC 9636 3.2 */
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
take_yearly(const char **at, struct zone_yearly *yearly)
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
take_type(const char **at, struct arena *arena, struct zone_type *type)
{
	type->abbreviation = take_abbreviation(at, arena);
	return type->abbreviation != NULL;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3"; POSIX counts offsets west of UTC. */
static bool
footer_parse(struct arena *arena, const char *at, struct zone_footer *footer)
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
