/*
 * The taker in virtual time: from a real inbox, by the real reader, into a
 * store that fails when it is told to.
 */
#include "take/taker.h"

#include "base/bug.h"
#include "base/text.h"
#include "relay_twin.h"
#include "store/query.h"
#include "take/aside.h"
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

#define HOUR (60 * RELAY_MINUTE)

enum {
	TOGETHER_MOST = 24,	/* mails of one commit */
	WAITING_MOST = 64,	/* that wait for an API at once */
	MANY = 3 * BLAME_HELD_MOST,	/* more than may be in hand */
};

static struct reader *reader;
static struct relay_twin relay;

static void
put(const char *name, unsigned int incident)
{
	relay_put_mail(&relay, name,
		       &(struct relay_mail){ .incident = incident });
}

static void
put_many(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		put(arena_printf(relay.arena, "%03zu.a", i),
		    (unsigned int)i + 1);
}

static void
open_rules(const char *rules)
{
	relay_open(&relay, reader, rules);
}

static void
start(void)
{
	relay_open_taker(&relay);
	relay_pass(&relay, 0);
}

static size_t
count(const char *beginning)
{
	return relay_count(&relay, beginning);
}

/* Deliveries that are no notices. */
static size_t
alerts(void)
{
	const char *at = relay_rows(&relay);
	size_t found = 0;

	for (; (at = strstr(at, " alert to ")); at++)
		found++;
	return found;
}

static size_t
logged(const char *what)
{
	return relay_logged(&relay, what);
}

static size_t
in_inbox(void)
{
	return relay_inbox_count(&relay);
}

/* ---- from the inbox to rows ---- */

static void
test_taken(void)
{
	open_rules(RELAY_RULES);
	put("1.a", 1);
	start();
	is_int((long long)count("item "), 1, "a mail becomes an item");
	is_int((long long)count("delivery "), 1, "and a delivery");
	ok(strstr(relay_rows(&relay), " to " RELAY_ANA "  pending"),
	   "to whom the rules name");
	is_int((long long)in_inbox(), 0, "and leaves the inbox");
	is_int((long long)logged("event=notify"), 1, "the log says so");
	is_int((long long)relay.stored, 1, "who sends is told of it");
	put("2.b", 2);
	relay_pass(&relay, HOUR);
	is_int((long long)in_inbox(), 1, "nobody looks by himself");
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 2, "whoever has seen one come wakes "
	       "the taker");
	relay_close(&relay);
}

static void
test_failing_store(void)
{
	open_rules(RELAY_RULES);
	start();
	put("1.a", 1);
	failing_set(&relay.failing, FAILING_GONE, 1);
	taker_wake(relay.taker);
	relay_pass(&relay, 30 * RELAY_SECOND);
	ok(relay.failing.failed > 10, "a store that fails is tried again");
	is_int((long long)in_inbox(), 1, "meanwhile a mail stays in the "
	       "inbox");
	is_int((long long)logged("event=trouble in=inbox"), 1, "which is said "
	       "once");
	is_int((long long)logged("event=notify"), 0, "and that it was taken is "
	       "not");
	failing_set(&relay.failing, FAILING_NOT, 0);
	relay_pass(&relay, 5 * RELAY_SECOND);
	is_int((long long)count("delivery "), 1, "then it is told");
	is_int((long long)in_inbox(), 0, "and leaves");
	is_int((long long)logged("event=recovered in=inbox"), 1, "which is "
	       "said once, too");
	is_int((long long)logged("event=notify"), 1, "now it was taken");
	relay_close(&relay);
}

/* Nothing is gained by reading all of a full inbox again and again. At most
 * those are tried that were at the reader when the first one failed: how many at
 * once is the reader's affair, who has a time of his own. */
static void
test_failing_many(void)
{
	enum { TURN_MOST = READER_QUEUE_MOST + 2 };

	open_rules(RELAY_RULES);
	put_many(300);
	failing_set(&relay.failing, FAILING_GONE, 2);
	start();
	relay_pass(&relay, RELAY_SECOND);
	ok(relay.failing.failed <= TURN_MOST, "what fails is not tried with each of "
	   "many mails");
	relay_pass(&relay, RELAY_MINUTE);
	ok(relay.failing.failed <= TURN_MOST * 31, "nor later");
	failing_set(&relay.failing, FAILING_NOT, 0);
	relay_pass(&relay, 10 * RELAY_SECOND);
	is_int((long long)count("item "), 300, "then all are taken");
	relay_close(&relay);
}

