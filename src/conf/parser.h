/*
 * Tokens to statements, as grammar.h says. One parser reads one file; what it
 * finds wrong it reports, and it always reads to the end.
 *
 * expr.c, the part for conditions, and recover.c, the part for errors, share
 * the parser's state; nobody else does.
 */
#ifndef CONF_PARSER_H
#define CONF_PARSER_H

#include "conf/grammar.h"
#include "conf/lexer.h"

/* Takes each top-level statement as it is complete. */
typedef void parser_take(void *context, struct conf_node *node);

/* `scratch` is for what is forgotten after the parse, the tree is put into
 * `arena`. */
void parser_run(struct arena *arena, struct arena *scratch,
		const struct diag_file *file, struct diag *diag,
		parser_take *take, void *context);

/* For expr.c and recover.c: */

/* What may stand at this point: a line of `table`, or what may stand in a level
 * further out, up to and with the nearest block. */
struct parser_level {
	const struct parser_level *outer;
	const struct grammar *table;
	const struct grammar *line;	/* of the statement it belongs to */
	struct conf_node *node;		/* that statement; NULL at the top */
	bool block;			/* { }, or the file; else clauses */
	bool bare;			/* its { was forgotten */
	uint32_t seen;			/* lines of `table`, as bits */
};

struct parser {
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
	struct diag_place misread;	/* the word that was taken, but is not
					   what it should be */
	size_t swallow;			/* } of { that had been refused */
	bool cut_brace;			/* a } is in a string that does not
					   end */
	const char *lost;		/* home (grammar.h) of the last keyword,
					   if it was refused; "": anywhere */
	size_t errors_most;		/* in `diag` before it gives up */
	bool given_up;
};

void parser_advance(struct parser *parser);

/* The same over a word whose text the grammar has in `word`. */
void parser_advance_over(struct parser *parser, const char *word);

struct conf_word parser_word(const struct token *token);

bool parser_is_word(const struct token *token);

/* The words that were read since the last call, in an array of just their
 * number. */
conf_words parser_take_words(struct parser *parser);

/* The condition at the next token, or NULL when it is none, which has been
 * reported and skipped. */
struct conf_expr *expr_parse(struct parser *parser,
			     const struct parser_level *level);

#endif
