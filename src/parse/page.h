/*
 * The page that an HTML part makes: what its reader sees, and its rows and
 * links. It is told of text and of the beginnings and ends of what matters, in
 * the order of the document, and knows no parser.
 *
 * All text goes into one of two sinks, the seen and the hidden one. Cells,
 * terms and links are only offsets into both, so nothing is copied before a
 * row is known to be one.
 */
#ifndef PARSE_PAGE_H
#define PARSE_PAGE_H

#include "base/buf.h"
#include "parse/message.h"

#include <stdbool.h>

/* Table rows that are open at a time: the caller's nesting is no deeper. */
enum { PAGE_DEPTH_MOST = 256 };

struct page;

/* In the arena; rows and links are added to `message`. */
struct page *page_create(struct arena *arena, struct message *message);

/* White space is folded; with `lines` the line ends count. */
void page_text(struct page *page, const char *text, size_t length, bool hidden,
	       bool lines);

/* A line end or a tab, unless a line has just begun. */
void page_mark(struct page *page, char mark, bool hidden);

void page_row_start(struct page *page, bool hidden);
void page_row_end(struct page *page);
/* `rows` is how many rows the cell spans. A row without a label belongs to the
 * value of the one before it, as does one whose label spans it. */
void page_cell_start(struct page *page, bool hidden, unsigned int rows);
void page_cell_end(struct page *page);
/* A row that holds a table is layout. */
void page_table_start(struct page *page);
void page_table_end(struct page *page);

void page_term_start(struct page *page);
void page_term_end(struct page *page);
void page_definition_start(struct page *page);
void page_definition_end(struct page *page);

/* An end without a start is none, and links do not nest. */
void page_link_start(struct page *page, const char *url, bool hidden);
void page_link_end(struct page *page);

/* Append the seen text, without empty lines, take its lines for rows, and give
 * back all memory outside of the arena. */
void page_finish(struct page *page, struct buf *text_out);

#endif
