/*
 * Mails that go round. A relay that answers its own notifications, or two of
 * them that answer each other, fill queues until somebody pulls a plug.
 */
#ifndef NORMALIZE_MAILLOOP_H
#define NORMALIZE_MAILLOOP_H

#include "parse/message.h"

struct mailloop {
	const char *why;	/* it looks like one; NULL when it does not */
	/* It is an answer to a mail of ours, or one of ours, or has come too
	 * far: to tell anybody of it by mail would be the next round. */
	bool certain;
};

/* `domain` is that of our Message-IDs; `recognised` says that a format knows
 * the mail: only then may a program have sent it by itself. */
struct mailloop mailloop_find(struct arena *arena,
			      const struct message *message,
			      const char *domain, bool recognised);

#endif
