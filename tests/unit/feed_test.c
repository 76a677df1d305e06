/* A calendar as a layer: who is meant by what stands in it, and what is said
 * when it is wrong, or not there yet. */
#include "pipeline/generation.h"
#include "rules.h"
#include "tap.h"
#include "temporary.h"

#include <unistd.h>

static struct arena *arena;
static const char *state;
static instant_ms now;

static struct generation *
load(const char *layers)
{
	struct map *texts = map_create(arena);

	(void)map_set(texts, "/feed/main", arena_printf(arena,
		"state %s\nspool /feed\ndomain relay.x.example\n"
		"authserv mx.x.example\ncatch-all soc\n"
		"relay out { maildir /feed/out }\n"
		"person ana \"Ana Souza\" { mail ana@x.example }\n"
		"person bob { mail bob@x.example }\n"
		"person soc { mail soc@x.example }\n"
		"oncall o {\ntimezone Europe/Paris\n%s\notherwise soc }\n"
		"customer c { mailbox c@relay.x.example recipients @x.example "
		"otherwise notify o }\n", state, layers));
	return generation_load("/feed/main", texts, now);
}

static const struct rota *
rota_of(const struct generation *generation)
{
	return contact_find(generation->contacts, "o")->rota;
}

static void
add(struct turns *turns, const char *summary, const char *attendee,
    const char *since, const char *until)
{
	const struct turns_span span = {
		instant_of(since), instant_of(until),
	};
	struct turns_event event = { .summary = summary };

	if (attendee)
		vec_push(arena, &event.attendees, attendee);
	vec_push(arena, &event.spans, span);
	vec_push(arena, &turns->events, event);
}

/* As the daemon would after it was fetched. */
static void
keep(const char *layers, struct turns *turns)
{
	struct generation *g = load(layers);
	const struct feed_copy copy = {
		.fetched = now, .read = now, .zone = "Europe/Paris",
		.etag = "\"1\"", .turns = turns,
	};
	struct buf error = BUF_INIT;

	is_int(feed_copy_write(state, rota_of(g)->feeds.items[0]->key, &copy,
			       &error), OUTCOME_OK, "a copy is kept");
	buf_release(&error);
	generation_destroy(&g);
}

static void
print_turns(const struct rota *rota, struct buf *out)
{
	instant_ms when = instant_of("2026-12-01T00:00:00Z");

	while (when < instant_of("2026-12-09T00:00:00Z")) {
		struct rota_turn turn = rota_at(rota, NULL, when,
						arena);
		size_t i;

		for (i = 0; i < turn.names.count; i++)
			buf_printf(out, "%s ", turn.names.items[i]);
		buf_printf(out, "%s", rota_by(&turn, arena));
		if (turn.period.until != INT64_MAX)
			buf_printf(out, " %.16s", clock_text(arena,
						turn.period.until));
		buf_puts(out, "\n");
		when = turn.period.until;
	}
}

static const struct {
	const char *name, *layers, *want;
} lines[] = {
	{ "by name, display name or a part, without case; others are a gap",
	  "calendar \"https://x.example/s\" of ana, bob by summary",
	  "soc otherwise 2026-12-01T08:00\n"
	  "ana layer 1 2026-12-02T08:00\n"
	  "bob layer 1 2026-12-03T08:00\n"
	  "ana bob layer 1 2026-12-03T12:00\n"
	  "ana layer 1 2026-12-04T08:00\n"
	  "soc otherwise 2026-12-05T08:00\n"
	  "ana layer 1 2026-12-06T08:00\n"
	  "soc otherwise\n" },
	{ "only those behind of",
	  "calendar \"https://x.example/s\" of bob by summary",
	  "soc otherwise 2026-12-02T08:00\n"
	  "bob layer 1 2026-12-03T12:00\n"
	  "soc otherwise\n" },
	{ "by an address of theirs",
	  "calendar \"https://x.example/s\" of ana, bob by attendee",
	  "soc otherwise 2026-12-04T08:00\n"
	  "bob layer 1 2026-12-05T08:00\n"
	  "soc otherwise\n" },
	{ "the layer below decides where it has nobody",
	  "calendar \"https://x.example/s\" of bob by summary\n"
	  "rotate daily at 08:00 from 2026-11-02 ana, ana",
	  "ana layer 2 2026-12-02T08:00\n"
	  "bob layer 1 2026-12-03T12:00\n"
	  "ana layer 2\n" },
	{ "a replacement acts on it",
	  "calendar \"https://x.example/s\" of bob by summary\nreplace bob by "
	  "ana from 2026-12-02T00:00 until 2026-12-03T09:00",
	  "soc otherwise 2026-12-02T08:00\n"
	  "ana replace 2026-12-03T08:00\n"
	  "bob layer 1 2026-12-03T12:00\n"
	  "soc otherwise\n" },
};

