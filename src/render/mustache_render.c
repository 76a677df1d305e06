/*
 * The renderer: a walk over the nodes with three stacks, each a list that
 * lives in the frames of the walk: the data that names are looked up in, the
 * arguments that blocks are looked up in, and the indentation.
 *
 * mustache_check() is the same walk that goes into every section and writes to
 * nowhere, so that it finds exactly the names that rendering would look up.
 */
#include "render/mustache.h"

#include "base/text.h"
#include "render/mustache_node.h"

enum {
	/* A template that includes itself without end; each level costs a few
	 * hundred bytes of stack. */
	DEPTH_MOST = 100,
	/* Loops in loops over long lists. */
	STEPS_MOST = 200 * 1000,
	/* Mail systems refuse larger ones, and nobody reads them. */
	OUTPUT_MOST = 1024 * 1024,
};

struct scope {
	const struct scope *outer;
	const struct value *value;
};

/* The arguments that a template was included with. */
struct frame {
	const struct frame *outer;
	const struct node *parent;
};

/* The templates that are being rendered now; for mustache_check(). */
struct active {
	const struct active *outer;
	const struct mustache *template;
};

struct check {
	struct diag *diag;
	struct arena *arena;
	VEC(const char *) blocks;	/* names of all that were met */
	const struct active *active;
};

struct renderer {
	const struct map *partials;
	enum mustache_escape escape;
	struct buf *out;
	struct buf *error;
	const struct scope *scope;
	const struct frame *frame;
	struct buf indent;
	bool within_line;	/* the next NODE_LINE has its line already */
	size_t start;		/* length of `out` before */
	size_t steps;
	int depth;
	struct check *check;	/* NULL when rendering */
};

static bool walk(struct renderer *renderer, const nodes *list);

static bool
fail(struct renderer *renderer, const struct node *node, const char *what)
{
	size_t line, column;

	diag_line_column(node->place, &line, &column);
	buf_printf(renderer->error, "%s:%zu:%zu: %s",
		   node->place.file->name, line, column, what);
	return false;
}

static const struct value *
find_in_scopes(const struct renderer *renderer, const char *name,
	       size_t length)
{
	const struct scope *scope;

	for (scope = renderer->scope; scope; scope = scope->outer) {
		const struct value *found = value_find(scope->value, name,
						       length);

		if (found)
			return found;
	}
	return NULL;
}

/* The first part of a dotted name in any scope, the others in what it gave. */
static const struct value *
resolve(const struct renderer *renderer, struct slice name)
{
	const char *at = name.text, *end = at + name.length;
	const struct value *value = NULL;
	const char *dot;

	if (name.length == 1 && *at == '.')
		return renderer->scope->value;
	for (; at <= end; at = dot + 1) {
		size_t length;

		dot = memchr(at, '.', (size_t)(end - at));
		if (!dot)
			dot = end;
		length = (size_t)(dot - at);
		value = at == name.text ?
			find_in_scopes(renderer, at, length) :
			value_find(value, at, length);
		if (!value)
			return NULL;
	}
	return value;
}

/* Names that could have been meant: all members of all scopes. */
static const char *const *
known_names(const struct renderer *renderer)
{
	struct arena *arena = renderer->check->arena;
	const struct scope *scope;
	VEC(const char *) names = { 0 };

	for (scope = renderer->scope; scope; scope = scope->outer) {
		const char *const *name = value_names(arena, scope->value);

		for (; *name; name++) {
			const struct value *member =
				value_find(scope->value, *name, strlen(*name));
			const char *const *inner = value_names(arena, member);

			vec_push(arena, &names, *name);
			for (; *inner; inner++)
				vec_push(arena, &names, arena_printf(arena,
					"%s.%s", *name, *inner));
		}
	}
	vec_push(arena, &names, NULL);
	return (const char *const *)names.items;
}

static void
check_name(struct renderer *renderer, const struct node *node)
{
	struct check *check = renderer->check;
	char *name;

	if (!check || resolve(renderer, node->text))
		return;
	name = arena_strndup(check->arena, node->text.text, node->text.length);
	diag_error(check->diag, node->place,
		   diag_did_you_mean(check->diag, name, known_names(renderer),
				     "tocsin-templates(5) lists the names"),
		   "no notification has a value '%s'", name);
}

static bool
walk_line(struct renderer *renderer, const struct node *node)
{
	if (!renderer->within_line) {
		buf_append(renderer->out, renderer->indent.data,
			   renderer->indent.len);
		buf_append(renderer->out, node->text.text, node->text.length);
	}
	return true;
}

static bool
walk_text(struct renderer *renderer, const struct node *node)
{
	buf_append(renderer->out, node->text.text, node->text.length);
	return true;
}

static void
append_html(struct buf *out, const char *text)
{
	static const char *const entities[256] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;",
		['"'] = "&quot;", ['\''] = "&#39;",
	};

	for (; *text; text++) {
		const char *entity = entities[(unsigned char)*text];

		if (entity)
			buf_puts(out, entity);
		else
			buf_putc(out, *text);
	}
}

