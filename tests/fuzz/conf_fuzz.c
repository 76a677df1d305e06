/* The language: any bytes give a tree and findings that can be printed, and
 * everything in the tree points into the file. */
#include "fuzz.h"

#include "base/bug.h"
#include "conf/conf.h"
#include "conf/settings.h"

static void
check_place(struct diag_place place)
{
	if (place.offset + (size_t)place.length > place.file->length)
		BUG("place %u+%u", place.offset, place.length);
}

static void
check_words(const conf_words *words)
{
	size_t i;

	for (i = 0; i < words->count; i++) {
		check_place(words->items[i].place);
		if (strlen(words->items[i].text) >
		    words->items[i].place.length)
			BUG("a word longer than its source");
	}
}

static void
check_expr(const struct conf_expr *expr, const struct diag_file *file)
{
	if (expr->kind == CONF_TEST) {
		check_place(conf_field_place(expr, file));
		check_place(conf_op_place(expr, file));
		check_words(&expr->values);
		return;
	}
	check_expr(expr->left, file);
	if (expr->kind != CONF_NOT)
		check_expr(expr->right, file);
}

static void
check_nodes(const conf_nodes *nodes)
{
	size_t i;

	for (i = 0; i < nodes->count; i++) {
		const struct conf_node *node = nodes->items[i];

		check_place(node->place);
		check_words(&node->words);
		if (node->expr && node->expr->kind != CONF_WRONG)
			check_expr(node->expr, node->place.file);
		check_nodes(&node->clauses);
		check_nodes(&node->block);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct diag *diag = diag_create(arena);
	struct buf out = BUF_INIT;
	char *text = arena_strndup(arena, (const char *)data, size);
	struct conf *conf = conf_load_text(arena, "fuzz", text, diag);

	check_nodes(&conf->nodes);
	(void)settings_load(conf, diag);	/* only for its findings */
	diag_print(diag, &out);
	diag_print_json(diag, &out);
	buf_release(&out);
	arena_destroy(&arena);
	return 0;
}
