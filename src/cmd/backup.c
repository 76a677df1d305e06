/*
 * backup: the store as it is now, in one file, while the daemon runs.
 *
 * The file is the caller's, who may be root, and is made before the command
 * acts as the owner of the state, who hardly may write there. So the copy is
 * made in the state first.
 */
#include "cmd/order.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Of the command; order_run() hands over no more than the line. */
static int target = -1;

static bool
copy_file(const char *from)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	bool copied = fd >= 0 && file_copy(fd, target);

	if (fd >= 0)
		(void)close(fd);	/* only read from */
	return copied;
}

static int
fill(struct order *order)
{
	const char *state = order->generation->settings.state;
	const char *path = arena_printf(order->arena, "%s/backup.%ld", state,
					(long)getpid());
	const char *name = order->line->words[0];
	enum outcome outcome = store_copy(order->store, path, &order->error);
	bool copied = outcome == OUTCOME_OK && copy_file(path);

	if (outcome == OUTCOME_OK && !copied)
		buf_printf(&order->error, "cannot write %s: %s", name,
			   strerror(errno));
	(void)unlink(path);		/* it may not be there */
	if (copied)
		buf_printf(&order->out, "the store is in %s\n", name);
	return order_end(order, copied ? OUTCOME_OK : OUTCOME_TEMPORARY);
}

static int
run(const struct cmd_line *line)
{
	const char *name = line->words[0];
	struct buf error = BUF_INIT;
	int status;

	if (line->count != 1)
		return cmd_usage(line->count ? "one FILE is enough" :
				 "into which FILE?");
	target = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (target < 0)
		return cmd_fail("cannot make %s: %s", name, strerror(errno));
	status = order_run(line, fill);
	/* For a copy that is not whole must not look like one. */
	if (status != CMD_OK && unlink(name) && ftruncate(target, 0))
		(void)cmd_fail("%s is of no use", name);
	if (close(target) && status == CMD_OK)
		status = cmd_fail("cannot write %s: %s", name,
				  strerror(errno));
	if (status == CMD_OK)
		(void)file_sync_folder(name, &error);	/* not ours perhaps */
	buf_release(&error);
	return status;
}

const struct command cmd_backup = {
	.name = "backup",
	.words = "FILE",
	.summary = "Copy the store into a new file; the daemon may run",
	.detail = "For its owner alone. The spool and the configuration are "
		  "files; see tocsin(7).\n",
	.options = { { NULL, NULL, NULL } },
	.run = run,
};
