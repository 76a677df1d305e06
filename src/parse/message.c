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

struct message *
message_create(struct arena *arena)
{
	struct message *message = arena_alloc(arena, sizeof(*message));

	message->subject = message->message_id = "";
	message->text = message->html_text = "";
	return message;
}

void
message_limit(struct arena *arena, struct message *message,
	      const char *sentence)
{
	size_t i;

	for (i = 0; i < message->limits.count; i++)
		if (!strcmp(message->limits.items[i], sentence))
			return;
	vec_push(arena, &message->limits, sentence);
}
