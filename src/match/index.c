/*
 * Built in two passes over the rules: the first counts how often each key that
 * could be used occurs, the second files every rule under its rarest. Of `and`
 * one item is enough, of `or` all items must be filed; below `not` nothing is
 * certain.
 *
 * A key anywhere in a text is found by grams: runs of 8, 4 or 2 bytes, of which
 * every text has one at each of its bytes.
 */
#include "match/index.h"

#include "base/vec.h"
#include "match/cond_order.h"
#include "match/hashes.h"
#include "match/rule.h"

enum {
	/* Longer prefixes and suffixes are cut, which only adds candidates;
	 * so lengths fit the bits of one number. */
	KEY_MOST = 64,
	GRAM_SIZES = 3,
	INDEX_KINDS = INDEX_BELOW + 1,
};

static const size_t gram_sizes[GRAM_SIZES] = { 8, 4, 2 };

/* Which keys of a field an alert has to look up at all. */
struct wanted {
	bool exact, ranks;
	bool grams[GRAM_SIZES];
	uint64_t prefixes, suffixes;	/* bit n: some are n + 1 bytes long */
};

struct list {
	uint32_t start, count;		/* in index.numbers */
};

struct index {
	struct wanted wanted[ALERT_FIELDS];
	struct hashes hashes;		/* of keys, to numbers of lists */
	uint64_t *filter;		/* a bit for each key's hash: answers
					   most questions from the cache */
	uint64_t filter_mask;
	struct list *lists;		/* the last: rules without a key */
	uint32_t list_count;
	uint32_t *numbers;		/* of rules, ascending in each list */
};

/* ---- keys ---- */

static uint64_t
key_start(enum alert_field field, enum index_kind kind)
{
	return hashes_byte(hashes_byte(HASHES_START, (unsigned char)field),
			   (unsigned char)kind);
}

static uint64_t
key_hash(enum alert_field field, enum index_kind kind, const char *bytes,
	 size_t length)
{
	return hashes_mix(hashes_bytes(key_start(field, kind), bytes, length));
}

/* Suffixes are hashed from their end, so that one pass over a text gives the
 * hashes of all its suffixes. */
static uint64_t
suffix_hash(enum alert_field field, const char *end, size_t length)
{
	uint64_t hash = key_start(field, INDEX_SUFFIX);

	while (length--)
		hash = hashes_byte(hash, (unsigned char)*--end);
	return hashes_mix(hash);
}

static uint64_t
gram_hash(uint64_t start, const char *bytes, size_t size)
{
	uint64_t gram = 0;

	memcpy(&gram, bytes, size);
	return hashes_mix((gram ^ start) * UINT64_C(0xff51afd7ed558ccd));
}

static uint64_t
gram_start(enum alert_field field, size_t size)
{
	return hashes_byte(key_start(field, INDEX_PIECE), (unsigned char)size);
}

/* ---- building ---- */

struct entry {
	uint64_t hash;
	uint32_t rule;
};

