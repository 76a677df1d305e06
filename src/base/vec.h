/*
 * Typed vectors in an arena.
 *
 *	VEC(struct rule *) rules;	// zeroed is empty
 *	vec_push(arena, &rules, rule);
 *	for (i = 0; i < rules.count; i++)
 *		use(rules.items[i]);
 *
 * Growing moves the items and leaves the old ones to the arena, so keep
 * indices, not addresses, while a vector still grows.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/arena.h"

#define VEC(type) struct { type *items; size_t count, size; }

#define vec_push(arena, vec, item) do { \
	if ((vec)->count == (vec)->size) { \
		size_t vec_size = (vec)->size; \
		(vec)->items = vec_grow((arena), (vec)->items, &vec_size, \
			sizeof(*(vec)->items)); \
		(vec)->size = vec_size; \
	} \
	(vec)->items[(vec)->count++] = (item); \
} while (0)

/* The items, moved, with room for twice as many; for vec_push() alone. */
void *vec_grow(struct arena *arena, void *items, size_t *size, size_t item);

#endif
