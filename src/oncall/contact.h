/*
 * Contacts: the names that rules notify, and who stands behind them.
 *
 * A `person` has endpoints; a `team` has endpoints, members, or both; an
 * `oncall` has whoever is on duty. A name is resolved to recipients at the
 * moment of a decision, so that whatever depends on the time is asked then.
 *
 * Who replaces whom may be said by a row of the store as well. Whoever asks
 * hands over all there are (`stored`; NULL: none); they act behind those of the
 * file, in their order.
 */
#ifndef ONCALL_CONTACT_H
#define ONCALL_CONTACT_H

#include "base/clock.h"
#include "oncall/endpoint.h"
#include "oncall/rota.h"
#include "store/store.h"

struct contact;

/* One endpoint that is to be told. */
struct recipient {
	struct endpoint endpoint;
	const struct relay *relay;	/* by which it is reached */
	const struct contact *contact;	/* whose it is: language, zone */
	const char *template;		/* that this place wants; NULL: any */
	bool is_pager;
};

typedef VEC(struct recipient) recipients;

struct contact {
	const char *name;
	size_t number;			/* its place in the list */
	const char *display;		/* the name for people; else `name` */
	const struct conf_node *node;	/* `person`, `team` or `oncall` */
	const struct rota *rota;	/* of an oncall, else NULL */
	recipients own;			/* without those of members */
	recipients pagers;		/* likewise */
	conf_words members;		/* names of contacts: of a team; of an
					   oncall all who may come on duty */
	struct conf_word language;	/* "" when not said; also below */
	struct conf_word timezone;
	struct conf_word relay;
};

struct contacts {
	VEC(struct contact *) list;	/* in the order of the files */
	struct map *by_name;
};

/* Read `person`, `team` and `oncall`, who are reached by `relays` (ended by
 * NULL, and borrowed): the one they name, or else the first. Two of one name,
 * members that do not exist, a team that is its own member, a contact without
 * any address are errors; a relay that does not exist is for the caller to
 * report. */
struct contacts *contacts_load(const struct conf *conf,
			       const struct relay *const *relays,
			       struct windows *windows, struct diag *diag);

/* Read what the state has of calendars: before, they have nobody. */
void contacts_bind_feeds(const struct contacts *contacts, struct arena *arena,
			 const char *state);

/* Warn of what rota_check() finds. */
void contacts_check_duty(const struct contacts *contacts, instant_ms now,
			 struct diag *diag);

/* NULL when there is none of that name. */
const struct contact *contact_find(const struct contacts *contacts,
				   const char *name);

/* All names, ended by NULL, for "did you mean". */
const char *const *contact_names(struct arena *arena,
				 const struct contacts *contacts);

/* Those of that oncall, for rota_at(). One by somebody whom there is not any
 * more, or who has become a way back to the oncall, is left out: then whoever
 * has the turn keeps it. */
rota_replacements contact_replacements(const struct contacts *contacts,
				       const struct contact *oncall,
				       const struct store_replacements *stored,
				       struct arena *arena);

/* An oncall that was asked on the way, and what it said. */
struct contact_duty {
	const struct contact *oncall;
	struct rota_turn duty;
};

typedef VEC(struct contact_duty) contact_duties;

/* Add the recipients behind `contact` at that time whose endpoints `out` does
 * not have yet: none when nobody is on duty. With `duties` not NULL, add how it
 * came. */
void contact_resolve(const struct contacts *contacts,
		     const struct contact *contact,
		     const struct store_replacements *stored, instant_ms now,
		     struct arena *arena, recipients *out,
		     contact_duties *duties);

/* The same at their pagers; whoever has none is told where he reads mail. */
void contact_page(const struct contacts *contacts,
		  const struct contact *contact,
		  const struct store_replacements *stored, instant_ms now,
		  struct arena *arena, recipients *out, contact_duties *duties);

/* The same of everybody who may ever be behind it: where they read mail, or at
 * their pagers. */
void contact_reach(const struct contacts *contacts,
		   const struct contact *contact,
		   const struct store_replacements *stored,
		   struct arena *arena, recipients *out);

void contact_reach_pagers(const struct contacts *contacts,
			  const struct contact *contact,
			  const struct store_replacements *stored,
			  struct arena *arena, recipients *out);

/* Mark a contact and all who may ever be behind it, by their numbers. Whoever
 * is marked is not gone through again. */
void contact_mark(const struct contacts *contacts,
		  const struct contact *contact, bool *marks);

/* Is it `other`, or may he ever be behind it? */
bool contact_leads_to(const struct contacts *contacts,
		      const struct contact *contact,
		      const struct store_replacements *stored,
		      const struct contact *other);

/* May the endpoint ever be one behind it? */
bool contact_could_be(const struct contacts *contacts,
		      const struct contact *contact,
		      const struct endpoint *endpoint);

#endif
