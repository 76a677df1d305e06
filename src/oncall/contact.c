/*
 * Teams and oncalls may have others as members, and one may be reached by many
 * ways: each is gone through once, by marks, or a dozen lines of configuration
 * would take an age. Nothing recurses, so no depth is too deep.
 */
#include "oncall/contact.h"

#include "base/map.h"

/* Contacts that are still to be gone through, the next one last, and which were
 * met, by their number. */
struct walk {
	const struct contacts *contacts;
	struct arena *arena;
	VEC(const struct contact *) waiting;
	bool *met;
	const struct store_replacements *stored; /* NULL: none */
	bool by_pager;			/* where somebody has one */
	bool is_now;			/* of an oncall only who has duty at */
	instant_ms now;			/* that time */
	contact_duties *duties;		/* NULL: not asked for */
};

static void
load_members(struct arena *arena, const struct conf_node *node,
	     conf_words *out)
{
	size_t i, j;

	for (i = 0; i < node->block.count; i++) {
		const struct conf_node *line = node->block.items[i];

		if (strcmp(line->keyword, "members"))
			continue;
		for (j = 0; j < line->words.count; j++)
			vec_push(arena, out, line->words.items[j]);
	}
}

static struct conf_word
load_word(const struct conf_node *node, const char *keyword)
{
	const struct conf_node *line = conf_find(&node->block, keyword);
	struct conf_word none = { .text = "", .place = node->place };

	return line ? conf_word(line, 0) : none;
}

static void
load_endpoint(struct arena *arena, const struct contact *contact,
	      const struct relay *relay, struct conf_word word,
	      recipients *out, struct diag *diag)
{
	const struct recipient recipient = {
		.endpoint = {
			.channel = relay->channel,
			.address = relay->channel->parse(word, arena, diag),
		},
		.relay = relay,
		.contact = contact,
	};

	if (recipient.endpoint.address)
		vec_push(arena, out, recipient);
}

/* A pager is reached by mail, as a gateway gives it an address. */
static void
load_pager(struct arena *arena, struct contact *contact,
	   const struct relay *relay, const struct conf_node *line,
	   struct diag *diag)
{
	const struct conf_node *using = conf_find(&line->clauses, "using");
	recipients *pagers = &contact->pagers;
	size_t before = pagers->count;

	if (relay && line->words.count)
		load_endpoint(arena, contact, relay, conf_word(line, 0),
			      pagers, diag);
	if (pagers->count == before)
		return;
	pagers->items[before].is_pager = true;
	if (using)
		pagers->items[before].template = conf_word(using, 0).text;
}

/* Every clause that is one of a channel. */
static void
load_endpoints(struct arena *arena, struct contact *contact,
	       const struct relay *const *relays, struct diag *diag)
{
	const conf_nodes *block = &contact->node->block;
	size_t i, j;

	for (i = 0; i < block->count; i++) {
		const struct conf_node *line = block->items[i];
		bool is_pager = !strcmp(line->keyword, "pager");
		const struct relay *relay = endpoint_relay(relays,
				contact->relay.text,
				is_pager ? "mail" : line->keyword);

		if (is_pager)
			load_pager(arena, contact, relay, line, diag);
		for (j = 0; relay && !is_pager && j < line->words.count; j++)
			load_endpoint(arena, contact, relay,
				      line->words.items[j], &contact->own,
				      diag);
	}
}

static void
check_endpoints(const struct contact *contact, struct diag *diag)
{
	if (contact->own.count || contact->members.count || contact->rota ||
	    contact->node->broken)
		return;
	diag_error(diag, conf_word(contact->node, 0).place,
		   contact->node->keyword[0] == 't' ?
		   "write `mail ADDRESS` or `members NAME, NAME`" :
		   "write `mail ADDRESS`", "%s '%s' has no address",
		   contact->node->keyword, contact->name);
}

static void
load_contact(struct contacts *contacts, struct arena *arena,
	     const struct conf_node *node, const struct relay *const *relays,
	     struct windows *windows, struct diag *diag)
{
	struct contact *contact = arena_alloc(arena, sizeof(*contact));
	struct conf_word name = conf_word(node, 0);
	const struct contact *other;

