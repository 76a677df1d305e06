/* Open addressing with linear probing, at most three quarters full. */
#include "base/map.h"

#include "base/bug.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/random.h>

enum { MAP_SMALLEST = 16 };

struct slot {
	const char *key;	/* NULL when free */
	size_t length;
	uint64_t hash;
	void *value;
};

struct map {
	struct arena *arena;
	struct slot *slots;
	size_t size;		/* a power of two */
	size_t count;
};

static uint64_t
map_seed(void)
{
	static _Atomic uint64_t seed;
	uint64_t known = atomic_load_explicit(&seed, memory_order_relaxed);
	uint64_t chosen;

	if (known)
		return known;
	if (getrandom(&chosen, sizeof(chosen), 0) != sizeof(chosen))
		BUG("no random bytes");
	chosen |= 1;
	/* Another thread may have been first; then `known` is its choice. */
	return atomic_compare_exchange_strong(&seed, &known, chosen) ? chosen
								     : known;
}

/* FNV-1a with a secret start and a final mix. */
static uint64_t
map_hash(const char *key, size_t length)
{
	uint64_t hash = 14695981039346656037ull ^ map_seed();
	size_t i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)key[i]) * 1099511628211ull;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

struct map *
map_create(struct arena *arena)
{
	struct map *map = arena_alloc(arena, sizeof(*map));

	map->arena = arena;
	map->size = MAP_SMALLEST;
	map->slots = arena_array(arena, map->size, sizeof(*map->slots));
	return map;
}

static struct slot *
map_slot(const struct map *map, const char *key, size_t length, uint64_t hash)
{
	size_t i = hash & (map->size - 1);

	while (map->slots[i].key) {
		struct slot *slot = &map->slots[i];

		/* Most likely the one: it comes while keys are compared. */
		__builtin_prefetch(slot->value);
		if (slot->hash == hash && slot->length == length &&
		    !memcmp(slot->key, key, length))
			break;
		i = (i + 1) & (map->size - 1);
	}
	return &map->slots[i];
}

void *
map_find_bytes(const struct map *map, const char *key, size_t length)
{
	return map_slot(map, key, length, map_hash(key, length))->value;
}

void *
map_find(const struct map *map, const char *key)
{
	return map_find_bytes(map, key, strlen(key));
}

static void
map_grow(struct map *map)
{
	struct map larger = *map;
	size_t i;

	larger.size = map->size * 2;
	larger.slots = arena_array(map->arena, larger.size,
				   sizeof(*larger.slots));
	for (i = 0; i < map->size; i++) {
		struct slot *slot = &map->slots[i];

		if (slot->key)
			*map_slot(&larger, slot->key, slot->length,
				  slot->hash) = *slot;
	}
	*map = larger;
}

void *
map_set(struct map *map, const char *key, void *value)
{
	size_t length = strlen(key);
	uint64_t hash = map_hash(key, length);
	struct slot *slot;
	void *old;

	if (!value)
		BUG("no value for '%s'", key);
	if (map->count + map->count / 3 >= map->size)
		map_grow(map);
	slot = map_slot(map, key, length, hash);
	old = slot->value;
	if (!slot->key)
		map->count++;
	*slot = (struct slot){ key, length, hash, value };
	return old;
}

bool
map_next(const struct map *map, size_t *at, const char **key_out,
	 void **value_out)
{
	while (*at < map->size) {
		const struct slot *slot = &map->slots[(*at)++];

		if (!slot->key)
			continue;
		*key_out = slot->key;
		*value_out = slot->value;
		return true;
	}
	return false;
}
