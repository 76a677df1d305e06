/*
 * at least, below: fields that have an order, see order.h.
 */
#include "match/cond.h"

#include "match/index.h"
#include "match/order.h"

static bool
order_load(struct cond_load *load, const struct cond *test,
	   struct conf_word value, union cond_operand *out)
{
	out->rank = order_rank(value.text);
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
