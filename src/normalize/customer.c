#include "normalize/customer.h"

#include "base/map.h"
#include "base/text.h"

struct loader {
	struct customers *customers;
	struct arena *arena;
	struct diag *diag;
};

/* Where a customer claims the word that another one does. */
static struct diag_place
claim_of(const struct customer *customer, const char *keyword,
	 const char *word)
{
	const conf_nodes *block = &customer->node->block;
	size_t i, j;

	for (i = 0; i < block->count; i++) {
		const conf_words *words = &block->items[i]->words;

		if (strcmp(block->items[i]->keyword, keyword))
			continue;
		for (j = 0; j < words->count; j++)
			if (text_same(words->items[j].text, word))
				return words->items[j].place;
	}
	return conf_word(customer->node, 0).place;
}

static void
clash(const struct loader *loader, const struct customer *customer,
      const struct customer *other, const char *keyword, struct conf_word word)
{
	diag_clash(loader->diag, word.place,
		   claim_of(other, keyword, word.text),
		   "mail for it could be either's",
		   "%s '%s' is claimed by customer '%s' and by customer '%s'",
		   keyword, word.text, other->name, customer->name);
}

/* Put every word of `keyword` into `map`; how many there are. */
static size_t
load_claims(const struct loader *loader, struct customer *customer,
	    const char *keyword, struct map *map)
{
	const conf_nodes *block = &customer->node->block;
	size_t i, j, count = 0;

	for (i = 0; i < block->count; i++) {
		const conf_words *words = &block->items[i]->words;

		if (strcmp(block->items[i]->keyword, keyword))
			continue;
		for (j = 0; j < words->count; j++, count++) {
			const char *key = text_fold(loader->arena,
						    words->items[j].text);
			struct customer *other = map_find(map, key);

			if (!other)
				(void)map_set(map, key, customer);
			else if (other != customer)
				clash(loader, customer, other, keyword,
				      words->items[j]);
		}
	}
	return count;
}

static void
check_tenant(const struct loader *loader, struct customer *customer,
	     struct conf_word word)
{
	bool is_guid = text_is_guid(word.text);

	customer->guids += is_guid;
	if (!is_guid && !strchr(word.text, '.'))
		diag_error(loader->diag, word.place,
			   "write the tenant's GUID or one of its domain "
			   "names", "'%s' is no tenant", word.text);
}

static void
check_tenants(const struct loader *loader, struct customer *customer)
{
	const conf_nodes *block = &customer->node->block;
	size_t i, j;

	for (i = 0; i < block->count; i++) {
		const conf_words *words = &block->items[i]->words;

		if (strcmp(block->items[i]->keyword, "tenant"))
			continue;
		for (j = 0; j < words->count; j++)
			check_tenant(loader, customer, words->items[j]);
	}
}

static void
load_customer(const struct loader *loader, const struct conf_node *node)
{
	struct customers *customers = loader->customers;
	struct customer *customer = arena_alloc(loader->arena,
						sizeof(*customer));
	struct conf_word name = conf_word(node, 0);
	const struct customer *first;
	size_t claims;

	if (!*name.text)
		return;		/* the parser has said so */
	first = map_find(customers->by_name, name.text);
	if (first) {
		diag_clash(loader->diag, name.place,
			   conf_word(first->node, 0).place, NULL,
			   "customer '%s' is defined twice", name.text);
		return;
	}
	customer->name = name.text;
	customer->display = conf_word(node, 1).text;
	if (!*customer->display)
		customer->display = customer->name;
	customer->node = node;
	check_tenants(loader, customer);
	customer->tenants = load_claims(loader, customer, "tenant",
					customers->by_tenant);
	claims = customer->tenants;
	claims += load_claims(loader, customer, "mailbox",
			      customers->by_mailbox);
	customer->organizations = load_claims(loader, customer, "organization",
					      customers->by_organization);
	claims += customer->organizations;
	if (!claims && !diag_errors(loader->diag))
		diag_warning(loader->diag, name.place,
			     "add tenant GUID, mailbox ADDRESS or "
			     "organization TEXT",
			     "no alert is ever one of customer '%s'",
			     name.text);
	(void)map_set(customers->by_name, customer->name, customer);
	vec_push(loader->arena, &customers->list, customer);
}

struct customers *
customers_load(struct arena *arena, const conf_nodes *nodes, struct diag *diag)
{
	struct customers *customers = arena_alloc(arena, sizeof(*customers));
	struct loader loader = { customers, arena, diag };
	size_t i;

	customers->by_name = map_create(arena);
	customers->by_tenant = map_create(arena);
	customers->by_mailbox = map_create(arena);
	customers->by_organization = map_create(arena);
	for (i = 0; i < nodes->count; i++)
		if (!strcmp(nodes->items[i]->keyword, "customer"))
			load_customer(&loader, nodes->items[i]);
	return customers;
}

const char *
customer_unproven(const struct customers *customers, const char *name,
		  const char *tenant, bool is_strange)
{
	const struct customer *customer = name ? map_find(customers->by_name,
							  name) : NULL;
	struct arena *scratch;
	bool is_his;

	if (!customer)
		return "it is of no customer";
	if (is_strange)
		return "it names an organization of no customer";
	if (!customer->tenants)
		return NULL;
	if (!tenant || (customer->guids && !text_is_guid(tenant)))
		return "it bears no tenant id, and the customer has one";
	scratch = arena_create();
	is_his = map_find(customers->by_tenant,
			  text_fold(scratch, tenant)) == customer;
	arena_destroy(&scratch);
	return is_his ? NULL : "its tenant is not the customer's";
}

/* The search: what was found so far, and by what. */
struct search {
	const struct customers *customers;
	struct arena *arena;
	const struct customer *customer;
	const char *by;		/* "tenant X (link https://...)" */
	bool by_tenant;
	const char *conflict;
};

