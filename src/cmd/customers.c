/*
 * customers: how far each customer is connected, step by step as Microsoft
 * names them, with the last proof of each and what is missing.
 */
#include "cmd/load.h"

#include "base/json.h"
#include "base/text.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum { OPTION_JSON, OPTION_MAILBOXES };

/* What is known of one customer. */
struct standing {
	const struct ruleset_customer *customer;
	instant_ms mail;		/* the last one, or TIME_UNKNOWN */
	VEC(const struct poll_plan *) plans;
	struct store_roads week;
	struct store_days days;
};

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
	return instant == TIME_UNKNOWN ? "never" :
	       clock_text(view->arena, instant);
}

/* ---- for people ---- */

static void
print_mail(struct view *view, const struct standing *one)
{
	bool has_mailbox = conf_find(&one->customer->node->block, "mailbox");

	if (one->mail != TIME_UNKNOWN)
		step(view, "notification mails", "last %s",
		     when(view, one->mail));
	else
		step(view, "notification mails", "none yet; %s", has_mailbox ?
		     "ask for a test email in its notification rule" :
		     "give it a mailbox or rely on its tenant id");
}

static const struct store_poll *
find_row(const struct view *view, const struct poll_plan *plan)
{
	size_t i;

	for (i = 0; i < view->polls.count; i++)
		if (!strcmp(view->polls.items[i].tenant, plan->tenant) &&
		    !strcmp(view->polls.items[i].source,
			    plan->source->name))
			return &view->polls.items[i];
	return NULL;
}

/* "since T it fails (consent): ..." */
static const char *
failure_of(const struct view *view, const struct store_poll *row)
{
	struct buf why = BUF_INIT;
	const char *text;

	if (row->failure)
		text_escape(&why, row->failure, 400);
	text = arena_printf(view->arena, "since %s it fails (%s): %s",
			    when(view, row->failed),
			    row->class ? row->class : "?", why.data);
	buf_release(&why);
	return text;
}

static void
print_access(struct view *view, const struct poll_plan *plan,
	     const struct store_poll *row)
{
	const char *name = "  access granted";

	if (!row)
		step(view, name, "not proven; tocsin onboard %s says what to "
		     "do", plan->customer);
	else if (row->failed != TIME_UNKNOWN)
		step(view, name, "last %s; %s", when(view, row->good),
		     failure_of(view, row));
	else
		step(view, name, "yes, last proven %s", when(view, row->good));
}

static void
print_incidents(struct view *view, const struct poll_plan *plan)
{
	const struct store_poll *row = find_row(view, plan);
	const char *name = "  names of incidents";

	if (!row)
		step(view, name, "none yet");
	else if (row->failed != TIME_UNKNOWN)
		step(view, name, "alerts come without them; last %s; %s",
		     when(view, row->good), failure_of(view, row));
	else
		step(view, name, "yes, last %s", when(view, row->good));
}

static void
print_plan(struct view *view, const struct poll_plan *plan)
{
	const struct store_poll *row = find_row(view, plan);

	buf_printf(&view->out, "  %s %s\n", plan->tenant,
		   plan->source->name);
	print_access(view, plan, row);
	if (!row)
		step(view, "  alerts by API", "none yet");
	else
		step(view, "  alerts by API", "last %s",
		     when(view, row->alerts));
	if (plan->along)
		print_incidents(view, plan->along);
}

static void
print_text(struct view *view, const struct standing *one)
{
	size_t i;

	buf_printf(&view->out, "%s \"%s\"\n", one->customer->name,
		   one->customer->display);
	print_mail(view, one);
	for (i = 0; i < one->plans.count; i++)
		print_plan(view, one->plans.items[i]);
	if (!one->plans.count) {
		step(view, "access granted", "not asked for: it has no `poll`");
		step(view, "alerts by API", "no");
	}
	step(view, "alerts to the SIEM", "not set up: this version has no "
	     "output to a SIEM");
	step(view, "alerts of the last 7 days", "%lld by mail only, %lld by "
	     "API only, %lld by both", (long long)one->week.mail_only,
	     (long long)one->week.api_only, (long long)one->week.both);
}

/* ---- for programs ---- */

static void
set_roads(struct json *object, const struct store_roads *roads)
{
	json_set_integer(object, "mail-only", roads->mail_only);
	json_set_integer(object, "api-only", roads->api_only);
	json_set_integer(object, "both", roads->both);
}

static void
add_api(const struct view *view, struct json *list,
	const struct poll_plan *plan)
{
	const struct store_poll none = {
		.good = TIME_UNKNOWN, .alerts = TIME_UNKNOWN,
		.failed = TIME_UNKNOWN,
	};
	const struct store_poll *row = find_row(view, plan);
	struct json *api = json_add_object(list);

	row = row ? row : &none;
	json_set_text(api, "tenant", plan->tenant);
	json_set_text(api, "api", plan->source->name);
	json_set_text(api, "app", plan->app->name);
	json_set_instant(api, "read", row->good);
	json_set_instant(api, "alerts", row->alerts);
	json_set_instant(api, "failed", row->failed);
	json_set_text(api, "class", row->class);
	json_set_text(api, "failure", row->failure);
	if (plan->along)
		add_api(view, list, plan->along);
}

