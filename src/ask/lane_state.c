#include "ask/lane.h"

#include "base/digest.h"
#include "base/log.h"
#include "pipeline/notice.h"

enum {
	TRIES_MOST = 4,		/* of one page; then the run begins anew */
	BACKOFF_LATER_MOST_MS = 15 * 60000,
	BACKOFF_MOST_MS = 3600 * 1000,
	/* Trouble that passes by itself is told when it has not. */
	LATER_TOLD_MS = 30 * 60000,
};

#define DAY_MS (INT64_C(24) * 3600 * 1000)

instant_ms
lane_now(const struct lane *lane)
{
	return poller_now(lane->poller);
}

void
lane_wipe(struct buf *secret)
{
	explicit_bzero(secret->data, secret->len);
	buf_reset(secret);
}

uint32_t
lane_random(uint32_t most)
{
	uint32_t value;

	digest_random(&value, sizeof(value));
	return most ? value % most : 0;
}

static void
trouble(struct lane *lane, const char *what)
{
	log_error("trouble", "in", "poll", "tenant", lane->plan->tenant,
		  "api", lane->plan->source->name, "what", what,
		  NULL);
}

enum outcome
lane_put_row(struct lane *lane, struct buf *error)
{
	enum outcome outcome;

	lane->row.tenant = lane->plan->tenant;
	lane->row.source = lane->plan->source->name;
	lane->row.customer = lane->plan->customer;
	lane->row.failure = lane->failure.len ? lane->failure.data : NULL;
	outcome = store_poll_put(lane->poller->world.store, &lane->row, error);
	if (outcome == OUTCOME_OK)
		lane->written = lane_now(lane);
	return outcome;
}

void
lane_write_row(struct lane *lane)
{
	struct buf error = BUF_INIT;

	if (lane_put_row(lane, &error) != OUTCOME_OK)
		trouble(lane, error.data);
	buf_release(&error);
}

static void
finish(struct poller *poller)
{
	const struct lane *lane;

	for (lane = poller->lanes; lane; lane = lane->next)
		if (!lane->is_done)
			return;
	if (poller->world.finished)
		poller->world.finished(poller->world.context);
}

/* Whoever waited for it goes on. */
static void
wake_leader(struct lane *leader)
{
	if (!leader || !leader->is_waiting)
		return;
	leader->is_waiting = false;
	lane_step(leader);
}

void
lane_run_ended(struct lane *lane, const char *failure)
{
	struct poller *poller = lane->poller;

	if (poller->world.ended)
		poller->world.ended(poller->world.context, lane->plan,
				    failure);
	wake_leader(lane->leader);
	if (!poller->world.once)
		return;
	lane->is_done = true;
	/* Without a token nothing can be read along. */
	if (failure && lane->along && !lane->along->is_asking)
		lane->along->is_done = true;
	finish(poller);
}

