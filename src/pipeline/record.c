#include "pipeline/record.h"

#include "pipeline/mail.h"
#include "pipeline/notice.h"
#include "pipeline/novelty.h"
#include "pipeline/returned.h"
#include "queue/queue.h"

enum {
	/* How exactly it is known when an alert last came: its row is written
	 * once in this time, not at each look. */
	KNOWN_SEEN_MS = 24 * 3600 * 1000,
};

_Static_assert((int)SETTINGS_KEEP_DAYS == (int)STORE_JOURNAL_DAYS,
	       "what came is kept as long as what was decided of it");

static const char *
json_of_alert(const struct alert *alert, struct arena *arena)
{
	struct json *object = alert_to_json(alert);
	struct buf text = BUF_INIT;
	const char *copy;

	json_print(object, &text);
	copy = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	json_destroy(&object);
	return copy;
}

static struct store_verdict
verdict_of(const struct generation *g, const struct pipeline_decision *decision,
	   instant_ms now, struct arena *arena)
{
	const struct alert *alert = decision->alert;

	return (struct store_verdict){
		.customer = alert_text(alert, ALERT_CUSTOMER),
		.format = alert_text(alert, ALERT_FORMAT),
		.authentic = alert_text(alert, ALERT_AUTHENTIC),
		.alert = json_of_alert(alert, arena),
		.action = pipeline_action_names[decision->action],
		.rule = decision->rule,
		.file = decision->file,
		.line = (int64_t)decision->line,
		.rules_version = g->conf->version,
		.template = decision->template,
		.reason = decision->reason,
		.trace = decision->trace,
		.decided = now,
	};
}

static const char *
parse_word(const struct pipeline_input *input)
{
	if (input->record)
		return PIPELINE_WHOLE;
	if (!input->message)
		return input->failure;
	if (input->message->limits.count)
		return input->message->limits.items[0];
	return input->truncated ? "cut when it came in" :
				  PIPELINE_WHOLE;
}

static void
add_item(const struct generation *g, const struct pipeline_decision *decision,
	 instant_ms now, struct change *change)
{
	const struct pipeline_input *input = decision->reading->input;
	const struct store_item item = {
		.code = decision->code,
		.identity = decision->reading->key.hex,
		.kind = input->record ? "api" : "mail",
		.received = now,
		.spool = input->name,
		.digest = decision->reading->key.octets,
		.message_id = input->message ? input->message->message_id
					     : NULL,
		.sender = input->sender,
		.recipients = input->recipients,
		.recipient_count = input->recipient_count,
		.parse = parse_word(input),
		.verdict = verdict_of(g, decision, now, change->arena),
	};

	change_add_item(change, &item);
}

static int64_t
item_of(const struct pipeline_decision *decision)
{
	const struct store_item *released = decision->reading->input->released;

	return released ? released->id : CHANGE_ITEM;
}

static void
add_delivery(const struct generation *g,
	     const struct pipeline_decision *decision,
	     const struct pipeline_plan *plan, instant_ms now,
	     struct change *change)
{
	bool held = decision->action == PIPELINE_HOLD;
	const char *about = pipeline_about(decision);
	struct rendered mail = pipeline_render(g, decision, plan, now,
					       change->arena);
	struct store_delivery delivery = {
		.item = item_of(decision),
		.kind = held ? STORE_NOTICE : STORE_ALERT,
		.channel = plan->endpoint.channel->name,
		.address = plan->endpoint.address,
		.about = about,
		.contact = plan->contact->name,
		.relay = plan->relay->name,
		.rule = plan->rule,
		.template = mail.fallback ? "built-in" :
			    held ? TEMPLATE_NOTICE : plan->template,
		.sender = g->settings.from,
		.message_id = pipeline_message_id(g, decision->code, about,
						  plan->endpoint.address,
						  change->arena),
		.smtputf8 = mail.smtputf8,
		.urgent = severity_at_least(alert_severity(decision->alert),
					    SEVERITY_HIGH),
		.headers = mail.headers,
		.body = mail.body,
		.body_length = mail.body_length,
	};

	if (mail.fallback)
		change_log(change, LOG_LEVEL_WARNING, "template", "code",
			   decision->code, "template", plan->template, "why",
			   mail.fallback, NULL);
	queue_add(change, &delivery, now);
}

static void
add_deliveries(const struct generation *g,
	       const struct pipeline_decision *decision, instant_ms now,
	       struct change *change)
{
	size_t i;

	for (i = 0; i < decision->plans.count; i++)
		add_delivery(g, decision, &decision->plans.items[i], now,
			     change);
}

static void
add_held(const struct pipeline_decision *decision, instant_ms now,
	 struct change *change)
{
	const struct pipeline_input *input = decision->reading->input;
	const struct store_held held = {
		.item = item_of(decision),
		.since = now,
		.reason = decision->reason,
		.message = input->raw,
		.message_length = input->length,
	};

