/*
 * What an API refuses, and whose turn it is then: by the status, and where one
 * status has several causes by a hint in what it says. Words change; then the
 * cause that is named is a wider one. tocsin-api(7) has each, and a test holds
 * them together.
 */
#ifndef SOURCE_REFUSE_H
#define SOURCE_REFUSE_H

#include "net/refusal.h"
#include "source/source.h"

/* `answer` has a status that is not 200; `refusal` is the source's reading of
 * it, `permission` what the application needs there. */
struct refusal refuse(const struct transfer_answer *answer,
		      const struct source_refusal *refusal,
		      const char *permission, struct arena *arena);

#endif
