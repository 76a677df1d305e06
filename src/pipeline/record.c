/*
 * From a decision to rows of the store. The difficulty is that a code is known
 * for certain only when the store has the item (two messages may claim the same
 * one), so mails are rendered after that, inside the caller's transaction.
 */
#include "pipeline/pipeline.h"

#include "base/log.h"
#include "base/text.h"
#include "queue/queue.h"

enum {
	/* How exactly it is known when an alert last came: its row is written
	 * once in this time, not at each look. */
	KNOWN_SEEN_MS = 24 * 3600 * 1000,
};

/* A record has no recipients; the tenant that was asked stands for them, so
 * that two customers cannot have one item. */
static void
record_key(const struct pipeline_input *input,
	   const unsigned char octets[DIGEST_SIZE],
	   struct duplicate_key *key_out)
{
	const char *const about[] = { "api", input->tenant };

	duplicate_key(about, input->tenant ? 2 : 1, "", octets, key_out);
}

void
pipeline_key(const struct pipeline_input *input, struct duplicate_key *key_out)
{
	struct digest *digest = digest_create();
	unsigned char octets[DIGEST_SIZE];

	digest_add(digest, input->raw, input->length);
	digest_finish(&digest, octets);
	if (input->record) {
		record_key(input, octets, key_out);
		return;
	}
	duplicate_key(input->recipients, input->recipient_count,
		      input->message ? input->message->message_id : "",
		      octets, key_out);
}

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
		return "whole";
	if (!input->message)
		return input->failure;
	if (input->message->limits.count)
		return input->message->limits.items[0];
	return input->truncated ? "cut when it came in" : "whole";
}

static const char *
relay_of(const struct generation *g, const struct contact *contact)
{
	return *contact->relay.text ? contact->relay.text
				    : relay_default(g->relays)->name;
}

static enum outcome
add_delivery(const struct generation *g, struct store *store,
	     const struct pipeline_input *input,
	     const struct pipeline_decision *decision,
	     const struct pipeline_plan *plan, const struct store_item *item,
	     instant_ms now, struct arena *arena, struct buf *error)
{
	bool held = decision->action == PIPELINE_HOLD;
	const char *about = held ? PIPELINE_HELD : "";
	struct rendered mail = pipeline_render(g, input, decision, plan,
					       item->code, now, arena);
	struct store_delivery delivery = {
		.item = item->id,
		.kind = held ? STORE_NOTICE : STORE_ALERT,
		.recipient = plan->address,
		.about = about,
		.contact = plan->contact->name,
		.relay = relay_of(g, plan->contact),
		.rule = plan->rule,
		.template = mail.fallback ? "built-in" : plan->template,
		.sender = g->settings.from,
		.message_id = pipeline_message_id(g, item->code, about,
						  plan->address, arena),
		.smtputf8 = mail.smtputf8,
		.urgent = severity_at_least(alert_severity(decision->alert),
					    SEVERITY_HIGH),
		.message = mail.message,
		.message_length = mail.length,
	};

	if (mail.fallback)
		log_warning("template", "code", item->code, "template",
			    plan->template, "why", mail.fallback, NULL);
	return queue_add(store, &delivery, now, error);
}

static enum outcome
add_deliveries(const struct generation *g, struct store *store,
	       const struct pipeline_input *input,
	       const struct pipeline_decision *decision,
	       const struct store_item *item, instant_ms now,
	       struct arena *arena, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < decision->plans.count && outcome == OUTCOME_OK; i++)
		outcome = add_delivery(g, store, input, decision,
				       &decision->plans.items[i], item, now,
				       arena, error);
	return outcome;
}

static enum outcome
add_held(struct store *store, const struct pipeline_input *input,
	 const struct pipeline_decision *decision,
	 const struct store_item *item, instant_ms now, struct buf *error)
{
	const struct store_held held = {
		.item = item->id,
		.since = now,
		.reason = decision->reason,
		.message = input->raw,
		.message_length = input->length,
	};

	return store_held_add(store, &held, error);
}

/* Whoever was told of this alert before is not told again. */
static void
leave_out_told(struct pipeline_decision *decision, const struct again *again,
	       struct arena *arena)
{
	size_t i, kept = 0, before = decision->plans.count;
	bool covered = again_is_covered(again);
	const char *code;

