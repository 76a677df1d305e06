/*
 * Label/value rows: the only structure that notification mails have.
 */
#ifndef PARSE_ROWS_H
#define PARSE_ROWS_H

#include "parse/message.h"

/* Add a row; white space is folded but for the lines of the value, colons
 * behind the label are taken off. Nothing is added when no label is left. False
 * then, and for a label too long to be one. */
bool rows_add(struct arena *arena, struct message *message,
	      struct message_row row, size_t label_length, size_t value_length);

/* The lines of `text`, each folded, without empty ones. */
char *rows_fold_lines(struct arena *arena, const char *text, size_t length);

/*
 * Rows of lines, which are fed in the order of the text. One that is
 * `Label: value`, `Label | value` or `Label<TAB>value` is a row; full-width
 * colons count. The label is short, begins with a letter, and is no beginning
 * of a link or of a time. A label alone has its value in the lines below, up to
 * an empty one or the next label. A line that begins further in than the row
 * above it is within that row's value.
 */
struct rows_lines {
	struct arena *arena;
	struct message *message;

	/* Of this module alone: the label that waits for its value. */
	struct message_row waiting;
	size_t label_length, value_length, lines;
	const char *above;	/* the label of the row above, or NULL */
	size_t indent;		/* of that row */
};

/* `within` as in struct message_row; a line in another cell than the one before
 * is no continuation of it. */
void rows_feed(struct rows_lines *lines, const char *line, size_t length,
	       const char *within);
void rows_end(struct rows_lines *lines);

/* rows_feed() for each line of `text`, and rows_end(). */
void rows_from_text(struct arena *arena, struct message *message,
		    const char *text);

#endif
