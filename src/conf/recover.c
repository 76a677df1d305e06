/*
 * How to go on after an error without inventing many more of them:
 *
 *	a keyword nearly right		is taken for the one that was meant
 *	any other			is skipped up to a keyword that may
 *					stand here, or the next line; blocks as
 *					a whole
 *	several in a row that belong	are one error: a } too many or a
 *	  elsewhere			keyword left out before them
 *	a keyword of an outer block	at or left of the column of the block's
 *					own: the } of the block was forgotten
 *	{ where there is no block	its } is swallowed
 *	{ forgotten			is as good as there, if what follows is
 *					a keyword of the block
 *	a word of another language	is taken for ours
 *	an unterminated string		has the next word in it
 *	words behind a wrong value	belong to it
 *	the token of the last error	is not reported again
 */
#include "conf/recover.h"

#include "base/text.h"

enum {
	/* More keywords than this are not shown as "here may stand". */
	CANDIDATES_MOST = 64,
	/* Columns that are told apart; so that no long line is walked back for
	 * every word behind it. */
	COLUMN_MOST = 200,
	/* Of a word that is repeated in a sentence. */
	SHOWN_MOST = 60,
};

/* What others call our keywords. */
static const struct { const char *word, *keyword; } foreign[] = {
	{ "else", "otherwise" }, { "default", "otherwise" },
	{ "fallback", "otherwise" }, { "if", "when" }, { "where", "when" },
	{ "with", "using" }, { "because", "reason" }, { "tell", "notify" },
	{ "send", "notify" }, { "page", "notify" }, { "alert", "notify" },
	{ "discard", "drop" }, { "suppress", "drop" }, { "mute", "drop" },
	{ "email", "mail" }, { "address", "mail" }, { "lang", "language" },
	{ "tz", "timezone" }, { "zone", "timezone" }, { "user", "person" },
	{ "contact", "person" }, { "group", "team" }, { "user", "login" },
	{ "username", "login" }, { "password", "password-file" },
	{ "server", "smtp" }, { "host", "smtp" }, { "schedule", "window" },
	{ "hours", "window" },
};

static const char *const comments[] = { "//", "/*", ";", "--", NULL };

/* How a token is named in a sentence. */
static const char *
describe(struct cursor *cursor, const struct token *token)
{
	struct buf shown = BUF_INIT;
	const char *copy;

	if (token->kind == TOKEN_END)
		return "the end of the file";
	text_escape(&shown, token->text, SHOWN_MOST);
	copy = arena_printf(cursor->talk, token->kind == TOKEN_STRING ?
			    "\"%s\"" : "'%s'", shown.data);
	buf_release(&shown);
	return copy;
}

const char *
recover_describe(struct cursor *cursor, const struct conf_node *node)
{
	struct conf_word name = conf_word(node, 0);

	return arena_printf(cursor->talk, "'%s%s%.*s'", node->keyword,
			    *name.text ? " " : "", SHOWN_MOST, name.text);
}

const char *
recover_usage(struct cursor *cursor, const struct grammar *line)
{
	return arena_printf(cursor->talk, "write: %s",
			    grammar_usage(cursor->talk, line));
}

const char *
recover_needed(struct cursor *cursor, const struct grammar *line)
{
	const struct grammar *clause = line->clauses;
	const char *names = arena_printf(cursor->talk, "'%s'",
					 clause->keyword);

	while ((++clause)->keyword)
		names = arena_printf(cursor->talk, "%s%s'%s'", names,
				     clause[1].keyword ? ", " : " or ",
				     clause->keyword);
	return names;
}

bool
recover_is_refused(const struct cursor *cursor)
{
	return cursor->refused.file &&
	       cursor->refused.offset == cursor->token.place.offset;
}

void
recover_expected(struct cursor *cursor, const char *what, const char *remedy)
{
	bool end = cursor->token.kind == TOKEN_END;

	cursor->refused = cursor->token.place;
	if (cursor_is_cut_off(cursor))
		return;
	diag_error(cursor->diag, end ? cursor->before.place :
		   cursor->token.place, remedy, "expected %s%s%s, found %s",
		   what, *cursor->before.text ? " after " : "",
		   *cursor->before.text ?
		   describe(cursor, &cursor->before) : "",
		   describe(cursor, &cursor->token));
}

/* Whether the token is a keyword that may stand here: of `level` or, if that is
 * one of clauses, of a level around it up to the block. With `any` where any
 * word may stand, too. */
