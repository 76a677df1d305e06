#include "match/ruleset.h"

#include "base/text.h"
#include "base/vec.h"
#include "match/hashes.h"
#include "match/shadow.h"

enum {
	/* So few rules are tried one by one: it is as fast, and the trace then
	 * has the reason of every one of them. */
	INDEX_LEAST = 64,
};

/* Statements come in the order of their files, so lines are counted from the
 * last place asked for; from the start for every rule would take minutes for a
 * large file. */
struct line_cursor {
	const struct diag_file *file;
	size_t offset;
	uint32_t line;
};

static uint32_t
line_of(struct line_cursor *cursor, struct diag_place place)
{
	if (cursor->file != place.file)
		*cursor = (struct line_cursor){ place.file, 0, 1 };
	while (cursor->offset < place.offset)
		cursor->line += place.file->text[cursor->offset++] == '\n';
	while (cursor->offset > place.offset)
		cursor->line -= place.file->text[--cursor->offset] == '\n';
	return cursor->line;
}

struct loader {
	struct rule_load rule;
	struct line_cursor lines;
	struct ruleset *ruleset;
	struct arena *scratch;		/* that of rule.cond */
	const struct worlds *worlds;	/* until loading is over */
};

static size_t
count_of(const conf_nodes *nodes, const char *keyword)
{
	size_t count = 0, i;

	for (i = 0; i < nodes->count; i++)
		count += !strcmp(nodes->items[i]->keyword, keyword);
	return count;
}

static struct map *
map_of(struct arena *arena, const char *const *names)
{
	struct map *map;

	if (!names)
		return NULL;
	map = map_create(arena);
	for (; *names; names++)
		(void)map_set(map, *names, map);	/* may be there twice */
	return map;
}

/* ---- customers ---- */

static bool
recipient_is_good(const char *text)
{
	struct buf address = BUF_INIT;
	bool good;

	buf_printf(&address, "%s%s", *text == '@' ? "x" : "", text);
	/* A local part of * is legal, and meant for everybody. */
	good = text_is_address(address.data) && *text != '*';
	buf_release(&address);
	return good;
}

static void
recipients_load(struct loader *loader, struct ruleset_customer *customer,
		const struct conf_node *node)
{
	size_t i;

	for (i = 0; i < node->words.count; i++) {
		struct conf_word word = node->words.items[i];

		if (!recipient_is_good(word.text))
			diag_error(loader->rule.cond.diag, word.place,
				   "as @example.com or LOCAL@example.com",
				   "'%s' is neither a domain nor an address",
				   word.text);
		vec_push(loader->ruleset->arena, &customer->recipients, word);
	}
}

static void
twice(struct loader *loader, struct conf_word name, const struct rule *first)
{
	char remedy[64];

	(void)snprintf(remedy, sizeof(remedy), "the first is in line %u",
		       first->line);
	diag_error(loader->rule.cond.diag, name.place, remedy,
		   "rule '%s' is defined twice", name.text);
}

/* Rules in error are left out. */
static void
rules_load(struct loader *loader, struct ruleset_customer *customer)
{
	const conf_nodes *block = &customer->node->block;
	size_t most = count_of(block, "rule"), i;
	struct hashes names;
	struct rule *rules;

	rules = arena_array(loader->ruleset->arena, most, sizeof(*rules));
	customer->rules = rules;
	hashes_init(&names, loader->scratch, most);
	for (i = 0; i < block->count; i++) {
		const struct conf_node *node = block->items[i];
		size_t count = customer->rule_count;
		uint32_t first;

		if (strcmp(node->keyword, "rule"))
			continue;
		rules[count] = (struct rule){
			.line = line_of(&loader->lines, node->place)
		};
		if (!rule_load(&loader->rule, node, &rules[count]))
			continue;
		first = hashes_add(&names, hashes_mix(hashes_bytes(HASHES_START,
				rules[count].name, strlen(rules[count].name))),
				(uint32_t)count);
		if (first != count &&
		    !strcmp(rules[first].name, rules[count].name))
			twice(loader, conf_word(node, 0), &rules[first]);
		customer->rule_count++;
	}
}

static bool
notifies(const struct ruleset_customer *customer)
{
	size_t i;

	for (i = 0; i < customer->rule_count; i++)
		if (!customer->rules[i].drop)
			return true;
	return customer->otherwise;
}

static void
otherwise_load(struct loader *loader, struct ruleset_customer *customer,
	       const struct conf_node *node)
{
	const struct conf_node *notify;
	size_t at = 0;

	customer->otherwise = node;
	customer->otherwise_line = line_of(&loader->lines, node->place);
	while ((notify = rule_next_notify(node, &at)))
		(void)rule_check_notify(&loader->rule, notify); /* reported */
}

static void
customer_part(struct loader *loader, struct ruleset_customer *customer,
	      const struct conf_node *node)
{
	const struct zone *zone;

	if (!strcmp(node->keyword, "recipients")) {
		recipients_load(loader, customer, node);
	} else if (!strcmp(node->keyword, "timezone")) {
		zone = window_zone_load(conf_word(node, 0),
					loader->rule.cond.diag);
		if (zone)
			customer->zone = zone;
	} else if (!strcmp(node->keyword, "otherwise")) {
		otherwise_load(loader, customer, node);
	} else if (!strcmp(node->keyword, "rule") && customer->otherwise) {
		diag_warning(loader->rule.cond.diag, node->place,
			     "move it up",
			     "this rule stands behind 'otherwise', but is "
			     "tried before it");
	}
}