	decision->news = again->news;
	if (decision->action != PIPELINE_NOTIFY)
		return;
	for (i = 0; i < before; i++) {
		struct pipeline_plan plan = decision->plans.items[i];

		if (!covered && !again_told(again, arena, plan.address))
			decision->plans.items[kept++] = plan;
	}
	decision->plans.count = kept;
	if (kept == before)
		return;
	code = again->was && again->was->code ? again->was->code : "?";
	decision->trace = arena_printf(arena, "%sknown: %s (%s), so %zu of %zu "
				       "are not told again\n", decision->trace,
				       covered ? "the API gave it before" :
				       "it was told before", code,
				       before - kept, before);
	if (kept)
		return;
	decision->action = PIPELINE_DROP;
	decision->reason = covered ? "the API gave this alert before" :
			   "all were told of this alert before";
}

/* A record of an API that has come before and tells nobody. */
static bool
is_known_record(const struct pipeline_input *input,
		const struct pipeline_decision *decision,
		const struct again *again)
{
	return input->record && again->was && again->was->digest &&
	       decision->action != PIPELINE_HOLD && !decision->plans.count;
}

/* Word for the journal of what changed in it, and no new item. */
static enum outcome
record_known(struct store *store, const struct again *again, instant_ms now,
	     struct arena *arena, enum store_added *how_out,
	     const char **code_out, struct buf *error)
{
	const struct store_known *was = again->was;
	const struct store_event event = {
		.item = was->item, .at = now, .what = "updated",
		.reason = again->news ? again->news : again->change,
	};
	enum outcome outcome = OUTCOME_OK;

	*code_out = was->code;
	*how_out = STORE_AGAIN;
	if (again->same && now - was->seen < KNOWN_SEEN_MS)
		return OUTCOME_OK;
	if (!again->same) {
		*how_out = STORE_DUPLICATE;
		if (was->item)
			outcome = store_event_add(store, &event, error);
	}
	if (outcome == OUTCOME_OK)
		outcome = again_remember(store, again, 0, now, arena, error);
	return outcome;
}

static enum outcome
remember(struct store *store, const struct pipeline_decision *decision,
	 const struct again *again, int64_t item, instant_ms now,
	 struct arena *arena, struct buf *error)
{
	enum outcome outcome = again_remember(store, again, item, now, arena,
					      error);
	size_t i;

	for (i = 0; i < decision->plans.count && outcome == OUTCOME_OK; i++)
		outcome = again_remember_told(store, again,
					      decision->plans.items[i].address,
					      now, arena, error);
	return outcome;
}

