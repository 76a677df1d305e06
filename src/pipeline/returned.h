/*
 * A notification that came back, or an answer to one: who is told of it, once,
 * so that it does not go round. Everything else that is held is told as often
 * as it comes.
 */
#ifndef PIPELINE_RETURNED_H
#define PIPELINE_RETURNED_H

#include "pipeline/read.h"

/* Add what a decision needs to know to its question. */
void pipeline_ask_returned(struct pipeline_reading *reading, instant_ms now,
			   struct arena *arena);

/* Is that what it is? */
bool pipeline_is_returned(const struct pipeline_reading *reading);

/* Or does it only report that nothing failed? Not of one that was released. */
bool pipeline_is_harmless(const struct pipeline_reading *reading);

/* Why nobody is told, one sentence; NULL when somebody is. */
const char *pipeline_untold(const struct pipeline_reading *reading,
			    const struct returned *returned);

/* Would the word about it go where it came back from? */
bool pipeline_comes_from(const struct pipeline_reading *reading,
			 const struct returned *returned,
			 const char *address);

#endif
