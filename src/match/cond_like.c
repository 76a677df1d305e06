/* like, not like: a pattern for the whole text, `*` any run of characters, `?`
 * one. A device is also known by its first label. */
#include "match/cond.h"

#include "base/text.h"
#include "match/index.h"

static bool
like_load(struct cond_load *load, const struct cond *test,
	  struct conf_word value, union cond_operand *out)
{
	(void)test;
	out->text = cond_fold(load, value);
	return out->text != NULL;
}

static enum answer
like_fits(const struct cond *test, const struct facts *facts,
	  const struct fact *fact)
{
	uint32_t i;

	(void)facts;
	for (i = 0; i < test->count; i++) {
		const char *pattern = cond_operand(test, i)->text;

		if (text_glob(pattern, fact->folded) ||
		    (fact->label && text_glob(pattern, fact->label)))
			return ANSWER_YES;
	}
	return ANSWER_NO;
}

/* Whatever stands between wildcards has to be there; what stands before the
 * first or behind the last, at that end. */
static void
like_keys(const struct cond *test, const union cond_operand *operand,
	  struct cond_keys *keys)
{
	const char *at = operand->text;
	size_t length = strcspn(at, "*?");

	(void)test;
	if (!at[length]) {
		index_key(keys, INDEX_EXACT, at, length);
		return;
	}
	index_key(keys, INDEX_PREFIX, at, length);
	while (at[length]) {
		at += length + 1;
		length = strcspn(at, "*?");
		index_key(keys, at[length] ? INDEX_PIECE : INDEX_SUFFIX, at,
			  length);
	}
}

const struct cond_word cond_like = {
	.types = 1 << ALERT_TEXT | 1 << ALERT_HOST,
	.load = like_load,
	.fits = like_fits,
	.keys = like_keys,
};
