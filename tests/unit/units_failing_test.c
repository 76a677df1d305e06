/*
 * Every unit of work against a store that fails, in every way at every step.
 * A story is told once with a store that is well, and then once for each kind
 * of failure at each step that it has. What fails for as long as it may is
 * mended later. In the end the same rows are there, the same mails have left,
 * each once, and the log has said the same.
 *
 * The orders of a person about deliveries are in queue_failing_test.c, what a
 * transaction of the clerk is in clerk_test.c.
 */
#include "ask/poller.h"
#include "ask/quiet.h"
#include "daemon/upkeep.h"

#include "base/bug.h"
#include "base/text.h"
#include "items.h"
#include "queue/queue.h"
#include "relay_twin.h"
#include "requests_twin.h"
#include "tap.h"

#include <unistd.h>

#define DAY (INT64_C(24) * 60 * RELAY_MINUTE)

enum { TRIES_MOST = 8 };	/* of an order */

static struct reader *real_reader, *deadly_reader;
static struct relay_twin relay;
static struct requests *requests;
static struct poller *poller;
static struct quiet *quiet;
static struct upkeep *upkeep;

/* ---- mails ---- */

static void
open_taker(void)
{
	relay_open_taker(&relay);
	relay_pass(&relay, 0);
}

/* Two, one of them in two files. */
static void
take_mails(void)
{
	relay_put_mail(&relay, "1.a", &(struct relay_mail){ .alert = "a1_1" });
	relay_put_mail(&relay, "2.b", &(struct relay_mail){ .incident = 2 });
	relay_put_mail(&relay, "3.c", &(struct relay_mail){ .incident = 2 });
	taker_wake(relay.taker);
}

static void
take_deadly(void)
{
	relay_put_mail(&relay, "1.a", &(struct relay_mail){ .incident = 1 });
	taker_wake(relay.taker);
}

/* One that will come, and one that never does. */
static void
leave_two(void)
{
	relay_die_with(&relay, "9.z");
	open_taker();
	relay_close_taker(&relay);
	relay_die_with(&relay, "1.a");
	relay_put_mail(&relay, "1.a", &(struct relay_mail){ .incident = 1 });
}

static void
die_three_times(void)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		relay_die_with(&relay, "1.a");
		open_taker();
		relay_close_taker(&relay);
	}
	open_taker();
}

static void
hold_mail(void)
{
	open_taker();
	relay_put_mail(&relay, "1.a", &(struct relay_mail){
		.alert = "a1_1", .tenant = RELAY_FABRIKAM });
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
}

static void
release_mail(void)
{
	hold_mail();
	relay_release(&relay, "contoso");
}

static void
release_record(void)
{
	open_taker();
	relay_take_record(&relay, RELAY_FABRIKAM,
			  relay_record(&relay, "a1_1", RELAY_CONTOSO, "high"));
	relay_release(&relay, "contoso");
}

static void
wake_taker(void)
{
	taker_wake(relay.taker);
}

/* Who does not know whether he was obeyed orders again, and may hear that there
 * is nothing left to do. */
static void
order_release(void)
{
	enum outcome outcome = OUTCOME_CONFLICT;
	size_t i;

	for (i = 0; outcome != OUTCOME_OK && outcome != OUTCOME_PERMANENT &&
	     i < TRIES_MOST; i++) {
		if (i == 2)
			relay.failing.kind = FAILING_NOT;
		outcome = store_held_release(relay.store, 1, "ana", "contoso",
					     "mine", relay.clock.fixed,
					     &relay.error);
	}
	taker_wake(relay.taker);
}

/* ---- deliveries ---- */

#define THREE RELAY_SETTINGS \
	"person no { mail no@mssp.example }\n" \
	"person later { mail later@mssp.example }\n" \
	"customer contoso { tenant " RELAY_CONTOSO "\n" \
	"recipients @mssp.example  otherwise notify ana, no, later }\n"

