/* poll: ask the APIs of a customer now, and say what they gave. */
#include "cmd/load.h"

#include "base/text.h"
#include "cmd/asking.h"

enum { OPTION_ONCE, OPTION_DRY_RUN, OPTION_SINCE };

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* Of the run under way. */
struct count {
	const struct poll_plan *plan;
	size_t alerts, fresh;
};

struct poll {
	struct arena *arena;
	VEC(struct count) counts;
	bool failed;
};

static struct count *
count_of(struct poll *poll, const struct poll_plan *plan)
{
	struct count none = { .plan = plan };
	size_t i;

	for (i = 0; i < poll->counts.count; i++)
		if (poll->counts.items[i].plan == plan)
			return &poll->counts.items[i];
	vec_push(poll->arena, &poll->counts, none);
	return &poll->counts.items[i];
}

static void
print_plan(const struct poll_plan *plan, struct buf *out)
{
	buf_printf(out, "%s %s %s: ", plan->customer, plan->tenant,
		   plan->source->name);
}

static void
print_decision(const struct pipeline_decision *decision, struct buf *out)
{
	const struct alert *alert = decision->alert;
	const char *id = alert_text(alert, ALERT_ALERT);
	const char *severity = alert_text(alert, ALERT_SEVERITY);
	const char *title = alert_text(alert, ALERT_TITLE);
	size_t i;

	buf_printf(out, "%s", pipeline_action_names[decision->action]);
	if (decision->rule)
		buf_printf(out, " by %s", decision->rule);
	buf_puts(out, ": ");
	text_escape(out, id ? id : "(no id)", 80);
	buf_putc(out, ' ');
	text_escape(out, severity ? severity : "(no severity)", 40);
	buf_puts(out, " \"");
	text_escape(out, title ? title : "", 100);
	buf_putc(out, '"');
	for (i = 0; i < decision->plans.count; i++)
		buf_printf(out, "%s %s", i ? "," : " to",
			   decision->plans.items[i].endpoint.address);
	if (decision->reason) {
		buf_puts(out, " (");
		text_escape(out, decision->reason, 200);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
}

static void
each(void *context, const struct poll_plan *plan,
     const struct pipeline_decision *decision)
{
	struct count *count = count_of(context, plan);
	struct buf out = BUF_INIT;

	count->alerts++;
	if (decision->how != STORE_NEW)
		return;
	count->fresh++;
	print_plan(plan, &out);
	print_decision(decision, &out);
	(void)cmd_print(&out);		/* it has said so */
	buf_release(&out);
}

static void
ended(void *context, const struct poll_plan *plan, const char *failure)
{
	struct poll *poll = context;
	struct count *count = count_of(poll, plan);
	struct buf out = BUF_INIT;

	print_plan(plan, &out);
	if (failure)
		buf_printf(&out, "failed: %s\n", failure);
	else if (!poll_gives_alerts(plan))
		buf_puts(&out, "read\n");
	else
		buf_printf(&out, "%zu alerts, %zu new\n", count->alerts,
			   count->fresh);
	count->alerts = count->fresh = 0;
	/* Alerts come without their incidents' names as well. */
	poll->failed |= failure && poll_gives_alerts(plan);
	(void)cmd_print(&out);		/* it has said so */
	buf_release(&out);
}

static int
ask(const struct cmd_line *line, struct asking *asking)
{
	struct poll *poll = asking->context;
	int status = CMD_NO;

	asking->store = line->values[OPTION_DRY_RUN] ?
		asking_open_dry(asking->generation, asking->customer) :
		cmd_open_store(asking->generation);
	if (!asking->store) {
		generation_destroy(&asking->generation);
		return CMD_NO;
	}
	poll->arena = arena_create();
	if (asking_run(asking) && !poll->failed)
		status = CMD_OK;
	arena_destroy(&poll->arena);
	store_close(&asking->store);
	return status;
}

static int
run(const struct cmd_line *line)
{
	struct poll poll = { .failed = false };
	struct clock clock = clock_system();
	struct asking asking = {
		.each = each, .ended = ended, .context = &poll,
	};

	if (line->count != 1)
		return cmd_usage("which CUSTOMER?");
	asking.customer = line->words[0];
	asking.once = line->values[OPTION_ONCE] ||
		      line->values[OPTION_DRY_RUN];
	if (line->values[OPTION_SINCE] &&
	    !cmd_instant(line->values[OPTION_SINCE], &asking.since))
		return CMD_USAGE;
	/* Nothing is known in a dry run, and so nothing would be new. */
	if (line->values[OPTION_DRY_RUN] && !asking.since)
		asking.since = clock.now(&clock) - DAY_MS;
	asking.generation = cmd_load_strict(line);
	if (!asking.generation)
		return CMD_NO;
	if (!asking_plan(asking.generation, asking.customer)) {
		generation_destroy(&asking.generation);
		return cmd_fail("no API is polled for a customer '%s'",
				asking.customer);
	}
	return ask(line, &asking);
}

const struct command cmd_poll = {
	.name = "poll",
	.words = "CUSTOMER",
	.summary = "Ask the APIs of a customer now",
	.detail = "What they give is stored and told as if the daemon had "
		  "asked, which may run.\n",
	.options = {
		[OPTION_ONCE] = { "once", NULL, "not again and again" },
		[OPTION_DRY_RUN] = { "dry-run", NULL,
				     "once, of the last day; store nothing" },
		[OPTION_SINCE] = { "since", "TIME",
				   "older alerts since then are new as well" },
	},
	.run = run,
};
