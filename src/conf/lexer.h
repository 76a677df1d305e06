/*
 * The lexer, from text to tokens: words, "strings", /regexes/ and { } ( ) ,
 *
 * A bare word is a run of anything but blanks, { } ( ) , and ". A # at the
 * start of a word begins a comment that ends with its line; a string or a regex
 * does not reach over the end of its line, so that a forgotten quote is found
 * where it was forgotten.
 */
#ifndef CONF_LEXER_H
#define CONF_LEXER_H

#include "base/diag.h"

#include <stdbool.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,		/* a regex, too */
	TOKEN_OPEN,		/* { */
	TOKEN_CLOSE,		/* } */
	TOKEN_LEFT,		/* ( */
	TOKEN_RIGHT,		/* ) */
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	bool first;		/* of its line */
	bool closed;		/* the string has its second quote */
	bool shared;		/* the text is that of a word before */
	const char *text;	/* of a word or string, escapes resolved; of the
				   others as written, "" at the end */
	struct diag_place place; /* with the quotes; of a regex the text between
				    the slashes, so that offsets in it are
				    offsets in the file */
};

enum {
	/* A longer line is no line a person wrote, nor can it be shown. */
	LEXER_LINE_MOST = 1024 * 1024,
	/* Words of the last ones that may come again: names of fields and
	 * contacts, severities. */
	LEXER_RECENT = 64,
	LEXER_RECENT_MOST = 24,	/* bytes of one */
};

struct lexer {
	struct arena *arena;	/* for the texts of the tokens */
	const struct diag_file *file;
	struct diag *diag;
	size_t at;		/* the next byte to read */
	size_t cut;		/* where the last string ended that has no
				   second quote: the end of its line; or 0 */
	char *words;		/* where the next text is written */
	size_t room;		/* there */
	const char *recent[LEXER_RECENT]; /* texts, by their hash, or NULL */
};

void lexer_init(struct lexer *lexer, struct arena *arena,
		const struct diag_file *file, struct diag *diag);
struct token lexer_next(struct lexer *lexer);

/* Read the token that lexer_next() gave last, a word that starts with a slash,
 * once more as a regex. */
struct token lexer_regex(struct lexer *lexer, const struct token *token);

/* The text of the token is of no use any more. */
void lexer_forget(struct lexer *lexer, const struct token *token);

/*
 * Report bytes that cannot stand in any file of the language: control
 * characters, broken UTF-8, endless lines; one error a line. False when this is
 * no text at all, so that reading on would give an error for every word.
 */
bool lexer_check(const struct diag_file *file, struct diag *diag);

#endif
