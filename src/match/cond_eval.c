/*
 * Answers: any and every, negation, missing fields, Kleene's logic, and beside
 * each answer the record of what decided it.
 */
#include "match/cond.h"

#include "base/text.h"

enum {
	/* A reason is read by a person, and kept for every decision. */
	WHY_MOST = 400,
	WHY_VALUES_MOST = 3,
	WHY_VALUE_MOST = 80,
	WHY_UNREAD_MOST = 160,
};

const char *
cond_answer_name(enum answer answer)
{
	static const char *const names[] = {
		[ANSWER_NO] = "no",
		[ANSWER_YES] = "yes",
		[ANSWER_UNKNOWN] = "unknown",
	};

	return names[answer];
}

static enum answer
opposite(enum answer answer)
{
	static const enum answer opposites[] = {
		[ANSWER_NO] = ANSWER_YES,
		[ANSWER_YES] = ANSWER_NO,
		[ANSWER_UNKNOWN] = ANSWER_UNKNOWN,
	};

	return opposites[answer];
}

static void
tell_fact(const struct fact *fact, struct buf *why)
{
	buf_putc(why, '\'');
	text_escape(why, fact->text, WHY_VALUE_MOST);
	buf_puts(why, "' (");
	text_escape(why, fact->source, WHY_VALUE_MOST);
	buf_putc(why, ')');
}

/* Said of an answer that rests on what is not known. */
static void
tell_unread(const struct facts *facts, enum alert_field field, struct buf *why)
{
	const char *incomplete = facts_incomplete(facts, field);

	if (!incomplete)
		return;
	buf_puts(why, alert_fields[field].several ? ", perhaps not all: " :
		 ", which is not certain: ");
	text_escape(why, incomplete, WHY_UNREAD_MOST);
}

/* "severity is 'low' (label 'Severity'), wanted at least high". Values from
 * `first` to `end` decided. */
static void
tell_test(const struct cond *test, struct facts *facts, size_t first,
	  size_t end, struct buf *why)
{
	const struct fact *values;
	size_t count, i;

	if (test->field == ALERT_FIELDS) {
		test->word->tell(test, facts, why);
	} else {
		values = facts_of(facts, test->field, &count);
		buf_puts(why, alert_fields[test->field].name);
		buf_puts(why, count ? " is " : " is not known");
		for (i = first; i < end && i < first + WHY_VALUES_MOST; i++) {
			buf_puts(why, i > first ? ", " : "");
			tell_fact(&values[i], why);
		}
		if (i < end)
			buf_printf(why, " and %zu more", end - i);
		tell_unread(facts, test->field, why);
	}
	buf_puts(why, ", wanted ");
	cond_describe_wanted(test, WHY_VALUES_MOST, why);
}

/* The field may have a value that nobody has seen, so an answer that it could
 * change is unknown. */
static enum answer
note_unread(const struct cond *test, struct facts *facts, enum answer answer)
{
	const char *why = facts_incomplete(facts, test->field);

	if (!facts->unread)
		facts->unread = why;
	return why ? ANSWER_UNKNOWN : answer;
}

/*
 * Of a field that has no value, or none that is certain. What a word says then
 * ("an unknown severity is at least anything") is there to tell of an alert,
 * so it does not count where it could hide one.
 */
static enum answer
of_unknown(const struct cond *test, struct facts *facts)
{
	enum answer unknown = note_unread(test, facts, ANSWER_NO);

	if (!test->word->missing)
		return ANSWER_UNKNOWN;
	if (test->word->quantity_free)	/* is there one at all? */
		return unknown == ANSWER_UNKNOWN ? unknown :
						   test->word->missing(test);
	return facts->hiding ? ANSWER_UNKNOWN : test->word->missing(test);
}

/* A text of which some could not be read fits what fits the rest of it; what
 * does not may have fitted the whole. */
static enum answer
fits_value(const struct cond *test, struct facts *facts,
	   const struct fact *fact)
{
	const char *why = "the comparison could not be finished";
	enum answer answer = test->word->fits(test, facts, fact);

	if (answer == ANSWER_NO && fact && fact->garbled) {
		answer = ANSWER_UNKNOWN;
		why = "there are characters that could not be read";
	}
	if (answer == ANSWER_UNKNOWN && !facts->unread)
		facts->unread = why;
	return test->negated ? opposite(answer) : answer;
}

/* A text that contradicts another is still one of them, and enough to tell
 * whoever asks for it. A rank is not: the other may be higher. */
