/* test: run the tests in the rules by the pipeline that the daemon runs. */
#include "cmd/load.h"

#include "base/text.h"
#include "cmd/journal.h"

enum { OPTION_COVER };

struct run {
	const struct generation *generation;
	struct reader *reader;
	struct arena *arena;		/* of one test */
	struct map *reached;		/* "customer/rule" */
	struct buf out;
	size_t passed, failed;
};

/* ---- what a decision says ---- */

static void
add_text(struct buf *list, const char *text)
{
	if (list->len)
		buf_puts(list, ", ");
	buf_puts(list, text);
}

/* Those told by the rule, or all when `rule` is NULL. */
static void
list_told(const struct pipeline_decision *decision, const char *rule,
	  struct buf *list)
{
	size_t i;

	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];

		if (!rule || !strcmp(plan->rule, rule))
			add_text(list, plan->endpoint.address);
	}
}

static bool
is_told(const struct pipeline_decision *decision, const char *rule,
	const char *address)
{
	size_t i;

	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];

		if ((!rule || !strcmp(plan->rule, rule)) &&
		    text_same(plan->endpoint.address, address))
			return true;
	}
	return false;
}

static size_t
count_told(const struct pipeline_decision *decision, const char *rule)
{
	size_t count = 0, i;

	for (i = 0; i < decision->plans.count; i++)
		count += !rule || !strcmp(decision->plans.items[i].rule, rule);
	return count;
}

/* Are exactly these told, by that rule or at all? */
static bool
tells(const struct pipeline_decision *decision, const char *rule,
      const conf_words *want)
{
	size_t i;

	for (i = 0; i < want->count; i++)
		if (!is_told(decision, rule, want->items[i].text))
			return false;
	return count_told(decision, rule) == want->count;
}

static bool
uses(const struct pipeline_decision *decision, const struct ruletest *test)
{
	size_t i;

	if (!test->template)
		return true;
	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];

		if ((!test->by || !strcmp(plan->rule, test->by)) &&
		    strcmp(plan->template, test->template))
			return false;
	}
	return true;
}

/* `by RULE`: those that the rule tells; when it is the one that decides, all
 * who are told can be named as well. */
static bool
is_as_expected(const struct pipeline_decision *decision,
	       const struct ruletest *test)
{
	bool decides = test->by && decision->rule &&
		       !strcmp(test->by, decision->rule);

	if ((int)decision->action != (int)test->expect &&
	    !(test->expect == RULETEST_NOTIFY && test->by && !decides))
		return false;
	switch (test->expect) {
	case RULETEST_HOLD:
		return true;
	case RULETEST_DROP:
		return !test->by || decides;
	default:
		return uses(decision, test) &&
		       (tells(decision, test->by, &test->recipients) ||
			(decides && tells(decision, NULL, &test->recipients)));
	}
}

/* ---- running ---- */

static struct pipeline_decision *
decide_mail(struct run *run, const struct ruletest *test, instant_ms now)
{
	struct pipeline_input input;

	if (!cmd_read_mail(run->reader, test->mail, run->arena, &input))
		return NULL;
	if (test->to) {
		const char **to = arena_alloc(run->arena, sizeof(*to));

		*to = test->to;
		input.recipients = to;
		input.recipient_count = 1;
	}
	return pipeline_decide_first(run->generation, &input, NULL, now,
				     PIPELINE_TRACE_ALL, run->arena);
}

/* The rules that acted. The plans of a decision do not name them all: whom two
 * rules tell gets one mail. */
static void
reach(struct run *run, const struct pipeline_decision *decision, instant_ms now)
{
	const char *customer = alert_text(decision->alert, ALERT_CUSTOMER);
	struct arena *arena = run->generation->arena;
	struct verdict verdict;
	size_t i;

	if (!customer || decision->action == PIPELINE_HOLD)
		return;
	verdict = match_alert(run->generation->ruleset, customer,
			      decision->alert, now, 0, run->arena);
	(void)map_set(run->reached, arena_printf(arena, "%s/%s", customer,
						 verdict.name), run);
	for (i = 0; i < verdict.notices.count; i++)
		(void)map_set(run->reached,
			      arena_printf(arena, "%s/%s", customer,
					   verdict.notices.items[i].rule), run);
}

