/*
 * The outgoing message: headers and MIME, built here because libetpan neither
 * encodes headers nor keeps lines out of them.
 *
 * The result is whole, with CRLF line ends, no line longer than 78 octets but
 * for a single long word, and pure ASCII: bodies are base64 and header text is
 * RFC 2047. An original mail that is ASCII stands in it as it is, if none of
 * its lines is longer than 998 octets. Only addresses that have UTF-8 in them
 * stay as they are, because nothing else would reach them; then the server must
 * know SMTPUTF8. Whatever a value holds, it stays within its header: control
 * characters, line ends and what reorders text become blanks.
 *
 * The same input gives the same bytes, so that a message that is sent twice is
 * the same message.
 */
#ifndef RENDER_COMPOSE_H
#define RENDER_COMPOSE_H

#include "base/buf.h"
#include "base/clock.h"
#include "render/original.h"

#include <stdbool.h>

/* Importance (RFC 2156 5.3.4), as mail programs show it. */
enum compose_importance {
	COMPOSE_NORMAL,
	COMPOSE_HIGH,
	COMPOSE_LOW,
};

struct compose {
	const char *from_name;		/* may be NULL */
	const char *from;		/* addresses: text_is_address() */
	const char *to;
	const char *subject;
	instant_ms date;
	const char *message_id;		/* without < and > */
	const char *const *references;	/* of the incident's threads, likewise;
					   ended by NULL; may be NULL */
	/* X-Tocsin-Code, -Customer, -Rule; left out when NULL */
	const char *code;
	const char *customer;
	const char *rule;

	enum compose_importance importance;
	const char *list;		/* a domain: what mail programs sort
					   by, List-Id (RFC 2919); or NULL */

	const char *text;
	const char *html;		/* NULL: text only */
	const struct original *original; /* attached: original_is_attached();
					   or NULL */
};

/* Append the message; whether it needs SMTPUTF8. */
bool compose_message(const struct compose *compose, struct buf *out);

#endif