static void
tell_store(const char *sql)
{
	struct query query = query_start(relay.store, sql, &relay.error);

	if (query_end(&query) != OUTCOME_OK)
		BUG("%s: %s", sql, relay.error.data);
}

/* What does not pass by itself is no reason to lose a mail either. */
static void
test_refusing_store(void)
{
	open_rules(RELAY_RULES);
	start();
	tell_store("CREATE TEMP TRIGGER refusal BEFORE INSERT ON main.item"
		   " BEGIN SELECT raise(ABORT, 'no'); END");
	put("1.a", 1);
	taker_wake(relay.taker);
	relay_pass(&relay, 30 * RELAY_SECOND);
	is_int((long long)in_inbox(), 1, "a mail that the store refuses stays "
	       "in the inbox");
	is_int((long long)logged("event=trouble in=inbox"), 1, "which is said "
	       "once");
	tell_store("DROP TRIGGER refusal");
	relay_pass(&relay, 5 * RELAY_SECOND);
	is_int((long long)count("delivery "), 1, "when it does no more, it is "
	       "told");
	is_int((long long)in_inbox(), 0, "and leaves");
	relay_close(&relay);
}

static void
test_failing_at_start(void)
{
	open_rules(RELAY_RULES);
	put("1.a", 1);
	failing_set(&relay.failing, FAILING_LOCKED, 1);
	start();
	relay_pass(&relay, 30 * RELAY_SECOND);
	is_int((long long)in_inbox(), 1, "before it is known who ended the "
	       "last process nothing is taken");
	is_int((long long)logged("event=trouble"), 1, "which is said once");
	failing_set(&relay.failing, FAILING_NOT, 0);
	relay_pass(&relay, 5 * RELAY_SECOND);
	is_int((long long)in_inbox(), 0, "afterwards all is");
	relay_close(&relay);
}

static void
test_duplicates(void)
{
	open_rules(RELAY_RULES);
	put("1.a", 1);
	put("2.b", 1);
	start();
	is_int((long long)count("item "), 1, "a message in two files is one "
	       "item");
	ok(strstr(relay_rows(&relay), " -, 1\n"), "that knows of the other");
	is_int((long long)count("delivery "), 1, "and is told once");
	is_int((long long)logged("event=duplicate"), 1, "the log has both");
	put("1.a", 1);
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)in_inbox(), 0, "a file that came back after it was "
	       "taken leaves again");
	ok(strstr(relay_rows(&relay), " -, 1\n"), "and counts as none");
	relay_close(&relay);
}

static void
test_look_meanwhile(void)
{
	open_rules(RELAY_RULES);
	start();
	put("1.a", 1);
	failing_set(&relay.failing, FAILING_CONFLICT, 1);
	taker_wake(relay.taker);
	relay_pass(&relay, 10);
	ok(relay.failing.failed && in_inbox(), "the clerk takes its time with "
	   "a mail");
	taker_wake(relay.taker);
	relay_pass(&relay, RELAY_SECOND);
	is_int((long long)logged("event=notify"), 1, "then it is taken");
	is_int((long long)logged("event=duplicate"), 0, "and a look meanwhile "
	       "does not take it again");
	relay_close(&relay);
}

static void
test_clock_set_back(void)
{
	open_rules(RELAY_RULES);
	put("5.a", 1);
	start();
	relay.clock.fixed -= HOUR;
	put("4.b", 2);
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 2, "a mail whose name is older, "
	       "after the clock was set back, is taken");
	relay_close(&relay);
}

static void
stop(struct relay_twin *of)
{
	taker_stop(of->taker);
}

static void
test_stop(void)
{
	open_rules(RELAY_POLLED);
	put("1.a", 1);
	start();
	relay.watch = stop;
	put("2.b", 2);
	taker_wake(relay.taker);
	relay_pass(&relay, HOUR);
	is_int((long long)count("item "), 2, "what is at the clerk at the end "
	       "is stored");
	is_int((long long)in_inbox(), 0, "and leaves the inbox");
	put("3.c", 3);
	taker_wake(relay.taker);
	relay_pass(&relay, HOUR);
	is_int((long long)in_inbox(), 1, "nothing more is begun");
	relay_close_taker(&relay);

	relay.watch = NULL;
	relay.hurry_ms = HOUR;
	put("4.d", 4);
	start();
	is_int((long long)relay.hurries, 4, "two wait for an API");
	relay_close_taker(&relay);
	is_int((long long)in_inbox(), 2, "at the end they stay in the inbox");
	relay.hurry_ms = 0;
	start();
	is_int((long long)count("item "), 4, "and the next start takes them");
	relay_close(&relay);
}