/* "2026-11-22" */
static const char *
date_of(const struct view *view, int64_t day)
{
	struct civil civil;

	clock_to_civil(day * DAY_MS, &civil);
	return arena_printf(view->arena, "%04d-%02d-%02d", (int)civil.year,
			    civil.month, civil.day);
}

static void
print_json(struct view *view, const struct standing *one)
{
	struct json *object = json_object(), *list;
	size_t i;

	json_set_text(object, "customer", one->customer->name);
	json_set_text(object, "name", one->customer->display);
	json_set_instant(object, "mail", one->mail);
	list = json_set_array(object, "apis");
	for (i = 0; i < one->plans.count; i++)
		add_api(view, list, one->plans.items[i]);
	json_set_text(object, "siem", NULL);
	set_roads(json_set_object(object, "week"), &one->week);
	list = json_set_array(object, "days");
	for (i = 0; i < one->days.count; i++) {
		struct json *day = json_add_object(list);

		json_set_text(day, "day", date_of(view,
						  one->days.items[i].day));
		set_roads(day, &one->days.items[i].roads);
	}
	json_print(object, &view->out);
	buf_putc(&view->out, '\n');
	json_destroy(&object);
}

/* ---- */

static enum outcome
gather(struct view *view, const struct ruleset_customer *customer,
       struct standing *out)
{
	const struct generation *g = view->generation;
	enum outcome outcome;
	size_t i;

	*out = (struct standing){ .customer = customer };
	for (i = 0; i < g->polls.count; i++)
		if (!strcmp(g->polls.items[i]->customer, customer->name))
			vec_push(view->arena, &out->plans,
				 g->polls.items[i]);
	outcome = store_last_mail(view->store, customer->name,
				  g->settings.authserv, view->now, &out->mail,
				  &view->error);
	if (outcome == OUTCOME_OK)
		outcome = store_known_roads(view->store, customer->name,
					    view->now - 7 * DAY_MS,
					    &out->week, &view->error);
	if (outcome == OUTCOME_OK)
		outcome = store_days(view->store, customer->name, view->arena,
				     &out->days, &view->error);
	return outcome;
}

static int
print_all(struct view *view, const char *only, bool as_json)
{
	const struct ruleset *ruleset = view->generation->ruleset;
	enum outcome outcome = store_polls(view->store, view->arena,
					   &view->polls, &view->error);
	size_t i, count = 0;

	for (i = 0; i < ruleset->customer_count && outcome == OUTCOME_OK; i++) {
		const struct ruleset_customer *customer =
			&ruleset->customers[i];
		struct standing standing;

		if (only && strcmp(only, customer->name))
			continue;
		outcome = gather(view, customer, &standing);
		if (outcome == OUTCOME_OK)
			(as_json ? print_json : print_text)(view, &standing);
		count++;
	}
	if (outcome != OUTCOME_OK)
		return cmd_fail("%s", view->error.data);
	if (only && !count)
		return cmd_fail("there is no customer '%s'", only);
	return cmd_print(&view->out) ? CMD_OK : CMD_NO;
}

/* ---- for an MTA ---- */

static void
add_mailboxes(const struct ruleset_customer *customer, struct buf *out)
{
	const conf_nodes *block = &customer->node->block;
	size_t i, j;

	for (i = 0; i < block->count; i++) {
		const struct conf_node *node = block->items[i];

		if (strcmp(node->keyword, "mailbox"))
			continue;
		for (j = 0; j < node->words.count; j++)
			buf_printf(out, "%s %s\n", conf_word(node, j).text,
				   customer->name);
	}
}

/* A table that Postfix, Exim and OpenSMTPD can read: what the relay takes mail
 * for. Bounces of its notifications come to its own address. */
static int
print_mailboxes(const struct generation *generation, const char *only)
{
	const struct ruleset *ruleset = generation->ruleset;
	struct buf out = BUF_INIT;
	size_t i;
	bool good;

	for (i = 0; i < ruleset->customer_count; i++)
		if (!only || !strcmp(only, ruleset->customers[i].name))
			add_mailboxes(&ruleset->customers[i], &out);
	if (!only)
		buf_printf(&out, "%s -\n", generation->settings.from);
	good = cmd_print(&out);
	buf_release(&out);
	return good ? CMD_OK : CMD_NO;
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
	if (line->values[OPTION_MAILBOXES])
		return cmd_end(&generation, print_mailboxes(generation,
				line->count ? line->words[0] : NULL));
	view.generation = generation;
	view.store = cmd_open_store(generation);
	if (view.store) {
		view.arena = arena_create();
		status = print_all(&view, line->count ? line->words[0] : NULL,
				   line->values[OPTION_JSON]);
		arena_destroy(&view.arena);
		store_close(&view.store);
	}
	buf_release(&view.out);
	buf_release(&view.error);
	return cmd_end(&generation, status);
}

const struct command cmd_customers = {
	.name = "customers",
	.words = "[CUSTOMER]",
	.summary = "Show how far each customer is connected",
	.options = {
		[OPTION_JSON] = { "json", NULL, "one object a line" },
		[OPTION_MAILBOXES] = { "mailboxes", NULL,
				       "only the addresses for an MTA" },
	},
	.run = run,
};
