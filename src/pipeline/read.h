/*
 * The first stages for one message or record: from what came in to the alert
 * record it says, whatever was before and whatever the rules will say.
 */
#ifndef PIPELINE_READ_H
#define PIPELINE_READ_H

#include "hold/hold.h"
#include "normalize/record.h"
#include "pipeline/generation.h"
#include "pipeline/input.h"

struct pipeline_reading {
	const struct pipeline_input *input;
	const struct normalized *normalized; /* NULL: nothing could be read */
	const char *failure;		/* then: why, one sentence */
	struct alert *alert;		/* never NULL */
	struct duplicate_key key;	/* the identity of the message, and the
					   code made from it */
	struct hold_question question;	/* what a decision needs to know of the
					   past */
};

/* Pure. In the arena; `input` is borrowed. */
struct pipeline_reading *
pipeline_read(const struct generation *generation,
	      const struct pipeline_input *input, struct arena *arena);

#endif
