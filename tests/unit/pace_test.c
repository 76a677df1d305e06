/*
 * What a relay takes is kept to and found out: servers with limits, as tables
 * of numbers, a second at a time.
 */
#include "deliver/pace.h"

#include "tap.h"

#define NOON (INT64_C(20000) * 86400000)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

/* ---- a server that a test plays ---- */

struct server {
	size_t connections;	/* more at once are turned away */
	size_t rate;		/* so many mails in any minute; 0: no limit */
	bool is_dead;
	int64_t mail_ms;	/* that one mail takes */
};

struct story {
	struct server server;
	struct pace pace;
	instant_ms now;
	size_t waiting, done, turned_away, most_at_once;
	instant_ms taken[1000];	/* when the server took each */
	struct { bool is_used; instant_ms end; enum pace_word word; }
		flights[200];
};

static size_t
at_once(const struct story *story)
{
	size_t count = 0, i;

	for (i = 0; i < 200; i++)
		count += story->flights[i].is_used;
	return count;
}

static size_t
in_a_minute(const struct story *story)
{
	size_t count = 0, i;

	for (i = 0; i < story->done; i++)
		count += story->now - story->taken[i] < MINUTE;
	return count;
}

static enum pace_word
say(struct story *story)
{
	const struct server *server = &story->server;

	if (server->is_dead)
		return PACE_FAILED;
	if (at_once(story) >= server->connections ||
	    (server->rate && in_a_minute(story) >= server->rate)) {
		story->turned_away++;
		return PACE_SLOWER;
	}
	story->taken[story->done++] = story->now;
	return PACE_WORKS;
}

/* Only so many at once, as the senders do it. */
static void
depart(struct story *story)
{
	size_t room = pace_room(&story->pace, story->now), i;

	for (i = 0; i < 200 && room && story->waiting &&
	     at_once(story) < pace_abreast(&story->pace); i++) {
		if (story->flights[i].is_used)
			continue;
		pace_depart(&story->pace);
		story->waiting--;
		room--;
		story->flights[i].word = say(story);
		story->flights[i].is_used = true;
		story->flights[i].end = story->now + story->server.mail_ms;
		if (at_once(story) > story->most_at_once)
			story->most_at_once = at_once(story);
	}
}

static void
land(struct story *story)
{
	size_t i;

	for (i = 0; i < 200; i++) {
		if (!story->flights[i].is_used ||
		    story->flights[i].end > story->now)
			continue;
		story->flights[i].is_used = false;
		story->waiting += story->flights[i].word != PACE_WORKS;
		(void)pace_answer(&story->pace, story->flights[i].word,
				  story->now);
	}
}

static void
run(struct story *story, int64_t time_ms)
{
	instant_ms end = story->now + time_ms;

	for (; story->now < end; story->now += 10) {
		land(story);
		depart(story);
	}
}

/* ---- what is asked of it ---- */

static void
begin(struct story *story, const struct server *server,
      const struct pace_limits *limits)
{
	*story = (struct story){
		.server = *server, .now = NOON, .waiting = 200,
	};
	pace_init(&story->pace);
	pace_limit(&story->pace, limits);
}

static const struct {
	const char *name;
	struct server server;
	struct pace_limits limits;
	int64_t within_ms;		/* 200 mails are taken, */
	size_t turned_away;		/* and at most so many tries in vain */
} cases[] = {
	{ "a server of three connections", { 3, 0, false, 200 }, { 0, 0, 0 },
	  20 * SECOND, 10 },
	{ "a server of one connection", { 1, 0, false, 200 }, { 0, 0, 0 },
	  60 * SECOND, 15 },
	{ "a server of many", { 100, 0, false, 200 }, { 0, 0, 0 },
	  10 * SECOND, 0 },
	/* In any minute 60: the 181st can come after three. */
	{ "a server of 60 mails a minute", { 100, 60, false, 50 },
	  { 0, 0, 0 }, 216 * SECOND, 60 },
	{ "the same, when the configuration says so",
	  { 100, 60, false, 50 }, { 0, 60, MINUTE }, 190 * SECOND, 0 },
	{ "three connections and 60 a minute, said",
	  { 3, 60, false, 200 }, { 3, 60, MINUTE }, 200 * SECOND, 0 },
	{ "connections alone, said", { 2, 0, false, 100 }, { 2, 0, 0 },
	  15 * SECOND, 0 },
};

static void
test_servers(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct story story;

		begin(&story, &cases[i].server, &cases[i].limits);
		while (story.done < 200 && story.now - NOON < 60 * MINUTE)
			run(&story, SECOND);
		ok(story.now - NOON <= cases[i].within_ms,
		   "%s: 200 mails in %lld s", cases[i].name,
		   (long long)((story.now - NOON) / SECOND));
		ok(story.turned_away <= cases[i].turned_away,
		   "%s: %zu tries in vain", cases[i].name, story.turned_away);
		pace_release(&story.pace);
	}
}

static void
test_dead(void)
{
	struct story story;
	size_t before;

	begin(&story, &(struct server){ 5, 0, true, 30 * SECOND },
	      &(struct pace_limits){ 0 });
	run(&story, 30 * MINUTE);
	is_int((long long)story.most_at_once, PACE_BEGIN, "a relay that never "
	       "answered has the first senders");
	story.most_at_once = 0;
	run(&story, 30 * MINUTE);
	is_int((long long)story.most_at_once, 1, "and then one");
	story.server.is_dead = false;
	story.server.mail_ms = 100;
	run(&story, PACE_FAILED_MOST_MS + 30 * SECOND);
	is_int((long long)story.done, 200, "when it is back, that is noticed "
	       "by the next probe, and all leaves");
	story.waiting = 1;
	story.server.is_dead = true;
	story.server.mail_ms = 1;
	run(&story, SECOND);
	before = story.waiting;
	ok(before == 1 && !pace_room(&story.pace, story.now) &&
	   pace_next(&story.pace, story.now) - story.now <= PACE_FAILED_MS,
	   "after a failure it is asked again within seconds");
	pace_release(&story.pace);
}

