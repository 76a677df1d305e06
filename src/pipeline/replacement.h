/*
 * What is wrong with a replacement of the store, which no loader has seen: when
 * it is made, and later, as files may have changed under it.
 */
#ifndef PIPELINE_REPLACEMENT_H
#define PIPELINE_REPLACEMENT_H

#include "pipeline/generation.h"

struct replacement_fault {
	const char *sentence;		/* NULL: there is none */
	const char *remedy;		/* or NULL */
};

/* Why it cannot be. Of the replacements of `before` it is the next one. */
struct replacement_fault
replacement_error(const struct generation *generation,
		  const struct store_replacements *before,
		  const struct store_replacement *it, struct arena *arena);

/* Why it is hardly meant. It has no error. */
struct replacement_fault
replacement_doubt(const struct generation *generation,
		  const struct store_replacements *before,
		  const struct store_replacement *it, instant_ms now,
		  struct arena *arena);

/* Report what is wrong with those that nobody has ended. */
void replacements_check(const struct generation *generation,
			const struct store_replacements *all, instant_ms now);

#endif
