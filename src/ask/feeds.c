/*
 * A feed is known by its key, over generations: what is due, and what is under
 * way. One step follows the other, and each ends in the next or in a sentence
 * that says why not:
 *
 *	ask, or open -> read -> record -> wait
 */
#include "ask/feeds.h"

#include "ask/feed_record.h"
#include "base/bug.h"
#include "base/container.h"
#include "base/log.h"
#include "base/text.h"
#include "parse/calendar_reader.h"
#include "parse/calendar_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)

enum {
	LOOK_MS = 500,
	FETCH_MS = 10000,
	HOPS_MOST = 5,			/* redirections */
	AGAIN_MS = 60000,		/* after a failure */
	HEADERS_MOST = 3,
	HEADER_MOST = 1000,		/* octets */
};

enum step { WAITING, ASKING, READING, RECORDING };

struct task {
	struct task *next;
	struct feeds *feeds;
	char *key;
	instant_ms due;
	enum step step;
	bool has_failed;		/* the last time */

	/* While it is under way. */
	const struct generation *generation;	/* borrowed */
	const struct feed *feed;
	struct arena *arena;
	int hops;
	struct calendar_reader *run;
	struct loop_timer *late;
	struct feed_answer answer;
	struct feed_fate fate;
	struct unit unit;
};

struct feeds {
	struct feeds_world world;
	struct loop_timer *timer;
	struct task *tasks;
	bool is_ending;
};

static instant_ms
now(const struct feeds *feeds)
{
	return feeds->world.clock->now(feeds->world.clock);
}

/* ---- record ---- */

static void
record(struct task *task)
{
	task->step = RECORDING;
	task->answer.generation = task->generation;
	task->answer.feed = task->feed;
	task->answer.now = now(task->feeds);
	clerk_submit(task->feeds->world.clerk, &task->unit);
}

static void
fail(struct task *task, const char *sentence)
{
	task->answer.failure = arena_strdup(task->arena, sentence);
	record(task);
}

static enum outcome
work(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct task *task = CONTAINER_OF(unit, struct task, unit);

	(void)arena;			/* the change's is the same */
	return feed_record(&task->answer, store, change, &task->fate, error);
}

/* After a first failure it is tried soon; then at its pace. */
static int64_t
pause_ms(const struct task *task, bool is_good)
{
	int64_t every = task->feed->every_ms;

	return is_good || task->has_failed || every < AGAIN_MS ? every :
	       AGAIN_MS;
}

static void
recorded(struct unit *unit, enum outcome outcome, const char *error)
{
	struct task *task = CONTAINER_OF(unit, struct task, unit);
	const struct feeds_world *world = &task->feeds->world;
	bool is_good = outcome == OUTCOME_OK && task->fate.is_good;

	if (outcome != OUTCOME_OK)
		log_error("trouble", "in", "calendar", "what", error, NULL);
	task->due = now(task->feeds) + pause_ms(task, is_good);
	task->has_failed = !is_good;
	task->step = WAITING;
	generations_return(world->generations, task->generation);
	if (outcome != OUTCOME_OK || task->feeds->is_ending)
		return;
	if (unit->change->has_deliveries)
		world->stored(world->context);
	if (task->fate.is_new)
		world->changed(world->context);
}

/* ---- read ---- */

static void
end_reading(struct task *task)
{
	if (!task->run)
		return;
	loop_timer_set(task->late, -1);
	loop_forget(task->feeds->world.loop, calendar_reader_fd(task->run));
	calendar_reader_end(&task->run);
}

static void
take(struct task *task, bool late)
{
	struct buf error = BUF_INIT;
	struct turns *turns;

	if (!calendar_reader_take(task->run, late, task->arena, &turns,
				  &error))
		return;
	end_reading(task);
	task->answer.turns = turns;
	if (turns)
		record(task);
	else
		fail(task, error.data);
	buf_release(&error);
}

static void
readable(void *context)
{
	take(context, false);
}

static void
is_late(void *context)
{
	take(context, true);
}

