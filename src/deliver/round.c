#include "deliver/round.h"

#include "deliver/failure.h"
#include "queue/queue.h"
#include "send/channel.h"

/* What all functions need. */
struct running {
	struct round *round;
	struct store *store;
	struct change *change;
	struct buf *error;
};

const struct relay *
round_relay(const struct generation *generation,
	    const struct store_delivery *delivery)
{
	struct endpoint endpoint;

	if (!channel_endpoint(delivery->channel, delivery->address, &endpoint))
		return NULL;
	return endpoint_relay(relay_list(generation->relays), delivery->relay,
			      endpoint.channel->clause);
}

/* ---- answers ---- */

/* As `tocsin queue` shows it. */
static const char *
id_of(const struct running *running, const struct store_delivery *delivery)
{
	return arena_printf(running->change->arena, "%lld",
			    (long long)delivery->id);
}

/* What a notice is about; an alert is about itself. */
static const char *
about_of(const struct store_delivery *delivery)
{
	return *delivery->about ? delivery->about : NULL;
}

static void
log_answer(const struct running *running, const struct round_answer *answer,
	   enum log_level level, const char *verdict)
{
	const struct store_delivery *delivery = answer->delivery;
	const struct send_result *result = answer->result;

	change_log(running->change, level, verdict, "code", delivery->code,
		"delivery", id_of(running, delivery), "about",
		about_of(delivery), "recipient", delivery->address, "relay",
		delivery->relay, "host", result->host.len ? result->host.data :
		NULL, "step", result->outcome == OUTCOME_OK ? NULL :
		result->step, "maybe", result->maybe_delivered ? "yes" : NULL,
		"reply", result->text.data, "before", result->passed_over.len ?
		result->passed_over.data : NULL, NULL);
}

/* A failure that nobody is told of is worse. */
static enum log_level
level_of_failure(bool is_told)
{
	return is_told ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR;
}

static enum log_level
level_of(const struct send_result *result)
{
	return result->needs_mending ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
}

/* Somebody else is told, unless that was done when the answer was recorded.
 * Whether there is anybody. */
static enum outcome
tell(const struct running *running, const struct store_delivery *delivery,
     enum queue_settled settled, const char *reply, bool *told_out)
{
	const struct round *round = running->round;

	if (settled == QUEUE_SETTLED)
		return failure_tell(round->generation, running->store,
				    delivery, reply, round->now,
				    running->change, told_out, running->error);
	*told_out = failure_is_told(round->generation, delivery, round->now,
				    running->change->arena);
	return OUTCOME_OK;
}

static enum outcome
record_sent(const struct running *running, const struct round_answer *answer,
	    const struct queue_answer *said)
{
	enum queue_settled settled;
	enum outcome outcome = queue_sent(running->store, said, &settled,
					  running->error);

	log_answer(running, answer, level_of(answer->result), "sent");
	return outcome;
}

static enum outcome
record_failed(const struct running *running, const struct round_answer *answer,
	      const struct queue_answer *said)
{
	enum queue_settled settled;
	enum outcome outcome = queue_fail(running->store, said, &settled,
					  running->error);
	bool is_told = false;

	if (outcome == OUTCOME_OK)
		outcome = tell(running, answer->delivery, settled, said->reply,
			       &is_told);
	log_answer(running, answer, level_of_failure(is_told), "failed");
	return outcome;
}

static enum outcome
record_retry(const struct running *running, const struct round_answer *answer,
	     const struct queue_answer *said)
{
	enum queue_settled settled;
	bool gave_up, is_told = false;
	enum outcome outcome = queue_retry(running->store, said,
					   answer->random, &settled, &gave_up,
					   running->error);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (!gave_up) {
		log_answer(running, answer, level_of(answer->result), "retry");
		return OUTCOME_OK;
	}
	outcome = tell(running, answer->delivery, settled,
		       arena_printf(running->change->arena, "given up after "
				    "three days; the last one was: %s",
				    said->reply), &is_told);
	log_answer(running, answer, level_of_failure(is_told), "failed");
	return outcome;
}

/* All that is known of a try, in one line for the journal. */
static const char *
reply_of(const struct running *running, const struct send_result *result)
{
	if (!result->passed_over.len)
		return result->text.data;
	return arena_printf(running->change->arena, "%s (before: %s)",
			    result->text.data, result->passed_over.data);
}

