#include "pipeline/guard.h"

#include "base/text.h"

bool
guard_allows(const struct guard *guard, const char *customer,
	     const struct endpoint *endpoint)
{
	const struct ruleset_customer *of = customer ?
		ruleset_find(guard->ruleset, customer) : NULL;

	if (of && ruleset_allows(of, endpoint->address))
		return true;
	return guard->catch_all && contact_could_be(guard->contacts,
						    guard->catch_all,
						    endpoint);
}

/* A customer who would tell an address, and does not allow it. */
struct refusal_of {
	const struct ruleset_customer *customer;
	const char *rule;
	struct diag_place place;
};

struct told {
	const char *address;
	const struct contact *contact;	/* whose it is */
	VEC(struct refusal_of) refusals; /* a customer each */
	bool is_allowed;		/* by one who would tell it */
};

struct check {
	const struct guard *guard;
	struct diag *diag;
	struct arena *arena;		/* until all is said */
	struct map *by_address;
	struct map *seen;		/* "CUSTOMER ADDRESS" */
	VEC(struct told *) list;	/* in the order of the files */
};

/* ---- who is told ---- */

/* Else the loader of rules has said what is wrong. */
static bool
has_good_recipients(const struct check *check,
		    const struct ruleset_customer *customer)
{
	size_t i;

	for (i = 0; i < customer->recipients.count; i++) {
		struct diag_place at = customer->recipients.items[i].place;

		if (diag_errors_within(check->diag, at.file, at.offset,
				       at.offset + at.length))
			return false;
	}
	return customer->recipients.count;
}

static struct told *
told_of(struct check *check, const struct recipient *who)
{
	const char *address = who->endpoint.address;
	struct told *told = map_find(check->by_address, address);

	if (told)
		return told;
	told = arena_alloc(check->arena, sizeof(*told));
	told->address = address;
	told->contact = who->contact;
	(void)map_set(check->by_address, address, told);
	vec_push(check->arena, &check->list, told);
	return told;
}

/* Of each address once a customer, as it is one line that is wrong. */
static void
look_at(struct check *check, const struct ruleset_mention *mention,
	const struct recipient *who)
{
	const char *customer = mention->customer->name;
	struct told *told = told_of(check, who);
	const struct refusal_of refusal = {
		mention->customer, mention->rule, mention->contact.place
	};

	if (map_set(check->seen, arena_printf(check->arena, "%s %s", customer,
					      told->address), told))
		return;
	if (guard_allows(check->guard, customer, &who->endpoint))
		told->is_allowed = true;
	else
		vec_push(check->arena, &told->refusals, refusal);
}

static void
find_told(struct check *check)
{
	const struct guard *guard = check->guard;
	struct ruleset_mention mention = { 0 };
	size_t i;

	while (ruleset_next_mention(guard->ruleset, &mention)) {
		const struct contact *contact =
			contact_find(guard->contacts, mention.contact.text);
		struct arena *scratch;
		recipients who = { 0 };

		if (!contact || !has_good_recipients(check, mention.customer))
			continue;
		scratch = arena_create();
		(rule_by_pager(mention.notify) ? contact_reach_pagers :
		 contact_reach)(guard->contacts, contact, NULL, scratch, &who);
		for (i = 0; i < who.count; i++)
			look_at(check, &mention, &who.items[i]);
		arena_destroy(&scratch);
	}
}

/* ---- what is said ---- */

/* Whose file the contact stands in; NULL: the customer's own, or nobody's. */
static const struct ruleset_customer *
owner_of(const struct check *check, const struct told *told,
	 const struct ruleset_customer *customer)
{
	const struct ruleset *ruleset = check->guard->ruleset;
	const struct diag_file *file = told->contact->node->place.file;
	size_t i;

	if (customer->node->place.file == file)
		return NULL;
	for (i = 0; i < ruleset->customer_count; i++)
		if (ruleset->customers[i].node->place.file == file)
			return &ruleset->customers[i];
	return NULL;
}

