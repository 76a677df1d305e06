#include "normalize/forward.h"

#include "base/text.h"
#include "normalize/quirk.h"

enum {
	/* Fields of the original's header that have to be there: one alone may
	 * be how a sentence begins. */
	FIELDS_LEAST = 2,
	/* Lines that are looked at, blank ones and rules among them. */
	LINES_MOST = 50,
};

enum line_kind { LINE_EMPTY, LINE_FIELD, LINE_WORDS };

/* "________", "-----Original Message-----", in any language */
static bool
is_rule(const char *line)
{
	size_t length = strlen(line), marks = strspn(line, "-_=*~ ");

	return marks == length ||
	       (text_starts(line, "--") && line[length - 1] == '-');
}

static enum line_kind
kind_of(const struct formats *formats, struct arena *arena, const char *text,
	size_t length)
{
	const char *line = text_fold_space(arena, text, length), *colon;

	line += strspn(line, "*>| ");	/* bold, and marks of a quote */
	if (!*line || is_rule(line))
		return LINE_EMPTY;
	colon = strpbrk(line, ":");
	if (!colon)
		colon = strstr(line, "：");
	if (!colon || !formats_ignores(formats, quirk_label(arena,
			arena_strndup(arena, line, (size_t)(colon - line)))))
		return LINE_WORDS;
	return LINE_FIELD;
}

static bool
begins_with_header(const struct formats *formats, struct arena *arena,
		   const char *text)
{
	int fields = 0, lines;

	for (lines = 0; lines < LINES_MOST && fields < FIELDS_LEAST; lines++) {
		size_t length = strcspn(text, "\n");
		enum line_kind kind = kind_of(formats, arena, text, length);

		if (kind == LINE_WORDS || !text[length])
			break;
		fields += kind == LINE_FIELD;
		text += length + 1;
	}
	return fields >= FIELDS_LEAST;
}

static bool
is_blank(struct arena *arena, const char *text)
{
	return !*text_trim(arena, text, strlen(text));
}

bool
forward_has_words(const struct formats *formats, struct arena *arena,
		  const struct message *message, bool is_attached)
{
	const char *text = is_blank(arena, message->text) ? message->html_text
							  : message->text;

	if (is_blank(arena, text))
		return !is_attached;
	return !begins_with_header(formats, arena, text);
}