static void
customer_load(struct loader *loader, const struct conf_node *node,
	      struct ruleset_customer *customer)
{
	size_t errors = diag_errors(loader->rule.cond.diag), i;
	struct conf_word name = conf_word(node, 0);

	customer->name = name.text;
	customer->display = node->words.count > 1 ? conf_word(node, 1).text :
						    name.text;
	customer->node = node;
	customer->zone = zone_utc();
	for (i = 0; i < node->block.count; i++)
		customer_part(loader, customer, node->block.items[i]);
	loader->rule.zone = customer->zone;
	rules_load(loader, customer);
	arena_reset(loader->scratch);
	if (!customer->recipients.count && notifies(customer) && !node->broken)
		diag_error(loader->rule.cond.diag, name.place,
			   "add recipients @DOMAIN or ADDRESS, ...",
			   "customer '%s' has rules that notify, but no "
			   "recipients", name.text);
	/* Not while there are errors: a rule was read as it is not meant. */
	if (errors == diag_errors(loader->rule.cond.diag) && !node->broken)
		shadow_check(customer->rules, customer->rule_count,
			     customer->otherwise, loader->worlds,
			     loader->scratch, loader->rule.cond.diag);
	if (customer->rule_count > INDEX_LEAST)
		customer->index = index_create(loader->ruleset->arena,
					       customer->rules,
					       customer->rule_count);
	arena_reset(loader->scratch);
}

static void
load_customers(struct loader *loader, const struct conf *conf)
{
	struct ruleset *ruleset = loader->ruleset;
	struct ruleset_customer *customer;
	size_t i;

	ruleset->customers = arena_array(ruleset->arena,
					 count_of(&conf->nodes, "customer"),
					 sizeof(*ruleset->customers));
	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];
		struct conf_word name = conf_word(node, 0);

		if (strcmp(node->keyword, "customer"))
			continue;
		(void)rule_check_name(name, "customer",
				      loader->rule.cond.diag);
		customer = &ruleset->customers[ruleset->customer_count++];
		customer_load(loader, node, customer);
		if (map_find(ruleset->by_name, name.text))
			diag_clash(loader->rule.cond.diag, name.place,
				   conf_first_of(&conf->nodes, node).place,
				   NULL,
				   "customer '%s' is defined twice",
				   name.text);
		else
			(void)map_set(ruleset->by_name, name.text, customer);
	}
}

struct ruleset *
ruleset_load(struct arena *arena, const struct conf *conf,
	     const struct ruleset_names *names, instant_ms now,
	     struct diag *diag)
{
	struct ruleset *ruleset = arena_alloc(arena, sizeof(*ruleset));
	struct arena *scratch = arena_create();
	struct arena *until_loaded = arena_create();
	struct loader loader = {
		.ruleset = ruleset,
		.scratch = scratch,
		.worlds = worlds_create(until_loaded),
		.rule = {
			.cond = {
				.arena = arena,
				.scratch = scratch,
				.diag = diag,
				.windows = names->windows,
			},
			.contacts = map_of(arena, names->contacts),
			.contact_names = names->contacts,
			.templates = map_of(arena, names->templates),
			.template_names = names->templates,
			.now = now,
		},
	};

	ruleset->arena = arena;
	ruleset->by_name = map_create(arena);
	ruleset->catch_all = names->catch_all;
	load_customers(&loader, conf);
	arena_destroy(&scratch);
	arena_destroy(&until_loaded);
	return ruleset;
}

/* ---- asking ---- */

const struct ruleset_customer *
ruleset_find(const struct ruleset *ruleset, const char *name)
{
	return map_find(ruleset->by_name, name);
}

bool
ruleset_allows(const struct ruleset_customer *customer, const char *address)
{
	const char *domain = strrchr(address, '@');
	size_t i;

	for (i = 0; domain && i < customer->recipients.count; i++) {
		const char *allowed = customer->recipients.items[i].text;

		if (text_same(allowed, *allowed == '@' ? domain : address))
			return true;
	}
	return false;
}

/* The node of rule `at_rule`; behind the last rule `otherwise`. */
static const struct conf_node *
mention_node(struct ruleset_mention *mention)
{
	const struct ruleset_customer *customer = mention->customer;

	if (mention->at_rule < customer->rule_count) {
		mention->rule = customer->rules[mention->at_rule].name;
		return customer->rules[mention->at_rule].node;
	}
	mention->rule = "otherwise";
	return mention->at_rule == customer->rule_count ? customer->otherwise :
							  NULL;
}

/* The next `notify` of this customer into mention->notify. */
static bool
mention_advance(struct ruleset_mention *mention)
{
	const struct conf_node *node;

	while ((node = mention_node(mention))) {
		mention->notify = rule_next_notify(node, &mention->at_notify);
		mention->at_word = 0;
		if (mention->notify)
			return true;
		mention->at_rule++;
		mention->at_notify = 0;
	}
	return false;
}

bool
ruleset_next_mention(const struct ruleset *ruleset,
		     struct ruleset_mention *mention)
{
	while (!mention->notify ||
	       mention->at_word >= mention->notify->words.count) {
		if (mention->customer && mention_advance(mention))
			continue;
		if (mention->at_customer >= ruleset->customer_count)
			return false;
		*mention = (struct ruleset_mention){
			.customer = &ruleset->customers[mention->at_customer],
			.at_customer = mention->at_customer + 1,
		};
	}
	mention->contact = mention->notify->words.items[mention->at_word++];
	return true;
}
