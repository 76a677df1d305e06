#include "render/value.h"

#include "tap.h"

static const char *
printed(const struct value *value, struct buf *out)
{
	buf_reset(out);
	value_print(value, out);
	return out->data;
}

int
main(void)
{
	struct arena *arena = arena_create();
	struct value *map = value_map(arena), *list = value_list(arena);
	struct buf out = BUF_INIT;
	const char *const *names;

	ok(!value_is_true(NULL), "what is missing is false");
	ok(!value_is_true(value_text(arena, NULL)), "text NULL is false");
	ok(!value_is_true(value_text(arena, "")), "an empty text is false");
	ok(value_is_true(value_text(arena, "0")), "any other text is true");
	ok(!value_is_true(list), "an empty list is false");
	ok(value_is_true(map), "a map is true, even an empty one");
	ok(value_is_true(value_bool(arena, true)), "true is true");

	value_add(list, value_text(arena, "a"));
	value_add(list, value_text(arena, "b"));
	ok(value_is_true(list), "a list with items is true");
	is_int((long long)value_count(list), 2, "a list knows its items");
	is(printed(list, &out), "a, b", "a list prints as its items");
	is(printed(value_bool(arena, true), &out), "", "true prints nothing");
	is(printed(map, &out), "", "a map prints nothing");
	is_int((long long)value_count(map), 0, "a map has no items");

	value_set_text(map, "name", "old");
	value_set_text(map, "name", "new");
	is(printed(value_find(map, "names", 4), &out), "new",
	   "a member set twice has the last value; a name has a length");
	ok(!value_find(map, "other", 5), "a member that is not there is NULL");
	ok(!value_find(list, "name", 4), "a list has no members");
	names = value_names(arena, map);
	is(names[0], "name", "the names of a map are listed");
	ok(!names[1], "the list of names ends with NULL");

	buf_release(&out);
	arena_destroy(&arena);
	return tap_done();
}
