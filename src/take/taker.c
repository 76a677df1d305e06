/*
 * The sweeps over the inbox, and what the reader answers.
 */
#include "take/taker.h"

#include "base/bug.h"
#include "base/container.h"
#include "take/taker_private.h"

enum {
	TAKER_PAGE = 1024,	/* names read from the directory at once */
	TAKER_TROUBLE_MS = 2000,
	/* Mails that wait for an API at once; others go on as they are. */
	TAKER_WAITING_MOST = 64,
	/* What is read waits this long for those that the reader is at, to
	 * share a commit with them. */
	TAKER_GATHER_MS = 10,
	/* Mails that are read and wait for the clerk. */
	TAKER_ANSWERED_MOST = 64,
	/* Octets of mails under way, when it is more than one: a row of large
	 * ones must not fill the memory. */
	TAKER_OCTETS_MOST = 64 << 20,
};

_Static_assert(READER_QUEUE_MOST + PASSAGE_STORING_MOST <=
	       PASSAGE_IN_HAND_MOST, "the reader is kept busy meanwhile");

instant_ms
taker_now(const struct taker *taker)
{
	return taker->world.clock->now(taker->world.clock);
}

static const struct generation *
rules(const struct taker *taker)
{
	return generations_current(taker->world.generations);
}

/* ---- passages ---- */

static void
passages_init(struct passages *list)
{
	*list = (struct passages){ .end = &list->first };
}

void
passages_append(struct passages *list, struct passage *passage)
{
	passage->next = NULL;
	*list->end = passage;
	list->end = &passage->next;
	list->count++;
	list->octets += passage->input.length;
}

void
passages_remove(struct passages *list, struct passage *passage)
{
	struct passage **at = &list->first;

	while (*at && *at != passage)
		at = &(*at)->next;
	if (!*at)
		BUG("the mail '%s' is not where it was put", passage->name);
	*at = passage->next;
	if (!*at)
		list->end = at;
	list->count--;
	list->octets -= passage->input.length;
}

struct passage *
passages_take_first(struct passages *list)
{
	struct passage *passage = list->first;

	if (passage)
		passages_remove(list, passage);
	return passage;
}

/* All of them, and it is empty. */
static void
passages_destroy(struct passages *list)
{
	struct passage *passage;

	while ((passage = passages_take_first(list)))
		passage_destroy(passage);
}

struct passage *
passage_create(struct taker *taker, const char *name)
{
	struct arena *arena = arena_create();
	struct passage *passage = arena_alloc(arena, sizeof(*passage));

	passage->taker = taker;
	passage->arena = arena;
	passage->name = arena_strdup(arena, name);
	return passage;
}

void
passage_destroy(struct passage *passage)
{
	json_destroy(&passage->document);
	arena_destroy(&passage->arena);
}

static bool
has_name(const struct passages *list, const char *name)
{
	const struct passage *passage = list->first;

	while (passage && strcmp(passage->name, name))
		passage = passage->next;
	return passage;
}

bool
passage_is_under_way(const struct taker *taker, const char *name)
{
	return has_name(&taker->reading, name) ||
	       has_name(&taker->waiting, name) ||
	       has_name(&taker->answered, name) ||
	       has_name(&taker->storing, name);
}

/* Nobody else is to be in hand with one that may end the daemon: not at the
 * reader either, whose answers would wait unread and keep the loop awake. */
static bool
is_one_alone_next(const struct taker *taker)
{
	return taker->is_one_alone ||
	       (taker->answered.first && taker->answered.first->is_alone);
}

bool
taker_has_room(const struct taker *taker)
{
	return !taker->stopped && !taker->is_paused &&
	       !is_one_alone_next(taker) &&
	       taker->reading.count + taker->fetching < READER_QUEUE_MOST &&
	       taker->reading.count + taker->storing.count <
	       PASSAGE_IN_HAND_MOST &&
	       taker->answered.count < TAKER_ANSWERED_MOST &&
	       taker->reading.octets + taker->waiting.octets +
	       taker->answered.octets + taker->storing.octets <
	       TAKER_OCTETS_MOST;
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

	while (taker_has_room(taker) && (name = next_name(taker)))
		passage_begin(taker, name);
}

/* ---- what an API knows ---- */

/* Does it name an alert that an API could tell more of? A mail that proves
 * nothing is not worth a question. */
