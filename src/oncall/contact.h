/*
 * Contacts: the names that rules notify, and who stands behind them.
 *
 * A `person` has addresses; a `team` has addresses, members, or both. A name is
 * resolved to recipients at the moment of a decision, so that whatever depends
 * on the time is asked then.
 */
#ifndef ONCALL_CONTACT_H
#define ONCALL_CONTACT_H

#include "base/clock.h"
#include "conf/tree.h"

struct contact {
	const char *name;
	size_t number;			/* its place in the list */
	const struct conf_node *node;	/* `person` or `team` */
	conf_words mail;		/* valid addresses */
	conf_words members;		/* names of contacts; of a team */
	struct conf_word language;	/* "" when not said; also below */
	struct conf_word timezone;
	struct conf_word relay;
};

struct contacts {
	VEC(struct contact *) list;	/* in the order of the files */
	struct map *by_name;
};

/* One address that is to be told. */
struct recipient {
	const char *address;
	const struct contact *contact;	/* who it belongs to: language, zone */
};

typedef VEC(struct recipient) recipients;

/* Read `person` and `team`. Two of one name, members that do not exist, a team
 * that is its own member, a contact without any address are errors. */
struct contacts *contacts_load(const struct conf *conf, struct diag *diag);

/* NULL when there is none of that name. */
const struct contact *contact_find(const struct contacts *contacts,
				   const char *name);

/* All names, ended by NULL, for "did you mean". */
const char *const *contact_names(struct arena *arena,
				 const struct contacts *contacts);

/* Add the recipients behind `contact` at that time that `out` does not have
 * yet; addresses are compared without case. */
void contact_resolve(const struct contacts *contacts,
		     const struct contact *contact, instant_ms now,
		     struct arena *arena, recipients *out);

/* The same of everybody who may ever be behind it. */
void contact_reach(const struct contacts *contacts,
		   const struct contact *contact, struct arena *arena,
		   recipients *out);

#endif
