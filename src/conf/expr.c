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
#include "conf/recover.h"

#include "base/text.h"

#include <stddef.h>

enum {
	/* Parentheses and `not` in each other: bounds the recursion here. */
	EXPR_DEPTH_MOST = 50,
	/* Tests of one condition: bounds the recursion of whoever walks the
	 * tree, since a chain of `and` is as deep as it is long. */
	EXPR_TESTS_MOST = 1000,
};

struct expr_state {
	struct parser *parser;
	const struct parser_level *level;
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

/* What other languages say. */
static const struct { const char *word, *name; } foreign[] = {
	{ "=", "is" }, { "==", "is" }, { "equals", "is" }, { "eq", "is" },
	{ "!=", "is not" }, { "<>", "is not" }, { "ne", "is not" },
	{ ">=", "at least" }, { "ge", "at least" }, { "<", "below" },
	{ "lt", "below" }, { "=~", "matches" }, { "~", "matches" },
	{ "has", "contains" }, { "exists", "present" },
};

static const struct { const char *word, *name; } foreign_quantifiers[] = {
	{ "all", "every" }, { "each", "every" }, { "some", "any" },
};

static bool
is_next(const struct expr_state *state, const char *word)
{
	return state->parser->token.kind == TOKEN_WORD &&
	       !strcmp(state->parser->token.text, word);
}

static bool
take(struct expr_state *state, const char *word)
{
	if (!is_next(state, word))
		return false;
	parser_advance_over(state->parser, word);
	return true;
}

/* From the start of `start` to what was taken last. */
static struct diag_place
place_since(const struct expr_state *state, struct diag_place start)
{
	const struct diag_place *last = &state->parser->before.place;

	start.length = last->offset + last->length - start.offset;
	return start;
}

static struct conf_expr *
create_operation(struct expr_state *state, enum conf_expr_kind kind,
		 struct conf_expr *left, struct conf_expr *right,
		 struct diag_place start)
{
	/* Without room for the fields of a test. */
	struct conf_expr *expr = arena_alloc(state->parser->arena,
			offsetof(struct conf_expr, right) +
			sizeof(expr->right));

	expr->kind = kind;
	expr->left = left;
	expr->right = right;
	expr->place = place_since(state, start);
	return expr;
}

static struct conf_expr *
create_test(struct expr_state *state, struct diag_place start)
{
	struct conf_expr *test = arena_alloc(state->parser->arena,
					     sizeof(*test));

	test->kind = CONF_TEST;
	test->place = start;
	test->quantifier = test->field = test->op = "";
	return test;
}

static bool
take_value(struct parser *parser, enum expr_values values)
{
	if (values == VALUES_REGEX && (parser->token.kind != TOKEN_WORD ||
				       parser->token.text[0] != '/')) {
		recover_expected(parser, "a /regex/",
				 "write: matches /^lab-[0-9]+$/");
		return false;
	}
	if (values == VALUES_REGEX)
		parser->token = lexer_regex(&parser->lexer, &parser->token);
	if (parser->token.kind != TOKEN_WORD &&
	    parser->token.kind != TOKEN_STRING) {
		recover_expected(parser, "a value", NULL);
		return false;
	}
	vec_push(parser->scratch, &parser->words, parser_word(&parser->token));
	parser_advance(parser);
	return true;
}

static bool
take_values(struct expr_state *state, struct conf_expr *test,
	    enum expr_values values)
{
	struct parser *parser = state->parser;
	bool good;