	if (!*name.text)
		return;		/* the parser has said so */
	contact->name = name.text;
	contact->display = node->words.count > 1 ? conf_word(node, 1).text :
						   name.text;
	contact->node = node;
	load_members(arena, node, &contact->members);
	if (!strcmp(node->keyword, "oncall")) {
		contact->rota = rota_load(arena, node, windows, diag);
		contact->members = contact->rota->named;
	}
	contact->language = load_word(node, "language");
	contact->timezone = load_word(node, "timezone");
	contact->relay = load_word(node, "relay");
	load_endpoints(arena, contact, relays, diag);
	check_endpoints(contact, diag);

	other = map_find(contacts->by_name, contact->name);
	if (other) {
		diag_clash(diag, name.place, conf_word(other->node, 0).place,
			   "names are shared by persons, teams and oncalls: "
			   "rename one",
			   "two have the name '%s': %s and %s",
			   contact->name, other->node->keyword, node->keyword);
		return;
	}
	(void)map_set(contacts->by_name, contact->name, contact);
	contact->number = contacts->list.count;
	vec_push(arena, &contacts->list, contact);
}

static void
check_name(const struct contacts *contacts, struct conf_word name,
	   const char *const *names, struct diag *diag)
{
	if (*name.text && !contact_find(contacts, name.text))
		diag_error(diag, name.place,
			   diag_did_you_mean(diag, name.text, names,
				"define it with `person` or `team`"),
			   "unknown contact '%s'", name.text);
}

static void
check_members(const struct contacts *contacts, const struct contact *contact,
	      const char *const *names, struct diag *diag)
{
	size_t i;

	for (i = 0; i < contact->members.count; i++)
		check_name(contacts, contact->members.items[i], names, diag);
	if (contact->rota)
		check_name(contacts, contact->rota->hand_over, names, diag);
}

enum mark { NEW, OPEN, CLOSED, SAID };

/* A team whose members are being followed. */
struct step {
	const struct contact *contact;
	size_t next;			/* of its members */
};

struct path {
	const struct contacts *contacts;
	struct arena *arena;
	struct diag *diag;
	enum mark *marks;		/* by number */
	VEC(struct step) steps;		/* from a team to a member of it */
};

static void
enter(struct path *path, const struct contact *contact)
{
	const struct step step = { contact, 0 };

	path->marks[contact->number] = OPEN;
	vec_push(path->arena, &path->steps, step);
}

/* Whoever is on the path and is met again is his own member. */
static void
meet(struct path *path, const struct contact *contact)
{
	enum mark *mark = &path->marks[contact->number];

	if (*mark == NEW) {
		enter(path, contact);
	} else if (*mark == OPEN) {
		*mark = SAID;
		diag_error(path->diag, conf_word(contact->node, 0).place,
			   "take one of them out of the other",
			   "%s '%s' is a member of itself",
			   contact->node->keyword, contact->name);
	}
}

/* One step on, or back at the end of the members. */
static void
advance(struct path *path)
{
	struct step *step = &path->steps.items[path->steps.count - 1];
	const struct contact *contact = step->contact, *member;

	if (step->next == contact->members.count) {
		path->marks[contact->number] = CLOSED;
		path->steps.count--;
		return;
	}
	member = contact_find(path->contacts,
			      contact->members.items[step->next++].text);
	if (member)
		meet(path, member);
}

static void
check_circles(const struct contacts *contacts, struct diag *diag)
{
	struct path path = {
		.contacts = contacts,
		.arena = arena_create(),
		.diag = diag,
	};
	size_t i;

	path.marks = arena_array(path.arena, contacts->list.count,
				 sizeof(*path.marks));
	for (i = 0; i < contacts->list.count; i++) {
		if (path.marks[i] == NEW)
			enter(&path, contacts->list.items[i]);
		while (path.steps.count)
			advance(&path);
	}
	arena_destroy(&path.arena);
}

struct contacts *
contacts_load(const struct conf *conf, const struct relay *const *relays,
	      struct windows *windows, struct diag *diag)
{
	struct contacts *contacts = arena_alloc(conf->arena, sizeof(*contacts));
	const char *const *names;
	size_t i;

	contacts->by_name = map_create(conf->arena);
	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];

		if (!strcmp(node->keyword, "person") ||
		    !strcmp(node->keyword, "team") ||
		    !strcmp(node->keyword, "oncall"))
			load_contact(contacts, conf->arena, node, relays,
				     windows, diag);
	}
	names = contact_names(conf->arena, contacts);
	for (i = 0; i < contacts->list.count; i++)
		check_members(contacts, contacts->list.items[i], names, diag);
	check_circles(contacts, diag);
	return contacts;
}

