/*
 * Built in two passes over the rules: the first counts how often each key that
 * could be used occurs, the second files every rule under its rarest. Of `and`
 * one item is enough, of `or` all items must be filed; below `not` nothing is
 * certain.
 */
#include "match/index.h"

#include "match/index_private.h"
#include "match/rule.h"

enum {
	/* Longer prefixes and suffixes are cut, which only adds candidates;
	 * so lengths fit the bits of one number. */
	KEY_MOST = 64,
};

/* Suffixes are hashed from their end, so that one pass over a text gives the
 * hashes of all its suffixes. */
static uint64_t
suffix_hash(enum alert_field field, const char *end, size_t length)
{
	uint64_t hash = index_key_start(field, INDEX_SUFFIX);

	while (length--)
		hash = hashes_byte(hash, (unsigned char)*--end);
	return hashes_mix(hash);
}

struct entry {
	uint64_t hash;
	uint32_t rule;
};

struct builder {
	struct index *index;
	struct arena *arena;		/* of the index */
	struct arena *scratch;
	uint32_t *counts;		/* of keys, by hash; collisions only
					   make a key seem more common */
	uint64_t counts_mask;
	VEC(struct entry) entries;
	VEC(uint32_t) always;
};

/* What a word tells about one operand. */
struct cond_keys {
	struct builder *builder;
	enum alert_field field;
	bool counting;			/* the first pass */

	/* the rarest so far */
	uint64_t best;			/* how often; UINT64_MAX: none */
	uint64_t best_hash;
	enum index_kind best_kind;
	size_t best_length;		/* of a piece: which gram size */
};

static void
consider(struct cond_keys *keys, enum index_kind kind, uint64_t hash,
	 size_t length)
{
	uint32_t *count = &keys->builder->counts[hash &
						 keys->builder->counts_mask];

	if (keys->counting) {
		*count += *count < UINT32_MAX;
	} else if (*count < keys->best) {
		keys->best = *count;
		keys->best_hash = hash;
		keys->best_kind = kind;
		keys->best_length = length;
	}
}

/* The largest grams that fit; a single byte is too common to be a key. */
static void
consider_grams(struct cond_keys *keys, const char *bytes, size_t length)
{
	uint64_t start;
	size_t i, at, size;

	for (i = 0; i < INDEX_GRAM_SIZES && index_gram_sizes[i] > length; i++)
		;
	if (i == INDEX_GRAM_SIZES)
		return;
	size = index_gram_sizes[i];
	start = index_gram_start(keys->field, size);
	for (at = 0; at + size <= length; at++)
		consider(keys, INDEX_PIECE,
			 index_gram_hash(start, bytes + at, size), i);
}

void
index_key(struct cond_keys *keys, enum index_kind kind, const char *bytes,
	  size_t length)
{
	enum alert_field field = keys->field;
	const char *end = bytes + length;
	size_t cut = length < KEY_MOST ? length : KEY_MOST;

	if (!length)
		return;
	if (kind == INDEX_PIECE)
		consider_grams(keys, bytes, cut);
	else if (kind == INDEX_SUFFIX)
		consider(keys, kind, suffix_hash(field, end, cut), cut);
	else if (kind == INDEX_PREFIX)
		consider(keys, kind, index_key_hash(field, kind, bytes, cut),
			 cut);
	else
		consider(keys, kind,
			 index_key_hash(field, kind, bytes, length), length);
}

static struct cond_keys
keys_of(struct builder *builder, const struct cond *test, uint32_t i,
	bool counting)
{
	struct cond_keys keys = {
		.builder = builder,
		.field = (enum alert_field)test->field,
		.counting = counting,
		.best = UINT64_MAX,
	};

	if (test->word->keys && !test->negated)
		test->word->keys(test, cond_operand(test, i), &keys);
	return keys;
}

static void
count_keys(struct builder *builder, const struct cond *cond)
{
	uint32_t i;

	if (cond->kind == CONF_TEST)
		for (i = 0; i < cond->count; i++)
			(void)keys_of(builder, cond, i, true);
	else if (cond->kind != CONF_NOT)
		for (i = 0; i < cond->count; i++)
			count_keys(builder, &cond->items[i]);
}