static bool
walk_variable(struct renderer *renderer, const struct node *node)
{
	const struct value *value = resolve(renderer, node->text);
	struct buf text = BUF_INIT;

	check_name(renderer, node);
	if (!value)
		return true;
	value_print(value, &text);
	if (renderer->escape == MUSTACHE_HTML && !node->raw)
		append_html(renderer->out, text.data);
	else
		buf_append(renderer->out, text.data, text.len);
	buf_release(&text);
	return true;
}

static bool
walk_with(struct renderer *renderer, const struct node *node,
	  const struct value *value)
{
	struct scope scope = { renderer->scope, value };
	bool good;

	renderer->scope = &scope;
	good = walk(renderer, &node->children);
	renderer->scope = scope.outer;
	return good;
}

static bool
walk_section(struct renderer *renderer, const struct node *node)
{
	const struct value *value = resolve(renderer, node->text);
	size_t i;

	check_name(renderer, node);
	if (!value)
		return !renderer->check || walk(renderer, &node->children);
	if (value_kind(value) != VALUE_LIST)
		return (!value_is_true(value) && !renderer->check) ||
			walk_with(renderer, node, value);
	for (i = 0; i < value_count(value); i++)
		if (!walk_with(renderer, node, value_item(value, i)))
			return false;
	return true;
}

static bool
walk_inverted(struct renderer *renderer, const struct node *node)
{
	check_name(renderer, node);
	if (value_is_true(resolve(renderer, node->text)) && !renderer->check)
		return true;
	return walk(renderer, &node->children);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
check_partial(struct renderer *renderer, const struct node *node)
{
	struct check *check = renderer->check;
	VEC(const char *) names = { 0 };
	const char *name;
	size_t at = 0;
	void *partial;

	if (!check)
		return;
	while (map_next(renderer->partials, &at, &name, &partial))
		vec_push(check->arena, &names, name);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items),
		      compare_names);
	vec_push(check->arena, &names, NULL);
	name = arena_strndup(check->arena, node->text.text, node->text.length);
	diag_error(check->diag, node->place,
		   diag_did_you_mean(check->diag, name,
				     (const char *const *)names.items, NULL),
		   "there is no partial '%s'", name);
}

static const struct mustache *
find_partial(struct renderer *renderer, const struct node *node)
{
	const struct mustache *found;
	struct buf name = BUF_INIT;

	if (node->dynamic) {
		const struct value *value = resolve(renderer, node->text);

		check_name(renderer, node);
		if (value)
			value_print(value, &name);
	} else {
		buf_append(&name, node->text.text, node->text.length);
	}
	found = map_find_bytes(renderer->partials, name.data, name.len);
	buf_release(&name);
	if (!found && !node->dynamic)
		check_partial(renderer, node);
	return found;
}

static bool
check_is_within(const struct check *check, const struct mustache *template)
{
	const struct active *active;

	for (active = check->active; active; active = active->outer)
		if (active->template == template)
			return true;
	return false;
}

/* To find each name once, no template is walked within itself. */
static bool
check_template(struct renderer *renderer, const struct mustache *template)
{
	struct check *check = renderer->check;
	struct active active = { check->active, template };
	bool good;

	if (check_is_within(check, template))
		return true;
	check->active = &active;
	good = walk(renderer, &template->nodes);
	check->active = active.outer;
	return good;
}

static bool
walk_partial(struct renderer *renderer, const struct node *node)
{
	const struct mustache *partial = find_partial(renderer, node);
	size_t before = renderer->indent.len;
	bool good;

	if (!partial)
		return true;
	buf_append(&renderer->indent, node->indent.text, node->indent.length);
	good = renderer->check ? check_template(renderer, partial) :
		walk(renderer, &partial->nodes);
	buf_cut(&renderer->indent, before);
	return good;
}

static bool
check_has_block(const struct check *check, struct slice name)
{
	size_t i;

	for (i = 0; i < check->blocks.count; i++)
		if (strlen(check->blocks.items[i]) == name.length &&
		    !memcmp(check->blocks.items[i], name.text, name.length))
			return true;
	return false;
}

/* Arguments for which the parent has no place are not shown: nobody would
 * want that. */
static void
check_arguments(struct check *check, const struct node *node)
{
	size_t i;

	vec_push(check->arena, &check->blocks, NULL);
	check->blocks.count--;
	for (i = 0; i < node->children.count; i++) {
		const struct node *block = node->children.items[i];
		const char *name = arena_strndup(check->arena,
						 block->text.text,
						 block->text.length);

		if (check_has_block(check, block->text))
			continue;
		diag_error(check->diag, block->place,
			   diag_did_you_mean(check->diag, name,
					     check->blocks.items, NULL),
			   "'%.*s' has no block '%s'", (int)node->text.length,
			   node->text.text, name);
	}
}

static bool
walk_parent(struct renderer *renderer, const struct node *node)
{
	struct frame frame = { renderer->frame, node };
	bool good;

	renderer->frame = &frame;
	good = walk_partial(renderer, node);
	renderer->frame = frame.outer;
	if (renderer->check && find_partial(renderer, node))
		check_arguments(renderer->check, node);
	return good;
}

