/* The table of channels (oncall/endpoint.h), ended by NULL. */
#ifndef SEND_CHANNEL_H
#define SEND_CHANNEL_H

#include "oncall/endpoint.h"

extern const struct channel channel_smtp;
extern const struct channel channel_maildir;

extern const struct channel *const channels[];

/* The endpoint that the store has as two texts; false when there is no channel
 * of that name. `address` is borrowed. */
bool channel_endpoint(const char *name, const char *address,
		      struct endpoint *endpoint_out);

#endif
