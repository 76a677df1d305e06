#include "cmd/order.h"

#include <errno.h>
#include <unistd.h>

static void
unknown_verb(const char *word, const struct order_verb *verbs)
{
	struct buf names = BUF_INIT;

	for (; verbs->name; verbs++)
		buf_printf(&names, "%s%s", names.len ? ", " : "", verbs->name);
	(void)cmd_usage("'%s' is none of %s", word, names.data);
	buf_release(&names);
}

const struct order_verb *
order_verb_find(const struct cmd_line *line, const struct order_verb *verbs)
{
	const char *word = line->count ? line->words[0] : verbs->name;
	const struct order_verb *verb = verbs;

	while (verb->name && strcmp(verb->name, word))
		verb++;
	if (!verb->name)
		unknown_verb(word, verbs);
	else if (verb->wants && line->count < 2)
		(void)cmd_usage("%s which %s?", word, verb->wants);
	else if (line->count > (verb->wants ? 2 : 1) && !verb->several)
		(void)cmd_usage("'%s' is not expected behind %s",
				line->words[line->count - 1], word);
	else
		return verb;
	return NULL;
}

int
order_end(struct order *order, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		return cmd_fail("%s", order->error.data);
	return cmd_print(&order->out) ? CMD_OK : CMD_NO;
}

/* Who only asks makes none: perhaps with a wrong main file, and as a user whose
 * store the daemon could not write. */
static bool
has_store(const struct generation *generation)
{
	const char *path = store_file(generation->settings.store);

	if (!path || !access(path, R_OK | W_OK))
		return true;
	if (errno == ENOENT)
		(void)cmd_fail("there is no store %s; the daemon makes it "
			       "when it starts", path);
	else
		(void)cmd_fail("cannot open %s: %s; run this as its owner or "
			       "as root", path, strerror(errno));
	return false;
}

struct store *
order_open_store(const struct generation *generation)
{
	return has_store(generation) ? cmd_open_store(generation) : NULL;
}

int
order_run(const struct cmd_line *line, int (*obey)(struct order *order))
{
	struct generation *generation = cmd_load_anyway(line);
	struct order order = {
		.line = line, .generation = generation,
		.out = BUF_INIT, .error = BUF_INIT,
	};
	int status = CMD_NO;

	if (!generation)
		return CMD_NO;
	order.store = order_open_store(generation);
	if (order.store) {
		order.arena = arena_create();
		status = obey(&order);
		arena_destroy(&order.arena);
		store_close(&order.store);
	}
	buf_release(&order.out);
	buf_release(&order.error);
	generation_destroy(&generation);
	return status;
}
