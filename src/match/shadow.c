/*
 * A condition is seen as a list of terms that must all be true. An earlier
 * rule covers a later one when each of its terms is implied by a term of the
 * later.
 *
 * Comparing all pairs of a hundred thousand rules would take hours, so earlier
 * rules are found by the hash of their first term, and only those are
 * compared. The first rule with a term stands for all with the same one, which
 * may miss a shadow, but never invents one.
 */
#include "match/shadow.h"

#include "match/hashes.h"
#include "match/order.h"

/* The terms of a condition: of `and` its items, else the condition itself. */
struct terms {
	const struct cond *items;
	uint32_t count;
};

static struct terms
terms_of(const struct cond *cond)
{
	if (cond->kind == CONF_AND)
		return (struct terms){ cond->items, cond->count };
	return (struct terms){ cond, 1 };
}

/* ---- implication ---- */

static bool
same_operand(const struct cond *a, const struct cond *b, uint32_t i,
	     uint32_t j)
{
	if (a->word == &cond_matches)
		return !strcmp(a->source->values.items[i].text,
			       b->source->values.items[j].text);
	if (a->word == &cond_during)
		return cond_operand(a, i)->window == cond_operand(b, j)->window;
	if (a->word == &cond_at_least || a->word == &cond_below)
		return cond_operand(a, i)->rank == cond_operand(b, j)->rank;
	return !strcmp(cond_operand(a, i)->text, cond_operand(b, j)->text);
}

/* Is every operand of `a` one of `b`? */
static bool
operands_within(const struct cond *a, const struct cond *b)
{
	uint32_t i, j;

	for (i = 0; i < a->count; i++) {
		for (j = 0; j < b->count; j++)
			if (same_operand(a, b, i, j))
				break;
		if (j == b->count)
			return false;
	}
	return true;
}

/* Whenever `a` is certainly true, is `b`? */
static bool
test_implies(const struct cond *a, const struct cond *b)
{
	if (a->word != b->word || a->field != b->field ||
	    a->negated != b->negated)
		return false;
	if (a->word == &cond_present)
		return true;
	if (a->every != b->every && alert_fields[a->field].several)
		return false;
	if (a->word == &cond_at_least)
		return cond_operand(a, 0)->rank >= cond_operand(b, 0)->rank;
	if (a->word == &cond_below)
		return cond_operand(a, 0)->rank <= cond_operand(b, 0)->rank;
	/* "not one of these" is more for a shorter list */
	return a->negated ? operands_within(b, a) : operands_within(a, b);
}