/* ---- what cannot be taken ---- */

static const char *
inbox_path(const char *name)
{
	return arena_printf(relay.arena, "%s/new/%s", relay.folder, name);
}

static void
make_fifo(const char *name)
{
	if (mkfifo(inbox_path(name), 0600))
		BUG("no fifo '%s'", name);
}

static size_t
stays_told(void)
{
	return count("item Files stay in the inbox notice");
}

static void
test_stays(void)
{
	open_rules(RELAY_RULES);
	make_fifo("1.a");
	put("2.b", 1);
	start();
	is_int((long long)count("item "), 1, "what is no file keeps no mail "
	       "from being taken");
	is_int((long long)logged("event=trouble in=inbox mail=1.a"), 1, "it is "
	       "said at once");
	relay_pass(&relay, 14 * RELAY_MINUTE);
	is_int((long long)stays_told(), 0, "and told to nobody, as it may "
	       "pass");
	make_fifo("3.c");
	relay_pass(&relay, 2 * RELAY_MINUTE);
	is_int((long long)stays_told(), 1, "after 15 minutes it is told");
	ok(strstr(relay_rows(&relay), "inbox notice to " RELAY_SOC), "to the "
	   "catch-all");
	is_int((long long)logged("event=stays files=1 "), 1, "and logged");
	relay_pass(&relay, 12 * RELAY_MINUTE);
	is_int((long long)stays_told(), 1, "another one has its own time");
	relay_pass(&relay, 3 * HOUR);
	is_int((long long)stays_told(), 2, "and each is told once");
	relay_close_taker(&relay);
	start();
	relay_pass(&relay, HOUR);
	is_int((long long)stays_told(), 3, "another process tells of both");
	relay_close_taker(&relay);
	start();
	relay_pass(&relay, HOUR);
	is_int((long long)stays_told(), 3, "once a day");
	relay_close(&relay);
}

static void
make_fifos(size_t from, size_t to)
{
	for (; from < to; from++)
		make_fifo(arena_printf(relay.arena, "%03zu.a", from));
}

/* More than there is room for: all of it is told. */
static void
test_stays_many(void)
{
	open_rules(RELAY_RULES);
	make_fifos(0, ASIDE_STAYING_MOST);
	start();
	relay_pass(&relay, 16 * RELAY_MINUTE);
	is_int((long long)logged("event=stays files=100 "), 1, "as many as "
	       "there is room for are told");
	make_fifos(100, 130);
	taker_wake(relay.taker);
	relay_pass(&relay, 14 * RELAY_MINUTE);
	is_int((long long)stays_told(), 1, "what comes later has its time");
	relay_pass(&relay, 2 * RELAY_MINUTE);
	is_int((long long)stays_told(), 2, "and is told");
	is_int((long long)logged("event=stays files=30 "), 1, "all of it");
	ok(logged("129.a"), "with the newest one by its name");
	relay_pass(&relay, 3 * HOUR);
	is_int((long long)stays_told(), 2, "once");
	make_fifos(130, 135);
	(void)unlink(inbox_path("120.a"));
	taker_wake(relay.taker);
	relay_pass(&relay, HOUR);
	is_int((long long)logged("event=stays files=4 "), 1, "more than were "
	       "told are told");
	is_int((long long)stays_told(), 3, "once");
	relay_close_taker(&relay);
	start();
	relay_pass(&relay, HOUR);
	is_int((long long)logged("event=stays files=134 "), 1, "another "
	       "process tells of all at once");
	relay_close(&relay);
}

static void
test_stays_no_more(void)
{
	open_rules(RELAY_RULES);
	start();
	make_fifo("1.a");
	taker_wake(relay.taker);
	relay_pass(&relay, 10 * RELAY_MINUTE);
	(void)unlink(inbox_path("1.a"));
	relay_pass(&relay, RELAY_MINUTE);
	make_fifo("1.a");
	taker_wake(relay.taker);
	relay_pass(&relay, 10 * RELAY_MINUTE);
	is_int((long long)stays_told(), 0, "what was gone in between has not "
	       "stayed for 15 minutes");
	relay.clock.fixed -= HOUR;
	relay_pass(&relay, 16 * RELAY_MINUTE);
	is_int((long long)stays_told(), 1, "a clock that is set back delays "
	       "it by no more than that");
	relay_close(&relay);
}

