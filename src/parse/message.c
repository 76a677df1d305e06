#include "parse/message.h"

const char *
message_header(const struct message *message, const char *name)
{
	size_t i;

	for (i = 0; i < message->headers.count; i++)
		if (!strcasecmp(message->headers.items[i].name, name))
			return message->headers.items[i].value;
	return NULL;
}
