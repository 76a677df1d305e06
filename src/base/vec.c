#include "base/vec.h"

enum { VEC_SMALLEST = 8 };

void *
vec_grow(struct arena *arena, void *items, size_t *size, size_t item)
{
	size_t larger = *size ? *size * 2 : VEC_SMALLEST;
	void *moved = arena_array(arena, larger, item);

	if (*size)
		memcpy(moved, items, *size * item);
	*size = larger;
	return moved;
}
