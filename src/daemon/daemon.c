/*
 * Start and end mirror each other: what is opened first is closed last. The
 * difficulty is the order at the end: nothing is taken any more, what is being
 * sent gets its time, its results are stored, and only then the store closes.
 */
#include "daemon/daemon.h"

#include "ask/feeds.h"
#include "ask/poller.h"
#include "ask/quiet.h"
#include "base/bug.h"
#include "base/file.h"
#include "base/log.h"
#include "base/owner.h"
#include "base/zone.h"
#include "daemon/last_good.h"
#include "daemon/reload.h"
#include "daemon/sandbox.h"
#include "daemon/service.h"
#include "daemon/upkeep.h"
#include "daemon/vigil.h"
#include "deliver/outbox.h"
#include "deliver/sender_pool.h"
#include "net/transfer.h"
#include "pipeline/pipeline.h"
#include "store/clerk.h"
#include "take/taker.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	/* inotify loses events when its queue is full, and sees none of other
	 * machines on a shared disk. */
	DAEMON_SWEEP_MS = 5000,
	DAEMON_CLEAN_MS = 600000,
	DAEMON_LARGE_BLOCK = 256 * 1024,	/* of memory */
	DAEMON_KEPT_FREE = 2 << 20,		/* likewise */
};

struct daemon {
	const char *path;
	unsigned int flags;
	struct clock clock;
	instant_ms asked;		/* when the first load began */
	struct generations *generations;
	struct store *store;
	struct clerk *clerk;
	struct inbox *inbox;
	struct reader *reader;
	struct blame *blame;
	struct sandbox *sandbox;	/* NULL: not closed */
	struct loop *loop;
	struct taker *taker;
	struct sender_pool *pool;
	struct outbox *outbox;
	struct requests *requests;
	struct poller *poller;
	struct quiet *quiet;
	struct feeds *feeds;
	struct reload *reload;
	struct upkeep *upkeep;
	struct vigil *vigil;
	struct loop_timer *sweep, *clean, *watchdog;
	int inotify, signals;
	int status;			/* to exit with */
};

static instant_ms
now(const struct daemon *d)
{
	return d->clock.now(&d->clock);
}

/* ---- what happens ---- */

static void
stored(void *context)
{
	struct daemon *d = context;

	outbox_wake(d->outbox);
}

static int64_t
hurry(void *context, const char *customer)
{
	struct daemon *d = context;

	return poller_hurry(d->poller, customer);
}

static bool
good(void *context, const char *customer, instant_ms *when_out)
{
	struct daemon *d = context;

	return poller_good(d->poller, customer, when_out);
}

static void
asked(void *context, const struct poll_plan *plan, const char *failure)
{
	struct daemon *d = context;

	/* A mail waits for no second try. */
	if (poll_gives_alerts(plan))
		taker_complete(d->taker, plan->customer, !failure);
}

static void
inbox_changed(void *context)
{
	struct daemon *d = context;
	char events[4096];

	while (read(d->inotify, events, sizeof(events)) > 0)
		continue;	/* that something came is all we want to know */
	taker_wake(d->taker);
}

/* The watch is on a directory and not on its name. */
static bool
watch_inbox(struct daemon *d)
{
	return inotify_add_watch(d->inotify, inbox_directory(d->inbox),
				 IN_MOVED_TO | IN_CREATE) >= 0;
}

static void
end_to_start_again(struct daemon *d, const char *in, const char *what)
{
	log_error("trouble", "in", in, "what", what, "hint",
		  "ending, to be started again", NULL);
	d->status = 1;
	loop_stop(d->loop);
}

static void
state_is_gone(void *context)
{
	end_to_start_again(context, "store", "it was removed or made anew");
}

/* What the sandbox allows was decided for the spool of the start, and so were
 * the mounts that a service manager has made. The next process begins with the
 * new one. */
static void
leave_old_spool(struct daemon *d)
{
	if (d->sandbox && inbox_is_replaced(d->inbox))
		end_to_start_again(d, "inbox", "the spool was made anew and "
				   "the sandbox knows the old one only");
}

/* A generation has its zones, so a new law needs a new one. */
static void
look_at_zones(struct daemon *d)
{
	if (!zone_files_changed())
		return;
	log_info("zones", "what", "the files of time zones have changed: the "
		 "configuration is loaded anew", NULL);
	service_notify("RELOADING=1");
	reload_start(d->reload);
}

/* Likewise its calendars. */
static void
calendar_changed(void *context)
{
	struct daemon *d = context;

	service_notify("RELOADING=1");
	reload_start(d->reload);
}