static void
add_deliveries(void)
{
	relay_take_record(&relay, RELAY_CONTOSO,
			  relay_record(&relay, "a1_1", RELAY_CONTOSO, "high"));
}

/* A process has claimed them and ended. */
static void
leave_claimed(void)
{
	struct store_deliveries claimed = { 0 };

	add_deliveries();
	if (queue_claim(relay.store, relay.clock.fixed, ROOM_FOR(2), NULL,
			relay.arena, &claimed, &relay.error) != OUTCOME_OK)
		BUG("%s", relay.error.data);
}

/* ---- APIs ---- */

static bool is_forbidden, is_empty;
static bool has_new_token;	/* a refresh token with each */

static const char *
body_of(const char *url)
{
	if (strstr(url, "/oauth2/"))
		return has_new_token ?
			"{\"token_type\":\"Bearer\",\"access_token\":\"t\","
			"\"expires_in\":3600,\"refresh_token\":\"next\"}" :
			"{\"token_type\":\"Bearer\",\"access_token\":\"t\","
			"\"expires_in\":3600}";
	if (is_empty)
		return "{\"value\":[]}";
	if (strstr(url, "/incidents"))
		return "{\"value\":[{\"id\":\"7\",\"displayName\":\"Seven\","
		       "\"lastUpdateDateTime\":\"2026-11-22T12:04:00Z\"}]}";
	return "{\"value\":[{\"id\":\"a1_1\",\"title\":\"One\",\"severity\":"
	       "\"high\",\"status\":\"new\",\"incidentId\":\"7\","
	       "\"serviceSource\":\"microsoftDefenderForEndpoint\","
	       "\"createdDateTime\":\"2026-11-22T12:04:00Z\","
	       "\"lastUpdateDateTime\":\"2026-11-22T12:04:00Z\"},"
	       "{\"id\":\"a2\",\"title\":\"Two\",\"severity\":\"low\","
	       "\"serviceSource\":\"microsoftDefenderForEndpoint\","
	       "\"createdDateTime\":\"2026-11-22T12:04:00Z\","
	       "\"lastUpdateDateTime\":\"2026-11-22T12:04:00Z\"}]}";
}

static void
answer(struct twin_request *request)
{
	bool is_token = strstr(request->request.url, "/oauth2/");

	request->status = is_forbidden && !is_token ? 403 : 200;
	request->body = bug_strdup(body_of(request->request.url));
}

static uint32_t
half(uint32_t most)
{
	return most / 2;
}

static void
ended(void *context, const struct poll_plan *plan, const char *failure)
{
	(void)context, (void)plan, (void)failure;
}

static void
open_poller(void)
{
	const struct poller_world world = {
		.loop = relay.loop, .clerk = relay.clerk,
		.generations = relay.generations, .clock = &relay.clock,
		.requests = requests = twin_create(relay.loop, answer),
		.chance = half, .stored = relay_stored, .ended = ended,
		.context = &relay,
	};

	poller = poller_create(&world);
}

static void
be_forbidden(void)
{
	is_forbidden = true;
}

static void
renew_tokens(void)
{
	has_new_token = true;
}

static void
be_met(void)
{
	is_empty = true;
	open_poller();
	relay_pass(&relay, 4 * RELAY_MINUTE);
}

static void
give_records(void)
{
	is_empty = false;
}

static void
have_failed(void)
{
	be_met();
	is_forbidden = true;
	relay_pass(&relay, 3 * RELAY_MINUTE);
}

static void
be_allowed(void)
{
	is_forbidden = false;
}

/* ---- what else there is ---- */

static bool
never_read(void *context, const char *customer, instant_ms *when_out)
{
	(void)context, (void)customer;
	*when_out = TIME_UNKNOWN;
	return true;
}

static void
open_quiet(void)
{
	const struct quiet_world world = {
		.loop = relay.loop, .clerk = relay.clerk,
		.generations = relay.generations, .clock = &relay.clock,
		.good = never_read, .stored = relay_stored, .context = &relay,
	};
	/* Whose word it is does not matter here. The next relay has the same. */
	struct generation *generation = (struct generation *)
		generations_current(relay.generations);
	const struct expectation one = {
		"contoso", "contoso", false, 10 * RELAY_MINUTE
	};

	if (!generation->expected.count)
		vec_push(generation->arena, &generation->expected, one);
	quiet = quiet_create(&world);
}

