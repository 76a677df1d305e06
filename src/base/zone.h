/*
 * Time zones by IANA name, and wall clocks in them.
 *
 * The C library knows one zone per process; people who are on call live in
 * several. So the files below /usr/share/zoneinfo, or below TZDIR (TZif, RFC
 * 9636, version 2 or later) are read here, with the rule at their end for all
 * later years.
 *
 * What was read is kept for the life of the process, so a zone may be pointed
 * to from anywhere, and read by all threads. Laws change, and their files do:
 * whoever finds a zone anew gets what its file says now, while those who have
 * it keep what they have.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"

struct zone;

/* The zone "Europe/Paris", or NULL and one sentence appended to `error`. The
 * name counts with its case and never leads out of the directory. */
const struct zone *zone_find(const char *name, struct buf *error);

/* Has the file of any zone that was found been changed since this was asked
 * last, or since it was first read? */
bool zone_files_changed(void);

/* Where the files are. */
const char *zone_directory(void);

/* Always there, without any file. */
const struct zone *zone_utc(void);

/* All names that are worth suggesting, ended by NULL; may be none. */
const char *const *zone_names(void);

/* The zone in the bytes of a TZif file, which may be hostile. Copies what it
 * keeps. NULL and one sentence when they are not well formed. */
struct zone *zone_parse(struct arena *arena, const char *name,
			const void *bytes, size_t length, struct buf *error);

const char *zone_name(const struct zone *zone);

/* Seconds east of UTC, and "CET", "-03", at that instant. */
int zone_offset_s(const struct zone *zone, instant_ms when);
const char *zone_abbreviation(const struct zone *zone, instant_ms when);

/* What a clock on the wall shows. */
void zone_to_civil(const struct zone *zone, instant_ms when,
		   struct civil *civil_out);

/*
 * The instant at which a clock on the wall shows `civil`. Fields out of range
 * carry over, so the day after is `day + 1`.
 *
 * When clocks are set back, a time is shown twice: it is the first. When they
 * are set forward, a time is never shown: it is the instant of the change, so
 * what should begin or end inside the gap does so at its end.
 */
instant_ms zone_from_civil(const struct zone *zone, const struct civil *civil);

#endif
