/* forget: a customer who is missed is gone because somebody meant it. */
#include "cmd/nudge.h"

#include "daemon/gone.h"

static bool
is_kept(const struct report *report, const char *customer)
{
	size_t i;

	for (i = 0; i < report->kept.count; i++)
		if (report->kept.items[i].customer &&
		    !strcmp(report->kept.items[i].customer, customer))
			return true;
	return false;
}

static int
say(const char *customer, const char *what)
{
	struct buf out = BUF_INIT;
	bool good;

	buf_printf(&out, "%s %s\n", customer, what);
	good = cmd_print(&out);
	buf_release(&out);
	return good ? CMD_OK : CMD_NO;
}

static int
tell_daemon(const struct generation *generation, const char *customer)
{
	struct arena *arena = arena_create();
	struct report *report = NULL;
	int status = CMD_NO;

	switch (nudge_daemon(generation, arena, &report)) {
	case NUDGE_DONE:
		status = is_kept(report, customer) ?
			cmd_fail("%s is still in force; see tocsin status",
				 customer) :
			say(customer, "is forgotten");
		break;
	case NUDGE_NOBODY:
		status = say(customer, "will be forgotten when the daemon "
			     "starts");
		break;
	case NUDGE_FAILED:
		break;
	}
	arena_destroy(&arena);
	return status;
}

static int
forget(const struct generation *generation, const char *customer)
{
	struct buf error = BUF_INIT;
	enum outcome outcome;

	if (ruleset_find(generation->ruleset, customer))
		return cmd_fail("%s stands in the files; take it out of them "
				"first", customer);
	if (!cmd_become_owner(generation))
		return CMD_NO;
	outcome = gone_forget(generation->settings.state, customer, &error);
	if (outcome != OUTCOME_OK)
		(void)cmd_fail("%s", error.data);
	buf_release(&error);
	return outcome == OUTCOME_OK ? tell_daemon(generation, customer)
				     : CMD_NO;
}

static int
run(const struct cmd_line *line)
{
	struct generation *generation;
	int status;

	if (line->count != 1)
		return cmd_usage(line->count ? "one CUSTOMER at a time" :
				 "which CUSTOMER?");
	generation = cmd_load_anyway(line);
	if (!generation)
		return CMD_NO;
	status = forget(generation, line->words[0]);
	generation_destroy(&generation);
	return status;
}

const struct command cmd_forget = {
	.name = "forget",
	.words = "CUSTOMER",
	.summary = "Say that a customer is gone from the files on purpose",
	.detail = "Until then its last good rules stay in force. At once where "
		  "the daemon runs, else\nwhen it starts.\n",
	.options = { { NULL, NULL, NULL } },
	.run = run,
};
