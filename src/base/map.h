/*
 * A map from text to address, in an arena. Keys are compared byte by byte
 * (fold them first where case does not count: text_fold()). Keys are borrowed:
 * they must live as long as the map. The hash is seeded per process, so a
 * sender cannot choose keys that collide.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

#include <stdbool.h>

struct map;

struct map *map_create(struct arena *arena);

/* The value, or NULL. */
void *map_find(const struct map *map, const char *key);
void *map_find_bytes(const struct map *map, const char *key, size_t length);

/* Set or replace; the former value, or NULL. `value` must not be NULL. */
void *map_set(struct map *map, const char *key, void *value);

/* Walk in no promised order: `size_t i = 0; while (map_next(m, &i, &k, &v))`.
 * False at the end. The map must not grow meanwhile. */
bool map_next(const struct map *map, size_t *at, const char **key_out,
	      void **value_out);

#endif
