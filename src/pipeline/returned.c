#include "pipeline/returned.h"

#include "base/text.h"
#include "pipeline/about.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct mailloop *
loop_of(const struct pipeline_reading *reading)
{
	return reading->normalized ? &reading->normalized->loop : NULL;
}

bool
pipeline_is_returned(const struct pipeline_reading *reading)
{
	const struct mailloop *loop = loop_of(reading);

	if (!loop)
		return false;
	return loop->kind == MAILLOOP_OWN || loop->kind == MAILLOOP_REPORT ||
	       (loop->kind == MAILLOOP_AUTOMATIC && loop->is_to_us);
}

/* Of the envelope; a report has none there. */
static const char *
sender_of(const struct pipeline_input *input)
{
	if (*input->sender || !input->message || !input->message->from.count)
		return input->sender;
	return input->message->from.items[0].address;
}

void
pipeline_ask_returned(struct pipeline_reading *reading, instant_ms now,
		      struct arena *arena)
{
	if (!pipeline_is_returned(reading))
		return;
	reading->question.returned = loop_of(reading)->id;
	reading->question.once = arena_printf(arena, "returned by %s on %lld",
		text_fold(arena, sender_of(reading->input)),
		(long long)(now / DAY_MS));
}

bool
pipeline_is_harmless(const struct pipeline_reading *reading)
{
	const struct mailloop *loop = loop_of(reading);

	return loop && loop->is_harmless && !reading->input->released;
}

const char *
pipeline_untold(const struct pipeline_reading *reading,
		const struct returned *returned)
{
	const struct store_delivery *delivery = returned->delivery;

	if (!pipeline_is_returned(reading))
		return NULL;
	if (returned->is_said)
		return "it was told before";
	if (!delivery || delivery->kind != STORE_NOTICE)
		return NULL;
	if (about_is_failure(delivery->about))
		return "it is about a word about a failure, and would go round";
	return loop_of(reading)->kind == MAILLOOP_REPORT ? NULL :
	       "it answers a word of the relay itself, and would go round";
}

/* A report that names no delivery of ours names the addresses that failed. */
static bool
is_named(const struct pipeline_input *input, const char *address)
{
	size_t length = strlen(address);
	const char *at = input->raw, *end = input->raw + input->length;

	while (length && (size_t)(end - at) >= length) {
		if (!strncasecmp(at, address, length))
			return true;
		at = memchr(at + 1, *address, (size_t)(end - at - 1));
		if (!at)
			break;
	}
	return false;
}

bool
pipeline_comes_from(const struct pipeline_reading *reading,
		    const struct returned *returned, const char *address)
{
	if (!pipeline_is_returned(reading))
		return false;
	if (returned->delivery &&
	    text_same(returned->delivery->address, address))
		return true;
	if (loop_of(reading)->kind == MAILLOOP_REPORT)
		return !returned->delivery &&
		       is_named(reading->input, address);
	return text_same(sender_of(reading->input), address);
}
