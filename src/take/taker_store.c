/*
 * Into the store, many in one transaction; and only then out of the inbox.
 */
#include "take/taker_private.h"

#include "base/log.h"
#include "take/blame.h"

enum {
	/* While the reader has more, what is answered waits for others to
	 * share a commit with, but not for longer than this. */
	GATHER_MS = 15,
};

static enum outcome
record(struct taker *taker, struct passage *passage, struct buf *error)
{
	const struct generation *generation =
		generations_current(taker->world.generations);
	struct store *store = taker->world.store;
	struct change change;
	enum outcome outcome;

	change_init(&change, passage->arena);
	outcome = pipeline_take(generation, store, &passage->input,
				taker_now(taker), &change, &passage->decision,
				error);
	if (outcome == OUTCOME_OK)
		outcome = change_apply(&change, store, error);
	if (outcome == OUTCOME_OK)
		change_say(&change);
	if (outcome == OUTCOME_OK)
		outcome = blame_forget(taker->blame, passage->name, error);
	return outcome;
}

/* How many of those that are answered go into the next transaction. */
static size_t
batch_size(const struct taker *taker)
{
	const struct passage *passage = taker->answered;
	size_t count = 0;

	for (; passage && count < PASSAGE_BATCH_MOST; passage = passage->next) {
		if (passage->is_alone)
			return count ? count : 1;
		count++;
	}
	return count;
}

static enum outcome
record_batch(struct taker *taker, size_t count, struct buf *error)
{
	enum outcome outcome = store_begin(taker->world.store, error);
	struct passage *passage = taker->answered;

	if (outcome != OUTCOME_OK)
		return outcome;
	for (; count && outcome == OUTCOME_OK; count--) {
		blame_hold(taker->blame, passage->name);
		outcome = record(taker, passage, error);
		if (!passage->is_alone)
			taker_keep_reading(taker);
		passage = passage->next;
	}
	if (outcome == OUTCOME_OK)
		outcome = taker->world.join(taker->world.context, error);
	outcome = store_end(taker->world.store, outcome, error);
	blame_let_all_go(taker->blame);
	taker->world.joined(taker->world.context, outcome);
	return outcome;
}

static void
log_passage(const struct passage *passage)
{
	const struct pipeline_decision *decision = passage->decision;
	const struct alert *alert = decision->alert;
	char count[32];

	if (decision->how != STORE_NEW) {
		log_info("duplicate", "code", decision->code, "mail",
			 passage->name, NULL);
		return;
	}
	(void)snprintf(count, sizeof(count), "%zu", decision->plans.count);
	(decision->action == PIPELINE_HOLD ? log_warning : log_info)(
		pipeline_action_names[decision->action],
		"code", decision->code,
		"customer", alert_text(alert, ALERT_CUSTOMER),
		"rule", decision->rule,
		"severity", alert_text(alert, ALERT_SEVERITY),
		"format", alert_text(alert, ALERT_FORMAT),
		"authentic", alert_text(alert, ALERT_AUTHENTIC),
		"recipients", count,
		"reason", decision->reason,
		"title", alert_text(alert, ALERT_TITLE),
		"mail", passage->name, NULL);
}

/* The first `count` are in the store: now, and not before, they leave the
 * inbox. */
static void
leave_inbox(struct taker *taker, size_t count)
{
	struct buf error = BUF_INIT;
	struct passage *passage;

	while (count--) {
		passage = taker->answered;
		taker->answered = passage->next;
		blame_forgotten(taker->blame, passage->name);
		log_passage(passage);
		if (!passage->released &&
		    inbox_remove(taker->world.inbox, passage->name, &error) !=
		    OUTCOME_OK)
			complaints_say(taker->complaints, passage->name,
				       error.data);
		passage_destroy(passage);
		buf_reset(&error);
	}
	taker->is_unsynced = true;
	buf_release(&error);
}

/* Milliseconds until what is answered has to be stored; negative: never. */
int64_t
passage_store_ms(struct taker *taker)
{
	size_t count = batch_size(taker);
	int64_t left;

	if (!taker->answered) {
		taker->gathering = TIME_UNKNOWN;
		return -1;
	}
	if (!taker->reading || count == PASSAGE_BATCH_MOST ||
	    taker->answered->is_alone)
		return 0;
	if (taker->gathering == TIME_UNKNOWN)
		taker->gathering = taker_now(taker);
	left = taker->gathering + GATHER_MS - taker_now(taker);
	/* Not longer, should the clock be set back. */
	return left < 0 || left > GATHER_MS ? 0 : left;
}

void
passage_store(struct taker *taker)
{
	size_t count = batch_size(taker);
	struct buf error = BUF_INIT;

	if (passage_store_ms(taker))
		return;
	taker->gathering = TIME_UNKNOWN;
	if (record_batch(taker, count, &error) == OUTCOME_OK) {
		leave_inbox(taker, count);
	} else {
		complaints_say(taker->complaints, NULL, error.data);
		/* They stay in the inbox. */
		passage_destroy_all(&taker->answered);
	}
	buf_release(&error);
}

/* When there is time: a mail that comes back after a power failure is in the
 * store, and not taken again. */
void
passage_sync_inbox(struct taker *taker)
{
	struct buf error = BUF_INIT;

	if (!taker->is_unsynced || taker->reading || taker->answered)
		return;
	if (inbox_sync(taker->world.inbox, &error) != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error.data);
	taker->is_unsynced = false;
	buf_release(&error);
}
