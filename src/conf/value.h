/*
 * Values: what a word means when it is to be a duration, a time, an address, a
 * host or a path. What it cannot be is reported, with a remedy.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/clock.h"
#include "base/zone.h"
#include "conf/tree.h"

/* "15m" in milliseconds; an error in `diag` and false when it is none. The
 * grammar has checked these already where it says so. */
bool conf_duration(struct conf_word word, struct diag *diag,
		   int64_t *milliseconds_out);
bool conf_is_duration(struct conf_word word, struct diag *diag);
/* The same of what stands in no file; false when it is none. */
bool conf_parse_duration(const char *text, int64_t *milliseconds_out);

/* "2": a count of a few things, 1 to 9; the same. */
bool conf_count(struct conf_word word, struct diag *diag, size_t *count_out);
bool conf_is_count(struct conf_word word, struct diag *diag);

/* "200": a number from 1 to `most`; the same. */
bool conf_number(struct conf_word word, size_t most, struct diag *diag,
		 size_t *number_out);

/* "2027-01-31" as the begin of that day, and an RFC 3339 time with its offset;
 * the same. */
bool conf_date(struct conf_word word, struct diag *diag,
	       struct civil *date_out);
bool conf_is_date(struct conf_word word, struct diag *diag);
bool conf_time(struct conf_word word, struct diag *diag,
	       instant_ms *when_out);
bool conf_is_time(struct conf_word word, struct diag *diag);

/* "18:00" in minutes, up to "24:00"; -1 when it is none. As a word it is a time
 * of the clock, so before 24:00; or an error in `diag`. */
int conf_minutes(const char *text, size_t length);
bool conf_clock(struct conf_word word, struct diag *diag, int *minutes_out);
bool conf_is_clock(struct conf_word word, struct diag *diag);

/* "mon" or "MON": 0 Sunday ... 6 Saturday; -1 when it is none. */
int conf_day(const char *text, size_t length);
bool conf_is_day(struct conf_word word, struct diag *diag);

/* "2026-12-24T18:00" on the clocks of `zone`, a date, or an RFC 3339 time with
 * its offset. A date is its first instant or, as an end, its last one: that at
 * which the next day begins. */
bool conf_moment(struct conf_word word, const struct zone *zone, bool is_end,
		 struct diag *diag, instant_ms *when_out);
/* The same of what stands in no file; false when it is none. */
bool conf_parse_moment(const char *text, const struct zone *zone, bool is_end,
		       instant_ms *when_out);
bool conf_is_moment(struct conf_word word, struct diag *diag);

/* An address (text_is_address()), or an error with a remedy. */
bool conf_address(struct conf_word word, struct diag *diag);

/* The name of a host, fit for an address and a header; or an error. */
bool conf_host(struct conf_word word, struct diag *diag);

/* A link for a person to follow: http or https, without blanks or quotes; or an
 * error. */
bool conf_link(struct conf_word word, struct diag *diag);

/* The path of a file named in `word`, as seen from the file it stands in. */
char *conf_path(struct arena *arena, struct conf_word word);

/* Say that the file of a secret that `word` names could not be read, and `why`;
 * where it is not on this machine, or not for this user, as diag_absent(). */
void conf_unread_secret(struct conf_word word, const char *path,
			const char *why, struct diag *diag);

#endif