struct builder {
	struct index *index;
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
	size_t best_length;
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

static void
consider_grams(struct cond_keys *keys, const char *bytes, size_t length)
{
	uint64_t start;
	size_t i, at;

	for (i = 0; i < GRAM_SIZES && gram_sizes[i] > length; i++)
		;
	if (i == GRAM_SIZES)
		return;			/* too short to be told apart */
	start = gram_start(keys->field, gram_sizes[i]);
	for (at = 0; at + gram_sizes[i] <= length; at++)
		consider(keys, INDEX_PIECE,
			 gram_hash(start, bytes + at, gram_sizes[i]), i);
}

void
index_key(struct cond_keys *keys, enum index_kind kind, const char *bytes,
	  size_t length)
{
	size_t cut = length < KEY_MOST ? length : KEY_MOST;

	if (!length)
		return;
	if (kind == INDEX_PIECE)
		consider_grams(keys, bytes, cut);
	else if (kind == INDEX_SUFFIX)
		consider(keys, kind, suffix_hash(keys->field, bytes + length,
						 cut), cut);
	else if (kind == INDEX_PREFIX)
		consider(keys, kind, key_hash(keys->field, kind, bytes, cut),
			 cut);
	else
		consider(keys, kind, key_hash(keys->field, kind, bytes,
					      length), length);
}

static struct cond_keys
keys_of(struct builder *builder, const struct cond_test *test, uint32_t i,
	bool counting)
{
	struct cond_keys keys = {
		.builder = builder,
		.field = (enum alert_field)test->field,
		.counting = counting,
		.best = UINT64_MAX,
	};

	if (test->word->keys && !test->negated)
		test->word->keys(test, &test->operands[i], &keys);
	return keys;
}

static void
count_keys(struct builder *builder, const struct cond *cond)
{
	uint32_t i;

	if (cond->kind == CONF_TEST)
		for (i = 0; i < cond->test->count; i++)
			(void)keys_of(builder, cond->test, i, true);
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
	    (cond->kind == CONF_TEST && !cond->test->count))
		return UINT64_MAX;
	if (cond->kind == CONF_TEST) {
		for (i = 0; i < cond->test->count; i++)
			weight = add_weights(weight, keys_of(builder,
					     cond->test, i, false).best);
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

static void
want(struct wanted *wanted, const struct cond_keys *keys)
{
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
		for (i = 0; i < cond->test->count; i++) {
			struct cond_keys keys = keys_of(builder, cond->test,
							i, false);
			struct entry entry = { keys.best_hash, rule };

			want(&builder->index->wanted[keys.field], &keys);
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
	uint64_t bit = hash >> 20 & index->filter_mask;

	index->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool
filter_has(const struct index *index, uint64_t hash)
{
	uint64_t bit = hash >> 20 & index->filter_mask;

	return index->filter[bit / 64] >> bit % 64 & 1;
}

static void
list_push(struct index *index, uint32_t number, uint32_t rule)
{
	struct list *list = &index->lists[number];
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

/* ---- asking ---- */

struct index_cursor {
	const uint32_t *at, *end;
};

struct finder {
	const struct index *index;
	struct arena *arena;
	VEC(uint32_t) lists;
};

static void
find(struct finder *finder, uint64_t hash)
{
	uint32_t number;

	if (!filter_has(finder->index, hash))
		return;
	number = hashes_find(&finder->index->hashes, hash);
	if (number != HASHES_NONE)
		vec_push(finder->arena, &finder->lists, number);
}

static void
find_prefixes(struct finder *finder, enum alert_field field, uint64_t lengths,
	      const char *text)
{
	uint64_t hash = key_start(field, INDEX_PREFIX);

	for (; *text && lengths; text++, lengths >>= 1) {
		hash = hashes_byte(hash, (unsigned char)*text);
		if (lengths & 1)
			find(finder, hashes_mix(hash));
	}
}

static void
find_suffixes(struct finder *finder, enum alert_field field, uint64_t lengths,
	      const char *text, size_t length)
{
	uint64_t hash = key_start(field, INDEX_SUFFIX);

	for (; length && lengths; length--, lengths >>= 1) {
		hash = hashes_byte(hash, (unsigned char)text[length - 1]);
		if (lengths & 1)
			find(finder, hashes_mix(hash));
	}
}

static void
find_grams(struct finder *finder, enum alert_field field, size_t size,
	   const char *text, size_t length)
{
	uint64_t start = gram_start(field, size);
	size_t at;

	for (at = 0; at + size <= length; at++)
		find(finder, gram_hash(start, text + at, size));
}

static void
find_text(struct finder *finder, enum alert_field field, const char *text,
	  size_t length)
{
	const struct wanted *wanted = &finder->index->wanted[field];

	if (wanted->exact)
		find(finder, key_hash(field, INDEX_EXACT, text, length));
	find_prefixes(finder, field, wanted->prefixes, text);
	find_suffixes(finder, field, wanted->suffixes, text, length);
}

/* The keys of all the tests with `at least` and `below` that hold. */
static void
find_ranks(struct finder *finder, enum alert_field field,
	   const struct fact *fact)
{
	char rank;

	for (rank = 0; rank < ORDER_RANKS; rank++) {
		if (order_at_least(field, fact, rank) == ANSWER_YES)
			find(finder, key_hash(field, INDEX_AT_LEAST, &rank, 1));
		if (order_below(field, fact, rank) == ANSWER_YES)
			find(finder, key_hash(field, INDEX_BELOW, &rank, 1));
	}
}

static void
find_fact(struct finder *finder, enum alert_field field,
	  const struct fact *fact)
{
	const struct wanted *wanted = &finder->index->wanted[field];
	size_t i;

	find_text(finder, field, fact->folded, fact->folded_length);
	if (fact->label)
		find_text(finder, field, fact->label, fact->label_length);
	for (i = 0; i < GRAM_SIZES; i++)
		if (wanted->grams[i])
			find_grams(finder, field, gram_sizes[i], fact->folded,
				   fact->folded_length);
}

static bool
wants(const struct wanted *wanted)
{
	return wanted->exact || wanted->ranks || wanted->prefixes ||
	       wanted->suffixes || wanted->grams[0] || wanted->grams[1] ||
	       wanted->grams[2];
}

static void
find_field(struct finder *finder, enum alert_field field, struct facts *facts)
{
	const struct wanted *wanted = &finder->index->wanted[field];
	const struct fact *values;
	size_t count, i;

	if (!wants(wanted))
		return;
	values = facts_of(facts, field, &count);
	if (wanted->ranks)
		find_ranks(finder, field, count ? values : NULL);
	for (i = 0; i < count; i++)
		find_fact(finder, field, &values[i]);
}

/* ---- merging the lists found ---- */

static void
sift_down(struct index_cursor *heap, size_t count, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		struct index_cursor moved = heap[at];

		if (child + 1 < count &&
		    *heap[child + 1].at < *heap[child].at)
			child++;
		if (child >= count || *moved.at <= *heap[child].at)
			return;
		heap[at] = heap[child];
		heap[child] = moved;
		at = child;
	}
}

static int
by_number(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* A repetitive text finds the same list at every byte, so equal ones are left
 * out. */
static void
heap_create(struct index_walk *walk, struct finder *finder)
{
	const struct index *index = finder->index;
	uint32_t *lists = finder->lists.items;
	size_t count = finder->lists.count, i;

	qsort(lists, count, sizeof(*lists), by_number);
	walk->heap = arena_array(finder->arena, count, sizeof(*walk->heap));
	for (i = 0; i < count; i++) {
		const struct list *list = &index->lists[lists[i]];
		const uint32_t *at = index->numbers + list->start;

		if (list->count && (!i || lists[i] != lists[i - 1]))
			walk->heap[walk->count++] = (struct index_cursor){
				at, at + list->count
			};
	}
	for (i = walk->count / 2; i-- > 0; )
		sift_down(walk->heap, walk->count, i);
}

void
index_walk(struct index_walk *walk, const struct index *index,
	   size_t rule_count, struct facts *facts)
{
	struct finder finder = { .index = index, .arena = facts->arena };
	int field;

	memset(walk, 0, sizeof(*walk));
	if (!index) {
		walk->end = (uint32_t)rule_count;
		return;
	}
	for (field = 0; field < ALERT_FIELDS; field++)
		find_field(&finder, (enum alert_field)field, facts);
	vec_push(finder.arena, &finder.lists, index->list_count - 1);
	heap_create(walk, &finder);
}

bool
index_next(struct index_walk *walk, uint32_t *rule_out)
{
	if (walk->next < walk->end) {
		*rule_out = walk->next++;
		return true;
	}
	while (walk->count) {
		struct index_cursor *first = walk->heap;
		uint32_t rule = *first->at++;

		if (first->at == first->end)
			*first = walk->heap[--walk->count];
		sift_down(walk->heap, walk->count, 0);
		if (rule < walk->next)
			continue;	/* found by another key, too */
		walk->next = rule + 1;
		*rule_out = rule;
		return true;
	}
	return false;
}
