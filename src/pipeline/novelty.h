/*
 * "The mail format changed": labels that no format knows and subjects that a
 * known sender never had are told to the catch-all, once for each, since what
 * such a mail says now may be missed. What was said is kept in the store, so a
 * restart does not say it again. Only mail that is authentic counts, or anybody
 * could say so; and what a stranger's genuine mail has is said apart, so that
 * it is still new in a customer's.
 */
#ifndef PIPELINE_NOVELTY_H
#define PIPELINE_NOVELTY_H

#include "pipeline/decide.h"

/* Add the names of what may be new in it to its question. */
void pipeline_ask_novelties(const struct generation *generation,
			    struct pipeline_reading *reading,
			    struct arena *arena);

/* Tell what is new; the item is CHANGE_ITEM. */
void pipeline_tell_novelties(const struct generation *generation,
			     const struct pipeline_decision *decision,
			     instant_ms now, struct change *change);

#endif
