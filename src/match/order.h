/*
 * The order behind `at least` and `below`: of severities and of risks.
 *
 * A severity that is missing or a word of tomorrow is at least anything and
 * below nothing, so that it never suppresses an alert. Of any other field the
 * answer is unknown then.
 */
#ifndef MATCH_ORDER_H
#define MATCH_ORDER_H

#include "match/cond.h"

enum {
	ORDER_UNKNOWN = -1,
	/* Ranks a rule can name: "none" is 0, then those of enum severity. */
	ORDER_RANKS = SEVERITY_CRITICAL + 1,
};

/* The rank of a word, or ORDER_UNKNOWN. */
int order_rank(const char *word);

/* Is the value (NULL: missing) at least, below `rank`? */
enum answer order_at_least(enum alert_field field, const struct fact *fact,
			   int rank);
enum answer order_below(enum alert_field field, const struct fact *fact,
			int rank);

#endif