/* How a calendar may call whoever is behind its names. */
static feed_persons
persons_of(const struct contacts *contacts, struct arena *arena,
	   const struct feed *feed)
{
	feed_persons persons = { 0 };
	size_t i, j;

	for (i = 0; i < feed->names.count; i++) {
		const struct contact *contact =
			contact_find(contacts, feed->names.items[i].text);
		struct feed_person person = { .name = "" };

		if (!contact)
			continue;	/* it was said that there is none */
		person.name = contact->name;
		person.display = contact->display;
		for (j = 0; j < contact->own.count; j++)
			vec_push(arena, &person.addresses,
				 contact->own.items[j].endpoint.address);
		vec_push(arena, &persons, person);
	}
	return persons;
}

void
contacts_bind_feeds(const struct contacts *contacts, struct arena *arena,
		    const char *state)
{
	size_t i, j;

	for (i = 0; i < contacts->list.count; i++) {
		const struct rota *rota = contacts->list.items[i]->rota;

		for (j = 0; rota && j < rota->feeds.count; j++)
			feed_bind(arena, rota->feeds.items[j],
				  persons_of(contacts, arena,
					     rota->feeds.items[j]), state);
	}
}

void
contacts_check_duty(const struct contacts *contacts, instant_ms now,
		    struct diag *diag)
{
	size_t i;

	for (i = 0; i < contacts->list.count; i++)
		if (contacts->list.items[i]->rota)
			rota_check(contacts->list.items[i]->rota, now, diag);
}

const struct contact *
contact_find(const struct contacts *contacts, const char *name)
{
	return map_find(contacts->by_name, name);
}

const char *const *
contact_names(struct arena *arena, const struct contacts *contacts)
{
	const char **names = arena_array(arena, contacts->list.count + 1,
					 sizeof(*names));
	size_t i;

	for (i = 0; i < contacts->list.count; i++)
		names[i] = contacts->list.items[i]->name;
	return names;
}

/* Those that are `met` are left out; NULL: nobody is. */
static struct walk
walk_from(const struct contacts *contacts, const struct contact *contact,
	  bool *met, struct arena *arena)
{
	struct walk walk = {
		.contacts = contacts,
		.arena = arena,
		.met = met ? met : arena_array(arena, contacts->list.count,
					       sizeof(*walk.met)),
	};

	vec_push(arena, &walk.waiting, contact);
	return walk;
}

static void
walk_to(struct walk *walk, const char *name)
{
	const struct contact *member = contact_find(walk->contacts, name);

	if (member && !walk->met[member->number])
		vec_push(walk->arena, &walk->waiting, member);
}

static void
walk_to_duty(struct walk *walk, const struct contact *oncall)
{
	const rota_replacements more = contact_replacements(walk->contacts,
			oncall, walk->stored, walk->arena);
	const struct contact_duty it = {
		oncall, rota_at(oncall->rota, &more, walk->now, walk->arena),
	};
	size_t i;

	for (i = it.duty.names.count; i; i--)
		walk_to(walk, it.duty.names.items[i - 1]);
	if (walk->duties)
		vec_push(walk->arena, walk->duties, it);
}

/* All who may ever be behind it. */
static void
walk_to_all(struct walk *walk, const struct contact *contact)
{
	rota_replacements more = { 0 };
	size_t i;

	if (contact->rota)
		more = contact_replacements(walk->contacts, contact,
					    walk->stored, walk->arena);
	for (i = more.count; i; i--)
		walk_to(walk, more.items[i - 1].by.text);
	for (i = contact->members.count; i; i--)
		walk_to(walk, contact->members.items[i - 1].text);
}

/* The next one, himself before his members and those in their order; NULL at
 * the end. */
static const struct contact *
walk_next(struct walk *walk)
{
	const struct contact *contact;

	do {
		if (!walk->waiting.count)
			return NULL;
		contact = walk->waiting.items[--walk->waiting.count];
	} while (walk->met[contact->number]);
	walk->met[contact->number] = true;
	if (contact->rota && walk->is_now)
		walk_to_duty(walk, contact);
	else
		walk_to_all(walk, contact);
	return contact;
}

static void
add_recipient(struct arena *arena, const struct recipient *recipient,
	      recipients *out)
{
	size_t i;

	for (i = 0; i < out->count; i++)
		if (endpoint_same(&out->items[i].endpoint,
				  &recipient->endpoint))
			return;
	vec_push(arena, out, *recipient);
}