enum outcome
pipeline_record(const struct generation *generation, struct store *store,
		const struct pipeline_input *input,
		struct pipeline_decision *decision, instant_ms now,
		struct arena *arena, enum store_added *how_out,
		const char **code_out, struct buf *error)
{
	struct duplicate_key key;
	struct store_item item;
	struct again again;
	enum outcome outcome;

	pipeline_key(input, &key);
	outcome = incident_of(store, decision->alert, arena,
			      &decision->incident, error);
	if (outcome == OUTCOME_OK)
		outcome = again_look(store, decision->alert,
				     &decision->incident, input->record ?
				     arena_strdup(arena, key.octets) : NULL,
				     now, arena, &again, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	again.is_completed = input->is_completed;
	leave_out_told(decision, &again, arena);
	if (is_known_record(input, decision, &again))
		return record_known(store, &again, now, arena, how_out,
				    code_out, error);
	item = (struct store_item){
		.code = key.code,
		.identity = key.hex,
		.kind = input->record ? "api" : "mail",
		.received = now,
		.spool = input->name,
		.digest = key.octets,
		.message_id = input->message ? input->message->message_id
					     : NULL,
		.sender = input->sender,
		.recipients = input->recipients,
		.recipient_count = input->recipient_count,
		.parse = parse_word(input),
		.verdict = verdict_of(generation, decision, now, arena),
	};
	outcome = store_item_add(store, arena, &item, how_out, error);
	*code_out = arena_strdup(arena, item.code);
	if (outcome != OUTCOME_OK || *how_out != STORE_NEW)
		return outcome;
	if (decision->action == PIPELINE_HOLD)
		outcome = add_held(store, input, decision, &item, now, error);
	if (outcome == OUTCOME_OK)
		outcome = add_deliveries(generation, store, input, decision,
					 &item, now, arena, error);
	if (outcome == OUTCOME_OK && decision->action != PIPELINE_HOLD)
		outcome = remember(store, decision, &again, item.id, now,
				   arena, error);
	if (outcome == OUTCOME_OK && !input->record)
		outcome = pipeline_note_format(generation, store, input,
					       decision, &item, now, arena,
					       error);
	return outcome;
}

enum outcome
pipeline_record_released(const struct generation *generation,
			 struct store *store, const struct store_item *item,
			 const struct pipeline_input *input,
			 const struct pipeline_decision *decision,
			 instant_ms now, struct arena *arena,
			 struct buf *error)
{
	struct store_verdict verdict = verdict_of(generation, decision, now,
						  arena);
	enum outcome outcome = store_item_decide(store, item->id, &verdict,
						 error);

	if (outcome == OUTCOME_OK && decision->action == PIPELINE_HOLD)
		return add_held(store, input, decision, item, now, error);
	if (outcome == OUTCOME_OK)
		outcome = add_deliveries(generation, store, input, decision,
					 item, now, arena, error);
	if (outcome == OUTCOME_OK)
		outcome = store_held_done(store, item->id, now, error);
	return outcome;
}

static enum outcome
add_notice(const struct generation *g, struct store *store,
	   const struct pipeline_notice *notice,
	   const struct recipient *recipient, instant_ms now,
	   struct arena *arena, struct buf *error)
{
	const struct render_envelope envelope = {
		.from_name = g->settings.from_name,
		.from = g->settings.from,
		.to = recipient->address,
		.message_id = pipeline_message_id(g, notice->code,
						  notice->about,
						  recipient->address, arena),
		.date = now,
	};
	struct rendered mail = render_notice(arena, notice->subject,
					     notice->text, notice->code,
					     notice->raw, notice->length,
					     &envelope);
	struct store_delivery delivery = {
		.item = notice->item,
		.kind = STORE_NOTICE,
		.recipient = recipient->address,
		.about = notice->about,
		.contact = recipient->contact->name,
		.relay = relay_of(g, recipient->contact),
		.sender = g->settings.from,
		.message_id = envelope.message_id,
		.smtputf8 = mail.smtputf8,
		.urgent = true,
		.message = mail.message,
		.message_length = mail.length,
	};

	return queue_add(store, &delivery, now, error);
}

bool
pipeline_catch_all_has_other(const struct generation *generation,
			     const char *except, struct arena *arena)
{
	recipients who = { 0 };
	size_t i;

	contact_resolve(generation->contacts, generation_catch_all(generation),
			arena, &who);
	for (i = 0; i < who.count; i++)
		if (!text_same(who.items[i].address, except))
			return true;
	return false;
}

enum outcome
pipeline_notify_catch_all(const struct generation *generation,
			  struct store *store,
			  const struct pipeline_notice *notice, instant_ms now,
			  struct arena *arena, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	recipients who = { 0 };
	size_t i;

	contact_resolve(generation->contacts, generation_catch_all(generation),
			arena, &who);
	for (i = 0; i < who.count && outcome == OUTCOME_OK; i++) {
		if (notice->except &&
		    text_same(who.items[i].address, notice->except))
			continue;
		outcome = add_notice(generation, store, notice, &who.items[i],
				     now, arena, error);
	}
	return outcome;
}

static enum outcome
add_alone(const struct generation *g, struct store *store,
	  struct store_item *item, const char *subject, const char *text,
	  instant_ms now, struct arena *arena, struct buf *error)
{
	struct pipeline_notice notice = {
		.about = "relay", .subject = subject, .text = text,
	};
	enum store_added how;
	enum outcome outcome = store_item_add(store, arena, item, &how, error);

	if (outcome != OUTCOME_OK || how != STORE_NEW)
		return outcome;
	notice.item = item->id;
	notice.code = item->code;
	return pipeline_notify_catch_all(g, store, &notice, now, arena, error);
}

enum outcome
pipeline_notify_alone(const struct generation *generation, struct store *store,
		      const char *identity, const char *customer,
		      const char *subject, const char *text, instant_ms now,
		      struct arena *arena, struct buf *error)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX], code[DIGEST_CODE];
	struct store_item item;
	enum outcome outcome = store_begin(store, error);

	digest_add_text(digest, identity);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	digest_code(bytes, code);
	if (outcome != OUTCOME_OK)
		return outcome;
	item = (struct store_item){
		.code = code, .identity = hex, .kind = "notice",
		.received = now, .spool = "", .parse = "whole",
		.verdict = {
			.customer = customer,
			.action = pipeline_action_names[PIPELINE_NOTIFY],
			.rule = "catch-all", .reason = subject,
			.rules_version = generation->conf->version,
			.trace = text, .decided = now,
		},
	};
	outcome = add_alone(generation, store, &item, subject, text, now,
			    arena, error);
	return store_end(store, outcome, error);
}