static void
nearly_quiet(void)
{
	open_quiet();
	relay_pass(&relay, 595 * RELAY_SECOND);
}

static void
be_quiet(void)
{
	open_taker();
	open_quiet();
	relay_pass(&relay, 11 * RELAY_MINUTE);
}

static void
nothing(void)
{
}

static void
add_old(const char *code, instant_ms received)
{
	struct store_item item = {
		.code = code, .identity = code, .kind = "mail",
		.received = received, .spool = code, .parse = "whole",
		.verdict = { .action = "drop", .decided = received },
	};

	if (store_item_insert(relay.store, &item, &relay.error) != OUTCOME_OK)
		BUG("%s", relay.error.data);
}

static void
grow_old(void)
{
	add_deliveries();
	add_old("old", RELAY_NOON - 500 * DAY);
	add_old("older", RELAY_NOON - 501 * DAY);
	add_old("young", RELAY_NOON - DAY);
}

static void
keep_up(void)
{
	const struct upkeep_world world = {
		.loop = relay.loop, .clerk = relay.clerk,
		.clock = &relay.clock, .generations = relay.generations,
		.changed = relay_stored, .gone = relay_stored,
		.stored = relay_stored, .context = &relay,
	};

	upkeep = upkeep_create(&world);
}

/* ---- stories ---- */


#define REFRESHED RELAY_SETTINGS \
	"app reader { client 6f9c1d0e-0000-4000-8000-000000000001\n" \
	"refresh-token-file secret }\n" \
	RELAY_CUSTOMER("poll graph using reader every 1m")

static const struct story {
	const char *name;
	const char *rules;
	void (*prepare)(void);
	void (*tell)(void);		/* with a store that fails, for */
	int64_t fails_ms;
	int64_t lasts_ms;		/* after that */
	bool is_deadly;			/* to the reader */
	bool is_late;			/* the outbox opens with the story */
} stories[] = {
	{ "mails", RELAY_RULES, open_taker, take_mails,
	  10 * RELAY_SECOND, RELAY_MINUTE, false, false },
	{ "mails in hand at a death", RELAY_RULES, leave_two, open_taker,
	  10 * RELAY_SECOND, RELAY_MINUTE, false, false },
	{ "a mail that ends the reader", RELAY_RULES, open_taker, take_deadly,
	  10 * RELAY_SECOND, RELAY_MINUTE, true, false },
	{ "a mail that is left alone", RELAY_RULES, die_three_times,
	  take_deadly, 10 * RELAY_SECOND, RELAY_MINUTE, false, false },
	{ "a released mail", RELAY_RULES, release_mail, wake_taker,
	  10 * RELAY_SECOND, RELAY_MINUTE, false, false },
	{ "a released record", RELAY_RULES, release_record, wake_taker,
	  10 * RELAY_SECOND, RELAY_MINUTE, false, false },
	{ "held release", RELAY_RULES, hold_mail, order_release,
	  10 * RELAY_SECOND, RELAY_MINUTE, false, false },
	{ "deliveries", THREE, add_deliveries, nothing,
	  RELAY_MINUTE, 2 * RELAY_MINUTE, false, true },
	{ "deliveries at a death", THREE, leave_claimed, nothing,
	  10 * RELAY_SECOND, 10 * RELAY_MINUTE, false, true },
	{ "a page", RELAY_POLLED, be_met, give_records,
	  2 * RELAY_MINUTE, 10 * RELAY_MINUTE, false, false },
	{ "a tenant that cannot be read", RELAY_POLLED, be_forbidden,
	  open_poller, 2 * RELAY_MINUTE, 20 * RELAY_MINUTE, false, false },
	{ "one that can be read again", RELAY_POLLED, have_failed, be_allowed,
	  12 * RELAY_MINUTE, 20 * RELAY_MINUTE, false, false },
	{ "a new refresh token", REFRESHED, renew_tokens, open_poller,
	  2 * RELAY_MINUTE, 10 * RELAY_MINUTE, false, false },
	{ "silence", RELAY_RULES, nearly_quiet, nothing,
	  RELAY_MINUTE, 2 * RELAY_MINUTE, false, false },
	{ "its end", RELAY_RULES, be_quiet, take_mails,
	  RELAY_MINUTE, 2 * RELAY_MINUTE, false, false },
	{ "upkeep", RELAY_RULES, grow_old, keep_up,
	  10 * RELAY_SECOND, 11 * RELAY_MINUTE, false, false },
};

