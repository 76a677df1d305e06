/*
 * Loads the parts in the order in which they need each other, then checks what
 * lies between two of them: the contact a rule names, the relay a contact
 * names, the address that a customer does not allow.
 */
#include "pipeline/generation.h"

#include "base/hostname.h"
#include "base/zone.h"
#include "conf/conf.h"
#include "conf/embedded.h"
#include "pipeline/guard.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
has_formats(const struct conf *conf)
{
	return conf_find(&conf->nodes, "format") != NULL;
}

/* One `format` of one's own replaces all the shipped ones. Without a `portal`
 * that is hardly meant: nothing in any mail is a link to a portal then. */
static void
check_replaced(const struct conf *conf, struct diag *diag)
{
	if (conf_find(&conf->nodes, "portal"))
		return;
	diag_warning(diag, conf_find(&conf->nodes, "format")->place,
		     "put it into a copy of the shipped formats.rules, and "
		     "include that",
		     "with this format all shipped formats, labels and links "
		     "are out of force");
}

static bool
is_gateway(const struct conf_node *node)
{
	return !strcmp(node->keyword, "unwrap") ||
	       !strcmp(node->keyword, "decode") ||
	       !strcmp(node->keyword, "opaque");
}

static void
add_shipped(conf_nodes *nodes, const struct conf *shipped, bool gateways)
{
	size_t i;

	for (i = 0; i < shipped->nodes.count; i++)
		if (is_gateway(shipped->nodes.items[i]) == gateways)
			nodes->items[nodes->count++] = shipped->nodes.items[i];
}

/* The statements that describe mails: the shipped ones first where the
 * configuration brings no `format` of its own. What gateways make of links is
 * no matter of taste, and new ones come: the shipped ones hold beside any
 * formats, behind those of the configuration, and the first that fits counts.
 */
static conf_nodes
format_nodes(const struct conf *conf, struct diag *diag)
{
	const char *text = embedded_find("rules/formats.rules");
	conf_nodes nodes = { 0 };
	const struct conf *shipped;
	size_t i;

	if (has_formats(conf))
		check_replaced(conf, diag);
	if (!text)
		return conf->nodes;
	shipped = conf_load_text(conf->arena, "formats.rules (built in)", text,
				 diag);
	nodes.items = arena_array(conf->arena, shipped->nodes.count +
				  conf->nodes.count, sizeof(*nodes.items));
	if (!has_formats(conf))
		add_shipped(&nodes, shipped, false);
	for (i = 0; i < conf->nodes.count; i++)
		nodes.items[nodes.count++] = conf->nodes.items[i];
	add_shipped(&nodes, shipped, true);
	return nodes;
}

static void
check_language(const struct generation *g, struct conf_word word)
{
	struct buf list = BUF_INIT;
	const char *const *codes;
	size_t i;

	if (!*word.text ||
	    words_find(g->templates->languages, word.text))
		return;
	codes = words_languages(g->arena, g->templates->languages);
	for (i = 0; codes[i]; i++)
		buf_printf(&list, "%s%s", i ? ", " : "one of ", codes[i]);
	diag_error(g->diag, word.place,
		   diag_did_you_mean(g->diag, word.text, codes, list.data),
		   "unknown language '%s'", word.text);
	buf_release(&list);
}

/* A language that nobody reads need not be complete. */
static void
check_words(const struct generation *g)
{
	size_t contacts = g->contacts->list.count, count = 0, i;
	const char **used = arena_array(g->arena, contacts +
			g->ruleset->customer_count + 1, sizeof(*used));

	for (i = 0; i < contacts; i++)
		used[count++] = g->contacts->list.items[i]->language.text;
	for (i = 0; i < g->ruleset->customer_count; i++) {
		const struct conf_node *language = conf_find(
			&g->ruleset->customers[i].node->block, "language");

		if (language)
			used[count++] = conf_word(language, 0).text;
	}
	words_check(g->templates->languages, used);
}

