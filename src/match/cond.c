/*
 * The table of words, and all that is common to them: which field they apply
 * to, any and every, negation, missing fields, Kleene's logic, and the record
 * of what decided.
 */
#include "match/cond.h"

#include "base/bug.h"
#include "base/text.h"

enum {
	/* A reason is read by a person, and kept for every decision. */
	WHY_MOST = 400,
	WHY_VALUES_MOST = 3,
	WHY_VALUE_MOST = 80,
};

static const struct operator {
	const char *name;
	const struct cond_word *word;
	bool negated;
} operators[] = {
	{ "is", &cond_is, false },
	{ "is not", &cond_is, true },
	{ "in", &cond_is, false },
	{ "not in", &cond_is, true },
	{ "like", &cond_like, false },
	{ "not like", &cond_like, true },
	{ "contains", &cond_contains, false },
	{ "not contains", &cond_contains, true },
	{ "matches", &cond_matches, false },
	{ "not matches", &cond_matches, true },
	{ "at least", &cond_at_least, false },
	{ "below", &cond_below, false },
	{ "present", &cond_present, false },
	{ "during", &cond_during, false },
	{ NULL, NULL, false },
};

/* Fields whose values are all known; of the others tomorrow's are welcome. */
static const struct {
	enum alert_field field;
	const char *words[7];
} enumerations[] = {
	{ ALERT_SEVERITY, { "informational", "low", "medium", "high",
			    "critical", NULL } },
	{ ALERT_DEVICE_RISK, { "none", "informational", "low", "medium",
			       "high", NULL } },
	{ ALERT_INTAKE, { "mail", "api", NULL } },
	{ ALERT_AUTHENTIC, { "pass", "fail", "none", NULL } },
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

enum answer
cond_not(enum answer answer)
{
	static const enum answer opposite[] = {
		[ANSWER_NO] = ANSWER_YES,
		[ANSWER_YES] = ANSWER_NO,
		[ANSWER_UNKNOWN] = ANSWER_UNKNOWN,
	};

	return opposite[answer];
}

/* ---- loading ---- */

/* "one of mail, api" */
static const char *
joined(struct arena *arena, const char *start, const char *const *words)
{
	struct buf list = BUF_INIT;
	const char *text;
	size_t i;

	buf_puts(&list, start);
	for (i = 0; words[i]; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
	text = arena_strdup(arena, list.data);
	buf_release(&list);
	return text;
}

char *
cond_fold(struct cond_load *load, struct conf_word value)
{
	char *line = text_fold_space(load->scratch, value.text,
				     strlen(value.text));
	char *folded = text_fold(load->arena, line);

	if (*folded)
		return folded;
	diag_error(load->diag, value.place, "to ask for a missing field, "
		   "write: not FIELD present", "a value cannot be empty");
	return NULL;
}

bool
cond_check_value(struct cond_load *load, enum alert_field field,
		 struct conf_word value)
{
	const char *const *words, *const *word;
	size_t i = 0;

	while (i < sizeof(enumerations) / sizeof(*enumerations) &&
	       enumerations[i].field != field)
		i++;
	if (i == sizeof(enumerations) / sizeof(*enumerations))
		return true;
	words = enumerations[i].words;
	for (word = words; *word; word++)
		if (!strcasecmp(*word, value.text))
			return true;
	diag_error(load->diag, value.place,
		   diag_did_you_mean(load->diag, value.text, words,
				     joined(load->arena, "one of ", words)),
		   "unknown %s '%s'", alert_fields[field].name, value.text);
	return false;
}

static bool
word_applies(const struct cond_word *word, enum alert_field field)
{
	if (field == ALERT_FIELDS)
		return word->types & COND_NOW;
	return word->types & 1u << alert_fields[field].type;
}

/* The name may also be one of those that stand without a field. */
static bool
field_load(struct cond_load *load, const struct conf_expr *expr,
	   enum alert_field *field_out)
{
	const char *names[ALERT_FIELDS + 2];
	int i;

	*field_out = ALERT_FIELDS;
	if (!*expr->field.text)
		return true;
	*field_out = alert_field_find(expr->field.text);
	if (*field_out != ALERT_FIELDS)
		return true;
	for (i = 0; i < ALERT_FIELDS; i++)
		names[i] = alert_fields[i].name;
	names[i] = "during";
	names[i + 1] = NULL;
	diag_error(load->diag, expr->field.place,
		   diag_did_you_mean(load->diag, expr->field.text, names,
				     "tocsin-rules(5) lists them"),
		   "unknown condition '%s'", expr->field.text);
	return false;
}

static const char *
applicable(struct cond_load *load, enum alert_field field)
{
	const char *names[sizeof(operators) / sizeof(*operators)];
	const struct operator *op;
	size_t count = 0;

	for (op = operators; op->name; op++)
		if (word_applies(op->word, field))
			names[count++] = op->name;
	names[count] = NULL;
	return joined(load->arena, "it takes ", names);
}

static const struct operator *
operator_load(struct cond_load *load, const struct conf_expr *expr,
	      enum alert_field field)
{
	const struct operator *op;

	for (op = operators; op->name; op++)
		if (!strcmp(op->name, expr->op.text))
			break;
	if (op->name && word_applies(op->word, field))
		return op;
	if (!op->name)
		BUG("the parser knows '%s'", expr->op.text);
	diag_error(load->diag, expr->op.place, applicable(load, field),
		   "'%s' says nothing about '%s'", expr->op.text,
		   expr->field.text);
	return NULL;
}

static bool
is_of_devices(enum alert_field field)
{
	return field == ALERT_DEVICE || field == ALERT_DEVICE_GROUP ||
	       field == ALERT_DEVICE_TAG;
}

/* An alert can name several devices. A rule that drops it because of one of
 * them would drop what is said about the others. */
static bool
drop_is_careful(struct cond_load *load, const struct conf_expr *expr,
		const struct cond_test *test)
{
	if (!load->drop || !is_of_devices(test->field) ||
	    test->word->quantity_free ||
	    !strcmp(expr->quantifier.text, "every"))
		return true;
	diag_error(load->diag, expr->field.place,
		   arena_printf(load->arena, "write: every %s %s ...",
				expr->field.text, expr->op.text),
		   "a drop must say 'every' of '%s', or it hides the alert's "
		   "other devices", expr->field.text);
	return false;
}

static bool
operands_load(struct cond_load *load, const struct conf_expr *expr,
	      struct cond_test *test)
{
	bool good = true;
	uint32_t i;

	if (!test->word->load)
		return true;
	if (test->word->one_value && expr->values.count > 1) {
		diag_error(load->diag, expr->values.items[1].place, NULL,
			   "'%s' takes one value", expr->op.text);
		return false;
	}
	test->count = (uint32_t)expr->values.count;
	test->operands = arena_array(load->arena, test->count,
				     sizeof(*test->operands));
	for (i = 0; i < test->count; i++)
		good &= test->word->load(load, test, expr->values.items[i],
					 &test->operands[i]);
	return good && test->count;
}

static bool
test_load(struct cond_load *load, const struct conf_expr *expr,
	  struct cond *cond)
{
	const struct operator *op;
	enum alert_field field;
	struct cond_test *test;

	if (!field_load(load, expr, &field))
		return false;
	op = operator_load(load, expr, field);
	if (!op)
		return false;
	test = arena_alloc(load->arena, sizeof(*test));
	test->word = op->word;
	test->field = (unsigned char)field;
	test->negated = op->negated;
	/* "is not V" is the opposite of "any is V": every one is not */
	test->every = *expr->quantifier.text ?
		!strcmp(expr->quantifier.text, "every") : op->negated;
	test->source = expr;
	cond->test = test;
	if (!drop_is_careful(load, expr, test))
		return false;
	return operands_load(load, expr, test);
}

static bool load_into(struct cond_load *load, const struct conf_expr *expr,
		      struct cond *cond);

/* The left spine of `a and b and c`, which the parser built as a list. */
static bool
chain_load(struct cond_load *load, const struct conf_expr *expr,
	   struct cond *cond)
{
	const struct conf_expr *at;
	bool good = true;
	uint32_t i;

	cond->count = 1;
	for (at = expr; at->kind == expr->kind; at = at->left)
		cond->count++;
	cond->items = arena_array(load->arena, cond->count,
				  sizeof(*cond->items));
	for (at = expr, i = cond->count; at->kind == expr->kind; at = at->left)
		good &= load_into(load, at->right, &cond->items[--i]);
	return load_into(load, at, &cond->items[0]) && good;
}

static bool
load_into(struct cond_load *load, const struct conf_expr *expr,
	  struct cond *cond)
{
	if (!expr)
		return false;		/* the parser has said why */
	cond->kind = expr->kind;
	if (expr->kind == CONF_TEST)
		return test_load(load, expr, cond);
	if (expr->kind != CONF_NOT)
		return chain_load(load, expr, cond);
	cond->count = 1;
	cond->items = arena_alloc(load->arena, sizeof(*cond->items));
	return load_into(load, expr->left, cond->items);
}

struct cond *
cond_load(struct cond_load *load, const struct conf_expr *expr)
{
	struct cond *cond = arena_alloc(load->arena, sizeof(*cond));

	return load_into(load, expr, cond) ? cond : NULL;
}

/* ---- describing ---- */

static void
describe_value(const struct conf_expr *source, const struct conf_word *value,
	       size_t most, struct buf *out)
{
	const char *mark = value->quoted ? "\"" : "";

	if (strstr(source->op.text, "matches"))
		mark = "/";
	buf_puts(out, mark);
	text_escape(out, value->text, most);
	buf_puts(out, mark);
}

static void
describe_values(const struct conf_expr *source, size_t most, struct buf *out)
{
	size_t length = most == SIZE_MAX ? SIZE_MAX : WHY_VALUE_MOST, i;

	for (i = 0; i < source->values.count && i < most; i++) {
		buf_puts(out, i ? ", " : " ");
		describe_value(source, &source->values.items[i], length, out);
	}
	if (i < source->values.count)
		buf_printf(out, " and %zu more", source->values.count - i);
}

/* "every like "lab-*"": a test without its field. */
static void
describe_wanted(const struct conf_expr *source, size_t most, struct buf *out)
{
	if (*source->quantifier.text)
		buf_printf(out, "%s ", source->quantifier.text);
	buf_puts(out, source->op.text);
	describe_values(source, most, out);
}

static void
describe_test(const struct conf_expr *source, size_t most, struct buf *out)
{
	if (*source->quantifier.text)
		buf_printf(out, "%s ", source->quantifier.text);
	if (*source->field.text)
		buf_printf(out, "%s ", source->field.text);
	buf_puts(out, source->op.text);
	describe_values(source, most, out);
}

static void
describe_item(const struct cond *cond, size_t most, struct buf *out)
{
	if (cond->kind == CONF_TEST || cond->kind == CONF_NOT) {
		cond_describe(cond, most, out);
		return;
	}
	buf_putc(out, '(');
	cond_describe(cond, most, out);
	buf_putc(out, ')');
}

void
cond_describe(const struct cond *cond, size_t most, struct buf *out)
{
	uint32_t i;

	if (cond->kind == CONF_TEST) {
		describe_test(cond->test->source, most, out);
		return;
	}
	if (cond->kind == CONF_NOT) {
		buf_puts(out, "not ");
		describe_item(cond->items, most, out);
		return;
	}
	for (i = 0; i < cond->count; i++) {
		if (i)
			buf_puts(out, cond->kind == CONF_AND ? " and " :
				 " or ");
		describe_item(&cond->items[i], most, out);
	}
}

/* ---- answering ---- */

static void
tell_fact(const struct fact *fact, struct buf *why)
{
	buf_putc(why, '\'');
	text_escape(why, fact->text, WHY_VALUE_MOST);
	buf_puts(why, "' (");
	text_escape(why, fact->source, WHY_VALUE_MOST);
	buf_putc(why, ')');
}

/* "severity is 'low' (label 'Severity'), wanted at least high". Values from
 * `first` to `end` decided. */
static void
tell_test(const struct cond_test *test, struct facts *facts, size_t first,
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
	}
	buf_puts(why, ", wanted ");
	describe_wanted(test->source, WHY_VALUES_MOST, why);
}

static enum answer
fits(const struct cond_test *test, const struct facts *facts,
     const struct fact *fact)
{
	enum answer answer = test->word->fits(test, facts, fact);

	return test->negated ? cond_not(answer) : answer;
}

static enum answer
test_missing(const struct cond_test *test)
{
	return test->word->missing ? test->word->missing(test) :
				     ANSWER_UNKNOWN;
}

/* Kleene's or over the values for `any`, and for `every`. */
static enum answer
test_quantified(const struct cond_test *test, struct facts *facts,
		size_t *first_out, size_t *end_out)
{
	const enum answer decides = test->every ? ANSWER_NO : ANSWER_YES;
	enum answer result = cond_not(decides), answer;
	const struct fact *values;
	size_t count, i;

	values = facts_of(facts, test->field, &count);
	*first_out = 0;
	*end_out = count;
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
	return count ? result : test_missing(test);
}

static enum answer
test_eval(const struct cond_test *test, struct facts *facts, struct buf *why)
{
	size_t first = 0, end = 0;
	enum answer answer;

	if (test->field == ALERT_FIELDS)
		answer = fits(test, facts, NULL);
	else
		answer = test_quantified(test, facts, &first, &end);
	if (why)
		tell_test(test, facts, first, end, why);
	if (why && answer == ANSWER_UNKNOWN && end > first)
		buf_puts(why, ", and the comparison could not be finished");
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
	enum answer result = cond_not(decides), answer;
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

enum answer
cond_eval(const struct cond *cond, struct facts *facts, struct buf *why)
{
	struct buf reasons = BUF_INIT;
	enum answer answer;

	if (cond->kind == CONF_TEST)
		return test_eval(cond->test, facts, why);
	if (cond->kind == CONF_NOT)
		return cond_not(cond_eval(cond->items, facts, why));
	answer = chain_eval(cond, facts, why ? &reasons : NULL);
	if (why)
		buf_append(why, reasons.data, reasons.len);
	buf_release(&reasons);
	return answer;
}
