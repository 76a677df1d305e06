#include "send/send.h"

#include "base/bug.h"
#include "base/text.h"
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
	BUG("channel '%s' is not in the table", channel->keyword);
}

/* A bare LF or CR would end a line for one server and not for the next, and
 * so hide a second mail in the first. Whoever made the message must not. */
static void
check_lines(const struct send_job *job)
{
	const char *at = job->bytes, *end = at + job->length, *lf;

	for (; at < end; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(end - at));
		if (!lf || lf == at || lf[-1] != '\r' ||
		    memchr(at, '\r', (size_t)(lf - at)) != lf - 1)
			BUG("message %s: a line does not end in CR LF",
			    job->message_id);
	}
}

static bool
check_address(const char *address, const char *what, struct send_result *result)
{
	if (text_is_address(address))
		return true;
	result->outcome = OUTCOME_PERMANENT;
	buf_printf(&result->text, "the %s is not an address that can be sent "
		   "to: %s", what, address);
	return false;
}

void
send_deliver(struct sender *sender, const struct relay *relay,
	     const struct send_job *job, struct send_result *result)
{
	instant_ms begin = sender->world.clock->now(sender->world.clock);

	check_lines(job);
	/* Here once more, whatever was checked when they were loaded: an
	 * address with a line end in it would become an SMTP command. */
	if ((*job->sender && !check_address(job->sender, "sender", result)) ||
	    !check_address(job->recipient, "recipient", result))
		return;
	relay->channel->deliver(state_of(sender, relay->channel),
				&sender->world, relay, job, result);
	result->duration_ms = sender->world.clock->now(sender->world.clock) -
			      begin;
	if (result->duration_ms < 0)
		result->duration_ms = 0;	/* the clock was set back */
}
