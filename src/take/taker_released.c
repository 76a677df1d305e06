/*
 * From a person's release to the reader: the clerk looks for what was released,
 * and fetches each; from there on it is a passage as any other.
 */
#include "take/taker_private.h"

#include "base/container.h"

static struct passage *
passage_of(struct unit *unit)
{
	return CONTAINER_OF(unit, struct passage, unit);
}

/* A record of an API needs no reader; it is decided as it is. */
static enum outcome
begin_record(struct passage *passage, struct buf *error)
{
	struct pipeline_input *input = &passage->input;
	struct record *record = arena_alloc(passage->arena, sizeof(*record));

	input->started = TIME_UNKNOWN;
	if (!input->failure) {
		passage->document = json_parse(input->raw, input->length,
					       error);
		if (!passage->document)
			return OUTCOME_PERMANENT;
		record->json = passage->document;
		record->asked = input->released->verdict.format;
		input->record = record;
	}
	passage_answered(passage);
	return OUTCOME_OK;
}

/* Who stored it is not known any more; the journal has what followed from
 * that. */
static const char *
distrust(const struct store_item *item)
{
	const char *authentic = item->verdict.authentic;

	if (authentic && !strcmp(authentic, "pass"))
		return NULL;
	return "it was not authentic when it came in";
}

static enum outcome
begin(struct taker *taker, struct passage *passage, struct buf *error)
{
	const struct store_held *held = passage->held;
	struct pipeline_input *input = &passage->input;
	const struct store_item *item = input->released;

	input->released_for = held->customer;
	input->name = passage->name;
	input->sender = item->sender ? item->sender : "";
	input->recipients = item->recipients;
	input->recipient_count = item->recipient_count;
	input->raw = held->message;
	input->length = held->message_length;
	if (!strcmp(item->kind, "api"))
		return begin_record(passage, error);
	input->distrust = distrust(item);
	return passage_send_copy(taker, passage, error);
}

/* ---- one of them ---- */

static enum outcome
fetch(struct unit *unit, struct store *store, struct change *change,
      struct arena *arena, struct buf *error)
{
	struct passage *passage = passage_of(unit);
	struct store_item *item = NULL;
	enum outcome outcome;

	/* It is kept longer than the unit. */
	(void)change, (void)arena;
	outcome = store_held(store, passage->held_item, passage->arena,
			     &passage->held, error);
	if (outcome == OUTCOME_OK)
		outcome = store_item(store, passage->held_item, passage->arena,
				     &item, error);
	passage->input.released = item;
	return outcome;
}

static bool
is_there(const struct passage *passage)
{
	const struct store_held *held = passage->held;

	return held && held->state == STORE_RELEASED && held->message &&
	       passage->input.released;
}

static void
fetched(struct unit *unit, enum outcome outcome, const char *why)
{
	struct passage *passage = passage_of(unit);
	struct taker *taker = passage->taker;
	struct buf error = BUF_INIT;
	size_t slot;

	passage_take_back(passage);
	taker->fetching--;
	slot = blame_hold(taker->blame, passage->name);
	buf_puts(&error, why);
	/* What is gone meanwhile, somebody else has taken. */
	if (outcome == OUTCOME_OK && (taker->stopped || !is_there(passage))) {
		passage_destroy(passage);
	} else if (outcome != OUTCOME_OK ||
		   begin(taker, passage, &error) != OUTCOME_OK) {
		complaints_say(taker->complaints, passage->name, error.data);
		passage_destroy(passage);
	}
	blame_let_go(taker->blame, slot);
	buf_release(&error);
	taker_turn(taker);
}

static void
begin_released(struct taker *taker, const struct store_held *listed)
{
	char name[64];
	struct passage *passage;

	(void)snprintf(name, sizeof(name), "released/%s", listed->code);
	if (passage_is_under_way(taker, name))
		return;
	passage = passage_create(taker, name);
	if (!passage_weigh(taker, passage)) {
		complaints_say(taker->complaints, name, "it ended tocsin three "
			       "times since it was released, and is left as "
			       "it is");
		passage_destroy(passage);
		return;
	}
	passage->held_item = listed->item;
	passage->input.length = listed->message_length;
	taker->fetching++;
	passage_submit(passage, fetch, fetched);
}

/* ---- all of them ---- */

static enum outcome
find(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct taker *taker = CONTAINER_OF(unit, struct taker, release);

	(void)change;
	taker->helds = (struct store_helds){ 0 };
	return store_helds(store, STORE_RELEASED, arena, &taker->helds, error);
}

static bool
is_begun(const struct taker *taker, const struct store_held *held)
{
	return held->since < taker->begun_since ||
	       (held->since == taker->begun_since &&
		held->item <= taker->begun_item);
}

/* As many as there is room for; the next look goes on behind them, so that none
 * which comes to nothing is for ever in the way of the others. */
static void
begin_found(struct taker *taker)
{
	const struct store_held *held = taker->helds.items;
	const struct store_held *end = held + taker->helds.count;
	bool any = false;

	for (; held < end && taker_has_room(taker); held++) {
		if (is_begun(taker, held))
			continue;
		begin_released(taker, held);
		taker->begun_since = held->since;
		taker->begun_item = held->item;
		any = true;
	}
	if (held == end)
		taker->begun_since = TIME_UNKNOWN;
	else	/* or else somebody wakes the taker when there is room */
		taker->wants_released |= any;
}

static void
found(struct unit *unit, enum outcome outcome, const char *error)
{
	struct taker *taker = CONTAINER_OF(unit, struct taker, release);

	taker->is_releasing = false;
	if (outcome == OUTCOME_OK)
		begin_found(taker);
	else
		complaints_say(taker->complaints, NULL, error);
	taker_turn(taker);
}

void
taker_look_for_released(struct taker *taker)
{
	taker->wants_released = false;
	taker->is_releasing = true;
	taker->release.work = find;
	taker->release.done = found;
	clerk_submit(taker->world.clerk, &taker->release);
}