/* A store that fails meanwhile. */
static void
test_stays_failing(enum failing_kind kind)
{
	open_rules(RELAY_RULES);
	make_fifo("1.a");
	start();
	relay_pass(&relay, 14 * RELAY_MINUTE);
	failing_set(&relay.failing, kind, 1);
	relay_pass(&relay, 10 * RELAY_MINUTE);
	failing_set(&relay.failing, FAILING_NOT, 0);
	relay_pass(&relay, RELAY_MINUTE);
	is_int((long long)stays_told(), 1, "%s: what stays is told once all "
	       "the same", failing_names[kind]);
	relay_close(&relay);
}

/* Whatever there is in a file system, in any order: nothing but mails is taken,
 * nothing stops others, and all the rest is told. */
static void
test_no_files(void)
{
	const char *outside;

	open_rules(RELAY_RULES);
	outside = arena_printf(relay.arena, "%s/outside", relay.folder);
	put("0.a", 1);
	if (rename(inbox_path("0.a"), outside) ||
	    symlink("../outside", inbox_path("1.link")) ||
	    symlink("nowhere", inbox_path("2.dangling")) ||
	    symlink("3.round", inbox_path("3.round")) ||
	    symlink("/dev/zero", inbox_path("4.endless")) ||
	    mkdir(inbox_path("5.folder"), 0700) ||
	    mknod(inbox_path("6.socket"), S_IFSOCK | 0600, 0))
		BUG("no files");
	make_fifo("7.fifo");
	put("5.folder/1.a", 2);
	put("1.z", 3);
	put("9.z", 4);
	start();
	is_int((long long)count("item "), 2, "nothing but files of the inbox "
	       "itself is taken");
	is_int((long long)in_inbox(), 7, "what is none stays");
	relay_pass(&relay, HOUR);
	is_int((long long)stays_told(), 1, "and is told");
	is_int((long long)logged("event=stays files=7 "), 1, "all of it");
	ok(!access(outside, F_OK), "what a link leads to is as it was");
	if (unlink(outside) || unlink(inbox_path("5.folder/1.a")) ||
	    rmdir(inbox_path("5.folder")))
		BUG("they are gone");
	relay_close(&relay);
}

/* ---- together ---- */

static void
test_together(void)
{
	unsigned int before;

	open_rules(RELAY_POLLED);
	put_many(TOGETHER_MOST + 6);
	relay.hurry_ms = HOUR;
	start();
	before = relay.failing.commits;
	taker_complete(relay.taker, "contoso", true);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), TOGETHER_MOST + 6, "what is ready "
	       "together is taken");
	is_int(relay.failing.commits - before, 2, "24 in one commit");
	is_int((long long)relay.stored, 2, "of which others are told once");
	relay_close(&relay);
}

/* They come from the reader one by one. */
static void
test_gathered(void)
{
	unsigned int before;

	open_rules(RELAY_RULES);
	start();
	put_many(10);
	before = relay.failing.commits;
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 10, "what lies in the inbox is "
	       "taken");
	ok(relay.failing.commits - before <= 2, "in one commit, beside the "
	   "look for what was released: it waits for what the reader is at");
	relay_close(&relay);
}

/* One that cannot be stored harms no other. */
static void
test_apart(void)
{
	open_rules(RELAY_POLLED);
	put_many(5);
	relay.hurry_ms = HOUR;
	start();
	failing_set(&relay.failing, FAILING_FULL, 12);
	taker_complete(relay.taker, "contoso", true);
	relay_pass(&relay, 0);
	ok(relay.failing.failed, "a statement of one of them fails");
	is_int((long long)count("item "), 5, "each is tried by itself");
	is_int((long long)logged("event=notify"), 5, "and said once");
	relay_close(&relay);
}

/* More than two large ones are not in memory at once. */
static void
test_octets(void)
{
	static const char *const names[] = { "1.a", "2.b", "3.c" };
	unsigned int i;

	open_rules(RELAY_POLLED);
	relay.hurry_ms = RELAY_SECOND;
	for (i = 0; i < 3; i++)
		relay_put_mail(&relay, names[i], &(struct relay_mail){
			.incident = i + 1, .size = 33 << 20 });
	start();
	is_int((long long)relay.hurries, 2, "64 MiB of mails are under way, "
	       "and the one that goes beyond");
	relay.hurry_ms = 0;
	relay_pass(&relay, RELAY_SECOND);
	is_int((long long)count("item "), 3, "the others follow");
	relay_close(&relay);
}

