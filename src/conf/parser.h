/*
 * The parser, tokens to statements, as grammar.h says. One parser reads one
 * file; what it finds wrong it reports, and it always reads to the end.
 */
#ifndef CONF_PARSER_H
#define CONF_PARSER_H

#include "conf/tree.h"

/* Takes each top-level statement as it is complete. */
typedef void parser_take(void *context, struct conf_node *node);

/* `scratch` is for what is forgotten after the parse, the tree is put into
 * `arena`. */
void parser_run(struct arena *arena, struct arena *scratch,
		const struct diag_file *file, struct diag *diag,
		parser_take *take, void *context);

#endif
