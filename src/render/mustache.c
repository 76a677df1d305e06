/*
 * The compiler: one pass from tag to tag, open sections on a stack.
 *
 * The difficulty is the white space. A tag other than a variable that has its
 * line for itself takes the line away with it, which is known only when both
 * of its sides are. So the blanks that begin a line are held back (LINE_BLANK)
 * until something worth keeping comes; a tag that stands alone drops them and
 * skips the rest of the line.
 *
 * A parent and its end count as one tag, wherever they stand, because what is
 * between them, but for its blocks, is not shown. A block there is an
 * argument: its lines lose the indentation of the first one, and get that of
 * the place where the parent puts them.
 */
#include "render/mustache.h"

#include "base/text.h"
#include "render/mustache_node.h"

/* Sections in sections; rendering them costs stack. */
enum { NEST_MOST = 50 };

enum line_state {
	LINE_FRESH,		/* nothing of this line was read */
	LINE_BLANK,		/* only blanks, which are held back */
	LINE_KEPT,		/* something of it is shown */
};

struct parser {
	struct arena *arena;
	const struct diag_file *file;
	struct diag *diag;
	const char *at;
	const char *end;
	struct slice open, close;	/* the delimiters */
	enum line_state line;
	struct slice blanks;		/* of LINE_BLANK */
	nodes stack;			/* what is open; the root first */
};

/* A tag that was read: {{#name}} has sigil '#'; {{name}} has 0. */
struct tag {
	char sigil;
	bool dynamic;		/* there was a star before the name */
	struct slice name;
	struct diag_place place;
};

static struct diag_place
place_of(const struct parser *parser, const char *from, const char *to)
{
	return (struct diag_place){
		parser->file, (uint32_t)(from - parser->file->text),
		(uint32_t)(to - from)
	};
}

static struct slice
slice_trim(struct slice slice)
{
	while (slice.length && strchr(" \t\r\n", slice.text[0]))
		slice.text++, slice.length--;
	while (slice.length && strchr(" \t\r\n", slice.text[slice.length - 1]))
		slice.length--;
	return slice;
}

static size_t
count_blanks(const char *from, const char *to)
{
	const char *at = from;

	while (at < to && (*at == ' ' || *at == '\t'))
		at++;
	return (size_t)(at - from);
}

static struct node *
top(const struct parser *parser)
{
	return parser->stack.items[parser->stack.count - 1];
}

static struct node *
create(struct parser *parser, enum node_kind kind, struct slice text,
       struct diag_place place)
{
	struct node *node = arena_alloc(parser->arena, sizeof(*node));

	node->kind = kind;
	node->text = text;
	node->place = place;
	return node;
}

static void
add(struct parser *parser, struct node *node)
{
	vec_push(parser->arena, &top(parser)->children, node);
}

/* What comes next is shown on this line: so are the blanks before it. */
static void
keep_line(struct parser *parser)
{
	const char *at = parser->blanks.text;

	if (parser->line == LINE_BLANK)
		add(parser, create(parser, NODE_LINE, parser->blanks,
				   place_of(parser, at, at)));
	parser->line = LINE_KEPT;
}

static void
take_blanks(struct parser *parser, const char *from, const char *to)
{
	parser->blanks = (struct slice){ from, count_blanks(from, to) };
	parser->line = LINE_BLANK;
}

static void
take_text(struct parser *parser, const char *from, const char *to)
{
	while (from < to) {
		const char *newline = memchr(from, '\n', (size_t)(to - from));
		const char *stop = newline ? newline + 1 : to;
		struct slice text;

		if (parser->line == LINE_FRESH) {
			take_blanks(parser, from, to);
			from += parser->blanks.length;
			if (from == to)
				return;
		}
		keep_line(parser);
		text = (struct slice){ from, (size_t)(stop - from) };
		add(parser, create(parser, NODE_TEXT, text,
				   place_of(parser, from, stop)));
		if (newline)
			parser->line = LINE_FRESH;
		from = stop;
	}
}

/* Where the next line begins when this one ends with nothing but blanks,
 * else NULL. */
static const char *
rest_is_blank(const struct parser *parser)
{
	const char *at = parser->at;

	at += count_blanks(at, parser->end);
	if (at < parser->end && *at == '\r')
		at++;
	if (at == parser->end)
		return at;
	return *at == '\n' ? at + 1 : NULL;
}

