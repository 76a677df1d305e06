/* matches, not matches: a regular expression anywhere in the text. A device is
 * also known by its first label. */
#include "match/cond.h"

/* PCRE2 counts bytes of the pattern; in the file a slash has a backslash. */
static size_t
offset_in_file(struct conf_word pattern, size_t offset)
{
	size_t i;

	for (i = 0; i < offset && pattern.text[i]; i++)
		offset += pattern.text[i] == '/';
	return offset;
}

static bool
matches_load(struct cond_load *load, const struct cond *test,
	     struct conf_word value, union cond_operand *out)
{
	struct buf error = BUF_INIT;
	struct diag_place place = value.place;
	size_t offset;

	(void)test;
	if (!*value.text) {
		diag_error(load->diag, value.place,
			   "to ask for a known field, write: FIELD present",
			   "a regex cannot be empty");
		return false;
	}
	out->regex = regex_compile(load->arena, value.text, &error, &offset);
	if (!out->regex) {
		place.offset += offset_in_file(value, offset);
		place.length = 1;
		diag_error(load->diag, place, NULL,
			   "bad regular expression: %s", error.data);
	}
	buf_release(&error);
	return out->regex != NULL;
}

static enum answer
one_fits(const struct regex *regex, const struct fact *fact, uint32_t *steps)
{
	enum regex_result result;

	result = regex_match(regex, fact->text, strlen(fact->text), steps);
	if (result == REGEX_NO && fact->label)
		result = regex_match(regex, fact->text,
				     strcspn(fact->text, "."), steps);
	if (result == REGEX_LIMIT)
		return ANSWER_UNKNOWN;
	return result == REGEX_YES ? ANSWER_YES : ANSWER_NO;
}

static enum answer
matches_fits(const struct cond *test, const struct facts *facts,
	     const struct fact *fact)
{
	enum answer answer = ANSWER_NO, one;
	uint32_t i;

	for (i = 0; i < test->count && answer != ANSWER_YES; i++) {
		one = one_fits(cond_operand(test, i)->regex, fact,
			       facts->regex_steps_left);
		if (one != ANSWER_NO)
			answer = one;
	}
	return answer;
}

const struct cond_word cond_matches = {
	.types = 1 << ALERT_TEXT | 1 << ALERT_HOST,
	.load = matches_load,
	.fits = matches_fits,
};