static void
read_file(struct task *task, int fd)
{
	const struct feeds_world *world = &task->feeds->world;
	const struct period range = feed_range(now(task->feeds));
	struct buf error = BUF_INIT;

	task->step = READING;
	task->run = calendar_reader_start_fd(world->reader, task->feed->zone,
					     range.since, range.until, fd,
					     &error);
	if (task->run) {
		loop_watch(world->loop, calendar_reader_fd(task->run),
			   readable, task);
		loop_timer_set(task->late, CALENDAR_READER_MS);
	} else {
		fail(task, error.data);
	}
	buf_release(&error);
}

static void
read_bytes(struct task *task, const char *bytes, size_t length)
{
	int fd = calendar_reader_file(bytes, length);

	if (fd < 0) {
		fail(task, "no memory for the calendar");
		return;
	}
	read_file(task, fd);
	(void)close(fd);		/* memory only */
}

/* A pipe would make the daemon wait. */
static void
open_file(struct task *task)
{
	int fd = open(task->feed->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		fail(task, arena_printf(task->arena, "it cannot be opened: %s",
					strerror(errno)));
		return;
	}
	read_file(task, fd);
	(void)close(fd);		/* only read from */
}

/* ---- ask ---- */

static void ask(struct task *task, const char *url);

static bool
is_redirection(int status)
{
	return status == 301 || status == 302 || status == 303 ||
	       status == 307 || status == 308;
}

static void
follow(struct task *task, const char *location)
{
	if (++task->hops > HOPS_MOST)
		fail(task, "it is redirected too often");
	else if (!location || !text_starts(location, "https://"))
		fail(task, "it is redirected to what is not https");
	else
		ask(task, arena_strdup(task->arena, location));
}

/* To be kept, and sent back. A header may hold anything. */
static const char *
keep_header(struct task *task, const char *value)
{
	const char *at = value;

	if (!value || strlen(value) > HEADER_MOST)
		return NULL;
	for (; *at; at++)
		if (*at < ' ' || *at > '~')
			return NULL;
	return arena_strdup(task->arena, value);
}

static void
answered(void *context, const struct transfer_answer *answer)
{
	struct task *task = context;
	struct feed_answer *out = &task->answer;

	if (answer->is_too_large) {
		fail(task, "it is larger than 2 MiB");
	} else if (answer->end != TRANSFER_DONE) {
		fail(task, *answer->error ? answer->error :
					    "the server cannot be asked");
	} else if (is_redirection(answer->status)) {
		follow(task, answer->location);
	} else if (answer->status == 304) {
		out->is_unchanged = true;
		record(task);
	} else if (answer->status != 200) {
		fail(task, arena_printf(task->arena, "the server answers %d",
					answer->status));
	} else {
		out->etag = keep_header(task, answer->etag);
		out->modified = keep_header(task, answer->modified);
		read_bytes(task, answer->body, answer->length);
	}
}

/* Turns that were counted out long ago end too early, and a zone may be
 * another one by now: then all of it is fetched. */
static bool
may_stay(const struct task *task)
{
	const struct feed_copy *copy = task->feed->copy;
	int64_t age = copy ? now(task->feeds) - copy->read : 0;

	return copy && age >= 0 && age < DAY_MS &&
	       !strcmp(copy->zone, zone_name(task->feed->zone)) &&
	       !task->has_failed;
}

static void
ask(struct task *task, const char *url)
{
	const struct feed_copy *copy = task->feed->copy;
	const char *headers[HEADERS_MOST + 1] = {
		"Accept: text/calendar, */*;q=0.1",
	};
	size_t count = 1;
	struct transfer_request request = {
		.url = url, .ca_file = task->feed->ca_file,
		.headers = headers, .answer_most = CALENDAR_MOST,
		.may_be_plain = text_starts(url, "http://"),
		.timeout_ms = FETCH_MS, .done = answered, .context = task,
	};

	task->step = ASKING;
	if (may_stay(task) && copy->etag)
		headers[count++] = arena_printf(task->arena,
						"If-None-Match: %s",
						copy->etag);
	if (may_stay(task) && copy->modified)
		headers[count++] = arena_printf(task->arena,
						"If-Modified-Since: %s",
						copy->modified);
	task->feeds->world.requests->ask(task->feeds->world.requests,
					 &request);
}