static const char *
find_customer_to_ask(struct taker *taker, struct passage *passage)
{
	const struct pipeline_decision *decision = pipeline_decide_first(
		rules(taker), &passage->input, NULL, taker_now(taker), 0,
		passage->arena);
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

	if (passage->input.released ||
	    taker->waiting.count >= TAKER_WAITING_MOST ||
	    !rules(taker)->polls.count)
		return false;
	customer = find_customer_to_ask(taker, passage);
	most = customer ? taker->world.hurry(taker->world.context, customer)
			: 0;
	if (!most)
		return false;
	passage->waits_for = arena_strdup(passage->arena, customer);
	passage->waits_since = taker_now(taker);
	passage->waits_until = passage->waits_since + most;
	passages_append(&taker->waiting, passage);
	return true;
}

/* A clock that is set back is no reason to wait longer. */
static int64_t
waits_ms(const struct taker *taker, const struct passage *passage)
{
	instant_ms now = taker_now(taker);

	if (now < passage->waits_since || now > passage->waits_until)
		return 0;
	return passage->waits_until - now;
}

void
passage_answered(struct passage *passage)
{
	struct taker *taker = passage->taker;

	passage->waits_since = taker_now(taker);
	passage->waits_until = passage->waits_since + TAKER_GATHER_MS;
	passages_append(&taker->answered, passage);
}

int64_t
taker_gathers_ms(const struct taker *taker)
{
	if (!taker->answered.first || !taker->reading.first ||
	    taker->answered.count >= PASSAGE_STORING_MOST)
		return 0;
	return waits_ms(taker, taker->answered.first);
}

/* Those of the customer (NULL: of nobody) and those whose time is up go on. */
static void
end_waiting(struct taker *taker, const char *customer)
{
	struct passage *passage, *next;

	for (passage = taker->waiting.first; passage; passage = next) {
		next = passage->next;
		if (waits_ms(taker, passage) &&
		    (!customer || strcmp(passage->waits_for, customer)))
			continue;
		passages_remove(&taker->waiting, passage);
		passage_answered(passage);
	}
}

/* ---- from the reader ---- */