/* Drop the line around a tag that has it for itself. */
static bool
take_standalone(struct parser *parser)
{
	const char *next = rest_is_blank(parser);

	if (parser->line != LINE_BLANK || !next)
		return false;
	parser->at = next;
	parser->line = LINE_FRESH;
	return true;
}

static void
take_standalone_or_keep(struct parser *parser)
{
	if (!take_standalone(parser))
		keep_line(parser);
}

static void
push(struct parser *parser, struct node *node)
{
	vec_push(parser->arena, &parser->stack, node);
}

static void
take_variable(struct parser *parser, const struct tag *tag)
{
	struct node *node = create(parser, NODE_VARIABLE, tag->name,
				   tag->place);

	node->raw = tag->sigil;
	keep_line(parser);
	add(parser, node);
}

static void
take_section(struct parser *parser, const struct tag *tag)
{
	struct node *node = create(parser, tag->sigil == '#' ? NODE_SECTION :
				   NODE_INVERTED, tag->name, tag->place);

	take_standalone_or_keep(parser);
	add(parser, node);
	push(parser, node);
}

/* {{>name}} or {{>*name}}, and the same for a parent. */
static struct node *
create_include(struct parser *parser, enum node_kind kind,
	       const struct tag *tag)
{
	struct node *node = create(parser, kind, tag->name, tag->place);

	node->dynamic = tag->dynamic;
	return node;
}

static void
take_partial(struct parser *parser, const struct tag *tag)
{
	struct node *node = create_include(parser, NODE_PARTIAL, tag);
	struct slice blanks = parser->blanks;

	if (take_standalone(parser))
		node->indent = blanks;
	else
		keep_line(parser);
	add(parser, node);
}

/* Added when it ends: only then it is known whether it stands alone. */
static void
take_parent(struct parser *parser, const struct tag *tag)
{
	struct node *node = create_include(parser, NODE_PARENT, tag);

	node->standalone = parser->line == LINE_BLANK;
	node->indent = parser->blanks;
	push(parser, node);
}

static void
take_argument(struct parser *parser, struct node *node)
{
	const char *next = rest_is_blank(parser);

	node->standalone = next;
	parser->line = LINE_KEPT;
	if (next) {
		parser->at = next;
		parser->line = LINE_FRESH;
	}
	add(parser, node);
	push(parser, node);
}

static void
take_block(struct parser *parser, const struct tag *tag)
{
	struct node *node = create(parser, NODE_BLOCK, tag->name, tag->place);

	if (top(parser)->kind == NODE_PARENT) {
		take_argument(parser, node);
		return;
	}
	if (parser->line == LINE_BLANK)
		node->indent = parser->blanks;
	node->standalone = take_standalone(parser);
	if (!node->standalone)
		keep_line(parser);
	add(parser, node);
	push(parser, node);
}

static void
take_comment(struct parser *parser, const struct tag *tag)
{
	(void)tag;		/* nobody reads it */
	take_standalone_or_keep(parser);
}

static void
take_delimiters(struct parser *parser, const struct tag *tag)
{
	const char *at = tag->name.text, *end = at + tag->name.length;
	struct slice words[2];
	int i;

	for (i = 0; i < 2; i++) {
		words[i].text = at;
		while (at < end && !strchr(" \t\r\n=", *at))
			at++;
		words[i].length = (size_t)(at - words[i].text);
		while (at < end && strchr(" \t\r\n", *at))
			at++;
	}
	if (!words[0].length || !words[1].length || at != end) {
		diag_error(parser->diag, tag->place,
			   "write two words without '=', as in {{=<% %>=}}",
			   "these are no delimiters");
		return;
	}
	parser->open = words[0];
	parser->close = words[1];
	take_standalone_or_keep(parser);
}

static void
cut_blanks(struct slice *blanks, size_t count)
{
	if (count > blanks->length)
		count = blanks->length;
	if (!count)
		return;			/* there may be no text at all */
	blanks->text += count;
	blanks->length -= count;
}

/* Take `count` blanks away from the lines of an argument. The arguments of a
 * parent in it have lost theirs already. */
static void
dedent(const nodes *children, size_t count)
{
	size_t i;

	for (i = 0; i < children->count; i++) {
		struct node *node = children->items[i];

		if (node->kind == NODE_LINE)
			cut_blanks(&node->text, count);
		cut_blanks(&node->indent, count);
		if (node->kind != NODE_PARENT)
			dedent(&node->children, count);
	}
}

