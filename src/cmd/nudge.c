/* The order is a signal, and the answer STATE/report, which says since when the
 * load that it is of has known the files. */
#include "cmd/nudge.h"

#include "daemon/service.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum {
	/* Less than systemd's TimeoutStartSec, which holds for a reload. */
	NUDGE_WAIT_S = 60,
	NUDGE_LOOK_US = 20000,
};

static bool
is_answered(const char *state, instant_ms since, struct arena *arena,
	    struct report **report_out)
{
	struct buf error = BUF_INIT;
	struct report *report = NULL;

	(void)report_read(state, arena, &report, &error);	/* then later */
	buf_release(&error);
	*report_out = report;
	return report && report->asked >= since;
}

static enum nudge
wait_for_answer(const char *state, instant_ms since, struct arena *arena,
		struct report **report_out)
{
	int left = NUDGE_WAIT_S * (1000000 / NUDGE_LOOK_US);

	for (; left > 0; left--) {
		if (is_answered(state, since, arena, report_out))
			return NUDGE_DONE;
		(void)usleep(NUDGE_LOOK_US);	/* cut short: looked sooner */
	}
	(void)cmd_fail("the daemon does not answer; see its log");
	return NUDGE_FAILED;
}

enum nudge
nudge_daemon(const struct generation *generation, struct arena *arena,
	     struct report **report_out)
{
	const char *state = generation->settings.state;
	struct clock clock = clock_system();
	instant_ms since = clock.now(&clock);
	struct buf error = BUF_INIT;
	bool runs = false;
	long pid = 0;

	if (!cmd_become_owner(generation))
		return NUDGE_FAILED;
	if (service_look(state, &runs, &pid, &error) != OUTCOME_OK)
		(void)cmd_fail("%s", error.data);
	else if (!runs)
		return NUDGE_NOBODY;
	else if (pid <= 0 || kill((pid_t)pid, SIGHUP))
		(void)cmd_fail("cannot reach the daemon, process %ld: %s", pid,
			       strerror(errno));
	else
		return wait_for_answer(state, since, arena, report_out);
	buf_release(&error);
	return NUDGE_FAILED;
}

size_t
nudge_append_kept(struct buf *out, const struct report *report)
{
	size_t i;

	for (i = 0; i < report->kept.count; i++) {
		const struct report_kept *kept = &report->kept.items[i];

		if (kept->customer)
			buf_printf(out, "gone: %s, who stood in %s; in force: "
				   "%s; if it is meant: tocsin forget %s\n",
				   kept->customer, kept->file, kept->text,
				   kept->customer);
		else
			buf_printf(out, "kept: %s has %lld error%s; in force: "
				   "%s\n", kept->file,
				   (long long)kept->errors,
				   kept->errors == 1 ? "" : "s", kept->text);
	}
	return report->kept.count;
}
