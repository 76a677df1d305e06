/*
 * The sweeps over the inbox, and what the reader answers.
 */
#include "take/taker.h"

#include "base/bug.h"
#include "base/log.h"
#include "take/blame.h"
#include "take/taker_private.h"

enum {
	TAKER_PAGE = 1024,	/* names read from the directory at once */
	TAKER_TROUBLE_MS = 2000,
	/* Mails that wait for an API at once; others go on as they are. */
	TAKER_WAITING_MOST = 64,
	/* Octets of mails under way, when it is more than one: a row of large
	 * ones must not fill the memory. */
	TAKER_OCTETS_MOST = 64 << 20,
};

instant_ms
taker_now(const struct taker *taker)
{
	return taker->world.clock->now(taker->world.clock);
}

void
passage_append(struct passage **list, struct passage *passage)
{
	while (*list)
		list = &(*list)->next;
	passage->next = NULL;
	*list = passage;
}

struct passage *
passage_create(const char *name)
{
	struct arena *arena = arena_create();
	struct passage *passage = arena_alloc(arena, sizeof(*passage));

	passage->arena = arena;
	passage->name = arena_strdup(arena, name);
	return passage;
}

void
passage_destroy(struct passage *passage)
{
	struct arena *arena = passage->arena;

	json_destroy(&passage->document);
	arena_destroy(&arena);
}

void
passage_destroy_all(struct passage **list)
{
	struct passage *passage;

	while ((passage = *list)) {
		*list = passage->next;
		passage_destroy(passage);
	}
}

bool
passage_is_under_way(const struct taker *taker, const char *name)
{
	const struct passage *passage;

	for (passage = taker->reading; passage; passage = passage->next)
		if (!strcmp(passage->name, name))
			return true;
	for (passage = taker->waiting; passage; passage = passage->next)
		if (!strcmp(passage->name, name))
			return true;
	for (passage = taker->answered; passage; passage = passage->next)
		if (!strcmp(passage->name, name))
			return true;
	return false;
}

static size_t
octets_of(const struct passage *passage)
{
	size_t octets = 0;

	for (; passage; passage = passage->next)
		octets += passage->input.length;
	return octets;
}

static size_t
length_of(const struct passage *passage)
{
	size_t length = 0;

	for (; passage; passage = passage->next)
		length++;
	return length;
}

static bool
has_room(const struct taker *taker)
{
	return !taker->stopped && !taker->is_paused &&
	       taker->count < READER_QUEUE_MOST &&
	       length_of(taker->answered) < 2 * PASSAGE_BATCH_MOST &&
	       octets_of(taker->reading) + octets_of(taker->waiting) +
	       octets_of(taker->answered) < TAKER_OCTETS_MOST;
}

/* ---- to the reader ---- */

static void
begin_sweep(struct taker *taker)
{
	taker->again = false;
	taker->swept = false;
	taker->page.list.count = taker->at = 0;
	taker->after[0] = '\0';
}

/* The next page of names, behind the last one of the page before. */
static void
read_page(struct taker *taker)
{
	struct buf error = BUF_INIT;

	arena_reset(taker->page_arena);
	memset(&taker->page, 0, sizeof(taker->page));
	taker->at = 0;
	if (inbox_list(taker->world.inbox, taker->page_arena,
		       *taker->after ? taker->after : NULL, TAKER_PAGE,
		       &taker->page, &error) != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error.data);
	taker->swept = taker->page.list.count < TAKER_PAGE;
	buf_release(&error);
}

/* The next name of the sweep, or NULL at its end. */
static const char *
next_name(struct taker *taker)
{
	const char *name;

	if (taker->at == taker->page.list.count && taker->swept &&
	    taker->again)
		begin_sweep(taker);
	if (taker->at == taker->page.list.count && !taker->swept)
		read_page(taker);
	if (taker->at == taker->page.list.count)
		return NULL;
	name = taker->page.list.items[taker->at++];
	(void)snprintf(taker->after, sizeof(taker->after), "%s", name);
	return name;
}

/* Keep the reader busy. */
static void
fill_reader(struct taker *taker)
{
	const char *name;

	while (has_room(taker) && (name = next_name(taker)))
		passage_begin(taker, name);
}

static void
fill_released(struct taker *taker)
{
	struct arena *arena = arena_create();
	struct store_helds helds = { 0 };
	struct buf error = BUF_INIT;
	size_t i;

	taker->wants_released = false;
	if (store_helds(taker->world.store, STORE_RELEASED, arena, &helds,
			&error) != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error.data);
	for (i = 0; i < helds.count && has_room(taker); i++)
		passage_begin_released(taker, &helds.items[i]);
	buf_release(&error);
	arena_destroy(&arena);
}

