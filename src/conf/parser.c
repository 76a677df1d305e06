/*
 * The one difficulty is to know where a statement ends, since newlines do not
 * matter and a value may look like a keyword (a person named `mail`). The
 * grammar decides: it says how many words follow a keyword, and a list goes on
 * only behind a comma. What stands after these words has to be a clause of this
 * statement, a clause of one around it, or a statement of the block around.
 *
 * The second is to go on after an error without inventing more of them:
 *
 *	a keyword nearly right		is taken for the one that was meant
 *	any other			is skipped up to a keyword that may
 *					stand here, blocks as a whole
 *	several in a row that belong	are one error: a } too many or a
 *	  elsewhere			keyword left out before them
 *	a keyword of an outer block	at or left of the column of the block's
 *					own: the } of the block was forgotten
 *	{ where there is no block	its } is swallowed
 */
#include "conf/parser.h"

#include "base/bug.h"
#include "base/text.h"

enum {
	/* More keywords than this are not shown as "here may stand". */
	CANDIDATES_MOST = 64,
	/* Errors of one file, before the rest of it is left unread: so many
	 * have one cause, and each costs time and memory. */
	ERRORS_MOST = 500,
	/* Columns that are told apart; so that no long line is walked back for
	 * every word behind it. */
	COLUMN_MOST = 200,
};

void
parser_advance(struct parser *parser)
{
	parser->before = parser->token;
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
		.quoted = token->kind == TOKEN_STRING,
		.place = token->place,
	};
}

