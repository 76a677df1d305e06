/*
 * The inside of an index, which building it (index_build.c) and asking it
 * (index.c) share: how keys are hashed, and what is kept of them.
 *
 * A key anywhere in a text is found by grams: runs of 8, 4 or 2 bytes, of which
 * every text has one at each of its bytes.
 */
#ifndef MATCH_INDEX_PRIVATE_H
#define MATCH_INDEX_PRIVATE_H

#include "base/vec.h"
#include "match/hashes.h"
#include "match/index.h"

enum { INDEX_GRAM_SIZES = 3 };

static const size_t index_gram_sizes[INDEX_GRAM_SIZES] = { 8, 4, 2 };

/* Which keys of a field an alert has to look up. */
struct index_wanted {
	unsigned char field;
	bool exact, ranks;
	bool grams[INDEX_GRAM_SIZES];
	uint64_t prefixes, suffixes;	/* bit n: some are n + 1 bytes long */
};

struct index_list {
	uint32_t start, count;		/* in index.numbers */
};

struct index {
	VEC(struct index_wanted) wanted;	/* of fields that have keys */
	struct hashes hashes;		/* of keys, to numbers of lists */
	uint64_t *filter;		/* a bit for each key's hash: answers
					   most questions from the cache */
	uint64_t filter_mask;
	struct index_list *lists;	/* the last: rules without a key */
	uint32_t list_count;
	uint32_t *numbers;		/* of rules, ascending in each list */
};

static inline uint64_t
index_key_start(enum alert_field field, enum index_kind kind)
{
	return hashes_byte(hashes_byte(HASHES_START, (unsigned char)field),
			   (unsigned char)kind);
}

static inline uint64_t
index_key_hash(enum alert_field field, enum index_kind kind,
	       const char *bytes, size_t length)
{
	return hashes_mix(hashes_bytes(index_key_start(field, kind), bytes,
				       length));
}

static inline uint64_t
index_gram_hash(uint64_t start, const char *bytes, size_t size)
{
	uint64_t gram = 0;

	memcpy(&gram, bytes, size);
	return hashes_mix((gram ^ start) * UINT64_C(0xff51afd7ed558ccd));
}

static inline uint64_t
index_gram_start(enum alert_field field, size_t size)
{
	return hashes_byte(index_key_start(field, INDEX_PIECE),
			   (unsigned char)size);
}

static inline uint64_t
index_filter_bit(const struct index *index, uint64_t hash)
{
	return hash >> 20 & index->filter_mask;
}

#endif
