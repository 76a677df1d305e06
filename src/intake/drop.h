/*
 * Storing one message in the inbox so that it survives a power failure: what
 * tocsin-deliver is for.
 *
 * The inbox is a Maildir without `cur`: SPOOL/tmp and SPOOL/new. A message is
 * written in `tmp` under a name that nobody else uses, synced, moved to `new`,
 * and `new` is synced; a reader of `new` sees whole messages only.
 *
 *	struct drop drop;
 *
 *	drop_open(&drop, spool, now);
 *	drop_envelope(&drop, sender, recipients, count);
 *	while (there is more)
 *		drop_write(&drop, bytes, length);
 *	if (!drop_commit(&drop))
 *		... drop.error says why, nothing is left behind ...
 *
 * The first failure is kept and makes every later call do nothing, so only
 * drop_commit() is asked for the result; it must be called in any case. True
 * is the promise that exit 0 repeats to the MTA. After false the message is not
 * there, save for one case: `new` could not be synced, and it may be.
 *
 * A message over DROP_MESSAGE_MAX is cut there and its border says so (see
 * envelope.h). To refuse it would make the MTA return it, in the end, to a
 * sender who does not read: an alert that is cut is better than an alert that
 * is lost.
 *
 * Like envelope.h this module needs nothing but libc and the kernel, allocates
 * nothing and never stops the process: its caller may be one whose crash makes
 * the MTA bounce an alert.
 */
#ifndef INTAKE_DROP_H
#define INTAKE_DROP_H

#include "intake/envelope.h"

#include <limits.h>

enum {
	/* Octets of a message that are kept. MTAs take 10 to 50 MB; a multiple
	 * of that is no notification, and the disk is for the next ones. */
	DROP_MESSAGE_MAX = 64 * 1024 * 1024,
	/* Below this the disk counts as full: the rest is for the store, which
	 * has to write before a message can leave the inbox. */
	DROP_FREE_OCTETS = 16 * 1024 * 1024,
	DROP_FREE_FILES = 64,
	DROP_NAME_MAX = 160,
	DROP_ERROR_MAX = 160,
	DROP_BUFFER_MAX = 64 * 1024,	/* more than most mails */
};

struct drop {
	char error[DROP_ERROR_MAX];	/* the first failure, or "" */
	char name[DROP_NAME_MAX];	/* of the file in tmp/, then in new/ */

	/* Private. */
	char path[PATH_MAX];		/* of the file in tmp/ */
	char host[65];
	instant_ms now;
	int file, directory;		/* the file; new/; -1 when closed */
	size_t head;			/* octets of the block */
	size_t word;			/* where its word is */
	size_t size;			/* octets of the message */
	bool is_cut;
	size_t used;
	char buffer[DROP_BUFFER_MAX];	/* what is not yet written */
};

/* Create the file. tmp/ and new/ are made (0700) when they are missing; the
 * spool itself is not: a spool that is not mounted must not be invented. Names
 * sort by `now`, so by age. */
void drop_open(struct drop *drop, const char *spool, instant_ms now);

/* Write the block; once, before the message. */
void drop_envelope(struct drop *drop, const char *sender,
		   const char *const *recipients, size_t count);

/* Instead of drop_envelope(): keep a block that envelope_find() found at the
 * start of `bytes`. */
void drop_replay(struct drop *drop, const char *bytes,
		 const struct envelope *envelope);

/* Append to the message. */
void drop_write(struct drop *drop, const void *bytes, size_t length);

/* Say that the message was cut, by whoever it comes from. */
void drop_cut(struct drop *drop);

/* The message cannot be had whole: drop_commit() is to leave nothing. A
 * failure before this one stays the one that is told. */
void drop_fail(struct drop *drop, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool drop_commit(struct drop *drop);

/* Make what is missing of tmp/ and new/, durably; errno tells why not. */
bool drop_make_directories(const char *spool);

#endif
