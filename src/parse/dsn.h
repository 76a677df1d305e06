/*
 * What a machine says became of a mail: the parts of a report that are written
 * for machines, message/delivery-status (RFC 3464, RFC 6533) and
 * message/disposition-notification (RFC 8098). Whether the mail around them
 * calls itself a report does not matter, since not all do.
 */
#ifndef PARSE_DSN_H
#define PARSE_DSN_H

#include "parse/message.h"

bool dsn_is_type(const char *type);

/* Add to the message's outcomes. `text` is the part, decoded. */
void dsn_read(struct arena *arena, struct message *message, const char *text,
	      size_t length);

#endif
