/*
 * The one difficulty is to tell a row of labels from a label with a value that
 * happens to be a label too: "Category | Malware". Of two cells it is only one
 * when what stands below is no label.
 */
#include "normalize/grid.h"

#include "base/text.h"
#include "normalize/quirk.h"

static const struct format_label *
label_of(const struct fill *fill, const char *cell)
{
	return *cell ? formats_label(fill->formats, fill->format,
				     quirk_label(fill->arena, cell)) : NULL;
}

/* The row of the same table that follows row `i`, or NULL. Rows of a table in
 * a cell come before the row that has the cell. */
static const struct message_cells *
next_row(const struct message *message, size_t i)
{
	unsigned int table = message->grid.items[i].table;

	while (++i < message->grid.count)
		if (message->grid.items[i].table == table)
			return &message->grid.items[i];
	return NULL;
}

static size_t
count_labels(const struct fill *fill, const struct message_cells *row)
{
	size_t count = 0, i;

	for (i = 0; i < row->cells.count; i++)
		count += label_of(fill, row->cells.items[i]) != NULL;
	return count;
}

/* `next` as of next_row(). */
static bool
is_head(const struct fill *fill, const struct message_cells *row,
	const struct message_cells *next)
{
	if (!next || count_labels(fill, row) < 2)
		return false;
	return row->cells.count > 2 || !label_of(fill, next->cells.items[0]);
}

static void
fill_column(struct fill *fill, const char *head, const char *cell)
{
	const struct format_label *label = label_of(fill, head);

	if (label && *cell)
		fill_label(fill, label->field, head, cell);
}

/* A row with other columns than the head says nobody knows what. */
static void
doubt_columns(struct fill *fill, const struct message_cells *head)
{
	size_t i;

	for (i = 0; i < head->cells.count; i++) {
		const char *text = head->cells.items[i];
		const struct format_label *label = label_of(fill, text);

		if (label)
			alert_incomplete(fill->out->alert, label->field,
					 "a row below '%s' has other columns",
					 text);
	}
}

static void
fill_below(struct fill *fill, const struct message_cells *head,
	   const struct message_cells *row)
{
	size_t i;

	if (row->cells.count != head->cells.count) {
		doubt_columns(fill, head);
		return;
	}
	for (i = 0; i < row->cells.count; i++)
		fill_column(fill, head->cells.items[i], row->cells.items[i]);
}

/* A label with several cells behind it. */
static void
fill_beside(struct fill *fill, const struct message_cells *row)
{
	const char *head = row->cells.items[0];
	const struct format_label *label = label_of(fill, head);
	size_t i;

	if (row->cells.count <= 2 || !label)
		return;
	if (!alert_fields[label->field].several)
		alert_incomplete(fill->out->alert, label->field,
				 "several cells stand beside '%s'", head);
	for (i = 1; i < row->cells.count; i++)
		if (i == 1 || alert_fields[label->field].several)
			fill_column(fill, head, row->cells.items[i]);
}

/* The last head of each table so far. */
struct heads {
	VEC(const struct message_cells *) rows;
	unsigned int seen;	/* no table above this one was met yet */
};

static const struct message_cells *
find_head(const struct heads *heads, unsigned int table)
{
	size_t i;

	for (i = heads->rows.count; i > 0; i--)
		if (heads->rows.items[i - 1]->table == table)
			return heads->rows.items[i - 1];
	return NULL;
}

void
grid_fill(struct fill *fill, const struct message *message)
{
	struct heads heads = { .seen = 0 };
	size_t i;

	for (i = 0; i < message->grid.count; i++) {
		const struct message_cells *row = &message->grid.items[i];
		const struct message_cells *head = find_head(&heads,
							     row->table);
		bool first = row->table > heads.seen;

		if (first)
			heads.seen = row->table;
		if (head)
			fill_below(fill, head, row);
		else if (first && is_head(fill, row, next_row(message, i)))
			vec_push(fill->arena, &heads.rows, row);
		else
			fill_beside(fill, row);
	}
}

bool
grid_has_head(const struct fill *fill, const struct message *message,
	      const struct message_row *row)
{
	size_t i;

	if (row->origin != ROW_TABLE || !label_of(fill, row->value))
		return false;
	for (i = 0; i < message->grid.count; i++) {
		const struct message_cells *cells = &message->grid.items[i];

		if (cells->cells.count == 2 &&
		    !strcmp(cells->cells.items[1], row->value) &&
		    text_starts(cells->cells.items[0], row->label))
			return is_head(fill, cells, next_row(message, i));
	}
	return false;
}
