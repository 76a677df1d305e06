/*
 * struct message as octets, between tocsin-reader and its parent.
 *
 *	greeting  u32 WIRE_GREETING, once, when the reader is ready
 *	request   struct wire_request, with the mail's open file (SCM_RIGHTS)
 *	answer    u32 length, then that many octets of wire_encode()
 *
 * Numbers are little-endian. A text is a u32 length and its octets, a list a
 * u32 count and its items, a message its fields in the order of message.h.
 * Both ends are built from one tree; the greeting holds the version, so that
 * a daemon that outlived an upgrade notices.
 *
 * The reader eats hostile octets and may be theirs: wire_decode() believes
 * nothing.
 */
#ifndef PARSE_WIRE_H
#define PARSE_WIRE_H

#include "base/buf.h"
#include "parse/message.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	WIRE_GREETING = 0x34524C54,	/* "TLR4" */
	WIRE_MOST = 32 << 20,		/* octets of one answer */
	WIRE_DEPTH_MOST = 16,		/* messages within messages */
};

struct wire_request {
	uint64_t offset;	/* of the mail's first octet in the file */
};

void wire_put_u32(struct buf *out, uint32_t value);
uint32_t wire_get_u32(const char bytes[4]);

void wire_encode(struct buf *out, const struct message *message);

/* NULL, and a sentence appended to `error`, unless these are exactly the
 * octets of one message: valid UTF-8 without NUL, nothing missing, nothing
 * left over. */
struct message *wire_decode(struct arena *arena, const char *bytes,
			    size_t length, struct buf *error);

#endif
