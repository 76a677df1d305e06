/* Arena, buffer, vector and map: what every other file stands on. */
#include "tap.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"

#include <stdint.h>

static void
test_arena(void)
{
	struct arena *arena = arena_create();
	char *small = arena_strdup(arena, "small"), *large;
	size_t i;

	large = arena_alloc(arena, 100000);
	ok(!large[0] && !large[99999], "memory from an arena is zeroed");
	ok((uintptr_t)arena_alloc(arena, 1) % 16 == 0,
	   "every allocation is aligned for any type");
	for (i = 0; i < 10000; i++)
		(void)arena_alloc(arena, 24);
	is(small, "small", "what was allocated stays while the arena grows");
	is(arena_printf(arena, "%s-%d", "a", 7), "a-7", "text is formatted");
	is(arena_strndup(arena, "abcdef", 3), "abc", "a part is copied");
	ok(arena_size(arena) > 340000, "an arena knows its size");
	arena_reset(arena);
	is_int((long long)arena_size(arena), 0, "a reset arena is empty");
	arena_destroy(&arena);
	ok(!arena, "destroy nulls the address");
	arena_destroy(&arena);
	ok(true, "destroying nothing is harmless");
}

/* What is so large goes back to the system at once: a look at it is the end. */
static void
test_own_arena(void)
{
	enum { LARGE = 40 << 20 };
	struct arena *arena = arena_create();
	struct arena **owner = arena_alloc(arena, LARGE);

	*owner = arena;
	arena_destroy(owner);
	ok(true, "an arena goes together with the pointer that owns it");
}

/* Its blocks are of another kind than those of a small one. */
static void
test_large_arena(void)
{
	enum { MANY = 80 * 1024, EACH = 1024 / sizeof(size_t) };
	struct arena *arena = arena_create();
	size_t **pieces = arena_array(arena, MANY, sizeof(*pieces));
	size_t i, wrong = 0, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < MANY; i++) {
			pieces[i] = arena_array(arena, EACH, sizeof(size_t));
			wrong += pieces[i][0] || pieces[i][EACH - 1];
			pieces[i][0] = pieces[i][EACH - 1] = i + 1;
		}
		for (i = 0; i < MANY; i++)
			wrong += pieces[i][0] != i + 1 ||
				 pieces[i][EACH - 1] != i + 1;
		arena_reset(arena);
		pieces = arena_array(arena, MANY, sizeof(*pieces));
	}
	is_int((long long)wrong, 0,
	       "80 MB are zeroed, stay apart, and can be had again");
	arena_destroy(&arena);
}

static void
test_buf(void)
{
	struct buf buf = BUF_INIT;
	size_t i;

	is(buf.data, "", "an empty buffer is empty text");
	buf_puts(&buf, "one");
	buf_putc(&buf, ' ');
	buf_printf(&buf, "%d%s", 2, "");
	buf_append(&buf, "\0x", 2);
	is_int((long long)buf.len, 7, "bytes are counted, NUL among them");
	ok(!memcmp(buf.data, "one 2\0x", 8), "and end in a NUL");
	buf_cut(&buf, 3);
	is(buf.data, "one", "a buffer is cut");
	for (i = 0; i < 100000; i++)
		buf_putc(&buf, 'x');
	is_int((long long)strlen(buf.data), 100003, "a buffer grows");
	buf_reset(&buf);
	is(buf.data, "", "a reset buffer is empty");
	buf_release(&buf);
	buf_release(&buf);
	buf_puts(&buf, "again");
	is(buf.data, "again", "a released buffer can be used again");
	buf_release(&buf);
}

static void
test_vec(void)
{
	struct arena *arena = arena_create();
	VEC(int) numbers = { 0 };
	int i, wrong = 0;

	for (i = 0; i < 1000; i++)
		vec_push(arena, &numbers, i);
	for (i = 0; i < 1000; i++)
		wrong += numbers.items[i] != i;
	is_int((long long)numbers.count, 1000, "a vector counts its items");
	is_int(wrong, 0, "a vector keeps order and values while it grows");
	arena_destroy(&arena);
}

static void
test_map(void)
{
	struct arena *arena = arena_create();
	struct map *map = map_create(arena);
	static int values[5000];
	size_t at = 0, seen = 0, wrong = 0;
	const char *key;
	void *value;
	int i;

	ok(!map_find(map, "none"), "nothing is found in an empty map");
	for (i = 0; i < 5000; i++)
		map_set(map, arena_printf(arena, "key%d", i), &values[i]);
	for (i = 0; i < 5000; i++)
		wrong += map_find(map, arena_printf(arena, "key%d", i)) !=
			 &values[i];
	is_int((long long)wrong, 0, "every key finds its value");
	ok(!map_find(map, "key5000"), "no other key finds one");
	ok(map_find_bytes(map, "key12junk", 5) == &values[12],
	   "a key is found by its bytes");
	ok(map_set(map, "key1", &values[7]) == &values[1],
	   "replacing gives the former value");
	while (map_next(map, &at, &key, &value))
		seen++;
	is_int((long long)seen, 5000, "a walk meets every key once, the replaced "
	       "one too");
	arena_destroy(&arena);
}

int
main(void)
{
	test_arena();
	test_own_arena();
	test_large_arena();
	test_buf();
	test_vec();
	test_map();
	return tap_done();
}