static void
print_outcome(struct run *run, const char *label, const char *action,
	      const struct buf *told, const char *rule, const char *template)
{
	buf_printf(&run->out, "  %s %s%s%s%s%s%s%s\n", label, action,
		   told->len ? " " : "", told->data, rule ? " by " : "",
		   rule ? rule : "", template ? " using " : "",
		   template ? template : "");
}

/* Which template each gets: the one of a decision is only the first. */
static void
print_told(struct run *run, const struct pipeline_decision *decision)
{
	size_t i;

	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];

		buf_printf(&run->out, "        %s by %s using %s\n",
			   plan->endpoint.address, plan->rule,
			   plan->template);
	}
}

static void
print_failure(struct run *run, const struct ruletest *test,
	      const struct pipeline_decision *decision)
{
	struct buf told = BUF_INIT;
	size_t i;

	for (i = 0; i < test->recipients.count; i++)
		add_text(&told, test->recipients.items[i].text);
	print_outcome(run, "want:", pipeline_action_names[test->expect], &told,
		      test->by, test->template);
	buf_reset(&told);
	list_told(decision, NULL, &told);
	print_outcome(run, "got: ", pipeline_action_names[decision->action],
		      &told, decision->rule, NULL);
	print_told(run, decision);
	journal_lines(&run->out, "    ", decision->trace);
	buf_release(&told);
}

static void
run_test(struct run *run, const struct ruletest *test, instant_ms now)
{
	struct pipeline_decision *decision;
	size_t line, column;
	bool good;

	if (test->at != TIME_UNKNOWN)
		now = test->at;
	decision = test->alert ?
		pipeline_decide_alert(run->generation,
				      ruletest_alert(test, run->arena), now,
				      run->arena) :
		decide_mail(run, test, now);
	good = decision && is_as_expected(decision, test);
	if (decision)
		reach(run, decision, now);
	if (good) {
		run->passed++;
		return;
	}
	run->failed++;
	diag_line_column(test->place, &line, &column);
	buf_printf(&run->out, "%s:%zu:%zu: failed: ", test->place.file->name,
		   line, column);
	text_escape(&run->out, test->name, 400);
	buf_putc(&run->out, '\n');
	if (decision)
		print_failure(run, test, decision);
}

static void
print_uncovered(struct run *run)
{
	const struct ruleset *ruleset = run->generation->ruleset;
	size_t i, j;

	for (i = 0; i < ruleset->customer_count; i++) {
		const struct ruleset_customer *customer =
			&ruleset->customers[i];

		for (j = 0; j < customer->rule_count; j++) {
			const struct rule *rule = &customer->rules[j];
			const char *key = arena_printf(run->arena, "%s/%s",
						       customer->name,
						       rule->name);

			if (!map_find(run->reached, key))
				buf_printf(&run->out, "%s:%u: no test reaches "
					   "rule '%s' of %s\n",
					   rule->node->place.file->name,
					   rule->line, rule->name,
					   customer->name);
		}
	}
}

static int
run_tests(struct run *run, bool cover)
{
	const struct ruletests *tests = run->generation->tests;
	struct clock clock = clock_system();
	size_t i;

	for (i = 0; i < tests->list.count; i++) {
		run_test(run, tests->list.items[i], clock.now(&clock));
		arena_reset(run->arena);
	}
	if (cover)
		print_uncovered(run);
	buf_printf(&run->out, "%zu passed, %zu failed\n", run->passed,
		   run->failed);
	if (!cmd_print(&run->out))
		return CMD_NO;
	return run->failed ? CMD_NO : CMD_OK;
}

static int
run_command(const struct cmd_line *line)
{
	struct run run = { .out = BUF_INIT };
	struct generation *generation;
	int status;

	if (line->count)
		return cmd_usage("'%s' is not expected; tests stand in the "
				 "rules", line->words[0]);
	generation = cmd_load(line);
	if (!generation)
		return CMD_NO;
	run.generation = generation;
	run.arena = arena_create();
	run.reached = map_create(generation->arena);
	run.reader = reader_create(NULL, PIPELINE_READER_MS);
	status = run_tests(&run, line->values[OPTION_COVER] != NULL);
	reader_destroy(&run.reader);
	arena_destroy(&run.arena);
	buf_release(&run.out);
	return cmd_end(&generation, status);
}

const struct command cmd_test = {
	.name = "test",
	.words = "",
	.summary = "Run the tests that stand in the rules",
	.options = {
		[OPTION_COVER] = { "cover", NULL,
				   "name rules that no test reaches" },
	},
	.run = run_command,
};