/* What stands in for a block: the argument of the outermost template that has
 * one. `frame_out` is the frame it comes from. */
static const struct node *
find_argument(const struct renderer *renderer, struct slice name,
	      const struct frame **frame_out)
{
	const struct frame *frame;
	const struct node *found = NULL;
	size_t i;

	for (frame = renderer->frame; frame; frame = frame->outer) {
		const nodes *arguments = &frame->parent->children;

		for (i = 0; i < arguments->count; i++) {
			if (!slice_same(arguments->items[i]->text, name))
				continue;
			found = arguments->items[i];
			*frame_out = frame;
			break;
		}
	}
	return found;
}

/* How far the lines of an argument are moved to the right. */
static struct slice
block_indent(const struct node *block)
{
	const nodes *lines = &block->children;

	if (block->standalone && lines->count &&
	    lines->items[0]->kind == NODE_LINE)
		return lines->items[0]->text;
	return block->indent;
}

static bool
walk_argument(struct renderer *renderer, const struct node *block,
	      const struct node *argument)
{
	struct slice blanks = block_indent(block);
	const nodes *lines = &argument->children;
	bool own_line = lines->count && lines->items[0]->kind == NODE_LINE;
	size_t before = renderer->indent.len;
	bool good;

	buf_append(&renderer->indent, blanks.text, blanks.length);
	if (block->standalone && lines->count && !own_line)
		buf_append(renderer->out, renderer->indent.data,
			   renderer->indent.len);
	renderer->within_line = !block->standalone && own_line;
	good = walk(renderer, lines);
	buf_cut(&renderer->indent, before);
	return good;
}

static void
check_block(struct check *check, const struct node *node)
{
	vec_push(check->arena, &check->blocks,
		 arena_strndup(check->arena, node->text.text,
			       node->text.length));
}

static bool
walk_block(struct renderer *renderer, const struct node *node)
{
	const struct frame *frame = NULL, *before = renderer->frame;
	const struct node *argument = find_argument(renderer, node->text,
						    &frame);
	bool good;

	if (renderer->check)
		check_block(renderer->check, node);
	if (!argument)
		return walk(renderer, &node->children);
	/* An argument belongs to the template it was written in: blocks in it
	 * are not filled by itself. */
	renderer->frame = frame->outer;
	good = walk_argument(renderer, node, argument);
	renderer->frame = before;
	return good;
}

static bool (*const walks[])(struct renderer *, const struct node *) = {
	[NODE_LINE]	= walk_line,
	[NODE_TEXT]	= walk_text,
	[NODE_VARIABLE]	= walk_variable,
	[NODE_SECTION]	= walk_section,
	[NODE_INVERTED]	= walk_inverted,
	[NODE_PARTIAL]	= walk_partial,
	[NODE_PARENT]	= walk_parent,
	[NODE_BLOCK]	= walk_block,
};

static bool
step(struct renderer *renderer, const struct node *node)
{
	if (renderer->depth > DEPTH_MOST)
		return fail(renderer, node, "templates are nested too deep "
			    "here; does one include itself?");
	if (++renderer->steps > STEPS_MOST)
		return fail(renderer, node, "the template has taken too many "
			    "steps; does it loop in a loop?");
	if (renderer->out->len - renderer->start > OUTPUT_MOST)
		return fail(renderer, node, "the template has given more than "
			    "1 MB");
	return true;
}

static bool
walk(struct renderer *renderer, const nodes *list)
{
	bool good = true;
	size_t i;

	renderer->depth++;
	for (i = 0; i < list->count && good; i++) {
		const struct node *node = list->items[i];

		good = step(renderer, node) &&
			walks[node->kind](renderer, node);
		renderer->within_line = false;
	}
	renderer->depth--;
	return good;
}

bool
mustache_render(const struct mustache *template, const struct map *partials,
		const struct value *data, enum mustache_escape escape,
		struct buf *out, struct buf *error)
{
	struct scope scope = { NULL, data };
	struct renderer renderer = {
		.partials = partials, .escape = escape, .out = out,
		.error = error, .scope = &scope, .indent = BUF_INIT,
		.start = out->len,
	};
	bool good = walk(&renderer, &template->nodes);

	buf_release(&renderer.indent);
	return good;
}

void
mustache_check(const struct mustache *template, const struct map *partials,
	       const struct value *shape, struct diag *diag)
{
	struct check check = { .diag = diag, .arena = template->arena };
	struct scope scope = { NULL, shape };
	struct buf out = BUF_INIT, error = BUF_INIT;
	struct renderer renderer = {
		.partials = partials, .out = &out, .error = &error,
		.scope = &scope, .indent = BUF_INIT, .check = &check,
	};

	if (!check_template(&renderer, template))
		diag_error(diag, (struct diag_place){ template->file,
						DIAG_WHOLE_FILE, 0 },
			   NULL, "%s", error.data);
	buf_release(&renderer.indent);
	buf_release(&error);
	buf_release(&out);
}
