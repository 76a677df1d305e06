/*
 * One mail, from octets to struct message: what tocsin-reader does all day.
 *
 * Only the reader and the tests link this; the daemon asks a reader process
 * (reader.h), since the octets are anybody's.
 */
#ifndef PARSE_PARSE_H
#define PARSE_PARSE_H

#include "parse/message.h"

enum {
	PARSE_MOST = 8 << 20,	/* octets of a mail that are looked at */
	PARSE_SIGNED_MOST = 1 << 20,	/* and of the wraps of S/MIME in it, all
					   together: its time */
};

/* Never fails: at worst the message says in its limits what was not read. The
 * octets are only borrowed. A mail longer than PARSE_MOST is cut there. */
struct message *parse_mail(struct arena *arena, const char *mail,
			   size_t length);

/* Make the libraries load what they load lazily, before a cage closes. */
void parse_warm_up(void);

#endif
