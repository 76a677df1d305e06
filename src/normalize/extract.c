/*
 * The mail is read twice: what can be seen into the alert, then what is hidden,
 * in the same way, into a record of its own, which is compared with the alert.
 */
#include "normalize/extract.h"

#include "base/text.h"
#include "normalize/fill.h"
#include "normalize/grid.h"
#include "normalize/quirk.h"

enum {
	/* Octets of an unknown label and of its value. */
	LABEL_SHOWN_MOST = 200,
	/* More unknown labels tell nobody more. */
	UNKNOWN_MOST = 50,
	/* A label that was never seen before is short: prose has colons too. */
	LABEL_MOST = 48,
	LABEL_WORDS_MOST = 5,
	/* Rows and links that are looked at. The reader hands over as many
	 * rows, and says when there were more. */
	ROWS_MOST = 5000,
	LINKS_MOST = 300,
	/* Lines that are looked through for labels without colons. */
	LINES_MOST = 500,
};

/* A label that the mail format may have got since the format was written, and
 * not a sentence with a colon in it. */
static bool
looks_like_label(const struct message_row *row)
{
	const char *at;
	size_t words = 1;

	for (at = row->label; *at; at++)
		words += *at == ' ';
	return row->origin == ROW_TABLE ||
	       (strlen(row->label) <= LABEL_MOST && words <= LABEL_WORDS_MOST);
}

static void
keep_unknown(struct fill *fill, const struct message_row *row)
{
	struct extract_label label = {
		text_cut(fill->arena, row->label, LABEL_SHOWN_MOST),
		text_cut(fill->arena, row->value, LABEL_SHOWN_MOST)
	};
	size_t i;

	if (fill->out->unknown.count == UNKNOWN_MOST || !looks_like_label(row))
		return;
	for (i = 0; i < fill->out->unknown.count; i++)
		if (text_same(fill->out->unknown.items[i].label, label.label))
			return;
	vec_push(fill->arena, &fill->out->unknown, label);
}

/* The value with the lines that it goes on in. */
static const char *
row_value(struct fill *fill, const struct message *message,
	  const struct message_row *row, enum alert_field field)
{
	const char *value = row->value;

	if (row->origin != ROW_LINE || row->hidden)
		return value;
	if (!alert_fields[field].several)
		return quirk_unfold(fill->arena, message->text, value);
	value = quirk_unfold_list(fill->arena, message->html_text, value);
	return strcmp(value, row->value) ? value :
	       quirk_unfold_list(fill->arena, message->text, value);
}

/* The first line, for a field of one value; what stands below a label may go
 * on with other things. */
static const char *
first_line(struct fill *fill, const char *value)
{
	return arena_strndup(fill->arena, value, strcspn(value, "\n"));
}

/* A short line and the next one, which may be a label and its value: only when
 * nothing surer was found. */
static void
use_next_line(struct fill *fill, enum alert_field field,
	      const struct message_row *row)
{
	struct alert *alert = fill->out->alert;

	if (alert->fields[field].count || field == ALERT_ORGANIZATION)
		return;
	fill_label(fill, field, row->label, row->value);
	if (alert_fields[field].several)
		alert_incomplete(alert, field, "only the line below '%s' was "
				 "read", row->label);
}

static void
use_labelled(struct fill *fill, const struct message *message,
	     const struct message_row *row, enum alert_field field)
{
	const char *value = row_value(fill, message, row, field);

	switch (row->origin) {
	case ROW_LINE:
		/* The links of a text are read with the text: only there it
		 * shows whether a line end cut them. */
		if (fill_is_link(field) && strcasestr(value, "https:/"))
			return;
		break;
	case ROW_ABOVE:
		if (!alert_fields[field].several)
			value = first_line(fill, value);
		break;
	case ROW_LAYOUT:
		alert_incomplete(fill->out->alert, field, "a table stands "
				 "beside '%s'", row->label);
		if (!alert_fields[field].several)
			return;
		break;
	case ROW_NEXT:
		use_next_line(fill, field, row);
		return;
	case ROW_TABLE:
	case ROW_ORIGINS:
		break;
	}
	fill_label(fill, field, row->label, value);
}

/* A value ends where its cell ends: a line in the cell of a known label is no
 * row, and one in any other cell says nothing of whose the mail is. */