/* ---- what an API knows ---- */

static void
test_waiting(void)
{
	open_rules(RELAY_POLLED);
	relay.hurry_ms = 7 * RELAY_SECOND;
	put("1.a", 1);
	start();
	relay_pass(&relay, 7 * RELAY_SECOND - 1);
	is_int((long long)count("item "), 0, "a mail waits for the API");
	relay_pass(&relay, 1);
	is_int((long long)count("delivery "), 1, "not longer than it should");
	put("2.b", 2);
	taker_wake(relay.taker);
	relay_pass(&relay, RELAY_SECOND);
	taker_complete(relay.taker, "fabrikam", true);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 1, "that of its customer");
	taker_complete(relay.taker, "contoso", true);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 2, "and goes on as soon as that was "
	       "read");
	put("3.c", 3);
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	taker_complete(relay.taker, "contoso", false);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 3, "or cannot be read");
	relay_put_mail(&relay, "4.d", &(struct relay_mail){
		.incident = 4, .is_unauthentic = true });
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 4, "what proves nothing waits for "
	       "nobody");
	is_int((long long)relay.hurries, 3, "and asks for nothing");
	relay_close(&relay);
}

static void
test_waiting_clock(void)
{
	open_rules(RELAY_POLLED);
	relay.hurry_ms = 7 * RELAY_SECOND;
	put("1.a", 1);
	start();
	relay.clock.fixed -= HOUR;
	relay_pass(&relay, 7 * RELAY_SECOND);
	is_int((long long)count("item "), 1, "a clock that is set back lets no "
	       "mail wait longer");
	put("2.b", 2);
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	relay.clock.fixed += HOUR;
	relay_pass(&relay, 7 * RELAY_SECOND);
	is_int((long long)count("item "), 2, "nor one that is set forward");
	relay_close(&relay);
}

static void
test_waiting_most(void)
{
	open_rules(RELAY_POLLED);
	relay.hurry_ms = HOUR;
	put_many(WAITING_MOST + 6);
	start();
	is_int((long long)count("item "), 6, "when 64 wait, the others go on "
	       "as they are");
	relay_close(&relay);
}

/* A mail about what the API has told is not told as well; but only when the API
 * was read since. */
static void
test_completed(bool is_whole, size_t deliveries, const char *name)
{
	open_rules(RELAY_POLLED);
	relay.hurry_ms = HOUR;
	put("1.a", 1);
	start();
	relay_take_record(&relay, RELAY_CONTOSO, arena_printf(relay.arena,
		"{\"id\":\"a1_1\",\"title\":\"Incident 1\",\"severity\":\"high\","
		"\"serviceSource\":\"microsoftDefenderForEndpoint\","
		"\"incidentId\":\"1\",\"tenantId\":\"%s\"}", RELAY_CONTOSO));
	taker_complete(relay.taker, "contoso", is_whole);
	relay_pass(&relay, 0);
	is_int((long long)count("item "), 2, "the alert and then the mail");
	is_int((long long)count("delivery "), (long long)deliveries, "%s",
	       name);
	relay_close(&relay);
}

/* ---- what a person released ---- */

static void
test_released_mail(void)
{
	open_rules(RELAY_RULES);
	relay_put_mail(&relay, "1.a", &(struct relay_mail){
		.alert = "a1_1", .tenant = RELAY_FABRIKAM });
	start();
	is_int((long long)count("held "), 1, "a mail that names two customers "
	       "is held");
	is_int((long long)logged("event=hold"), 1, "the log says so");
	is_int((long long)count("known ") + (long long)count("told "), 0,
	       "nothing is remembered of it");
	relay_release(&relay, "contoso");
	relay_pass(&relay, HOUR);
	is_int((long long)count("told "), 0, "nobody looks by himself");
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	ok(strstr(relay_rows(&relay), " mail notify by otherwise: -, 0\n"),
	   "what a person released is decided again");
	ok(strstr(relay_rows(&relay), " done\n"), "and no longer held");
	is_int((long long)alerts(), 1, "it is told");
	is_int((long long)count("known contoso a1_1 "), 1, "it is remembered");
	is_int((long long)count("told contoso a1_1  " RELAY_ANA " mail"), 1,
	       "with who was told");
	relay_take_record(&relay, RELAY_CONTOSO, relay_record(&relay, "a1_1",
			  RELAY_CONTOSO, "high"));
	is_int((long long)alerts(), 1, "the API does not tell them again");
	taker_wake(relay.taker);
	relay_pass(&relay, HOUR);
	is_int((long long)logged("event=notify"), 1, "nor does the taker");
	relay_close(&relay);
}