static bool
is_word(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

/* How a token is named in a sentence; `arena` holds it. */
static const char *
describe(struct arena *arena, const struct token *token)
{
	struct buf shown = BUF_INIT;
	const char *copy;

	if (token->kind == TOKEN_END)
		return "the end of the file";
	text_escape(&shown, token->text, 60);
	copy = arena_printf(arena, token->kind == TOKEN_STRING ? "\"%s\"" :
			    "'%s'", shown.data);
	buf_release(&shown);
	return copy;
}

/* Remember the next token as one that has been reported. */
static void
mark_refused(struct parser *parser)
{
	parser->refused = parser->token.place;
}

static bool
is_refused(const struct parser *parser)
{
	return parser->refused.file &&
	       parser->refused.offset == parser->token.place.offset;
}

void
parser_expected(struct parser *parser, const char *what, const char *remedy)
{
	bool end = parser->token.kind == TOKEN_END;

	diag_error(parser->diag, end ? parser->before.place :
		   parser->token.place, remedy, "expected %s%s%s, found %s",
		   what, *parser->before.text ? " after " : "",
		   *parser->before.text ?
		   describe(parser->talk, &parser->before) : "",
		   describe(parser->talk, &parser->token));
	mark_refused(parser);
}

static const char *
usage(struct parser *parser, const struct grammar *line)
{
	return arena_printf(parser->talk, "write: %s",
			    grammar_usage(parser->talk, line));
}

/* Whether the token is a keyword that may stand here: of `level` or, if that is
 * one of clauses, of a level around it up to the block. With `free` where any
 * word may stand, too. */
static bool
is_known(const struct token *token, const struct parser_level *level, bool free)
{
	if (token->kind != TOKEN_WORD)
		return false;
	for (;; level = level->outer) {
		if (grammar_find(level->table, token->text, free))
			return true;
		if (level->block)
			return false;
	}
}

static size_t
column_of(const struct diag_place *place)
{
	size_t column = 0;

	while (column < place->offset && column < COLUMN_MOST &&
	       place->file->text[place->offset - column - 1] != '\n')
		column++;
	return column;
}

static const struct parser_level *
block_of(const struct parser_level *level)
{
	while (!level->block)
		level = level->outer;
	return level;
}

/* A word that cannot stand in the block, but in one around it, and that is
 * indented as if the block were closed. */
static bool
closes_block(const struct parser *parser, const struct parser_level *level)
{
	const struct parser_level *block = block_of(level), *around;

	if (!block->node || !parser->token.first ||
	    parser->token.kind != TOKEN_WORD ||
	    column_of(&parser->token.place) > column_of(&block->node->place))
		return false;
	for (around = block->outer; around; around = around->outer)
		if (grammar_find(around->table, parser->token.text, false))
			return true;
	return false;
}

/* The same where any word may stand: by what stands in the next block. */
static bool
closes_free_block(const struct parser *parser,
		  const struct parser_level *level)
{
	return parser->token.first && grammar_find(level->table, "", false) &&
	       grammar_find(block_of(level->outer)->table, parser->token.text,
			    false);
}

/* Over a { and all up to its }. */
static void
skip_braces(struct parser *parser)
{
	size_t depth = 0;

	do {
		if (parser->token.kind == TOKEN_OPEN)
			depth++;
		else if (parser->token.kind == TOKEN_CLOSE)
			depth--;
		parser_advance(parser);
	} while (depth && parser->token.kind != TOKEN_END);
}

/* Whether what is being skipped ends here. */
static bool
ends_skip(const struct parser *parser, const struct parser_level *level)
{
	return parser->token.kind == TOKEN_END ||
	       parser->token.kind == TOKEN_CLOSE ||
	       is_known(&parser->token, level, true) || closes_block(parser, level);
}

void
parser_skip(struct parser *parser, const struct parser_level *level)
{
	while (!ends_skip(parser, level)) {
		if (parser->token.kind == TOKEN_OPEN)
			skip_braces(parser);
		else
			parser_advance(parser);
	}
}

/* Skip the next token and what seems to belong to it: up to a keyword, or to a
 * line that is not indented more than it. */
static void
skip_statement(struct parser *parser, const struct parser_level *level)
{
	size_t column = column_of(&parser->token.place);

	do {
		if (parser->token.kind == TOKEN_OPEN)
			skip_braces(parser);
		else
			parser_advance(parser);
	} while (!ends_skip(parser, level) &&
		 (!parser->token.first || parser->before.kind == TOKEN_COMMA ||
		  column_of(&parser->token.place) > column));
}

/* The keywords that may stand here, ended by NULL. */
static const char **
candidates(struct parser *parser, const struct parser_level *level)
{
	const char **list = arena_array(parser->talk, CANDIDATES_MOST + 1,
					sizeof(*list));
	const struct grammar *line;
	size_t count = 0;

	for (;; level = level->outer) {
		for (line = level->table; line && line->keyword; line++)
			if (*line->keyword && count < CANDIDATES_MOST)
				list[count++] = line->keyword;
		if (level->block)
			return list;
	}
}

static const char *
here_may_stand(struct parser *parser, const struct parser_level *level)
{
	const char **list = candidates(parser, level);
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	for (i = 0; list[i]; i++)
		buf_printf(&text, "%s %s", i ? "," : "here may stand", list[i]);
	copy = arena_strdup(parser->talk, text.data);
	buf_release(&text);
	return copy;
}

/* "'customer contoso'" */
static const char *
describe_node(struct parser *parser, const struct conf_node *node)
{
	struct conf_word name = conf_word(node, 0);

	return arena_printf(parser->talk, "'%s%s%.60s'", node->keyword,
			    *name.text ? " " : "", name.text);
}

/* A keyword that belongs elsewhere; `home` says where. Several in a row with
 * one home have one cause. */
static void
refuse_misplaced(struct parser *parser, const struct parser_level *level,
		 const char *home)
{
	const struct conf_node *node = block_of(level)->node;

	if (!parser->lost || (*parser->lost && strcmp(parser->lost, home)))
		diag_error(parser->diag, parser->token.place,
			   arena_printf(parser->talk, "it belongs %s", home),
			   "%s cannot stand %s%s",
			   describe(parser->talk, &parser->token),
			   node ? "in " : "outside of { }",
			   node ? describe_node(parser, node) : "");
	parser->lost = arena_strdup(parser->scratch, home);
}

/* A word that cannot be the keyword it would have to be. */
static void
refuse_word(struct parser *parser, const struct parser_level *level)
{
	const char *word = parser->token.text;
	const char *home = grammar_home(parser->talk, word);

	if (home) {
		refuse_misplaced(parser, level, home);
		return;
	}
	diag_error(parser->diag, parser->token.place,
		   here_may_stand(parser, level), "unknown keyword %s",
		   describe(parser->talk, &parser->token));
	parser->lost = NULL;
}

/* The shape that the last word of the statement was read as; NULL when it takes
 * none. */
static const struct grammar_word *
last_word(const struct parser_level *level)
{
	const struct grammar_word *shape = level->line->words;
	size_t i = 0, count = level->node->words.count;

	while (i + 1 < GRAMMAR_WORDS_MOST && shape[i + 1].name &&
	       (i + 1 < count || shape[i].count == GRAMMAR_MAYBE))
		i++;
	return shape[i].name ? &shape[i] : NULL;
}

/* "'alert' or 'mail'": the clauses of which there has to be one. */
static const char *
needed_clauses(struct parser *parser, const struct grammar *line)
{
	const struct grammar *clause = line->clauses;
	const char *names = arena_printf(parser->talk, "'%s'",
					 clause->keyword);

	while ((++clause)->keyword)
		names = arena_printf(parser->talk, "%s%s'%s'", names,
				     clause[1].keyword ? ", " : " or ",
				     clause->keyword);
	return names;
}

/* Something stands behind the words of a statement that does not begin a new
 * one: a comma was forgotten, or quotes. */
static void
refuse_after(struct parser *parser, const struct parser_level *level)
{
	const struct grammar_word *last = last_word(level);
	const char *remedy = usage(parser, level->line);

	if (last && is_known(&parser->before, level, false))
		remedy = arena_printf(parser->talk,
				      "'%s' was taken for the %s of '%s'",
				      parser->before.text, last->name,
				      level->line->keyword);
	if (level->line->flags & GRAMMAR_NEEDS_CLAUSE && !level->seen)
		parser_expected(parser, needed_clauses(parser, level->line),
				remedy);
	else if (last && last->count == GRAMMAR_LIST &&
		 is_word(&parser->token))
		parser_expected(parser, "',' or a keyword", remedy);
	else
		parser_expected(parser, "a keyword", remedy);
}

/* Whether the token was read as the last word of the statement, or as the last
 * value of its condition. */
static bool
is_last_word(const struct conf_node *node, const struct token *token)
{
	const conf_words *words = &node->words;

	return words->count ? words->items[words->count - 1].place.offset ==
	       token->place.offset : node->expr != NULL;
}

/*
 * The last word of the statement is a keyword at the start of a line, and
 * behind it stands what cannot stand here: the word was forgotten. Report it,
 * and let the keyword be one.
 */
static bool
give_back(struct parser *parser, const struct parser_level *level)
{
	if (level->block || !parser->before.first ||
	    !is_last_word(level->node, &parser->before) ||
	    !is_known(&parser->before, level, false))
		return false;
	diag_error(parser->diag, parser->before.place,
		   usage(parser, level->line), "expected %s for '%s', found %s",
		   last_word(level)->name, level->line->keyword,
		   describe(parser->talk, &parser->before));
	if (level->node->words.count)
		level->node->words.count--;
	level->node->expr = NULL;
	lexer_return(&parser->lexer, &parser->before);
	parser->token = parser->before;
	return true;
}

/* A { behind what has no block: it is as good as not there. */
static void
refuse_brace(struct parser *parser, const struct parser_level *level)
{
	diag_error(parser->diag, parser->token.place,
		   "take it away, and its }", "'%s' has no { }",
		   level->line->keyword);
	parser->swallow++;
	parser_advance(parser);
}

static void
refuse(struct parser *parser, const struct parser_level *level)
{
	bool after = !level->block && is_word(&parser->before);

	if (give_back(parser, level))
		return;
	if (parser->token.kind == TOKEN_OPEN && !level->block &&
	    !is_refused(parser)) {
		refuse_brace(parser, level);
		return;
	}
	if (is_refused(parser))
		parser->lost = "";
	else if (parser->token.kind == TOKEN_WORD &&
		 (parser->token.first || !after))
		refuse_word(parser, level);
	else if (after)
		refuse_after(parser, level);
	else
		parser_expected(parser, "a keyword",
				here_may_stand(parser, level));
	skip_statement(parser, level);
}

/* The line of `level` that the mistyped word was meant to be; NULL when it is
 * near to none, or to a keyword of a level further out. */
static const struct grammar *
guess(struct parser *parser, const struct parser_level *level,
      bool *is_outer_out)
{
	const struct grammar *line;
	const char *nearest;

	*is_outer_out = false;
	if (parser->token.kind != TOKEN_WORD)
		return NULL;
	nearest = text_nearest(parser->token.text, candidates(parser, level));
	if (!nearest || grammar_home(parser->talk, parser->token.text))
		return NULL;
	line = grammar_find(level->table, nearest, false);
	*is_outer_out = !line;
	if (line)
		diag_error(parser->diag, parser->token.place,
			   arena_printf(parser->talk, "did you mean '%s'?",
					nearest),
			   "unknown keyword %s",
			   describe(parser->talk, &parser->token));
	return line;
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
					    !closes_free_block(parser, level));
			if (line)
				return line;
		}
		if ((!level->block && is_known(&parser->token, level, true)) ||
		    closes_block(parser, level) ||
		    closes_free_block(parser, level))
			return NULL;
		line = guess(parser, level, &is_outer);
		if (line || is_outer)
			return line;
		refuse(parser, level);
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
	if (shape->check)
		(void)shape->check(word, parser->diag);	/* it has reported */
	if (shape->count == GRAMMAR_CHOICE && !is_choice(shape->name, word.text))
		diag_error(parser->diag, word.place, usage(parser, line),
			   "unknown %s '%s'", line->keyword, word.text);
}

