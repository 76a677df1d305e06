/*
 * Links that are written out in a text, where nothing but the text says where
 * they end.
 *
 *	(see https://security.microsoft.com/alerts/da1_2?tid=...).
 *	[View alert](https://security.microsoft.com/alerts/da1_2)
 *	<https://security.microsoft.com/alerts/da63899755120
 *	0114402_-119920014>
 *
 * A bracket that the link did not open, and punctuation in front of a blank,
 * are the sentence's. Between angle brackets a line end is no part of the link
 * (RFC 3986 appendix C); anywhere else it may have cut the link in two.
 */
#ifndef NORMALIZE_WRITTEN_H
#define NORMALIZE_WRITTEN_H

#include "base/arena.h"

#include <stdbool.h>

struct written_link {
	const char *url;
	bool cut;	/* it ends at a line end, and may go on behind it */
};

/* The next link of `*at`, which is moved behind it; false when there is no
 * more. */
bool written_next(struct arena *arena, const char **at,
		  struct written_link *link_out);

#endif
