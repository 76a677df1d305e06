/*
 * Conditions:
 *
 *	or	= and { "or" and }
 *	and	= not { ["and"] not }		-- without the word only before
 *						   `during`
 *	not	= "not" not | "(" or ")" | test
 *	test	= [any|every] FIELD OPERATOR VALUE[, VALUE...]
 *		| [any|every] FIELD "present" | "during" WINDOW
 *
 * `and` and `or` group to the left, so that a chain of them reads in order.
 */
#include "conf/expr.h"

#include "base/text.h"
#include "conf/recover.h"

#include <stddef.h>

enum {
	/* Parentheses and `not` in each other: bounds the recursion here. */
	EXPR_DEPTH_MOST = 50,
	/* Tests of one condition: bounds the recursion of whoever walks the
	 * tree, since a chain of `and` is as deep as it is long. */
	EXPR_TESTS_MOST = 1000,
};

struct expr_state {
	struct cursor *cursor;
	const struct cursor_level *level;
	size_t depth;
	size_t tests;
};

enum expr_values { VALUES_NONE, VALUES_ONE, VALUES_LIST, VALUES_REGEX };

/* Of two that begin alike the longer one first. */
static const struct expr_op {
	const char *first;
	const char *second;	/* "" when the operator is one word */
	const char *name;
	enum expr_values values;
} operators[] = {
	{ "is", "not", "is not", VALUES_LIST },
	{ "is", "", "is", VALUES_LIST },
	{ "in", "", "in", VALUES_LIST },
	{ "not", "in", "not in", VALUES_LIST },
	{ "like", "", "like", VALUES_LIST },
	{ "not", "like", "not like", VALUES_LIST },
	{ "contains", "", "contains", VALUES_LIST },
	{ "not", "contains", "not contains", VALUES_LIST },
	{ "matches", "", "matches", VALUES_REGEX },
	{ "not", "matches", "not matches", VALUES_REGEX },
	{ "at", "least", "at least", VALUES_ONE },
	{ "below", "", "below", VALUES_ONE },
	{ "present", "", "present", VALUES_NONE },
};

enum { OPERATORS = sizeof(operators) / sizeof(*operators) };

static const char operators_remedy[] =
	"write one of is, is not, in, not in, like, not like, contains, "
	"not contains, matches, not matches, at least, below, present";
static const char lists_remedy[] =
	"write FIELD OPERATOR VALUE; several values are a list: is a, b";
static const char condition_remedy[] = "write: when FIELD OPERATOR VALUE";

static const char next_higher[] = "write: at least, and the next higher value";
static const char next_higher_below[] =
	"write: below, and the next higher value";

/* What other languages say; with the remedy where it is not "did you mean". */
static const struct { const char *word, *name, *remedy; } foreign[] = {
	{ "=", "is", NULL }, { "==", "is", NULL }, { "equals", "is", NULL },
	{ "eq", "is", NULL }, { "!=", "is not", NULL },
	{ "<>", "is not", NULL }, { "ne", "is not", NULL },
	{ ">=", "at least", NULL }, { "ge", "at least", NULL },
	{ "least", "at least", NULL }, { "<", "below", NULL },
	{ "lt", "below", NULL }, { "under", "below", NULL },
	{ ">", "at least", next_higher }, { "gt", "at least", next_higher },
	{ "above", "at least", next_higher },
	{ "over", "at least", next_higher },
	{ "<=", "below", next_higher_below },
	{ "le", "below", next_higher_below },
	{ "=~", "matches", NULL }, { "~", "matches", NULL },
	{ "has", "contains", NULL }, { "exists", "present", NULL },
	{ "startswith", "like", NULL }, { "endswith", "like", NULL },
};

static const struct { const char *word, *name; } foreign_links[] = {
	{ "&&", "and" }, { "&", "and" }, { "||", "or" }, { "|", "or" },
};

/* Words that a value has to be quoted for: as values they are hardly meant, and
 * `device is present` would look right and never be true. */
static const char *const reserved[] = {
	"and", "or", "not", "any", "every", "during", "is", "in", "like",
	"contains", "matches", "at", "below", "present", NULL
};

static const struct {
	const char *word;
	enum conf_quantifier quantifier;
} foreign_quantifiers[] = {
	{ "all", CONF_EVERY }, { "each", CONF_EVERY }, { "some", CONF_ANY },
};

/* Is this the next word? In the wrong case it is, too, which is said. */
static bool
is_next(const struct expr_state *state, const char *word)
{
	const struct token *token = &state->cursor->token;

	if (token->kind != TOKEN_WORD || (*token->text | 0x20) != *word ||
	    strcasecmp(token->text, word))
		return false;
	if (strcmp(token->text, word))
		diag_error(state->cursor->diag, token->place,
			   arena_printf(state->cursor->talk,
					"did you mean '%s'?", word),
			   "unknown word '%s' in a condition", token->text);
	return true;
}

