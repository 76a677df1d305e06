#include "pipeline/replacement.h"

#include "base/text.h"

/* One replacement, and what it is looked at by. */
struct look {
	const struct generation *generation;
	const struct store_replacements *before;
	const struct store_replacement *it;
	struct arena *arena;
};

#define NO_FAULT ((struct replacement_fault){ .sentence = NULL })

static struct replacement_fault
unknown(const struct look *look, const char *what, const char *name,
	const char *const *names)
{
	const char *nearest = text_nearest(name, names);

	return (struct replacement_fault){
		arena_printf(look->arena, "there is no %s '%s'", what, name),
		nearest ? arena_printf(look->arena, "did you mean '%s'?",
				       nearest) : NULL,
	};
}

/* The names of all oncalls, ended by NULL. */
static const char *const *
oncall_names(const struct look *look)
{
	const struct contacts *contacts = look->generation->contacts;
	VEC(const char *) names = { 0 };
	size_t i;

	for (i = 0; i < contacts->list.count; i++)
		if (contacts->list.items[i]->rota)
			vec_push(look->arena, &names,
				 contacts->list.items[i]->name);
	vec_push(look->arena, &names, NULL);
	return names.items;
}

static struct replacement_fault
name_fault(const struct look *look)
{
	const struct contacts *contacts = look->generation->contacts;
	const struct contact *oncall = contact_find(contacts,
						    look->it->oncall);
	const char *const *names = contact_names(look->arena, contacts);

	if (oncall && !oncall->rota)
		return (struct replacement_fault){
			arena_printf(look->arena, "'%s' is a %s, and so has "
				     "no turns", oncall->name,
				     oncall->node->keyword),
			"name an oncall behind `in`"
		};
	if (!oncall)
		return unknown(look, "oncall", look->it->oncall,
			       oncall_names(look));
	if (!contact_find(contacts, look->it->name))
		return unknown(look, "contact", look->it->name, names);
	if (!contact_find(contacts, look->it->by))
		return unknown(look, "contact", look->it->by, names);
	return NO_FAULT;
}

static struct replacement_fault
circle_fault(const struct look *look)
{
	const struct contacts *contacts = look->generation->contacts;
	const struct contact *by = contact_find(contacts, look->it->by);

	if (!contact_leads_to(contacts, by, look->before,
			      contact_find(contacts, look->it->oncall)))
		return NO_FAULT;
	return (struct replacement_fault){
		arena_printf(look->arena, "behind '%s' stands '%s' itself",
			     look->it->by, look->it->oncall),
		"name a person or another team",
	};
}

/* An address of whoever comes on duty that this customer does not allow, or
 * NULL. */
static const char *
refused_address(const struct look *look, const struct ruleset_mention *mention)
{
	const char *customer = mention->customer->name;
	const struct generation *g = look->generation;
	recipients who = { 0 };
	size_t i;

	(rule_by_pager(mention->notify) ? contact_reach_pagers :
	 contact_reach)(g->contacts, contact_find(g->contacts, look->it->by),
			look->before, look->arena, &who);
	for (i = 0; i < who.count; i++)
		if (!generation_allows(g, customer, &who.items[i].endpoint))
			return who.items[i].endpoint.address;
	return NULL;
}

static bool
names_oncall(const struct look *look, const struct contact *contact)
{
	const struct contacts *contacts = look->generation->contacts;

	return contact &&
	       contact_leads_to(contacts, contact, look->before,
				contact_find(contacts, look->it->oncall));
}

static struct replacement_fault
guard_fault(const struct look *look)
{
	const struct generation *g = look->generation;
	struct ruleset_mention mention = { 0 };

	while (ruleset_next_mention(g->ruleset, &mention)) {
		const char *customer = mention.customer->name;
		const char *address;

		if (!names_oncall(look, contact_find(g->contacts,
						     mention.contact.text)))
			continue;
		address = refused_address(look, &mention);
		if (address)
			return (struct replacement_fault){
				arena_printf(look->arena, "rule '%s' would "
					"send data of customer '%s' to %s, "
					"which its recipients do not allow",
					mention.rule, customer, address),
				arena_printf(look->arena, "name somebody whom "
					     "the `recipients` of %s allow",
					     customer),
			};
	}
	return NO_FAULT;
}