static void
end_argument(struct parser *parser, struct node *node)
{
	const nodes *lines = &node->children;

	parser->line = LINE_KEPT;
	if (node->standalone && lines->count &&
	    lines->items[0]->kind == NODE_LINE)
		dedent(lines, lines->items[0]->text.length);
}

static void
end_parent(struct parser *parser, struct node *node)
{
	nodes arguments = { 0 };
	size_t i;

	for (i = 0; i < node->children.count; i++)
		if (node->children.items[i]->kind == NODE_BLOCK)
			vec_push(parser->arena, &arguments,
				 node->children.items[i]);
	node->children = arguments;

	/* The line is the one on which the parent began. */
	parser->line = node->standalone ? LINE_BLANK : LINE_KEPT;
	parser->blanks = node->indent;
	if (!take_standalone(parser)) {
		keep_line(parser);
		node->indent.length = 0;
	}
	add(parser, node);
}

static void
tell_unclosed(struct parser *parser, const struct node *node)
{
	diag_error(parser->diag, node->place,
		   arena_printf(parser->arena, "add '%.*s/%s%.*s%.*s'",
				(int)parser->open.length, parser->open.text,
				node->dynamic ? "*" : "",
				(int)node->text.length, node->text.text,
				(int)parser->close.length, parser->close.text),
		   "'%.*s' is never closed", (int)node->text.length,
		   node->text.text);
}

/* The open tag that this one ends: the innermost of its name; 0 if none. */
static size_t
find_open(const struct parser *parser, const struct tag *tag)
{
	size_t i = parser->stack.count - 1;

	while (i && (!slice_same(parser->stack.items[i]->text, tag->name) ||
		     parser->stack.items[i]->dynamic != tag->dynamic))
		i--;
	return i;
}

/* A block right in a parent. In a section there it is an argument to nobody,
 * and is ignored with the section. */
static bool
is_argument(const struct parser *parser)
{
	size_t count = parser->stack.count;

	return top(parser)->kind == NODE_BLOCK &&
		parser->stack.items[count - 2]->kind == NODE_PARENT;
}

static void
take_end(struct parser *parser, const struct tag *tag)
{
	size_t depth = find_open(parser, tag);
	struct node *node;
	bool argument;

	if (!depth) {
		diag_error(parser->diag, tag->place, "remove it",
			   "'%.*s' is not open here", (int)tag->name.length,
			   tag->name.text);
		return;
	}
	while (parser->stack.count - 1 > depth) {
		tell_unclosed(parser, top(parser));
		parser->stack.count--;
	}
	node = top(parser);
	argument = is_argument(parser);
	/* Blanks before an inline end are inside of what ends. */
	if (node->kind != NODE_PARENT && !argument)
		take_standalone_or_keep(parser);
	parser->stack.count--;
	if (node->kind == NODE_PARENT)
		end_parent(parser, node);
	else if (argument)
		end_argument(parser, node);
}

/* By sigil; the closing delimiter may have a character of its own before. */
static const struct tag_kind {
	char sigil;
	const char *before_close;
	enum { ANYTHING, NAME, STAR_OR_NAME } holds;
	void (*take)(struct parser *parser, const struct tag *tag);
} tag_kinds[] = {
	{ '{',	"}",	NAME,		take_variable },
	{ '&',	"",	NAME,		take_variable },
	{ '#',	"",	NAME,		take_section },
	{ '^',	"",	NAME,		take_section },
	{ '/',	"",	STAR_OR_NAME,	take_end },
	{ '>',	"",	STAR_OR_NAME,	take_partial },
	{ '<',	"",	STAR_OR_NAME,	take_parent },
	{ '$',	"",	NAME,		take_block },
	{ '!',	"",	ANYTHING,	take_comment },
	{ '=',	"=",	ANYTHING,	take_delimiters },
	{ 0,	"",	NAME,		take_variable },
};

static const struct tag_kind *
find_kind(char sigil)
{
	const struct tag_kind *kind = tag_kinds;

	while (kind->sigil && kind->sigil != sigil)
		kind++;
	return kind;
}

static bool
name_is_good(struct parser *parser, const struct tag *tag)
{
	struct slice name = tag->name;
	size_t i;

	if (!name.length) {
		diag_error(parser->diag, tag->place,
			   "write the name of a value between the braces",
			   "this tag has no name");
		return false;
	}
	for (i = 0; i < name.length; i++) {
		if (!strchr(" \t\r\n", name.text[i]))
			continue;
		diag_error(parser->diag, tag->place, "a name has no blanks",
			   "'%.*s' is no name", (int)name.length, name.text);
		return false;
	}
	return true;
}