static bool
is_reserved(const struct token *token)
{
	size_t i = 0;

	while (reserved[i] && (*reserved[i] != *token->text ||
			       strcmp(token->text, reserved[i])))
		i++;
	return token->kind == TOKEN_WORD && reserved[i];
}

static bool
take(struct expr_state *state, const char *word)
{
	if (!is_next(state, word))
		return false;
	cursor_advance_over(state->cursor, word);
	return true;
}

/* `and` or `or`, or what it is called elsewhere, which is said. */
static bool
take_link(struct expr_state *state, const char *name)
{
	struct cursor *cursor = state->cursor;
	size_t i;

	if (take(state, name))
		return true;
	for (i = 0; i < sizeof(foreign_links) / sizeof(*foreign_links); i++) {
		if (strcmp(foreign_links[i].name, name) ||
		    !is_next(state, foreign_links[i].word))
			continue;
		diag_error(cursor->diag, cursor->token.place,
			   arena_printf(cursor->talk, "did you mean '%s'?",
					name),
			   "unknown word '%s' in a condition",
			   cursor->token.text);
		cursor_advance(cursor);
		return true;
	}
	return false;
}

static struct conf_expr *
create_operation(struct expr_state *state, enum conf_expr_kind kind,
		 struct conf_expr *left, struct conf_expr *right)
{
	/* Without room for the fields of a test. */
	struct conf_expr *expr = arena_alloc(state->cursor->arena,
			offsetof(struct conf_expr, right) +
			sizeof(expr->right));

	expr->kind = kind;
	expr->left = left;
	expr->right = right;
	return expr;
}

static struct conf_expr *
create_test(struct expr_state *state)
{
	struct conf_expr *test = arena_alloc(state->cursor->arena,
					     sizeof(*test));

	test->kind = CONF_TEST;
	test->field = test->op = "";
	return test;
}

/* Our own copy of a word that begins an operator, or NULL. */
static const char *
operator_start(const char *word)
{
	size_t i;

	for (i = 0; i < OPERATORS; i++)
		if (!strcmp(operators[i].first, word))
			return operators[i].first;
	return NULL;
}

static const struct expr_op *
find_operator(const char *name)
{
	size_t i;

	for (i = 0; i < OPERATORS; i++)
		if (!strcmp(operators[i].name, name))
			return &operators[i];
	return NULL;
}

/* What to write instead of the next token, which is no value. */
static const char *
value_remedy(struct cursor *cursor, const struct conf_expr *test)
{
	bool is = !strcmp(test->op, "is"), is_not = !strcmp(test->op, "is not");
	const char *word = cursor->token.text;

	if (cursor->token.kind == TOKEN_LEFT)
		return "write the values without ( ): in low, medium";
	if (!is_reserved(&cursor->token))
		return NULL;
	if ((is || is_not) && !strcmp(word, "present"))
		return arena_printf(cursor->talk, "write: %s%s present",
				    is ? "" : "not ", test->field);
	if (is_not && find_operator(arena_printf(cursor->talk, "not %s", word)))
		return arena_printf(cursor->talk, "write 'not %s' without 'is'",
				    word);
	return arena_printf(cursor->talk, is && operator_start(word) ?
			    "leave 'is' away; as a value it is \"%s\"" :
			    "as a value it is \"%s\"", word);
}

/* Behind a regex others write flags, or go on behind a slash in it. */
static void
refuse_flags(struct cursor *cursor)
{
	const struct diag_place *regex = &cursor->before.place;

	if (cursor->token.kind != TOKEN_WORD ||
	    cursor->token.place.offset != regex->offset + regex->length + 1)
		return;
	diag_error(cursor->diag, cursor->token.place,
		   "case never counts; a / in a regex is \\/",
		   "'%s' behind the end of a regex", cursor->token.text);
	cursor_advance(cursor);
}

static bool
take_regex(struct cursor *cursor)
{
	if (cursor->token.kind != TOKEN_WORD || *cursor->token.text != '/') {
		recover_expected(cursor, "a /regex/",
				 "write: matches /^lab-[0-9]+$/");
		return false;
	}
	cursor->token = lexer_regex(&cursor->lexer, &cursor->token);
	vec_push(cursor->scratch, &cursor->words, cursor_word(&cursor->token));
	cursor_advance(cursor);
	refuse_flags(cursor);
	return true;
}

static bool
take_value(struct cursor *cursor, const struct conf_expr *test,
	   enum expr_values values)
{
	if (values == VALUES_REGEX)
		return take_regex(cursor);
	if (!cursor_is_word(&cursor->token) || is_reserved(&cursor->token)) {
		recover_expected(cursor, "a value", value_remedy(cursor, test));
		return false;
	}
	vec_push(cursor->scratch, &cursor->words, cursor_word(&cursor->token));
	cursor_advance(cursor);
	return true;
}

