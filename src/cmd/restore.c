/*
 * restore: a backup becomes the store.
 *
 * A store is a file and its log. The log of another one beside a file that was
 * put there by hand is read as its own: so both are moved away, and the backup
 * is looked through and synced before it gets its name. The lock keeps the
 * daemon from starting meanwhile.
 */
#include "cmd/load.h"

#include "base/file.h"
#include "daemon/service.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { OPTION_FORCE };

struct restore {
	const struct generation *generation;
	const char *from;		/* the backup, as it was named */
	int fd;				/* of it */
	const char *store;		/* the file it becomes, */
	const char *fresh;		/* and its name until then */
	bool may_replace;
	struct arena *arena;
	struct buf out, error;
};

static bool
failed(struct restore *restore, const char *what, const char *path)
{
	buf_printf(&restore->error, "cannot %s %s: %s", what, path,
		   strerror(errno));
	return false;
}

static bool
copy(struct restore *restore)
{
	int fd;
	bool good;

	(void)unlink(restore->fresh);	/* of one that was interrupted */
	fd = open(restore->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return failed(restore, "make", restore->fresh);
	good = file_copy(restore->fd, fd);
	if (!good)
		(void)failed(restore, "copy", restore->from);
	(void)close(fd);		/* synced, or failed already */
	return good;
}

static void
drop_log(struct restore *restore, const char *store)
{
	(void)unlink(arena_printf(restore->arena, "%s-wal", store));
	(void)unlink(arena_printf(restore->arena, "%s-shm", store));
}

static bool
examine(struct restore *restore)
{
	const char *url = arena_printf(restore->arena, STORE_SQLITE "%s",
				       restore->fresh);
	enum outcome outcome = store_examine(url, &restore->error);

	drop_log(restore, restore->fresh);	/* nothing was written in it */
	return outcome == OUTCOME_OK;
}

static bool
move(struct restore *restore, const char *suffix, const char *to)
{
	const char *from = arena_printf(restore->arena, "%s%s", restore->store,
					suffix);

	if (!rename(from, arena_printf(restore->arena, "%s%s", to, suffix)) ||
	    errno == ENOENT)
		return true;
	return failed(restore, "move away", from);
}

/* Together with its log it can be opened under the other name. */
static bool
move_away(struct restore *restore)
{
	struct clock clock = clock_system();
	struct buf name = BUF_INIT;
	bool good;

	/* Without its store a log is of no use, and of harm to another. */
	if (access(restore->store, F_OK)) {
		drop_log(restore, restore->store);
		return true;
	}
	buf_printf(&name, "%s.", restore->store);
	clock_print(&name, clock.now(&clock));
	good = move(restore, "", name.data) &&
	       move(restore, "-wal", name.data) &&
	       move(restore, "-shm", name.data);
	if (good)
		buf_printf(&restore->out, "the former store is %s\n",
			   name.data);
	buf_release(&name);
	return good;
}

static bool
may_begin(struct restore *restore)
{
	const char *state = restore->generation->settings.state;

	if (!cmd_become_owner(restore->generation))
		return false;
	if (access(state, W_OK | X_OK))
		return failed(restore, "write in", state);
	if (service_lock(state, &restore->error) != OUTCOME_OK)
		return false;
	if (!access(restore->store, F_OK) && !restore->may_replace) {
		buf_printf(&restore->error, "there is a store %s: with --force "
			   "it is moved away", restore->store);
		return false;
	}
	return true;
}

static bool
put_in_place(struct restore *restore)
{
	if (!move_away(restore))
		return false;
	if (rename(restore->fresh, restore->store))
		return failed(restore, "make", restore->store);
	buf_printf(&restore->out, "%s is the store now\n", restore->from);
	return file_sync_folder(restore->store, &restore->error) == OUTCOME_OK;
}

static int
restore_all(struct restore *restore)
{
	bool good = may_begin(restore) && copy(restore) && examine(restore) &&
		    put_in_place(restore);

	if (!good && restore->fresh)
		(void)unlink(restore->fresh);	/* it may not be there */
	return good && cmd_print(&restore->out) ? CMD_OK :
	       restore->error.len ? cmd_fail("%s", restore->error.data) :
	       CMD_NO;
}

static int
begin(const struct cmd_line *line, const struct generation *generation, int fd)
{
	struct restore restore = {
		.generation = generation,
		.from = line->words[0], .fd = fd,
		.store = store_file(generation->settings.store),
		.may_replace = line->values[OPTION_FORCE] != NULL,
		.arena = arena_create(), .out = BUF_INIT, .error = BUF_INIT,
	};
	int status;

	if (restore.store)
		restore.fresh = arena_printf(restore.arena, "%s.restored",
					     restore.store);
	status = restore.store ? restore_all(&restore) :
		 cmd_fail("the store is no file");
	arena_destroy(&restore.arena);
	buf_release(&restore.out);
	buf_release(&restore.error);
	return status;
}

static int
run(const struct cmd_line *line)
{
	struct generation *generation;
	int status, fd;

	if (line->count != 1)
		return cmd_usage(line->count ? "one FILE is enough" :
				 "from which FILE?");
	generation = cmd_load_anyway(line);
	if (!generation)
		return CMD_NO;
	/* As the caller, who may read more than the owner of the state. */
	fd = open(line->words[0], O_RDONLY | O_CLOEXEC);
	status = fd < 0 ? cmd_fail("cannot open %s: %s", line->words[0],
				   strerror(errno)) :
		 begin(line, generation, fd);
	if (fd >= 0)
		(void)close(fd);	/* only read from */
	generation_destroy(&generation);
	return status;
}

const struct command cmd_restore = {
	.name = "restore",
	.words = "FILE",
	.summary = "Make a backup the store; no daemon may run",
	.detail = "The file is looked through first. `tocsin run` brings one "
		  "of an older version up\nto date when it starts.\n",
	.options = {
		[OPTION_FORCE] = { "force", NULL,
				   "move a store that is there away" },
	},
	.run = run,
};
