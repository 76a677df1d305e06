/*
 * The one difficulty is to know where a statement ends, since newlines do not
 * matter and a value may look like a keyword (a person named `mail`). The
 * grammar decides: it says how many words follow a keyword, and a list goes on
 * only behind a comma. What stands after these words has to be a clause of this
 * statement, a clause of one around it, or a statement of the block around.
 * recover.c knows what to do when it is none of them.
 */
#include "conf/parser.h"

#include "conf/expr.h"
#include "conf/recover.h"

enum {
	/* Errors of one file, before the rest of it is left unread: so many
	 * have one cause, and each costs time and memory. */
	ERRORS_MOST = 500,
};

static void
give_up(struct cursor *cursor)
{
	if (!cursor->given_up)
		diag_error(cursor->diag, cursor->token.place,
			   "mend what is above first",
			   "more than %d errors: the rest of this file was "
			   "not read", ERRORS_MOST);
	cursor->given_up = true;
	cursor->lexer.at = cursor->lexer.file->length;
	cursor->token.kind = TOKEN_END;
}

/* The line that the next token begins, or NULL where the level ends. */
static const struct grammar *
next_line(struct cursor *cursor, const struct cursor_level *level)
{
	const struct grammar *line;
	bool is_outer;

	for (;;) {
		arena_reset(cursor->talk);
		if (diag_errors(cursor->diag) >= cursor->errors_most)
			give_up(cursor);
		if (cursor->token.kind == TOKEN_CLOSE && cursor->swallow) {
			cursor->swallow--;
			cursor_advance(cursor);
			continue;
		}
		if (cursor->token.kind == TOKEN_END ||
		    cursor->token.kind == TOKEN_CLOSE)
			return NULL;
		if (cursor->token.kind == TOKEN_WORD) {
			line = grammar_find(level->table, cursor->token.text,
					!recover_ends_free(cursor, level));
			if (line)
				return line;
		}
		if (recover_ends_level(cursor, level))
			return NULL;
		line = recover_guess(cursor, level, &is_outer);
		if (line || is_outer)
			return line;
		recover_refuse(cursor, level);
	}
}

static bool
is_choice(const char *choices, const char *word)
{
	size_t length = strlen(word);
	const char *at = choices;

	for (;;) {
		size_t span = strcspn(at, "|");

		if (span == length && !memcmp(at, word, length))
			return true;
		if (!at[span])
			return false;
		at += span + 1;
	}
}

static void
check_word(struct cursor *cursor, const struct grammar *line,
	   const struct grammar_word *shape, struct conf_word word)
{
	bool good = !shape->check || shape->check(word, cursor->diag);

	if (shape->count == GRAMMAR_CHOICE &&
	    !is_choice(shape->name, word.text)) {
		diag_error(cursor->diag, word.place,
			   recover_usage(cursor, line), "unknown %s '%s'",
			   line->keyword, word.text);
		good = false;
	}
	if (!good)	/* what cannot stand behind it belongs to it */
		cursor->refused = cursor->token.place;
}

static bool
take_word(struct cursor *cursor, const struct grammar *line,
	  const struct grammar_word *shape)
{
	struct conf_word word;

	if (!cursor_is_word(&cursor->token) || cursor_is_cut_off(cursor)) {
		recover_expected(cursor, shape->name,
				 recover_usage(cursor, line));
		return false;
	}
	word = cursor_word(&cursor->token);
	vec_push(cursor->scratch, &cursor->words, word);
	cursor_advance(cursor);
	check_word(cursor, line, shape, word);
	return true;
}

static bool
take_list(struct cursor *cursor, const struct grammar *line,
	  const struct grammar_word *shape)
{
	if (shape->count != GRAMMAR_MORE && !take_word(cursor, line, shape))
		return false;
	while (cursor->token.kind == TOKEN_COMMA) {
		cursor_advance(cursor);
		if (!take_word(cursor, line, shape))
			return false;
	}
	return true;
}

