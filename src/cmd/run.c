/* run: the daemon, in the foreground. */
#include "cmd/cmd.h"
#include "daemon/daemon.h"

static int
run(const struct cmd_line *line)
{
	if (line->count)
		return cmd_usage("'%s' is not expected", line->words[0]);
	return daemon_main(line->conf);
}

const struct command cmd_run = {
	.name = "run",
	.words = "",
	.summary = "Relay, in the foreground, until SIGTERM",
	.detail = "SIGHUP loads the configuration anew.\n",
	.run = run,
};