	if (values == VALUES_NONE)
		return true;
	good = take_value(parser, values);
	while (good && values != VALUES_ONE &&
	       parser->token.kind == TOKEN_COMMA) {
		parser_advance(parser);
		good = take_value(parser, values);
	}
	test->values = parser_take_words(parser);
	if (!good || parser->token.kind != TOKEN_COMMA)
		return good;
	diag_error(parser->diag, parser->token.place, NULL,
		   "'%s' takes one value", test->op);
	return false;
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

/* A word that is no operator: the one it was meant to be, or NULL. */
static const struct expr_op *
guess_operator(struct parser *parser)
{
	const char *word = parser->token.text, *nearest = NULL;
	const char *names[OPERATORS + 1] = { NULL };
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (!strcmp(foreign[i].word, word))
			nearest = foreign[i].name;
	for (i = 0; i < OPERATORS; i++)
		names[i] = operators[i].name;
	if (!nearest)
		nearest = text_nearest(word, names);
	diag_error(parser->diag, parser->token.place, nearest ?
		   arena_printf(parser->talk, "did you mean '%s'?", nearest) :
		   operators_remedy, "unknown operator '%s'", word);
	return nearest ? find_operator(nearest) : NULL;
}

/* The operator that begins with the word just taken; its second word is taken
 * if it is there. NULL when it has to be and is not. */
static const struct expr_op *
finish_operator(struct expr_state *state, const char *first)
{
	size_t i;

	for (i = 0; i < OPERATORS; i++) {
		if (strcmp(operators[i].first, first))
			continue;
		if (!*operators[i].second || take(state, operators[i].second))
			return &operators[i];
	}
	recover_expected(state->parser, !strcmp(first, "at") ? "'least'" :
			 "'in', 'like', 'contains' or 'matches'", NULL);
	return NULL;
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

/* A clause begins here, so the condition ended too early. */
static bool
is_clause(const struct expr_state *state)
{
	return state->parser->token.kind == TOKEN_WORD &&
	       grammar_find(state->level->table, state->parser->token.text,
			    false);
}

static const struct expr_op *
take_operator(struct expr_state *state, struct conf_expr *test)
{
	struct parser *parser = state->parser;
	struct diag_place start = parser->token.place;
	const struct expr_op *op;
	const char *first;

	if (parser->token.kind != TOKEN_WORD || is_clause(state) ||
	    is_next(state, "during")) {
		recover_expected(parser, "an operator", operators_remedy);
		return NULL;
	}
	first = operator_start(parser->token.text);
	if (first) {
		parser_advance_over(parser, first);
		op = finish_operator(state, first);
	} else {
		op = guess_operator(parser);
		if (op)
			parser_advance(parser);
	}
	if (!op)
		return NULL;
	start = place_since(state, start);
	test->op = op->name;
	test->op_at = start.offset;
	test->op_length = start.length;
	return op;
}

/* Whether there may be one more test; says so when not. */
static bool
count_test(struct expr_state *state)
{
	if (++state->tests <= EXPR_TESTS_MOST)
		return true;
	diag_error(state->parser->diag, state->parser->token.place,
		   "write values as a list: device is a, b, c",
		   "more than %d tests in one condition", EXPR_TESTS_MOST);
	return false;
}

static struct conf_expr *
parse_during(struct expr_state *state)
{
	struct parser *parser = state->parser;
	struct diag_place start = parser->token.place;
	struct conf_expr *test;

	parser_advance(parser);
	test = create_test(state, start);
	test->op = "during";
	test->field_at = test->op_at = start.offset;
	test->op_length = start.length;
	if (is_clause(state)) {
		recover_expected(parser, "WINDOW", "write: during WINDOW");
		return NULL;
	}
	if (!take_values(state, test, VALUES_ONE))
		return NULL;
	test->place = place_since(state, start);
	return test;
}

/* No field has such a name. */
static void
guess_quantifier(struct expr_state *state, struct conf_expr *test)
{
	struct parser *parser = state->parser;
	size_t i;

	for (i = 0; i < sizeof(foreign_quantifiers) /
			sizeof(*foreign_quantifiers); i++) {
		if (!is_next(state, foreign_quantifiers[i].word))
			continue;
		test->quantifier = foreign_quantifiers[i].name;
		diag_error(parser->diag, parser->token.place,
			   arena_printf(parser->talk, "did you mean '%s'?",
					test->quantifier),
			   "unknown condition '%s'", parser->token.text);
		parser_advance(parser);
		return;
	}
}

static struct conf_expr *
parse_test(struct expr_state *state)
{
	struct parser *parser = state->parser;
	struct diag_place start = parser->token.place;
	struct conf_expr *test;
	const struct expr_op *op;

	if (!count_test(state))
		return NULL;
	if (is_next(state, "during"))
		return parse_during(state);
	test = create_test(state, start);
	if (take(state, "any") || take(state, "every"))
		test->quantifier = parser->before.text;
	else
		guess_quantifier(state, test);
	if (parser->token.kind != TOKEN_WORD || is_clause(state)) {
		recover_expected(parser, "a condition",
				 "write: when FIELD OPERATOR VALUE");
		return NULL;
	}
	test->field = parser->token.text;
	test->field_at = parser->token.place.offset;
	parser_advance(parser);
	op = take_operator(state, test);
	if (!op || !take_values(state, test, op->values))
		return NULL;
	test->place = place_since(state, start);
	return test;
}

static struct conf_expr *parse_or(struct expr_state *state);

static struct conf_expr *
parse_parenthesis(struct expr_state *state)
{
	struct conf_expr *expr;

	parser_advance(state->parser);
	expr = parse_or(state);
	if (!expr)
		return NULL;
	if (state->parser->token.kind != TOKEN_RIGHT) {
		recover_expected(state->parser, "'and', 'or' or ')'", NULL);
		return NULL;
	}
	parser_advance(state->parser);
	return expr;
}

static struct conf_expr *
parse_not(struct expr_state *state)
{
	struct diag_place start = state->parser->token.place;
	struct conf_expr *expr;

	if (state->depth == EXPR_DEPTH_MOST) {
		diag_error(state->parser->diag, start,
			   "write several rules instead",
			   "a condition nested deeper than %d",
			   EXPR_DEPTH_MOST);
		return NULL;
	}
	state->depth++;
	if (take(state, "not")) {
		expr = parse_not(state);
		if (expr)
			expr = create_operation(state, CONF_NOT, expr, NULL,
						start);
	} else if (state->parser->token.kind == TOKEN_LEFT) {
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
	struct diag_place start = state->parser->token.place;
	struct conf_expr *expr = parse_not(state), *right;

	while (expr && (is_next(state, "during") || take(state, "and"))) {
		right = parse_not(state);
		if (!right)
			return NULL;
		expr = create_operation(state, CONF_AND, expr, right, start);
	}
	return expr;
}

static struct conf_expr *
parse_or(struct expr_state *state)
{
	struct diag_place start = state->parser->token.place;
	struct conf_expr *expr = parse_and(state), *right;

	while (expr && take(state, "or")) {
		right = parse_and(state);
		if (!right)
			return NULL;
		expr = create_operation(state, CONF_OR, expr, right, start);
	}
	return expr;
}

struct conf_expr *
expr_parse(struct parser *parser, const struct parser_level *level)
{
	struct expr_state state = { .parser = parser, .level = level };
	struct conf_expr *expr = parse_or(&state);

	if (!expr)
		recover_skip(parser, level);
	return expr;
}
