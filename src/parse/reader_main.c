/*
 * tocsin-reader: raw mail in, struct message out, in a cage; or a calendar in,
 * its turns out.
 *
 * Started by tocsin with a socket as standard input; one request after the
 * other (wire.h) until the socket closes. A mail that is too much for the
 * libraries ends this process and nothing else. A calendar has a process of its
 * own (calendar_reader.h).
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "parse/cage.h"
#include "parse/calendar.h"
#include "parse/calendar_text.h"
#include "parse/calendar_zone.h"
#include "parse/describe.h"
#include "parse/parse.h"
#include "parse/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	CHUNK = 65536,		/* octets of one read */
	KEPT_MOST = 4 << 20,	/* octets of a buffer kept for the next mail */
};

/* What lives from one mail to the next. */
struct bench {
	struct arena *arena;
	struct buf mail;
	struct buf answer;
};

static const char usage[] =
	"usage: tocsin-reader [--no-seccomp] --print FILE...\n"
	"       tocsin-reader [--no-seccomp] --calendar ZONE FROM UNTIL\n"
	"       tocsin-reader [--no-seccomp]            (started by tocsin)\n"
	"\n"
	"Take mail or calendars apart in a process that can do nothing else.\n"
	"\n"
	"  --print FILE  show what tocsin sees in a mail\n"
	"  --calendar    the turns of the iCalendar file on standard input,\n"
	"                as JSON; ZONE is that of times without one, FROM\n"
	"                and UNTIL are as 2026-12-24T18:00:00Z\n"
	"  --no-seccomp  keep the limits, leave out the system call filter\n"
	"  --help        this text\n"
	"  --version     the version\n";

/* Empty it for the next mail, and keep no more memory than most need. */
static void
empty(struct buf *buf)
{
	if (buf->size > KEPT_MOST)
		buf_release(buf);
	else
		buf_reset(buf);
}

