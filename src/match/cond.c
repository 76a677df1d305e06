/*
 * The table of words, and what is common to them when they are loaded: which
 * field they apply to, any and every, what a drop must be careful with.
 */
#include "match/cond.h"

#include "base/bug.h"
#include "base/text.h"

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

const char *
cond_fold(struct cond_load *load, struct conf_word value)
{
	const char *line = text_fold_space(load->scratch, value.text,
					   strlen(value.text));
	const char *folded = text_fold(load->scratch, line);

	/* Most are written as they are compared. */
	if (*folded)
		return strcmp(folded, value.text) ?
			arena_strdup(load->arena, folded) : value.text;
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

/* What others call our fields. */
static const struct { const char *word, *field; } foreign[] = {
	{ "hostname", "device" }, { "host", "device" },
	{ "computer", "device" }, { "machine", "device" },
	{ "group", "device-group" }, { "tag", "device-tag" },
	{ "os", "device-os" }, { "risk", "device-risk" }, { "name", "title" },
	{ "subject", "title" }, { "account", "user" },
	{ "mitre", "technique" }, { "source", "service" },
	{ "state", "status" }, { "malware", "threat" },
	{ "org", "organization" }, { "id", "alert" },
};

static const char *
field_remedy(struct cond_load *load, const char *word,
	     const char *const *names)
{
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (!strcasecmp(foreign[i].word, word))
			return arena_printf(load->arena, "did you mean '%s'?",
					    foreign[i].field);
	return diag_did_you_mean(load->diag, word, names,
				 "tocsin-rules(5) lists them");
}

/* The name may also be one of those that stand without a field. */
static bool
field_load(struct cond_load *load, const struct conf_expr *expr,
	   enum alert_field *field_out)
{
	const char *names[ALERT_FIELDS + 2];
	int i;

	*field_out = ALERT_FIELDS;
	if (!*expr->field)
		return true;
	*field_out = alert_field_find(expr->field);
	if (*field_out != ALERT_FIELDS)
		return true;
	for (i = 0; i < ALERT_FIELDS; i++)
		names[i] = alert_fields[i].name;
	names[i] = "during";
	names[i + 1] = NULL;
	diag_error(load->diag, conf_field_place(expr, load->file),
		   field_remedy(load, expr->field, names),
		   "unknown condition '%s'", expr->field);
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
		if (!strcmp(op->name, expr->op))
			break;
	if (op->name && word_applies(op->word, field))
		return op;
	if (!op->name)
		BUG("the parser knows '%s'", expr->op);
	diag_error(load->diag, conf_op_place(expr, load->file),
		   applicable(load, field),
		   "'%s' says nothing about '%s'", expr->op,
		   expr->field);
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
		const struct cond *test)
{
	if (!load->drop || !is_of_devices(test->field) ||
	    test->word->quantity_free ||
	    expr->quantifier == CONF_EVERY)
		return true;
	diag_error(load->diag, conf_field_place(expr, load->file),
		   arena_printf(load->arena, "write: every %s %s ...",
				expr->field, expr->op),
		   "a drop must say 'every' of '%s', or it hides the alert's "
		   "other devices", expr->field);
	return false;
}

static bool
operands_load(struct cond_load *load, const struct conf_expr *expr,
	      struct cond *test)
{
	union cond_operand *operands = &test->operand;
	bool good = true;
	uint32_t i;

	if (!test->word->load)
		return true;
	if (test->word->one_value && expr->values.count > 1) {
		diag_error(load->diag, expr->values.items[1].place, NULL,
			   "'%s' takes one value", expr->op);
		return false;
	}
	test->count = expr->values.count;
	if (test->count > 1)
		operands = test->operands = arena_array(load->arena,
				test->count, sizeof(*test->operands));
	for (i = 0; i < test->count; i++)
		good &= test->word->load(load, test, expr->values.items[i],
					 &operands[i]);
	return good && test->count;
}

static bool
test_load(struct cond_load *load, const struct conf_expr *expr,
	  struct cond *test)
{
	const struct operator *op;
	enum alert_field field;

	if (!field_load(load, expr, &field))
		return false;
	op = operator_load(load, expr, field);
	if (!op)
		return false;
	test->word = op->word;
	test->field = (unsigned char)field;
	test->negated = op->negated;
	/* "is not V" is the opposite of "any is V": every one is not */
	test->every = expr->quantifier == CONF_UNSAID ? op->negated :
		      expr->quantifier == CONF_EVERY;
	test->source = expr;
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
	if (expr->kind == CONF_WRONG)
		return false;
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
