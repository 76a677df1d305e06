/* reload: the daemon loads the configuration anew, and says what came of it. */
#include "cmd/nudge.h"

static int
print_report(const struct report *report)
{
	struct buf out = BUF_INIT;
	size_t kept;
	bool good;

	buf_printf(&out, "version %.12s: %lld customer%s, %lld rule%s\n",
		   report->rules, (long long)report->customers,
		   report->customers == 1 ? "" : "s",
		   (long long)report->rule_count,
		   report->rule_count == 1 ? "" : "s");
	kept = nudge_append_kept(&out, report);
	good = cmd_print(&out);
	buf_release(&out);
	return good && !kept ? CMD_OK : CMD_NO;
}

static int
run(const struct cmd_line *line)
{
	struct generation *generation;
	struct report *report = NULL;
	struct arena *arena;
	int status = CMD_NO;

	if (line->count)
		return cmd_usage("'%s' is not expected", line->words[0]);
	/* Its findings say why something is kept. */
	generation = cmd_load_aloud(line);
	if (!generation)
		return CMD_NO;
	arena = arena_create();
	switch (nudge_daemon(generation, arena, &report)) {
	case NUDGE_DONE:
		status = print_report(report);
		break;
	case NUDGE_NOBODY:
		status = cmd_fail("no daemon runs on %s",
				  generation->settings.state);
		break;
	case NUDGE_FAILED:
		break;
	}
	arena_destroy(&arena);
	generation_destroy(&generation);
	return status;
}

const struct command cmd_reload = {
	.name = "reload",
	.words = "",
	.summary = "Have the daemon load the configuration, and wait for it",
	.detail = "Exit status: 1 when something stayed as it was, or no "
		  "daemon runs.\n",
	.options = { { NULL, NULL, NULL } },
	.run = run,
};