static enum outcome
record(const struct running *running, const struct round_answer *answer)
{
	const struct send_result *result = answer->result;
	const struct queue_answer said = {
		.delivery = answer->delivery->id,
		.generation = answer->delivery->generation,
		.at = running->round->now,
		.host = result->host.len ? result->host.data : NULL,
		.reply = reply_of(running, result),
	};

	/* Stopped by ourselves: it stays claimed, and the next start takes it
	 * up at once. */
	if (result->was_stopped)
		return OUTCOME_OK;
	switch (result->outcome) {
	case OUTCOME_OK:
		return record_sent(running, answer, &said);
	case OUTCOME_PERMANENT:
		return record_failed(running, answer, &said);
	default:
		return record_retry(running, answer, &said);
	}
}

static enum outcome
record_all(const struct running *running)
{
	const struct round *round = running->round;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < round->answers.count && outcome == OUTCOME_OK; i++)
		outcome = record(running, &round->answers.items[i]);
	return outcome;
}

/* ---- claims ---- */

/* Why it may not be sent, or NULL. Both were checked when it was decided, but
 * the configuration may have changed since: the endpoint may be outside the
 * recipients of the customer, who gets no data then. */
static const char *
obstacle(const struct round *round, const struct store_delivery *delivery)
{
	struct endpoint endpoint;

	if (!round_relay(round->generation, delivery))
		return "not sent: there is no relay for its channel any more";
	if (channel_endpoint(delivery->channel, delivery->address, &endpoint) &&
	    !generation_allows(round->generation, delivery->customer,
			       &endpoint))
		return "not sent: the customer's recipients do not allow "
		       "this address any more";
	return NULL;
}

static enum outcome
refuse(const struct running *running, const struct store_delivery *delivery,
       const char *why)
{
	const struct queue_answer said = {
		.delivery = delivery->id,
		.generation = delivery->generation,
		.at = running->round->now,
		.reply = why,
	};
	enum queue_settled settled;
	enum outcome outcome = queue_fail(running->store, &said, &settled,
					  running->error);
	bool is_told = false;

	if (outcome == OUTCOME_OK)
		outcome = tell(running, delivery, settled, why, &is_told);
	change_log(running->change, level_of_failure(is_told), "refused",
		"code", delivery->code, "delivery", id_of(running, delivery),
		"about", about_of(delivery), "recipient", delivery->address,
		"customer", delivery->customer, NULL);
	return outcome;
}

static enum outcome
take(const struct running *running, const struct store_delivery *delivery)
{
	struct round *round = running->round;
	const char *why = obstacle(round, delivery);

	if (why)
		return refuse(running, delivery, why);
	vec_push(running->change->arena, &round->claimed, *delivery);
	return OUTCOME_OK;
}

static enum outcome
claim(const struct running *running)
{
	struct round *round = running->round;
	struct store_deliveries claimed = { 0 };
	enum outcome outcome = queue_claim(running->store, round->now,
					   round->room, &round->flying,
					   running->change->arena, &claimed,
					   running->error);
	size_t i;

	for (i = 0; i < claimed.count && outcome == OUTCOME_OK; i++)
		outcome = take(running, &claimed.items[i]);
	if (outcome == OUTCOME_OK)
		outcome = queue_next_due(running->store, round->now,
					 &round->due, running->error);
	/* What a failure adds is in the store only after this. */
	if (running->change->has_deliveries)
		round->due = round->now;
	return outcome;
}

static enum outcome
recover(const struct running *running)
{
	size_t count = 0;
	enum outcome outcome = queue_recover(running->store,
					     running->round->now, &count,
					     running->error);

	if (outcome == OUTCOME_OK)
		outcome = failure_report(running->store, running->change,
					 running->error);
	if (count)
		change_log(running->change, LOG_LEVEL_WARNING, "recovered",
			   "what", "deliveries under way when the last "
			   "process ended: they may arrive twice", NULL);
	return outcome;
}

enum outcome
round_run(struct round *round, struct store *store, struct change *change,
	  struct buf *error)
{
	const struct running running = { round, store, change, error };
	enum outcome outcome;

	round->claimed = (struct store_deliveries){ 0 };
	round->due = TIME_UNKNOWN;
	if (round->is_first)
		return recover(&running);
	outcome = record_all(&running);
	if (outcome == OUTCOME_OK && round->room)
		outcome = claim(&running);
	return outcome;
}
