/*
 * The zone that a TZID of a calendar means. A TZID is a name within its file,
 * and programs write many: an IANA name, alone or behind a prefix of theirs, or
 * what Windows calls it. What a file says of its own zones is not believed: it
 * may say that New York is in Japan.
 */
#ifndef PARSE_CALENDAR_ZONE_H
#define PARSE_CALENDAR_ZONE_H

#include "base/zone.h"

/* NULL: nobody knows. */
const struct zone *calendar_zone(const char *tzid);

/* Read all zones there are; where no file can be opened any more, the others
 * are unknown. */
void calendar_zone_warm_up(void);

#endif
