/*
 * One unit of work looks at all that is expected. When somebody was last heard
 * of is in the store, or known to whoever reads the APIs; that it was told is
 * in the store, so that a restart does not tell it again.
 */
#include "ask/quiet.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/log.h"
#include "pipeline/notice.h"
#include "store/clockwatch.h"

enum {
	LOOK_MOST_MS = 30000,
	LOOK_LEAST_MS = 500,
};

struct heard {
	bool is_known;
	instant_ms when;		/* by API; TIME_UNKNOWN: never */
};

struct quiet {
	struct quiet_world world;
	struct loop_timer *timer;
	bool is_in_trouble;		/* which was said */

	/* Of the look that is under way; the generation is borrowed. */
	struct unit unit;
	bool is_looking;
	const struct generation *generation;
	instant_ms now;
	struct heard *heard;		/* of each expectation */
	struct arena *arena;
};

/* One expectation at one look. */
struct look {
	const struct generation *generation;
	const struct expectation *one;
	instant_ms now;
	instant_ms heard;		/* TIME_UNKNOWN: never */
	instant_ms last;		/* or since when it is waited for */
	const char *name;		/* of its rows in the store */
	struct store *store;
	struct change *change;
	struct arena *arena;
	struct buf *error;
};

static enum outcome
read_instant(const struct look *look, const char *suffix, instant_ms *out)
{
	const char *text = NULL;
	enum outcome outcome = store_meta(look->store,
		arena_printf(look->arena, "%s %s", look->name, suffix),
		look->arena, &text, look->error);

	if (!text || !clock_parse(text, out))
		*out = TIME_UNKNOWN;
	return outcome;
}

static void
write_instant(const struct look *look, const char *suffix, instant_ms when)
{
	change_put_meta(look->change,
			arena_printf(look->arena, "%s %s", look->name, suffix),
			when == TIME_UNKNOWN ? "" :
			clock_text(look->arena, when));
}

/* Who was never heard of counts from when he was first expected. */
static enum outcome
find_last(struct look *look)
{
	enum outcome outcome = OUTCOME_OK;

	if (!look->one->is_poll)
		outcome = store_last_mail(look->store, look->one->customer,
					  look->generation->settings.authserv,
					  look->now, &look->heard,
					  look->error);
	look->last = look->heard;
	if (outcome != OUTCOME_OK || look->heard != TIME_UNKNOWN)
		return outcome;
	outcome = read_instant(look, "since", &look->last);
	if (outcome == OUTCOME_OK &&
	    (look->last == TIME_UNKNOWN || look->last > look->now)) {
		look->last = look->now;
		write_instant(look, "since", look->now);
	}
	return outcome;
}

/* The same notice twice is one: the kind, as it is called in the store. */
static enum outcome
tell(const struct look *look, const char *what, enum notice_kind by_mail,
     enum notice_kind by_poll)
{
	const struct pipeline_word word = {
		.identity = arena_printf(look->arena, "%s %s %s", look->name,
					 what, clock_text(look->arena,
							  look->last)),
		.customer = look->one->customer,
		.notice = {
			.kind = look->one->is_poll ? by_poll : by_mail,
			.since = look->last,
			.every_ms = look->one->every_ms,
		},
	};

	change_log(look->change, LOG_LEVEL_WARNING, "quiet", "customer",
		   look->one->customer, "road",
		   look->one->is_poll ? "poll" : "mail", "what", what, NULL);
	return pipeline_say(look->generation, look->store, &word, look->now,
			    look->change, look->error);
}

/* `told` is the last sign of life that silence was told of. A clock that was
 * set back is no new one; but it may leave `told` in the future, and then each
 * that is not there is new. */
static bool
is_heard_again(const struct look *look, instant_ms told)
{
	return look->heard != TIME_UNKNOWN && look->heard <= look->now &&
	       (look->heard > told || told > look->now);
}

static enum outcome
compare(struct look *look)
{
	bool is_quiet = look->now - look->last > look->one->every_ms;
	instant_ms told;
	enum outcome outcome = read_instant(look, "told", &told);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (is_quiet && told == TIME_UNKNOWN) {
		write_instant(look, "told", look->last);
		return tell(look, "A customer is quiet", NOTICE_QUIET_MAIL,
			    NOTICE_QUIET_POLL);
	}
	if (!is_quiet && told != TIME_UNKNOWN && is_heard_again(look, told)) {
		write_instant(look, "told", TIME_UNKNOWN);
		return tell(look, "A customer is heard of again",
			    NOTICE_HEARD_MAIL, NOTICE_HEARD_POLL);
	}
	return OUTCOME_OK;
}