static void
check_lines(void)
{
	struct turns turns = { 0 };
	size_t i;

	add(&turns, "ANA souza", NULL, "2026-12-01T08:00:00Z",
	    "2026-12-02T08:00:00Z");
	add(&turns, "On Call - bob - SOC", NULL, "2026-12-02T08:00:00Z",
	    "2026-12-03T12:00:00Z");
	add(&turns, "ana", NULL, "2026-12-03T08:00:00Z",
	    "2026-12-04T08:00:00Z");
	add(&turns, "Cleo", "BOB@x.example", "2026-12-04T08:00:00Z",
	    "2026-12-05T08:00:00Z");
	add(&turns, "Ana Souza", "ana.souza@other.example",
	    "2026-12-05T08:00:00Z", "2026-12-06T08:00:00Z");
	keep(lines[0].layers, &turns);
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct generation *g = load(lines[i].layers);
		struct buf got = BUF_INIT;

		print_turns(rota_of(g), &got);
		is(got.data, lines[i].want, "%s", lines[i].name);
		buf_release(&got);
		generation_destroy(&g);
	}
}

static void
says(const char *layers, const char *want, const char *name)
{
	struct generation *g = load(layers);
	struct buf got = BUF_INIT;

	diag_print(g->diag, &got);
	if (!ok(want ? strstr(got.data, want) != NULL :
		!strstr(got.data, "calendar at"), "%s", name))
		printf("#  got: %s\n# want: %s\n", got.data,
		       want ? want : "nothing");
	ok(!strstr(got.data, "s3cret"), "... and no secret");
	buf_release(&got);
	generation_destroy(&g);
}

static void
check_words(void)
{
	static const struct {
		const char *layers, *want;
	} wrong[] = {
		{ "calendar \"http://x.example/s3cret\"\nof ana by summary",
		  "https only" },
		{ "calendar \"ftp://x.example/s3cret\"\nof ana by summary",
		  "https only" },
		{ "calendar \"https://x.example/a s3cret\"\nof ana by summary",
		  "https only" },
		{ "calendar of ana by summary", "does not say where it is" },
		{ "calendar \"https://x.example/s3cret\" by summary",
		  "does not say who may" },
		{ "calendar \"https://x.example/s3cret\" of ana",
		  "does not say where a name is" },
		{ "calendar \"https://x.example/s3cret\" of eve by summary",
		  "unknown contact 'eve'" },
		{ "calendar \"https://x.example/s3cret\" of ana by summary "
		  "every 1m", "so often" },
		{ "calendar \"https://u:s3cret@x.example/s3cret\" of ana by "
		  "summary", "calendar at x.example was not fetched yet" },
		{ "calendar \"webcal://x.example/s3cret\" of ana by attendee",
		  "calendar at x.example was not fetched yet" },
		{ "calendar \"http://127.0.0.1:8080/\" of ana by attendee",
		  "calendar at 127.0.0.1:8080 was not fetched yet" },
		{ "calendar soc.ics of ana by attendee",
		  "calendar at /feed/soc.ics was not fetched yet" },
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		says(wrong[i].layers, wrong[i].want, wrong[i].want);
}

static void
check_copies(void)
{
	const char *layers = "calendar \"https://x.example/t\" of ana by "
			     "summary";
	struct turns turns = { 0 };

	add(&turns, "Cleo", NULL, "2026-12-01T08:00:00Z",
	    "2026-12-02T08:00:00Z");
	turns_refuse(arena, &turns, "\"x\": it has no length");
	keep(layers, &turns);
	says(layers, "names none of them in the next 14 days",
	     "nobody is meant");
	says(layers, "is left out: \"x\": it has no length",
	     "an event was refused");
	turns.refused.count = 0;
	add(&turns, "ana", NULL, "2026-12-02T08:00:00Z",
	    "2027-12-31T08:00:00Z");
	keep(layers, &turns);
	says(layers, NULL, "a good one");
}

static void
remove_state(void)
{
	const char *folder = arena_printf(arena, "%s/calendars", state);

	ok(temporary_remove(folder) && !rmdir(state), "nothing else was written");
}

int
main(void)
{
	char folder[TEMPORARY_LENGTH];

	arena = arena_create();
	state = mkdtemp(temporary(folder));
	now = instant_of("2026-12-01T12:00:00Z");
	check_lines();
	check_words();
	check_copies();
	remove_state();
	arena_destroy(&arena);
	return tap_done();
}
