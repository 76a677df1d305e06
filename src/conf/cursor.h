/*
 * The cursor, where the parser is: in the tokens of a file, in the grammar,
 * and in what went wrong so far. Upon it stand recover.h, for what is wrong,
 * then expr.h, for conditions, then parser.h.
 */
#ifndef CONF_CURSOR_H
#define CONF_CURSOR_H

#include "base/vec.h"
#include "conf/grammar.h"
#include "conf/lexer.h"

/* What may stand at this point: a line of `table`, or what may stand in a level
 * further out, up to and with the nearest block. */
struct cursor_level {
	const struct cursor_level *outer;
	const struct grammar *table;
	const struct grammar *line;	/* of the statement it belongs to */
	struct conf_node *node;		/* that statement; NULL at the top */
	bool block;			/* { }, or the file; else clauses */
	bool bare;			/* its { was forgotten */
	uint32_t seen;			/* lines of `table`, as bits */
};

struct cursor {
	struct arena *arena;
	struct arena *scratch;		/* for the vectors below */
	struct arena *talk;		/* for what is said about one error */
	struct diag *diag;
	struct lexer lexer;
	struct token token;		/* the next to be taken */
	struct token before;		/* the one taken last */
	VEC(struct conf_node *) nodes;	/* complete, of all open levels */
	conf_words words;		/* of the statement being read */
	struct diag_place refused;	/* the token that was reported last */
	size_t swallow;			/* } of { that had been refused */
	bool lost;			/* the last statement was refused, so
					   what follows may belong to it */
	size_t errors_most;		/* in `diag` before it gives up */
	bool given_up;
};

/* Take the next token; or a word whose text the grammar has in `word`. */
void cursor_advance(struct cursor *cursor);
void cursor_advance_over(struct cursor *cursor, const char *word);

/* The last token is a string whose end was forgotten, so what is missing behind
 * it is in it. */
bool cursor_is_cut_off(const struct cursor *cursor);

bool cursor_is_word(const struct token *token);

struct conf_word cursor_word(const struct token *token);

/* The words that were read since the last call, in an array of just their
 * number. */
conf_words cursor_take_words(struct cursor *cursor);

#endif
