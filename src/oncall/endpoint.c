#include "oncall/endpoint.h"

#include <string.h>

bool
endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->channel->same == b->channel->same &&
	       a->channel->same(a->address, b->address);
}

const struct relay *
endpoint_relay(const struct relay *const *relays, const char *name,
	       const char *clause)
{
	const struct relay *found = NULL;

	for (; *relays; relays++) {
		if (strcmp((*relays)->channel->clause, clause))
			continue;
		if (name && !strcmp((*relays)->name, name))
			return *relays;
		if (!found)
			found = *relays;
	}
	return found;
}
