/*
 * The one difficulty is what a row is: mail uses tables for layout, hides
 * texts, and leaves tags out. So a row is decided on at its end, from the
 * spans of its cells, and its line in the text is remembered, which would
 * otherwise be found again as `Label: value`.
 */
#include "parse/page.h"

#include "base/bug.h"
#include "base/text.h"
#include "parse/charset.h"
#include "parse/rows.h"

enum {
	GRID_MOST = 2000,	/* memory; real mail has up to 200 */
	LINKS_MOST = 2000,	/* memory; real mail has up to 100 */
	URL_MOST = 8192,	/* octets; a longer one is data, no link */
	CELLS_KEPT = 12,	/* of a row; real tables have up to 8 */
	WITH_SPACER = 3,	/* cells: label, value and a spacer */
};

struct sink {
	struct buf text;
	bool blank;		/* white space waits for a word */
};

/* A stretch of both sinks. */
struct span {
	size_t seen_from, seen_to;
	size_t hidden_from, hidden_to;
};

struct row {
	struct span cells[CELLS_KEPT];
	size_t count;		/* may be more than are kept */
	unsigned int table;
	unsigned int spanned;	/* rows that the first cell spans */
	bool in_cell, hidden;
	bool holds_table;
	bool label_holds_table;	/* the first cell does */
};

/* A stretch of the seen text that is a row of a table already. */
struct row_line {
	size_t start, value, end;
	const char *label;
};

/* The last row of a label and a value, which others may belong to. */
struct last_row {
	size_t row;		/* in message->rows */
	size_t line;		/* in row_lines */
	unsigned int table;	/* 0: none */
	unsigned int spanned;	/* rows below it that its label spans */
};

struct page {
	struct arena *arena;
	struct message *message;
	struct sink seen, hidden;

	struct row rows[PAGE_DEPTH_MOST];	/* open ones */
	size_t row_depth;
	unsigned int open_tables[PAGE_DEPTH_MOST];
	size_t table_depth;
	unsigned int tables;	/* so far */
	struct last_row last;

	struct span term, definition;
	bool has_term, in_definition;
	bool defined;		/* the term has a definition already */

	struct span link;
	const char *link_url;	/* NULL: none is open */
	bool link_hidden;

	VEC(struct row_line) row_lines;		/* ascending, not nested */
};

struct page *
page_create(struct arena *arena, struct message *message)
{
	struct page *page = arena_alloc(arena, sizeof(*page));

	page->arena = arena;
	page->message = message;
	page->seen = page->hidden = (struct sink){ .text = BUF_INIT };
	return page;
}

/* --- Text --- */

static void
sink_word(struct sink *sink, const char *text, size_t length)
{
	if (sink->blank && sink->text.len &&
	    sink->text.data[sink->text.len - 1] != '\n' &&
	    sink->text.data[sink->text.len - 1] != '\t')
		buf_putc(&sink->text, ' ');
	sink->blank = false;
	buf_append(&sink->text, text, length);
}

static void
sink_mark(struct sink *sink, char mark)
{
	sink->blank = false;
	if (sink->text.len && sink->text.data[sink->text.len - 1] != '\n')
		buf_putc(&sink->text, mark);
}

