/*
 * A command about what was recorded: it gets the configuration, however broken
 * the rules are, and the store, does its work, and prints what it has to say.
 */
#ifndef CMD_ORDER_H
#define CMD_ORDER_H

#include "cmd/load.h"

struct order {
	const struct cmd_line *line;
	const struct generation *generation;
	struct store *store;
	struct arena *arena;		/* until the command ends */
	struct buf out;			/* for standard output */
	struct buf error;		/* the sentence of an outcome */
};

/* What the first word of a command can be. */
struct order_verb {
	const char *name;	/* "show"; NULL ends a table */
	const char *wants;	/* what stands behind it: "ID"; or NULL */
	bool several;		/* of these */
	int (*obey)(struct order *order);
};

/* The verb of the line, the first one when it has no word; NULL after a
 * sentence about wrong usage. */
const struct order_verb *order_verb_find(const struct cmd_line *line,
					 const struct order_verb *verbs);

/* The whole command: everything is there when `obey` is called, which returns
 * the exit status. */
int order_run(const struct cmd_line *line, int (*obey)(struct order *order));

/* The store, where there is one; NULL after a sentence. */
struct store *order_open_store(const struct generation *generation);

/* The last thing `obey` does: print `out`, or else the error. */
int order_end(struct order *order, enum outcome outcome);

#endif
