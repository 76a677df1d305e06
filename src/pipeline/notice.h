/*
 * A notice: what the relay itself has to say, to the catch-all: an item waits,
 * a delivery failed, a format changed, a customer is quiet.
 */
#ifndef PIPELINE_NOTICE_H
#define PIPELINE_NOTICE_H

#include "pipeline/generation.h"
#include "store/change.h"

/* About an item: a delivery for each endpoint of the catch-all but `except`
 * (may be NULL). `about` tells notices of one item apart. */
struct pipeline_notice {
	int64_t item;			/* may be CHANGE_ITEM */
	const char *code;
	const char *about;
	const struct endpoint *except;
	const char *subject;
	const char *text;		/* paragraphs */
	const char *raw;		/* a mail to attach, or NULL */
	size_t length;
};

void pipeline_notify_catch_all(const struct generation *generation,
			       const struct pipeline_notice *notice,
			       instant_ms now, struct change *change);

/* Would anybody be told, `except` (may be NULL) being left out? */
bool pipeline_catch_all_has_other(const struct generation *generation,
				  const struct endpoint *except,
				  instant_ms now, struct arena *arena);

/* About no item: it becomes one of its own, once for each `identity`. */
struct pipeline_word {
	const char *identity;
	const char *customer;		/* or NULL */
	const char *subject;
	const char *text;		/* paragraphs */
};

/* Looks into the store whether it was said before. */
enum outcome pipeline_say(const struct generation *generation,
			  struct store *store,
			  const struct pipeline_word *word, instant_ms now,
			  struct change *change, struct buf *error);

#endif
