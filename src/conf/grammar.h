/*
 * The grammar: which keywords there are, where each may stand, what follows it.
 *
 * This one set of tables drives the parser, its "did you mean" and "here may
 * stand", the usage lines in its remedies, and the check that the manual has a
 * line for every keyword. A new keyword is a line here, a line in the manual,
 * and a line in the stage that gives it a meaning.
 */
#ifndef CONF_GRAMMAR_H
#define CONF_GRAMMAR_H

#include "conf/tree.h"

enum grammar_count {
	GRAMMAR_ONE,		/* exactly one, whatever it looks like */
	GRAMMAR_MAYBE,		/* one if it is a "string", else none */
	GRAMMAR_UNLESS,		/* one, unless a clause of the line is there */
	GRAMMAR_ANY,		/* one if there is any; its reader misses it */
	GRAMMAR_LIST,		/* one or more with commas between them */
	GRAMMAR_MORE,		/* none or more, each behind a comma */
	GRAMMAR_CHOICE,		/* one of those that the name lists: a|b|c */
	GRAMMAR_EXPR,		/* a condition */
};

/* One word, or list of words, behind a keyword. */
struct grammar_word {
	const char *name;	/* in usage lines: "HOST"; NULL ends */
	enum grammar_count count;
	bool (*check)(struct conf_word word, struct diag *diag); /* or NULL */
};

enum { GRAMMAR_WORDS_MOST = 3 };

enum grammar_flags {
	GRAMMAR_ONCE = 1,	/* at most once in its block or statement */
	GRAMMAR_NEEDS_CLAUSE = 2,
	GRAMMAR_ONE_CLAUSE = 4,	/* exactly one */
};

struct grammar {
	const char *keyword;	/* "" stands for any word; NULL ends a table */
	struct grammar_word words[GRAMMAR_WORDS_MOST];
	const struct grammar *block;	/* what stands in { }, or NULL */
	const struct grammar *clauses;	/* what may follow without { } */
	const char *next;	/* keyword that has to follow at once */
	unsigned int flags;
	const char *help;	/* one line */
};

/* Top-level statements. A table has at most 32 lines. */
extern const struct grammar grammar_top[];

/* The line for a word, or NULL; with `any` a line for any word serves. */
const struct grammar *grammar_find(const struct grammar *table,
				   const char *word, bool any);

/* "notify NAME, ... [using TEMPLATE]" */
char *grammar_usage(struct arena *arena, const struct grammar *line);

/* Where `word` may stand: "in customer, test" or "outside of { }"; NULL when it
 * is no keyword. */
char *grammar_home(struct arena *arena, const char *word);

/* Every line with the keywords that lead to it: "relay tls". */
void grammar_walk(void (*each)(void *context, const char *path,
			       const char *usage, const char *help),
		  void *context);

#endif
