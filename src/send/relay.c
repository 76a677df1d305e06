#include "send/relay.h"

#include "send/channel.h"

struct relay_set {
	VEC(const struct relay *) relays;	/* and NULL behind */
	VEC(const char *) names;		/* beside them */
};

static struct relay *
outbox(struct arena *arena, const char *name, const char *state)
{
	struct relay *relay = arena_alloc(arena, sizeof(*relay));

	relay->name = name;
	relay->channel = &channel_maildir;
	relay->folder = arena_printf(arena, "%s/outbox", state);
	return relay;
}

/* By the clause that each channel has for its own. */
static const struct channel *
find_channel(const struct conf_node *node, struct diag *diag)
{
	const struct channel *found = NULL;
	size_t i;

	for (i = 0; channels[i]; i++) {
		const struct conf_node *clause =
			conf_find(&node->block, channels[i]->name);

		if (clause && found) {
			diag_error(diag, clause->place, "make it two relays",
				   "a relay cannot be both '%s' and '%s'",
				   found->name, channels[i]->name);
			return NULL;
		}
		if (clause)
			found = channels[i];
	}
	if (!found && !node->broken)
		diag_error(diag, node->place, "add 'smtp HOST' or "
			   "'maildir PATH'", "relay '%s' does not say where "
			   "mail goes", conf_word(node, 0).text);
	return found;
}

static struct relay *
load_one(struct arena *arena, const struct conf_node *node, const char *state,
	 const char *hello, struct diag *diag)
{
	const struct channel *channel = find_channel(node, diag);
	const char *name = conf_word(node, 0).text;
	struct relay *relay;

	/* Its name is known all the same, so that those who say `relay NAME`
	 * are not reported as well. */
	if (!channel)
		return outbox(arena, name, state);
	relay = arena_alloc(arena, sizeof(*relay));
	relay->name = name;
	relay->channel = channel;
	relay->hello = hello;
	channel->load(relay, node, arena, diag);
	return relay;
}

static void
add(struct arena *arena, struct relay_set *set, struct relay *relay)
{
	vec_push(arena, &set->relays, relay);
	vec_push(arena, &set->names, relay->name);
}

struct relay_set *
relay_load(const struct conf *conf, const char *state, const char *hello,
	   struct diag *diag)
{
	struct relay_set *set = arena_alloc(conf->arena, sizeof(*set));
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];
		struct conf_word name = conf_word(node, 0);

		if (strcmp(node->keyword, "relay"))
			continue;
		if (relay_find(set, name.text))
			diag_clash(diag, name.place,
				   conf_first_of(&conf->nodes, node).place,
				   "choose another name",
				   "relay '%s' is defined twice", name.text);
		else
			add(conf->arena, set,
			    load_one(conf->arena, node, state, hello, diag));
	}
	if (!set->relays.count)
		add(conf->arena, set, outbox(conf->arena, "maildir", state));
	vec_push(conf->arena, &set->relays, NULL);
	vec_push(conf->arena, &set->names, NULL);
	return set;
}

const struct relay *
relay_find(const struct relay_set *set, const char *name)
{
	size_t i;

	for (i = 0; i < set->relays.count && set->relays.items[i]; i++)
		if (!strcmp(set->relays.items[i]->name, name))
			return set->relays.items[i];
	return NULL;
}

const struct relay *const *
relay_list(const struct relay_set *set)
{
	return set->relays.items;
}

const char *const *
relay_names(const struct relay_set *set)
{
	return set->names.items;
}