/* What belongs to another customer is said, and taken out. */
static void
say_owned(const struct check *check, struct told *told)
{
	size_t i, left = 0;

	for (i = 0; i < told->refusals.count; i++) {
		const struct refusal_of *refusal = &told->refusals.items[i];
		const struct ruleset_customer *owner =
			owner_of(check, told, refusal->customer);

		if (!owner) {
			told->refusals.items[left++] = *refusal;
			continue;
		}
		diag_error(check->diag, refusal->place,
			   "name a contact of its own",
			   "rule '%s' would send data of customer '%s' to %s, "
			   "who belongs to customer '%s'", refusal->rule,
			   refusal->customer->name, told->address,
			   owner->name);
	}
	told->refusals.count = left;
}

/* Some allow it; those who do not mean somebody else. */
static void
say_each(const struct check *check, const struct told *told)
{
	size_t i;

	for (i = 0; i < told->refusals.count; i++) {
		const struct refusal_of *refusal = &told->refusals.items[i];

		diag_error(check->diag, refusal->place,
			   arena_printf(check->arena, "name somebody whom "
					"the `recipients` of %s allow",
					refusal->customer->name),
			   "rule '%s' would send data of customer '%s' to %s, "
			   "which its recipients do not allow", refusal->rule,
			   refusal->customer->name, told->address);
	}
}

/* Of a contact, where the address stands; else its name. */
static struct diag_place
place_of(const struct told *told)
{
	const conf_nodes *block = &told->contact->node->block;
	size_t i, j;

	for (i = 0; i < block->count; i++) {
		const conf_words *words = &block->items[i]->words;

		for (j = 0; j < words->count; j++)
			if (text_same(words->items[j].text, told->address))
				return words->items[j].place;
	}
	return conf_word(told->contact->node, 0).place;
}

/* The nearest that would be allowed, or NULL. */
static const char *
meant(const struct check *check, const struct told *told)
{
	size_t local = strcspn(told->address, "@"), i, j;
	VEC(const char *) candidates = { 0 };

	for (i = 0; i < told->refusals.count; i++) {
		const conf_words *words =
			&told->refusals.items[i].customer->recipients;

		for (j = 0; j < words->count; j++)
			vec_push(check->arena, &candidates,
				 *words->items[j].text != '@' ?
				 words->items[j].text :
				 arena_printf(check->arena, "%.*s%s",
					      (int)local, told->address,
					      words->items[j].text));
	}
	vec_push(check->arena, &candidates, NULL);
	return diag_did_you_mean(check->diag, told->address,
				 candidates.items, NULL);
}

static void
say_wrong(const struct check *check, const struct told *told)
{
	const struct refusal_of *first = &told->refusals.items[0];
	size_t count = told->refusals.count, i;
	struct diag_parties parties = {
		.places = arena_array(check->arena, count + 1,
				      sizeof(*parties.places)),
		.count = count + 1,
	};
	struct diag_place place = place_of(told);

	for (i = 0; i < count; i++)
		parties.places[i] = told->refusals.items[i].place;
	parties.places[count] = place;
	diag_error_of(check->diag, place, &parties, meant(check, told),
		      "rule '%s' of customer '%s'%s would send data to %s, "
		      "which no `recipients` allow", first->rule,
		      first->customer->name, count == 1 ? "" :
		      arena_printf(check->arena, ", and %zu more customer%s,",
				   count - 1, count == 2 ? "" : "s"),
		      told->address);
}

void
guard_check(const struct guard *guard, struct diag *diag)
{
	struct check check = {
		.guard = guard, .diag = diag, .arena = arena_create(),
	};
	size_t i;

	check.by_address = map_create(check.arena);
	check.seen = map_create(check.arena);
	find_told(&check);
	for (i = 0; i < check.list.count; i++) {
		struct told *told = check.list.items[i];

		say_owned(&check, told);
		if (told->is_allowed)
			say_each(&check, told);
		else if (told->refusals.count)
			say_wrong(&check, told);
	}
	arena_destroy(&check.arena);
}