/* ---- what an API knows ---- */

/* Does it name an alert that an API could tell more of? A mail that proves
 * nothing is not worth a question. */
static const char *
find_customer_to_ask(struct taker *taker, struct passage *passage)
{
	const struct pipeline_decision *decision = pipeline_decide_first(
		generations_current(taker->world.generations), &passage->input,
		taker_now(taker), 0, passage->arena);
	const char *authentic = alert_text(decision->alert, ALERT_AUTHENTIC);

	if (decision->action != PIPELINE_NOTIFY || !decision->customer ||
	    !authentic || strcmp(authentic, "pass") ||
	    (!alert_text(decision->alert, ALERT_ALERT) &&
	     !alert_text(decision->alert, ALERT_INCIDENT)))
		return NULL;
	return decision->customer->name;
}

/* The alert of the API has device groups and users that the mail lacks, so it
 * goes first, and the mail is then about what was told. */
static bool
wait_for_api(struct taker *taker, struct passage *passage)
{
	const char *customer;
	int64_t most;

	if (passage->released || taker->waiting_count >= TAKER_WAITING_MOST ||
	    !generations_current(taker->world.generations)->polls.count)
		return false;
	customer = find_customer_to_ask(taker, passage);
	most = customer ? taker->world.hurry(taker->world.context, customer)
			: 0;
	if (!most)
		return false;
	passage->waits_for = arena_strdup(passage->arena, customer);
	passage->waits_until = taker_now(taker) + most;
	passage_append(&taker->waiting, passage);
	taker->waiting_count++;
	return true;
}

/* Those of the customer (NULL: of nobody) and those whose time is up go on. */
static void
end_waiting(struct taker *taker, const char *customer)
{
	struct passage **at = &taker->waiting, *passage;

	while ((passage = *at)) {
		if (passage->waits_until > taker_now(taker) &&
		    (!customer || strcmp(passage->waits_for, customer))) {
			at = &passage->next;
			continue;
		}
		*at = passage->next;
		taker->waiting_count--;
		passage_append(&taker->answered, passage);
	}
}

/* ---- from the reader ---- */

/* Not the mail's fault, or perhaps not: it stays where it is. */
static void
give_back(struct taker *taker, struct passage *passage, const char *why)
{
	complaints_say(taker->complaints, passage->name, why);
	passage_destroy(passage);
}

/* It concerns all mails: this one as any other. */
static void
halt(struct taker *taker, struct passage *passage, const char *why)
{
	complaints_say(taker->complaints, NULL, why);
	taker->is_paused = true;
	passage_destroy(passage);
}

static void
count_crash(struct taker *taker, struct passage *passage, const char *why)
{
	struct buf error = BUF_INIT;
	bool counted = blame_reader(taker->blame, passage->name,
				    taker_now(taker), &error) == OUTCOME_OK;
	int64_t count = blame_of(taker->blame, passage->name).reader;

	log_warning("crash", "mail", passage->name, "why", why, NULL);
	if (!counted) {
		give_back(taker, passage, error.data);
	} else if (count < PASSAGE_CRASHES_MOST) {
		taker->again = true;	/* in a new sweep */
		passage_destroy(passage);
	} else {
		passage->input.failure = arena_printf(passage->arena,
			"the reader ended on it %lld times, the last time so: "
			"%s", (long long)count, why);
		passage_append(&taker->answered, passage);
	}
	buf_release(&error);
}

static void
take_answer(struct taker *taker, const struct reader_answer *answer)
{
	struct passage *passage = taker->reading;

	if (!passage || (uint64_t)(uintptr_t)passage != answer->id)
		BUG("the reader answers what it was not asked");
	taker->reading = passage->next;
	taker->count--;
	switch (answer->outcome) {
	case READER_PARSED:
		passage->input.message = answer->message;
		if (!wait_for_api(taker, passage))
			passage_append(&taker->answered, passage);
		break;
	case READER_UNREADABLE:
		give_back(taker, passage, answer->error);
		break;
	case READER_UNAVAILABLE:
		halt(taker, passage, answer->error);
		break;
	default:
		count_crash(taker, passage, answer->error);
	}
}

/* An answer lives in the arena of the mail it is for, which is the oldest one.
 * Asked also when nothing is read: or a reader that died at rest would stay
 * readable for ever. */