static enum outcome
look_at(struct look *look)
{
	enum outcome outcome;

	look->name = arena_printf(look->arena, "quiet %s %s",
				  look->one->is_poll ? "poll" : "mail",
				  look->one->customer);
	outcome = find_last(look);
	return outcome == OUTCOME_OK ? compare(look) : outcome;
}

static enum outcome
look_at_all(struct unit *unit, struct store *store, struct change *change,
	    struct arena *arena, struct buf *error)
{
	const struct quiet *quiet = CONTAINER_OF(unit, struct quiet, unit);
	const expectations *list = &quiet->generation->expected;
	bool doubts = false;
	enum outcome outcome = clockwatch_doubts(store, quiet->now, &doubts,
						 error);
	size_t i;

	/* By a wrong clock everybody would be silent. */
	for (i = 0; i < list->count && outcome == OUTCOME_OK && !doubts; i++) {
		struct look look = {
			.generation = quiet->generation,
			.one = &list->items[i], .now = quiet->now,
			.heard = quiet->heard[i].when, .store = store,
			.change = change, .arena = arena, .error = error,
		};

		if (quiet->heard[i].is_known)
			outcome = look_at(&look);
	}
	return outcome;
}

/* A quarter of the shortest time that is expected. */
static int64_t
pause_ms(const expectations *list)
{
	int64_t shortest = LOOK_MOST_MS;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->items[i].every_ms / 4 < shortest)
			shortest = list->items[i].every_ms / 4;
	return shortest < LOOK_LEAST_MS ? LOOK_LEAST_MS : shortest;
}

static void
looked(struct unit *unit, enum outcome outcome, const char *error)
{
	struct quiet *quiet = CONTAINER_OF(unit, struct quiet, unit);

	if (outcome != OUTCOME_OK && !quiet->is_in_trouble)
		log_error("trouble", "in", "expect", "what", error, NULL);
	quiet->is_in_trouble = outcome != OUTCOME_OK;
	if (outcome == OUTCOME_OK && unit->change->has_deliveries)
		quiet->world.stored(quiet->world.context);
	quiet->is_looking = false;
	loop_timer_set(quiet->timer, pause_ms(&quiet->generation->expected));
	generations_return(quiet->world.generations, quiet->generation);
}

static struct heard
hear(const struct quiet *quiet, const struct expectation *one)
{
	const struct quiet_world *world = &quiet->world;
	struct heard heard = { true, TIME_UNKNOWN };

	if (one->is_poll)
		heard.is_known = world->good(world->context, one->customer,
					     &heard.when);
	return heard;
}

static void
look_around(void *context)
{
	struct quiet *quiet = context;
	const struct quiet_world *world = &quiet->world;
	const expectations *list;
	size_t i;

	quiet->is_looking = true;
	quiet->generation = generations_borrow(world->generations);
	quiet->now = world->clock->now(world->clock);
	list = &quiet->generation->expected;
	arena_reset(quiet->arena);
	quiet->heard = arena_array(quiet->arena, list->count,
				   sizeof(*quiet->heard));
	for (i = 0; i < list->count; i++)
		quiet->heard[i] = hear(quiet, &list->items[i]);
	clerk_submit(world->clerk, &quiet->unit);
}

struct quiet *
quiet_create(const struct quiet_world *world)
{
	struct quiet *quiet = bug_alloc(sizeof(*quiet));

	*quiet = (struct quiet){
		.world = *world,
		.unit = { .work = look_at_all, .done = looked },
		.arena = arena_create(),
	};
	quiet->timer = loop_timer(world->loop, look_around, quiet);
	loop_timer_set(quiet->timer, LOOK_LEAST_MS);
	return quiet;
}

void
quiet_destroy(struct quiet **quiet)
{
	if ((*quiet)->is_looking)
		clerk_drain((*quiet)->world.clerk);
	loop_timer_set((*quiet)->timer, -1);
	arena_destroy(&(*quiet)->arena);
	free(*quiet);
	*quiet = NULL;
}
