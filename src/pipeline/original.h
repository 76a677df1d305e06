/*
 * What of a message or record goes along with a word about it: its text, what
 * no format knows of it, and itself, as far as its reader has to look for
 * himself.
 */
#ifndef PIPELINE_ORIGINAL_H
#define PIPELINE_ORIGINAL_H

#include "pipeline/decide.h"
#include "render/original.h"

/*
 * NULL when the notification says it all. Rows that no format knows are always
 * shown. The rest goes along with what is held, and with a mail that was not
 * recognised, is incomplete, could not be read whole, or that nothing proves to
 * be Microsoft's.
 */
const struct original *
pipeline_original(const struct generation *generation,
		  const struct pipeline_decision *decision,
		  struct arena *arena);

/* The message alone, to be attached; of a record all members are zero. */
struct original pipeline_original_mail(const struct pipeline_input *input);

/* The same of an item that came earlier, if it is kept (else `raw` is NULL). */
struct original pipeline_original_kept(const struct store_item *item,
				       const struct store_raw *raw);

#endif
