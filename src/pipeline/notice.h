/*
 * Who is told what the relay itself has to say (render/notice.h), and that it
 * was: to the catch-all, in the language and zone of each reader, as one
 * delivery an endpoint.
 */
#ifndef PIPELINE_NOTICE_H
#define PIPELINE_NOTICE_H

#include "pipeline/generation.h"
#include "render/notice.h"
#include "store/change.h"

/* About an item: a delivery for each endpoint of the catch-all but `except`
 * (may be NULL). `about` tells notices of one item apart. */
struct pipeline_notice {
	int64_t item;			/* may be CHANGE_ITEM */
	const char *code;
	const char *about;
	const struct endpoint *except;
	const struct alert *alert;	/* customer, severity, title, device and
					   link are its; NULL: not known */
	const struct notice *notice;
	const struct original *original; /* to go with it, or NULL */
	const struct store_replacements *stored; /* of who is on duty */
};

void pipeline_notify_catch_all(const struct generation *generation,
			       const struct pipeline_notice *notice,
			       instant_ms now, struct change *change);

/* Would anybody be told, `except` (may be NULL) being left out? */
bool pipeline_catch_all_has_other(const struct generation *generation,
				  const struct store_replacements *stored,
				  const struct endpoint *except,
				  instant_ms now, struct arena *arena);

/* About no item: it becomes one of its own, once for each `identity`. */
struct pipeline_word {
	const char *identity;
	const char *customer;		/* or NULL */
	struct notice notice;
};

/* Looks into the store whether it was said before. */
enum outcome pipeline_say(const struct generation *generation,
			  struct store *store,
			  const struct pipeline_word *word, instant_ms now,
			  struct change *change, struct buf *error);

#endif
