/*
 * A condition is seen as a list of terms that must all be true. An earlier
 * rule covers a later one when each of its terms is implied by terms of the
 * later: by one of them, or, where it asks about the rank of a severity and
 * nothing else, by all that do (worlds.h).
 *
 * A rule that drops is less sure than one that tells: what rests on something
 * unknown does not count for it, and it is overruled when a rule above it might
 * have told of the alert. So it covers fewer rules that tell.
 *
 * Comparing all pairs of a hundred thousand rules would take hours, so earlier
 * rules are found by the hash of their first term that is not about a rank, and
 * only those are compared; rules about nothing else are kept by the set of
 * ranks that they take. The first rule with a term, or a set, stands for all
 * with the same one, which may miss a shadow, but never invents one.
 */
#include "match/shadow.h"

#include "match/hashes.h"
#include "match/order.h"

enum {
	/* Rules about ranks only, that differ. */
	RANKED_MOST = 64,
};

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

/* Two rules, of which the first may cover the second. */
struct pair {
	const struct worlds *worlds;
	const struct rule *earlier, *later;
	bool hides_more;	/* the first drops, the second does not */
};

/* Does the answer depend on whether the rule drops? See struct facts. */
static bool
depends_on_hiding(const struct cond *test)
{
	return test->field != ALERT_FIELDS && !test->word->quantity_free &&
	       !alert_fields[test->field].several;
}

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

/* Whenever `a` is certainly true, is `b`? One of the two is of the earlier
 * rule. */
