#include "deliver/failure.h"

#include "base/text.h"
#include "hold/item_alert.h"
#include "pipeline/about.h"
#include "pipeline/notice.h"
#include "pipeline/original.h"
#include "send/channel.h"

static void
note_untold(const struct store_delivery *delivery, instant_ms now,
	    struct change *change)
{
	const struct store_event event = {
		.item = delivery->item, .delivery = delivery->id, .at = now,
		.what = STORE_UNTOLD,
		.reason = "it failed, and the catch-all has no other address "
			  "that could be told",
	};

	change_add_event(change, &event);
}

/* NULL when its channel is not known any more: then it is nobody's. */
static const struct endpoint *
endpoint_of(const struct store_delivery *delivery, struct arena *arena)
{
	struct endpoint *endpoint = arena_alloc(arena, sizeof(*endpoint));

	return channel_endpoint(delivery->channel, delivery->address,
				endpoint) ? endpoint : NULL;
}

static bool
has_other(const struct failure *failure,
	  const struct store_replacements *stored, struct arena *arena)
{
	const struct store_delivery *delivery = failure->delivery;

	return !about_is_failure(delivery->about) &&
	       pipeline_catch_all_has_other(failure->generation, stored,
					    endpoint_of(delivery, arena),
					    failure->now, arena);
}

static void
tell(const struct failure *failure, const struct store_replacements *stored,
     const struct store_item *item, const struct store_raw *raw,
     struct change *change)
{
	const struct store_delivery *delivery = failure->delivery;
	const struct original original = pipeline_original_kept(item, raw);
	struct arena *arena = change->arena;
	const char *const commands[] = {
		arena_printf(arena, "tocsin why %s", delivery->code),
		arena_printf(arena, "tocsin queue retry %lld",
			     (long long)delivery->id),
		NULL
	};
	const struct notice what = {
		.kind = NOTICE_FAILED,
		.address = delivery->address,
		.detail = failure->reply,
		.commands = commands,
	};
	const struct pipeline_notice notice = {
		.item = delivery->item,
		.code = delivery->code,
		.about = arena_printf(arena, ABOUT_FAILURE "%lld",
				      (long long)delivery->id),
		.except = endpoint_of(delivery, arena),
		.alert = hold_item_alert(item, arena),
		.notice = &what,
		.original = &original,
		.stored = stored,
	};

	pipeline_notify_catch_all(failure->generation, &notice, failure->now,
				  change);
}

/* NULL when it is not kept, or damaged: it is told without, then. */
static enum outcome
find_raw(const struct failure *failure, struct store *store,
	 struct arena *arena, struct store_raw **raw_out, struct buf *error)
{
	size_t before = error->len;
	enum outcome outcome = store_raw(store, failure->delivery->item, arena,
					 raw_out, error);

	if (outcome != OUTCOME_PERMANENT)
		return outcome;
	buf_cut(error, before);
	*raw_out = NULL;
	return OUTCOME_OK;
}

enum outcome
failure_tell(const struct failure *failure, struct store *store,
	     struct change *change, bool *told_out, struct buf *error)
{
	struct store_replacements stored = { 0 };
	struct store_item *item;
	struct store_raw *raw;
	enum outcome outcome = store_replacements(store, change->arena,
						  &stored, error);

	*told_out = false;
	if (outcome != OUTCOME_OK)
		return outcome;
	*told_out = has_other(failure, &stored, change->arena);
	if (failure->settled != QUEUE_SETTLED)
		return OUTCOME_OK;
	if (!*told_out) {
		note_untold(failure->delivery, failure->now, change);
		return OUTCOME_OK;
	}
	outcome = store_item(store, failure->delivery->item, change->arena,
			     &item, error);
	if (outcome == OUTCOME_OK)
		outcome = find_raw(failure, store, change->arena, &raw, error);
	if (outcome == OUTCOME_OK)
		tell(failure, &stored, item, raw, change);
	return outcome;
}

enum log_level
failure_level(bool is_told)
{
	return is_told ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR;
}

enum outcome
failure_report(struct store *store, struct change *change, struct buf *error)
{
	struct store_ids untold = { 0 };
	enum outcome outcome = store_untold(store, change->arena, &untold,
					    error);

	if (untold.count)
		change_log(change, LOG_LEVEL_ERROR, "untold", "deliveries",
			   arena_printf(change->arena, "%zu", untold.count),
			   "what", "they failed, and nobody else could be "
			   "told: see `tocsin queue`", NULL);
	return outcome;
}