/* The words of one shape; false when they are not there. */
static bool
take_shape(struct cursor *cursor, const struct grammar *line,
	   const struct grammar_word *shape)
{
	switch (shape->count) {
	case GRAMMAR_MAYBE:
		return cursor->token.kind != TOKEN_STRING ||
		       take_word(cursor, line, shape);
	case GRAMMAR_UNLESS:
		return (cursor->token.kind == TOKEN_WORD &&
			grammar_find(line->clauses, cursor->token.text,
				     false)) ||
		       take_word(cursor, line, shape);
	case GRAMMAR_ANY:
		return !cursor_is_word(&cursor->token) ||
		       take_word(cursor, line, shape);
	case GRAMMAR_LIST:
	case GRAMMAR_MORE:
		return take_list(cursor, line, shape);
	default:
		return take_word(cursor, line, shape);
	}
}

static void
read_words(struct cursor *cursor, const struct cursor_level *level,
	   const struct grammar *line, struct conf_node *node)
{
	size_t i;

	for (i = 0; i < GRAMMAR_WORDS_MOST && line->words[i].name; i++) {
		recover_skip_equals(cursor, line);
		if (line->words[i].count == GRAMMAR_EXPR)
			node->expr = expr_parse(cursor, level);
		else if (!take_shape(cursor, line, &line->words[i]))
			break;
	}
	node->words = cursor_take_words(cursor);
}

/* The nodes that were completed since there were `base`, in an array of just
 * their number. */
static conf_nodes
take_nodes(struct cursor *cursor, size_t base)
{
	conf_nodes nodes = { NULL, cursor->nodes.count - base };

	if (!nodes.count)
		return nodes;
	nodes.items = arena_array(cursor->arena, nodes.count,
				  sizeof(*nodes.items));
	memcpy(nodes.items, cursor->nodes.items + base,
	       nodes.count * sizeof(*nodes.items));
	cursor->nodes.count = base;
	return nodes;
}

static void
read_statement(struct cursor *cursor, struct cursor_level *level,
	       const struct grammar *line, struct conf_node *node);

/* The condition is the statement's own: a clause would say nothing but "when",
 * at the price of a node for each of many rules. */
static void
read_condition(struct cursor *cursor, struct cursor_level *level,
	       const struct grammar *line)
{
	static const struct conf_expr wrong = { .kind = CONF_WRONG };
	struct conf_node when = { .expr = NULL };

	read_statement(cursor, level, line, &when);
	level->node->expr = when.expr ? when.expr : &wrong;
}

static void
read_level(struct cursor *cursor, struct cursor_level *level)
{
	const struct grammar *line;

	while ((line = next_line(cursor, level))) {
		struct conf_node *node;

		if (line->words[0].count == GRAMMAR_EXPR) {
			read_condition(cursor, level, line);
			continue;
		}
		node = arena_alloc(cursor->arena, sizeof(*node));
		read_statement(cursor, level, line, node);
		vec_push(cursor->scratch, &cursor->nodes, node);
		if (level->line && level->line->flags & GRAMMAR_ONE_CLAUSE)
			return;
	}
}

static void
close_block(struct cursor *cursor, const struct conf_node *node,
	    const struct cursor_level *level)
{
	bool end = cursor->token.kind == TOKEN_END;

	if (cursor->token.kind == TOKEN_CLOSE)
		cursor_advance(cursor);
	else if (!level->bare && !cursor->given_up)
		diag_error(cursor->diag, end ? node->place :
			   cursor->token.place, end ?
			   "add it before the end of the file" :
			   "add it before this line",
			   "missing '}' of %s", recover_describe(cursor, node));
}

/* Over the {, or what stands in front of it. Whether a block begins here; when
 * its { was forgotten, that has been said. */
static bool
open_block(struct cursor *cursor, const struct cursor_level *outer,
	   const struct grammar *line, struct cursor_level *level)
{
	if (cursor->token.kind != TOKEN_OPEN) {
		if (!recover_is_refused(cursor))
			recover_expected(cursor, "'{'",
					 recover_usage(cursor, line));
		recover_skip_words(cursor, outer, line->block);
	}
	if (cursor->token.kind == TOKEN_OPEN) {
		cursor_advance(cursor);
		return true;
	}
	level->bare = cursor->token.kind == TOKEN_WORD &&
		      grammar_find(line->block, cursor->token.text, false);
	return level->bare;
}

