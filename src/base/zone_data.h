/*
 * A zone as zone_file.c reads it and zone.c asks it; for these two files only.
 */
#ifndef BASE_ZONE_DATA_H
#define BASE_ZONE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone_type {
	int offset_s;
	const char *abbreviation;
};

/* "M10.5.0/3", "J60", "59": a day of each year and a time on its wall. */
struct zone_yearly {
	enum { YEARLY_MONTH, YEARLY_JULIAN, YEARLY_DAY } form;
	int month, week, day;
	int time_s;		/* may be negative, or more than a day */
};

struct zone_footer {
	bool known;		/* there is a rule at all */
	bool has_dst;
	struct zone_type standard, dst;
	struct zone_yearly dst_start, dst_end;
};

struct zone {
	const char *name;
	size_t time_count, type_count;
	int64_t *times;		/* seconds, strictly ascending */
	unsigned char *time_types;
	struct zone_type *types;
	struct zone_footer footer;
};

#endif