enum { STORIES = sizeof(stories) / sizeof(*stories) };

/* What there is at its end. */
struct told {
	const char *rows, *departures, *log;
	const char *before, *early;	/* the log before the story, and before
					   the store was mended */
	bool is_failed, is_mended;	/* by the story itself */
};

static void
close_all(void)
{
	if (poller) {
		poller_stop(poller);
		poller_destroy(&poller);
		twin_destroy(&requests);
	}
	if (quiet)
		quiet_destroy(&quiet);
	if (upkeep)
		upkeep_destroy(&upkeep);
	relay_close(&relay);
}

static void
open_all(const struct story *story)
{
	is_forbidden = is_empty = has_new_token = false;
	relay_open(&relay, story->is_deadly ? deadly_reader : real_reader,
		   story->rules);
	story->prepare();
	if (story->is_late)
		return;
	relay_open_outbox(&relay);
	relay_pass(&relay, RELAY_SECOND);
}

static struct told
tell(const struct story *story, enum failing_kind kind, unsigned int at,
     struct arena *arena)
{
	struct told told;

	open_all(story);
	told.before = arena_strdup(arena, relay_log(&relay));
	failing_set(&relay.failing, kind, at);
	if (story->is_late)
		relay_open_outbox(&relay);
	story->tell();
	relay_pass(&relay, story->fails_ms);
	told.is_failed = relay.failing.failed;
	told.is_mended = relay.failing.kind == FAILING_NOT;
	failing_set(&relay.failing, FAILING_NOT, 0);
	told.early = arena_strdup(arena, relay_log(&relay));
	relay_pass(&relay, story->lasts_ms);
	told.rows = arena_strdup(arena, relay_rows(&relay));
	told.departures = arena_strdup(arena, relay_departures(&relay));
	told.log = arena_strdup(arena, relay_log(&relay));
	close_all();
	return told;
}

/* ---- their ends ---- */

/* Lines of the log that tell of the failure itself, or of what it led to. */
static bool
is_of_failure(const char *line)
{
	return text_starts(line, "event=trouble ") ||
	       text_starts(line, "event=duplicate ") ||
	       text_starts(line, "event=recovered ") ||
	       text_starts(line, "event=crash ") ||
	       text_starts(line, "event=poll-failed ") ||
	       text_starts(line, "event=poll-recovered ");
}

static size_t
count_line(const char *text, const char *line, size_t length)
{
	size_t count = 0;

	for (; *text; text = strchr(text, '\n') + 1)
		count += !strncmp(text, line, length) && text[length] == '\n';
	return count;
}

static size_t
count_lines(const char *text, const char *beginning)
{
	size_t count = 0;

	for (; *text; text = strchr(text, '\n') + 1)
		count += text_starts(text, beginning);
	return count;
}

static bool
has_more(const char *got, const char *want, const char *beginning)
{
	size_t surplus = count_lines(got, beginning) -
			 count_lines(want, beginning);

	if (surplus)
		printf("# %zu lines too many of %s\n", surplus, beginning);
	return surplus;
}

