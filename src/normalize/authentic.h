/*
 * Authenticity: is this mail from who it says?
 *
 * Yes only when our own server (`authserv`) found that DMARC passes for exactly
 * the domain in From, and that From is one that a format lists. Our server puts
 * its Authentication-Results above what the sender wrote and takes out those
 * that bear its name (RFC 8601 section 5), so the topmost one of that name is
 * its own, and it decides. One below it is the sender's unless the site says
 * that its filters write several (`fields`): only then so many count from the
 * top, and the first that speaks of DMARC decides. They are of one hop: a
 * Received among them has to be of a server that handed the mail to itself on a
 * loopback address, as one does for a filter like amavis. Fields of other names
 * are anybody's and mean nothing.
 */
#ifndef NORMALIZE_AUTHENTIC_H
#define NORMALIZE_AUTHENTIC_H

#include "parse/message.h"

enum authentic {
	AUTHENTIC_NONE,		/* our server did not say */
	AUTHENTIC_FAIL,
	AUTHENTIC_PASS,
};

struct authentic_answer {
	enum authentic authentic;
	const char *why;	/* one sentence */
};

extern const char *const authentic_names[];	/* "none" "fail" "pass" */

/* `authserv` may be NULL; `fields` is at least 1. `listed`: some format lists
 * the From address. */
struct authentic_answer authentic_check(struct arena *arena,
					const struct message *message,
					const char *authserv, size_t fields,
					bool listed);

#endif