static void
read_block(struct cursor *cursor, const struct cursor_level *outer,
	   const struct grammar *line, struct conf_node *node)
{
	struct cursor_level level = {
		.outer = outer, .table = line->block, .node = node,
		.block = true,
	};
	size_t base = cursor->nodes.count;

	if (!open_block(cursor, outer, line, &level))
		return;
	read_level(cursor, &level);
	node->block = take_nodes(cursor, base);
	close_block(cursor, node, &level);
}

static void
read_clauses(struct cursor *cursor, const struct cursor_level *outer,
	     const struct grammar *line, struct conf_node *node)
{
	struct cursor_level level = {
		.outer = outer, .table = line->clauses, .line = line,
		.node = node,
	};
	size_t base = cursor->nodes.count, errors = diag_errors(cursor->diag);

	read_level(cursor, &level);
	node->clauses = take_nodes(cursor, base);
	if (line->flags & GRAMMAR_NEEDS_CLAUSE && !node->clauses.count &&
	    errors == diag_errors(cursor->diag))
		recover_expected(cursor, recover_needed(cursor, line),
				 recover_usage(cursor, line));
}

static void
check_once(struct cursor *cursor, struct cursor_level *level,
	   const struct grammar *line)
{
	uint32_t bit = (uint32_t)1 << (line - level->table);

	if (level->seen & bit && line->flags & GRAMMAR_ONCE &&
	    !recover_is_refused(cursor))
		diag_error(cursor->diag, cursor->token.place,
			   "keep one of them", "second '%s' in %s",
			   line->keyword,
			   recover_describe(cursor, level->node));
	level->seen |= bit;
}

/* The keyword at the next token and all that belongs to it, into an empty
 * node. */
static void
read_statement(struct cursor *cursor, struct cursor_level *level,
	       const struct grammar *line, struct conf_node *node)
{
	size_t errors = diag_errors(cursor->diag);
	bool is_free = !*line->keyword;

	node->keyword = is_free ? cursor->token.text : line->keyword;
	node->place = cursor->token.place;
	cursor->lost = false;
	check_once(cursor, level, line);
	if (is_free)
		cursor_advance(cursor);
	else
		cursor_advance_over(cursor, line->keyword);
	read_words(cursor, level, line, node);
	if (line->block)
		read_block(cursor, level, line, node);
	if (line->next && !(cursor->token.kind == TOKEN_WORD &&
			    !strcmp(cursor->token.text, line->next)))
		recover_expected(cursor, arena_printf(cursor->talk, "'%s'",
						      line->next),
				 recover_usage(cursor, line));
	else
		read_clauses(cursor, level, line, node);
	node->broken = errors != diag_errors(cursor->diag);
}

void
parser_run(struct arena *arena, struct arena *scratch,
	   const struct diag_file *file, struct diag *diag, parser_take *take,
	   void *context)
{
	struct cursor cursor = {
		.arena = arena, .scratch = scratch, .diag = diag,
		.talk = arena_create(), .token = { .text = "" },
		.errors_most = diag_errors(diag) + ERRORS_MOST,
	};
	struct cursor_level level = { .table = grammar_top, .block = true };
	const struct grammar *line;
	struct conf_node *node;

	lexer_init(&cursor.lexer, arena, file, diag);
	cursor_advance(&cursor);
	for (;;) {
		line = next_line(&cursor, &level);
		if (line) {
			node = arena_alloc(arena, sizeof(*node));
			read_statement(&cursor, &level, line, node);
			take(context, node);
		} else if (cursor.token.kind == TOKEN_CLOSE) {
			recover_refuse_close(&cursor);
		} else {
			break;
		}
	}
	arena_destroy(&cursor.talk);
}