/* Print what `a` has more often than `b`, and count it. */
static size_t
print_surplus(const char *a, const char *b, const char *what, bool is_log)
{
	size_t surplus = 0;

	for (; *a; a = strchr(a, '\n') + 1) {
		size_t length = strcspn(a, "\n");

		if ((is_log && is_of_failure(a)) ||
		    count_line(a, a, length) <= count_line(b, a, length))
			continue;
		printf("# %s: %.*s\n", what, (int)length, a);
		surplus++;
	}
	return surplus;
}

static size_t
compare(const char *got, const char *want, bool is_log)
{
	return print_surplus(got, want, "too much", is_log) +
	       print_surplus(want, got, "missing", is_log);
}

/* When the store has made a commit and answered that it has not, the next run
 * finds all done: it says less, or that it was done before. */
static size_t
compare_logs(const char *got, const char *want, enum failing_kind kind)
{
	if (kind == FAILING_LOST)
		return print_surplus(got, want, "said too much", true);
	return compare(got, want, true) +
	       has_more(got, want, "event=duplicate ");
}

/* The clerk deals with a conflict, and nobody hears of it. */
static bool
is_troubled(const char *got, const char *want, enum failing_kind kind)
{
	return (kind == FAILING_CONFLICT || kind == FAILING_LOST) &&
	       has_more(got, want, "event=trouble ");
}

static bool
is_good(const struct told *told, const struct told *want,
	enum failing_kind kind, unsigned int at)
{
	size_t wrong = compare(told->rows, want->rows, false) +
		       compare(told->departures, want->departures, false) +
		       compare_logs(told->log, want->log, kind) +
		       is_troubled(told->log, want->log, kind);

	/* Nothing was committed, so nothing is said. */
	if (at == 1 && !told->is_mended &&
	    (kind == FAILING_LOCKED || kind == FAILING_GONE))
		wrong += print_surplus(told->early, told->before,
				       "said early", true);
	return !wrong;
}

static unsigned int
stride(enum failing_kind kind)
{
	return kind == FAILING_GONE || kind == FAILING_LOST ? 1 : tap_stride();
}

/* Returns how many steps there were. */
static unsigned int
test(const struct story *story, enum failing_kind kind,
     const struct told *want)
{
	unsigned int at = 1, steps = 0, bad = 0;
	bool goes_on = true;

	for (; goes_on; at += stride(kind)) {
		struct arena *arena = arena_create();
		struct told told = tell(story, kind, at, arena);

		if (!is_good(&told, want, kind, at)) {
			printf("# %s, %s at %u\n", story->name,
			       failing_names[kind], at);
			bad++;
		}
		goes_on = told.is_failed;
		steps += goes_on;
		arena_destroy(&arena);
	}
	ok(!bad && steps, "%s, %s at each of %u steps: nothing is lost, told "
	   "twice or said twice", story->name, failing_names[kind], steps);
	return steps;
}

int
main(void)
{
	unsigned int steps[STORIES][FAILING_KINDS];
	struct arena *arena = arena_create();
	enum failing_kind kind;
	char path[TEMPORARY_LENGTH];
	size_t i;

	real_reader = relay_reader();
	deadly_reader = relay_fake_reader("printf TLR4 >&0; kill -SEGV $$",
					  path);
	for (i = 0; i < STORIES; i++) {
		const struct told want = tell(&stories[i], FAILING_NOT, 0,
					      arena);

		for (kind = FAILING_NOT + 1; kind < FAILING_KINDS; kind++)
			steps[i][kind] = test(&stories[i], kind, &want);
	}
	printf("# %-30s", "steps");
	for (kind = FAILING_NOT + 1; kind < FAILING_KINDS; kind++)
		printf("%9s", failing_names[kind]);
	for (i = 0; i < STORIES; i++) {
		printf("\n# %-30s", stories[i].name);
		for (kind = FAILING_NOT + 1; kind < FAILING_KINDS; kind++)
			printf("%9u", steps[i][kind]);
	}
	printf("\n");
	reader_destroy(&real_reader);
	reader_destroy(&deadly_reader);
	(void)unlink(path);
	arena_destroy(&arena);
	return tap_done();
}
