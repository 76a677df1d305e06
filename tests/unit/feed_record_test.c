/* What becomes of a calendar that was fetched: kept, or broken and told. */
#include "ask/feed_record.h"

#include "base/bug.h"
#include "base/container.h"
#include "rules.h"
#include "store/clerk.h"
#include "tap.h"
#include "temporary.h"

#include <sys/mman.h>
#include <unistd.h>

#define NOON "2026-12-01T12:00:00Z"

static struct arena *arena;
static const char *state;
static struct loop *loop;
static struct clock now;
static struct store *store;
static struct clerk *clerk;

struct one {
	struct unit unit;
	struct feed_answer answer;
	struct feed_fate fate;
	const char *subject;		/* of what was told; "" */
};

static struct generation *
load(void)
{
	struct map *texts = map_create(arena);

	(void)map_set(texts, "/feed/main", arena_printf(arena,
		"state %s\nspool /feed\ndomain relay.x.example\n"
		"authserv mx.x.example\ncatch-all soc\n"
		"relay out { maildir /feed/out }\n"
		"person ana { mail ana@x.example }\n"
		"person soc { mail soc@x.example }\n"
		"oncall o {\ntimezone Europe/Paris\ncalendar "
		"\"https://x.example/s3cret\" of ana by summary\n}\n"
		"customer c { mailbox c@relay.x.example recipients @x.example "
		"otherwise notify o }\n", state));
	return generation_load("/feed/main", texts, instant_of(NOON));
}

static struct turns *
turns_of(const char *name, const char *since, const char *until)
{
	struct turns *turns = arena_alloc(arena, sizeof(*turns));
	const struct turns_span span = {
		instant_of(since), instant_of(until),
	};
	struct turns_event event = { .summary = name };

	vec_push(arena, &event.spans, span);
	vec_push(arena, &turns->events, event);
	return turns;
}

static enum outcome
work(struct unit *unit, struct store *in, struct change *change,
     struct arena *of_change, struct buf *error)
{
	struct one *one = CONTAINER_OF(unit, struct one, unit);

	(void)of_change;
	return feed_record(&one->answer, in, change, &one->fate, error);
}

static void
done(struct unit *unit, enum outcome outcome, const char *error)
{
	struct one *one = CONTAINER_OF(unit, struct one, unit);
	size_t i;

	if (outcome != OUTCOME_OK)
		BUG("%s", error);
	one->subject = unit->change->has_deliveries ? "told" : "";
	for (i = 0; i < unit->change->lines.count; i++)
		if (strstr(unit->change->lines.items[i], "s3cret"))
			one->subject = "secret";
}

/* One fetch: "good" or "bad", "new" when the copy is another one, "told". */
static const char *
fetch(const char *when, struct feed_answer answer)
{
	struct generation *g = load();
	struct one one = {
		.unit = { .work = work, .done = done }, .answer = answer,
	};

	one.answer.generation = g;
	one.answer.feed = contact_find(g->contacts, "o")->rota->feeds.items[0];
	one.answer.now = instant_of(when);
	clerk_submit(clerk, &one.unit);
	clerk_drain(clerk);
	generation_destroy(&g);
	return arena_printf(arena, "%s%s%s%s",
			    one.fate.is_good ? "good" : "bad",
			    one.fate.is_new ? " new" : "",
			    *one.subject ? " " : "", one.subject);
}

#define FAILS (struct feed_answer){ .failure = "the server answers 500" }
#define SAME (struct feed_answer){ .is_unchanged = true }
#define SAYS(name, since, until) (struct feed_answer){ \
	.turns = turns_of(name, since, until) }
#define NOTHING (struct feed_answer){ \
	.turns = arena_alloc(arena, sizeof(struct turns)) }

static void
check_never(void)
{
	is(fetch(NOON, FAILS), "bad", "a first failure may be a hiccup");
	is(fetch("2026-12-01T12:01:00Z", FAILS), "bad told",
	   "the second is told");
	is(fetch("2026-12-01T12:15:00Z", FAILS), "bad", "once");
	is(fetch("2026-12-01T12:30:00Z", SAME), "bad",
	   "what is not there cannot be unchanged");
	is(fetch("2026-12-01T12:45:00Z", NOTHING), "good new told",
	   "a first calendar may be empty; the end is told");
}

static void
check_life(void)
{
	is(fetch("2026-12-01T13:00:00Z", SAYS("ana", "2026-12-01T08:00:00Z",
	   "2026-12-20T08:00:00Z")), "good new", "it has somebody");
	is(fetch("2026-12-01T13:15:00Z", SAYS("ana", "2026-12-01T08:00:00Z",
	   "2026-12-20T08:00:00Z")), "good", "the same is nothing new");
	is(fetch("2026-12-01T13:30:00Z", SAME), "good", "nor what the server "
	   "calls so");
	is(fetch("2026-12-01T13:45:00Z", FAILS), "bad", "one failure");
	is(fetch("2026-12-01T13:46:00Z", SAME), "good",
	   "that was a hiccup: nobody hears of it");
	is(fetch("2026-12-01T14:00:00Z", NOTHING), "bad",
	   "without events it is broken");
	is(fetch("2026-12-01T14:01:00Z", NOTHING), "bad told",
	   "that is told");
	is(fetch("2026-12-02T14:01:00Z", NOTHING), "bad",
	   "and stays so, once told");
	is(fetch("2026-12-02T15:01:00Z", SAYS("eve", "2026-12-01T08:00:00Z",
	   "2026-12-20T08:00:00Z")), "bad", "also when it names others only");
	is(fetch("2026-12-02T16:01:00Z", SAYS("ana", "2027-01-01T08:00:00Z",
	   "2027-01-20T08:00:00Z")), "bad", "or only later");
	is(fetch("2026-12-02T17:01:00Z", SAYS("ana", "2026-12-10T08:00:00Z",
	   "2026-12-20T08:00:00Z")), "good new told", "then it is over");
}

static void
check_end(void)
{
	is(fetch("2026-12-20T07:59:00Z", SAME), "good", "on its last day");
	is(fetch("2026-12-20T08:14:00Z", SAME), "bad",
	   "nobody has planned any further");
	is(fetch("2026-12-20T08:29:00Z", SAME), "bad told", "which is told");
}

/* What cannot be kept is as good as what cannot be had. */
static void
check_disk(void)
{
	const char *folder = arena_printf(arena, "%s/calendars", state);

	ok(temporary_remove(folder) && !rmdir(state), "nothing else was written");
	is(fetch("2026-12-21T08:00:00Z", SAYS("ana", "2026-12-10T08:00:00Z",
	   "2026-12-30T08:00:00Z")), "bad", "the disk is gone");
}

int
main(void)
{
	char folder[TEMPORARY_LENGTH];
	struct buf error = BUF_INIT;
	int before = dup(STDERR_FILENO), log = memfd_create("log", MFD_CLOEXEC);

	if (log < 0 || before < 0 || dup2(log, STDERR_FILENO) < 0)
		BUG("no log");
	arena = arena_create();
	state = mkdtemp(temporary(folder));
	now = clock_at(instant_of(NOON));
	if (store_open("memory", &store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	loop = loop_create_virtual(&now);
	clerk = clerk_create_inline(loop, store);
	check_never();
	check_life();
	check_end();
	check_disk();
	clerk_destroy(&clerk);
	loop_destroy(&loop);
	store_close(&store);
	arena_destroy(&arena);
	buf_release(&error);
	(void)dup2(before, STDERR_FILENO);
	return tap_done();
}
