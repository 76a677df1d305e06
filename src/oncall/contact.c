#include "oncall/contact.h"

#include "base/map.h"
#include "base/text.h"
#include "conf/value.h"

enum {
	/* Teams within teams; a circle is found when this is passed. */
	CONTACT_DEPTH = 16,
};

static void
load_words(struct arena *arena, const struct conf_node *node,
	   const char *keyword, conf_words *out)
{
	size_t i, j;

	for (i = 0; i < node->block.count; i++) {
		const struct conf_node *line = node->block.items[i];

		if (strcmp(line->keyword, keyword))
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
check_addresses(struct contact *contact, struct diag *diag)
{
	size_t i, kept = 0;

	for (i = 0; i < contact->mail.count; i++)
		if (conf_address(contact->mail.items[i], diag))
			contact->mail.items[kept++] = contact->mail.items[i];
	if (!contact->mail.count && !contact->members.count &&
	    !contact->node->broken)
		diag_error(diag, conf_word(contact->node, 0).place,
			   contact->node->keyword[0] == 't' ?
			   "write `mail ADDRESS` or `members NAME, NAME`" :
			   "write `mail ADDRESS`",
			   "%s '%s' has no address", contact->node->keyword,
			   contact->name);
	contact->mail.count = kept;
}

static void
load_contact(struct contacts *contacts, struct arena *arena,
	     const struct conf_node *node, struct diag *diag)
{
	struct contact *contact = arena_alloc(arena, sizeof(*contact));
	struct conf_word name = conf_word(node, 0);
	const struct contact *other;

	if (!*name.text)
		return;		/* the parser has said so */
	contact->name = name.text;
	contact->node = node;
	load_words(arena, node, "mail", &contact->mail);
	load_words(arena, node, "members", &contact->members);
	contact->language = load_word(node, "language");
	contact->timezone = load_word(node, "timezone");
	contact->relay = load_word(node, "relay");
	check_addresses(contact, diag);

	other = map_find(contacts->by_name, contact->name);
	if (other) {
		diag_error(diag, name.place, "names are shared by persons and "
			   "teams: rename one", "there is already a %s '%s'",
			   other->node->keyword, contact->name);
		return;
	}
	(void)map_set(contacts->by_name, contact->name, contact);
	vec_push(arena, &contacts->list, contact);
}

/* Whether following the members leads deeper than any sane team. */
static bool
is_circular(const struct contacts *contacts, const struct contact *contact,
	    const struct contact *start, int depth)
{
	size_t i;

	if (depth > CONTACT_DEPTH)
		return true;
	for (i = 0; i < contact->members.count; i++) {
		const struct contact *member = contact_find(contacts,
				contact->members.items[i].text);

		if (!member)
			continue;
		if (member == start ||
		    is_circular(contacts, member, start, depth + 1))
			return true;
	}
	return false;
}

static void
check_members(const struct contacts *contacts, struct contact *contact,
	      const char *const *names, struct diag *diag)
{
	size_t i;

	for (i = 0; i < contact->members.count; i++) {
		struct conf_word member = contact->members.items[i];

		if (!contact_find(contacts, member.text))
			diag_error(diag, member.place,
				   diag_did_you_mean(diag, member.text, names,
					"define it with `person` or `team`"),
				   "unknown contact '%s'", member.text);
	}
	if (!is_circular(contacts, contact, contact, 0))
		return;
	diag_error(diag, conf_word(contact->node, 0).place,
		   "take one of the teams out of the other",
		   "team '%s' is a member of itself", contact->name);
	contact->members.count = 0;	/* so that resolving ends */
}

struct contacts *
contacts_load(const struct conf *conf, struct diag *diag)
{
	struct contacts *contacts = arena_alloc(conf->arena, sizeof(*contacts));
	const char *const *names;
	size_t i;

	contacts->by_name = map_create(conf->arena);
	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];

		if (!strcmp(node->keyword, "person") ||
		    !strcmp(node->keyword, "team"))
			load_contact(contacts, conf->arena, node, diag);
	}
	names = contact_names(conf->arena, contacts);
	for (i = 0; i < contacts->list.count; i++)
		check_members(contacts, contacts->list.items[i], names, diag);
	return contacts;
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

static void
add_address(struct arena *arena, const struct contact *contact,
	    const char *address, recipients *out)
{
	struct recipient recipient = { address, contact };
	size_t i;

	for (i = 0; i < out->count; i++)
		if (text_same(out->items[i].address, address))
			return;
	vec_push(arena, out, recipient);
}

void
contact_resolve(const struct contacts *contacts, const struct contact *contact,
		struct arena *arena, recipients *out)
{
	size_t i;

	for (i = 0; i < contact->mail.count; i++)
		add_address(arena, contact, contact->mail.items[i].text, out);
	for (i = 0; i < contact->members.count; i++) {
		const struct contact *member = contact_find(contacts,
				contact->members.items[i].text);

		if (member)
			contact_resolve(contacts, member, arena, out);
	}
}
