/*
 * The structure of a mail: the door to libetpan.
 *
 * It takes what preflight_compose() made, and nothing else; what comes out
 * names no library.
 */
#ifndef PARSE_MIME_H
#define PARSE_MIME_H

#include "parse/message.h"

#include <stdbool.h>

enum mime_encoding { MIME_PLAIN, MIME_QUOTED_PRINTABLE, MIME_BASE64 };

/* A part that holds no other parts; an attached message counts as one, since
 * it is a mail of its own. */
struct mime_leaf {
	const char *type;	/* "text/html", lower case */
	const char *charset;	/* as named, "" when it is not */
	const char *name;	/* file name, decoded; "" when absent */
	bool attachment;	/* by its Content-Disposition */
	bool flowed, delsp;	/* RFC 3676 */
	enum mime_encoding encoding;
	const char *body;	/* encoded; borrowed from the mail */
	size_t length;
};

struct mime_leaves {
	struct mime_leaf *items;
	size_t count, size;
};

/* The leaves in reading order. `mail` has `length` octets and padding behind
 * them. Limits that were met are added to `message`. */
void mime_parse(struct arena *arena, struct message *message, const char *mail,
		size_t length, struct mime_leaves *leaves_out);

/* Append the addresses of an unfolded header value (RFC 5322 3.4), those of
 * groups included. A value that follows no grammar gives what stands between
 * angle brackets, or the words with an @. */
void mime_addresses(struct arena *arena, struct message *message,
		    const char *value, size_t length);

#endif
