/* Conditions in words, from the tree they were compiled from. */
#include "match/cond.h"

#include "base/text.h"

enum {
	/* Of a value in a list that is cut; the whole list has whole values. */
	VALUE_MOST = 80,
};

/* As it is written in a bare word or in a regex, where a backslash and a quote
 * mean themselves. */
static void
escape_bare(struct buf *out, const char *text, bool is_regex, size_t most)
{
	struct buf escaped = BUF_INIT;
	const char *at;

	text_escape(&escaped, text, most);
	for (at = escaped.data; *at; at++) {
		at += at[0] == '\\' && (at[1] == '\\' || at[1] == '"');
		if (is_regex && *at == '/')
			buf_putc(out, '\\');
		buf_putc(out, *at);
	}
	buf_release(&escaped);
}

static void
describe_value(const struct conf_expr *source, const struct conf_word *value,
	       size_t most, struct buf *out)
{
	bool is_regex = strstr(source->op, "matches") != NULL;
	const char *mark = is_regex ? "/" :
			   conf_is_quoted(*value) ? "\"" : "";

	buf_puts(out, mark);
	if (is_regex || !*mark)
		escape_bare(out, value->text, is_regex, most);
	else
		text_escape(out, value->text, most);
	buf_puts(out, mark);
}

static void
describe_values(const struct conf_expr *source, size_t most, struct buf *out)
{
	size_t length = most == SIZE_MAX ? SIZE_MAX : VALUE_MOST, i;

	for (i = 0; i < source->values.count && i < most; i++) {
		buf_puts(out, i ? ", " : " ");
		describe_value(source, &source->values.items[i], length, out);
	}
	if (i < source->values.count)
		buf_printf(out, " and %zu more", source->values.count - i);
}

static void
describe_test(const struct conf_expr *source, const char *field, size_t most,
	      struct buf *out)
{
	if (source->quantifier != CONF_UNSAID)
		buf_printf(out, "%s ", conf_quantifier_name(source));
	if (*field)
		buf_printf(out, "%s ", field);
	buf_puts(out, source->op);
	describe_values(source, most, out);
}

void
cond_describe_wanted(const struct cond *test, size_t most,
		     struct buf *out)
{
	describe_test(test->source, "", most, out);
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
		describe_test(cond->source, cond->source->field, most, out);
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
