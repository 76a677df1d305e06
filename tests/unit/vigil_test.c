/*
 * What the daemon says of itself, in virtual time: what is not in force as the
 * files say is told once, a customer at once, a file after 15 minutes.
 */
#include "daemon/vigil.h"

#include "relay_twin.h"
#include "tap.h"

#define HOUR (60 * RELAY_MINUTE)
#define FILE_KEPT "item New rules are not in force notice"
#define CUSTOMER_GONE "item A customer is gone from the files notice"

static struct reader *reader;
static struct relay_twin relay;
static struct vigil *vigil;

static void
open_vigil(void)
{
	const struct vigil_world world = {
		.loop = relay.loop, .clerk = relay.clerk,
		.generations = relay.generations, .clock = &relay.clock,
		.stored = relay_stored, .context = &relay,
	};

	vigil = vigil_create(&world);
}

static void
open_all(void)
{
	relay_open(&relay, reader, RELAY_RULES);
	open_vigil();
}

static void
close_all(void)
{
	vigil_destroy(&vigil);
	relay_close(&relay);
}

/* A load has ended; NULL: all is as the files say. */
static void
load(const char *file, const char *text, const char *customer)
{
	struct last_good loaded = { .arena = relay.arena };
	const struct report_kept kept = {
		.file = file, .text = text, .customer = customer,
		.errors = 1, .since = relay.clock.fixed,
	};

	if (file)
		vec_push(relay.arena, &loaded.kept, kept);
	vigil_loaded(vigil, &loaded, true, relay.clock.fixed);
	relay_pass(&relay, 0);
}

static size_t
told(const char *what)
{
	return relay_count(&relay, what);
}

static void
test_kept(void)
{
	open_all();
	load("acme.rules", "last good", NULL);
	relay_pass(&relay, 14 * RELAY_MINUTE);
	is_int((long long)told(FILE_KEPT), 0, "whoever edits a file is not "
	       "told that it has errors");
	relay_pass(&relay, 2 * RELAY_MINUTE);
	is_int((long long)told(FILE_KEPT), 1, "after 15 minutes it is told");
	is_int((long long)told("delivery New rules are not in force notice to "
	       RELAY_SOC), 1, "to the catch-all");
	is_int((long long)relay.stored > 0, 1, "and sent at once");
	relay_pass(&relay, 24 * HOUR);
	is_int((long long)told(FILE_KEPT), 1, "once");
	load(NULL, NULL, NULL);
	relay_pass(&relay, HOUR);
	load("acme.rules", "last good", NULL);
	relay_pass(&relay, 16 * RELAY_MINUTE);
	is_int((long long)told(FILE_KEPT), 2, "when it was good in between, "
	       "it is told anew");
	close_all();
}

static void
test_mended(void)
{
	open_all();
	load("acme.rules", "last good", NULL);
	relay_pass(&relay, 14 * RELAY_MINUTE);
	load(NULL, NULL, NULL);
	relay_pass(&relay, HOUR);
	load("other.rules", "none", NULL);
	relay_pass(&relay, HOUR);
	is_int((long long)told(FILE_KEPT), 0, "what is mended in time, and "
	       "what never was in force, is told to nobody");
	close_all();
}

/* However often somebody loads meanwhile, and whatever else he breaks. */
static void
test_loads(void)
{
	int i;

	open_all();
	load("acme.rules", "last good", NULL);
	for (i = 0; i < 14; i++) {
		relay_pass(&relay, RELAY_MINUTE);
		load("acme.rules", "last good", NULL);
	}
	relay_pass(&relay, 2 * RELAY_MINUTE);
	is_int((long long)told(FILE_KEPT), 1, "loads in between do not put it "
	       "off");
	close_all();
}

/* Then nobody knows how long it has been. */
static void
test_clock_set_back(void)
{
	open_all();
	load("acme.rules", "last good", NULL);
	relay.clock.fixed -= 6 * HOUR;
	relay_pass(&relay, HOUR);
	is_int((long long)told(FILE_KEPT), 1, "a clock that is set back delays "
	       "it by no more than that");
	relay_pass(&relay, 8 * HOUR);
	is_int((long long)told(FILE_KEPT), 1, "and it is told once all the "
	       "same");
	close_all();
}

static void
test_restart(void)
{
	open_all();
	load("acme.rules", "last good", NULL);
	relay_pass(&relay, 10 * RELAY_MINUTE);
	vigil_destroy(&vigil);
	open_vigil();
	load("acme.rules", "last good", NULL);
	relay_pass(&relay, 6 * RELAY_MINUTE);
	is_int((long long)told(FILE_KEPT), 1, "nor does another start");
	vigil_destroy(&vigil);
	open_vigil();
	load("acme.rules", "last good", NULL);
	relay_pass(&relay, HOUR);
	is_int((long long)told(FILE_KEPT), 1, "which does not tell it again");
	close_all();
}

static void
test_gone(void)
{
	open_all();
	load("acme.rules", "last good", "acme");
	is_int((long long)told(CUSTOMER_GONE), 1, "a customer who is missed is "
	       "told at once");
	relay_pass(&relay, HOUR);
	is_int((long long)told(CUSTOMER_GONE), 1, "and once");
	close_all();
}

static void
test_failing(enum failing_kind kind)
{
	open_all();
	load("acme.rules", "last good", NULL);
	relay_pass(&relay, 14 * RELAY_MINUTE);
	failing_set(&relay.failing, kind, 1);
	relay_pass(&relay, 90 * RELAY_SECOND);
	failing_set(&relay.failing, FAILING_NOT, 0);
	relay_pass(&relay, 5 * RELAY_MINUTE);
	is_int((long long)told(FILE_KEPT), 1, "%s: it is told when the store "
	       "takes it again", failing_names[kind]);
	close_all();
}

int
main(void)
{
	enum failing_kind kind;

	reader = relay_reader();
	test_kept();
	test_mended();
	test_loads();
	test_restart();
	test_clock_set_back();
	test_gone();
	for (kind = FAILING_NOT; kind < FAILING_KINDS; kind++)
		test_failing(kind);
	reader_destroy(&reader);
	return tap_done();
}
