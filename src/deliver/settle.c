#include "deliver/settle.h"

#include "deliver/failure.h"
#include "queue/queue.h"

/* What all functions need. */
struct running {
	const struct settle *settle;
	struct store *store;
	struct change *change;
	struct buf *error;
};

static void
log_answer(const struct running *running, const struct settle_answer *answer,
	   enum log_level level, const char *verdict)
{
	const struct store_delivery *delivery = answer->delivery;
	const struct send_result *result = answer->result;

	change_log(running->change, level, verdict, "code", delivery->code,
		"delivery", arena_printf(running->change->arena, "%lld",
					 (long long)delivery->id),
		"about", *delivery->about ? delivery->about : NULL,
		"recipient", delivery->address, "relay", delivery->relay,
		"host", result->host.len ? result->host.data :
		NULL, "step", result->outcome == OUTCOME_OK ? NULL :
		result->step, "maybe", result->maybe_delivered ? "yes" : NULL,
		"reply", result->text.data, "before", result->passed_over.len ?
		result->passed_over.data : NULL, NULL);
}

static enum log_level
level_of(const struct send_result *result)
{
	return result->needs_mending ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
}

static enum outcome
record_sent(const struct running *running, const struct settle_answer *answer,
	    const struct queue_answer *said)
{
	enum queue_settled settled;
	enum outcome outcome = queue_sent(running->store, said, &settled,
					  running->error);

	log_answer(running, answer, level_of(answer->result), "sent");
	return outcome;
}

/* It will not be tried again: others are told, if there are any. */
static enum outcome
tell_failure(const struct running *running,
	     const struct store_delivery *delivery, const char *reply,
	     enum queue_settled settled, bool *told_out)
{
	const struct failure failure = {
		.generation = running->settle->generation,
		.delivery = delivery,
		.reply = reply,
		.settled = settled,
		.now = running->settle->now,
	};

	return failure_tell(&failure, running->store, running->change,
			    told_out, running->error);
}

static enum outcome
give_up(const struct running *running, const struct settle_answer *answer,
	const char *reply, enum queue_settled settled)
{
	bool is_told;
	enum outcome outcome = tell_failure(running, answer->delivery, reply,
					    settled, &is_told);

	if (outcome == OUTCOME_OK)
		log_answer(running, answer, failure_level(is_told), "failed");
	return outcome;
}

static enum outcome
record_failed(const struct running *running, const struct settle_answer *answer,
	      const struct queue_answer *said)
{
	enum queue_settled settled;
	enum outcome outcome = queue_fail(running->store, said, &settled,
					  running->error);

	return outcome == OUTCOME_OK ?
	       give_up(running, answer, said->reply, settled) : outcome;
}

static enum outcome
record_retry(const struct running *running, const struct settle_answer *answer,
	     const struct queue_answer *said)
{
	enum queue_settled settled;
	bool gave_up;
	enum outcome outcome = queue_retry(running->store, said,
					   answer->pause_ms, &settled,
					   &gave_up,
					   running->error);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (!gave_up) {
		log_answer(running, answer, level_of(answer->result), "retry");
		return OUTCOME_OK;
	}
	return give_up(running, answer, arena_printf(running->change->arena,
			"given up after three days; the last one was: %s",
			said->reply), settled);
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
record(const struct running *running, const struct settle_answer *answer)
{
	const struct send_result *result = answer->result;
	const struct queue_answer said = {
		.delivery = answer->delivery->id,
		.generation = answer->delivery->generation,
		.at = running->settle->now,
		.host = result->host.len ? result->host.data : NULL,
		.reply = reply_of(running, result),
	};

	if (result->was_stopped)
		return queue_give_back(running->store, &said, running->error);
	switch (result->outcome) {
	case OUTCOME_OK:
		return record_sent(running, answer, &said);
	case OUTCOME_PERMANENT:
		return record_failed(running, answer, &said);
	default:
		return record_retry(running, answer, &said);
	}
}

/* ---- relays ---- */

static enum outcome
tell_expired(const struct running *running, const struct trouble *trouble,
	     const char *reply, const struct store_delivery *delivery)
{
	bool is_told;
	enum outcome outcome = tell_failure(running, delivery, reply,
					    QUEUE_SETTLED, &is_told);

	if (outcome == OUTCOME_OK)
		change_log(running->change, failure_level(is_told), "failed",
			"code", delivery->code, "delivery",
			arena_printf(running->change->arena, "%lld",
				     (long long)delivery->id), "recipient",
			delivery->address, "relay", trouble->relay, "reply",
			reply, NULL);
	return outcome;
}

/* Nobody tries what waits for a relay that takes nothing; when it has waited
 * for too long it fails all the same. */
static enum outcome
expire(const struct running *running, const struct trouble *trouble)
{
	struct store_deliveries expired = { 0 };
	const char *reply = arena_printf(running->change->arena, "given up "
		"after three days in which its relay took nothing; the last "
		"answer was: %s", trouble->detail);
	enum outcome outcome = queue_expire(running->store, trouble->relay,
		reply, running->settle->now, running->change->arena, &expired,
		running->error);
	size_t i;

	for (i = 0; i < expired.count && outcome == OUTCOME_OK; i++)
		outcome = tell_expired(running, trouble, reply,
				       &expired.items[i]);
	return outcome;
}

static enum outcome
record_trouble(const struct running *running, const struct trouble *trouble)
{
	enum outcome outcome = trouble_tell(trouble,
		running->settle->generation, running->store,
		running->settle->now, running->change, running->error);

	return outcome == OUTCOME_OK && !trouble->is_over ?
	       expire(running, trouble) : outcome;
}

/* Before the answers are recorded: what waits since then is not hastened. */
static enum outcome
hasten(const struct running *running)
{
	const struct settle *settle = running->settle;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < settle->back.count && outcome == OUTCOME_OK; i++)
		outcome = store_delivery_hasten(running->store,
						settle->back.items[i],
						settle->now, running->error);
	return outcome;
}

enum outcome
settle_run(const struct settle *settle, struct store *store,
	   struct change *change, struct buf *error)
{
	const struct running running = { settle, store, change, error };
	enum outcome outcome = hasten(&running);
	size_t i;

	for (i = 0; i < settle->answers.count && outcome == OUTCOME_OK; i++)
		outcome = record(&running, &settle->answers.items[i]);
	for (i = 0; i < settle->troubles.count && outcome == OUTCOME_OK; i++)
		outcome = record_trouble(&running, &settle->troubles.items[i]);
	return outcome;
}
