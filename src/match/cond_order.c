/*
 * at least, below: fields that have an order.
 *
 * A severity that is missing or a word of tomorrow is at least anything and
 * below nothing, so that it never suppresses an alert. Of any other field the
 * answer is unknown then.
 */
#include "match/cond_order.h"

#include "match/index.h"

enum { RANK_UNKNOWN = -1 };

static int
rank_parse(const char *text)
{
	enum severity severity = severity_parse(text);

	if (severity != SEVERITY_UNKNOWN)
		return (int)severity;
	return strcasecmp(text, "none") ? RANK_UNKNOWN : 0;
}

static enum answer
order_answer(enum alert_field field, const struct fact *fact, int rank,
	     bool below)
{
	int has = fact ? rank_parse(fact->folded) : RANK_UNKNOWN;

	if (has == RANK_UNKNOWN && field != ALERT_SEVERITY)
		return ANSWER_UNKNOWN;
	if (has == RANK_UNKNOWN)
		return below ? ANSWER_NO : ANSWER_YES;
	return (has < rank) == below ? ANSWER_YES : ANSWER_NO;
}

enum answer
order_at_least(enum alert_field field, const struct fact *fact, int rank)
{
	return order_answer(field, fact, rank, false);
}

enum answer
order_below(enum alert_field field, const struct fact *fact, int rank)
{
	return order_answer(field, fact, rank, true);
}

static bool
order_load(struct cond_load *load, const struct cond *test,
	   struct conf_word value, union cond_operand *out)
{
	out->rank = rank_parse(value.text);
	return cond_check_value(load, (enum alert_field)test->field, value);
}

static enum answer
at_least_fits(const struct cond *test, const struct facts *facts,
	      const struct fact *fact)
{
	(void)facts;
	return order_at_least((enum alert_field)test->field, fact,
			      cond_operand(test, 0)->rank);
}

static enum answer
at_least_missing(const struct cond *test)
{
	return at_least_fits(test, NULL, NULL);
}

static enum answer
below_fits(const struct cond *test, const struct facts *facts,
	   const struct fact *fact)
{
	(void)facts;
	return order_below((enum alert_field)test->field, fact,
			   cond_operand(test, 0)->rank);
}

static enum answer
below_missing(const struct cond *test)
{
	return below_fits(test, NULL, NULL);
}

/* The alert has the keys of all the tests that hold for it. */
static void
order_keys(const struct cond *test, const union cond_operand *operand,
	   struct cond_keys *keys)
{
	char rank = (char)operand->rank;

	index_key(keys, test->word == &cond_below ? INDEX_BELOW :
		  INDEX_AT_LEAST, &rank, 1);
}

const struct cond_word cond_at_least = {
	.types = 1 << ALERT_ORDERED,
	.one_value = true,
	.load = order_load,
	.fits = at_least_fits,
	.missing = at_least_missing,
	.keys = order_keys,
};

const struct cond_word cond_below = {
	.types = 1 << ALERT_ORDERED,
	.one_value = true,
	.load = order_load,
	.fits = below_fits,
	.missing = below_missing,
	.keys = order_keys,
};
