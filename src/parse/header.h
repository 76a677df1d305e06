/*
 * Header fields, as they stand in a mail.
 *
 * libetpan ends the header at the first line that is no field, so one line of
 * junk, or the "From " line of a mailbox file, would turn every following
 * field into text; and it forgets the order of fields, which decides whose
 * Authentication-Results are believed. So the header is split here, and
 * libetpan is shown only the fields of its trade (preflight.h).
 */
#ifndef PARSE_HEADER_H
#define PARSE_HEADER_H

#include "base/buf.h"
#include "base/vec.h"
#include "parse/message.h"

#include <stdbool.h>

/* Points into the mail. */
struct header_field {
	const char *name;
	size_t name_length;
	const char *value;	/* with its folds, without the last line end */
	size_t value_length;
};

struct header {
	VEC(struct header_field) fields;	/* topmost first */
	size_t body;		/* offset of the first octet of the body */
	bool cut;		/* more or longer fields than the limits */
};

/*
 * Find the fields of `mail`. Junk lines are dropped where more fields follow;
 * where none does, the body begins with the junk. A line of blanks is a fold
 * when a fold or a field follows.
 */
void header_split(struct arena *arena, const char *mail, size_t length,
		  struct header *header_out);

bool header_is(const struct header_field *field, const char *name);

/* The first field of that name, or NULL. */
const struct header_field *header_find(const struct header *header,
				       const char *name);

/* The value on one line, as struct message_header describes it; octets that
 * were no text are added to `bad`. Those of a field that people read, without a
 * charset of their own, are of the charset `otherwise` unless they are
 * UTF-8. */
const char *header_text(struct arena *arena, const struct header_field *field,
			const char *otherwise, size_t *bad);

/* The value without its folds, octets as they are: for a parser. */
void header_unfold(const struct header_field *field, struct buf *out);

#endif
