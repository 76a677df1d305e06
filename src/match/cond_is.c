/* is, is not, in, not in: the whole text, without case. A device is also known
 * by its first label. */
#include "match/cond.h"

#include "base/text.h"
#include "match/index.h"

static bool
is_load(struct cond_load *load, const struct cond *test,
	struct conf_word value, union cond_operand *out)
{
	if (strchr(value.text, '*'))
		diag_warning(load->diag, value.place, "write like for a "
			     "pattern, matches for the character",
			     "the '*' in '%s' stands for nothing but itself",
			     value.text);
	out->text = cond_fold(load, value);
	return out->text &&
	       cond_check_value(load, (enum alert_field)test->field, value);
}

static enum answer
is_fits(const struct cond *test, const struct facts *facts,
	const struct fact *fact)
{
	uint32_t i;

	(void)facts;
	for (i = 0; i < test->count; i++) {
		const char *wanted = cond_operand(test, i)->text;

		if (!strcmp(wanted, fact->folded) ||
		    (fact->label && !strcmp(wanted, fact->label)))
			return ANSWER_YES;
	}
	return ANSWER_NO;
}

static void
is_keys(const struct cond *test, const union cond_operand *operand,
	struct cond_keys *keys)
{
	(void)test;
	index_key(keys, INDEX_EXACT, operand->text, strlen(operand->text));
}

const struct cond_word cond_is = {
	.types = 1 << ALERT_TEXT | 1 << ALERT_HOST | 1 << ALERT_ORDERED,
	.load = is_load,
	.fits = is_fits,
	.keys = is_keys,
};
