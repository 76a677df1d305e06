/*
 * Label/value rows: the only structure that notification mails have.
 */
#ifndef PARSE_ROWS_H
#define PARSE_ROWS_H

#include "parse/message.h"

/* Add a row; white space is folded, colons behind the label are taken off.
 * Nothing is added when no label is left. False then, and for a label too long
 * to be one. */
bool rows_add(struct arena *arena, struct message *message,
	      struct message_row row, size_t label_length, size_t value_length);

/*
 * The row of one line, if it is `Label: value`, `Label | value` or
 * `Label<TAB>value`; full-width colons count. The label is short, begins with
 * a letter, and is no beginning of a link or of a time.
 */
void rows_from_line(struct arena *arena, struct message *message,
		    const char *line, size_t length);

/* rows_from_line() for each line of `text`. */
void rows_from_text(struct arena *arena, struct message *message,
		    const char *text);

#endif
