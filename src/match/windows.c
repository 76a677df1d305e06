#include "match/windows.h"

#include "base/map.h"
#include "base/vec.h"

struct windows {
	struct map *by_name;		/* to struct window */
	struct map *used;		/* by name, to anything */
	conf_words list;		/* in the order of the files */
	const char *const *names;	/* ended by NULL */
};

struct windows *
windows_load(const struct conf *conf, struct diag *diag)
{
	struct arena *arena = conf->arena;
	struct windows *windows = arena_alloc(arena, sizeof(*windows));
	VEC(const char *) names = { 0 };
	size_t i;

	windows->by_name = map_create(arena);
	windows->used = map_create(arena);
	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];
		struct conf_word name = conf_word(node, 0);

		if (strcmp(node->keyword, "window"))
			continue;
		if (map_find(windows->by_name, name.text))
			diag_clash(diag, name.place,
				   conf_first_of(&conf->nodes, node).place,
				   NULL, "window '%s' is defined twice",
				   name.text);
		(void)map_set(windows->by_name, name.text,
			      window_load(arena, node, diag));
		vec_push(arena, &windows->list, name);
		vec_push(arena, &names, name.text);
	}
	vec_push(arena, &names, NULL);
	windows->names = names.items;
	return windows;
}

const struct window *
windows_use(struct windows *windows, struct conf_word name, struct diag *diag)
{
	const struct window *window = map_find(windows->by_name, name.text);

	if (window)	/* it may have been there */
		(void)map_set(windows->used, name.text, windows);
	else
		diag_error(diag, name.place,
			   diag_did_you_mean(diag, name.text, windows->names,
					     "define it: window NAME { ... }"),
			   "unknown window '%s'", name.text);
	return window;
}

void
windows_check(const struct windows *windows, struct diag *diag)
{
	size_t i;

	for (i = 0; i < windows->list.count && !diag_errors(diag); i++) {
		struct conf_word name = windows->list.items[i];

		if (!map_find(windows->used, name.text))
			diag_warning(diag, name.place, NULL,
				     "no rule uses window '%s'", name.text);
	}
}