static bool
is_of_a_value(struct fill *fill, const struct message_row *row,
	      const struct format_label *label)
{
	if (!*row->within)
		return false;
	return (label && (label->field == ALERT_TENANT ||
			  label->field == ALERT_ORGANIZATION)) ||
	       formats_label(fill->formats, fill->format,
			     quirk_label(fill->arena, row->within));
}

static void
use_row(struct fill *fill, const struct message *message,
	const struct message_row *row)
{
	const char *key = quirk_label(fill->arena, row->label);
	const struct format_label *label = formats_label(fill->formats,
							 fill->format, key);

	if (is_of_a_value(fill, row, label) ||
	    grid_has_head(fill, message, row))
		return;
	if (label)
		use_labelled(fill, message, row, label->field);
	else if (!row->hidden && row->origin < ROW_LAYOUT &&
		 !formats_ignores(fill->formats, key))
		keep_unknown(fill, row);
}

/* Is it a mail in which labels without colons stand above their values? A
 * severity does, that is known. */
static bool
has_labels_above(struct fill *fill, const struct message *message)
{
	size_t i;

	for (i = 0; i < message->rows.count && i < ROWS_MOST; i++) {
		const struct message_row *row = &message->rows.items[i];
		const struct format_label *label;

		if (row->origin != ROW_NEXT ||
		    !severity_parse(formats_alias(fill->formats, fill->arena,
						  ALERT_SEVERITY, row->value)))
			continue;
		label = formats_label(fill->formats, fill->format,
				      quirk_label(fill->arena, row->label));
		if (label && label->field == ALERT_SEVERITY)
			return true;
	}
	return false;
}

/* Those of ROW_NEXT, or all others. */
static void
use_rows(struct fill *fill, const struct message *message, bool hidden,
	 bool next)
{
	size_t i;

	for (i = 0; i < message->rows.count && i < ROWS_MOST; i++) {
		const struct message_row *row = &message->rows.items[i];

		if (row->hidden == hidden && *row->value &&
		    (row->origin == ROW_NEXT) == next)
			use_row(fill, message, row);
	}
}

/* Does one of them lead to a portal? */
static bool
use_links(struct fill *fill, const struct message *message, bool hidden)
{
	bool known = false;
	size_t i;

	for (i = 0; i < message->links.count && i < LINKS_MOST; i++)
		if (message->links.items[i].hidden == hidden)
			known |= fill_link(fill, message->links.items[i].url);
	if (i < message->links.count)
		fill_unread_link(fill, "there are more links than are read");
	return known;
}

static void
use_captures(struct fill *fill, const pattern_captures *captures)
{
	size_t i;

	for (i = 0; i < captures->count; i++)
		fill_captured(fill,
			      alert_field_find(captures->items[i].hole),
			      captures->items[i].text);
}

/* The longest label of the format that `line` begins with, as it is written
 * (prose has "incident" where a table has "Incident"), followed by a blank or
 * nothing. */
static const struct format_label *
label_at(const struct format *format, const char *line)
{
	const struct format_label *best = NULL;
	size_t i;

	for (i = 0; i < format->labels.count; i++) {
		const struct format_label *label = &format->labels.items[i];
		size_t length = strlen(label->text);

		if (text_starts(line, label->text) &&
		    (!line[length] || line[length] == ' ') &&
		    (!best || length > strlen(best->text)))
			best = label;
	}
	return best;
}

/* The start of the next word that begins a label, or the end. */
static const char *
next_label(const struct format *format, const char *line)
{
	for (line += strcspn(line, " "); *line; line += strcspn(line, " ")) {
		line += strspn(line, " ");
		if (label_at(format, line))
			break;
	}
	return line;
}

/*
 * A table that became one line on its way through some program:
 *
 *	Vulnerability Name CVE-2026-48778 Severity High CVSS 7.8
 *
 * It begins with a label and has another one, both of the format itself: the
 * common ones are words of every language.
 */
static void
use_flat_line(struct fill *fill, const char *line)
{
	const struct format_label *label = label_at(fill->format, line);
	const char *end, *value;

	if (!label || !*next_label(fill->format, line + strlen(label->text)))
		return;
	for (; label; line = end, label = label_at(fill->format, line)) {
		value = line + strlen(label->text);
		end = next_label(fill->format, value);
		fill_label(fill, label->field, label->text,
			   text_trim(fill->arena, value,
				     (size_t)(end - value)));
	}
}