static bool
take_values(struct expr_state *state, struct conf_expr *test,
	    enum expr_values values)
{
	struct cursor *cursor = state->cursor;
	bool good;

	if (values == VALUES_NONE)
		return true;
	good = take_value(cursor, test, values);
	while (good && values != VALUES_ONE &&
	       cursor->token.kind == TOKEN_COMMA) {
		cursor_advance(cursor);
		good = take_value(cursor, test, values);
	}
	test->values = cursor_take_words(cursor);
	if (!good || cursor->token.kind != TOKEN_COMMA)
		return good;
	diag_error(cursor->diag, cursor->token.place,
		   *test->field ? "a list goes with is, in, like" :
		   "write: during A or during B",
		   "'%s' takes one value", test->op);
	return false;
}

/* What somebody may have meant by a word, with what to say of it. */
static const char *
nearest_operator(struct cursor *cursor, const char **remedy_out)
{
	const char *word = cursor->token.text, *nearest;
	const char *names[OPERATORS + 1] = { NULL };
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
		if (strcasecmp(foreign[i].word, word))
			continue;
		*remedy_out = foreign[i].remedy ? foreign[i].remedy :
			      arena_printf(cursor->talk, "did you mean '%s'?",
					   foreign[i].name);
		return foreign[i].name;
	}
	for (i = 0; i < OPERATORS; i++)
		names[i] = operators[i].name;
	nearest = text_nearest(word, names);
	if (nearest)
		*remedy_out = arena_printf(cursor->talk, "did you mean '%s'?",
					   nearest);
	return nearest;
}

/* A word that is no operator: the one it was meant to be, or NULL. */
static const struct expr_op *
guess_operator(struct cursor *cursor)
{
	const char *remedy = NULL;
	const char *nearest = nearest_operator(cursor, &remedy);

	if (!nearest) {
		recover_expected(cursor, "an operator", operators_remedy);
		return NULL;
	}
	diag_error(cursor->diag, cursor->token.place, remedy,
		   "unknown operator '%s'", cursor->token.text);
	return find_operator(nearest);
}

/* The operator that begins with the word just taken; its second word is taken
 * if it is there. NULL when it has to be and is not. */
static const struct expr_op *
finish_operator(struct expr_state *state, const struct conf_expr *test,
		const char *first)
{
	struct cursor *cursor = state->cursor;
	size_t i;

	for (i = 0; i < OPERATORS; i++) {
		if (strcmp(operators[i].first, first))
			continue;
		if (!*operators[i].second || take(state, operators[i].second))
			return &operators[i];
	}
	if (!strcmp(first, "at"))
		recover_expected(cursor, "'least'", is_next(state, "most") ?
				 next_higher_below : "write: at least VALUE");
	else
		recover_expected(cursor, "'in', 'like', 'contains' or "
				 "'matches'", is_reserved(&cursor->token) ?
				 arena_printf(cursor->talk, "write: not %s %s",
					      test->field,
					      cursor->token.text) :
				 "for one value write: is not");
	return NULL;
}

/* A clause begins here, so the condition ended too early. */
static bool
is_clause(const struct expr_state *state)
{
	return state->cursor->token.kind == TOKEN_WORD &&
	       grammar_find(state->level->table, state->cursor->token.text,
			    false);
}

/* The same of the next word, whose case may be wrong. */
static const char *
first_of_operator(const struct expr_state *state)
{
	size_t i;

	for (i = 0; i < OPERATORS; i++)
		if (is_next(state, operators[i].first))
			return operators[i].first;
	return NULL;
}

static const struct expr_op *
take_operator(struct expr_state *state, struct conf_expr *test)
{
	struct cursor *cursor = state->cursor;
	uint32_t start = cursor->token.place.offset;
	const struct expr_op *op;
	const char *first;

	if (cursor->token.kind != TOKEN_WORD || is_clause(state) ||
	    is_next(state, "during")) {
		recover_expected(cursor, "an operator", lists_remedy);
		return NULL;
	}
	first = first_of_operator(state);
	if (first) {
		cursor_advance_over(cursor, first);
		op = finish_operator(state, test, first);
	} else {
		op = guess_operator(cursor);
		if (op)
			cursor_advance(cursor);
	}
	if (!op)
		return NULL;
	test->op = op->name;
	test->op_at = start;
	test->op_length = cursor->before.place.offset +
			  cursor->before.place.length - start;
	return op;
}

/* Whether there may be one more test; says so when not. */
static bool
count_test(struct expr_state *state)
{
	if (++state->tests <= EXPR_TESTS_MOST)
		return true;
	diag_error(state->cursor->diag, state->cursor->token.place,
		   "write values as a list: device is a, b, c",
		   "more than %d tests in one condition", EXPR_TESTS_MOST);
	return false;
}