static void
test_released_record(void)
{
	const char *json;

	open_rules(RELAY_RULES);
	start();
	json = relay_record(&relay, "a1_1", RELAY_CONTOSO, "high");
	relay_take_record(&relay, RELAY_FABRIKAM, json);
	is_int((long long)count("held "), 1, "a record that names another "
	       "tenant is held");
	relay_release(&relay, "contoso");
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)alerts(), 1, "a person lets it go on");
	is_int((long long)count("known contoso a1_1 "), 1, "it is remembered");
	is_int((long long)count("told contoso a1_1  " RELAY_ANA " api"), 1,
	       "with who was told");
	relay_take_record(&relay, RELAY_CONTOSO, json);
	is_int((long long)count("item "), 1, "from the right tenant it is "
	       "known");
	relay_put_mail(&relay, "1.a", &(struct relay_mail){ .alert = "a1_1" });
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)alerts(), 1, "a mail about it tells nobody again");
	relay_take_record(&relay, RELAY_CONTOSO, relay_record(&relay, "a1_1",
			  RELAY_CONTOSO, "critical"));
	is_int((long long)alerts(), 2, "but a higher severity is news");
	relay_close(&relay);
}

/* Far more than may be in hand at once. */
static void
test_released_many(void)
{
	size_t i;

	open_rules(RELAY_RULES);
	start();
	for (i = 0; i < MANY; i++) {
		relay_take_record(&relay, RELAY_FABRIKAM, relay_record(&relay,
			arena_printf(relay.arena, "a%zu", i), RELAY_CONTOSO,
			"high"));
		relay_release(&relay, "contoso");
	}
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)alerts(), MANY, "all records that were released "
	       "go on, however many they are");
	relay_close(&relay);

	open_rules(RELAY_RULES);
	start();
	for (i = 0; i < MANY; i++) {
		relay_put_mail(&relay, "1.a", &(struct relay_mail){
			.alert = arena_printf(relay.arena, "a%zu", i),
			.tenant = RELAY_FABRIKAM });
		taker_wake(relay.taker);
		relay_pass(&relay, 0);
		relay_release(&relay, "contoso");
	}
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)alerts(), MANY, "all mails as well");
	is_int((long long)logged("event=trouble"), 0, "without any trouble");
	relay_close(&relay);
}

static void
test_released_again(void)
{
	char path[TEMPORARY_LENGTH];
	struct reader *fake = relay_fake_reader("printf TLR4 >&0; kill -SEGV $$",
						path);

	relay_open(&relay, fake, RELAY_RULES);
	put("1.a", 1);
	start();
	relay_pass(&relay, 10 * RELAY_SECOND);
	relay_release(&relay, "contoso");
	taker_wake(relay.taker);
	relay_pass(&relay, 10 * RELAY_SECOND);
	is_int((long long)logged("event=crash mail=released/"), 2, "a mail "
	       "that is released and ends the reader is tried again");
	ok(strstr(relay_rows(&relay), " held\n"), "and then it is held "
	   "again");
	relay_close(&relay);
	reader_destroy(&fake);
	(void)unlink(path);
}

/* ---- what an API gives ---- */

static instant_ms
seen(const char *alert)
{
	struct store_known *known = NULL;

	if (store_known(relay.store, "contoso", alert, relay.arena, &known,
			&relay.error) != OUTCOME_OK || !known)
		BUG("nothing is known of %s", alert);
	return known->seen;
}

/* A mail about an alert does not say which incident it is in. */
static void
test_later_in_incident(void)
{
	open_rules(RELAY_RULES);
	relay_put_mail(&relay, "1.a", &(struct relay_mail){ .alert = "a1_1" });
	start();
	is_int((long long)count("told contoso a1_1  " RELAY_ANA), 1,
	       "an alert is told, in no incident");
	relay_take_record(&relay, RELAY_CONTOSO, "{\"id\":\"a1_1\","
		"\"title\":\"A\",\"severity\":\"high\","
		"\"incidentId\":\"7\",\"serviceSource\":"
		"\"microsoftDefenderForEndpoint\"}");
	is_int((long long)alerts(), 1, "the API, which knows one, does not "
	       "tell it again");
	relay_close(&relay);
}