static void
test_grows(void)
{
	static const int64_t pauses[] = { 5, 10, 20, 40, 80, 160, 300, 300 };
	instant_ms now = NOON, next;
	struct pace pace;
	size_t i;

	pace_init(&pace);
	for (i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		pace_depart(&pace);
		(void)pace_answer(&pace, PACE_FAILED, now);
		next = pace_next(&pace, now);
		is_int((next - now) / SECOND, pauses[i], "pause %zu", i + 1);
		is_int((long long)pace_room(&pace, next - 1), 0, "in which "
		       "nothing departs");
		is_int((long long)pace_room(&pace, next), 1, "one does then");
		now = next;
	}
	pace_depart(&pace);
	is_int((long long)pace_room(&pace, now), 0, "and no other beside it");
	ok(pace_answer(&pace, PACE_WORKS, now), "it works again");
	pace_depart(&pace);
	ok(!pace_answer(&pace, PACE_WORKS, now), "which is said once");
	pace_depart(&pace);
	(void)pace_answer(&pace, PACE_FAILED, now);
	is_int((pace_next(&pace, now) - now) / SECOND, 5, "a new failure "
	       "begins with the first pause");
	pace_depart(&pace);
	(void)pace_answer(&pace, PACE_REFUSED, now);
	is_int((pace_next(&pace, now) - now) / SECOND, 5, "what departed "
	       "before a pause makes it no longer");
	is_int((long long)pace_room(&pace, now - 7200 * SECOND), 1, "and a "
	       "clock that is set back ends it");
	pace_forget(&pace);
	pace_depart(&pace);
	(void)pace_answer(&pace, PACE_REFUSED, now);
	is_int((pace_next(&pace, now) - now) / SECOND, 30, "who is refused is "
	       "more patient: a login may be locked");
	pace_release(&pace);
}

static void
test_rate(void)
{
	const struct pace_limits limits = { .rate = 3, .rate_ms = MINUTE };
	struct pace pace;
	size_t i;

	pace_init(&pace);
	pace_limit(&pace, &limits);
	for (i = 0; i < 3; i++)
		pace_depart(&pace);
	is_int((long long)pace_room(&pace, NOON), 0, "what is under way "
	       "counts");
	for (i = 0; i < 3; i++)
		(void)pace_answer(&pace, PACE_WORKS,
				  NOON + (instant_ms)i * SECOND);
	is_int((long long)pace_room(&pace, NOON + MINUTE - 1), 0, "and so "
	       "long behind its end");
	is_int(pace_next(&pace, NOON + 10 * SECOND) - NOON, MINUTE, "when "
	       "there is room again is known");
	is_int((long long)pace_room(&pace, NOON + MINUTE), 1, "one by one");
	is_int((long long)pace_room(&pace, NOON + MINUTE + SECOND), 2, "as "
	       "they left");
	pace_release(&pace);
}

static void
test_rate_changes(void)
{
	struct pace pace;
	size_t i;

	pace_init(&pace);
	pace_limit(&pace, &(struct pace_limits){ .rate = 3,
						 .rate_ms = MINUTE });
	for (i = 0; i < 3; i++)
		pace_note_end(&pace, NOON + (instant_ms)i * SECOND);
	is_int((long long)pace_room(&pace, NOON + 2 * SECOND), 0, "what "
	       "another process sent counts for the rate");
	pace_limit(&pace, &(struct pace_limits){ .rate = 4,
						 .rate_ms = MINUTE });
	is_int((long long)pace_room(&pace, NOON + 3 * SECOND), 1, "and for "
	       "one that is raised");
	pace_limit(&pace, &(struct pace_limits){ .rate = 2,
						 .rate_ms = MINUTE });
	is_int((long long)pace_room(&pace, NOON + MINUTE + SECOND), 1, "or "
	       "lowered: of which the latest are kept");
	pace_release(&pace);
}

static void
test_doubts(void)
{
	struct pace pace;
	size_t i;

	pace_init(&pace);
	pace_depart(&pace);
	(void)pace_answer(&pace, PACE_DOUBTFUL, NOON);
	ok(pace.is_probing, "a relay that never took a mail and fails on one "
	   "fails");
	pace_depart(&pace);
	(void)pace_answer(&pace, PACE_WORKS, NOON);
	for (i = 1; i < PACE_DOUBTS; i++) {
		pace_depart(&pace);
		(void)pace_answer(&pace, PACE_DOUBTFUL, NOON);
	}
	ok(!pace.is_probing, "one that works may fail on some, through their "
	   "own fault");
	pace_depart(&pace);
	(void)pace_answer(&pace, PACE_WORKS, NOON);
	for (i = 1; i < PACE_DOUBTS; i++) {
		pace_depart(&pace);
		(void)pace_answer(&pace, PACE_DOUBTFUL, NOON);
	}
	ok(!pace.is_probing, "also again, when it took others between");
	pace_depart(&pace);
	(void)pace_answer(&pace, PACE_DOUBTFUL, NOON);
	ok(pace.is_probing, "but not on so many in a row");
	pace_release(&pace);
}

int
main(void)
{
	test_servers();
	test_dead();
	test_grows();
	test_rate();
	test_rate_changes();
	test_doubts();
	return tap_done();
}