/* Not the mail's fault, or perhaps not: it stays where it is. */
static void
give_back(struct taker *taker, struct passage *passage, const char *why)
{
	if (!passage->input.released)
		aside_stays(taker->aside, passage->name, why);
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
take_answer(struct taker *taker, const struct reader_answer *answer)
{
	struct passage *passage = passages_take_first(&taker->reading);

	if (!passage || (uint64_t)(uintptr_t)passage != answer->id)
		BUG("the reader answers what it was not asked");
	loop_arrived(taker->world.loop);
	switch (answer->outcome) {
	case READER_PARSED:
		passage->input.message = answer->message;
		if (!wait_for_api(taker, passage))
			passage_answered(passage);
		break;
	case READER_UNREADABLE:
		give_back(taker, passage, answer->error);
		break;
	case READER_UNAVAILABLE:
		halt(taker, passage, answer->error);
		break;
	default:
		passage_count_crash(passage, answer->error);
	}
}

/* An answer lives in the arena of the mail it is for, which is the oldest one.
 * Asked also when nothing is read: or a reader that died at rest would stay
 * readable for ever. */
static bool
take_next(struct taker *taker)
{
	struct passage *oldest = taker->reading.first;
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

	while (more && taker->reading.first) {
		size_t slot = blame_hold(taker->blame,
					 taker->reading.first->name);

		more = take_next(taker);
		blame_let_go(taker->blame, slot);
	}
	if (!taker->reading.first)
		(void)take_next(taker);	/* there is none */
}

/* ---- before anything is taken ---- */

static enum outcome
recover(struct unit *unit, struct store *store, struct change *change,
	struct arena *arena, struct buf *error)
{
	struct taker *taker = CONTAINER_OF(unit, struct taker, recovery);

	(void)arena;		/* the change's */
	return blame_count_left(taker->blame, store, taker_now(taker), change,
				error);
}

static void
recovered(struct unit *unit, enum outcome outcome, const char *error)
{
	struct taker *taker = CONTAINER_OF(unit, struct taker, recovery);

	taker->is_recovering = false;
	if (outcome == OUTCOME_OK)
		blame_learn(taker->blame);
	else
		complaints_say(taker->complaints, NULL, error);
	taker_turn(taker);
}

/* Which mails were in hand when the last process ended. */
static void
begin_recovery(struct taker *taker)
{
	if (taker->is_recovering || complaints_any(taker->complaints))
		return;
	taker->is_recovering = true;
	taker->recovery.work = recover;
	taker->recovery.done = recovered;
	clerk_submit(taker->world.clerk, &taker->recovery);
}

/* ---- all of it ---- */

/* The whole inbox was gone through: what was not met again is over. */
static void
report_recovery(struct taker *taker)
{
	if (!taker->is_paused && taker->swept && !taker->again &&
	    !taker->reading.count && !taker->answered.count &&
	    !taker->storing.count && !taker->is_releasing &&
	    taker->at == taker->page.list.count) {
		complaints_end(taker->complaints);
		aside_tell(taker->aside);
	}
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
	const struct passage *passage = taker->waiting.first;
	int64_t gathers = taker_gathers_ms(taker);

	if (gathers)
		wait = sooner(wait, gathers);
	for (; passage; passage = passage->next)
		wait = sooner(wait, waits_ms(taker, passage));
	if (complaints_any(taker->complaints))
		wait = sooner(wait, TAKER_TROUBLE_MS);
	loop_timer_set(taker->timer, taker->stopped ? -1 : wait);
}

void
taker_turn(struct taker *taker)
{
	if (taker->stopped) {
		set_timer(taker);
		return;
	}
	if (blame_is_ready(taker->blame)) {
		take_answers(taker);
		end_waiting(taker, NULL);
		if (taker->wants_released && !taker->is_releasing &&
		    taker_has_room(taker))
			taker_look_for_released(taker);
		taker_store(taker);
		fill_reader(taker);	/* it works while those are stored */
		taker_sync_inbox(taker);
		report_recovery(taker);
	} else {
		begin_recovery(taker);
	}
	set_timer(taker);
}

static void
reader_answers(void *context)
{
	taker_turn(context);
}

static void
timer_turn(void *context)
{
	struct taker *taker = context;

	if (complaints_any(taker->complaints) && !taker->answered.count &&
	    !taker->storing.count)
		taker_wake(taker);
	else
		taker_turn(taker);
}

static struct aside *
create_aside(const struct taker_world *world)
{
	const struct aside_world aside = {
		.clerk = world->clerk, .inbox = world->inbox,
		.generations = world->generations, .clock = world->clock,
		.stored = world->stored, .context = world->context,
	};

	return aside_create(&aside);
}

struct taker *
taker_create(const struct taker_world *world)
{
	struct taker *taker = bug_alloc(sizeof(*taker));

	*taker = (struct taker){
		.world = *world,
		.page_arena = arena_create(),
		.complaints = complaints_create("inbox"),
		.aside = create_aside(world),
		.blame = world->blame,
		.swept = true,
		.again = true,
		.wants_released = true,
		.begun_since = TIME_UNKNOWN,
	};
	passages_init(&taker->reading);
	passages_init(&taker->waiting);
	passages_init(&taker->answered);
	passages_init(&taker->storing);
	blame_find_left(taker->blame);
	taker->timer = loop_timer(world->loop, timer_turn, taker);
	loop_watch(world->loop, reader_fd(world->reader), reader_answers,
		   taker);
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
	aside_begin(taker->aside);
	taker->is_paused = false;
	taker->again = true;
	taker->wants_released = true;
	taker_turn(taker);
}

void
taker_complete(struct taker *taker, const char *customer, bool whole)
{
	struct passage *passage = taker->waiting.first;

	if (!passage || taker->stopped)
		return;
	for (; passage && whole; passage = passage->next)
		passage->input.is_completed |= !strcmp(passage->waits_for,
						       customer);
	end_waiting(taker, customer);
	if (taker->answered.count)
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
	if ((*taker)->storing.count || (*taker)->is_recovering ||
	    (*taker)->is_releasing)
		BUG("the clerk still has mails");
	while ((*taker)->reading.count) {
		passage_destroy(passages_take_first(&(*taker)->reading));
		loop_arrived((*taker)->world.loop);
	}
	passages_destroy(&(*taker)->waiting);
	passages_destroy(&(*taker)->answered);
	loop_forget((*taker)->world.loop, reader_fd((*taker)->world.reader));
	complaints_destroy(&(*taker)->complaints);
	aside_destroy(&(*taker)->aside);
	arena_destroy(&(*taker)->page_arena);
	free(*taker);
	*taker = NULL;
}
