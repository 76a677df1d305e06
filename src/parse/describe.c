#include "parse/describe.h"

#include "base/text.h"

enum { SHOWN_MOST = 4096 };	/* octets of one value */

static void
indent(struct buf *out, int depth)
{
	while (depth--)
		buf_putc(out, '\t');
}

static void
put_quoted(struct buf *out, const char *before, const char *text)
{
	buf_puts(out, before);
	buf_putc(out, '"');
	text_escape(out, text, SHOWN_MOST);
	buf_putc(out, '"');
}

static void
put_fact(struct buf *out, int depth, const char *what, const char *text)
{
	indent(out, depth);
	buf_puts(out, what);
	put_quoted(out, " ", text);
	buf_putc(out, '\n');
}

static void
put_lines(struct buf *out, int depth, const char *what, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		struct buf line = BUF_INIT;

		buf_append(&line, text, length);
		put_fact(out, depth, what, line.data);
		buf_release(&line);
		text += length + (text[length] == '\n');
	}
}

static void
put_pair(struct buf *out, int depth, const char *what, const char *first,
	 const char *second)
{
	indent(out, depth);
	buf_puts(out, what);
	put_quoted(out, " ", first);
	put_quoted(out, " ", second);
	buf_putc(out, '\n');
}

static const char *const row_names[ROW_ORIGINS] = {
	[ROW_TABLE] = "row", [ROW_LINE] = "line", [ROW_LAYOUT] = "layout",
	[ROW_ABOVE] = "above", [ROW_NEXT] = "next",
};

/* `line "Severity" "High" in "Details"` */
static void
put_row(struct buf *out, int depth, const struct message_row *row)
{
	indent(out, depth);
	buf_puts(out, row->hidden ? "hidden row" : row_names[row->origin]);
	put_quoted(out, " ", row->label);
	put_quoted(out, " ", row->value);
	if (*row->within)
		put_quoted(out, " in ", row->within);
	buf_putc(out, '\n');
}

/* Rows of two cells are there already. */
static void
put_grid(struct buf *out, int depth, const struct message *message)
{
	size_t i, j;

	for (i = 0; i < message->grid.count; i++) {
		const struct message_cells *row = &message->grid.items[i];

		if (row->cells.count <= 2)
			continue;
		indent(out, depth);
		buf_printf(out, "cells %u", row->table);
		for (j = 0; j < row->cells.count; j++)
			put_quoted(out, " ", row->cells.items[j]);
		buf_putc(out, '\n');
	}
}

static void
put_content(struct buf *out, int depth, const struct message *message)
{
	size_t i;

	put_lines(out, depth, "text", message->text);
	put_lines(out, depth, "html", message->html_text);
	for (i = 0; i < message->rows.count; i++) {
		const struct message_row *row = &message->rows.items[i];

		if (row->origin == ROW_NEXT)	/* nearly every line */
			continue;
		put_row(out, depth, row);
	}
	put_grid(out, depth, message);
	for (i = 0; i < message->links.count; i++) {
		const struct message_link *link = &message->links.items[i];

		put_pair(out, depth, link->hidden ? "hidden link" : "link",
			 link->url, link->text);
	}
}

static void
put_message(struct buf *out, int depth, const struct message *message)
{
	size_t i;

	for (i = 0; i < message->headers.count; i++)
		put_pair(out, depth, "header", message->headers.items[i].name,
			 message->headers.items[i].value);
	for (i = 0; i < message->from.count; i++)
		put_pair(out, depth, "from", message->from.items[i].name,
			 message->from.items[i].address);
	put_fact(out, depth, "subject", message->subject);
	put_fact(out, depth, "message-id", message->message_id);
	put_content(out, depth, message);
	for (i = 0; i < message->parts.count; i++) {
		const struct message_part *part = &message->parts.items[i];

		indent(out, depth);
		buf_printf(out, "part %zu", part->size);
		put_quoted(out, " ", part->type);
		put_quoted(out, " ", part->name);
		buf_puts(out, part->is_too_large ? " too large\n" : "\n");
	}
	for (i = 0; i < message->outcomes.count; i++)
		put_fact(out, depth, "outcome", message->outcomes.items[i]);
	for (i = 0; i < message->limits.count; i++)
		put_fact(out, depth, "limit", message->limits.items[i]);
	if (message->bad_bytes) {
		indent(out, depth);
		buf_printf(out, "bad-bytes %zu\n", message->bad_bytes);
	}
	for (i = 0; i < message->nested.count; i++) {
		indent(out, depth);
		buf_puts(out, "nested\n");
		put_message(out, depth + 1, message->nested.items[i]);
	}
}

void
describe_message(struct buf *out, const struct message *message)
{
	put_message(out, 0, message);
}
