/*
 * Into the store, many in one transaction; and only then out of the inbox. What
 * waits while the clerk commits is the next transaction, so nothing waits for
 * company that does not come.
 */
#include "take/taker_private.h"

#include "base/container.h"
#include "base/log.h"
#include "pipeline/notice.h"

static struct passage *
passage_of(struct unit *unit)
{
	return CONTAINER_OF(unit, struct passage, unit);
}

void
passage_submit(struct passage *passage,
	       enum outcome (*work)(struct unit *unit, struct store *store,
				    struct change *change, struct arena *arena,
				    struct buf *error),
	       void (*done)(struct unit *unit, enum outcome outcome,
			    const char *error))
{
	struct taker *taker = passage->taker;

	passage->slot = blame_hold(taker->blame, passage->name);
	passage->generation = generations_borrow(taker->world.generations);
	/* One, or a replay would differ. */
	passage->at = taker_now(taker);
	passage->unit.work = work;
	passage->unit.done = done;
	passages_append(&taker->storing, passage);
	clerk_submit(taker->world.clerk, &passage->unit);
}

void
passage_take_back(struct passage *passage)
{
	struct taker *taker = passage->taker;

	passages_remove(&taker->storing, passage);
	taker->is_one_alone = false;
	blame_let_go(taker->blame, passage->slot);
	generations_return(taker->world.generations, passage->generation);
	passage->generation = NULL;
}

/* ---- a decision ---- */

static enum outcome
decide(struct unit *unit, struct store *store, struct change *change,
       struct arena *arena, struct buf *error)
{
	struct passage *passage = passage_of(unit);

	(void)arena;		/* the change's */
	if (passage->is_counted)
		blame_forget(passage->name, change);
	return pipeline_take(passage->generation, store, &passage->input,
			     passage->at, change, &passage->decision, error);
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

/* It is in the store: now, and not before, it leaves the inbox. */
static void
leave_inbox(struct taker *taker, struct passage *passage)
{
	struct buf error = BUF_INIT;

	blame_forgotten(taker->blame, passage->name);
	log_passage(passage);
	if (!passage->input.released &&
	    inbox_remove(taker->world.inbox, passage->name, &error) !=
	    OUTCOME_OK)
		complaints_say(taker->complaints, passage->name, error.data);
	taker->is_unsynced = true;
	buf_release(&error);
}

/* It stays in the inbox. Perhaps the store fails for all: then those behind it
 * would be read for nothing. The sweep goes on with them a little later. */
static void
leave_in_inbox(struct taker *taker, const char *why)
{
	complaints_say(taker->complaints, NULL, why);
	taker->is_paused = true;
}

static void
decided(struct unit *unit, enum outcome outcome, const char *error)
{
	struct passage *passage = passage_of(unit);
	struct taker *taker = passage->taker;

	passage_take_back(passage);
	if (outcome == OUTCOME_OK)
		leave_inbox(taker, passage);
	else
		leave_in_inbox(taker, error);
	passage_destroy(passage);
	taker_turn(taker);
}

static bool
may_store(const struct taker *taker)
{
	const struct passage *next = taker->answered.first;

	return next && !taker->is_one_alone &&
	       taker->storing.count < PASSAGE_STORING_MOST &&
	       (!next->is_alone ||
		(!taker->storing.count && !taker->reading.count));
}

void
taker_store(struct taker *taker)
{
	bool any = false;

	/* While some are at the clerk, the others gather; and while some are
	 * at the reader, for a moment. */
	if (taker->storing.count || taker_gathers_ms(taker))
		return;
	clerk_gather(taker->world.clerk);
	while (may_store(taker)) {
		struct passage *passage =
			passages_take_first(&taker->answered);

		passage->unit.is_alone = passage->is_alone;
		taker->is_one_alone = passage->is_alone;
		passage_submit(passage, decide, decided);
		any = true;
	}
	if (any)
		taker->world.stored(taker->world.context);
	clerk_proceed(taker->world.clerk);
}

/* ---- one that ended the reader ---- */

static enum outcome
count_crash(struct unit *unit, struct store *store, struct change *change,
	    struct arena *arena, struct buf *error)
{
	const struct passage *passage = passage_of(unit);

	(void)store, (void)arena, (void)error;
	blame_count_reader(passage->name, passage->crashes, passage->at,
			   change);
	return OUTCOME_OK;
}

static void
crash_counted(struct unit *unit, enum outcome outcome, const char *error)
{
	struct passage *passage = passage_of(unit);
	struct taker *taker = passage->taker;

	passage_take_back(passage);
	if (outcome != OUTCOME_OK) {
		complaints_say(taker->complaints, passage->name, error);
		passage_destroy(passage);
		taker_turn(taker);
		return;
	}
	blame_counted_reader(taker->blame, passage->name, passage->crashes);
	if (passage->crashes < PASSAGE_CRASHES_MOST) {
		/* In a new sweep, or what was released in a new look. */
		taker->again = true;
		taker->wants_released |= passage->input.released != NULL;
		passage_destroy(passage);
	} else {
		passage->is_counted = true;
		passage->input.failure = arena_printf(passage->arena,
			"the reader ended on it %lld times, the last time so: "
			"%s", (long long)passage->crashes,
			passage->input.failure);
		passage_answered(passage);
	}
	taker_turn(taker);
}

void
passage_count_crash(struct passage *passage, const char *why)
{
	log_warning("crash", "mail", passage->name, "why", why, NULL);
	passage->crashes = blame_of(passage->taker->blame,
				    passage->name).reader + 1;
	passage->input.failure = arena_strdup(passage->arena, why);
	passage_submit(passage, count_crash, crash_counted);
}

/* ---- one that ended the daemon, even held ---- */

static enum outcome
tell_left(struct unit *unit, struct store *store, struct change *change,
	  struct arena *arena, struct buf *error)
{
	const struct passage *passage = passage_of(unit);
	const struct pipeline_word word = {
		.identity = arena_printf(arena, "left %s", passage->name),
		.notice = {
			.kind = NOTICE_LEFT,
			.name = arena_printf(arena, "%s/%s", inbox_directory(
				passage->taker->world.inbox), passage->name),
		},
	};

	return pipeline_say(passage->generation, store, &word, passage->at,
			    change, error);
}

static void
left_told(struct unit *unit, enum outcome outcome, const char *error)
{
	struct passage *passage = passage_of(unit);
	struct taker *taker = passage->taker;

	passage_take_back(passage);
	if (outcome != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error);
	passage_destroy(passage);
	taker_turn(taker);
}

void
passage_leave_alone(struct passage *passage)
{
	struct taker *taker = passage->taker;

	/* Said once in the log; asked for at each look, should the store have
	 * failed at the last one, and told once. */
	complaints_say(taker->complaints, passage->name, "it ended tocsin "
		       "three times and is left where it is");
	passage_submit(passage, tell_left, left_told);
	taker->world.stored(taker->world.context);
}

/* ---- the inbox ---- */

/* When there is time: a mail that comes back after a power failure is in the
 * store, and not taken again. */
void
taker_sync_inbox(struct taker *taker)
{
	struct buf error = BUF_INIT;

	if (!taker->is_unsynced || taker->reading.count ||
	    taker->answered.count || taker->storing.count)
		return;
	if (inbox_sync(taker->world.inbox, &error) != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error.data);
	taker->is_unsynced = false;
	buf_release(&error);
}
