#include "send/send.h"

#include "base/bug.h"
#include "send/channel.h"

enum { CHANNELS_MOST = 16 };	/* more than the table has */

struct sender {
	struct channel_world world;
	void *states[CHANNELS_MOST];	/* beside `channels` */
};

void
send_result_release(struct send_result *result)
{
	buf_release(&result->host);
	buf_release(&result->text);
	buf_release(&result->passed_over);
}

struct sender *
sender_create(const struct clock *clock, const atomic_bool *stop)
{
	struct sender *sender = bug_alloc(sizeof(*sender));
	size_t i;

	*sender = (struct sender){ .world = { clock, stop } };
	for (i = 0; channels[i]; i++)
		if (channels[i]->create)
			sender->states[i] = channels[i]->create(&sender->world);
	return sender;
}

void
sender_destroy(struct sender **sender)
{
	size_t i;

	if (!*sender)
		return;
	for (i = 0; channels[i]; i++)
		if (channels[i]->destroy)
			channels[i]->destroy((*sender)->states[i]);
	free(*sender);
	*sender = NULL;
}

void
sender_rest(struct sender *sender)
{
	size_t i;

	for (i = 0; channels[i]; i++)
		if (channels[i]->rest)
			channels[i]->rest(sender->states[i]);
}

static void *
state_of(const struct sender *sender, const struct channel *channel)
{
	size_t i;

	for (i = 0; channels[i]; i++)
		if (channels[i] == channel)
			return sender->states[i];
	BUG("channel '%s' is not in the table", channel->name);
}

void
send_deliver(struct sender *sender, const struct relay *relay,
	     const struct send_job *job, struct send_result *result)
{
	instant_ms begin = sender->world.clock->now(sender->world.clock);

	relay->channel->send(state_of(sender, relay->channel), &sender->world,
			     relay, job, result);
	result->duration_ms = sender->world.clock->now(sender->world.clock) -
			      begin;
	if (result->duration_ms < 0)
		result->duration_ms = 0;	/* the clock was set back */
}
