/*
 * The order behind `at least` and `below`, also for the index.
 */
#ifndef MATCH_COND_ORDER_H
#define MATCH_COND_ORDER_H

#include "match/cond.h"

/* Ranks a rule can name: "none" is 0, then those of enum severity. */
enum { ORDER_RANKS = SEVERITY_CRITICAL + 1 };

/* Is the value (NULL: missing) at least, below `rank`? */
enum answer order_at_least(enum alert_field field, const struct fact *fact,
			   int rank);
enum answer order_below(enum alert_field field, const struct fact *fact,
			int rank);

#endif
