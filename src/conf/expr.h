/*
 * Conditions, as they stand behind `when`.
 */
#ifndef CONF_EXPR_H
#define CONF_EXPR_H

#include "conf/cursor.h"

/* The condition at the next token, or NULL when it is none, which has been
 * reported and skipped. */
struct conf_expr *expr_parse(struct cursor *cursor,
			     const struct cursor_level *level);

#endif
