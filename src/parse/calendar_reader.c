/*
 * The file goes in through memory that both have, not through a pipe, so nobody
 * waits for a process that does not read.
 */
#include "parse/calendar_reader.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 65536 };

struct calendar_reader {
	pid_t pid;			/* 0: it has ended */
	int answer;			/* its standard output */
	struct buf bytes;
};

int
calendar_reader_file(const char *bytes, size_t length)
{
	int fd = memfd_create("calendar", MFD_CLOEXEC);

	if (fd >= 0 && (!file_write_all(fd, bytes, length) ||
			lseek(fd, 0, SEEK_SET) < 0)) {
		(void)close(fd);	/* memory only */
		return -1;
	}
	return fd;
}

/* Of the environment only where zones are. */
static int
spawn(pid_t *pid, const char *program, char **arguments, int input, int output)
{
	struct arena *arena = arena_create();
	char *environment[] = {
		arena_strdup(arena, "LC_ALL=C"),
		(char *)arena_printf(arena, "TZDIR=%s", zone_directory()), NULL,
	};
	int error = spawn_clean(program, arguments, environment, input, output,
				pid);

	arena_destroy(&arena);
	return error;
}

struct calendar_reader *
calendar_reader_start_fd(const char *program, const struct zone *zone,
			 instant_ms since, instant_ms until, int fd,
			 struct buf *error)
{
	struct arena *arena = arena_create();
	char *arguments[] = {
		arena_strdup(arena, "tocsin-reader"),
		arena_strdup(arena, "--calendar"),
		arena_strdup(arena, zone_name(zone)),
		(char *)clock_text(arena, since),
		(char *)clock_text(arena, until), NULL,
	};
	struct calendar_reader *run = bug_alloc(sizeof(*run));
	int ends[2] = { -1, -1 }, failed;

	*run = (struct calendar_reader){ .answer = -1, .bytes = BUF_INIT };
	if (pipe2(ends, O_CLOEXEC) || fcntl(ends[0], F_SETFL, O_NONBLOCK))
		failed = errno;
	else
		failed = spawn(&run->pid, program, arguments, fd, ends[1]);
	run->answer = ends[0];
	if (ends[1] >= 0)
		(void)close(ends[1]);	/* the process has it */
	arena_destroy(&arena);
	if (!failed)
		return run;
	run->pid = 0;
	buf_printf(error, "cannot start %s: %s", program, strerror(failed));
	calendar_reader_end(&run);
	return NULL;
}

struct calendar_reader *
calendar_reader_start(const char *program, const struct zone *zone,
		      instant_ms since, instant_ms until, const char *bytes,
		      size_t length, struct buf *error)
{
	int fd = calendar_reader_file(bytes, length);
	struct calendar_reader *run;

	if (fd < 0) {
		buf_printf(error, "no memory for it: %s", strerror(errno));
		return NULL;
	}
	run = calendar_reader_start_fd(program, zone, since, until, fd, error);
	(void)close(fd);		/* memory only */
	return run;
}

int
calendar_reader_fd(const struct calendar_reader *run)
{
	return run->answer;
}

/* All that is there; false at the end, and when it is too much. */
static bool
fill(struct calendar_reader *run)
{
	for (;;) {
		char *room = buf_grow(&run->bytes, CHUNK);
		ssize_t got = read(run->answer, room, CHUNK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return true;
		if (got <= 0 || run->bytes.len > CALENDAR_ANSWER_MOST)
			return false;
		buf_grown(&run->bytes, (size_t)got);
	}
}

/* End it, whatever it is doing, and say how it ended. */
static int
stop(struct calendar_reader *run)
{
	int status = 0;

	if (!run->pid)
		return 0;
	(void)kill(run->pid, SIGKILL);	/* no harm if it is dead */
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	run->pid = 0;
	return status;
}

static struct turns *
decode(const struct calendar_reader *run, struct arena *arena,
       struct buf *error)
{
	struct json *json = json_parse(run->bytes.data, run->bytes.len, error);
	const char *said = json_text(json_member(json, "error"));
	struct turns *turns = NULL;

	if (said)
		buf_puts(error, said);
	else if (json)
		turns = turns_parse(arena, json, error);
	json_destroy(&json);
	return turns;
}

bool
calendar_reader_take(struct calendar_reader *run, bool late,
		     struct arena *arena, struct turns **turns_out,
		     struct buf *error)
{
	bool open = fill(run);
	int status;

	*turns_out = NULL;
	if (open && !late)
		return false;
	/* Who has closed his end has no more to say, and is not waited for. */
	status = stop(run);
	if (!open && run->bytes.len)
		*turns_out = decode(run, arena, error);
	else if (open || WIFSIGNALED(status))
		buf_puts(error, "it takes longer to read than it may, or "
			 "breaks what reads it");
	else
		buf_printf(error, "tocsin-reader ended with status %d",
			   WEXITSTATUS(status));
	return true;
}

void
calendar_reader_end(struct calendar_reader **run)
{
	if (!*run)
		return;
	(void)stop(*run);
	if ((*run)->answer >= 0)
		(void)close((*run)->answer);	/* only read from */
	buf_release(&(*run)->bytes);
	free(*run);
	*run = NULL;
}

struct turns *
calendar_read(const char *program, const struct zone *zone, instant_ms since,
	      instant_ms until, const char *bytes, size_t length,
	      struct arena *arena, struct buf *error)
{
	struct calendar_reader *run = calendar_reader_start(program, zone,
			since, until, bytes, length, error);
	struct turns *turns = NULL;
	bool late = false;

	if (!run)
		return NULL;
	while (!calendar_reader_take(run, late, arena, &turns, error)) {
		struct pollfd wait = { run->answer, POLLIN, 0 };

		late = poll(&wait, 1, CALENDAR_READER_MS) == 0;
	}
	calendar_reader_end(&run);
	return turns;
}
