/*
 * Subjects without what gateways and people put before them:
 *
 *	[EXTERNAL] FW: High-severity alert: X
 *	***SPAM*** TR : High-severity alert: X
 *	EXTERNAL: VS: FW[2]: High-severity alert: X
 */
#ifndef NORMALIZE_QUIRK_SUBJECT_H
#define NORMALIZE_QUIRK_SUBJECT_H

#include "base/arena.h"

#include <stdbool.h>

/* `forwarded_out` is set when one of them says that a person sent it on. */
const char *quirk_subject(struct arena *arena, const char *subject,
			  bool *forwarded_out);

#endif