/* ---- wait ---- */

static void
begin(struct task *task, const char *oncall)
{
	const struct generation *g =
		generations_borrow(task->feeds->world.generations);
	const struct rota *rota = contact_find(g->contacts, oncall)->rota;
	size_t i;

	arena_reset(task->arena);
	task->generation = g;
	task->hops = 0;
	task->answer = (struct feed_answer){ .turns = NULL };
	for (i = 0; i < rota->feeds.count; i++)
		if (!strcmp(rota->feeds.items[i]->key, task->key))
			task->feed = rota->feeds.items[i];
	if (task->feed->url)
		ask(task, task->feed->url);
	else
		open_file(task);
}

static struct task *
task_of(struct feeds *feeds, const char *key)
{
	struct task *task = feeds->tasks;

	while (task && strcmp(task->key, key))
		task = task->next;
	if (task)
		return task;
	task = bug_alloc(sizeof(*task));
	*task = (struct task){
		.next = feeds->tasks, .feeds = feeds, .key = bug_strdup(key),
		.arena = arena_create(), .due = INT64_MIN,
		.unit = { .work = work, .done = recorded },
	};
	task->late = loop_timer(feeds->world.loop, is_late, task);
	return feeds->tasks = task;
}

/* Due further ahead than its pace: the clock was set back. */
static bool
is_due(const struct task *task, const struct feed *feed)
{
	instant_ms when = now(task->feeds);

	return task->step == WAITING &&
	       (task->due <= when || task->due - when > feed->every_ms);
}

static void
look_at(struct feeds *feeds, const struct contact *oncall)
{
	size_t i;

	for (i = 0; oncall->rota && i < oncall->rota->feeds.count; i++) {
		const struct feed *feed = oncall->rota->feeds.items[i];
		struct task *task = task_of(feeds, feed->key);

		if ((feed->url || feed->path) && is_due(task, feed))
			begin(task, oncall->name);
	}
}

static void
look_around(void *context)
{
	struct feeds *feeds = context;
	const struct contacts *contacts =
		generations_current(feeds->world.generations)->contacts;
	size_t i;

	for (i = 0; i < contacts->list.count; i++)
		look_at(feeds, contacts->list.items[i]);
	loop_timer_set(feeds->timer, LOOK_MS);
}

/* ---- life ---- */

struct feeds *
feeds_create(const struct feeds_world *world)
{
	struct feeds *feeds = bug_alloc(sizeof(*feeds));

	*feeds = (struct feeds){ .world = *world };
	feeds->timer = loop_timer(world->loop, look_around, feeds);
	loop_timer_set(feeds->timer, 0);
	return feeds;
}

static void
task_destroy(struct task *task)
{
	const struct feeds_world *world = &task->feeds->world;

	if (task->step == ASKING)
		world->requests->forget(world->requests, task);
	end_reading(task);
	if (task->step != WAITING)
		generations_return(world->generations, task->generation);
	loop_timer_set(task->late, -1);
	arena_destroy(&task->arena);
	free(task->key);
	free(task);
}

static bool
is_recording(const struct feeds *feeds)
{
	const struct task *task = feeds->tasks;

	while (task && task->step != RECORDING)
		task = task->next;
	return task;
}

void
feeds_destroy(struct feeds **feeds)
{
	struct task *task;

	(*feeds)->is_ending = true;
	loop_timer_set((*feeds)->timer, -1);
	if (is_recording(*feeds))
		clerk_drain((*feeds)->world.clerk);
	while ((task = (*feeds)->tasks)) {
		(*feeds)->tasks = task->next;
		task_destroy(task);
	}
	free(*feeds);
	*feeds = NULL;
}
