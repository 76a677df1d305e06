/* present: the field is known. The one test that is never unknown. */
#include "match/cond.h"

static enum answer
present_fits(const struct cond *test, const struct facts *facts,
	     const struct fact *fact)
{
	(void)test;
	(void)facts;
	(void)fact;
	return ANSWER_YES;
}

static enum answer
present_missing(const struct cond *test)
{
	(void)test;
	return ANSWER_NO;
}

const struct cond_word cond_present = {
	.types = 1 << ALERT_TEXT | 1 << ALERT_HOST | 1 << ALERT_ORDERED |
		 1 << ALERT_TIME,
	.quantity_free = true,
	.fits = present_fits,
	.missing = present_missing,
};
