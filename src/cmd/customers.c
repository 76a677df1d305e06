/*
 * customers: how far each customer is connected, step by step as Microsoft
 * names them, with the last proof of each and what is missing.
 */
#include "cmd/load.h"

#include "base/text.h"

#define WEEK_MS (INT64_C(7) * 24 * 3600 * 1000)

struct view {
	const struct generation *generation;
	struct store *store;
	struct store_polls polls;
	struct arena *arena;
	instant_ms now;
	struct buf out, error;
};

static void
step(struct view *view, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
step(struct view *view, const char *name, const char *format, ...)
{
	va_list args;

	buf_printf(&view->out, "  %-28s ", name);
	va_start(args, format);
	buf_puts(&view->out, arena_vprintf(view->arena, format, args));
	va_end(args);
	buf_putc(&view->out, '\n');
}

static const char *
when(const struct view *view, instant_ms instant)
{
	struct buf text = BUF_INIT;
	const char *copy;

	if (instant == TIME_UNKNOWN)
		return "never";
	clock_print(&text, instant);
	copy = arena_strdup(view->arena, text.data);
	buf_release(&text);
	return copy;
}

static enum outcome
print_mail(struct view *view, const struct ruleset_customer *customer)
{
	bool has_mailbox = conf_find(&customer->node->block, "mailbox");
	instant_ms last = TIME_UNKNOWN;
	enum outcome outcome = store_last_mail(view->store, customer->name,
					       &last, &view->error);

	if (last != TIME_UNKNOWN)
		step(view, "notification mails", "last %s", when(view, last));
	else
		step(view, "notification mails", "none yet; %s", has_mailbox ?
		     "ask for a test email in its notification rule" :
		     "give it a mailbox or rely on its tenant id");
	return outcome;
}

static const struct store_poll *
find_row(const struct view *view, const struct poll_plan *plan)
{
	size_t i;

	for (i = 0; i < view->polls.count; i++)
		if (!strcmp(view->polls.items[i].tenant, plan->tenant) &&
		    !strcmp(view->polls.items[i].source,
			    poll_source_name(plan->source)))
			return &view->polls.items[i];
	return NULL;
}

static void
print_plan(struct view *view, const struct poll_plan *plan)
{
	const struct store_poll *row = find_row(view, plan);
	const char *name = arena_printf(view->arena, "%s %s", plan->tenant,
					poll_source_name(plan->source));
	struct buf why = BUF_INIT;

	if (row && row->failure)
		text_escape(&why, row->failure, 400);
	buf_printf(&view->out, "  %s\n", name);
	if (!row) {
		step(view, "  access granted", "not proven; tocsin onboard %s "
		     "says what to do", plan->customer);
		step(view, "  alerts by API", "none yet");
	} else if (row->failed != TIME_UNKNOWN) {
		step(view, "  access granted", "last %s; since %s it fails "
		     "(%s): %s", when(view, row->good),
		     when(view, row->failed), row->class ? row->class : "?",
		     why.data);
		step(view, "  alerts by API", "last %s",
		     when(view, row->alerts));
	} else {
		step(view, "  access granted", "yes, last proven %s",
		     when(view, row->good));
		step(view, "  alerts by API", "last %s",
		     when(view, row->alerts));
	}
	buf_release(&why);
}

static enum outcome
print_roads(struct view *view, const struct ruleset_customer *customer)
{
	struct store_roads roads;
	enum outcome outcome = store_known_roads(view->store, customer->name,
						 view->now - WEEK_MS, &roads,
						 &view->error);

	step(view, "alerts of the last 7 days", "%lld by mail only, %lld by "
	     "API only, %lld by both", (long long)roads.mail_only,
	     (long long)roads.api_only, (long long)roads.both);
	return outcome;
}

static enum outcome
print_customer(struct view *view, const struct ruleset_customer *customer)
{
	const struct generation *g = view->generation;
	size_t i, plans = 0;
	enum outcome outcome;

	buf_printf(&view->out, "%s \"%s\"\n", customer->name,
		   customer->display);
	outcome = print_mail(view, customer);
	for (i = 0; i < g->polls.count; i++) {
		if (strcmp(g->polls.items[i]->customer, customer->name))
			continue;
		print_plan(view, g->polls.items[i]);
		plans++;
	}
	if (!plans) {
		step(view, "access granted", "not asked for: it has no `poll`");
		step(view, "alerts by API", "no");
	}
	step(view, "alerts to the SIEM", "no: there is no way out to one");
	if (outcome == OUTCOME_OK)
		outcome = print_roads(view, customer);
	return outcome;
}

static int
print_all(struct view *view, const char *only)
{
	const struct ruleset *ruleset = view->generation->ruleset;
	enum outcome outcome = store_polls(view->store, view->arena,
					   &view->polls, &view->error);
	size_t i, count = 0;

	for (i = 0; i < ruleset->customer_count && outcome == OUTCOME_OK; i++) {
		if (only && strcmp(only, ruleset->customers[i].name))
			continue;
		outcome = print_customer(view, &ruleset->customers[i]);
		count++;
	}
	if (outcome != OUTCOME_OK)
		return cmd_fail("%s", view->error.data);
	if (only && !count)
		return cmd_fail("there is no customer '%s'", only);
	return cmd_print(&view->out) ? CMD_OK : CMD_NO;
}

static int
run(const struct cmd_line *line)
{
	struct clock clock = clock_system();
	struct view view = {
		.now = clock.now(&clock), .out = BUF_INIT, .error = BUF_INIT,
	};
	struct generation *generation = cmd_load(line);
	int status = CMD_NO;

	if (!generation)
		return CMD_NO;
	view.generation = generation;
	view.store = cmd_open_store(generation);
	if (view.store) {
		view.arena = arena_create();
		status = print_all(&view, line->count ? line->words[0] : NULL);
		arena_destroy(&view.arena);
		store_close(&view.store);
	}
	buf_release(&view.out);
	buf_release(&view.error);
	generation_destroy(&generation);
	return status;
}

const struct command cmd_customers = {
	.name = "customers",
	.words = "[CUSTOMER]",
	.summary = "Show how far each customer is connected",
	.run = run,
};