static bool
take_next(struct taker *taker)
{
	struct passage *oldest = taker->reading;
	struct reader_answer answer;

	if (!reader_receive(taker->world.reader, oldest ? oldest->arena :
			    taker->page_arena, &answer))
		return false;
	take_answer(taker, &answer);
	return true;
}

static void
take_answers(struct taker *taker)
{
	bool more = true;

	while (more && taker->reading) {
		blame_hold(taker->blame, taker->reading->name);
		more = take_next(taker);
		blame_let_go(taker->blame);
	}
	if (!taker->reading)
		(void)take_next(taker);	/* there is none */
}

/* Little fits between the reader and us: with more answers it would wait. */
void
taker_keep_reading(struct taker *taker)
{
	take_answers(taker);
	fill_reader(taker);
}

/* ---- all of it ---- */

/* The whole inbox was gone through: what was not met again is over. */
static void
report_recovery(struct taker *taker)
{
	if (!taker->is_paused && taker->swept && !taker->again &&
	    !taker->reading && !taker->answered &&
	    taker->at == taker->page.list.count)
		complaints_end(taker->complaints);
}

/* Before anything is taken: which mails were in hand when the last process
 * ended. */
static bool
recover(struct taker *taker)
{
	struct buf error = BUF_INIT;
	bool good = blame_recover(taker->blame, taker_now(taker), &error) ==
		    OUTCOME_OK;

	if (!good)
		complaints_say(taker->complaints, NULL, error.data);
	buf_release(&error);
	return good;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void
set_timer(struct taker *taker)
{
	int64_t wait = reader_wait_ms(taker->world.reader);
	const struct passage *passage = taker->waiting;

	for (; passage; passage = passage->next) {
		int64_t left = passage->waits_until - taker_now(taker);

		wait = sooner(wait, left > 0 ? left : 0);
	}
	if (complaints_any(taker->complaints))
		wait = sooner(wait, TAKER_TROUBLE_MS);
	wait = sooner(wait, passage_store_ms(taker));
	loop_timer_set(taker->timer, taker->stopped ? -1 : wait);
}

static void
turn(void *context)
{
	struct taker *taker = context;

	if (recover(taker)) {
		take_answers(taker);
		end_waiting(taker, NULL);
		if (taker->wants_released)
			fill_released(taker);
		fill_reader(taker);	/* it works while these are stored */
		passage_store(taker);
		fill_reader(taker);	/* there was no memory for before */
		passage_sync_inbox(taker);
		report_recovery(taker);
	}
	set_timer(taker);
}

static void
timer_turn(void *context)
{
	struct taker *taker = context;

	if (complaints_any(taker->complaints) && !taker->answered)
		taker_wake(taker);
	else
		turn(taker);
}

struct taker *
taker_create(const struct taker_world *world)
{
	struct taker *taker = bug_alloc(sizeof(*taker));

	*taker = (struct taker){
		.world = *world,
		.page_arena = arena_create(),
		.complaints = complaints_create("inbox"),
		.blame = world->blame,
		.gathering = TIME_UNKNOWN,
		.swept = true,
		.again = true,
		.wants_released = true,
	};
	taker->timer = loop_timer(world->loop, timer_turn, taker);
	loop_watch(world->loop, reader_fd(world->reader), turn, taker);
	loop_timer_set(taker->timer, 0);
	return taker;
}

void
taker_wake(struct taker *taker)
{
	if (taker->stopped)
		return;
	/* Names rise with time, so a sweep under way meets what came since;
	 * another one follows all the same, in case a clock was set back. */
	complaints_begin(taker->complaints);
	taker->is_paused = false;
	taker->again = true;
	taker->wants_released = true;
	turn(taker);
}

void
taker_complete(struct taker *taker, const char *customer, bool whole)
{
	struct passage *passage = taker->waiting;

	if (!passage || taker->stopped)
		return;
	for (; passage && whole; passage = passage->next)
		passage->input.is_completed |= !strcmp(passage->waits_for,
						       customer);
	end_waiting(taker, customer);
	if (taker->answered)
		loop_timer_set(taker->timer, 0);
}

void
taker_stop(struct taker *taker)
{
	taker->stopped = true;
	set_timer(taker);
}

void
taker_destroy(struct taker **taker)
{
	passage_destroy_all(&(*taker)->reading);
	passage_destroy_all(&(*taker)->waiting);
	passage_destroy_all(&(*taker)->answered);
	complaints_destroy(&(*taker)->complaints);
	arena_destroy(&(*taker)->page_arena);
	free(*taker);
	*taker = NULL;
}