static void
check_zone(const struct generation *g, struct conf_word word)
{
	struct buf error = BUF_INIT;

	if (*word.text && !zone_find(word.text, &error))
		diag_error(g->diag, word.place,
			   diag_did_you_mean(g->diag, word.text, zone_names(),
				"an IANA name such as Europe/Paris"),
			   "unknown timezone '%s'", word.text);
	buf_release(&error);
}

static void
check_pagers(const struct generation *g, const struct contact *contact)
{
	const conf_nodes *block = &contact->node->block;
	size_t i;

	for (i = 0; i < block->count; i++) {
		const struct conf_node *using = strcmp(block->items[i]->keyword,
						       "pager") ? NULL :
			conf_find(&block->items[i]->clauses, "using");
		struct conf_word name = conf_word(using ? using :
						  block->items[i], 0);

		if (using && *name.text &&
		    !template_find(g->templates, name.text))
			diag_error(g->diag, name.place,
				   diag_did_you_mean(g->diag, name.text,
					template_names(g->arena, g->templates),
					NULL),
				   "unknown template '%s'", name.text);
	}
}

static void
check_contact(const struct generation *g, const struct contact *contact)
{
	struct conf_word relay = contact->relay;

	check_language(g, contact->language);
	check_zone(g, contact->timezone);
	check_pagers(g, contact);
	if (*relay.text && !relay_find(g->relays, relay.text))
		diag_error(g->diag, relay.place,
			   diag_did_you_mean(g->diag, relay.text,
					     relay_names(g->relays),
					     "define it with `relay`"),
			   "unknown relay '%s'", relay.text);
}

static void
check_customer_words(const struct generation *g,
		     const struct ruleset_customer *customer)
{
	const struct conf_node *language =
		conf_find(&customer->node->block, "language");

	if (language)
		check_language(g, conf_word(language, 0));
}

static void
mark_owners(const struct generation *g, bool *used)
{
	size_t i, j;

	for (i = 0; i < g->ruleset->customer_count; i++) {
		const struct ruleset_customer *customer =
			&g->ruleset->customers[i];

		for (j = 0; j < customer->rule_count; j++) {
			const struct rule_drop *drop = customer->rules[j].drop;
			const struct contact *owner = drop && drop->owner ?
				contact_find(g->contacts, drop->owner) : NULL;

			if (owner)
				contact_mark(g->contacts, owner, used);
		}
	}
}

/* Who is told of each change of duty is used, and on duty maybe never. */
static void
mark_hand_overs(const struct generation *g, bool *used)
{
	size_t i;

	for (i = 0; i < g->contacts->list.count; i++) {
		const struct rota *rota = g->contacts->list.items[i]->rota;
		const struct contact *told = rota ?
			contact_find(g->contacts, rota->hand_over.text) : NULL;

		if (told)
			contact_mark(g->contacts, told, used);
	}
}

static void
check_catch_all(const struct generation *g, bool *used)
{
	struct conf_word name = g->settings.catch_all;
	const struct contact *contact = contact_find(g->contacts, name.text);

	if (contact)
		contact_mark(g->contacts, contact, used);
	else if (*name.text)
		diag_error(g->diag, name.place,
			   diag_did_you_mean(g->diag, name.text,
				contact_names(g->arena, g->contacts),
				"define it with `person` or `team`"),
			   "unknown contact '%s'", name.text);
}

static bool
has_rule(const struct generation *g, const char *customer, const char *name)
{
	size_t i, j;

	for (i = 0; i < g->ruleset->customer_count; i++) {
		const struct ruleset_customer *of = &g->ruleset->customers[i];

		if (customer && strcmp(customer, of->name))
			continue;
		for (j = 0; j < of->rule_count; j++)
			if (!strcmp(of->rules[j].name, name))
				return true;
	}
	return !strcmp(name, "otherwise") || !strcmp(name, "catch-all");
}

static void
fails(const struct generation *g, struct conf_word word, const char *what)
{
	diag_warning(g->diag, word.place, NULL,
		     "this test fails: there is no %s '%s'", what, word.text);
}

