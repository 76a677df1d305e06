/* The clauses of an SMTP relay (see relay.h): the `load` of its channel. */
#ifndef SEND_RELAY_SMTP_H
#define SEND_RELAY_SMTP_H

#include "send/relay.h"

void relay_smtp_load(struct relay *relay, const struct conf_node *node,
		     struct arena *arena, struct diag *diag);

#endif
