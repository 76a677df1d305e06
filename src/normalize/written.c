#include "normalize/written.h"

#include "base/buf.h"

#include <ctype.h>

enum {
	/* Octets between angle brackets that may be one link. */
	BRACKETED_MOST = 8192,
	/* Brackets that are open within a link. */
	OPEN_MOST = 16,
};

/* Nothing beyond ASCII: a full stop of another script ends a link as well. */
static bool
belongs(char c)
{
	return c > ' ' && c < 0x7F && !strchr("<>\"`\\^|", c);
}

static char
closing(char c)
{
	return c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : '\0';
}

static bool
is_closing(char c)
{
	return c == ')' || c == ']' || c == '}';
}

/* Up to what does not belong, or closes what the link did not open. */
static size_t
span(const char *text)
{
	char open[OPEN_MOST];
	size_t depth = 0, length;

	for (length = 0; belongs(text[length]); length++) {
		char c = text[length];

		if (closing(c) && depth < OPEN_MOST)
			open[depth++] = closing(c);
		else if (is_closing(c) && (!depth || open[--depth] != c))
			break;
	}
	return length;
}

static size_t
without_punctuation(const char *text, size_t length)
{
	while (length && strchr(".,;:!?'*_~", text[length - 1]))
		length--;
	return length;
}

/* Can a link go on with the line at `next`? Its rest has digits or what parts a
 * link; the first word of a sentence has not. */
static bool
may_go_on(const char *next)
{
	size_t length;

	next += strspn(next, " \t>");
	for (length = 0; belongs(next[length]); length++)
		continue;
	return strncasecmp(next, "https:", 6) &&
	       strcspn(next, "0123456789/?=&_%#-") < length;
}

static bool
is_cut(const char *end)
{
	end += strspn(end, " \t\r");
	return *end == '\n' && may_go_on(end + 1);
}

/* Is the `>` at `at` the first thing on its line? */
static bool
is_quote_mark(const char *start, const char *at)
{
	while (at > start && (at[-1] == ' ' || at[-1] == '\t' ||
			      at[-1] == '>'))
		at--;
	return at > start && at[-1] == '\n';
}

/* Was the `<` of "<https:" or of "<URL:https:" written before `start`? */
static bool
follows_bracket(const char *text, const char *start)
{
	if (start - text >= 5 && !strncasecmp(start - 4, "URL:", 4))
		start -= 4;
	return start > text && start[-1] == '<';
}

/* The link between the angle brackets that were opened before `start`, without
 * white space and quote marks; NULL when they are none of a link. */
static const char *
bracketed(struct arena *arena, const char *start, const char **end_out)
{
	const char *end = start + strcspn(start, "<>");
	struct buf out = BUF_INIT;
	const char *url;

	while (*end == '>' && is_quote_mark(start, end))
		end += 1 + strcspn(end + 1, "<>");
	if (*end != '>' || end - start > BRACKETED_MOST)
		return NULL;
	for (; start < end; start++)
		if (!isspace((unsigned char)*start) && *start != '>')
			buf_putc(&out, *start);
	url = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	*end_out = end;
	return url;
}

bool
written_next(struct arena *arena, const char **at,
	     struct written_link *link_out)
{
	const char *start = strcasestr(*at, "https:/"), *end;
	size_t length;

	if (!start)
		return false;
	link_out->cut = false;
	link_out->url = follows_bracket(*at, start) ?
		bracketed(arena, start, &end) : NULL;
	if (!link_out->url) {
		length = span(start);
		end = start + length;
		link_out->cut = is_cut(end);
		if (!link_out->cut)
			length = without_punctuation(start, length);
		link_out->url = arena_strndup(arena, start, length);
	}
	*at = end;
	return true;
}