/* A test is no reason to refuse the rules beside it, hence warnings. */
static void
check_test(const struct generation *g, const struct ruletest *test)
{
	const struct conf_node *customer = test->alert ?
		conf_find(&test->alert->block, "customer") : NULL;
	const struct conf_node *by = test->outcome ?
		conf_find(&test->outcome->clauses, "by") : NULL;
	const struct conf_node *using = test->outcome ?
		conf_find(&test->outcome->clauses, "using") : NULL;

	if (customer && !ruleset_find(g->ruleset, conf_word(customer, 0).text))
		fails(g, conf_word(customer, 0), "customer");
	else if (by && !has_rule(g, customer ? conf_word(customer, 0).text :
				 NULL, conf_word(by, 0).text))
		fails(g, conf_word(by, 0), "rule");
	if (using && !template_find(g->templates, conf_word(using, 0).text))
		fails(g, conf_word(using, 0), "template");
	if (test->mail && access(test->mail, R_OK))
		diag_warning(g->diag, test->place, NULL,
			     "this test fails: cannot open %s: %s",
			     test->mail, strerror(errno));
}

/* Not while there are errors: a rule that is left out uses nothing. */
static void
warn_of_unused(const struct generation *g, const bool *used)
{
	size_t i;

	for (i = 0; i < g->contacts->list.count && !diag_errors(g->diag); i++) {
		const struct contact *contact = g->contacts->list.items[i];

		if (!used[contact->number])
			diag_warning(g->diag, conf_word(contact->node, 0).place,
				     NULL, "nobody uses %s '%s'",
				     contact->node->keyword, contact->name);
	}
}

/* Legal, as an MTA may have nothing that checks DMARC; but hardly meant. */
static void
check_authserv(const struct generation *g)
{
	struct diag_place main_file = { g->conf->files.items[0],
					DIAG_WHOLE_FILE, 0 };

	if (!g->settings.authserv && !diag_errors(g->diag))
		diag_warning(g->diag, main_file,
			     "write authserv HOST: whose "
			     "Authentication-Results are believed",
			     "no mail is ever authentic");
}

static struct guard
guard_of(const struct generation *g)
{
	return (struct guard){
		g->ruleset, g->contacts, generation_catch_all(g)
	};
}

static void
check_between(const struct generation *g, instant_ms now)
{
	/* Contacts, by their number. */
	bool *used = arena_array(g->arena, g->contacts->list.count,
				 sizeof(*used));
	struct ruleset_mention mention = { 0 };
	struct guard guard;
	size_t i;

	check_catch_all(g, used);
	while (ruleset_next_mention(g->ruleset, &mention)) {
		const struct contact *contact =
			contact_find(g->contacts, mention.contact.text);

		if (contact)	/* else the loader of rules has said so */
			contact_mark(g->contacts, contact, used);
	}
	guard = guard_of(g);
	guard_check(&guard, g->diag);
	mark_owners(g, used);
	mark_hand_overs(g, used);
	for (i = 0; i < g->ruleset->customer_count; i++)
		check_customer_words(g, &g->ruleset->customers[i]);
	for (i = 0; i < g->contacts->list.count; i++)
		check_contact(g, g->contacts->list.items[i]);
	check_words(g);
	/* Not while there are errors: a rule that is left out is no rule. */
	for (i = 0; i < g->tests->list.count && !diag_errors(g->diag); i++)
		check_test(g, g->tests->list.items[i]);
	warn_of_unused(g, used);
	if (!diag_errors(g->diag))
		contacts_check_duty(g->contacts, now, g->diag);
}

/* Where the folder of templates stands is known here. */
static const char *
templates_folder(const struct generation *g)
{
	const struct conf_node *node = conf_find(&g->conf->nodes, "templates");
	const char *path = g->settings.templates;
	DIR *folder = path ? opendir(path) : NULL;

	if (path && !folder)
		diag_error(g->diag, conf_word(node, 0).place,
			   "create it, or remove the setting",
			   "cannot read the folder %s: %s", path,
			   strerror(errno));
	if (folder)
		(void)closedir(folder);	/* it was only looked at */
	return folder ? path : NULL;
}