/* Conditions that are not single tests have to be equal, item by item. */
static bool
same(const struct cond *a, const struct cond *b)
{
	uint32_t i;

	if (a->kind != b->kind)
		return false;
	if (a->kind == CONF_TEST)
		return test_implies(a, b) && test_implies(b, a);
	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!same(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool
term_implies(const struct cond *a, const struct cond *b)
{
	if (a->kind == CONF_TEST && b->kind == CONF_TEST)
		return test_implies(a, b);
	return same(a, b);
}

static bool
covers(const struct rule *earlier, const struct rule *later)
{
	struct terms wanted = terms_of(earlier->when);
	struct terms given = terms_of(later->when);
	uint32_t i, j;

	for (i = 0; i < wanted.count; i++) {
		for (j = 0; j < given.count; j++)
			if (term_implies(&given.items[j], &wanted.items[i]))
				break;
		if (j == given.count)
			return false;
	}
	return true;
}

/* ---- finding candidates ---- */

static uint64_t
test_hash(const struct cond *test, uint32_t operand, int rank)
{
	const char *op = test->negated ? "!" : "=";
	uint64_t hash = hashes_bytes(HASHES_START, &test->field, 1);

	hash = hashes_bytes(hash, &test->word, sizeof(test->word));
	hash = hashes_bytes(hash, op, 1);
	if (test->word == &cond_at_least || test->word == &cond_below)
		hash = hashes_bytes(hash, &rank, sizeof(rank));
	else if (test->word != &cond_present && !test->negated)
		hash = hashes_bytes(hash, test->source->values.items[operand]
				    .text, strlen(test->source->values
						  .items[operand].text));
	return hashes_mix(hash);
}

/* Equal for equal conditions; what is inside does not matter more. */
static uint64_t
other_hash(const struct cond *cond)
{
	while (cond->kind != CONF_TEST)
		cond = cond->items;
	return ~test_hash(cond, 0, 0);
}

struct finder {
	const struct rule *rules;
	struct hashes first_terms;
	uint32_t total;			/* a rule without a condition */
};

/* File an earlier rule under each operand of its first term, because a later
 * rule may name only one of them. */
static void
finder_add(struct finder *finder, uint32_t number)
{
	const struct cond *term = terms_of(finder->rules[number].when).items;
	uint32_t i = 0;

	if (term->kind != CONF_TEST) {
		(void)hashes_add(&finder->first_terms, other_hash(term),
				 number);
		return;
	}
	do {
		int rank = term->count ? cond_operand(term, 0)->rank : 0;

		(void)hashes_add(&finder->first_terms,
				 test_hash(term, i, rank), number);
	} while (++i < term->count);
}

static uint32_t
try_hash(const struct finder *finder, const struct rule *later, uint64_t hash)
{
	uint32_t found = hashes_find(&finder->first_terms, hash);

	if (found != HASHES_NONE && covers(&finder->rules[found], later))
		return found;
	return HASHES_NONE;
}

/* Ranks are tried all, because a weaker one covers, too. */
static uint32_t
finder_try(const struct finder *finder, const struct rule *later,
	   const struct cond *term)
{
	uint32_t found = HASHES_NONE;
	int rank;

	if (term->kind != CONF_TEST)
		return try_hash(finder, later, other_hash(term));
	for (rank = 0; rank < ORDER_RANKS && found == HASHES_NONE; rank++) {
		found = try_hash(finder, later,
				 test_hash(term, 0, rank));
		if (term->word != &cond_at_least && term->word != &cond_below)
			break;
	}
	return found;
}

static uint32_t
finder_find(const struct finder *finder, const struct rule *later)
{
	uint32_t found = finder->total, i;
	struct terms terms;

	if (!later->when)
		return found;
	terms = terms_of(later->when);
	for (i = 0; i < terms.count && found == HASHES_NONE; i++)
		found = finder_try(finder, later, &terms.items[i]);
	return found;
}

/* ---- telling ---- */

static void
warn(const struct finder *finder, uint32_t by, const struct rule *rule,
     struct diag *diag)
{
	const struct rule *earlier = &finder->rules[by];
	struct diag_place place = conf_word(rule->node, 0).place;

	if (!earlier->when)
		diag_warning(diag, place, NULL, "rule '%s' is never reached: "
			     "rule '%s' in line %u takes every alert",
			     rule->name, earlier->name, earlier->line);
	else
		diag_warning(diag, place, "move it up or remove it",
			     "rule '%s' never decides: rule '%s' in line %u "
			     "takes all it could match", rule->name,
			     earlier->name, earlier->line);
}

static bool
decides_for_good(const struct rule *rule)
{
	return !rule->also && (!rule->drop || !rule->drop->until);
}

static size_t
hashes_needed(const struct rule *rules, size_t rule_count)
{
	size_t needed = rule_count, i;

	for (i = 0; i < rule_count; i++) {
		const struct cond *term = rules[i].when ?
			terms_of(rules[i].when).items : NULL;

		if (term && term->kind == CONF_TEST && term->count)
			needed += term->count - 1;
	}
	return needed;
}

void
shadow_check(const struct rule *rules, size_t rule_count,
	     const struct conf_node *otherwise, struct arena *scratch,
	     struct diag *diag)
{
	struct finder finder = { .rules = rules, .total = HASHES_NONE };
	uint32_t i, by;

	hashes_init(&finder.first_terms, scratch,
		    hashes_needed(rules, rule_count));
	for (i = 0; i < rule_count; i++) {
		by = finder_find(&finder, &rules[i]);
		if (by != HASHES_NONE)
			warn(&finder, by, &rules[i], diag);
		else if (decides_for_good(&rules[i]) && rules[i].when)
			finder_add(&finder, i);
		else if (decides_for_good(&rules[i]))
			finder.total = i;
	}
	if (otherwise && finder.total != HASHES_NONE)
		diag_warning(diag, otherwise->place, NULL, "'otherwise' is "
			     "never reached: rule '%s' in line %u takes every "
			     "alert", rules[finder.total].name,
			     rules[finder.total].line);
}