static uint64_t
add_weights(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

/* How many rules share the keys under which this would be filed; UINT64_MAX
 * when it cannot be. */
static uint64_t
weigh(struct builder *builder, const struct cond *cond)
{
	uint64_t weight = cond->kind == CONF_AND ? UINT64_MAX : 0, one;
	uint32_t i;

	if (cond->kind == CONF_NOT ||
	    (cond->kind == CONF_TEST && !cond->count))
		return UINT64_MAX;
	if (cond->kind == CONF_TEST) {
		for (i = 0; i < cond->count; i++)
			weight = add_weights(weight, keys_of(builder,
					     cond, i, false).best);
		return weight;
	}
	for (i = 0; i < cond->count; i++) {
		one = weigh(builder, &cond->items[i]);
		if (cond->kind == CONF_OR)
			weight = add_weights(weight, one);
		else if (one < weight)
			weight = one;
	}
	return weight;
}

static struct index_wanted *
wanted_of(struct builder *builder, enum alert_field field)
{
	struct index *index = builder->index;
	struct index_wanted none = { .field = (unsigned char)field };
	size_t i;

	for (i = 0; i < index->wanted.count; i++)
		if (index->wanted.items[i].field == field)
			return &index->wanted.items[i];
	vec_push(builder->arena, &index->wanted, none);
	return &index->wanted.items[i];
}

static void
want(struct builder *builder, const struct cond_keys *keys)
{
	struct index_wanted *wanted = wanted_of(builder, keys->field);
	uint64_t length_bit = UINT64_C(1) << ((keys->best_length - 1) % 64);

	if (keys->best_kind == INDEX_EXACT)
		wanted->exact = true;
	else if (keys->best_kind == INDEX_PREFIX)
		wanted->prefixes |= length_bit;
	else if (keys->best_kind == INDEX_SUFFIX)
		wanted->suffixes |= length_bit;
	else if (keys->best_kind == INDEX_PIECE)
		wanted->grams[keys->best_length] = true;
	else
		wanted->ranks = true;
}

/* Only what weigh() gave a weight. */
static void
file_under(struct builder *builder, const struct cond *cond, uint32_t rule)
{
	const struct cond *lightest = cond->items;
	uint64_t least = UINT64_MAX, one;
	uint32_t i;

	if (cond->kind == CONF_TEST) {
		for (i = 0; i < cond->count; i++) {
			struct cond_keys keys = keys_of(builder, cond,
							i, false);
			struct entry entry = { keys.best_hash, rule };

			want(builder, &keys);
			vec_push(builder->scratch, &builder->entries, entry);
		}
		return;
	}
	for (i = 0; i < cond->count; i++) {
		if (cond->kind == CONF_OR) {
			file_under(builder, &cond->items[i], rule);
			continue;
		}
		one = weigh(builder, &cond->items[i]);
		if (one < least) {
			least = one;
			lightest = &cond->items[i];
		}
	}
	if (cond->kind == CONF_AND)
		file_under(builder, lightest, rule);
}

static void
filter_create(struct index *index, struct arena *arena, size_t keys)
{
	uint64_t bits = 512;

	while (bits < keys * 8)
		bits *= 2;
	index->filter = arena_alloc(arena, bits / 8);
	index->filter_mask = bits - 1;
}

static void
filter_add(struct index *index, uint64_t hash)
{
	uint64_t bit = index_filter_bit(index, hash);

	index->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void
list_push(struct index *index, uint32_t number, uint32_t rule)
{
	struct index_list *list = &index->lists[number];
	uint32_t *numbers = index->numbers + list->start;

	if (!list->count || numbers[list->count - 1] != rule)
		numbers[list->count++] = rule;
}

/* Entries come in the order of the rules, so every list is ascending. */
static void
lists_create(struct builder *builder, struct arena *arena)
{
	struct index *index = builder->index;
	size_t entries = builder->entries.count, i;
	uint32_t number, start = 0, *sizes;

	hashes_init(&index->hashes, arena, entries);
	filter_create(index, arena, entries);
	sizes = arena_array(builder->scratch, entries + 1, sizeof(*sizes));
	for (i = 0; i < entries; i++) {
		uint64_t hash = builder->entries.items[i].hash;

		number = hashes_add(&index->hashes, hash, index->list_count);
		if (number == index->list_count)
			index->list_count++;
		sizes[number]++;
		filter_add(index, hash);
	}
	sizes[index->list_count++] = (uint32_t)builder->always.count;

	index->lists = arena_array(arena, index->list_count,
				   sizeof(*index->lists));
	for (number = 0; number < index->list_count; number++) {
		index->lists[number].start = start;
		start += sizes[number];
	}
	index->numbers = arena_array(arena, start, sizeof(*index->numbers));
	for (i = 0; i < entries; i++)
		list_push(index, hashes_find(&index->hashes,
					     builder->entries.items[i].hash),
			  builder->entries.items[i].rule);
	for (i = 0; i < builder->always.count; i++)
		list_push(index, index->list_count - 1,
			  builder->always.items[i]);
}

static void
counts_create(struct builder *builder, size_t rule_count)
{
	uint64_t size = 1 << 12;

	while (size < rule_count * 4)
		size *= 2;
	builder->counts = arena_array(builder->scratch, size,
				      sizeof(*builder->counts));
	builder->counts_mask = size - 1;
}

struct index *
index_create(struct arena *arena, const struct rule *rules, size_t rule_count)
{
	struct builder builder = {
		.index = arena_alloc(arena, sizeof(*builder.index)),
		.arena = arena,
		.scratch = arena_create(),
	};
	uint32_t i;

	counts_create(&builder, rule_count);
	for (i = 0; i < rule_count; i++)
		if (rules[i].when)
			count_keys(&builder, rules[i].when);
	for (i = 0; i < rule_count; i++)
		if (rules[i].when &&
		    weigh(&builder, rules[i].when) < UINT64_MAX)
			file_under(&builder, rules[i].when, i);
		else
			vec_push(builder.scratch, &builder.always, i);
	lists_create(&builder, arena);
	arena_destroy(&builder.scratch);
	return builder.index;
}