static const char *
describe(struct search *search, const char *kind,
	 const struct customer_evidence *evidence)
{
	return arena_printf(search->arena, "%s '%s' (%s)", kind,
			    evidence->text, evidence->source);
}

static void
found(struct search *search, const struct customer *customer, const char *kind,
      const struct customer_evidence *evidence)
{
	if (!customer || search->conflict)
		return;
	if (!search->customer) {
		search->customer = customer;
		search->by = describe(search, kind, evidence);
	} else if (search->customer != customer) {
		search->conflict = arena_printf(search->arena,
			"%s is of customer '%s', but %s is of customer '%s'",
			search->by, search->customer->name,
			describe(search, kind, evidence), customer->name);
	}
}

static struct customer *
find_folded(struct search *search, struct map *map, const char *text)
{
	return map_find(map, text_fold(search->arena, text));
}

/* The owner of the address, or else of the one it is an extension of:
 * contoso+xdr@relay.example belongs to contoso@relay.example. */
static struct customer *
find_mailbox(struct search *search, const char *address)
{
	struct map *map = search->customers->by_mailbox;
	struct customer *customer = find_folded(search, map, address);
	const char *plus = strchr(address, '+'), *at = strrchr(address, '@');

	if (customer || !plus || !at || plus > at)
		return customer;
	return find_folded(search, map, arena_printf(search->arena, "%.*s%s",
						     (int)(plus - address),
						     address, at));
}

/* Two different GUIDs are two tenants, whoever they belong to. */
static void
check_one_tenant(struct search *search,
		 const struct customer_evidences *evidences,
		 const struct customer_evidence **guid_out)
{
	const struct customer_evidence *first = NULL;
	size_t i;

	for (i = 0; i < evidences->tenants.count; i++) {
		const struct customer_evidence *one =
			&evidences->tenants.items[i];

		if (!text_is_guid(one->text))
			continue;
		if (!first)
			first = one;
		else if (!text_same(first->text, one->text))
			search->conflict = arena_printf(search->arena,
				"two tenants in one mail: %s and %s",
				describe(search, "tenant", first),
				describe(search, "tenant", one));
	}
	*guid_out = first;
}

/* A tenant that nobody claims, in the name of a customer whose tenants are
 * known: data of a stranger, or of a tenant that was forgotten. */
static void
check_stranger(struct search *search, const struct customer_evidence *guid)
{
	if (!guid || !search->customer || search->conflict ||
	    !search->customer->tenants ||
	    find_folded(search, search->customers->by_tenant, guid->text))
		return;
	search->conflict = arena_printf(search->arena,
		"%s is of no customer, but %s is of customer '%s'",
		describe(search, "tenant", guid), search->by,
		search->customer->name);
}

static void
search_all(struct search *search, const struct customer_evidences *evidences)
{
	const struct customers *customers = search->customers;
	const struct customer_evidence *guid;
	size_t i;

	check_one_tenant(search, evidences, &guid);
	for (i = 0; i < evidences->tenants.count; i++)
		found(search, find_folded(search, customers->by_tenant,
					  evidences->tenants.items[i].text),
		      "tenant", &evidences->tenants.items[i]);
	search->by_tenant = search->customer;
	for (i = 0; i < evidences->mailboxes.count; i++)
		found(search, find_mailbox(search,
					   evidences->mailboxes.items[i].text),
		      "mailbox", &evidences->mailboxes.items[i]);
	for (i = 0; i < evidences->organizations.count; i++)
		found(search, find_folded(search, customers->by_organization,
			evidences->organizations.items[i].text),
		      "organization", &evidences->organizations.items[i]);
	check_stranger(search, guid);
}

/* An organisation that nobody claims, or NULL. */
static const char *
strange_organization(struct search *search,
		     const struct customer_evidences *evidences,
		     const char **name_out)
{
	struct map *claimed = search->customers->by_organization;
	size_t i;

	if (!search->customer->organizations && search->by_tenant)
		return NULL;
	for (i = 0; i < evidences->organizations.count; i++) {
		const struct customer_evidence *one =
			&evidences->organizations.items[i];

		if (find_folded(search, claimed, one->text))
			continue;
		*name_out = one->text;
		return arena_printf(search->arena, "%s is of no customer",
				    describe(search, "organization", one));
	}
	return NULL;
}

/* What was there to go by, for whoever has to find out. */
static const char *
describe_nothing(struct search *search,
		 const struct customer_evidences *evidences)
{
	if (evidences->tenants.count)
		return arena_printf(search->arena, "%s is of no customer",
				    describe(search, "tenant",
					     evidences->tenants.items));
	if (evidences->mailboxes.count)
		return arena_printf(search->arena, "%s is of no customer",
				    describe(search, "mailbox",
					     evidences->mailboxes.items));
	return "no tenant id, and no mailbox or organization of a customer";
}

struct customer_answer
customers_find(const struct customers *customers, struct arena *arena,
	       const struct customer_evidences *evidences)
{
	struct search search = { .customers = customers, .arena = arena };
	struct customer_answer answer = { .result = CUSTOMER_CONFLICT };

	search_all(&search, evidences);
	answer.why = search.conflict;
	if (search.conflict)
		return answer;
	if (!search.customer) {
		answer.result = CUSTOMER_NONE;
		answer.why = describe_nothing(&search, evidences);
		return answer;
	}
	answer.result = CUSTOMER_FOUND;
	answer.customer = search.customer;
	answer.why = search.by;
	answer.doubt = strange_organization(&search, evidences,
					    &answer.stranger);
	answer.is_strange = answer.doubt && !search.by_tenant &&
			    search.customer->organizations;
	return answer;
}
