/*
 * The one difficulty is blame. The reader works in order, so when it dies the
 * oldest request without an answer is at fault; but only after the greeting,
 * for a process that dies before it has said hello was killed by no mail.
 */
#include "parse/reader.h"

#include "base/bug.h"
#include "base/spawn.h"
#include "parse/cage.h"
#include "parse/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TOCSIN_LIBEXECDIR
#define TOCSIN_LIBEXECDIR "/usr/local/libexec/tocsin"
#endif

enum {
	CHUNK = 65536,		/* octets of one read */
	START_LIMIT_MS = 10000,	/* until the greeting */
};

struct request {
	int fd;			/* our own, open until the answer */
	uint64_t offset;
	uint64_t id;
	bool sent;		/* to the process that runs now */
};

struct reader {
	char *path;
	int limit_ms;
	int epoll;		/* watches the socket, whichever it is */

	pid_t pid;		/* 0: no process */
	int socket;		/* -1 without one */
	bool greeted;
	unsigned int answered;	/* by this process */
	int64_t since_ms;	/* start, or when it took up the oldest mail,
				   or answered the last one */
	struct buf in;		/* received and not used yet */

	struct request queue[READER_QUEUE_MOST];	/* oldest first */
	size_t count;
};

/* A stop watch, not the time of day: nothing that is decided or recorded
 * depends on it. */
static int64_t
stopwatch_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		BUG("no monotonic clock: %s", strerror(errno));
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The program --- */

/* `name` seen from the folder of the running program. */
static bool
near_running_program(struct buf *path, const char *name)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self));
	const char *slash;

	if (length <= 0)
		return false;
	slash = memrchr(self, '/', (size_t)length);
	if (!slash)
		return false;
	buf_reset(path);
	buf_append(path, self, (size_t)(slash - self));
	buf_puts(path, name);
	return !access(path->data, X_OK);
}

static char *
find_program(void)
{
	const char *named = getenv("TOCSIN_READER");
	struct buf path = BUF_INIT;
	char *copy;

	if (named && *named) {
		buf_puts(&path, named);
	} else if (!near_running_program(&path, "/tocsin-reader") &&
		   !near_running_program(&path, "/../libexec/tocsin/"
					 "tocsin-reader")) {
		buf_reset(&path);
		buf_puts(&path, TOCSIN_LIBEXECDIR "/tocsin-reader");
	}
	copy = bug_strdup(path.data);
	buf_release(&path);
	return copy;
}

/* --- The process --- */

static int
spawn(struct reader *reader, int socket)
{
	static char locale[] = "LC_ALL=C", name[] = "tocsin-reader";
	char *environment[] = { locale, NULL }, *arguments[] = { name, NULL };

	return spawn_clean(reader->path, arguments, environment, socket, -1,
			   &reader->pid);
}

static void
watch(struct reader *reader)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(reader->epoll, EPOLL_CTL_ADD, reader->socket, &event))
		BUG("epoll_ctl: %s", strerror(errno));
}

static bool
start(struct reader *reader, struct buf *error)
{
	int ends[2], failed;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		buf_printf(error, "cannot make a socket for the reader: %s",
			   strerror(errno));
		return false;
	}
	failed = spawn(reader, ends[1]);
	(void)close(ends[1]);
	if (failed) {
		(void)close(ends[0]);
		buf_printf(error, "cannot start %s: %s", reader->path,
			   strerror(failed));
		return false;
	}
	reader->socket = ends[0];
	reader->greeted = false;
	reader->answered = 0;
	reader->since_ms = stopwatch_ms();
	watch(reader);
	return true;
}

