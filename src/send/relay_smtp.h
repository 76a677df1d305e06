/* The clauses of an SMTP relay: the `load` of its channel. */
#ifndef SEND_RELAY_SMTP_H
#define SEND_RELAY_SMTP_H

#include "net/smtp.h"
#include "oncall/endpoint.h"

struct relay_host {
	const char *label;		/* "smtp1.example:587" */
	struct smtp_server server;
};

/* The settings of such a relay. Read-only, passwords included, which never
 * leave it for a log. */
struct relay_smtp {
	VEC(struct relay_host) hosts;	/* in the order of trial */
};

void relay_smtp_load(struct relay *relay, const struct conf_node *node,
		     struct arena *arena, struct diag *diag);

#endif