static bool
take_word(struct parser *parser, const struct grammar *line,
	  const struct grammar_word *shape)
{
	struct conf_word word;

	if (!is_word(&parser->token)) {
		parser_expected(parser, shape->name, usage(parser, line));
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

	parser->words.count = 0;
	for (i = 0; i < GRAMMAR_WORDS_MOST && line->words[i].name; i++) {
		if (line->words[i].count == GRAMMAR_EXPR)
			node->expr = expr_parse(parser, level);
		else if (!take_shape(parser, line, &line->words[i]))
			break;
	}
	if (!parser->words.count)
		return;
	node->words.count = node->words.size = parser->words.count;
	node->words.items = arena_array(parser->arena, node->words.count,
					sizeof(*node->words.items));
	memcpy(node->words.items, parser->words.items,
	       node->words.count * sizeof(*node->words.items));
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

static struct conf_node *
read_statement(struct parser *parser, struct parser_level *level,
	       const struct grammar *line);

static void
read_level(struct parser *parser, struct parser_level *level)
{
	const struct grammar *line;

	while ((line = next_line(parser, level))) {
		struct conf_node *node = read_statement(parser, level, line);

		vec_push(parser->scratch, &parser->nodes, node);
		if (level->line && level->line->flags & GRAMMAR_ONE_CLAUSE)
			return;
	}
}

static void
close_block(struct parser *parser, const struct conf_node *node)
{
	bool end = parser->token.kind == TOKEN_END;

	if (parser->token.kind == TOKEN_CLOSE)
		parser_advance(parser);
	else if (!parser->given_up)
		diag_error(parser->diag, end ? node->place :
			   parser->token.place, end ?
			   "add it before the end of the file" :
			   "add it before this line",
			   "missing '}' of %s", describe_node(parser, node));
}

/* Over the {, or what stands in front of it. */
static bool
open_block(struct parser *parser, const struct parser_level *outer,
	   const struct grammar *line)
{
	/* It is in the string whose end was forgotten, and reported. */
	if (parser->before.kind == TOKEN_STRING && !parser->before.closed &&
	    text_ends(parser->before.text, "{"))
		return true;
	if (parser->token.kind != TOKEN_OPEN) {
		if (!is_refused(parser))
			parser_expected(parser, "'{'", usage(parser, line));
		while (is_word(&parser->token) && !ends_skip(parser, outer))
			parser_advance(parser);
	}
	if (parser->token.kind != TOKEN_OPEN) {
		parser->lost = "";
		return false;
	}
	parser_advance(parser);
	return true;
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

	if (!open_block(parser, outer, line))
		return;
	read_level(parser, &level);
	node->block = take_nodes(parser, base);
	close_block(parser, node);
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
		parser_expected(parser, needed_clauses(parser, line),
				usage(parser, line));
		parser->lost = "";
	}
}

static void
check_once(struct parser *parser, struct parser_level *level,
	   const struct grammar *line)
{
	uint32_t bit = (uint32_t)1 << (line - level->table);

	if (level->seen & bit && line->flags & GRAMMAR_ONCE)
		diag_error(parser->diag, parser->token.place, "keep one of them",
			   "second '%s' in %s", line->keyword,
			   describe_node(parser, level->node));
	level->seen |= bit;
}

/* The keyword at the next token and all that belongs to it. */
static struct conf_node *
read_statement(struct parser *parser, struct parser_level *level,
	       const struct grammar *line)
{
	struct conf_node *node = arena_alloc(parser->arena, sizeof(*node));
	bool is_free = !*line->keyword;

	node->keyword = is_free ? parser->token.text : line->keyword;
	node->place = parser->token.place;
	node->parent = level->node;
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
		parser_expected(parser, arena_printf(parser->talk, "'%s'",
						     line->next),
				usage(parser, line));
	else
		read_clauses(parser, level, line, node);
	node->end = parser->before.place.offset + parser->before.place.length;
	return node;
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

	lexer_init(&parser.lexer, arena, file, diag);
	parser_advance(&parser);
	for (;;) {
		line = next_line(&parser, &level);
		if (line) {
			take(context, read_statement(&parser, &level, line));
		} else if (parser.token.kind == TOKEN_CLOSE) {
			diag_error(diag, parser.token.place,
				   "take it away, or find the { it belongs to",
				   "stray '}'");
			parser_advance(&parser);
		} else {
			break;
		}
	}
	arena_destroy(&parser.talk);
}
