#include "parse/flowed.h"

/* One line without its end, quote marks and stuffing. */
struct line {
	const char *text;
	size_t length;
	size_t depth;		/* quote marks */
	bool soft;		/* goes on in the next line */
};

static struct line
line_of(const char *at, size_t length)
{
	struct line line = { at, length, 0, false };

	while (line.length && *line.text == '>') {
		line.depth++;
		line.text++;
		line.length--;
	}
	if (line.length && *line.text == ' ') {	/* stuffing, section 4.4 */
		line.text++;
		line.length--;
	}
	line.soft = line.length && line.text[line.length - 1] == ' ';
	/* The line before a signature is never soft (section 4.3). */
	if (line.length == 3 && !memcmp(line.text, "-- ", 3))
		line.soft = false;
	return line;
}

static void
append_quote_marks(struct buf *out, size_t depth)
{
	size_t i;

	for (i = 0; i < depth; i++)
		buf_putc(out, '>');
	if (depth)
		buf_putc(out, ' ');
}

void
flowed_join(struct buf *out, const char *text, size_t length, bool delsp)
{
	const char *end = text + length;
	bool open = false;	/* the line before is soft */
	size_t depth = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		struct line line = line_of(text, (size_t)(stop - text));

		if (open && line.depth != depth) {
			buf_putc(out, '\n');	/* an error by section 4.5 */
			open = false;
		}
		if (!open)
			append_quote_marks(out, line.depth);
		buf_append(out, line.text, line.length - (line.soft && delsp));
		if (newline && !line.soft)
			buf_putc(out, '\n');
		open = line.soft;
		depth = line.depth;
		text = newline ? newline + 1 : end;
	}
}
