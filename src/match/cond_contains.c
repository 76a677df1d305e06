/* contains, not contains: a part of the text, without case. A blank at an end
 * of the value counts, so that "lab " is not in "labour". */
#include "match/cond.h"

#include "base/text.h"
#include "match/index.h"

static bool
contains_load(struct cond_load *load, const struct cond *test,
	      struct conf_word value, union cond_operand *out)
{
	const char *text = value.text;
	bool before = *text == ' ';
	bool after = *text && text[strlen(text) - 1] == ' ';

	(void)test;
	out->text = cond_fold(load, value);
	if (out->text && (before || after))
		out->text = arena_printf(load->arena, "%s%s%s",
					 before ? " " : "", out->text,
					 after ? " " : "");
	return out->text != NULL;
}

static enum answer
contains_fits(const struct cond *test, const struct facts *facts,
	      const struct fact *fact)
{
	uint32_t i;

	(void)facts;
	for (i = 0; i < test->count; i++)
		if (strstr(fact->folded, cond_operand(test, i)->text))
			return ANSWER_YES;
	return ANSWER_NO;
}

static void
contains_keys(const struct cond *test,
	      const union cond_operand *operand, struct cond_keys *keys)
{
	(void)test;
	index_key(keys, INDEX_PIECE, operand->text, strlen(operand->text));
}

const struct cond_word cond_contains = {
	.types = 1 << ALERT_TEXT | 1 << ALERT_HOST,
	.load = contains_load,
	.fits = contains_fits,
	.keys = contains_keys,
};
