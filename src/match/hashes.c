/* Open addressing with linear probing, at most four fifths full. */
#include "match/hashes.h"

#include "base/bug.h"

/* How many fit into `size` slots. */
static size_t
room(size_t size)
{
	return size / 5 * 4;
}

void
hashes_init(struct hashes *hashes, struct arena *arena, size_t expected)
{
	size_t i;

	hashes->count = 0;
	for (hashes->size = 16; room(hashes->size) < expected; )
		hashes->size *= 2;
	hashes->slots = arena_array(arena, hashes->size,
				    sizeof(*hashes->slots));
	for (i = 0; i < hashes->size; i++)
		hashes->slots[i].number = HASHES_NONE;
}

static uint32_t
check_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static struct hashes_slot *
slot_of(const struct hashes *hashes, uint64_t hash)
{
	size_t i = hash & (hashes->size - 1);

	while (hashes->slots[i].number != HASHES_NONE &&
	       hashes->slots[i].check != check_of(hash))
		i = (i + 1) & (hashes->size - 1);
	return &hashes->slots[i];
}

uint32_t
hashes_find(const struct hashes *hashes, uint64_t hash)
{
	return slot_of(hashes, hash)->number;
}

uint32_t
hashes_add(struct hashes *hashes, uint64_t hash, uint32_t number)
{
	struct hashes_slot *slot = slot_of(hashes, hash);

	if (slot->number != HASHES_NONE)
		return slot->number;
	if (++hashes->count > room(hashes->size))
		BUG("more than %zu hashes", room(hashes->size));
	*slot = (struct hashes_slot){ check_of(hash), number };
	return number;
}

uint64_t
hashes_bytes(uint64_t hash, const void *bytes, size_t count)
{
	const unsigned char *at = bytes;

	while (count--)
		hash = hashes_byte(hash, *at++);
	return hash;
}
