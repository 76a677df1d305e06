/*
 * Numbers by the hash of what they stand for: half a map.
 *
 * Only the hash is kept, so a hundred thousand rules cost little; two things
 * that share a hash share the number, and whoever asks must compare the things
 * themselves or be content with "maybe".
 */
#ifndef MATCH_HASHES_H
#define MATCH_HASHES_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

#define HASHES_NONE UINT32_MAX

struct hashes_slot {
	uint32_t check;		/* the half of the hash that does not already
				   say where the slot is */
	uint32_t number;	/* HASHES_NONE: free */
};

struct hashes {
	struct hashes_slot *slots;
	size_t size;		/* a power of two */
	size_t count;
};

/* Room for `expected` hashes, in the arena; with more it is a bug. */
void hashes_init(struct hashes *hashes, struct arena *arena,
		 size_t expected);

/* The number of a hash, or HASHES_NONE. */
uint32_t hashes_find(const struct hashes *hashes, uint64_t hash);

/* Set the number of a hash that has none; the number it has from now on. */
uint32_t hashes_add(struct hashes *hashes, uint64_t hash, uint32_t number);

/* FNV-1a over more bytes; start with HASHES_START, end with hashes_mix(). */
#define HASHES_START UINT64_C(14695981039346656037)

static inline uint64_t
hashes_byte(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * UINT64_C(1099511628211);
}

uint64_t hashes_bytes(uint64_t hash, const void *bytes, size_t count);

static inline uint64_t
hashes_mix(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

#endif