/* White space, or the first octet of U+00A0, which mail uses as such. */
static size_t
blank_length(const char *at, const char *end)
{
	if (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		return 1;
	return end - at >= 2 && at[0] == '\xC2' && at[1] == '\xA0' ? 2 : 0;
}

static void
sink_text(struct sink *sink, const char *at, const char *end, bool lines)
{
	while (at < end) {
		size_t blank = blank_length(at, end);
		const char *word = at;

		if (blank) {
			sink->blank = true;
			if (lines && *at == '\n')
				sink_mark(sink, '\n');
			at += blank;
			continue;
		}
		while (at < end && !blank_length(at, end))
			at++;
		sink_word(sink, word, (size_t)(at - word));
	}
}

void
page_text(struct page *page, const char *text, size_t length, bool hidden,
	  bool lines)
{
	sink_text(hidden ? &page->hidden : &page->seen, text, text + length,
		  lines);
}

/* What hidden elements do to lines is hidden as well. */
void
page_mark(struct page *page, char mark, bool hidden)
{
	if (!hidden)
		sink_mark(&page->seen, mark);
	sink_mark(&page->hidden, mark);
}

/* --- Spans --- */

static struct span
span_start(const struct page *page)
{
	struct span span = {
		.seen_from = page->seen.text.len,
		.hidden_from = page->hidden.text.len,
	};

	return span;
}

static void
span_end(const struct page *page, struct span *span)
{
	span->seen_to = page->seen.text.len;
	span->hidden_to = page->hidden.text.len;
}

static bool
is_empty(const char *text, size_t length)
{
	const char *end = text + length;
	size_t step;

	for (; text < end; text += step)
		if (!text_is_invisible(text_decode(text, end, &step)))
			return false;
	return true;
}

static bool
span_is_empty(const struct page *page, const struct span *span)
{
	return is_empty(page->seen.text.data + span->seen_from,
			span->seen_to - span->seen_from) &&
		is_empty(page->hidden.text.data + span->hidden_from,
			 span->hidden_to - span->hidden_from);
}

/* What a reader sees of it; if that is nothing, what is hidden there. */
static const char *
span_text(const struct page *page, const struct span *span, size_t *length_out,
	  bool *hidden_out)
{
	const char *seen = page->seen.text.data + span->seen_from;

	*length_out = span->seen_to - span->seen_from;
	if (!is_empty(seen, *length_out) || span_is_empty(page, span))
		return seen;
	*length_out = span->hidden_to - span->hidden_from;
	*hidden_out = true;
	return page->hidden.text.data + span->hidden_from;
}

/* --- Rows --- */

/* Terms in a cell ended before the row that has the cell; they are of its
 * value. */
static void
remember_line(struct page *page, const struct span *label,
	      const struct span *value, const char *text)
{
	struct row_line line = { label->seen_from, value->seen_from,
				 value->seen_to, text };

	while (page->row_lines.count &&
	       page->row_lines.items[page->row_lines.count - 1].start >=
	       line.start)
		page->row_lines.count--;
	vec_push(page->arena, &page->row_lines, line);
}

/* False when it is none. */
static bool
add_row(struct page *page, enum message_row_origin origin,
	const struct span *label, const struct span *value)
{
	struct message_row row = { .origin = origin };
	struct message *message = page->message;
	size_t label_length, value_length;

	row.label = span_text(page, label, &label_length, &row.hidden);
	row.value = span_text(page, value, &value_length, &row.hidden);
	if (!rows_add(page->arena, message, row, label_length, value_length))
		return false;
	if (!row.hidden && origin == ROW_TABLE)
		remember_line(page, label, value,
			      message->rows.items[message->rows.count - 1]
			      .label);
	return true;
}

/* Add what a further row, or definition, says to the value of the last row. */
static void
extend_row(struct page *page, const struct span *span)
{
	struct message_row *row = &page->message->rows.items[page->last.row];
	bool hidden = false;
	size_t length;
	const char *text = span_text(page, span, &length, &hidden), *more;

	more = rows_fold_lines(page->arena, text, length);
	if (!*more || hidden != row->hidden)
		return;
	row->value = arena_printf(page->arena, "%s%s%s", row->value,
				  *row->value ? "\n" : "", more);
	if (!hidden)
		remember_line(page, span, span, row->label);
}

static struct row *
open_row(struct page *page)
{
	return page->row_depth ? &page->rows[page->row_depth - 1] : NULL;
}

void
page_row_start(struct page *page, bool hidden)
{
	if (page->row_depth == PAGE_DEPTH_MOST)
		BUG("rows nested more than %d deep", PAGE_DEPTH_MOST);
	page->rows[page->row_depth++] = (struct row){
		.hidden = hidden,
		.table = page->table_depth ?
			 page->open_tables[page->table_depth - 1] : 0,
	};
}

/* Three cells of which one is empty are a label and a value as well. */
static void
drop_spacer(const struct page *page, struct row *row)
{
	size_t i;

	for (i = 0; row->count == WITH_SPACER && i < row->count; i++) {
		if (!span_is_empty(page, &row->cells[i]))
			continue;
		row->count--;
		memmove(&row->cells[i], &row->cells[i + 1],
			(row->count - i) * sizeof(row->cells[i]));
	}
}

static void
add_to_grid(struct page *page, const struct row *row)
{
	struct message_cells cells = { .table = row->table };
	size_t i;

	if (row->hidden || !row->table)
		return;
	if (row->count > CELLS_KEPT)
		message_limit(page->arena, page->message, "a table row with "
			      "too many cells: the last ones were not read");
	for (i = 0; i < row->count && i < CELLS_KEPT; i++) {
		const struct span *span = &row->cells[i];

		vec_push(page->arena, &cells.cells,
			 rows_fold_lines(page->arena,
					 page->seen.text.data + span->seen_from,
					 span->seen_to - span->seen_from));
	}
	if (page->message->grid.count == GRID_MOST)
		message_limit(page->arena, page->message,
			      "too many rows: the last ones were not read");
	else
		vec_push(page->arena, &page->message->grid, cells);
}

static void
add_pair(struct page *page, const struct row *row)
{
	if (!add_row(page, ROW_TABLE, &row->cells[0], &row->cells[1]))
		return;
	page->last = (struct last_row){
		.row = page->message->rows.count - 1, .table = row->table,
		.spanned = row->spanned > 1 ? row->spanned - 1 : 0,
	};
}

/* Is the row a further line of the last one's value? */
static bool
belongs_to_last(const struct page *page, const struct row *row)
{
	if (!page->last.table || page->last.table != row->table)
		return false;
	return row->count == 1 ? page->last.spanned > 0 : row->count == 2 &&
	       span_is_empty(page, &row->cells[0]);
}

static void
take_row(struct page *page, const struct row *row)
{
	if (belongs_to_last(page, row)) {
		extend_row(page, &row->cells[row->count - 1]);
		page->last.spanned -= page->last.spanned > 0;
		return;
	}
	page->last.table = 0;
	if (row->count == 2)
		add_pair(page, row);
	if (row->count >= 2)
		add_to_grid(page, row);
}

void
page_row_end(struct page *page)
{
	struct row *row = open_row(page);

	if (!row)
		return;
	page->row_depth--;
	if (!row->holds_table) {
		drop_spacer(page, row);
		take_row(page, row);
		return;
	}
	page->last.table = 0;
	if (row->count == 2 && !row->label_holds_table)
		(void)add_row(page, ROW_LAYOUT, &row->cells[0],
			      &row->cells[1]);	/* or it is none */
}

void
page_cell_end(struct page *page)
{
	struct row *row = open_row(page);

	if (!row || !row->in_cell)
		return;
	row->in_cell = false;
	if (row->count < CELLS_KEPT)
		span_end(page, &row->cells[row->count]);
	row->count++;
}

/* A hidden cell in a row that is seen is no cell to its reader. */
void
page_cell_start(struct page *page, bool hidden, unsigned int rows)
{
	struct row *row = open_row(page);

	page_cell_end(page);		/* cells do not nest */
	if (!row || (hidden && !row->hidden))
		return;
	row->in_cell = true;
	if (!row->count)
		row->spanned = rows;
	if (row->count < CELLS_KEPT)
		row->cells[row->count] = span_start(page);
}

void
page_table_start(struct page *page)
{
	struct row *row = open_row(page);

	if (row) {
		row->holds_table = true;
		row->label_holds_table |= !row->count;
	}
	if (page->table_depth == PAGE_DEPTH_MOST)
		BUG("tables nested more than %d deep", PAGE_DEPTH_MOST);
	page->open_tables[page->table_depth++] = ++page->tables;
}

void
page_table_end(struct page *page)
{
	if (page->table_depth)
		page->table_depth--;
}

void
page_term_start(struct page *page)
{
	page->term = span_start(page);
	page->has_term = page->in_definition = page->defined = false;
}

void
page_term_end(struct page *page)
{
	span_end(page, &page->term);
	page->has_term = true;
}

/* Of a term that has ended. */
void
page_definition_start(struct page *page)
{
	page->definition = span_start(page);
	page->in_definition = page->has_term;
}

void
page_definition_end(struct page *page)
{
	if (!page->in_definition)
		return;
	page->in_definition = false;
	span_end(page, &page->definition);
	if (page->defined) {
		extend_row(page, &page->definition);
	} else if (add_row(page, ROW_TABLE, &page->term, &page->definition)) {
		page->defined = true;
		page->last = (struct last_row){
			.row = page->message->rows.count - 1
		};
	}
}

/* --- Links --- */

void
page_link_end(struct page *page)
{
	struct message_link link = { .url = page->link_url };
	const char *text;
	size_t length;

	if (!page->link_url)
		return;
	page->link_url = NULL;
	if (page->message->links.count == LINKS_MOST) {
		message_limit(page->arena, page->message,
			      "too many links: the last ones were not read");
		return;
	}
	span_end(page, &page->link);
	link.hidden = page->link_hidden;
	text = span_text(page, &page->link, &length, &link.hidden);
	link.text = text_fold_space(page->arena, text, length);
	vec_push(page->arena, &page->message->links, link);
}

/* As a browser reads it: without line ends and tabs, and the blanks around. */
static const char *
clean_url(struct page *page, const char *url)
{
	struct buf text = BUF_INIT;
	const char *copy;

	for (; *url; url++)
		if (*url != '\n' && *url != '\r' && *url != '\t')
			buf_putc(&text, *url);
	copy = text_trim(page->arena, text.data, text.len);
	buf_release(&text);
	return copy;
}

void
page_link_start(struct page *page, const char *url, bool hidden)
{
	page_link_end(page);		/* links do not nest */
	if (!url)
		return;
	if (strlen(url) > URL_MOST) {
		message_limit(page->arena, page->message,
			      "a link was too long and was left out");
		return;
	}
	url = clean_url(page, url);
	if (!*url)
		return;
	page->link_url = url;
	page->link_hidden = hidden;
	page->link = span_start(page);
}

/* --- Lines --- */

static const char *
without_end_blanks(const char *line, const char *end)
{
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return end;
}

/* A line that is a row already is not taken for one again. A line in a cell of
 * several lines is of that cell's value; but the table may be layout, so it is
 * a row as well, for those who do not know the cell's label. */
static void
take_line_row(struct page *page, struct rows_lines *lines, const char *line,
	      const char *stop, size_t *known)
{
	size_t offset = (size_t)(line - page->seen.text.data);
	size_t end = (size_t)(stop - page->seen.text.data);
	const struct row_line *row = NULL;

	while (*known < page->row_lines.count &&
	       page->row_lines.items[*known].end <= offset)
		(*known)++;
	if (*known < page->row_lines.count)
		row = &page->row_lines.items[*known];
	if (!row || row->start >= end) {
		rows_feed(lines, line, (size_t)(stop - line), "");
		return;
	}
	if (offset < row->value)
		line += row->value < end ? row->value - offset : end - offset;
	if (offset <= row->start && row->end <= end)
		return;			/* the whole row */
	rows_feed(lines, line, (size_t)(stop - line), row->label);
}

/* The seen text without empty lines. */
void
page_finish(struct page *page, struct buf *text_out)
{
	const char *line = page->seen.text.data, *next;
	const char *end = line + page->seen.text.len;
	struct rows_lines lines = { .arena = page->arena,
				    .message = page->message };
	size_t known = 0;

	page_link_end(page);
	for (; line < end; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;

		next = newline ? newline + 1 : end;
		stop = without_end_blanks(line, stop);
		take_line_row(page, &lines, line, stop, &known);
		if (stop == line)
			continue;
		/* Valid already, unless the parser cut a character. */
		(void)charset_append(text_out, "utf-8", line,
				     (size_t)(stop - line));
		buf_putc(text_out, '\n');
	}
	rows_end(&lines);
	buf_release(&page->seen.text);
	buf_release(&page->hidden.text);
}
