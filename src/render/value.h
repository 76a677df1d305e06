/*
 * The small tree of data that a template is rendered with: texts, lists, maps,
 * true and false. It lives in one arena and its texts are never read as
 * templates again.
 */
#ifndef RENDER_VALUE_H
#define RENDER_VALUE_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum value_kind {
	VALUE_FALSE,		/* also what is missing or null */
	VALUE_TRUE,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP,
};

struct value;

/* `text` is borrowed; NULL gives false. */
struct value *value_text(struct arena *arena, const char *text);
struct value *value_bool(struct arena *arena, bool truth);
struct value *value_list(struct arena *arena);
/* What stands between its texts on one line, borrowed; of value_list() ", ". */
struct value *value_list_joined(struct arena *arena, const char *separator);
struct value *value_map(struct arena *arena);

void value_add(struct value *list, struct value *item);
/* Set or replace; `name` is borrowed. */
void value_set(struct value *map, const char *name, struct value *value);
void value_set_text(struct value *map, const char *name, const char *text);
void value_set_bool(struct value *map, const char *name, bool truth);

enum value_kind value_kind(const struct value *value);

/* The member of a map, or NULL: also when `value` is no map. */
const struct value *value_find(const struct value *value, const char *name,
			       size_t length);

/* Items of a list; 0 for every other kind. */
size_t value_count(const struct value *value);
const struct value *value_item(const struct value *list, size_t i);

/* Whether a section of it is rendered: not false, not empty. NULL is not. */
bool value_is_true(const struct value *value);

/* The value as it is interpolated: a list as the texts in it with its separator
 * between; a map, true and false as nothing. */
void value_print(const struct value *value, struct buf *out);

/* The names of a map's members in the order in which they were set, ended by
 * NULL; for "did you mean". None for every other kind. */
const char *const *value_names(struct arena *arena, const struct value *map);

#endif
