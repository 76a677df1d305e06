#include "daemon/reload.h"

#include "base/bug.h"
#include "base/thread.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of the thread, nice(2): mail comes first where processors are few. */
enum { RELOAD_NICE = 10 };

struct reload {
	struct loop *loop;
	const char *path;
	const struct clock *clock;
	reload_taker *take;
	void *context;

	int done;			/* readable when the thread has ended */
	pthread_t thread;
	bool is_running;
	bool again;
	instant_ms asked;		/* when it began */
	struct last_good next;		/* the thread's, until it has ended */
};

static void *
work(void *context)
{
	struct reload *reload = context;
	uint64_t one = 1;

	thread_set_name("reload");
	/* On Linux every thread has its own; no harm if it may not. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), RELOAD_NICE);
	last_good_load(reload->path, LAST_GOOD_RELOAD,
		       reload->clock->now(reload->clock), &reload->next);
	if (reload->next.generation)
		last_good_keep(&reload->next);
	/* The counter is 0, so it cannot be full. */
	if (write(reload->done, &one, sizeof(one)) != sizeof(one))
		BUG("eventfd");
	return NULL;
}

static void
join(struct reload *reload)
{
	thread_join(reload->thread);
	reload->is_running = false;
}

static void
loaded(void *context)
{
	struct reload *reload = context;
	bool again = reload->again;
	uint64_t count;

	if (read(reload->done, &count, sizeof(count)) != sizeof(count))
		return;
	join(reload);
	reload->take(reload->context, &reload->next, reload->asked);
	last_good_release(&reload->next);
	if (again)
		reload_start(reload);
}

struct reload *
reload_create(struct loop *loop, const char *path, const struct clock *clock,
	      reload_taker *take, void *context)
{
	struct reload *reload = bug_alloc(sizeof(*reload));

	*reload = (struct reload){
		.loop = loop, .path = path, .clock = clock, .take = take,
		.context = context,
		.done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	if (reload->done < 0)
		BUG("no eventfd for reloads");
	loop_watch(loop, reload->done, loaded, reload);
	return reload;
}

void
reload_start(struct reload *reload)
{
	reload->again = reload->is_running;
	if (reload->is_running)
		return;
	reload->is_running = true;
	reload->asked = reload->clock->now(reload->clock);
	reload->thread = thread_start(work, reload);
}

void
reload_destroy(struct reload **reload)
{
	if ((*reload)->is_running) {
		join(*reload);
		last_good_release(&(*reload)->next);
	}
	loop_forget((*reload)->loop, (*reload)->done);
	(void)close((*reload)->done);	/* nothing waits for it */
	free(*reload);
	*reload = NULL;
}
