/*
 * Asking: every key the alert has is looked up, and the lists of rules found
 * are merged in order, as far as they are needed.
 */
#include "match/index.h"

#include "match/index_private.h"
#include "match/order.h"

struct index_cursor {
	const uint32_t *at, *end;
};

struct finder {
	const struct index *index;
	struct arena *arena;
	VEC(uint32_t) lists;
};

static bool
filter_has(const struct index *index, uint64_t hash)
{
	uint64_t bit = index_filter_bit(index, hash);

	return index->filter[bit / 64] >> bit % 64 & 1;
}

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
	uint64_t hash = index_key_start(field, INDEX_PREFIX);

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
	uint64_t hash = index_key_start(field, INDEX_SUFFIX);

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
	uint64_t start = index_gram_start(field, size);
	size_t at;

	for (at = 0; at + size <= length; at++)
		find(finder, index_gram_hash(start, text + at, size));
}

static void
find_text(struct finder *finder, const struct index_wanted *wanted,
	  const char *text, size_t length)
{
	enum alert_field field = wanted->field;

	if (wanted->exact)
		find(finder, index_key_hash(field, INDEX_EXACT, text, length));
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
			find(finder, index_key_hash(field, INDEX_AT_LEAST,
						    &rank, 1));
		if (order_below(field, fact, rank) == ANSWER_YES)
			find(finder, index_key_hash(field, INDEX_BELOW,
						    &rank, 1));
	}
}

static void
find_fact(struct finder *finder, const struct index_wanted *wanted,
	  const struct fact *fact)
{
	size_t i;

	find_text(finder, wanted, fact->folded, fact->folded_length);
	if (fact->label)
		find_text(finder, wanted, fact->label, fact->label_length);
	for (i = 0; i < INDEX_GRAM_SIZES; i++)
		if (wanted->grams[i])
			find_grams(finder, wanted->field, index_gram_sizes[i],
				   fact->folded, fact->folded_length);
}

static void
find_field(struct finder *finder, const struct index_wanted *wanted,
	   struct facts *facts)
{
	const struct fact *values;
	size_t count, i;

	values = facts_of(facts, wanted->field, &count);
	if (wanted->ranks)
		find_ranks(finder, wanted->field,
			   count && !values->unsure ? values : NULL);
	for (i = 0; i < count; i++)
		find_fact(finder, wanted, &values[i]);
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
		const struct index_list *list = &index->lists[lists[i]];
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
	size_t i;

	memset(walk, 0, sizeof(*walk));
	if (!index) {
		walk->end = (uint32_t)rule_count;
		return;
	}
	for (i = 0; i < index->wanted.count; i++)
		find_field(&finder, &index->wanted.items[i], facts);
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
