/*
 * status: how the relay stands, for a person and for a monitoring system, whose
 * plug-ins exit as this does.
 */
#include "cmd/load.h"

#include "base/json.h"
#include "base/owner.h"
#include "base/text.h"
#include "daemon/standing.h"

#include <errno.h>
#include <unistd.h>

enum { OPTION_JSON };

/* The statuses are enum standing_level, where CMD_USAGE is a critical state. */
enum { STATUS_UNKNOWN = STANDING_UNKNOWN };

struct view {
	const struct generation *generation;
	struct standing standing;
	struct standing_verdict verdict;
	struct arena *arena;
	struct buf out;
};

/* ---- for people ---- */

static void
row(struct view *view, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
row(struct view *view, const char *label, const char *format, ...)
{
	va_list args;
	const char *text;

	va_start(args, format);
	text = arena_vprintf(view->arena, format, args);
	va_end(args);
	buf_printf(&view->out, "  %-14s ", label);
	text_escape(&view->out, text, 400);
	buf_putc(&view->out, '\n');
}

/* ", the oldest since T", or nothing. */
static const char *
since(struct view *view, instant_ms when)
{
	return when == TIME_UNKNOWN ? "" :
	       arena_printf(view->arena, ", the oldest since %s",
			    clock_text(view->arena, when));
}

static void
print_daemon(struct view *view)
{
	const struct standing *s = &view->standing;
	const struct report *report = s->report;
	const char *version = report ? report->program : "of unknown version";

	if (s->is_alive)
		row(view, "daemon", "%s, process %ld", version, s->pid);
	else
		row(view, "daemon", "none runs");
	if (report)
		row(view, "configuration", "%.12s: customers: %lld, rules: "
		    "%lld", report->rules, (long long)report->customers,
		    (long long)report->rule_count);
}

static void
print_waiting(struct view *view)
{
	const struct standing *s = &view->standing;
	const int64_t *of = s->store.deliveries;

	row(view, "spool", "%lld%s", (long long)s->spooled,
	    since(view, s->spool_oldest));
	if (!s->has_store) {
		row(view, "store", "none yet; the daemon makes it");
		return;
	}
	row(view, "queue", "%lld to be sent, %lld wait for the next try%s",
	    (long long)(of[STORE_PENDING] + of[STORE_CLAIMED]),
	    (long long)of[STORE_RETRY], since(view, s->store.oldest));
	row(view, "failed", "%lld", (long long)of[STORE_FAILED]);
	row(view, "held", "%lld%s", (long long)s->store.held,
	    since(view, s->store.held_since));
}

static void
print_text(struct view *view)
{
	const struct standing *s = &view->standing;
	size_t i;

	for (i = 0; i < view->verdict.problems.count; i++) {
		const struct standing_problem *problem =
			&view->verdict.problems.items[i];

		row(view, standing_names[problem->level], "%s",
		    problem->what);
	}
	print_daemon(view);
	print_waiting(view);
	for (i = 0; i < s->feeds.count; i++)
		row(view, "feed fails", "%s of %s (%s): %s",
		    s->feeds.items[i].source, s->feeds.items[i].customer,
		    s->feeds.items[i].class ? s->feeds.items[i].class : "?",
		    s->feeds.items[i].failure ? s->feeds.items[i].failure :
						"");
	for (i = 0; i < s->spaces.count; i++)
		row(view, "free space", "%lld MiB of %lld for %s",
		    (long long)(s->spaces.items[i].free >> 20),
		    (long long)(s->spaces.items[i].total >> 20),
		    s->spaces.items[i].path);
}

/* ---- for programs ---- */

static void
set_daemon(struct json *object, const struct standing *s)
{
	struct json *daemon = json_set_object(object, "daemon");

	json_set_bool(daemon, "alive", s->is_alive);
	json_set_integer(daemon, "pid", s->pid);
	json_set_text(daemon, "version", s->report ? s->report->program :
						     NULL);
	json_set_instant(daemon, "since", s->report && s->is_alive ?
		    s->report->started : TIME_UNKNOWN);
}

static void
set_configuration(struct json *object, const struct report *report)
{
	struct json *one = json_set_object(object, "configuration"), *list;
	size_t i;

	json_set_text(one, "version", report ? report->rules : NULL);
	json_set_integer(one, "customers", report ? report->customers : 0);
	json_set_integer(one, "rules", report ? report->rule_count : 0);
	json_set_instant(one, "loaded", report ? report->asked : TIME_UNKNOWN);
	list = json_set_array(one, "kept");
	for (i = 0; report && i < report->kept.count; i++) {
		const struct report_kept *kept = &report->kept.items[i];
		struct json *member = json_add_object(list);

		json_set_text(member, "file", kept->file);
		json_set_text(member, "customer", kept->customer);
		json_set_text(member, "text", kept->text);
		json_set_integer(member, "errors", kept->errors);
		json_set_instant(member, "since", kept->since);
	}
}

static void
set_waiting(struct json *object, const struct standing *s)
{
	const int64_t *of = s->store.deliveries;
	struct json *one = json_set_object(object, "spool");

	json_set_integer(one, "mails", s->spooled);
	json_set_instant(one, "oldest", s->spool_oldest);
	one = json_set_object(object, "queue");
	json_set_integer(one, "pending", of[STORE_PENDING]);
	json_set_integer(one, "claimed", of[STORE_CLAIMED]);
	json_set_integer(one, "retry", of[STORE_RETRY]);
	json_set_integer(one, "failed", of[STORE_FAILED]);
	json_set_instant(one, "oldest", s->store.oldest);
	one = json_set_object(object, "held");
	json_set_integer(one, "mails", s->store.held);
	json_set_instant(one, "oldest", s->store.held_since);
}

static void
set_feeds(struct json *object, const struct store_polls *feeds)
{
	struct json *list = json_set_array(object, "feeds");
	size_t i;

	for (i = 0; i < feeds->count; i++) {
		const struct store_poll *feed = &feeds->items[i];
		struct json *one = json_add_object(list);

		json_set_text(one, "customer", feed->customer);
		json_set_text(one, "tenant", feed->tenant);
		json_set_text(one, "api", feed->source);
		json_set_instant(one, "failed", feed->failed);
		json_set_text(one, "class", feed->class);
		json_set_text(one, "failure", feed->failure);
	}
}

static void
set_spaces(struct json *object, const struct standing *s)
{
	struct json *list = json_set_array(object, "space");
	size_t i;

	for (i = 0; i < s->spaces.count; i++) {
		struct json *one = json_add_object(list);

		json_set_text(one, "path", s->spaces.items[i].path);
		json_set_integer(one, "free", s->spaces.items[i].free);
		json_set_integer(one, "total", s->spaces.items[i].total);
	}
}

static void
set_problems(struct json *object, const struct standing_verdict *verdict)
{
	struct json *list = json_set_array(object, "problems");
	size_t i;

	for (i = 0; i < verdict->problems.count; i++) {
		const struct standing_problem *problem =
			&verdict->problems.items[i];
		struct json *one = json_add_object(list);

		json_set_text(one, "level", standing_names[problem->level]);
		json_set_text(one, "what", problem->what);
	}
}

static void
print_json(struct view *view, bool is_known)
{
	struct json *object = json_object();

	json_set_text(object, "status", standing_names[view->verdict.level]);
	json_set_text(object, "line", view->verdict.line);
	set_problems(object, &view->verdict);
	if (is_known) {
		set_daemon(object, &view->standing);
		set_configuration(object, view->standing.report);
		set_waiting(object, &view->standing);
		set_feeds(object, &view->standing.feeds);
		set_spaces(object, &view->standing);
	}
	json_print(object, &view->out);
	buf_putc(&view->out, '\n');
	json_destroy(&object);
}

/* ---- */

/* Who is no owner of the state may not look; and a missing store is none to be
 * made by who only asks. */
static enum outcome
gather(struct view *view, struct buf *error)
{
	const struct settings *settings = &view->generation->settings;
	const char *file = store_file(settings->store);
	struct standing_place place = {
		.state = settings->state, .spool = settings->spool,
	};
	enum outcome outcome = OUTCOME_OK;

	if (!owner_become(settings->state)) {
		buf_printf(error, "cannot act as the owner of %s: %s",
			   settings->state, strerror(errno));
		return OUTCOME_PERMANENT;
	}
	if (!file || !access(file, F_OK) || errno != ENOENT)
		outcome = store_open(settings->store, &place.store, error);
	if (outcome == OUTCOME_OK)
		outcome = standing_gather(&place, view->arena,
					  &view->standing, error);
	if (place.store)
		store_close(&place.store);
	return outcome;
}

static void
judge(struct view *view, enum outcome outcome, const char *error)
{
	struct clock clock = clock_system();

	if (outcome == OUTCOME_OK)
		view->verdict = standing_judge(&view->standing, TOCSIN_VERSION,
					       clock.now(&clock), view->arena);
	else
		view->verdict = (struct standing_verdict){
			.level = STANDING_UNKNOWN,
			.line = arena_printf(view->arena, "UNKNOWN: %s",
					     error),
		};
}

static int
show(struct view *view, bool as_json)
{
	struct buf error = BUF_INIT;
	enum outcome outcome = gather(view, &error);
	bool is_known = outcome == OUTCOME_OK;

	judge(view, outcome, error.data);
	if (as_json) {
		print_json(view, is_known);
	} else {
		buf_printf(&view->out, "%s\n", view->verdict.line);
		if (is_known)
			print_text(view);
	}
	buf_release(&error);
	return cmd_print(&view->out) ? (int)view->verdict.level :
				       STATUS_UNKNOWN;
}

/* A monitoring system shows the first line of standard output. */
static int
say_unknown(void)
{
	struct buf out = BUF_INIT;

	buf_puts(&out, "UNKNOWN: the configuration cannot be read\n");
	(void)cmd_print(&out);		/* which says so; no other status */
	buf_release(&out);
	return STATUS_UNKNOWN;
}

static int
run(const struct cmd_line *line)
{
	struct view view = { .out = BUF_INIT };
	struct generation *generation;
	int status;

	if (line->count) {
		(void)cmd_usage("'%s' is not expected", line->words[0]);
		return STATUS_UNKNOWN;
	}
	generation = cmd_load_anyway(line);
	if (!generation)
		return say_unknown();
	view.generation = generation;
	view.arena = arena_create();
	status = show(&view, line->values[OPTION_JSON] != NULL);
	arena_destroy(&view.arena);
	buf_release(&view.out);
	generation_destroy(&generation);
	return status;
}

const struct command cmd_status = {
	.name = "status",
	.words = "",
	.summary = "Say how the relay stands, as a monitoring plug-in",
	.detail = "Exit status: 0 ok, 1 warning, 2 critical, 3 unknown or "
		  "wrong usage.\n",
	.options = {
		[OPTION_JSON] = { "json", NULL, "one object" },
	},
	.run = run,
	.usage = STATUS_UNKNOWN,
};
