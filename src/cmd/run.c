/* run: the daemon, in the foreground. */
#include "cmd/cmd.h"
#include "daemon/daemon.h"

enum { OPTION_NO_SANDBOX };

static int
run(const struct cmd_line *line)
{
	if (line->count)
		return cmd_usage("'%s' is not expected", line->words[0]);
	return daemon_main(line->conf, line->values[OPTION_NO_SANDBOX] ?
			   DAEMON_NO_SANDBOX : 0);
}

const struct command cmd_run = {
	.name = "run",
	.words = "",
	.summary = "Relay, in the foreground, until SIGTERM",
	.detail = "SIGHUP loads the configuration anew.\n",
	.options = {
		[OPTION_NO_SANDBOX] = { "no-sandbox", NULL,
			"leave out the limits of what it may open" },
	},
	.run = run,
};
