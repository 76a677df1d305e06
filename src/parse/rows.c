#include "parse/rows.h"

#include "base/buf.h"
#include "base/text.h"

enum {
	ROWS_MOST = 5000,	/* memory; real mail has up to 200 */
	LABEL_MOST = 160,	/* octets; a longer one is a sentence */
	LABEL_WORDS = 6,	/* in the label of a line */
	LINE_MOST = 65536,	/* a longer line is no row */
	LINES_MOST = 200,	/* below a label; a longer list is cut */
	NEXT_MOST = 1000,	/* rows beside which any short line is one */
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

char *
rows_fold_lines(struct arena *arena, const char *text, size_t length)
{
	const char *end = text + length, *stop, *line;
	struct buf out = BUF_INIT;
	char *copy;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;
		line = text_fold_space(arena, text, (size_t)(stop - text));
		if (*line)
			buf_printf(&out, "%s%s", out.len ? "\n" : "", line);
	}
	copy = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return copy;
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
	row.value = rows_fold_lines(arena, row.value, value_length);
	if (!row.within)
		row.within = "";
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

/* False when the line is no row. */
static bool
add_line_row(struct rows_lines *lines, const char *line, size_t length,
	     const char *within)
{
	const char *end = line + length, *label, *mark, *stop, *value;
	struct message_row row = { .origin = ROW_LINE, .within = within };
	size_t mark_length;

	label = skip_ornament(line, end);
	mark = find_mark(label, end, &mark_length);
	if (!mark || !is_label_colon(label, mark, end))
		return false;
	for (stop = mark; stop > label && stop[-1] == ' '; stop--)
		;
	if (!is_label(label, stop))
		return false;
	value = mark + mark_length;
	/* *Label:* value, as some converters write a bold label. */
	while (value < end && (*value == '*' || *value == ' ' ||
			       *value == '\t'))
		value++;
	while (end > value && (end[-1] == '|' || end[-1] == ' ' ||
			       end[-1] == '\r'))
		end--;
	if (value == end || !is_two_columns(mark, value, end))
		return false;
	row.label = label;
	row.value = value;
	return rows_add(lines->arena, lines->message, row,
			(size_t)(stop - label), (size_t)(end - value));
}

/* Blanks and emphasis at the end. */
static const char *
without_end(const char *line, const char *end)
{
	while (end > line && strchr(" \t\r*_", end[-1]))
		end--;
	return end;
}

/* Octets of the colon that the line ends with, 0 for none. */
static size_t
end_colon(const char *line, const char *end)
{
	if (end > line && end[-1] == ':')
		return 1;
	return end - line >= 3 && !memcmp(end - 3, wide_colon, 3) ? 3 : 0;
}

static void
finish_waiting(struct rows_lines *lines)
{
	if (lines->lines)
		(void)rows_add(lines->arena, lines->message, lines->waiting,
			       lines->label_length, lines->value_length);
	lines->waiting.label = NULL;
	lines->lines = 0;
}

/* Let the line wait for its value when it can be a label. */
static void
start_waiting(struct rows_lines *lines, const char *line, const char *end,
	      const char *within)
{
	size_t colon = end_colon(line, end);

	if (!is_label(line, end - colon) ||
	    (!colon && (memchr(line, '\t', (size_t)(end - line)) ||
			lines->message->rows.count > NEXT_MOST)))
		return;
	lines->waiting = (struct message_row){
		.origin = colon ? ROW_ABOVE : ROW_NEXT, .label = line,
		.within = within,
	};
	lines->label_length = (size_t)(end - line);
}

/* The line belongs to the label that waits. */
static void
add_to_value(struct rows_lines *lines, const char *line, const char *end)
{
	if (!lines->lines++)
		lines->waiting.value = line;
	if (lines->lines <= LINES_MOST)
		lines->value_length = (size_t)(end - lines->waiting.value);
	else
		message_limit(lines->arena, lines->message, "a list below its "
			      "label is too long: its end was not read");
	if (lines->waiting.origin == ROW_NEXT)
		finish_waiting(lines);
}

/* A line that is no row: a label, or a value below one, or both, since a short
 * line may be the label of the next. */
static void
take_plain(struct rows_lines *lines, const char *line, const char *end,
	   const char *within)
{
	if (end_colon(line, end))
		finish_waiting(lines);
	else if (lines->waiting.label)
		add_to_value(lines, line, end);
	if (!lines->waiting.label)
		start_waiting(lines, line, end, within);
}

static size_t
indent_of(const char *line, size_t length)
{
	size_t i;

	for (i = 0; i < length && (line[i] == ' ' || line[i] == '\t'); i++)
		continue;
	return i;
}

static void
take_line(struct rows_lines *lines, const char *line, size_t length,
	  const char *within)
{
	size_t indent = indent_of(line, length);
	const struct message *message = lines->message;

	if (lines->above && indent > lines->indent) {
		(void)add_line_row(lines, line, length, lines->above);
		return;
	}
	lines->above = NULL;
	if (!add_line_row(lines, line, length, within)) {
		take_plain(lines, skip_ornament(line, line + length),
			   without_end(line, line + length), within);
		return;
	}
	finish_waiting(lines);
	lines->above = message->rows.items[message->rows.count - 1].label;
	lines->indent = indent;
}

void
rows_feed(struct rows_lines *lines, const char *line, size_t length,
	  const char *within)
{
	const char *end = without_end(line, line + length);
	bool empty = skip_ornament(line, end) >= end;

	if (empty || (lines->waiting.label &&
		      strcmp(lines->waiting.within, within)))
		finish_waiting(lines);
	if (empty)
		lines->above = NULL;
	else
		take_line(lines, line, length, within);
}

void
rows_end(struct rows_lines *lines)
{
	finish_waiting(lines);
}

void
rows_from_text(struct arena *arena, struct message *message, const char *text)
{
	struct rows_lines lines = { .arena = arena, .message = message };

	while (*text) {
		const char *newline = strchr(text, '\n');
		size_t length = newline ? (size_t)(newline - text)
					: strlen(text);

		rows_feed(&lines, text, length, "");
		text += length + (newline != NULL);
	}
	rows_end(&lines);
}
