/*
 * The language that every person's file is written in, as a tree.
 *
 * conf knows shapes, not meanings: grammar.c says which keywords stand in
 * which block and what follows each; the parser turns all files into one list
 * of statements with their places. What a statement means is the business of
 * the stage that reads it (rules: match/, formats: normalize/, contacts:
 * oncall/, relays: send/), which reports to the same diagnostics. A tree is
 * read-only and lives in the arena of its generation.
 *
 * A statement is a keyword, its words, its clauses, and maybe a block:
 *
 *	notify primary, ana using urgent
 *	  keyword "notify", words primary ana, clause "using" with word urgent
 *	relay smarthost { smtp a:587, b:587  tls required }
 *	  keyword "relay", word smarthost, block of "smtp" and "tls"
 *	rule nights when severity at least high also notify ana using urgent
 *	  keyword "rule", word nights, the condition as its expression, clauses
 *	  "also" (no words), "notify" (its clause: "using")
 *	drop owner ana reason "a pentest" until 2027-01-31
 *	  keyword "drop", clauses "owner", "reason", "until"
 *	otherwise notify ana
 *	  keyword "otherwise", clause "notify"
 *	given alert { severity high  device a, b } at 2026-12-01T02:00:00Z
 *	  keyword "given", clause "alert", which has a block of a statement for
 *	  each field (keyword "severity", word high) and the clause "at"
 *	given mail "x.eml" to soc@x.example
 *	  keyword "given", clause "mail", which has the word and clauses
 *	expect notify a@x.example, b@x.example by nights
 *	  keyword "expect", clause "notify", which has words and clauses
 *	rotate weekly on mon at 09:00 from 2026-11-02 ana, bob during night
 *	  keyword "rotate", no words, clauses "weekly", "on", "at", "from" (the
 *	  date, then the names), "during"
 *	window night { timezone Europe/Paris  mon, wed 18:00-08:00 }
 *	  a block of "timezone" and a statement whose keyword is the first day
 *	  ("mon"), its last word the range, words between it further days
 *
 * What was wrong and has been reported stays in the tree as far as it could be
 * read: words may be missing (conf_word() gives an empty one), a condition may
 * be CONF_WRONG.
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include "base/diag.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A word or "string" as its value (escapes resolved), with its place. */
struct conf_word {
	const char *text;
	struct diag_place place;
};

/* As VEC() makes them, but narrow, for there are millions. */
typedef struct { struct conf_word *items; uint32_t count, size; } conf_words;

enum conf_expr_kind {
	CONF_AND, CONF_OR, CONF_NOT, CONF_TEST,
	CONF_WRONG,		/* could not be read, which has been reported;
				   never below another */
};

enum conf_quantifier { CONF_UNSAID, CONF_ANY, CONF_EVERY };

/* Nothing decides here whether a field or a value exists. Which fields there
 * are depends on the kind; of the others there are too many to waste room. */
struct conf_expr {
	unsigned char kind;		/* an enum conf_expr_kind */
	unsigned char quantifier;	/* of a test: an enum conf_quantifier */
	uint32_t field_at;		/* of a test: see conf_field_place() */
	union {
		/* CONF_AND, CONF_OR, CONF_NOT */
		struct {
			struct conf_expr *left;	/* the only one of not */
			struct conf_expr *right;
		};
		/* CONF_TEST */
		struct {
			const char *field;	/* "severity"; "" for
						   `during` */
			const char *op;		/* "is" "is not" "in" "not in"
						   "like" "not like"
						   "contains" "not contains"
						   "matches" "not matches"
						   "at least" "below"
						   "present" "during" */
			uint32_t op_at, op_length; /* see conf_op_place() */
			conf_words values;	/* of `matches`: the text
						   between the slashes, \/
						   resolved, at its place */
		};
	};
};

struct conf_node;
typedef struct { struct conf_node **items; size_t count; } conf_nodes;

struct conf_node {
	const char *keyword;		/* "rule", "notify", "using" */
	struct diag_place place;	/* of the keyword */
	bool broken;			/* something in it could not be read, so
					   what is not there may have been
					   written all the same */
	conf_words words;
	const struct conf_expr *expr;	/* its condition, or NULL */
	conf_nodes clauses;		/* "using", "owner", in order */
	conf_nodes block;		/* what stands in its { } */
};

/* All files together. */
struct conf {
	struct arena *arena;
	const char *path;		/* the main file */
	VEC(struct diag_file *) files;	/* in the order they were read */
	conf_nodes nodes;		/* top-level statements of all files in
					   the order of the includes; `include`
					   itself is resolved and left out */
	char version[65];		/* SHA-256 over all, hexadecimal */
};

/* The first statement or clause of that keyword, or NULL. */
const struct conf_node *conf_find(const conf_nodes *nodes,
				  const char *keyword);

/* Word `i`, or an empty word at the place of the keyword. */
struct conf_word conf_word(const struct conf_node *node, size_t i);

/* "any", "every"; "" when it was not said. */
const char *conf_quantifier_name(const struct conf_expr *test);

/* Was it written in "quotes"? Not for regexes. */
bool conf_is_quoted(struct conf_word word);

/* Where the field and the operator of a CONF_TEST stand. */
struct diag_place conf_field_place(const struct conf_expr *test,
				   const struct diag_file *file);
struct diag_place conf_op_place(const struct conf_expr *test,
				const struct diag_file *file);

/* The first of the statement's kind that has its name, where one stands before
 * it in the tree. */
struct conf_word conf_first_of(const conf_nodes *nodes,
			       const struct conf_node *like);

#endif
