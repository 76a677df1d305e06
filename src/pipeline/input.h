/*
 * What comes in: a mail as the MTA handed it over, or a record of an API.
 */
#ifndef PIPELINE_INPUT_H
#define PIPELINE_INPUT_H

#include "base/clock.h"
#include "normalize/record.h"
#include "parse/message.h"
#include "store/store.h"

/* A mail may take the reader this long: a second is usual for one that was made
 * to hurt, and the loop waits for it. */
enum { PIPELINE_READER_MS = 10000 };

/* Of an item: all of it could be read. */
#define PIPELINE_WHOLE "whole"

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

#endif