static void
sweep(void *context)
{
	struct daemon *d = context;

	taker_wake(d->taker);
	leave_old_spool(d);
	look_at_zones(d);
	/* The spool may have been made anew. While it is not there, looking is
	 * all that can be done. */
	(void)watch_inbox(d);
	loop_timer_set(d->sweep, DAEMON_SWEEP_MS);
}

static void
store_is_changed(void *context)
{
	struct daemon *d = context;

	taker_wake(d->taker);
	outbox_wake(d->outbox);
}

static void
clean_inbox(void *context)
{
	struct daemon *d = context;

	(void)inbox_clean(d->inbox, now(d));	/* the count is for tests */
	loop_timer_set(d->clean, DAEMON_CLEAN_MS);
}

static void
feed_watchdog(void *context)
{
	struct daemon *d = context;

	service_notify("WATCHDOG=1");
	loop_timer_set(d->watchdog, service_watchdog_ms());
}

static bool
same_places(const struct generation *a, const struct generation *b)
{
	return !strcmp(a->settings.state, b->settings.state) &&
	       !strcmp(a->settings.store, b->settings.store) &&
	       !strcmp(a->settings.spool, b->settings.spool);
}

static void
warn_of_restart(const struct daemon *d, const struct generation *next)
{
	const struct relay *relay;

	if (!same_places(next, generations_current(d->generations)))
		log_warning("reloaded", "what", "a new `state`, `store` or "
			    "`spool` needs a restart", NULL);
	relay = d->sandbox ? sandbox_misses(d->sandbox, next) : NULL;
	if (relay)
		log_warning("reloaded", "what", "a new Maildir needs a restart "
			    "before it can be written", "relay", relay->name,
			    "maildir", relay->folder, NULL);
}

static void
take_next(struct daemon *d, struct last_good *next)
{
	struct generation *generation = next->generation;

	warn_of_restart(d, generation);
	next->generation = NULL;
	generations_replace(d->generations, generation);
	poller_reload(d->poller);
	log_info("reloaded", "version", generation->conf->version, NULL);
}

/* What loading took besides lies between what stays, for months: the C library
 * does not give that back by itself. */
static void
give_back(void)
{
	(void)malloc_trim(0);
}

static void
reloaded(void *context, struct last_good *next, instant_ms asked)
{
	struct daemon *d = context;
	bool is_new = next->generation != NULL;

	if (is_new)
		take_next(d, next);
	else
		log_error("kept", "what", "the configuration has errors: "
			  "everything stays as it was", NULL);
	vigil_loaded(d->vigil, next, is_new, asked);
	service_notify("READY=1");
	taker_wake(d->taker);
	outbox_wake(d->outbox);
	give_back();
}

static void
signalled(void *context)
{
	struct daemon *d = context;
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP) {
			loop_stop(d->loop);
			continue;
		}
		service_notify("RELOADING=1");
		reload_start(d->reload);
	}
	/* Deaf to SIGTERM it must not go on. */
	if (errno != EAGAIN)
		BUG("signals cannot be read: %s", strerror(errno));
}

/* ---- start and end ---- */

static bool
failed(const char *what, const struct buf *error)
{
	log_error("refused", "what", what, "why", error->data, NULL);
	fprintf(stderr, "tocsin run: %s\n", error->data);
	return false;
}

/* Signals come through a descriptor; those that would end the process for a
 * broken pipe or a file limit must not. Before any thread is made. */
static void
open_signals(struct daemon *d)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		BUG("sigprocmask: %s", strerror(errno));
	d->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (d->signals < 0)
		BUG("signalfd: %s", strerror(errno));
}

static enum outcome
open_store(struct daemon *d, const struct settings *settings,
	   struct buf *error)
{
	const char *url = settings->store, *file = store_file(url);
	struct arena *arena = arena_create();
	enum outcome outcome = OUTCOME_OK;

	if (file)
		outcome = service_make_folder(file_folder(arena, file), error);
	if (file && outcome == OUTCOME_OK)
		outcome = service_check_store(settings->state, file, error);
	if (outcome == OUTCOME_OK)
		outcome = store_open_own(url, &d->store, error);
	arena_destroy(&arena);
	return outcome;
}

