/*
 * The index: which of many rules can match an alert at all.
 *
 * A condition that says `device is "x"` among other things is never true for
 * an alert without device x. From every rule one such key is taken, the rarest
 * in its customer, and the rule is filed under it; an alert looks up the keys
 * it has, and only the rules found there are tried, in their order. A rule
 * without a key is always tried. So the verdict is the same as without an
 * index, and the time does not grow with the number of rules that name other
 * devices, titles or severities.
 *
 * Only hashes of keys are kept: two keys with one hash cost a try in vain, not
 * a wrong verdict.
 */
#ifndef MATCH_INDEX_H
#define MATCH_INDEX_H

#include "match/facts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index;
struct rule;
struct cond_keys;

/* A key of a field's value as it is folded, or of a device's first label. */
enum index_kind {
	INDEX_EXACT,		/* the whole value */
	INDEX_PREFIX,
	INDEX_SUFFIX,
	INDEX_PIECE,		/* anywhere in it */
	INDEX_AT_LEAST,		/* one byte: the rank, see order.h */
	INDEX_BELOW,
};

/* This key must be in the alert if the operand is to fit, says the word of a
 * condition. Each call tells another, of which the rarest is used. */
void index_key(struct cond_keys *keys, enum index_kind kind,
	       const char *bytes, size_t length);

/* Borrows the rules. */
struct index *index_create(struct arena *arena, const struct rule *rules,
			   size_t rule_count);

/* The rules that have to be tried for an alert, in order. */
struct index_walk {
	struct index_cursor *heap;	/* smallest next rule first */
	size_t count;
	uint32_t next;			/* never go back before this one */
	uint32_t end;			/* without an index: all up to here */
};

/* `index` NULL: every one of `rule_count` rules. Memory comes from `facts`. */
void index_walk(struct index_walk *walk, const struct index *index,
		size_t rule_count, struct facts *facts);

/* The number of the next rule to try; false at the end. */
bool index_next(struct index_walk *walk, uint32_t *rule_out);

#endif
