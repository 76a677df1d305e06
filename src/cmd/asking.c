#include "cmd/asking.h"

#include "cmd/cmd.h"

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
     const struct pipeline_decision *decision, enum store_added how)
{
	const struct session *session = context;

	session->asking->each(session->asking->context, plan, decision, how);
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
	const struct poller_world world = {
		.loop = session.loop, .store = asking->store,
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
		poller = poller_create(&world);
		loop_run(session.loop);
		poller_destroy(&poller);
	} else {
		(void)cmd_fail("%s", error.data);
	}
	loop_destroy(&session.loop);
	generations_destroy(&generations);
	buf_release(&error);
	return good;
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