/* One octet more than is parsed tells parse_mail() that there is more. */
static bool
read_mail(int fd, uint64_t offset, struct buf *mail)
{
	if (offset > INT64_MAX - 2 * (uint64_t)PARSE_MOST)
		return false;
	while (mail->len <= PARSE_MOST) {
		char *room = buf_grow(mail, CHUNK);
		ssize_t got = pread(fd, room, CHUNK,
				    (off_t)(offset + mail->len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return !got;
		buf_grown(mail, (size_t)got);
	}
	return true;
}

/* Nested mails are the only thing whose size has no limit of its own. */
static void
encode(struct bench *bench, struct message *message)
{
	wire_encode(&bench->answer, message);
	if (bench->answer.len <= WIRE_MOST)
		return;
	buf_reset(&bench->answer);
	message->nested.count = 0;
	message_limit(bench->arena, message,
		      "attached messages were too large and left out");
	wire_encode(&bench->answer, message);
}

/* An empty answer: the file could not be read. */
static void
work(struct bench *bench, int fd, uint64_t offset)
{
	if (!read_mail(fd, offset, &bench->mail))
		return;
	encode(bench, parse_mail(bench->arena, bench->mail.data,
				 bench->mail.len));
}

/* --- Serving --- */

/* The file that came with a request; -1 when there is none. */
static int
received_file(struct msghdr *header)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	int fd;

	if (!control || control->cmsg_level != SOL_SOCKET ||
	    control->cmsg_type != SCM_RIGHTS ||
	    control->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

/* 1 with a request, 0 when the parent has closed the socket, else -1. */
static int
receive(struct wire_request *request, int *fd_out)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec piece = { request, sizeof(*request) };
	struct msghdr header = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t got;

	do
		got = recvmsg(STDIN_FILENO, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (!got || (got < 0 && errno == ECONNRESET))
		return 0;
	*fd_out = received_file(&header);
	return got == sizeof(*request) && *fd_out >= 0 ? 1 : -1;
}

static bool
send_number(uint32_t number)
{
	struct buf bytes = BUF_INIT;
	bool sent;

	wire_put_u32(&bytes, number);
	sent = file_write_all(STDIN_FILENO, bytes.data, bytes.len);
	buf_release(&bytes);
	return sent;
}

/* In one piece, length and all: each one wakes the parent. */
static bool
send_answer(const struct buf *answer)
{
	struct buf bytes = BUF_INIT;
	bool sent;

	wire_put_u32(&bytes, (uint32_t)answer->len);
	buf_append(&bytes, answer->data, answer->len);
	sent = file_write_all(STDIN_FILENO, bytes.data, bytes.len);
	buf_release(&bytes);
	return sent;
}

static int
serve(struct bench *bench)
{
	struct wire_request request;
	int fd, got;

	if (!send_number(WIRE_GREETING))
		return EX_IOERR;
	while ((got = receive(&request, &fd)) > 0) {
		work(bench, fd, request.offset);
		(void)close(fd);	/* read only: nothing to lose */
		if (!send_answer(&bench->answer))
			return EX_IOERR;
		arena_reset(bench->arena);
		empty(&bench->mail);
		empty(&bench->answer);
	}
	return got ? EX_PROTOCOL : 0;
}

/* --- Showing --- */

static int
show(struct bench *bench, int fd)
{
	struct message *message;
	struct buf text = BUF_INIT;
	bool written;

	work(bench, fd, 0);
	message = wire_decode(bench->arena, bench->answer.data,
			      bench->answer.len, &text);
	if (message)
		describe_message(&text, message);
	else
		buf_putc(&text, '\n');
	written = file_write_all(message ? STDOUT_FILENO : STDERR_FILENO,
				 text.data, text.len);
	buf_release(&text);
	return !message ? EX_NOINPUT : written ? 0 : EX_IOERR;
}

static int
show_all(struct bench *bench, int count, const int *files)
{
	int status = 0, i;

	for (i = 0; i < count; i++) {
		int one = show(bench, files[i]);

		if (one)
			status = one;
		arena_reset(bench->arena);
		buf_reset(&bench->mail);
		buf_reset(&bench->answer);
	}
	return status;
}

/* --- A calendar --- */

/* One octet more than is parsed tells that there is more. */
static bool
read_input(struct buf *bytes)
{
	while (bytes->len <= CALENDAR_MOST) {
		char *room = buf_grow(bytes, CHUNK);
		ssize_t got = read(STDIN_FILENO, room, CHUNK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return !got;
		buf_grown(bytes, (size_t)got);
	}
	return true;
}

static void
print_error(const char *error, struct buf *out)
{
	struct json *object = json_object();

	json_set_text(object, "error", error);
	json_print(object, out);
	json_destroy(&object);
}

static int
answer_calendar(const struct calendar_wish *wish)
{
	struct buf bytes = BUF_INIT, out = BUF_INIT, error = BUF_INIT;
	struct arena *arena = arena_create();
	struct turns *turns = NULL;
	bool written;

	if (read_input(&bytes))
		turns = calendar_parse(arena, bytes.data, bytes.len, wish,
				       &error);
	else
		buf_puts(&error, "it cannot be read");
	if (turns)
		turns_print(turns, &out);
	else
		print_error(error.data, &out);
	written = file_write_all(STDOUT_FILENO, out.data, out.len);
	arena_destroy(&arena);
	buf_release(&bytes);
	buf_release(&out);
	buf_release(&error);
	return written ? 0 : EX_IOERR;
}

/* All that is asked of zones must have been read before no file can be. */
static int
calendar(int count, char **words, unsigned int flags)
{
	struct calendar_wish wish;
	struct buf error = BUF_INIT;

	if (count != 3 || !clock_parse(words[1], &wish.since) ||
	    !clock_parse(words[2], &wish.until)) {
		fputs("tocsin-reader: --calendar takes ZONE FROM UNTIL\n",
		      stderr);
		return EX_USAGE;
	}
	wish.zone = !strcmp(words[0], "UTC") ? zone_utc() :
		    zone_find(words[0], &error);
	if (!wish.zone)
		fprintf(stderr, "tocsin-reader: %s\n", error.data);
	buf_release(&error);
	if (!wish.zone)
		return EX_NOINPUT;
	calendar_zone_warm_up();
	if (!cage_close(flags))
		fprintf(stderr, "tocsin-reader: no system call filter on this "
			"machine; only the limits hold\n");
	return answer_calendar(&wish);
}

/* --- Start --- */

static void
close_cage(unsigned int flags)
{
	parse_warm_up();
	if (!cage_close(flags))
		fprintf(stderr, "tocsin-reader: no system call filter on this "
			"machine; only the limits hold\n");
}

static int
run(int count, const int *files, unsigned int flags)
{
	struct bench bench = {
		.arena = arena_create(), .mail = BUF_INIT, .answer = BUF_INIT,
	};
	int status;

	close_cage(flags);
	status = count ? show_all(&bench, count, files) : serve(&bench);
	arena_destroy(&bench.arena);
	buf_release(&bench.mail);
	buf_release(&bench.answer);
	return status;
}

static int
print(int count, char **names, unsigned int flags)
{
	int files[8], i;

	if (!count || count > 8) {
		fputs("tocsin-reader: --print takes 1 to 8 files\n", stderr);
		return EX_USAGE;
	}
	for (i = 0; i < count; i++) {
		files[i] = open(names[i], O_RDONLY | O_CLOEXEC);
		if (files[i] < 0) {
			fprintf(stderr, "tocsin-reader: %s: %s\n", names[i],
				strerror(errno));
			return EX_NOINPUT;
		}
	}
	return run(count, files, flags | CAGE_MAY_WRITE);
}

static bool
stdin_is_socket(void)
{
	struct stat status;

	return !fstat(STDIN_FILENO, &status) && S_ISSOCK(status.st_mode);
}

static int
start_serving(unsigned int flags)
{
	if (!stdin_is_socket()) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	/* The parent's files are closed on exec; this is for those that a
	 * library of its opened otherwise. Old kernels have no such call. */
	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	return run(0, NULL, flags);
}

int
main(int argc, char **argv)
{
	unsigned int flags = 0;
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--no-seccomp"))
			flags |= CAGE_UNFILTERED;
		else
			break;
	if (i == argc)
		return start_serving(flags);
	if (!strcmp(argv[i], "--print"))
		return print(argc - i - 1, argv + i + 1, flags);
	if (!strcmp(argv[i], "--calendar"))
		return calendar(argc - i - 1, argv + i + 1,
				flags | CAGE_MAY_WRITE);
	if (!strcmp(argv[i], "--help"))
		return fputs(usage, stdout) < 0;
	if (!strcmp(argv[i], "--version"))
		return printf("tocsin-reader %s\n", TOCSIN_VERSION) < 0;
	fputs(usage, stderr);
	return EX_USAGE;
}