static void
use_flat_lines(struct fill *fill, const char *text)
{
	size_t length, lines;

	for (lines = 0; *text && lines < LINES_MOST; lines++) {
		length = strcspn(text, "\n");
		if (!memchr(text, '\t', length))	/* cells: a row */
			use_flat_line(fill, text_fold_space(fill->arena, text,
							    length));
		text += length + (text[length] == '\n');
	}
}

static bool
is_complete(const struct fill *fill)
{
	size_t i;

	for (i = 0; i < fill->format->expected.count; i++)
		if (!alert_text(fill->out->alert,
				fill->format->expected.items[i]))
			return false;
	return true;
}

/* A mail that was not read whole may name more than was seen. */
static void
mark_cut(struct alert *alert, const struct message *message)
{
	int field;

	for (field = 0; message->limits.count && field < ALERT_FIELDS; field++)
		alert_incomplete(alert, (enum alert_field)field, "%s",
				 message->limits.items[0]);
}

static void
read_visible(struct fill *fill, const pattern_captures *captures,
	     const struct message *message)
{
	use_captures(fill, captures);
	use_rows(fill, message, false, false);
	grid_fill(fill, message);
	if (has_labels_above(fill, message))
		use_rows(fill, message, false, true);
	if (!is_complete(fill)) {
		use_flat_lines(fill, message->html_text);
		use_flat_lines(fill, message->text);
	}
	/* A link that is only written out may stand in the name of a device or
	 * in a title, so be an attacker's, who would have the mail held for
	 * speaking of two tenants. */
	if (!use_links(fill, message, false)) {
		(void)fill_written(fill, message->html_text);
		(void)fill_written(fill, message->text);
	}
	fill_end(fill);
	mark_cut(fill->out->alert, message);
	fill_constants(fill);
}

static bool
has_value(const struct alert_values *values, const char *text)
{
	size_t i;

	for (i = 0; i < values->count; i++)
		if (text_same(values->items[i].text, text))
			return true;
	return false;
}

static void
doubt_hidden_value(struct alert *alert, enum alert_field field,
		   const struct alert_value *value)
{
	const struct alert_doubt doubt = {
		.kind = ALERT_DOUBT_HIDDEN, .field = field, .one = value->text,
	};

	alert_doubt_of(alert, &doubt, "hidden in the mail: %s '%s' (%s)",
		       alert_fields[field].name, value->text, value->source);
}

static void
doubt_hidden(struct fill *hidden, struct alert *alert)
{
	int field;
	size_t i;

	for (field = 0; field < ALERT_FIELDS; field++) {
		const struct alert_values *values =
			&hidden->out->alert->fields[field];

		for (i = 0; i < values->count; i++)
			if (!has_value(&alert->fields[field],
				       values->items[i].text))
				doubt_hidden_value(alert, field,
						   &values->items[i]);
	}
}

/* A tenant is evidence also when it is hidden: two of them hold a mail. */
static void
read_hidden(struct fill *fill, struct alert *alert,
	    struct customer_evidences *evidences,
	    const struct message *message)
{
	const struct customer_evidences *found = &fill->out->evidences;
	size_t i;

	use_rows(fill, message, true, false);
	(void)use_links(fill, message, true);	/* a hint, whatever it is */
	fill_end(fill);
	doubt_hidden(fill, alert);
	for (i = 0; i < found->tenants.count; i++)
		vec_push(fill->arena, &evidences->tenants,
			 found->tenants.items[i]);
}

void
extract(struct extraction *extraction, const struct formats *formats,
	const struct recognition *recognition, const struct message *message)
{
	struct arena *arena = extraction->alert->arena;
	struct extraction of_hidden = { .alert = alert_create(arena) };
	struct fill visible = {
		.arena = arena, .formats = formats,
		.format = recognition->format, .out = extraction
	};
	struct fill hidden = visible;

	hidden.out = &of_hidden;
	read_visible(&visible, &recognition->captures, message);
	read_hidden(&hidden, extraction->alert, &extraction->evidences,
		    message);
}