static bool
open_world(struct daemon *d, struct buf *error)
{
	const struct settings *settings =
		&generations_current(d->generations)->settings;

	if (!owner_become(settings->state)) {
		buf_printf(error, "cannot act as the owner of %s: %s",
			   settings->state, strerror(errno));
		return false;
	}
	if (service_make_folder(settings->state, error) != OUTCOME_OK ||
	    service_lock(settings->state, error) != OUTCOME_OK ||
	    transfer_setup(error) != OUTCOME_OK ||
	    open_store(d, settings, error) != OUTCOME_OK ||
	    blame_open(settings->state, &d->blame, error) != OUTCOME_OK ||
	    inbox_open(settings->spool, &d->inbox, error) != OUTCOME_OK)
		return false;
	d->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->inotify < 0 || !watch_inbox(d)) {
		buf_printf(error, "cannot watch %s: %s",
			   inbox_directory(d->inbox), strerror(errno));
		return false;
	}
	d->reader = reader_create(NULL, PIPELINE_READER_MS);
	return true;
}

static struct quiet *
open_quiet(struct daemon *d)
{
	const struct quiet_world world = {
		.loop = d->loop, .clerk = d->clerk,
		.generations = d->generations, .clock = &d->clock,
		.good = good, .stored = stored, .context = d,
	};

	return quiet_create(&world);
}

static struct feeds *
open_feeds(struct daemon *d)
{
	const struct feeds_world world = {
		.loop = d->loop, .clerk = d->clerk,
		.generations = d->generations, .clock = &d->clock,
		.requests = d->requests, .reader = reader_path(d->reader),
		.stored = stored, .changed = calendar_changed, .context = d,
	};

	return feeds_create(&world);
}

static struct upkeep *
open_upkeep(struct daemon *d)
{
	const struct upkeep_world world = {
		.loop = d->loop, .clerk = d->clerk, .clock = &d->clock,
		.generations = d->generations,
		.changed = store_is_changed, .gone = state_is_gone,
		.stored = stored, .context = d,
	};

	return upkeep_create(&world);
}

static struct vigil *
open_vigil(struct daemon *d)
{
	const struct vigil_world world = {
		.loop = d->loop, .clerk = d->clerk,
		.generations = d->generations, .clock = &d->clock,
		.stored = stored, .context = d,
	};

	return vigil_create(&world);
}

static struct outbox *
open_outbox(struct daemon *d)
{
	const struct outbox_world world = {
		.loop = d->loop, .clerk = d->clerk,
		.generations = d->generations, .clock = &d->clock,
		.senders = sender_pool_senders(d->pool),
	};

	return outbox_create(&world);
}

static void
start(struct daemon *d)
{
	const struct taker_world world = {
		.loop = d->loop, .clerk = d->clerk, .inbox = d->inbox,
		.reader = d->reader, .blame = d->blame,
		.generations = d->generations, .clock = &d->clock,
		.hurry = hurry, .stored = stored, .context = d,
	};
	struct poller_world asking = {
		.loop = d->loop,
		.generations = d->generations, .clock = &d->clock,
		.stored = stored, .context = d, .ended = asked,
	};

	d->pool = sender_pool_create(SENDER_POOL_THREADS,
				     SENDER_POOL_SPARE, &d->clock);
	d->outbox = open_outbox(d);
	d->taker = taker_create(&world);
	asking.clerk = d->clerk;
	asking.requests = d->requests = requests_create(d->loop);
	d->poller = poller_create(&asking);
	d->quiet = open_quiet(d);
	d->feeds = open_feeds(d);
	d->upkeep = open_upkeep(d);
	d->vigil = open_vigil(d);
	d->reload = reload_create(d->loop, d->path, &d->clock, reloaded, d);
	d->sweep = loop_timer(d->loop, sweep, d);
	d->clean = loop_timer(d->loop, clean_inbox, d);
	d->watchdog = loop_timer(d->loop, feed_watchdog, d);
	loop_watch(d->loop, d->inotify, inbox_changed, d);
	loop_watch(d->loop, d->signals, signalled, d);
	loop_timer_set(d->sweep, 0);
	loop_timer_set(d->clean, 0);
	if (service_watchdog_ms())
		loop_timer_set(d->watchdog, 0);
}

