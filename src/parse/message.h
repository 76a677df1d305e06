/*
 * A mail, taken apart: what parse hands to normalize.
 *
 * It names no library. tocsin-reader fills it from hostile bytes (libetpan,
 * libxml2) and writes it to its parent (wire.h), so everything here is
 * untrusted text. All text is valid UTF-8 without NUL; invalid input became
 * U+FFFD and was counted. Everything lives in one arena.
 */
#ifndef PARSE_MESSAGE_H
#define PARSE_MESSAGE_H

#include "base/vec.h"

#include <stdbool.h>

/* A header field, in the order of the mail, topmost first. */
struct message_header {
	const char *name;	/* as written */
	const char *value;	/* one line: unfolded, control characters as
				   blanks; encoded words (RFC 2047) decoded
				   only in fields that people read, so that
				   nobody writes a hidden "dmarc=pass" into
				   Authentication-Results */
};

/* An address of a From, Sender, Reply-To, To or Cc field (RFC 5322 3.4). */
struct message_address {
	const char *name;	/* display name, decoded; "" when absent */
	const char *address;	/* local@domain as written, never NULL */
};

enum message_row_origin {
	ROW_TABLE,		/* a table row of two cells */
	ROW_LINE,		/* a "Label: value" line of the text */
	ROW_LAYOUT,		/* a table row whose second cell holds a table,
				   whose rows are there as well */
	ROW_ABOVE,		/* a "Label:" line and the lines below it */
	ROW_NEXT,		/* any short line and the next one: a label and
				   its value only for whoever knows the label */
	ROW_ORIGINS		/* how many there are */
};

/* A label and its value, in reading order, white space folded, the label
 * without its colon. What block elements and <br> part in a value are lines
 * of it. */
struct message_row {
	enum message_row_origin origin;
	const char *label;
	const char *value;
	const char *within;	/* the label of the cell that the line is in,
				   and so perhaps only a part of its value; ""
				   when it is in none */
	bool hidden;		/* not to be seen by a reader of the mail
				   (display:none and its like): a forger's */
};

/* A row of a table of several columns, that is seen. The first row of a table
 * may be labels of what is below them. */
struct message_cells {
	unsigned int table;	/* the same for all rows of a table */
	VEC(const char *) cells;	/* as values of rows; "" when empty */
};

/* A link: the target as written (entities decoded, nothing fetched, nothing
 * unwrapped) and the words that carry it. */
struct message_link {
	const char *url;
	const char *text;
	bool hidden;		/* as in struct message_row */
};

/* A leaf part that is no text: an attachment. */
struct message_part {
	const char *type;	/* "image/png", lower case */
	const char *name;	/* file name (RFC 2231 decoded), or "" */
	size_t size;		/* octets, decoded */
	bool is_too_large;	/* S/MIME that is not looked into for that
				   reason: signed or encrypted, nobody knows */
};

struct message {
	VEC(struct message_header) headers;
	VEC(struct message_address) from;	/* all of From, in order */
	const char *subject;	/* decoded; "" when absent */
	const char *message_id;	/* without < >; "" when absent */
	const char *text;	/* the text/plain parts, joined by line ends;
				   "" when there is none */
	const char *html_text;	/* readable text of the HTML parts, or "" */
	VEC(struct message_row) rows;	/* of HTML first, then of text */
	VEC(struct message_cells) grid;	/* of HTML */
	VEC(struct message_link) links;
	VEC(struct message_part) parts;
	VEC(struct message *) nested;	/* message/rfc822 parts: a forward */

	/* What a report says became of a mail, a word for each recipient, in
	 * lower case: "failed", "delayed", "displayed"; "" when it does not
	 * say, or says elsewhere that it failed. Empty for a mail that has no
	 * such part (dsn.h). */
	VEC(const char *) outcomes;

	/* Why this may be less than the whole mail: one sentence for each limit
	 * that was met, empty for an ordinary mail. */
	VEC(const char *) limits;
	size_t bad_bytes;	/* octets that were no text in their charset */
};

/* The first header of that name, without case; NULL when there is none. */
const char *message_header(const struct message *message, const char *name);

/* A message of empty texts. */
struct message *message_create(struct arena *arena);

/* Add to the limits, once for each sentence. The sentence is borrowed. */
void message_limit(struct arena *arena, struct message *message,
		   const char *sentence);

#endif