static bool
is_known(const struct token *token, const struct cursor_level *level, bool any)
{
	if (token->kind != TOKEN_WORD)
		return false;
	for (;; level = level->outer) {
		if (grammar_find(level->table, token->text, any))
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

static const struct cursor_level *
block_of(const struct cursor_level *level)
{
	while (!level->block)
		level = level->outer;
	return level;
}

/* A word that cannot stand in the block, but in one around it, and that is
 * indented as if the block were closed. */
static bool
closes_block(const struct cursor *cursor, const struct cursor_level *level)
{
	const struct cursor_level *block = block_of(level), *around;

	if (!block->node || !cursor->token.first ||
	    cursor->token.kind != TOKEN_WORD ||
	    column_of(&cursor->token.place) > column_of(&block->node->place))
		return false;
	if (block->bare)
		return true;
	for (around = block->outer; around; around = around->outer)
		if (grammar_find(around->table, cursor->token.text, false))
			return true;
	return false;
}

bool
recover_ends_free(const struct cursor *cursor,
		  const struct cursor_level *level)
{
	return cursor->token.first && grammar_find(level->table, "", false) &&
	       grammar_find(block_of(level->outer)->table, cursor->token.text,
			    false);
}

bool
recover_ends_level(const struct cursor *cursor,
		   const struct cursor_level *level)
{
	return (!level->block &&
		is_known(&cursor->token, level, true)) ||
	       closes_block(cursor, level) || recover_ends_free(cursor, level);
}

/* Over a { and all up to its }. */
static void
skip_braces(struct cursor *cursor)
{
	size_t depth = 0;

	do {
		if (cursor->token.kind == TOKEN_OPEN)
			depth++;
		else if (cursor->token.kind == TOKEN_CLOSE)
			depth--;
		cursor_advance(cursor);
	} while (depth && cursor->token.kind != TOKEN_END);
}

/* Whether what is being skipped ends here. */
static bool
ends_skip(const struct cursor *cursor, const struct cursor_level *level)
{
	return cursor->token.kind == TOKEN_END ||
	       cursor->token.kind == TOKEN_CLOSE ||
	       is_known(&cursor->token, level, true) ||
	       closes_block(cursor, level);
}

void
recover_skip(struct cursor *cursor, const struct cursor_level *level)
{
	while (!ends_skip(cursor, level)) {
		if (cursor->token.kind == TOKEN_OPEN)
			skip_braces(cursor);
		else
			cursor_advance(cursor);
	}
}

void
recover_skip_words(struct cursor *cursor, const struct cursor_level *level,
		   const struct grammar *table)
{
	while (cursor_is_word(&cursor->token) && !ends_skip(cursor, level) &&
	       !grammar_find(table, cursor->token.text, false))
		cursor_advance(cursor);
}

static bool
is_one_of(const struct token *token, const char *const *words)
{
	while (*words && strcmp(token->text, *words))
		words++;
	return token->kind == TOKEN_WORD && *words;
}

void
recover_skip_equals(struct cursor *cursor, const struct grammar *line)
{
	static const char *const equals[] = { "=", ":", ":=", "=>", NULL };

	if (!is_one_of(&cursor->token, equals))
		return;
	diag_error(cursor->diag, cursor->token.place,
		   recover_usage(cursor, line), "no '%s' stands here",
		   cursor->token.text);
	cursor_advance(cursor);
}

/* Skip the next token and what seems to belong to it: up to a keyword, or to a
 * line that no comma leads to. */
static void
skip_statement(struct cursor *cursor, const struct cursor_level *level)
{
	do {
		if (cursor->token.kind == TOKEN_OPEN)
			skip_braces(cursor);
		else
			cursor_advance(cursor);
	} while (!ends_skip(cursor, level) &&
		 (!cursor->token.first ||
		  cursor->before.kind == TOKEN_COMMA));
}

/* The keywords that may stand here, ended by NULL. */
static const char **
candidates(struct cursor *cursor, const struct cursor_level *level)
{
	const char **list = arena_array(cursor->talk, CANDIDATES_MOST + 1,
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
here_may_stand(struct cursor *cursor, const struct cursor_level *level)
{
	const char **list = candidates(cursor, level);
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	for (i = 0; list[i]; i++)
		buf_printf(&text, "%s %s", i ? "," : "here may stand", list[i]);
	copy = arena_strdup(cursor->talk, text.data);
	buf_release(&text);
	return copy;
}

/* A keyword that belongs elsewhere; `home` says where. Several in a row have
 * one cause. */
static void
refuse_misplaced(struct cursor *cursor, const struct cursor_level *level,
		 const char *home)
{
	const struct conf_node *node = block_of(level)->node;

	if (!cursor->lost)
		diag_error(cursor->diag, cursor->token.place,
			   arena_printf(cursor->talk, "it belongs %s", home),
			   "%s cannot stand %s%s",
			   describe(cursor, &cursor->token),
			   node ? "in " : "outside of { }",
			   node ? recover_describe(cursor, node) : "");
	cursor->lost = true;
}

/* A word that cannot be the keyword it would have to be. */
static void
refuse_word(struct cursor *cursor, const struct cursor_level *level)
{
	const char *word = cursor->token.text;
	const char *home = grammar_home(cursor->talk, word);

	if (home) {
		refuse_misplaced(cursor, level, home);
		return;
	}
	diag_error(cursor->diag, cursor->token.place,
		   here_may_stand(cursor, level), "unknown keyword %s",
		   describe(cursor, &cursor->token));
	cursor->lost = false;
}

/* The shape that the last word of the statement was read as; NULL when it takes
 * none. */
static const struct grammar_word *
last_word(const struct cursor_level *level)
{
	const struct grammar_word *shape = level->line->words;
	size_t i = 0, count = level->node->words.count;

	while (i + 1 < GRAMMAR_WORDS_MOST && shape[i + 1].name &&
	       (i + 1 < count || shape[i].count == GRAMMAR_MAYBE))
		i++;
	return shape[i].name ? &shape[i] : NULL;
}

/* How the statement is written that ends too early; of a small clause, the one
 * that has it. */
static const char *
after_remedy(struct cursor *cursor, const struct cursor_level *level,
	     const struct grammar_word *last)
{
	const struct grammar *line = level->line;

	if (last && is_known(&cursor->before, level, false))
		return arena_printf(cursor->talk,
				    "'%s' was taken for the %s of '%s'",
				    cursor->before.text, last->name,
				    line->keyword);
	if (last && last->count == GRAMMAR_EXPR)
		return "tests are joined by and, or; a value of several words "
		       "stands in \"quotes\"";
	if (!line->clauses && level->outer->line)
		line = level->outer->line;
	return recover_usage(cursor, line);
}

/* Something stands behind the words of a statement that does not begin a new
 * one: a comma was forgotten, or quotes. */
static void
refuse_after(struct cursor *cursor, const struct cursor_level *level)
{
	const struct grammar_word *last = last_word(level);
	const char *remedy = after_remedy(cursor, level, last);

	level->node->expr = NULL;	/* it is not what was meant */
	if (level->line->flags & GRAMMAR_NEEDS_CLAUSE && !level->seen)
		recover_expected(cursor, recover_needed(cursor, level->line),
				remedy);
	else if (last && last->count == GRAMMAR_LIST &&
		 cursor_is_word(&cursor->token))
		recover_expected(cursor, "',' or a keyword", remedy);
	else
		recover_expected(cursor, "a keyword", remedy);
}

/* A { behind what has no block: it is as good as not there. */
static void
refuse_brace(struct cursor *cursor, const struct cursor_level *level)
{
	diag_error(cursor->diag, cursor->token.place,
		   "take it away, and its }", "'%s' has no { }",
		   level->line->keyword);
	cursor->swallow++;
	cursor_advance(cursor);
}

/* A comment as other languages write it, to the end of its line. */
static void
refuse_comment(struct cursor *cursor)
{
	diag_error(cursor->diag, cursor->token.place, "a comment begins with #",
		   "%s begins no comment", describe(cursor, &cursor->token));
	do {
		cursor_advance(cursor);
	} while (!cursor->token.first && cursor->token.kind != TOKEN_END);
}

/* Say what is wrong with the next token. */
static void
refuse_token(struct cursor *cursor, const struct cursor_level *level)
{
	bool after = !level->block && cursor_is_word(&cursor->before);

	if (cursor->token.kind == TOKEN_WORD &&
	    (cursor->token.first || !after))
		refuse_word(cursor, level);
	else if (after)
		refuse_after(cursor, level);
	else
		recover_expected(cursor, "a keyword",
				 here_may_stand(cursor, level));
}

void
recover_refuse(struct cursor *cursor, const struct cursor_level *level)
{
	bool said = recover_is_refused(cursor);

	if (is_one_of(&cursor->token, comments)) {
		refuse_comment(cursor);
	} else if (cursor->token.kind == TOKEN_OPEN && !level->block && !said) {
		refuse_brace(cursor, level);
	} else {
		if (said)
			cursor->lost = true;
		else
			refuse_token(cursor, level);
		skip_statement(cursor, level);
	}
}

/* These are right, in a condition: no keyword is meant by them, "note" is not
 * by "not". */
static const char *const operators[] = { "and", "or", "not", NULL };

/* What somebody may have meant by the next word, or NULL. */
static const char *
nearest_keyword(struct cursor *cursor, const struct cursor_level *level)
{
	const char *const *list = candidates(cursor, level), *const *at;
	const char *word = cursor->token.text;
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		for (at = list; *at && !strcasecmp(foreign[i].word, word); at++)
			if (!strcmp(foreign[i].keyword, *at))
				return *at;
	return is_one_of(&cursor->token, operators) ? NULL :
	       text_nearest(word, list);
}

const struct grammar *
recover_guess(struct cursor *cursor, const struct cursor_level *level,
	      bool *is_outer_out)
{
	const struct grammar *line;
	const char *nearest;

	*is_outer_out = false;
	if (cursor->token.kind != TOKEN_WORD)
		return NULL;
	nearest = nearest_keyword(cursor, level);
	if (!nearest || grammar_home(cursor->talk, cursor->token.text))
		return NULL;
	line = grammar_find(level->table, nearest, false);
	*is_outer_out = !line;
	if (line)
		diag_error(cursor->diag, cursor->token.place,
			   arena_printf(cursor->talk, "did you mean '%s'?",
					nearest),
			   "unknown keyword %s",
			   describe(cursor, &cursor->token));
	return line;
}

void
recover_refuse_close(struct cursor *cursor)
{
	/* What was refused before it may have been its block. */
	if (!cursor->lost)
		diag_error(cursor->diag, cursor->token.place,
			   "take it away, or find the { it belongs to",
			   "stray '}'");
	cursor->lost = false;
	cursor_advance(cursor);
}
