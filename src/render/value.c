#include "render/value.h"

#include "base/bug.h"
#include "base/map.h"
#include "base/vec.h"

struct value {
	enum value_kind kind;
	struct arena *arena;
	const char *text;
	const char *separator;		/* of a list */
	VEC(const struct value *) items;
	struct map *members;
	VEC(const char *) names;	/* of the members, as they were set */
};

static struct value *
create(struct arena *arena, enum value_kind kind)
{
	struct value *value = arena_alloc(arena, sizeof(*value));

	value->kind = kind;
	value->arena = arena;
	return value;
}

struct value *
value_text(struct arena *arena, const char *text)
{
	struct value *value = create(arena, text ? VALUE_TEXT : VALUE_FALSE);

	value->text = text;
	return value;
}

struct value *
value_bool(struct arena *arena, bool truth)
{
	return create(arena, truth ? VALUE_TRUE : VALUE_FALSE);
}

struct value *
value_list(struct arena *arena)
{
	return value_list_joined(arena, ", ");
}

struct value *
value_list_joined(struct arena *arena, const char *separator)
{
	struct value *list = create(arena, VALUE_LIST);

	list->separator = separator;
	return list;
}

struct value *
value_map(struct arena *arena)
{
	struct value *value = create(arena, VALUE_MAP);

	value->members = map_create(arena);
	return value;
}

void
value_add(struct value *list, struct value *item)
{
	if (list->kind != VALUE_LIST)
		BUG("value_add() to what is no list");
	vec_push(list->arena, &list->items, item);
}

void
value_set(struct value *map, const char *name, struct value *value)
{
	if (map->kind != VALUE_MAP)
		BUG("value_set() in what is no map");
	if (!map_set(map->members, name, value))
		vec_push(map->arena, &map->names, name);
}

void
value_set_text(struct value *map, const char *name, const char *text)
{
	value_set(map, name, value_text(map->arena, text));
}

void
value_set_bool(struct value *map, const char *name, bool truth)
{
	value_set(map, name, value_bool(map->arena, truth));
}

enum value_kind
value_kind(const struct value *value)
{
	return value->kind;
}

const struct value *
value_find(const struct value *value, const char *name, size_t length)
{
	if (value->kind != VALUE_MAP)
		return NULL;
	return map_find_bytes(value->members, name, length);
}

size_t
value_count(const struct value *value)
{
	return value->items.count;
}

const struct value *
value_item(const struct value *list, size_t i)
{
	return list->items.items[i];
}

bool
value_is_true(const struct value *value)
{
	if (!value)
		return false;
	if (value->kind == VALUE_TEXT)
		return *value->text;
	if (value->kind == VALUE_LIST)
		return value->items.count > 0;
	return value->kind != VALUE_FALSE;
}

/* The items of a list are joined one level deep: what lists of lists should
 * look like on one line, nobody has needed to know. */
void
value_print(const struct value *value, struct buf *out)
{
	size_t i;

	if (value->kind == VALUE_TEXT)
		buf_puts(out, value->text);
	for (i = 0; i < value->items.count; i++) {
		const struct value *item = value->items.items[i];

		if (i)
			buf_puts(out, value->separator);
		if (item->kind == VALUE_TEXT)
			buf_puts(out, item->text);
	}
}

const char *const *
value_names(struct arena *arena, const struct value *map)
{
	const char **names = arena_array(arena, map->names.count + 1,
					 sizeof(*names));
	size_t i;

	for (i = 0; i < map->names.count; i++)
		names[i] = map->names.items[i];
	return names;
}
