/*
 * Which message is it? Two that are the same have the same key
 * (hold/duplicate.h), and the second is counted and tells nobody.
 *
 * A sender that heard no answer repeats a mail, and two servers of one domain
 * may both hand it on. What they add differs: Received and other trace fields,
 * Authentication-Results, DKIM and ARC, X- fields. So a mail is known by what
 * its author wrote: Message-ID, Date, From and Subject, and the body, whose
 * line ends are as the MTA likes them. A mail that lacks one of the first three
 * is known by all of its octets, as a record of an API is.
 */
#ifndef PIPELINE_IDENTITY_H
#define PIPELINE_IDENTITY_H

#include "alert/alert.h"
#include "hold/duplicate.h"
#include "pipeline/input.h"

/* `alert` is what was read of it. */
void pipeline_identify(const struct pipeline_input *input,
		       const struct alert *alert,
		       struct duplicate_key *key_out);

#endif