static enum answer
fits_unsure(const struct cond *test, struct facts *facts,
	    const struct fact *fact)
{
	bool is_enough = !test->negated && !facts->hiding &&
			 alert_fields[test->field].type != ALERT_ORDERED;

	if (is_enough && fits_value(test, facts, fact) == ANSWER_YES)
		return ANSWER_YES;
	return of_unknown(test, facts);
}

static enum answer
fits(const struct cond *test, struct facts *facts, const struct fact *fact)
{
	if (fact && fact->unsure && !test->word->quantity_free)
		return fits_unsure(test, facts, fact);
	return fits_value(test, facts, fact);
}

/* Kleene's or over the values for `any`, and for `every`; one that was not
 * read is unknown among them. */
static enum answer
test_quantified(const struct cond *test, struct facts *facts,
		size_t *first_out, size_t *end_out)
{
	const enum answer decides = test->every ? ANSWER_NO : ANSWER_YES;
	enum answer result = opposite(decides), answer;
	const struct fact *values;
	size_t count, i;

	values = facts_of(facts, test->field, &count);
	*first_out = 0;
	*end_out = count;
	if (!count)
		return of_unknown(test, facts);
	for (i = 0; i < count; i++) {
		answer = fits(test, facts, &values[i]);
		if (answer != decides && answer != ANSWER_UNKNOWN)
			continue;
		result = answer;
		*first_out = i;
		*end_out = i + 1;
		if (answer == decides)
			break;
	}
	if (result == decides || !alert_fields[test->field].several ||
	    test->word->quantity_free)
		return result;
	return note_unread(test, facts, result);
}

static enum answer
test_eval(const struct cond *test, struct facts *facts, struct buf *why)
{
	size_t first = 0, end = 0;
	enum answer answer;

	if (test->field == ALERT_FIELDS)
		answer = fits(test, facts, NULL);
	else
		answer = test_quantified(test, facts, &first, &end);
	if (why)
		tell_test(test, facts, first, end, why);
	if (why && answer == ANSWER_UNKNOWN && end > first &&
	    !facts_incomplete(facts, test->field))
		buf_printf(why, ", and %s", facts->unread);
	return answer;
}

static void
reason_add(struct buf *reasons, const struct buf *reason)
{
	if (reasons->len > WHY_MOST)
		return;
	if (reasons->len)
		buf_puts(reasons, "; ");
	buf_append(reasons, reason->data, reason->len);
	if (reasons->len > WHY_MOST)
		buf_puts(reasons, "; ...");
}

/*
 * Kleene's and, or. The reasons kept are those of the items whose answer is
 * the answer of all: the one that decided, or all of them when none did.
 */
static enum answer
chain_eval(const struct cond *cond, struct facts *facts, struct buf *reasons)
{
	const enum answer decides = cond->kind == CONF_AND ? ANSWER_NO :
							     ANSWER_YES;
	enum answer result = opposite(decides), answer;
	struct buf reason = BUF_INIT;
	uint32_t i;

	for (i = 0; i < cond->count && result != decides; i++) {
		buf_reset(&reason);
		answer = cond_eval(&cond->items[i], facts,
				   reasons ? &reason : NULL);
		if (answer != result &&
		    (answer == decides || answer == ANSWER_UNKNOWN)) {
			result = answer;
			if (reasons)
				buf_reset(reasons);
		}
		if (answer == result && reasons)
			reason_add(reasons, &reason);
	}
	buf_release(&reason);
	return result;
}

/* The reason is that of the inner answer, so it is said to be turned around. */
static enum answer
not_eval(const struct cond *cond, struct facts *facts, struct buf *why)
{
	struct buf inner = BUF_INIT;
	enum answer answer = cond_eval(cond->items, facts, why ? &inner : NULL);

	if (why)
		buf_printf(why, "not (%s)", inner.data);
	buf_release(&inner);
	return opposite(answer);
}

enum answer
cond_eval(const struct cond *cond, struct facts *facts, struct buf *why)
{
	struct buf reasons = BUF_INIT;
	enum answer answer;

	if (cond->kind == CONF_TEST)
		return test_eval(cond, facts, why);
	if (cond->kind == CONF_NOT)
		return not_eval(cond, facts, why);
	answer = chain_eval(cond, facts, why ? &reasons : NULL);
	if (why)
		buf_append(why, reasons.data, reasons.len);
	buf_release(&reasons);
	return answer;
}
