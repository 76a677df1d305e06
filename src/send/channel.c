#include "send/channel.h"

#include <string.h>

const struct channel *const channels[] = {
	&channel_smtp,
	&channel_maildir,
	NULL,
};

bool
channel_endpoint(const char *name, const char *address,
		 struct endpoint *endpoint_out)
{
	size_t i;

	for (i = 0; channels[i]; i++) {
		if (strcmp(channels[i]->name, name))
			continue;
		*endpoint_out = (struct endpoint){ channels[i], address };
		return true;
	}
	return false;
}
