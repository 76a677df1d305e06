/*
 * A compiled template, as mustache.c makes it and mustache_render.c reads it;
 * for these two files only.
 *
 * A line that has anything to show begins with NODE_LINE, which holds its
 * leading blanks: that is where the indentation of a partial or a block is
 * put in, so it never gets between the lines of a value. A line on which only
 * a tag stands leaves nothing of itself.
 */
#ifndef RENDER_MUSTACHE_NODE_H
#define RENDER_MUSTACHE_NODE_H

#include "base/diag.h"
#include "base/vec.h"

enum node_kind {
	NODE_LINE,
	NODE_TEXT,
	NODE_VARIABLE,
	NODE_SECTION,
	NODE_INVERTED,
	NODE_PARTIAL,
	NODE_PARENT,		/* its children: NODE_BLOCK, as arguments */
	NODE_BLOCK,
};

/* A part of the template's text. */
struct slice {
	const char *text;
	size_t length;
};

static inline bool
slice_same(struct slice a, struct slice b)
{
	return a.length == b.length && !memcmp(a.text, b.text, a.length);
}

struct node;
typedef VEC(struct node *) nodes;

struct node {
	enum node_kind kind;
	struct slice text;	/* the text; blanks of a line; else the name */
	struct slice indent;	/* partial, parent, block: blanks before it
				   when it is the first of its line */
	bool raw;		/* variable: not to be escaped */
	bool dynamic;		/* partial, parent: name of a value */
	bool standalone;	/* block: nothing else on the line of its tag;
				   parent: the first of its line */
	struct diag_place place; /* of the tag */
	nodes children;
};

struct mustache {
	struct arena *arena;
	const struct diag_file *file;
	nodes nodes;
};

#endif