	change_add_held(change, &held);
}

/* As it came; what is held is kept in any case. */
static void
keep_raw(const struct generation *g, const struct pipeline_decision *decision,
	 instant_ms now, struct change *change)
{
	const struct pipeline_input *input = decision->reading->input;
	const struct store_raw raw = {
		.item = CHANGE_ITEM,
		.since = now,
		.bytes = input->raw,
		.length = input->length,
	};

	if (g->settings.keep_raw_ms && decision->action != PIPELINE_HOLD)
		change_add_raw(change, &raw);
}

static void
remember(const struct pipeline_decision *decision, struct change *change)
{
	size_t i;

	again_remember(&decision->again, item_of(decision), change);
	for (i = 0; i < decision->plans.count; i++)
		again_remember_told(&decision->again, decision->code,
				    decision->plans.items[i].endpoint.address,
				    change);
	for (i = 0; i < decision->covers.count; i++)
		again_remember_cover(&decision->again,
				     &decision->covers.items[i], change);
}

/* What becomes of an item that has its verdict. */
static void
follow(const struct generation *g, const struct pipeline_decision *decision,
       instant_ms now, struct change *change)
{
	add_deliveries(g, decision, now, change);
	if (decision->action == PIPELINE_HOLD)
		add_held(decision, now, change);
	else if (!pipeline_is_harmless(decision->reading))
		remember(decision, change);
}

/* That it was told of a notification that came back: for the next time, and for
 * whoever asks why about that notification. */
static void
note_returned(const struct generation *g,
	      const struct pipeline_decision *decision, instant_ms now,
	      struct change *change)
{
	const struct returned *returned = &decision->state->returned;
	const struct store_item word = {
		.code = returned->code, .identity = returned->identity,
		.kind = "notice", .received = now, .spool = "",
		.parse = "whole",
		.verdict = {
			.action = "notify", .rule = "catch-all",
			.reason = arena_printf(change->arena, "%s is told: %s",
				decision->code, decision->reason),
			.rules_version = g->conf->version, .decided = now,
		},
	};
	const struct store_event event = {
		.item = returned->item ? returned->item->id : 0,
		.delivery = returned->delivery ? returned->delivery->id : 0,
		.at = now,
		.what = pipeline_is_harmless(decision->reading) ? "reported"
								: "returned",
		.reason = arena_printf(change->arena, "%s (%s)",
				       decision->reason, decision->code),
	};

	if (returned->item)
		change_add_event(change, &event);
	if (returned->identity && decision->plans.count)
		change_add_item(change, &word);
}

static void
record_new(const struct generation *g,
	   const struct pipeline_decision *decision, instant_ms now,
	   struct change *change)
{
	if (decision->action == PIPELINE_HOLD ||
	    pipeline_is_harmless(decision->reading))
		note_returned(g, decision, now, change);
	add_item(g, decision, now, change);
	keep_raw(g, decision, now, change);
	follow(g, decision, now, change);
	pipeline_tell_novelties(g, decision, now, change);
}

/* Its verdict is replaced; the message was kept when it came. */
static void
record_released(const struct generation *g,
		const struct pipeline_decision *decision, instant_ms now,
		struct change *change)
{
	const struct store_verdict verdict = verdict_of(g, decision, now,
							change->arena);
	int64_t item = item_of(decision);

	change_decide_item(change, item, &verdict);
	follow(g, decision, now, change);
	if (decision->action != PIPELINE_HOLD)
		change_end_held(change, item, now);
}

/* Word for the journal of what changed in a record of an API that is known, and
 * no new item. */
static void
record_known(const struct pipeline_decision *decision, instant_ms now,
	     struct change *change)
{
	const struct again *again = &decision->again;
	const struct store_known *known = decision->state->known;
	const struct store_event event = {
		.item = known->item, .at = now, .what = "updated",
		.reason = again->news ? again->news : again->change,
	};

	if (again->same && now - known->seen < KNOWN_SEEN_MS)
		return;
	if (!again->same && known->item)
		change_add_event(change, &event);
	again_remember(again, 0, change);
}

void
pipeline_record(const struct generation *generation,
		const struct pipeline_decision *decision, instant_ms now,
		struct change *change)
{
	bool is_new = decision->how == STORE_NEW;

	if (decision->is_known)
		record_known(decision, now, change);
	else if (is_new && decision->reading->input->released)
		record_released(generation, decision, now, change);
	else if (is_new)
		record_new(generation, decision, now, change);
	else if (decision->how == STORE_DUPLICATE)
		change_count_duplicate(change, decision->state->seat.item,
				       now);
}
