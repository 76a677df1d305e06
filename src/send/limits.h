/* What a relay takes, whichever its channel is: `connections` and `rate`. */
#ifndef SEND_LIMITS_H
#define SEND_LIMITS_H

#include "oncall/endpoint.h"

enum {
	LIMITS_CONNECTIONS_MOST = 18,	/* threads that one relay can have */
	LIMITS_RATE_MOST = 10000,	/* more in a time is no limit */
};

/* Whether the clause was one of these. */
bool limits_load(struct relay *relay, const struct conf_node *clause,
		 struct diag *diag);

#endif