static void
add_all(struct walk *walk, recipients *out)
{
	const struct contact *contact;
	size_t i;

	while ((contact = walk_next(walk))) {
		const recipients *places =
			walk->by_pager && contact->pagers.count ?
			&contact->pagers : &contact->own;

		for (i = 0; i < places->count; i++)
			add_recipient(walk->arena, &places->items[i], out);
	}
}

static void
reach(const struct contacts *contacts, const struct contact *contact,
      const struct store_replacements *stored, bool by_pager,
      struct arena *arena, recipients *out)
{
	struct walk walk = walk_from(contacts, contact, NULL, arena);

	walk.stored = stored;
	walk.by_pager = by_pager;
	add_all(&walk, out);
}

void
contact_reach(const struct contacts *contacts, const struct contact *contact,
	      const struct store_replacements *stored, struct arena *arena,
	      recipients *out)
{
	reach(contacts, contact, stored, false, arena, out);
}

void
contact_reach_pagers(const struct contacts *contacts,
		     const struct contact *contact,
		     const struct store_replacements *stored,
		     struct arena *arena, recipients *out)
{
	reach(contacts, contact, stored, true, arena, out);
}

void
contact_mark(const struct contacts *contacts, const struct contact *contact,
	     bool *marks)
{
	struct arena *arena = arena_create();
	struct walk walk = walk_from(contacts, contact, marks, arena);

	while (walk_next(&walk))
		;
	arena_destroy(&arena);
}

bool
contact_leads_to(const struct contacts *contacts,
		 const struct contact *contact,
		 const struct store_replacements *stored,
		 const struct contact *other)
{
	struct arena *arena = arena_create();
	struct walk walk = walk_from(contacts, contact, NULL, arena);

	walk.stored = stored;
	do
		contact = walk_next(&walk);
	while (contact && contact != other);
	arena_destroy(&arena);
	return contact;
}

static bool
can_replace(const struct contacts *contacts, const struct contact *oncall,
	    const struct store_replacement *it)
{
	const struct contact *by = contact_find(contacts, it->by);

	return by && !contact_leads_to(contacts, by, NULL, oncall);
}

rota_replacements
contact_replacements(const struct contacts *contacts,
		     const struct contact *oncall,
		     const struct store_replacements *stored,
		     struct arena *arena)
{
	rota_replacements list = { 0 };
	size_t i;

	for (i = 0; stored && i < stored->count; i++) {
		const struct store_replacement *it = &stored->items[i];
		const struct rota_replacement one = {
			.name = { .text = it->name }, .by = { .text = it->by },
			.period = { it->since, it->until },
		};

		if (!strcmp(it->oncall, oncall->name) &&
		    can_replace(contacts, oncall, it))
			vec_push(arena, &list, one);
	}
	return list;
}

static bool
has_endpoint(const struct contact *contact, const struct endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < contact->own.count; i++)
		if (endpoint_same(&contact->own.items[i].endpoint, endpoint))
			return true;
	return false;
}

bool
contact_could_be(const struct contacts *contacts,
		 const struct contact *contact,
		 const struct endpoint *endpoint)
{
	struct arena *arena = arena_create();
	struct walk walk = walk_from(contacts, contact, NULL, arena);

	do
		contact = walk_next(&walk);
	while (contact && !has_endpoint(contact, endpoint));
	arena_destroy(&arena);
	return contact;
}

/* `walk` says of whom, and by what. */
static void
resolve(struct walk *walk, const struct store_replacements *stored,
	instant_ms now, recipients *out, contact_duties *duties)
{
	walk->stored = stored;
	walk->is_now = true;
	walk->now = now;
	walk->duties = duties;
	add_all(walk, out);
}

void
contact_resolve(const struct contacts *contacts, const struct contact *contact,
		const struct store_replacements *stored, instant_ms now,
		struct arena *arena, recipients *out, contact_duties *duties)
{
	struct walk walk = walk_from(contacts, contact, NULL, arena);

	resolve(&walk, stored, now, out, duties);
}

void
contact_page(const struct contacts *contacts, const struct contact *contact,
	     const struct store_replacements *stored, instant_ms now,
	     struct arena *arena, recipients *out, contact_duties *duties)
{
	struct walk walk = walk_from(contacts, contact, NULL, arena);

	walk.by_pager = true;
	resolve(&walk, stored, now, out, duties);
}
