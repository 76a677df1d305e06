/*
 * Mails that go round. A relay that answers its own notifications, or two of
 * them that answer each other, fill queues until somebody pulls a plug.
 */
#ifndef NORMALIZE_LOOP_H
#define NORMALIZE_LOOP_H

#include "parse/message.h"

/* Why the mail looks like one, or NULL. `domain` is that of our Message-IDs;
 * `recognised` says that a format knows the mail: only then may a program have
 * sent it by itself. */
const char *loop_find(struct arena *arena, const struct message *message,
		      const char *domain, bool recognised);

#endif