/* Or what an API gives for months would be forgotten, and told once more. */
static void
test_seen(void)
{
	const char *json;

	open_rules(RELAY_RULES);
	start();
	json = relay_record(&relay, "a1_1", RELAY_CONTOSO, "high");
	relay_take_record(&relay, RELAY_CONTOSO, json);
	relay_pass(&relay, 23 * HOUR);
	relay_take_record(&relay, RELAY_CONTOSO, json);
	is_int(seen("a1_1"), RELAY_NOON, "a record that comes again is not "
	       "written each time");
	relay_pass(&relay, HOUR);
	relay_take_record(&relay, RELAY_CONTOSO, json);
	is_int(seen("a1_1"), relay.clock.fixed, "but once a day");
	relay_close(&relay);
}

static void
test_handled(void)
{
	open_rules(RELAY_SETTINGS
		   "customer contoso { tenant " RELAY_CONTOSO "\n"
		   "recipients @mssp.example\n"
		   "rule all when severity at least high also notify ana\n"
		   "rule over when status is resolved notify soc\n"
		   "otherwise notify ana }\n");
	start();
	relay_take_record(&relay, RELAY_CONTOSO, "{\"id\":\"a1_1\","
		"\"title\":\"A\",\"severity\":\"high\",\"status\":"
		"\"resolved\",\"serviceSource\":"
		"\"microsoftDefenderForEndpoint\"}");
	ok(strstr(relay_rows(&relay), " alert to " RELAY_SOC), "an alert that "
	   "was resolved before it came is told by a rule that asks for such");
	is_int((long long)alerts(), 1, "and by no other");
	relay_close(&relay);
}

/* ---- what ended something ---- */

/* The file of the names in hand, as the next process would find it. */
static size_t
in_hand(const char *name, bool *found_out)
{
	static char slots[BLAME_HELD_MOST][256];
	FILE *file = fopen(arena_printf(relay.arena, "%s/taking",
					relay.folder), "r");
	size_t held = 0, i;

	if (!file || fread(slots, sizeof(slots), 1, file) != 1)
		BUG("no names in hand");
	(void)fclose(file);		/* only read from */
	*found_out = false;
	for (i = 0; i < BLAME_HELD_MOST; i++) {
		held += slots[i][0] != '\0';
		*found_out |= !strcmp(slots[i], name);
	}
	return held;
}

static size_t alone, in_company;

static void
watch(struct relay_twin *of)
{
	bool is_there;
	size_t held = in_hand("2.b", &is_there);

	(void)of;
	alone += is_there && held == 1;
	in_company += is_there && held > 1;
}

static void
die_with(const char *name, unsigned int times)
{
	for (; times; times--) {
		relay_die_with(&relay, name);
		start();
		relay_close_taker(&relay);
	}
}

static void
test_daemon_ended(void)
{
	open_rules(RELAY_RULES);
	die_with("2.b", 1);
	is_int((long long)count("crash daemon/2.b 1"), 1, "what was in hand "
	       "when the process ended is counted");
	is_int((long long)logged("event=crash"), 1, "and said");
	put_many(3);
	put("2.b", 9);
	alone = in_company = 0;
	relay.watch = watch;
	start();
	is_int((long long)count("item "), 4, "all are taken");
	ok(alone == 1 && !in_company, "that one with nobody else in hand");
	is_int((long long)count("crash "), 0, "and is innocent then");
	relay_close(&relay);

	open_rules(RELAY_RULES);
	die_with("2.b", 2);
	put("2.b", 9);
	start();
	ok(strstr(relay_rows(&relay), " mail hold by -: tocsin itself ended "
		  "more than once"), "a mail that ended it twice is held, "
	   "unread");
	is_int((long long)in_inbox(), 0, "and no longer in the inbox");
	put("2.b", 10);
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	is_int((long long)logged("event=notify"), 1, "another one of that "
	       "name is read");
	relay_close(&relay);
}

static void
test_left_alone(enum failing_kind kind)
{
	open_rules(RELAY_RULES);
	die_with("2.b", 3);
	put("2.b", 9);
	failing_set(&relay.failing, kind, kind == FAILING_LOST ? 3 : 2);
	start();
	relay_pass(&relay, 10 * RELAY_SECOND);
	put("3.c", 3);
	taker_wake(relay.taker);
	relay_pass(&relay, 0);
	failing_set(&relay.failing, FAILING_NOT, 0);
	relay_pass(&relay, HOUR);
	is_int((long long)in_inbox(), 1, "%s: what ended it even held is left",
	       failing_names[kind]);
	is_int((long long)count("item A mail is left in the inbox notice"), 1,
	       "%s: which is told once", failing_names[kind]);
	is_int((long long)logged("what=\"it ended tocsin three times"), 1,
	       "%s: and said once", failing_names[kind]);
	if (kind == FAILING_NOT)
		is_int((long long)logged("event=trouble"), 1,
		       "and nothing else is wrong");
	is_int((long long)count("item ") - 1, 1, "%s: others are taken",
	       failing_names[kind]);
	relay_close(&relay);
}