/* What follows would only be told wrongly. */
static void
give_up(struct parser *parser)
{
	parser->at = parser->end;
	parser->stack.count = 1;
}

static bool
nest_is_good(struct parser *parser, const struct tag *tag)
{
	if (parser->stack.count <= NEST_MOST)
		return true;
	diag_error(parser->diag, tag->place, "use a partial",
		   "more than %d sections are open here", NEST_MOST);
	give_up(parser);
	return false;
}

static struct slice
closing_of(const struct parser *parser, const struct tag_kind *kind)
{
	struct slice close = parser->close;

	if (!*kind->before_close)
		return close;
	return (struct slice){
		arena_printf(parser->arena, "%s%.*s", kind->before_close,
			     (int)close.length, close.text),
		close.length + 1
	};
}

/* {{>*name}} */
static void
take_star(struct tag *tag)
{
	if (!tag->name.length || *tag->name.text != '*')
		return;
	tag->dynamic = true;
	tag->name.text++;
	tag->name.length--;
	tag->name = slice_trim(tag->name);
}

/* `from` is at the opening delimiter. */
static void
take_tag(struct parser *parser, const char *from)
{
	const char *at = from + parser->open.length, *end = parser->end;
	const struct tag_kind *kind = find_kind(at < end ? *at : 0);
	struct slice close = closing_of(parser, kind);
	struct tag tag = { .sigil = kind->sigil };
	const char *stop;

	if (parser->line == LINE_FRESH)
		take_blanks(parser, from, from);
	at += kind->sigil != 0;
	stop = memmem(at, (size_t)(end - at), close.text, close.length);
	if (!stop) {
		diag_error(parser->diag, place_of(parser, from, at),
			   arena_printf(parser->arena, "write '%.*s' behind it",
					(int)close.length, close.text),
			   "this tag does not end");
		give_up(parser);
		return;
	}
	tag.name = slice_trim((struct slice){ at, (size_t)(stop - at) });
	parser->at = stop + close.length;
	tag.place = place_of(parser, from, parser->at);
	if (kind->holds == STAR_OR_NAME)
		take_star(&tag);
	if (kind->holds == ANYTHING ||
	    (name_is_good(parser, &tag) && nest_is_good(parser, &tag)))
		kind->take(parser, &tag);
}

static bool
text_is_good(const struct diag_file *file, struct diag *diag)
{
	struct diag_place place = { file, 0, 0 };
	const char *end = file->text + file->length, *at = file->text;
	size_t step = 0;

	for (; at < end; at += step)
		if ((text_decode(at, end, &step) == 0xFFFD && step == 1) ||
		    !*at)
			break;
	if (at == end)
		return true;
	place.offset = (uint32_t)(at - file->text);
	diag_error(diag, place, "save the file as UTF-8",
		   "this is no text in UTF-8");
	return false;
}

static void
take_all(struct parser *parser)
{
	while (parser->at < parser->end) {
		const char *from = parser->at;
		const char *tag = memmem(from, (size_t)(parser->end - from),
					 parser->open.text,
					 parser->open.length);

		take_text(parser, from, tag ? tag : parser->end);
		if (!tag)
			break;
		take_tag(parser, tag);
	}
	while (parser->stack.count > 1) {
		tell_unclosed(parser, top(parser));
		parser->stack.count--;
	}
	if (parser->line == LINE_BLANK)
		keep_line(parser);
}

struct mustache *
mustache_compile(struct arena *arena, const struct diag_file *file,
		 struct diag *diag)
{
	struct mustache *template = arena_alloc(arena, sizeof(*template));
	struct node *root = arena_alloc(arena, sizeof(*root));
	struct parser parser = {
		.arena = arena, .file = file, .diag = diag,
		.at = file->text, .end = file->text + file->length,
		.open = { "{{", 2 }, .close = { "}}", 2 },
	};
	size_t errors = diag_errors(diag);

	if (!text_is_good(file, diag))
		return NULL;
	if (text_starts(file->text, "\xEF\xBB\xBF"))
		parser.at += 3;		/* a byte order mark */
	root->kind = NODE_SECTION;
	vec_push(arena, &parser.stack, root);
	take_all(&parser);
	template->arena = arena;
	template->file = file;
	template->nodes = root->children;
	return diag_errors(diag) == errors ? template : NULL;
}