/* End the process, whatever it is doing, and say how it ended. */
static int
stop(struct reader *reader)
{
	int status = 0;
	size_t i;

	if (!reader->pid)
		return 0;
	(void)kill(reader->pid, SIGKILL);	/* no harm if it is dead */
	while (waitpid(reader->pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)close(reader->socket);	/* leaves the epoll set by itself */
	reader->pid = 0;
	reader->socket = -1;
	buf_reset(&reader->in);
	for (i = 0; i < reader->count; i++)
		reader->queue[i].sent = false;
	return status;
}

static void
describe_end(struct buf *error, int status)
{
	if (WIFSIGNALED(status))
		buf_printf(error, "was ended by signal %d (%s)",
			   WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		buf_printf(error, "ended with status %d", WEXITSTATUS(status));
}

/* --- Requests --- */

static bool
send_request(const struct reader *reader, const struct request *request)
{
	struct wire_request body = { .offset = request->offset };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec piece = { &body, sizeof(body) };
	struct msghdr header = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *first = CMSG_FIRSTHDR(&header);

	first->cmsg_level = SOL_SOCKET;
	first->cmsg_type = SCM_RIGHTS;
	first->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(first), &request->fd, sizeof(request->fd));
	return sendmsg(reader->socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		sizeof(body);
}

/* What cannot be sent now is sent when an answer has made room; that the
 * process is dead shows when its answer is read. */
static void
send_waiting(struct reader *reader)
{
	size_t i;

	for (i = 0; i < reader->count; i++) {
		struct request *request = &reader->queue[i];

		if (!request->sent && !send_request(reader, request))
			return;
		request->sent = true;
	}
}

static void
answer_oldest(struct reader *reader, enum reader_outcome outcome,
	      struct reader_answer *answer)
{
	answer->id = reader->queue[0].id;
	answer->outcome = outcome;
	(void)close(reader->queue[0].fd);	/* read only: nothing to lose */
	reader->count--;
	memmove(&reader->queue[0], &reader->queue[1],
		reader->count * sizeof(reader->queue[0]));
	reader->since_ms = stopwatch_ms();
}

bool
reader_send(struct reader *reader, int fd, uint64_t offset, uint64_t id)
{
	struct request request = { .offset = offset, .id = id };

	if (reader->count == READER_QUEUE_MOST)
		return false;
	request.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (request.fd < 0)
		return false;	/* too many open files: later */
	if (!reader->count)
		reader->since_ms = stopwatch_ms();
	reader->queue[reader->count++] = request;
	if (reader->pid)
		send_waiting(reader);
	return true;
}

/* --- Answers --- */

/* Octets of the answer at the front, its length included; 0 while that is not
 * known. */
static size_t
answer_size(const struct reader *reader)
{
	if (reader->in.len < 4)
		return 0;
	return 4 + (size_t)wire_get_u32(reader->in.data);
}

static bool
is_too_large(const struct reader *reader)
{
	return answer_size(reader) > 4 + (size_t)WIRE_MOST;
}

/* All of it is there, or as much as is wanted. */
static bool
is_complete(const struct reader *reader)
{
	size_t size = answer_size(reader);

	return (size && reader->in.len >= size) || is_too_large(reader);
}

static void
consume(struct reader *reader, size_t count)
{
	struct buf *in = &reader->in;

	memmove(in->data, in->data + count, in->len - count);
	buf_cut(in, in->len - count);
}

/* Until an answer is whole or nothing more is there; false at the end. The
 * greeting, taken for a length, is too large. */
static bool
fill(struct reader *reader)
{
	while (!is_complete(reader)) {
		char *room = buf_grow(&reader->in, CHUNK);
		ssize_t got = recv(reader->socket, room, CHUNK, MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return true;
		if (got <= 0)
			return false;
		buf_grown(&reader->in, (size_t)got);
	}
	return true;
}

static bool
take_greeting(struct reader *reader, struct buf *error)
{
	if (reader->greeted || reader->in.len < 4)
		return true;
	if (wire_get_u32(reader->in.data) != WIRE_GREETING) {
		buf_printf(error, "%s is of another version; restart tocsin",
			   reader->path);
		return false;
	}
	consume(reader, 4);
	reader->greeted = true;
	reader->since_ms = stopwatch_ms();
	return true;
}

/* Has the process little processor time left for another mail? When the kernel
 * does not say, the cage's limit still holds. */
static bool
is_worn(const struct reader *reader)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (!clock_getcpuclockid(reader->pid, &clock))
		(void)clock_gettime(clock, &used);
	return used.tv_sec >= CAGE_CPU_S / 2;
}

static enum reader_outcome
take_answer(struct reader *reader, struct arena *arena,
	    struct reader_answer *answer, struct buf *error)
{
	size_t size = answer_size(reader);

	if (size == 4) {
		consume(reader, size);
		buf_puts(error, "the mail's file cannot be read");
		return READER_UNREADABLE;
	}
	if (is_too_large(reader))
		buf_puts(error, "the reader's answer is too large");
	else
		answer->message = wire_decode(arena, reader->in.data + 4,
					      size - 4, error);
	if (answer->message) {
		consume(reader, size);
		if (++reader->answered == READER_MAILS_MOST || is_worn(reader))
			(void)stop(reader);	/* others wait: a new one */
		return READER_PARSED;
	}
	(void)stop(reader);	/* it lies: never mind how it ends */
	return READER_CRASHED;
}

static bool
is_late(const struct reader *reader)
{
	int limit = reader->greeted ? reader->limit_ms : START_LIMIT_MS;

	return stopwatch_ms() - reader->since_ms >= limit;
}

/* The process is dead, or has to be: the oldest request's outcome. */
static enum reader_outcome
end_process(struct reader *reader, bool late, struct buf *error)
{
	bool greeted = reader->greeted;
	int status = stop(reader);

	if (late && greeted) {
		buf_printf(error, "the reader took longer than %d ms",
			   reader->limit_ms);
		return READER_LATE;
	}
	buf_printf(error, "%s ", greeted ? "the reader" : reader->path);
	if (late)
		buf_puts(error, "did not become ready");
	else
		describe_end(error, status);
	return greeted ? READER_CRASHED : READER_UNAVAILABLE;
}

/* One step with the process that runs. True when the oldest request has an
 * outcome. */
static bool
step(struct reader *reader, struct arena *arena, struct reader_answer *answer,
     enum reader_outcome *outcome_out, struct buf *error)
{
	bool greeted = reader->greeted, open;

	send_waiting(reader);
	open = fill(reader);
	if (!take_greeting(reader, error)) {
		(void)stop(reader);	/* the sentence is written already */
		*outcome_out = READER_UNAVAILABLE;
		return true;
	}
	/* Behind the greeting there may be an answer. */
	open = open && (greeted || fill(reader));
	if (reader->greeted && is_complete(reader)) {
		*outcome_out = take_answer(reader, arena, answer, error);
		return true;
	}
	if (open && !is_late(reader))
		return false;
	if (!open && reader->greeted && !reader->queue[0].sent) {
		(void)stop(reader);	/* it died at rest: start another */
		return false;
	}
	*outcome_out = end_process(reader, open, error);
	return true;
}

static bool
has_rested(const struct reader *reader)
{
	return stopwatch_ms() - reader->since_ms >= READER_REST_MS;
}

/* Nobody waits for it: notice its death, so that its socket is not readable
 * for ever. Anything it says unasked ends it as well. */
static void
rest(struct reader *reader)
{
	struct buf ignored = BUF_INIT;

	if (reader->pid && (!fill(reader) || !take_greeting(reader, &ignored) ||
			    reader->in.len || has_rested(reader)))
		(void)stop(reader);
	buf_release(&ignored);
}

bool
reader_receive(struct reader *reader, struct arena *arena,
	       struct reader_answer *answer_out)
{
	enum reader_outcome outcome = READER_UNAVAILABLE;
	struct buf error = BUF_INIT;
	bool known;

	*answer_out = (struct reader_answer){ 0 };
	if (!reader->count) {
		rest(reader);
		return false;
	}
	known = !reader->pid && !start(reader, &error);
	known = known || step(reader, arena, answer_out, &outcome, &error);
	if (known) {
		answer_oldest(reader, outcome, answer_out);
		if (error.len)
			answer_out->error = arena_strdup(arena, error.data);
	}
	buf_release(&error);
	return known;
}

/* How long the process may do what it is doing. */
static int
patience_ms(const struct reader *reader)
{
	if (!reader->count)
		return READER_REST_MS;
	return reader->greeted ? reader->limit_ms : START_LIMIT_MS;
}

int
reader_wait_ms(const struct reader *reader)
{
	int64_t left;

	if (!reader->pid)
		return reader->count ? 0 : -1;
	left = reader->since_ms + patience_ms(reader) - stopwatch_ms();
	return left < 0 ? 0 : (int)left;
}

enum reader_outcome
reader_parse(struct reader *reader, int fd, uint64_t offset,
	     struct arena *arena, struct message **message_out,
	     struct buf *error)
{
	struct reader_answer answer;

	*message_out = NULL;
	if (reader->count)
		BUG("reader_parse() with %zu requests waiting", reader->count);
	if (!reader_send(reader, fd, offset, 0)) {
		buf_puts(error, "too many open files");
		return READER_UNAVAILABLE;
	}
	while (!reader_receive(reader, arena, &answer)) {
		struct pollfd wait = { reader->epoll, POLLIN, 0 };

		/* A signal or a timeout: reader_receive() sees. */
		(void)poll(&wait, 1, reader_wait_ms(reader));
	}
	*message_out = answer.message;
	if (answer.error)
		buf_puts(error, answer.error);
	return answer.outcome;
}

/* --- Life --- */

struct reader *
reader_create(const char *path, int limit_ms)
{
	struct reader *reader = bug_alloc(sizeof(*reader));

	*reader = (struct reader){
		.limit_ms = limit_ms, .socket = -1, .in = BUF_INIT,
	};
	reader->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (reader->epoll < 0)
		BUG("epoll_create1: %s", strerror(errno));
	reader->path = path ? bug_strdup(path) : find_program();
	return reader;
}

void
reader_destroy(struct reader **reader)
{
	struct reader *old = *reader;
	size_t i;

	if (!old)
		return;
	(void)stop(old);
	for (i = 0; i < old->count; i++)
		(void)close(old->queue[i].fd);
	(void)close(old->epoll);
	buf_release(&old->in);
	free(old->path);
	free(old);
	*reader = NULL;
}

const char *
reader_path(const struct reader *reader)
{
	return reader->path;
}

int
reader_fd(const struct reader *reader)
{
	return reader->epoll;
}