static void
test_reader_ended(enum failing_kind kind)
{
	char path[TEMPORARY_LENGTH];
	struct reader *fake = relay_fake_reader("printf TLR4 >&0; kill -SEGV $$",
						path);

	relay_open(&relay, fake, RELAY_RULES);
	put("1.a", 1);
	start();
	failing_set(&relay.failing, kind, 1);
	relay_pass(&relay, 10 * RELAY_SECOND);
	failing_set(&relay.failing, FAILING_NOT, 0);
	relay_pass(&relay, 10 * RELAY_SECOND);
	ok(strstr(relay_rows(&relay), " mail hold by -: the reader ended, 0"),
	   "%s: a mail that ended the reader twice is held",
	   failing_names[kind]);
	is_int((long long)count("item "), 1, "%s: once", failing_names[kind]);
	is_int((long long)count("crash "), 0, "%s: and forgotten",
	       failing_names[kind]);
	is_int((long long)in_inbox(), 0, "%s: it has left the inbox",
	       failing_names[kind]);
	relay_close(&relay);
	reader_destroy(&fake);
	(void)unlink(path);
}

static enum outcome
meet_conflict(struct unit *unit, struct store *store, struct change *change,
	      struct arena *arena, struct buf *error)
{
	(void)unit, (void)store, (void)change, (void)arena, (void)error;
	return OUTCOME_CONFLICT;
}

static void
ignore(struct unit *unit, enum outcome outcome, const char *error)
{
	(void)unit, (void)outcome, (void)error;
}

/* More than may be in hand end the reader while the clerk is busy. */
static void
test_reader_ended_often(void)
{
	struct unit busy = { .work = meet_conflict, .done = ignore };
	char path[TEMPORARY_LENGTH];
	struct reader *fake = relay_fake_reader("printf TLR4 >&0; kill -SEGV $$",
						path);

	relay_open(&relay, fake, RELAY_RULES);
	start();
	put_many(MANY / 2);
	clerk_submit(relay.clerk, &busy);
	taker_wake(relay.taker);
	relay_pass(&relay, RELAY_MINUTE);
	is_int((long long)count("item "), MANY / 2, "however many end the "
	       "reader while the store is busy, all are held");
	is_int((long long)in_inbox(), 0, "and leave the inbox");
	relay_close(&relay);
	reader_destroy(&fake);
	(void)unlink(path);
}

static void
test_no_reader(void)
{
	struct reader *none = reader_create("/nonexistent", 1000);

	relay_open(&relay, none, RELAY_RULES);
	put_many(3);
	start();
	relay_pass(&relay, RELAY_MINUTE);
	is_int((long long)in_inbox(), 3, "without a reader all mails stay");
	is_int((long long)logged("event=trouble"), 1, "which is said once");
	is_int((long long)count("crash "), 0, "and is no mail's fault");
	relay_close(&relay);
	reader_destroy(&none);
}

int
main(void)
{
	enum failing_kind kind;

	reader = relay_reader();
	test_taken();
	test_failing_store();
	test_failing_many();
	test_refusing_store();
	test_failing_at_start();
	test_duplicates();
	test_look_meanwhile();
	test_clock_set_back();
	test_stop();
	test_stays();
	test_stays_many();
	test_stays_no_more();
	test_no_files();
	test_together();
	test_gathered();
	test_apart();
	test_octets();
	test_waiting();
	test_waiting_clock();
	test_waiting_most();
	test_completed(true, 1, "told by the API is enough");
	test_completed(false, 2, "unless it could not be read since");
	test_released_mail();
	test_released_record();
	test_released_many();
	test_released_again();
	test_later_in_incident();
	test_seen();
	test_handled();
	test_daemon_ended();
	for (kind = FAILING_NOT; kind < FAILING_KINDS; kind++) {
		test_stays_failing(kind);
		test_left_alone(kind);
		test_reader_ended(kind);
	}
	test_reader_ended_often();
	test_no_reader();
	reader_destroy(&reader);
	return tap_done();
}
