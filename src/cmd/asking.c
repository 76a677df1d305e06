#include "cmd/asking.h"

#include "ask/refresh.h"
#include "cmd/load.h"

#include <signal.h>

struct session {
	const struct asking *asking;
	struct loop *loop;
};

static void
stored(void *context)
{
	(void)context;		/* a running daemon sees it by itself */
}

static void
finished(void *context)
{
	struct session *session = context;

	loop_stop(session->loop);
}

static void
each(void *context, const struct poll_plan *plan,
     const struct pipeline_decision *decision)
{
	const struct session *session = context;

	session->asking->each(session->asking->context, plan, decision);
}

static void
ended(void *context, const struct poll_plan *plan, const char *failure)
{
	const struct session *session = context;

	session->asking->ended(session->asking->context, plan, failure);
}

bool
asking_run(const struct asking *asking)
{
	struct clock clock = clock_system();
	struct generations *generations =
		generations_create(asking->generation);
	struct session session = { asking, loop_create() };
	struct clerk *clerk = clerk_create(session.loop, asking->store);
	struct poller_world world = {
		.loop = session.loop, .clerk = clerk,
		.generations = generations, .clock = &clock,
		.stored = stored, .context = &session,
		.customer = asking->customer, .since = asking->since,
		.once = asking->once, .finished = finished,
		.each = each, .ended = ended,
	};
	struct buf error = BUF_INIT;
	bool good = transfer_setup(&error) == OUTCOME_OK;
	struct poller *poller;

	(void)signal(SIGPIPE, SIG_IGN);
	if (good) {
		world.requests = requests_create(session.loop);
		poller = poller_create(&world);
		loop_run(session.loop);
		poller_destroy(&poller);
		requests_destroy(&world.requests);
	} else {
		(void)cmd_fail("%s", error.data);
	}
	clerk_destroy(&clerk);
	loop_destroy(&session.loop);
	generations_destroy(&generations);
	buf_release(&error);
	return good;
}

static bool
needs_refresh(const struct poll_plan *plan, const char *customer)
{
	return !strcmp(plan->customer, customer) &&
	       plan->app->client.refresh_token;
}

/* Where the daemon's cannot be read, the token of the file is all there is. */
static void
copy_tokens(const struct generation *g, const char *customer,
	    struct store *store)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct store *from = NULL;
	size_t i;

	for (i = 0; i < g->polls.count; i++) {
		if (!needs_refresh(g->polls.items[i], customer))
			continue;
		if (!from)
			from = cmd_open_store(g);
		if (!from)
			break;		/* it has said so */
		if (refreshes_copy(from, store, g->polls.items[i]->app, arena,
				   &error) != OUTCOME_OK)
			(void)cmd_fail("%s", error.data);
		buf_reset(&error);
	}
	if (from)
		store_close(&from);
	buf_release(&error);
	arena_destroy(&arena);
}

struct store *
asking_open_dry(const struct generation *generation, const char *customer)
{
	struct buf error = BUF_INIT;
	struct store *store = NULL;

	if (store_open("memory", &store, &error) != OUTCOME_OK)
		(void)cmd_fail("%s", error.data);
	else
		copy_tokens(generation, customer, store);
	buf_release(&error);
	return store;
}

const struct poll_plan *
asking_plan(const struct generation *generation, const char *customer)
{
	size_t i;

	for (i = 0; i < generation->polls.count; i++)
		if (!strcmp(generation->polls.items[i]->customer, customer))
			return generation->polls.items[i];
	return NULL;
}
