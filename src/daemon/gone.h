/*
 * Customers who were in force and are not in the files any more.
 *
 * A file that was emptied or removed, or a typo in the pattern of an `include`,
 * takes a customer away without anything being wrong; and his alerts would go
 * to the catch-all as those of nobody. So STATE/customers is the roll of who
 * was in force, with the file he stood in, and who is missed stays in force
 * with the last good text of that file, until somebody says with `tocsin
 * forget` that it is meant. That word lies in STATE/forget, a name a line,
 * until the daemon takes it.
 *
 * Somebody is missed only when no loaded customer has his name, one of his
 * tenants or one of his mailboxes: renaming and moving are free.
 */
#ifndef DAEMON_GONE_H
#define DAEMON_GONE_H

#include "pipeline/generation.h"

typedef VEC(const char *) gone_texts;

struct gone_customer {
	const char *name;
	const char *file;	/* that he stands, or stood, in */
	const char *text;	/* its last good text's name in
				   STATE/last-good */
	gone_texts tenants, mailboxes;	/* folded */
	instant_ms since;	/* missed; TIME_UNKNOWN: he is not */
};

struct gone_roll {
	VEC(struct gone_customer) list;
};

/* The roll of the last generation that was kept, without those who are to be
 * forgotten; empty when there is none. */
void gone_read(const char *state, struct arena *arena,
	       struct gone_roll *roll_out);

/* Append those whom nobody loaded can be; by the file they stood in. */
void gone_find(const struct gone_roll *roll,
	       const struct generation *generation, struct arena *arena,
	       struct gone_roll *missed);

/* What of a last good text is still of use beside `generation`: without the
 * customers who are not missed, names that are defined by now, and tests; lines
 * stay where they are. */
const char *gone_rest(const char *text, const struct generation *generation,
		      const struct gone_roll *missed, struct arena *arena);

/* The roll of a generation that is in force from now on; `missed` are in it
 * all the same. Who was to be forgotten and is not in it is forgotten. Only by
 * who holds the lock of the state. */
enum outcome gone_keep(const char *state, const struct generation *generation,
		       const struct gone_roll *missed, struct buf *error);

/* Say that the customer is not to be missed; taken at the next load. Permanent,
 * with the reason, when the roll has no such customer. */
enum outcome gone_forget(const char *state, const char *customer,
			 struct buf *error);

#endif
