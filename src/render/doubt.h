/* A doubt in words of the reader, one line without what hides or reorders text.
 * One of no kind is the sentence that was written where it arose. */
#ifndef RENDER_DOUBT_H
#define RENDER_DOUBT_H

#include "alert/alert.h"
#include "render/words.h"

const char *doubt_text(struct arena *arena, const struct alert_doubt *doubt,
		       const struct words *words);

#endif
