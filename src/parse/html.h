/*
 * HTML mail to text, rows and links: the door to libxml2.
 *
 * Nothing is fetched or run. The parser hands over its events (SAX) and no
 * tree is built, so neither memory nor stack follows the nesting. Styles of a
 * style sheet are not known, only those written at an element: a row hidden by
 * a class is taken for visible.
 */
#ifndef PARSE_HTML_H
#define PARSE_HTML_H

#include "base/buf.h"
#include "parse/message.h"

/*
 * Read one HTML part, which must be valid UTF-8. Appends its readable text to
 * `text_out` (block elements begin a line, cells are parted by tabs, hidden
 * text is left out) and its rows and links to `message`: rows of tables with
 * two cells, neither of which holds a table, pairs of dt and dd, and lines that
 * look like `Label: value`.
 */
void html_read(struct arena *arena, struct message *message, const char *text,
	       size_t length, struct buf *text_out);

#endif
