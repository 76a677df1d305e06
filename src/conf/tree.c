#include "conf/tree.h"

#include <string.h>

const struct conf_node *
conf_find(const conf_nodes *nodes, const char *keyword)
{
	size_t i;

	for (i = 0; i < nodes->count; i++)
		if (!strcmp(nodes->items[i]->keyword, keyword))
			return nodes->items[i];
	return NULL;
}

struct conf_word
conf_word(const struct conf_node *node, size_t i)
{
	struct conf_word none = { .text = "", .place = node->place };

	return i < node->words.count ? node->words.items[i] : none;
}

const char *
conf_quantifier_name(const struct conf_expr *test)
{
	static const char *const names[] = {
		[CONF_UNSAID] = "", [CONF_ANY] = "any", [CONF_EVERY] = "every",
	};

	return names[test->quantifier];
}

bool
conf_is_quoted(struct conf_word word)
{
	/* Asked for each rule that is tried: without a look into the file. */
	return word.place.length > strlen(word.text);
}

struct diag_place
conf_field_place(const struct conf_expr *test, const struct diag_file *file)
{
	return (struct diag_place){ file, test->field_at,
				    (uint32_t)strlen(test->field) };
}

struct diag_place
conf_op_place(const struct conf_expr *test, const struct diag_file *file)
{
	return (struct diag_place){ file, test->op_at, test->op_length };
}

struct conf_word
conf_first_of(const conf_nodes *nodes, const struct conf_node *like)
{
	const char *name = conf_word(like, 0).text;
	size_t i = 0;

	while (i < nodes->count && nodes->items[i] != like &&
	       (strcmp(nodes->items[i]->keyword, like->keyword) ||
		strcmp(conf_word(nodes->items[i], 0).text, name)))
		i++;
	return conf_word(i < nodes->count ? nodes->items[i] : like, 0);
}