static int64_t
backoff(const struct lane *lane, enum oauth_class class)
{
	int64_t wait = lane->plan->every_ms * (class == OAUTH_LATER ? 1 : 10);
	int64_t most = class == OAUTH_LATER ? BACKOFF_LATER_MOST_MS
					    : BACKOFF_MOST_MS;
	unsigned int i;

	for (i = 1; i < lane->failures && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	return wait + lane_random((uint32_t)(wait / 4 + 1));
}

/* What is wrong with an app is wrong with all its tenants: a mail for each of
 * thousands would bury the others. Once a day for each app and sentence. */
static bool
is_of_app(const struct lane *lane)
{
	return lane->row.class && !lane->is_of_tenant &&
	       !strcmp(lane->row.class, oauth_class_names[OAUTH_OURS]);
}

/* The same notice twice is one. */
static void
identify(const struct lane *lane, const char *subject, const char *sentence,
	 struct buf *identity)
{
	if (is_of_app(lane)) {
		buf_printf(identity, "poll %s %s %s %lld",
			   lane->plan->app->name, subject, sentence,
			   (long long)(lane->row.failed / DAY_MS));
		return;
	}
	buf_printf(identity, "poll %s %s %s ", lane->key, subject,
		   lane->row.class ? lane->row.class : "");
	clock_print(identity, lane->row.failed);
}

static enum outcome
say(struct poller *poller, const struct pipeline_word *word,
    struct arena *arena, struct buf *error)
{
	struct store *store = poller->world.store;
	enum outcome outcome = store_begin(store, error);
	struct change change;

	if (outcome != OUTCOME_OK)
		return outcome;
	change_init(&change, arena);
	outcome = pipeline_say(poller_rules(poller), store, word,
			       poller_now(poller), &change, error);
	if (outcome == OUTCOME_OK)
		outcome = change_apply(&change, store, error);
	return store_end(store, outcome, error);
}

static void
tell(struct lane *lane, const char *subject, const char *sentence)
{
	struct poller *poller = lane->poller;
	const struct poll_plan *plan = lane->plan;
	struct arena *arena;
	struct buf error = BUF_INIT, identity = BUF_INIT;
	struct pipeline_word word = {
		.customer = plan->customer, .subject = subject,
	};
	char *text;

	/* Alerts go on without what is read along: `customers` says it. */
	if (lane->leader)
		return;
	arena = arena_create();
	identify(lane, subject, sentence, &identity);
	text = arena_printf(arena, "Customer %s, tenant %s, API %s, app %s: "
			    "%s.%s\n", plan->customer, plan->tenant,
			    plan->source->name, plan->app->name,
			    sentence, is_of_app(lane) ? " The same holds for "
			    "every tenant that is read with that app, and is "
			    "told once." : "");
	word.text = text;
	word.identity = identity.data;
	if (say(poller, &word, arena, &error) != OUTCOME_OK)
		trouble(lane, error.data);
	else
		poller->world.stored(poller->world.context);
	buf_release(&error);
	buf_release(&identity);
	arena_destroy(&arena);
}

/* Once per cause, until it goes well again. */
static void
report(struct lane *lane, enum oauth_class class, const char *sentence)
{
	const char *name = oauth_class_names[class];
	bool is_new = lane->row.failed == TIME_UNKNOWN || !lane->row.class ||
		      strcmp(lane->row.class, name);
	bool is_long = lane->row.failed != TIME_UNKNOWN &&
		       lane_now(lane) - lane->row.failed > LATER_TOLD_MS;

	if (lane->row.failed == TIME_UNKNOWN)
		lane->row.failed = lane_now(lane);
	lane->row.class = name;
	buf_reset(&lane->failure);
	buf_puts(&lane->failure, sentence);
	if (is_new)
		log_warning("poll-failed", "customer", lane->plan->customer,
			    "tenant", lane->plan->tenant, "api",
			    lane->plan->source->name, "class",
			    name, "why", sentence, NULL);
	if (is_new)
		lane_write_row(lane);
	if ((is_new && class != OAUTH_LATER) ||
	    (is_long && class == OAUTH_LATER))
		tell(lane, "A tenant cannot be read", sentence);
}

void
lane_failed(struct lane *lane, enum oauth_class class, const char *sentence,
	    int64_t wait_ms)
{
	lane->failures++;
	lane->due = lane_now(lane) +
		    (wait_ms >= 0 ? wait_ms : backoff(lane, class));
	report(lane, class, sentence);
	if (++lane->tries >= TRIES_MOST)
		lane_end_run(lane);
	lane_run_ended(lane, sentence);
}

static bool
was_told(const struct lane *lane)
{
	return (lane->row.class && strcmp(lane->row.class, "later")) ||
	       lane_now(lane) - lane->row.failed > LATER_TOLD_MS;
}

void
lane_went_well(struct lane *lane)
{
	if (lane->row.failed != TIME_UNKNOWN) {
		log_info("poll-recovered", "customer", lane->plan->customer,
			 "tenant", lane->plan->tenant, "api",
			 lane->plan->source->name, NULL);
		if (was_told(lane))
			tell(lane, "A tenant can be read again", "it answers");
	}
	lane->failures = 0;
	lane->row.failed = TIME_UNKNOWN;
	lane->row.class = NULL;
	buf_reset(&lane->failure);
}