/* A server wants a full name; `domain` is one that is ours. */
static const char *
hello_of(const struct settings *settings)
{
	const char *name = hostname_full();

	return name ? name : settings->domain;
}

/* Who owns the state, or will make it, is who runs the relay: he must be able
 * to read all of it. */
static enum diag_tolerance
tolerance(const struct generation *g)
{
	struct stat st;

	return !stat(g->settings.state, &st) && st.st_uid != geteuid() ?
	       DIAG_UNREADABLE : DIAG_MISSING;
}

static struct generation *
load(const char *path, const struct map *instead, instant_ms now, bool looks)
{
	struct arena *arena = arena_create();
	struct generation *g = arena_alloc(arena, sizeof(*g));
	struct ruleset_names names;
	conf_nodes formats;

	g->arena = arena;
	g->diag = diag_create(arena);
	g->conf = conf_load(arena, path, instead, g->diag);
	g->settings = settings_load(g->conf, g->diag);
	if (looks)
		diag_tolerate(g->diag, tolerance(g));
	g->relays = relay_load(g->conf, g->settings.state,
			       hello_of(&g->settings), g->diag);
	g->windows = windows_load(g->conf, g->diag);
	g->contacts = contacts_load(g->conf, relay_list(g->relays), g->windows,
				    g->diag);
	contacts_bind_feeds(g->contacts, arena, g->settings.state);
	g->templates = template_load(arena, templates_folder(g), g->diag);
	formats = format_nodes(g->conf, g->diag);
	g->formats = formats_load(arena, &formats, g->diag);
	g->customers = customers_load(arena, &g->conf->nodes, g->diag);
	names = (struct ruleset_names){
		.contacts = contact_names(arena, g->contacts),
		.templates = template_names(arena, g->templates),
		.windows = g->windows,
		.catch_all = g->settings.catch_all,
	};
	g->ruleset = ruleset_load(arena, g->conf, &names, now, g->diag);
	windows_check(g->windows, g->diag);
	g->tests = ruletest_load(g->conf, g->diag);
	apps_load(g->conf, now, g->diag, &g->apps);
	polls_load(g->conf, &g->apps, g->diag, &g->polls);
	expect_load(g->conf, g->diag, &g->expected);
	check_between(g, now);
	check_authserv(g);
	return g;
}

struct generation *
generation_load(const char *path, const struct map *instead, instant_ms now)
{
	return load(path, instead, now, false);
}

struct generation *
generation_look(const char *path, const struct map *instead, instant_ms now)
{
	return load(path, instead, now, true);
}

void
generation_destroy(struct generation **generation)
{
	struct arena *arena = *generation ? (*generation)->arena : NULL;

	arena_destroy(&arena);
	*generation = NULL;
}

bool
generation_good(const struct generation *generation)
{
	return !diag_errors(generation->diag);
}

const struct contact *
generation_catch_all(const struct generation *generation)
{
	return contact_find(generation->contacts,
			    generation->settings.catch_all.text);
}

void
generation_resolve_catch_all(const struct generation *generation,
			     const struct store_replacements *stored,
			     instant_ms now, struct arena *arena,
			     recipients *out, contact_duties *duties)
{
	const struct contact *catch_all = generation_catch_all(generation);
	size_t before = out->count;

	contact_resolve(generation->contacts, catch_all, stored, now, arena,
			out, duties);
	if (out->count == before)
		contact_reach(generation->contacts, catch_all, stored, arena,
			      out);
}

bool
generation_allows(const struct generation *generation, const char *customer,
		  const struct endpoint *endpoint)
{
	const struct guard guard = guard_of(generation);

	return guard_allows(&guard, customer, endpoint);
}
