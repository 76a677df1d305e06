/*
 * The evidence of an alert of Graph: the devices and users it names, and
 * whether these are all.
 *
 * Evidence is of many types, nested in places, and grows without notice. So an
 * object is known by its type, or else by the member it stands in, or else by
 * its own members; and what is not known that way may be a device or a user
 * that a rule asks for, so the fields are incomplete then. They are incomplete,
 * too, when a device or a user has no name, when something an object is of is
 * not among the devices, and when there is more than what is looked at.
 */
#ifndef NORMALIZE_RECORD_EVIDENCE_H
#define NORMALIZE_RECORD_EVIDENCE_H

#include "normalize/record.h"

/* `list` as it stands on the alert, of any type; NULL: it does not. */
void record_evidence_read(struct record_reader *reader,
			  const struct json *list);

#endif