static void
work(struct daemon *d, const struct last_good *first)
{
	const struct generation *g = generations_current(d->generations);

	start(d);
	vigil_loaded(d->vigil, first, true, d->asked);
	log_info("ready", "version", TOCSIN_VERSION, "rules", g->conf->version,
		 "state", g->settings.state, "store", g->settings.store,
		 "spool", g->settings.spool,
		 "sandbox", d->sandbox ? "yes" : "no", NULL);
	service_notify("READY=1");
	give_back();
	loop_run(d->loop);

	log_info("draining", NULL);
	service_notify("STOPPING=1");
	feeds_destroy(&d->feeds);
	reload_destroy(&d->reload);
	taker_stop(d->taker);
	poller_stop(d->poller);
	clerk_drain(d->clerk);
	outbox_drain(d->outbox);
	taker_destroy(&d->taker);
	quiet_destroy(&d->quiet);
	upkeep_destroy(&d->upkeep);
	vigil_destroy(&d->vigil);
	poller_destroy(&d->poller);
	requests_destroy(&d->requests);
	outbox_destroy(&d->outbox);
	sender_pool_destroy(&d->pool);
	clerk_destroy(&d->clerk);
	log_info("stopped", NULL);
}

static void
close_world(struct daemon *d)
{
	if (d->reader)
		reader_destroy(&d->reader);
	if (d->inbox)
		inbox_close(&d->inbox);
	if (d->blame)
		blame_close(&d->blame);
	if (d->store)
		store_close(&d->store);
	if (d->inotify >= 0)
		(void)close(d->inotify);	/* holds no data */
	(void)close(d->signals);		/* likewise */
}

/* After everything of the start that it would refuse, and before the first
 * thread and the first octet of a mail. */
static void
close_sandbox(struct daemon *d)
{
	struct buf error = BUF_INIT;

	if (d->flags & DAEMON_NO_SANDBOX)
		return;
	d->sandbox = sandbox_close(generations_current(d->generations),
				   reader_path(d->reader), &error);
	if (!d->sandbox)
		log_warning("sandbox", "what", error.data, NULL);
	buf_release(&error);
}

/* An empty mail, read within the limits that hold from now on: that the
 * program is missing, or may not be started, shows before the first real one.
 */
static bool
try_reader(const struct daemon *d, struct buf *error)
{
	struct reader *reader = reader_create(reader_path(d->reader),
					      PIPELINE_READER_MS);
	struct arena *arena = arena_create();
	struct message *message;
	int fd = memfd_create("nothing", MFD_CLOEXEC);
	bool reads = fd >= 0 && reader_parse(reader, fd, 0, arena, &message,
					     error) == READER_PARSED;

	if (fd < 0)
		buf_printf(error, "no memory for a mail: %s", strerror(errno));
	else if (!reads)
		buf_puts(error, ": no mail could be read; tocsin-reader must "
			 "be where `make install` puts it, of the same "
			 "version, and executable for the user who runs "
			 "tocsin");
	if (fd >= 0)
		(void)close(fd);	/* memory only */
	arena_destroy(&arena);
	reader_destroy(&reader);
	return reads;
}

static int
serve(struct daemon *d, struct last_good *first)
{
	struct buf error = BUF_INIT;
	bool good = open_world(d, &error);

	if (good) {
		last_good_keep(first);
		close_sandbox(d);
		good = try_reader(d, &error);
	}
	if (good) {
		d->loop = loop_create();
		d->clerk = clerk_create(d->loop, d->store);
		work(d, first);
		loop_destroy(&d->loop);
	} else {
		d->status = 1;
		failed("start", &error);
	}
	sandbox_destroy(&d->sandbox);
	close_world(d);
	buf_release(&error);
	return d->status;
}

int
daemon_main(const char *path, unsigned int flags)
{
	struct daemon d = {
		.path = path, .flags = flags, .clock = clock_system(),
		.inotify = -1, .signals = -1,
	};
	struct buf error = BUF_INIT;
	struct last_good first;
	int status;

	if (service_find_files(&error) != OUTCOME_OK) {
		fprintf(stderr, "tocsin run: %s\n", error.data);
		buf_release(&error);
		return 1;
	}
	/* So that a large generation goes back to the system with its end: by
	 * itself the C library would keep blocks of such a size. */
	(void)mallopt(M_MMAP_THRESHOLD, DAEMON_LARGE_BLOCK);
	/* What a mail took is kept for the next one. */
	(void)mallopt(M_TRIM_THRESHOLD, DAEMON_KEPT_FREE);
	sandbox_keep_secrets();
	open_signals(&d);
	d.asked = now(&d);
	last_good_load(path, LAST_GOOD_START, d.asked, &first);
	if (!first.generation) {
		fprintf(stderr, "tocsin run: the configuration has errors\n");
		last_good_release(&first);
		return 1;
	}
	d.generations = generations_create(first.generation);
	status = serve(&d, &first);
	first.generation = NULL;	/* it was handed over */
	last_good_release(&first);
	generations_destroy(&d.generations);
	return status;
}