/* The catch-all gets data of every customer, so who may be behind it is for the
 * files to say. */
static struct replacement_fault
catch_all_fault(const struct look *look)
{
	const struct generation *g = look->generation;
	const struct contact *catch_all = generation_catch_all(g);
	const struct contact *by = contact_find(g->contacts, look->it->by);

	if (!names_oncall(look, catch_all) ||
	    contact_leads_to(g->contacts, catch_all, NULL, by))
		return NO_FAULT;
	return (struct replacement_fault){
		arena_printf(look->arena, "'%s' would be behind the catch-all, "
			     "which gets data of every customer",
			     look->it->by),
		"name somebody who is behind it, or write `replace` into the "
		"oncall",
	};
}

struct replacement_fault
replacement_error(const struct generation *generation,
		  const struct store_replacements *before,
		  const struct store_replacement *it, struct arena *arena)
{
	static struct replacement_fault (*const faults[])
		(const struct look *look) = {
		name_fault, circle_fault, guard_fault, catch_all_fault,
	};
	const struct look look = { generation, before, it, arena };
	struct replacement_fault fault = NO_FAULT;
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(*faults) && !fault.sentence;
	     i++)
		fault = faults[i](&look);
	return fault;
}

/* Is anybody replaced by it at any time? */
static bool
replaces(const struct look *look, const struct contact *oncall)
{
	const struct contacts *contacts = look->generation->contacts;
	struct store_replacements all = { 0 };
	rota_replacements more;
	size_t i;

	for (i = 0; i < look->before->count; i++)
		vec_push(look->arena, &all, look->before->items[i]);
	vec_push(look->arena, &all, *look->it);
	more = contact_replacements(contacts, oncall, &all, look->arena);
	return rota_replaces(oncall->rota, &more, more.count - 1);
}

struct replacement_fault
replacement_doubt(const struct generation *generation,
		  const struct store_replacements *before,
		  const struct store_replacement *it, instant_ms now,
		  struct arena *arena)
{
	const struct look look = { generation, before, it, arena };

	if (it->until <= now)
		return (struct replacement_fault){
			arena_printf(arena, "this replacement of '%s' is over",
				     it->name), NULL
		};
	if (!replaces(&look, contact_find(generation->contacts, it->oncall)))
		return (struct replacement_fault){
			arena_printf(arena, "'%s' is not in turn in this time, "
				     "so there is nothing to replace",
				     it->name), NULL
		};
	return NO_FAULT;
}

static void
check_one(const struct generation *g, const struct store_replacements *before,
	  const struct store_replacement *it, instant_ms now,
	  struct arena *arena)
{
	const struct diag_place place = {
		g->conf->files.items[0], DIAG_WHOLE_FILE, 0
	};
	struct replacement_fault fault =
		replacement_error(g, before, it, arena);
	const char *remedy = arena_printf(arena, "tocsin oncall replace "
					  "--end %lld", (long long)it->id);

	if (!fault.sentence)
		fault = replacement_doubt(g, before, it, now, arena);
	if (fault.sentence)
		diag_warning(g->diag, place, remedy, "replacement %lld, which "
			     "is no line of a file: %s", (long long)it->id,
			     fault.sentence);
}

void
replacements_check(const struct generation *generation,
		   const struct store_replacements *all, instant_ms now)
{
	struct store_replacements before = *all;
	struct arena *arena = arena_create();
	size_t i;

	for (i = 0; i < all->count; i++) {
		before.count = i;
		if (all->items[i].ended == TIME_UNKNOWN)
			check_one(generation, &before, &all->items[i], now,
				  arena);
		arena_reset(arena);
	}
	arena_destroy(&arena);
}
