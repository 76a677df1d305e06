#include "pipeline/notice.h"

#include "base/digest.h"
#include "pipeline/mail.h"
#include "queue/queue.h"

static const struct alert *
alert_of(const struct pipeline_notice *notice, struct arena *arena)
{
	return notice->alert ? notice->alert : alert_create(arena);
}

static void
tell(const struct generation *g, const struct pipeline_notice *notice,
     const struct recipient *recipient, instant_ms now, struct change *change)
{
	const struct endpoint *to = &recipient->endpoint;
	const struct alert *alert = alert_of(notice, change->arena);
	const struct notification notification = {
		.alert = alert,
		.notice = notice->notice,
		.code = notice->code,
		.original = notice->original,
	};
	const struct render_input what = {
		.envelope = {
			.from_name = g->settings.from_name,
			.from = g->settings.from,
			.to = to->address,
			.message_id = pipeline_message_id(g, notice->code,
							  notice->about,
							  to->address,
							  change->arena),
			.date = now,
		},
		.templates = g->templates,
		.template = TEMPLATE_NOTICE,
	};
	struct rendered mail = pipeline_compose(g, &what, &notification,
						recipient, change->arena);
	struct store_delivery delivery = {
		.item = notice->item,
		.kind = STORE_NOTICE,
		.channel = to->channel->name,
		.address = to->address,
		.about = notice->about,
		.contact = recipient->contact->name,
		.relay = recipient->relay->name,
		.template = pipeline_template(&mail, &what),
		.sender = g->settings.from,
		.message_id = what.envelope.message_id,
		.smtputf8 = mail.smtputf8,
		.urgent = true,
		.headers = mail.headers,
		.body = mail.body,
		.body_length = mail.body_length,
	};

	queue_add(change, &delivery, now);
}

/* The addresses of the catch-all, `except` (may be NULL) being left out. */
static recipients
others(const struct generation *generation,
       const struct store_replacements *stored, const struct endpoint *except,
       instant_ms now, struct arena *arena)
{
	recipients who = { 0 };
	size_t i, kept = 0;

	generation_resolve_catch_all(generation, stored, now, arena, &who,
				     NULL);
	for (i = 0; i < who.count; i++)
		if (!except || !endpoint_same(&who.items[i].endpoint, except))
			who.items[kept++] = who.items[i];
	who.count = kept;
	return who;
}

void
pipeline_notify_catch_all(const struct generation *generation,
			  const struct pipeline_notice *notice, instant_ms now,
			  struct change *change)
{
	const recipients who = others(generation, notice->stored,
				      notice->except, now, change->arena);
	size_t i;

	for (i = 0; i < who.count; i++)
		tell(generation, notice, &who.items[i], now, change);
}

bool
pipeline_catch_all_has_other(const struct generation *generation,
			     const struct store_replacements *stored,
			     const struct endpoint *except, instant_ms now,
			     struct arena *arena)
{
	return others(generation, stored, except, now, arena).count > 0;
}

/* For the journal, which is in English and in UTC. */
static const char *
journal_text(const struct generation *g, const struct notice *notice,
	     struct arena *arena)
{
	const struct words *english = words_choose(g->templates->languages,
						   NULL);
	struct buf text = BUF_INIT;
	const char *copy;

	notice_print(arena, notice, english, zone_utc(), &text);
	copy = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	return copy;
}

static void
add_item(const struct generation *g, const struct pipeline_word *word,
	 const struct store_seat *seat, const char *identity,
	 const struct store_replacements *stored, instant_ms now,
	 struct change *change)
{
	struct arena *arena = change->arena;
	struct alert *alert = alert_create(arena);
	const struct store_item item = {
		.code = seat->code, .identity = identity, .kind = "notice",
		.received = now, .spool = "", .parse = "whole",
		.verdict = {
			.customer = word->customer,
			.action = "notify",
			.rule = "catch-all",
			.reason = notice_title(arena, &word->notice,
				words_choose(g->templates->languages, NULL)),
			.rules_version = g->conf->version,
			.trace = journal_text(g, &word->notice, arena),
			.decided = now,
		},
	};
	const struct pipeline_notice notice = {
		.item = CHANGE_ITEM, .code = seat->code, .about = "relay",
		.alert = alert, .notice = &word->notice, .stored = stored,
	};

	if (word->customer)
		alert_set(alert, ALERT_CUSTOMER, word->customer, "relay");
	change_add_item(change, &item);
	pipeline_notify_catch_all(g, &notice, now, change);
}

enum outcome
pipeline_say(const struct generation *generation, struct store *store,
	     const struct pipeline_word *word, instant_ms now,
	     struct change *change, struct buf *error)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX], code[DIGEST_CODE];
	struct store_replacements stored = { 0 };
	struct store_seat seat;
	enum outcome outcome;

	digest_add_text(digest, word->identity);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	digest_code(bytes, code);
	outcome = store_item_seat(store, hex, "", code, change->arena, &seat,
				  error);
	if (outcome == OUTCOME_OK && seat.how == STORE_NEW)
		outcome = store_replacements(store, change->arena, &stored,
					     error);
	if (outcome == OUTCOME_OK && seat.how == STORE_NEW)
		add_item(generation, word, &seat,
			 arena_strdup(change->arena, hex), &stored, now,
			 change);
	return outcome;
}