static struct conf_expr *
parse_during(struct expr_state *state)
{
	struct cursor *cursor = state->cursor;
	struct diag_place start = cursor->token.place;
	struct conf_expr *test;

	cursor_advance(cursor);
	test = create_test(state);
	test->op = "during";
	test->field_at = test->op_at = start.offset;
	test->op_length = start.length;
	if (is_clause(state)) {
		recover_expected(cursor, "WINDOW", "write: during WINDOW");
		return NULL;
	}
	if (!take_values(state, test, VALUES_ONE))
		return NULL;
	return test;
}

/* No field has such a name. */
static void
guess_quantifier(struct expr_state *state, struct conf_expr *test)
{
	struct cursor *cursor = state->cursor;
	size_t i;

	for (i = 0; i < sizeof(foreign_quantifiers) /
			sizeof(*foreign_quantifiers); i++) {
		if (!is_next(state, foreign_quantifiers[i].word))
			continue;
		test->quantifier = foreign_quantifiers[i].quantifier;
		diag_error(cursor->diag, cursor->token.place,
			   arena_printf(cursor->talk, "did you mean '%s'?",
					conf_quantifier_name(test)),
			   "unknown condition '%s'", cursor->token.text);
		cursor_advance(cursor);
		return;
	}
}

static bool
is_field(const struct expr_state *state)
{
	const struct token *token = &state->cursor->token;

	return token->kind == TOKEN_WORD && !is_clause(state) &&
	       !is_reserved(token) && !strpbrk(token->text, "<>=");
}

static struct conf_expr *
parse_test(struct expr_state *state)
{
	struct cursor *cursor = state->cursor;
	struct conf_expr *test;
	const struct expr_op *op;

	if (!count_test(state))
		return NULL;
	if (is_next(state, "during"))
		return parse_during(state);
	test = create_test(state);
	if (take(state, "any"))
		test->quantifier = CONF_ANY;
	else if (take(state, "every"))
		test->quantifier = CONF_EVERY;
	else
		guess_quantifier(state, test);
	if (!is_field(state)) {
		recover_expected(cursor, "a condition", condition_remedy);
		return NULL;
	}
	test->field = cursor->token.text;
	test->field_at = cursor->token.place.offset;
	cursor_advance(cursor);
	op = take_operator(state, test);
	if (!op || !take_values(state, test, op->values))
		return NULL;
	return test;
}

static struct conf_expr *parse_or(struct expr_state *state);

static struct conf_expr *
parse_parenthesis(struct expr_state *state)
{
	struct conf_expr *expr;

	cursor_advance(state->cursor);
	expr = parse_or(state);
	if (!expr)
		return NULL;
	if (state->cursor->token.kind != TOKEN_RIGHT) {
		recover_expected(state->cursor, "'and', 'or' or ')'",
				 "close the ( before it");
		return NULL;
	}
	cursor_advance(state->cursor);
	return expr;
}

static struct conf_expr *
parse_not(struct expr_state *state)
{
	struct conf_expr *expr;

	if (state->depth == EXPR_DEPTH_MOST) {
		diag_error(state->cursor->diag, state->cursor->token.place,
			   "write several rules instead",
			   "a condition nested deeper than %d",
			   EXPR_DEPTH_MOST);
		return NULL;
	}
	state->depth++;
	if (take(state, "not")) {
		expr = parse_not(state);
		if (expr)
			expr = create_operation(state, CONF_NOT, expr, NULL);
	} else if (state->cursor->token.kind == TOKEN_LEFT) {
		expr = parse_parenthesis(state);
	} else {
		expr = parse_test(state);
	}
	state->depth--;
	return expr;
}

static struct conf_expr *
parse_and(struct expr_state *state)
{
	struct conf_expr *expr = parse_not(state), *right;

	while (expr && (is_next(state, "during") || take_link(state, "and"))) {
		right = parse_not(state);
		if (!right)
			return NULL;
		expr = create_operation(state, CONF_AND, expr, right);
	}
	return expr;
}

static struct conf_expr *
parse_or(struct expr_state *state)
{
	struct conf_expr *expr = parse_and(state), *right;

	while (expr && take_link(state, "or")) {
		right = parse_and(state);
		if (!right)
			return NULL;
		expr = create_operation(state, CONF_OR, expr, right);
	}
	return expr;
}

struct conf_expr *
expr_parse(struct cursor *cursor, const struct cursor_level *level)
{
	struct expr_state state = { .cursor = cursor, .level = level };
	struct conf_expr *expr = parse_or(&state);

	if (!expr)
		recover_skip(cursor, level);
	return expr;
}
