/*
 * The inbox as the daemon sees it: the messages that tocsin-deliver stored
 * (drop.h) under the envelope that the MTA gave (envelope.h).
 *
 *	inbox_open(spool, &inbox, &error);
 *	inbox_list(inbox, arena, NULL, 64, &names, &error);
 *	for each name
 *		inbox_open_message(inbox, name, &fd, &error);
 *		inbox_read_envelope(fd, arena, &envelope, &error);
 *		... one transaction of the store takes the message over ...
 *		inbox_remove(inbox, name, &error);
 *	inbox_sync(inbox, &error);
 *
 * A file leaves only after that transaction. Until inbox_sync() a power
 * failure may bring it back, as an MTA may deliver it twice; both times it is
 * the same message: same recipients, same octets from `body_offset` on. These
 * octets are what a digest of the message is taken over, as the block above
 * them is different each time.
 *
 * Nothing here looks into the message. Files in `new` that have no block, put
 * there by hand, are messages without sender and recipients.
 *
 * One process reads an inbox. Names are the program's own or those of whoever
 * may write in the spool: show them with text_escape().
 */
#ifndef INTAKE_INBOX_H
#define INTAKE_INBOX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/outcome.h"
#include "base/vec.h"

#include <stdbool.h>

struct inbox;

struct inbox_names {
	VEC(const char *) list;
};

struct inbox_envelope {
	const char *sender;	/* "" for the null sender */
	VEC(const char *) recipients;	/* as the MTA wrote them */
	size_t body_offset;	/* where the message begins in the file */
	size_t size;		/* its octets; DROP_MESSAGE_MAX at most */
	bool truncated;		/* it was longer, and cut when it came in */
	/* Somebody else than ourselves or root may have written every octet of
	 * the file, the envelope too: no word in it is an MTA's. */
	bool is_foreign;
	unsigned int owner;	/* the number of that user */
};

/* `tmp` and `new` are made when they are missing, the spool is not. */
enum outcome inbox_open(const char *spool, struct inbox **inbox_out,
			struct buf *error);
void inbox_close(struct inbox **inbox);

/* The directory to watch: a message arrives in it by rename(2). Lent. */
const char *inbox_directory(const struct inbox *inbox);

/* The first `most` names behind `after` (NULL: from the start), oldest first.
 * Going on behind the last one passes by messages that had to stay. A spool
 * that was removed and made anew is followed, but what watches the directory
 * has to be told: add the watch again from time to time. */
enum outcome inbox_list(struct inbox *inbox, struct arena *arena,
			const char *after, size_t most,
			struct inbox_names *names_out, struct buf *error);

/* Does another directory stand where ours stood, which inbox_list() could not
 * follow? */
bool inbox_is_replaced(const struct inbox *inbox);

/* For reading; permanent when it is no regular file, which is not opened, or
 * not ours to read. */
enum outcome inbox_open_message(struct inbox *inbox, const char *name,
				int *fd_out, struct buf *error);

/* Leaves the file offset alone. Addresses become valid UTF-8. */
enum outcome inbox_read_envelope(int fd, struct arena *arena,
				 struct inbox_envelope *envelope_out,
				 struct buf *error);

/* A message that is gone already counts as removed. */
enum outcome inbox_remove(struct inbox *inbox, const char *name,
			  struct buf *error);

/* A message that cannot be read: into SPOOL/aside, which is made when it is
 * missing, as NAME or, when there is one, as NAME.2 and so on. Temporary when
 * it has changed in the last INBOX_FRESH_S: whoever put it there may not be
 * done. Permanent when it cannot be moved, as what is no file, which a daemon
 * in its sandbox must not make anywhere. */
enum { INBOX_FRESH_S = 5, INBOX_SAME_MOST = 999 };
enum outcome inbox_set_aside(struct inbox *inbox, const char *name,
			     instant_ms now);

/* That folder. Lent. */
const char *inbox_aside(const struct inbox *inbox);

/* Make removals durable; one call for many. */
enum outcome inbox_sync(struct inbox *inbox, struct buf *error);

/* Remove what deliveries that died left in `tmp`, when it is INBOX_STALE_S old
 * (Maildir says 36 hours); how many there were. */
enum { INBOX_STALE_S = 36 * 3600 };
size_t inbox_clean(struct inbox *inbox, instant_ms now);

#endif
