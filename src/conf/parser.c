/*
 * The one difficulty is to know where a statement ends, since newlines do not
 * matter and a value may look like a keyword (a person named `mail`). The
 * grammar decides: it says how many words follow a keyword, and a list goes on
 * only behind a comma. What stands after these words has to be a clause of this
 * statement, a clause of one around it, or a statement of the block around.
 * recover.c knows what to do when it is none of them.
 */
#include "conf/parser.h"

#include "base/text.h"
#include "conf/recover.h"

enum {
	/* Errors of one file, before the rest of it is left unread: so many
	 * have one cause, and each costs time and memory. */
	ERRORS_MOST = 500,
};

void
parser_advance(struct parser *parser)
{
	parser->before = parser->token;
	if (recover_is_cut_off(parser))
		parser->cut_brace |= strchr(parser->before.text, '}') != NULL;
	parser->token = lexer_next(&parser->lexer);
}

void
parser_advance_over(struct parser *parser, const char *word)
{
	lexer_forget(&parser->lexer, &parser->token);
	parser->token.text = word;
	parser_advance(parser);
}

struct conf_word
parser_word(const struct token *token)
{
	return (struct conf_word){
		.text = token->text,
		.place = token->place,
	};
}

bool
parser_is_word(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

conf_words
parser_take_words(struct parser *parser)
{
	size_t count = parser->words.count;
	conf_words words = { NULL, (uint32_t)count, (uint32_t)count };

	parser->words.count = 0;
	if (!count)
		return words;
	words.items = arena_array(parser->arena, count, sizeof(*words.items));
	memcpy(words.items, parser->words.items, count * sizeof(*words.items));
	return words;
}

static void
give_up(struct parser *parser)
{
	if (!parser->given_up)
		diag_error(parser->diag, parser->token.place,
			   "mend what is above first",
			   "more than %d errors: the rest of this file was "
			   "not read", ERRORS_MOST);
	parser->given_up = true;
	parser->lexer.at = parser->lexer.file->length;
	parser->token.kind = TOKEN_END;
}

/* The line that the next token begins, or NULL where the level ends. */
static const struct grammar *
next_line(struct parser *parser, const struct parser_level *level)
{
	const struct grammar *line;
	bool is_outer;

	for (;;) {
		arena_reset(parser->talk);
		if (diag_errors(parser->diag) >= parser->errors_most)
			give_up(parser);
		if (parser->token.kind == TOKEN_CLOSE && parser->swallow) {
			parser->swallow--;
			parser_advance(parser);
			continue;
		}
		if (parser->token.kind == TOKEN_END ||
		    parser->token.kind == TOKEN_CLOSE)
			return NULL;
		if (parser->token.kind == TOKEN_WORD) {
			line = grammar_find(level->table, parser->token.text,
					!recover_ends_free(parser, level));
			if (line)
				return line;
		}
		if (recover_ends_level(parser, level))
			return NULL;
		line = recover_guess(parser, level, &is_outer);
		if (line || is_outer)
			return line;
		recover_refuse(parser, level);
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
check_word(struct parser *parser, const struct grammar *line,
	   const struct grammar_word *shape, struct conf_word word)
{
	if (shape->check && !shape->check(word, parser->diag))
		parser->misread = word.place;
	if (shape->count != GRAMMAR_CHOICE || is_choice(shape->name, word.text))
		return;
	diag_error(parser->diag, word.place, recover_usage(parser, line),
		   "unknown %s '%s'", line->keyword, word.text);
	parser->misread = word.place;
}

static bool
take_word(struct parser *parser, const struct grammar *line,
	  const struct grammar_word *shape)
{
	struct conf_word word;

	if (!parser_is_word(&parser->token) || recover_is_cut_off(parser)) {
		recover_expected(parser, shape->name,
				 recover_usage(parser, line));
		return false;
	}
	word = parser_word(&parser->token);
	vec_push(parser->scratch, &parser->words, word);
	parser_advance(parser);
	check_word(parser, line, shape, word);
	return true;
}

static bool
take_list(struct parser *parser, const struct grammar *line,
	  const struct grammar_word *shape)
{
	if (shape->count != GRAMMAR_MORE && !take_word(parser, line, shape))
		return false;
	while (parser->token.kind == TOKEN_COMMA) {
		parser_advance(parser);
		if (!take_word(parser, line, shape))
			return false;
	}
	return true;
}

/* The words of one shape; false when they are not there. */
static bool
take_shape(struct parser *parser, const struct grammar *line,
	   const struct grammar_word *shape)
{
	switch (shape->count) {
	case GRAMMAR_MAYBE:
		return parser->token.kind != TOKEN_STRING ||
		       take_word(parser, line, shape);
	case GRAMMAR_ANY:
		return !parser_is_word(&parser->token) ||
		       take_word(parser, line, shape);
	case GRAMMAR_LIST:
	case GRAMMAR_MORE:
		return take_list(parser, line, shape);
	default:
		return take_word(parser, line, shape);
	}
}

static void
read_words(struct parser *parser, const struct parser_level *level,
	   const struct grammar *line, struct conf_node *node)
{
	size_t i;

	for (i = 0; i < GRAMMAR_WORDS_MOST && line->words[i].name; i++) {
		recover_skip_equals(parser, line);
		if (line->words[i].count == GRAMMAR_EXPR)
			node->expr = expr_parse(parser, level);
		else if (!take_shape(parser, line, &line->words[i]))
			break;
	}
	node->words = parser_take_words(parser);
}

/* The nodes that were completed since there were `base`, in an array of just
 * their number. */
static conf_nodes
take_nodes(struct parser *parser, size_t base)
{
	conf_nodes nodes = { NULL, parser->nodes.count - base };

	if (!nodes.count)
		return nodes;
	nodes.items = arena_array(parser->arena, nodes.count,
				  sizeof(*nodes.items));
	memcpy(nodes.items, parser->nodes.items + base,
	       nodes.count * sizeof(*nodes.items));
	parser->nodes.count = base;
	return nodes;
}

static void
read_statement(struct parser *parser, struct parser_level *level,
	       const struct grammar *line, struct conf_node *node);

/* The condition is the statement's own: a clause would say nothing but "when",
 * at the price of a node for each of many rules. */
static void
read_condition(struct parser *parser, struct parser_level *level,
	       const struct grammar *line)
{
	static const struct conf_expr wrong = { .kind = CONF_WRONG };
	struct conf_node when = { .expr = NULL };

	read_statement(parser, level, line, &when);
	level->node->expr = when.expr ? when.expr : &wrong;
}

static void
read_level(struct parser *parser, struct parser_level *level)
{
	const struct grammar *line;

	while ((line = next_line(parser, level))) {
		struct conf_node *node;

		if (line->words[0].count == GRAMMAR_EXPR) {
			read_condition(parser, level, line);
			continue;
		}
		node = arena_alloc(parser->arena, sizeof(*node));
		read_statement(parser, level, line, node);
		vec_push(parser->scratch, &parser->nodes, node);
		if (level->line && level->line->flags & GRAMMAR_ONE_CLAUSE)
			return;
	}
}

static void
close_block(struct parser *parser, const struct conf_node *node,
	    const struct parser_level *level)
{
	bool end = parser->token.kind == TOKEN_END;

	if (parser->token.kind == TOKEN_CLOSE)
		parser_advance(parser);
	else if (parser->cut_brace)
		parser->cut_brace = false;
	else if (!level->bare && !parser->given_up)
		diag_error(parser->diag, end ? node->place :
			   parser->token.place, end ?
			   "add it before the end of the file" :
			   "add it before this line",
			   "missing '}' of %s", recover_describe(parser, node));
}

/* Over the {, or what stands in front of it. Whether a block begins here; when
 * its { was forgotten, that has been said. */
static bool
open_block(struct parser *parser, const struct parser_level *outer,
	   const struct grammar *line, struct parser_level *level)
{
	/* It is in the string whose end was forgotten, and reported. */
	if (recover_is_cut_off(parser) && text_ends(parser->before.text, "{"))
		return true;
	if (parser->token.kind != TOKEN_OPEN) {
		if (!recover_is_refused(parser))
			recover_expected(parser, "'{'",
					 recover_usage(parser, line));
		recover_skip_words(parser, outer, line->block);
	}
	if (parser->token.kind == TOKEN_OPEN) {
		parser_advance(parser);
		return true;
	}
	level->bare = parser->token.kind == TOKEN_WORD &&
		      grammar_find(line->block, parser->token.text, false);
	if (!level->bare)
		parser->lost = "";
	return level->bare;
}

static void
read_block(struct parser *parser, const struct parser_level *outer,
	   const struct grammar *line, struct conf_node *node)
{
	struct parser_level level = {
		.outer = outer, .table = line->block, .node = node,
		.block = true,
	};
	size_t base = parser->nodes.count;

	if (!open_block(parser, outer, line, &level))
		return;
	read_level(parser, &level);
	node->block = take_nodes(parser, base);
	close_block(parser, node, &level);
}

static void
read_clauses(struct parser *parser, const struct parser_level *outer,
	     const struct grammar *line, struct conf_node *node)
{
	struct parser_level level = {
		.outer = outer, .table = line->clauses, .line = line,
		.node = node,
	};
	size_t base = parser->nodes.count, errors = diag_errors(parser->diag);

	read_level(parser, &level);
	node->clauses = take_nodes(parser, base);
	if (line->flags & GRAMMAR_NEEDS_CLAUSE && !node->clauses.count &&
	    errors == diag_errors(parser->diag)) {
		recover_expected(parser, recover_needed(parser, line),
				 recover_usage(parser, line));
		parser->lost = "";
	}
}

static void
check_once(struct parser *parser, struct parser_level *level,
	   const struct grammar *line)
{
	uint32_t bit = (uint32_t)1 << (line - level->table);

	if (level->seen & bit && line->flags & GRAMMAR_ONCE &&
	    !recover_is_refused(parser))
		diag_error(parser->diag, parser->token.place,
			   "keep one of them", "second '%s' in %s",
			   line->keyword,
			   recover_describe(parser, level->node));
	level->seen |= bit;
}

/* The keyword at the next token and all that belongs to it, into an empty
 * node. */
static void
read_statement(struct parser *parser, struct parser_level *level,
	       const struct grammar *line, struct conf_node *node)
{
	size_t errors = diag_errors(parser->diag);
	bool is_free = !*line->keyword;

	node->keyword = is_free ? parser->token.text : line->keyword;
	node->place = parser->token.place;
	parser->lost = NULL;
	check_once(parser, level, line);
	if (is_free)
		parser_advance(parser);
	else
		parser_advance_over(parser, line->keyword);
	read_words(parser, level, line, node);
	if (line->block)
		read_block(parser, level, line, node);
	if (line->next && !(parser->token.kind == TOKEN_WORD &&
			    !strcmp(parser->token.text, line->next)))
		recover_expected(parser, arena_printf(parser->talk, "'%s'",
						      line->next),
				 recover_usage(parser, line));
	else
		read_clauses(parser, level, line, node);
	node->broken = errors != diag_errors(parser->diag);
}

void
parser_run(struct arena *arena, struct arena *scratch,
	   const struct diag_file *file, struct diag *diag, parser_take *take,
	   void *context)
{
	struct parser parser = {
		.arena = arena, .scratch = scratch, .diag = diag,
		.talk = arena_create(), .token = { .text = "" },
		.errors_most = diag_errors(diag) + ERRORS_MOST,
	};
	struct parser_level level = { .table = grammar_top, .block = true };
	const struct grammar *line;
	struct conf_node *node;

	lexer_init(&parser.lexer, arena, file, diag);
	parser_advance(&parser);
	for (;;) {
		line = next_line(&parser, &level);
		if (line) {
			node = arena_alloc(arena, sizeof(*node));
			read_statement(&parser, &level, line, node);
			take(context, node);
		} else if (parser.token.kind == TOKEN_CLOSE) {
			recover_refuse_close(&parser);
		} else {
			break;
		}
	}
	arena_destroy(&parser.talk);
}