static bool
test_implies(const struct pair *pair, const struct cond *a,
	     const struct cond *b)
{
	if (pair->hides_more && depends_on_hiding(a))
		return false;
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
same(const struct pair *pair, const struct cond *a, const struct cond *b)
{
	uint32_t i;

	if (a->kind != b->kind)
		return false;
	if (a->kind == CONF_TEST)
		return test_implies(pair, a, b) && test_implies(pair, b, a);
	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!same(pair, &a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool
term_implies(const struct pair *pair, const struct cond *a,
	     const struct cond *b)
{
	if (a->kind == CONF_TEST && b->kind == CONF_TEST)
		return test_implies(pair, a, b);
	return same(pair, a, b);
}

/* Where all terms about the rank of that field are true; false: there is none,
 * or they contradict each other, and what is never true covers nobody. */
static bool
ranks_of(const struct worlds *worlds, const struct rule *rule,
	 enum alert_field field, worlds_set *set_out)
{
	struct terms terms = terms_of(rule->when);
	bool has_one = false;
	uint32_t i;

	*set_out = ~(worlds_set)0;
	for (i = 0; i < terms.count; i++) {
		if (worlds_field(&terms.items[i]) != field)
			continue;
		*set_out &= worlds_of(worlds, &terms.items[i], rule->drop);
		has_one = true;
	}
	return has_one && *set_out;
}

static bool
ranks_imply(const struct pair *pair, const struct cond *wanted)
{
	enum alert_field field = worlds_field(wanted);
	worlds_set given;

	return field != ALERT_FIELDS &&
	       ranks_of(pair->worlds, pair->later, field, &given) &&
	       !(given & ~worlds_of(pair->worlds, wanted,
				    pair->earlier->drop));
}

static bool
is_implied(const struct pair *pair, const struct cond *wanted)
{
	struct terms given = terms_of(pair->later->when);
	uint32_t i;

	if (worlds_field(wanted) != ALERT_FIELDS)
		return ranks_imply(pair, wanted);
	for (i = 0; i < given.count; i++)
		if (term_implies(pair, &given.items[i], wanted))
			return true;
	return false;
}

static bool
covers(const struct worlds *worlds, const struct rule *earlier,
       const struct rule *later)
{
	const struct pair pair = {
		worlds, earlier, later, earlier->drop && !later->drop
	};
	struct terms wanted = terms_of(earlier->when);
	uint32_t i;

	for (i = 0; i < wanted.count; i++)
		if (!is_implied(&pair, &wanted.items[i]))
			return false;
	return true;
}

/* ---- finding candidates ---- */

static uint64_t
test_hash(const struct cond *test, uint32_t operand)
{
	const char *op = test->negated ? "!" : "=";
	uint64_t hash = hashes_bytes(HASHES_START, &test->field, 1);

	hash = hashes_bytes(hash, &test->word, sizeof(test->word));
	hash = hashes_bytes(hash, op, 1);
	if (test->word != &cond_present && !test->negated)
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
	return ~test_hash(cond, 0);
}

/* A rule about ranks only. */
struct ranked {
	enum alert_field field;	/* ALERT_FIELDS: about several */
	worlds_set set;
	uint32_t number;
};

struct finder {
	const struct rule *rules;
	const struct worlds *worlds;
	struct hashes first_terms;
	struct ranked ranked[RANKED_MOST];
	size_t ranked_count;
	uint32_t total;			/* a rule without a condition */
	uint32_t sure_until;		/* rules that drop are overruled by none
					   before that number */
};

/* The first term that is not about a rank, or NULL. */
static const struct cond *
key_term(const struct rule *rule)
{
	struct terms terms = terms_of(rule->when);
	uint32_t i = 0;

	while (i < terms.count &&
	       worlds_field(&terms.items[i]) != ALERT_FIELDS)
		i++;
	return i < terms.count ? &terms.items[i] : NULL;
}

static struct ranked
ranked_of(const struct finder *finder, uint32_t number)
{
	const struct rule *rule = &finder->rules[number];
	struct ranked ranked = {
		.field = worlds_field(rule->when), .number = number,
	};
	struct terms terms = terms_of(rule->when);
	uint32_t i;

	/* `and` about one field is one term as well. */
	for (i = 0; i < terms.count; i++)
		if (worlds_field(&terms.items[i]) != ranked.field)
			ranked.field = ALERT_FIELDS;
	if (ranked.field != ALERT_FIELDS)
		(void)ranks_of(finder->worlds, rule, ranked.field,
			       &ranked.set);
	return ranked;
}

static void
add_ranked(struct finder *finder, uint32_t number)
{
	const struct ranked new = ranked_of(finder, number);
	size_t i;

	for (i = 0; i < finder->ranked_count; i++) {
		const struct ranked *old = &finder->ranked[i];

		if (new.field != ALERT_FIELDS && old->field == new.field &&
		    old->set == new.set && !finder->rules[old->number].drop ==
					   !finder->rules[number].drop)
			return;
	}
	if (finder->ranked_count < RANKED_MOST)
		finder->ranked[finder->ranked_count++] = new;
}

/* File an earlier rule under each operand of a term of it, because a later rule
 * may name only one of them. */
static void
finder_add(struct finder *finder, uint32_t number)
{
	const struct cond *term = key_term(&finder->rules[number]);
	uint32_t i = 0;

	if (!term) {
		add_ranked(finder, number);
		return;
	}
	if (term->kind != CONF_TEST) {
		(void)hashes_add(&finder->first_terms, other_hash(term),
				 number);
		return;
	}
	do
		(void)hashes_add(&finder->first_terms, test_hash(term, i),
				 number);
	while (++i < term->count);
}

/* Does what the earlier rule takes never come to the later one? */
static bool
takes(const struct finder *finder, uint32_t earlier, const struct rule *later)
{
	const struct rule *rule = &finder->rules[earlier];

	/* What is overruled once is for every rule that drops below it. */
	if (rule->drop && !later->drop && earlier > finder->sure_until)
		return false;
	return !rule->when || covers(finder->worlds, rule, later);
}

static uint32_t
try_hash(const struct finder *finder, const struct rule *later, uint64_t hash)
{
	uint32_t found = hashes_find(&finder->first_terms, hash);

	if (found != HASHES_NONE && takes(finder, found, later))
		return found;
	return HASHES_NONE;
}

static uint32_t
try_term(const struct finder *finder, const struct rule *later,
	 const struct cond *term)
{
	if (worlds_field(term) != ALERT_FIELDS)
		return HASHES_NONE;
	return try_hash(finder, later, term->kind == CONF_TEST ?
			test_hash(term, 0) : other_hash(term));
}

/* What the later rule takes of each order is found once, for all. */
static uint32_t
try_ranked(const struct finder *finder, const struct rule *later)
{
	worlds_set given[ALERT_FIELDS];
	bool is_given[ALERT_FIELDS] = { false }, is_asked[ALERT_FIELDS] = {
		false };
	size_t i;

	for (i = 0; i < finder->ranked_count; i++) {
		const struct ranked *ranked = &finder->ranked[i];
		enum alert_field field = ranked->field;

		if (field != ALERT_FIELDS && !is_asked[field]) {
			is_asked[field] = true;
			is_given[field] = ranks_of(finder->worlds, later,
						   field, &given[field]);
		}
		if (field != ALERT_FIELDS &&
		    (!is_given[field] || given[field] & ~ranked->set))
			continue;
		if (takes(finder, ranked->number, later))
			return ranked->number;
	}
	return HASHES_NONE;
}

static uint32_t
finder_find(const struct finder *finder, const struct rule *later)
{
	uint32_t found, i;
	struct terms terms;

	if (finder->total != HASHES_NONE &&
	    takes(finder, finder->total, later))
		return finder->total;
	if (!later->when)
		return HASHES_NONE;
	found = try_ranked(finder, later);
	terms = terms_of(later->when);
	for (i = 0; i < terms.count && found == HASHES_NONE; i++)
		found = try_term(finder, later, &terms.items[i]);
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
			key_term(&rules[i]) : NULL;

		if (term && term->kind == CONF_TEST && term->count)
			needed += term->count - 1;
	}
	return needed;
}

/* Could it have told of what a rule that drops takes, had all been read? */
static bool
may_overrule(const struct rule *rule)
{
	return !rule->drop && rule->when;
}

static void
check_rule(struct finder *finder, uint32_t number, struct diag *diag)
{
	const struct rule *rule = &finder->rules[number];
	uint32_t by = finder_find(finder, rule);

	if (by != HASHES_NONE)
		warn(finder, by, rule, diag);
	else if (decides_for_good(rule) && rule->when)
		finder_add(finder, number);
	else if (decides_for_good(rule) && finder->total == HASHES_NONE)
		finder->total = number;
	if (finder->sure_until == HASHES_NONE && may_overrule(rule))
		finder->sure_until = number;
}

void
shadow_check(const struct rule *rules, size_t rule_count,
	     const struct conf_node *otherwise, const struct worlds *worlds,
	     struct arena *scratch, struct diag *diag)
{
	struct finder finder = {
		.rules = rules, .worlds = worlds, .total = HASHES_NONE,
		.sure_until = HASHES_NONE,
	};
	const struct rule *total;
	uint32_t i;

	hashes_init(&finder.first_terms, scratch,
		    hashes_needed(rules, rule_count));
	for (i = 0; i < rule_count; i++)
		check_rule(&finder, i, diag);
	if (!otherwise || finder.total == HASHES_NONE)
		return;
	total = &rules[finder.total];
	if (total->drop && finder.total > finder.sure_until)
		return;
	diag_warning(diag, otherwise->place, NULL, "'otherwise' is never "
		     "reached: rule '%s' in line %u takes every alert",
		     total->name, total->line);
}
