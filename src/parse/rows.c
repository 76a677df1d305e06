#include "parse/rows.h"

#include "base/text.h"

enum {
	ROWS_MOST = 5000,	/* memory; real mail has up to 200 */
	LABEL_MOST = 160,	/* octets; a longer one is a sentence */
	LABEL_WORDS = 6,	/* in the label of a line */
	LINE_MOST = 65536,	/* a longer line is no row */
};

static const char wide_colon[] = "\xEF\xBC\x9A";	/* U+FF1A */

/* Colons, bars and blanks behind a label are no part of it. */
static char *
bare_label(struct arena *arena, const char *label, size_t length)
{
	char *text = text_fold_space(arena, label, length), *end;

	for (end = text + strlen(text); end > text;)
		if (end[-1] == ':' || end[-1] == ' ' || end[-1] == '*')
			end--;
		else if (end - text >= 3 && !memcmp(end - 3, wide_colon, 3))
			end -= 3;
		else
			break;
	*end = '\0';
	return text;
}

bool
rows_add(struct arena *arena, struct message *message, struct message_row row,
	 size_t label_length, size_t value_length)
{
	if (label_length > LINE_MOST || value_length > LINE_MOST)
		return false;
	if (message->rows.count == ROWS_MOST) {
		message_limit(arena, message,
			      "too many rows: the last ones were not read");
		return false;
	}
	row.label = bare_label(arena, row.label, label_length);
	if (!*row.label || strlen(row.label) > LABEL_MOST)
		return false;
	row.value = text_fold_space(arena, row.value, value_length);
	vec_push(arena, &message->rows, row);
	return true;
}

/* Where the label ends and how long its mark is; NULL when there is none. */
static const char *
find_mark(const char *line, const char *end, size_t *mark_out)
{
	for (; line < end; line++) {
		*mark_out = 1;
		if (*line == '\t' || *line == '|' || *line == ':')
			return line;
		*mark_out = 3;
		if (*line == wide_colon[0] && end - line >= 3 &&
		    !memcmp(line, wide_colon, 3))
			return line;
	}
	return NULL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "https://", "C:\", "fe80::1" and "at 10:30" have colons, but no label. */
static bool
is_label_colon(const char *label, const char *colon, const char *end)
{
	if (*colon != ':' || colon + 1 == end || colon == label)
		return true;
	return colon[1] != '/' && colon[1] != '\\' && colon[1] != ':' &&
		!(is_digit(colon[-1]) && is_digit(colon[1]));
}

/* Two tabs in a row align a value; two apart part three cells. */
static bool
is_two_columns(const char *mark, const char *value, const char *end)
{
	return *mark != '\t' || !memchr(value, '\t', (size_t)(end - value));
}

static bool
is_label(const char *label, const char *end)
{
	size_t words = 0;
	const char *at;

	if (end - label > LABEL_MOST || end - label < 2 ||
	    strchr("<([{", *label))
		return false;
	if ((unsigned char)*label < 0x80 &&
	    !((*label | 0x20) >= 'a' && (*label | 0x20) <= 'z'))
		return false;
	for (at = label; at < end; at++)
		words += *at == ' ' && at[-1] != ' ';
	return words < LABEL_WORDS;
}

/* Quote marks, bullets and emphasis before a label. */
static const char *
skip_ornament(const char *line, const char *end)
{
	static const char bullet[] = "\xE2\x80\xA2";	/* U+2022 */

	while (line < end)
		if (*line && strchr(" \t>*-_|", *line))
			line++;
		else if (end - line >= 3 && !memcmp(line, bullet, 3))
			line += 3;
		else
			break;
	return line;
}

void
rows_from_line(struct arena *arena, struct message *message, const char *line,
	       size_t length)
{
	const char *end = line + length, *label, *mark, *stop, *value;
	struct message_row row = { .origin = ROW_LINE };
	size_t mark_length;

	label = skip_ornament(line, end);
	mark = find_mark(label, end, &mark_length);
	if (!mark || !is_label_colon(label, mark, end))
		return;
	for (stop = mark; stop > label && stop[-1] == ' '; stop--)
		;
	if (!is_label(label, stop))
		return;
	value = mark + mark_length;
	/* *Label:* value, as some converters write a bold label. */
	while (value < end && (*value == '*' || *value == ' ' ||
			       *value == '\t'))
		value++;
	while (end > value && (end[-1] == '|' || end[-1] == ' ' ||
			       end[-1] == '\r'))
		end--;
	if (value == end || !is_two_columns(mark, value, end))
		return;
	row.label = label;
	row.value = value;
	(void)rows_add(arena, message, row, (size_t)(stop - label),
		       (size_t)(end - value));	/* or it was no row */
}

void
rows_from_text(struct arena *arena, struct message *message, const char *text)
{
	while (*text) {
		const char *newline = strchr(text, '\n');
		size_t length = newline ? (size_t)(newline - text)
					: strlen(text);

		rows_from_line(arena, message, text, length);
		text += length + (newline != NULL);
	}
}
