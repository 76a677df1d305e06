/*
 * When somebody was last heard of is in the store, or in the poller; that it
 * was told is in the store, so that a restart does not tell it again.
 */
#include "ask/quiet.h"

#include "base/bug.h"
#include "base/log.h"
#include "pipeline/notice.h"

enum {
	LOOK_MOST_MS = 30000,
	LOOK_LEAST_MS = 500,
};

struct quiet {
	struct quiet_world world;
	struct loop_timer *timer;
};

/* One expectation at one look. */
struct look {
	struct quiet *quiet;
	const struct expectation *one;
	const char *name;		/* of its rows in the store */
	instant_ms now, last;
	struct arena *arena;
	struct buf *error;
};

static enum outcome
read_instant(const struct look *look, const char *suffix, instant_ms *out)
{
	const char *text = NULL;
	enum outcome outcome = store_meta(look->quiet->world.store,
		arena_printf(look->arena, "%s %s", look->name, suffix),
		look->arena, &text, look->error);

	if (!text || !clock_parse(text, out))
		*out = TIME_UNKNOWN;
	return outcome;
}

static enum outcome
write_instant(const struct look *look, const char *suffix, instant_ms when)
{
	struct buf text = BUF_INIT;
	enum outcome outcome;

	if (when != TIME_UNKNOWN)
		clock_print(&text, when);
	outcome = store_meta_set(look->quiet->world.store,
		arena_printf(look->arena, "%s %s", look->name, suffix),
		text.data, look->error);
	buf_release(&text);
	return outcome;
}

/* Who was never heard of counts from when he was first expected. */
static enum outcome
find_last(struct look *look)
{
	const struct quiet_world *world = &look->quiet->world;
	enum outcome outcome = OUTCOME_OK;

	look->last = TIME_UNKNOWN;
	if (look->one->is_poll)
		look->last = poller_good(world->poller, look->one->customer);
	else
		outcome = store_last_mail(world->store, look->one->customer,
					  &look->last, look->error);
	if (outcome != OUTCOME_OK || look->last != TIME_UNKNOWN)
		return outcome;
	outcome = read_instant(look, "since", &look->last);
	if (outcome == OUTCOME_OK && look->last == TIME_UNKNOWN) {
		look->last = look->now;
		outcome = write_instant(look, "since", look->now);
	}
	return outcome;
}

static const char *
describe(const struct look *look)
{
	const char *causes = look->one->is_poll ?
		"the consent was withdrawn; the secret or certificate of the "
		"application has expired; the licence of Defender has ended. "
		"`tocsin customers` shows what the API answers" :
		"the notification rule in its portal was switched off or "
		"changed; its mails are refused or filtered on the way; the "
		"mailbox they go to no longer leads here";
	struct buf last = BUF_INIT;
	const char *text;

	clock_print(&last, look->last);
	text = arena_printf(look->arena, "From customer %s (%s) nothing has "
		"come by %s since %s, and something is expected every %lld "
		"minutes. Likely causes: %s.\n", look->one->display,
		look->one->customer, look->one->is_poll ? "API" : "mail",
		last.data, (long long)(look->one->every_ms / 60000), causes);
	buf_release(&last);
	return text;
}

static enum outcome
tell(const struct look *look, const char *subject, const char *text)
{
	const struct quiet_world *world = &look->quiet->world;
	struct pipeline_word word = {
		.customer = look->one->customer, .subject = subject,
		.text = text,
	};
	struct buf identity = BUF_INIT;
	struct change change;
	enum outcome outcome;

	buf_printf(&identity, "%s %s ", look->name, subject);
	clock_print(&identity, look->last);
	log_warning("quiet", "customer", look->one->customer, "road",
		    look->one->is_poll ? "poll" : "mail", "what", subject,
		    NULL);
	word.identity = identity.data;
	change_init(&change, look->arena);
	outcome = pipeline_say(generations_current(world->generations),
			       world->store, &word, look->now, &change,
			       look->error);
	if (outcome == OUTCOME_OK)
		outcome = change_apply(&change, world->store, look->error);
	if (outcome == OUTCOME_OK)
		world->stored(world->context);
	buf_release(&identity);
	return outcome;
}

static enum outcome
compare(struct look *look)
{
	bool is_quiet = look->now - look->last > look->one->every_ms;
	instant_ms told;
	enum outcome outcome = read_instant(look, "told", &told);

	if (outcome != OUTCOME_OK || is_quiet == (told != TIME_UNKNOWN))
		return outcome;
	outcome = is_quiet ? tell(look, "A customer is quiet", describe(look)) :
		tell(look, "A customer is heard of again",
		     arena_printf(look->arena, "From customer %s (%s) there is "
				  "%s again.\n", look->one->display,
				  look->one->customer, look->one->is_poll ?
				  "an answer of the API" : "mail"));
	if (outcome == OUTCOME_OK)
		outcome = write_instant(look, "told", is_quiet ? look->now
							       : TIME_UNKNOWN);
	return outcome;
}

static void
look_at(struct quiet *quiet, const struct expectation *one)
{
	struct buf error = BUF_INIT;
	struct look look = {
		.quiet = quiet, .one = one, .arena = arena_create(),
		.error = &error,
		.now = quiet->world.clock->now(quiet->world.clock),
	};
	enum outcome outcome = store_begin(quiet->world.store, &error);

	look.name = arena_printf(look.arena, "quiet %s %s", one->is_poll ?
				 "poll" : "mail", one->customer);
	if (outcome == OUTCOME_OK) {
		outcome = find_last(&look);
		if (outcome == OUTCOME_OK)
			outcome = compare(&look);
		outcome = store_end(quiet->world.store, outcome, &error);
	}
	if (outcome != OUTCOME_OK)
		log_error("trouble", "in", "expect", "what", error.data, NULL);
	buf_release(&error);
	arena_destroy(&look.arena);
}

static void
look_around(void *context)
{
	struct quiet *quiet = context;
	const expectations *list =
		&generations_current(quiet->world.generations)->expected;
	int64_t pause = LOOK_MOST_MS;
	size_t i;

	for (i = 0; i < list->count; i++) {
		look_at(quiet, &list->items[i]);
		if (list->items[i].every_ms / 4 < pause)
			pause = list->items[i].every_ms / 4;
	}
	loop_timer_set(quiet->timer, pause < LOOK_LEAST_MS ? LOOK_LEAST_MS
							   : pause);
}

struct quiet *
quiet_create(const struct quiet_world *world)
{
	struct quiet *quiet = bug_alloc(sizeof(*quiet));

	*quiet = (struct quiet){ .world = *world };
	quiet->timer = loop_timer(world->loop, look_around, quiet);
	loop_timer_set(quiet->timer, LOOK_LEAST_MS);
	return quiet;
}

void
quiet_destroy(struct quiet **quiet)
{
	loop_timer_set((*quiet)->timer, -1);
	free(*quiet);
	*quiet = NULL;
}
