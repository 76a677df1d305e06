/*
 * The first stages for one message or record: from what came in to the alert
 * record it says, whatever was before and whatever the rules will say.
 */
#ifndef PIPELINE_READ_H
#define PIPELINE_READ_H

#include "hold/hold.h"
#include "normalize/record.h"
#include "parse/message.h"
#include "pipeline/generation.h"

/* A mail may take the reader this long: a second is usual for one that was made
 * to hurt, and the loop waits for it. */
enum { PIPELINE_READER_MS = 10000 };

/* What is known of a message before it is parsed, and what parsing gave; or a
 * record that an API gave, which has neither envelope nor message. */
struct pipeline_input {
	const char *name;		/* of its file */
	const char *sender;		/* envelope; "" for the null sender */
	const char *const *recipients;	/* envelope */
	size_t recipient_count;
	const char *raw;		/* the message proper; the JSON */
	size_t length;
	bool truncated;			/* it was cut when it came in */
	const char *distrust;		/* NULL, or why it cannot be authentic,
					   one sentence */
	const struct message *message;	/* NULL: it could not be parsed */
	const char *failure;		/* then, or when a record is no JSON:
					   why, one sentence */
	bool is_completed;		/* a mail: what the API knows by now is
					   in the store */
	const struct record *record;	/* NULL: it is a mail */
	const char *tenant;		/* that was asked for it, or NULL */
	instant_ms started;		/* older records are not news, unless
					   they are known; TIME_UNKNOWN: all
					   are */
	/* It was held, and a person has let it go on: it is not to be held
	 * again, and is decided for that customer, or as it says. Else both
	 * are NULL. */
	const struct store_item *released;
	const char *released_for;
};

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
