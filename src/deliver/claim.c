#include "deliver/claim.h"

#include "deliver/failure.h"
#include "send/channel.h"

/* What all functions need. */
struct running {
	struct claim *claim;
	struct store *store;
	struct change *change;
	struct buf *error;
};

const struct relay *
claim_relay(const struct generation *generation,
	    const struct store_delivery *delivery)
{
	struct endpoint endpoint;

	if (!channel_endpoint(delivery->channel, delivery->address, &endpoint))
		return NULL;
	return endpoint_relay(relay_list(generation->relays), delivery->relay,
			      endpoint.channel->clause);
}

/* Why it may not be sent, or NULL. Both were checked when it was decided, but
 * the configuration may have changed since: the endpoint may be outside the
 * recipients of the customer, who gets no data then. */
static const char *
obstacle(const struct claim *claim, const struct store_delivery *delivery)
{
	struct endpoint endpoint;

	if (!claim_relay(claim->generation, delivery))
		return "not sent: there is no relay for its channel any more";
	if (channel_endpoint(delivery->channel, delivery->address, &endpoint) &&
	    !generation_allows(claim->generation, delivery->customer,
			       &endpoint))
		return "not sent: the customer's recipients do not allow "
		       "this address any more";
	return NULL;
}

static void
log_refused(struct change *change, const struct store_delivery *delivery,
	    bool is_told)
{
	change_log(change, failure_level(is_told), "refused", "code",
		delivery->code, "delivery", arena_printf(change->arena, "%lld",
						(long long)delivery->id),
		"about", *delivery->about ? delivery->about : NULL,
		"recipient", delivery->address, "customer",
		delivery->customer, NULL);
}

static enum outcome
refuse(const struct running *running, const struct store_delivery *delivery,
       const char *why)
{
	const struct queue_answer said = {
		.delivery = delivery->id,
		.generation = delivery->generation,
		.at = running->claim->now,
		.reply = why,
	};
	struct failure failure = {
		.generation = running->claim->generation,
		.delivery = delivery,
		.reply = why,
		.now = running->claim->now,
	};
	enum outcome outcome = queue_fail(running->store, &said,
					  &failure.settled, running->error);
	bool is_told;

	if (outcome == OUTCOME_OK)
		outcome = failure_tell(&failure, running->store,
				       running->change, &is_told,
				       running->error);
	if (outcome == OUTCOME_OK)
		log_refused(running->change, delivery, is_told);
	return outcome;
}

static enum outcome
take(const struct running *running, const struct store_delivery *delivery)
{
	struct claim *claim = running->claim;
	const char *why = obstacle(claim, delivery);

	if (why)
		return refuse(running, delivery, why);
	vec_push(running->change->arena, &claim->claimed, *delivery);
	return OUTCOME_OK;
}

static enum outcome
claim_due(const struct running *running)
{
	struct claim *claim = running->claim;
	struct store_deliveries claimed = { 0 };
	enum outcome outcome = queue_claim(running->store, claim->now,
					   &claim->rooms, &claim->flying,
					   running->change->arena, &claimed,
					   running->error);
	size_t i;

	for (i = 0; i < claimed.count && outcome == OUTCOME_OK; i++)
		outcome = take(running, &claimed.items[i]);
	if (outcome == OUTCOME_OK)
		outcome = queue_next_due(running->store, claim->now,
					 &claim->due, running->error);
	/* What a failure adds is in the store only after this. */
	if (running->change->has_deliveries)
		claim->due = claim->now;
	return outcome;
}

static enum outcome
recover(const struct running *running)
{
	size_t count = 0;
	enum outcome outcome = queue_recover(running->store,
					     running->claim->now, &count,
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

static enum outcome
look_back(const struct running *running)
{
	struct claim *claim = running->claim;
	const struct relay *const *at = relay_list(claim->generation->relays);
	struct arena *arena = running->change->arena;
	enum outcome outcome = OUTCOME_OK;

	for (; *at && outcome == OUTCOME_OK; at++) {
		struct claim_history history = { .relay = *at };

		if (!(*at)->rate)
			continue;
		outcome = store_attempt_times(running->store, (*at)->name,
					      claim->now - (*at)->rate_ms,
					      (*at)->rate, arena,
					      &history.ends, running->error);
		vec_push(arena, &claim->histories, history);
	}
	return outcome;
}

/* What waits for a relay that is gone. */
static enum outcome
reroute(const struct running *running, const char *gone)
{
	const struct relay *const *relays =
		relay_list(running->claim->generation->relays);
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; channels[i] && outcome == OUTCOME_OK; i++) {
		const struct relay *relay =
			endpoint_relay(relays, gone, channels[i]->clause);

		if (relay && strcmp(relay->name, gone))
			outcome = store_delivery_reroute(running->store, gone,
				channels[i]->name, relay->name,
				running->error);
	}
	return outcome;
}

static enum outcome
adopt(const struct running *running)
{
	struct store_names names = { 0 };
	enum outcome outcome = store_delivery_all_relays(running->store,
		running->change->arena, &names, running->error);
	size_t i;

	for (i = 0; i < names.count && outcome == OUTCOME_OK; i++)
		outcome = reroute(running, names.items[i]);
	return outcome;
}

enum outcome
claim_run(struct claim *claim, struct store *store, struct change *change,
	  struct buf *error)
{
	const struct running running = { claim, store, change, error };
	enum outcome outcome;

	claim->claimed = (struct store_deliveries){ 0 };
	claim->histories = (struct claim_histories){ 0 };
	claim->due = TIME_UNKNOWN;
	outcome = claim->is_first ? recover(&running) : OUTCOME_OK;
	if (outcome == OUTCOME_OK && claim->is_first)
		outcome = look_back(&running);
	if (outcome == OUTCOME_OK && claim->is_new)
		outcome = adopt(&running);
	return outcome == OUTCOME_OK && !claim->is_first ? claim_due(&running)
							 : outcome;
}
