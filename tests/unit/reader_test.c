/*
 * The parent's side, against the real tocsin-reader beside this test's folder
 * and against small programs that misbehave.
 */
#include "parse/reader.h"

#include "base/arena.h"
#include "base/text.h"

#include <tap.h>
#include <temporary.h>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT_MS = 20000 };

static char program[PATH_MAX + 32];
static char folder[TEMPORARY_LENGTH];

static void
find_program(void)
{
	ssize_t length = readlink("/proc/self/exe", program, PATH_MAX);
	char *slash;

	program[length < 0 ? 0 : length] = '\0';
	slash = strrchr(program, '/');
	memcpy(slash, "/../tocsin-reader", sizeof("/../tocsin-reader"));
}

static int
mail_file(const char *text)
{
	char name[TEMPORARY_LENGTH];
	int fd = mkstemp(temporary(name));
	size_t length = strlen(text);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		return -1;
	(void)unlink(name);
	return fd;
}

/* A shell script in the place of the reader; its socket is standard input. */
static const char *
fake(const char *commands)
{
	static char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/fake", folder);
	(void)unlink(path);
	file = fopen(path, "w");
	fprintf(file, "#!/bin/sh\n%s\n", commands);
	fclose(file);
	chmod(path, 0700);
	return path;
}

static void
check_parse(void)
{
	struct reader *reader = reader_create(program, LIMIT_MS);
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct message *message;
	int fd = mail_file("junk\n\nSubject: s\n\nSeverity: High\n");

	is_int(reader_parse(reader, fd, 6, arena, &message, &error),
	       READER_PARSED, "a mail is parsed from its offset on %s",
	       error.data);
	is(message ? message->subject : NULL, "s", "its subject");
	is(message ? message->text : NULL, "Severity: High\n", "its text");
	is_int(reader_parse(reader, fd, 1 << 20, arena, &message, &error),
	       READER_PARSED, "an offset beyond the end is an empty mail");
	close(fd);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	is_int(reader_parse(reader, fd, 0, arena, &message, &error),
	       READER_UNREADABLE, "a file that cannot be read");
	is(error.data, "the mail's file cannot be read", "says so");
	close(fd);
	reader_destroy(&reader);
	ok(!reader, "destroy nulls");
	buf_release(&error);
	arena_destroy(&arena);
}

static bool
next_answer(struct reader *reader, struct arena *arena,
	    struct reader_answer *answer)
{
	int rounds;

	for (rounds = 0; rounds < 1000; rounds++) {
		struct pollfd wait = { reader_fd(reader), POLLIN, 0 };
		int limit = reader_wait_ms(reader);

		if (reader_receive(reader, arena, answer))
			return true;
		if (limit < 0)
			return false;
		(void)poll(&wait, 1, limit);
	}
	return false;
}

static void
check_pipeline(void)
{
	struct reader *reader = reader_create(program, LIMIT_MS);
	struct arena *arena = arena_create();
	struct reader_answer answer;
	unsigned int i, good = 0;
	char text[64];

	is_int(reader_wait_ms(reader), -1, "without a request there is "
	       "nothing to wait for");
	for (i = 0; i < READER_QUEUE_MOST; i++) {
		int fd;

		snprintf(text, sizeof(text), "Subject: %u\n\n", i);
		fd = mail_file(text);
		good += reader_send(reader, fd, 0, i);
		close(fd);
	}
	is_int(good, READER_QUEUE_MOST, "many requests are sent ahead");
	ok(!reader_send(reader, 0, 0, 99), "but not more than that");
	for (i = good = 0; i < READER_QUEUE_MOST; i++) {
		snprintf(text, sizeof(text), "%u", i);
		good += next_answer(reader, arena, &answer) &&
			answer.outcome == READER_PARSED && answer.id == i &&
			!strcmp(answer.message->subject, text);
	}
	is_int(good, READER_QUEUE_MOST, "and answered in their order");
	ok(!reader_receive(reader, arena, &answer), "then nothing is left");
	reader_destroy(&reader);
	arena_destroy(&arena);
}

/* The process that has a parent in us; found as a person would. */
static pid_t
child_pid(void)
{
	char path[64];
	FILE *file;
	long pid = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "r");
	if (file && fscanf(file, "%ld", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	return (pid_t)pid;
}

/* Killed, and not a zombie yet. */
static bool
kill_is_pending(pid_t pid)
{
	char path[64], state = 'Z';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file && fscanf(file, "%*d %*s %c", &state) != 1)
		state = 'Z';
	if (file)
		fclose(file);
	return state != 'Z';
}

static void
check_killed_at_rest(void)
{
	struct reader *reader = reader_create(program, LIMIT_MS);
	struct arena *arena = arena_create();
	struct reader_answer answer;
	struct buf error = BUF_INIT;
	struct message *message;
	struct pollfd wait = { reader_fd(reader), POLLIN, 0 };
	int fd = mail_file("Subject: s\n\n");

	(void)reader_parse(reader, fd, 0, arena, &message, &error);
	is_int(kill(child_pid(), SIGKILL), 0, "the reader is killed at rest");
	is_int(poll(&wait, 1, 5000), 1, "its parent is woken");
	ok(!reader_receive(reader, arena, &answer), "nobody is blamed");
	is_int(poll(&wait, 1, 0), 0, "and it is not woken for ever");
	is_int(reader_parse(reader, fd, 0, arena, &message, &error),
	       READER_PARSED, "the next mail finds a new reader");
	(void)kill(child_pid(), SIGKILL);
	while (kill_is_pending(child_pid()))
		(void)poll(NULL, 0, 1);
	is_int(reader_parse(reader, fd, 0, arena, &message, &error),
	       READER_PARSED, "so does a mail that comes before its parent "
	       "has noticed");
	close(fd);
	reader_destroy(&reader);
	buf_release(&error);
	arena_destroy(&arena);
}

/* One that was taken over by a mail does not read all that follow. */
static void
check_renewal(void)
{
	struct reader *reader = reader_create(program, LIMIT_MS);
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct reader_answer answer;
	struct message *message;
	int fd = mail_file("Subject: s\n\n"), i, parsed = 0;
	pid_t first = 0;

	for (i = 0; i < READER_MAILS_MOST; i++) {
		parsed += reader_parse(reader, fd, 0, arena, &message,
				       &error) == READER_PARSED;
		if (!i)
			first = child_pid();
		arena_reset(arena);
	}
	is_int(parsed, READER_MAILS_MOST, "one process reads many mails");
	ok(first && child_pid() != first, "and then makes room");
	is_int(reader_parse(reader, fd, 0, arena, &message, &error),
	       READER_PARSED, "for another one, which reads the next");
	while (child_pid() && reader_wait_ms(reader) >= 0) {
		(void)poll(NULL, 0, reader_wait_ms(reader));
		(void)reader_receive(reader, arena, &answer);
	}
	ok(!child_pid() && reader_wait_ms(reader) == -1,
	   "one that has rested for a while is ended as well");
	close(fd);
	reader_destroy(&reader);
	buf_release(&error);
	arena_destroy(&arena);
}

struct fake_case {
	const char *name;
	const char *commands;
	enum reader_outcome outcome;
	const char *says;
};

static const struct fake_case fakes[] = {
	{ "one that ends at once", "exit 3", READER_UNAVAILABLE,
	  "ended with status 3" },
	{ "one that dies at its start", "kill -SEGV $$", READER_UNAVAILABLE,
	  "was ended by signal 11" },
	{ "one of another version", "printf TLR0 >&0; sleep 9",
	  READER_UNAVAILABLE, "is of another version; restart tocsin" },
	{ "one that dies of the mail", "printf TLR4 >&0; kill -SEGV $$",
	  READER_CRASHED, "the reader was ended by signal 11" },
	{ "one that dies within an answer",
	  "printf 'TLR4\\010\\0\\0\\0abc' >&0; exit 0", READER_CRASHED,
	  "the reader ended with status 0" },
	{ "one that never answers", "printf TLR4 >&0; exec sleep 9",
	  READER_LATE, "the reader took longer than 300 ms" },
	{ "one that answers with junk",
	  "printf 'TLR4\\004\\0\\0\\0abcd' >&0; exec sleep 9", READER_CRASHED,
	  "the reader's answer cannot be used" },
	{ "one that announces 4 GB",
	  "printf 'TLR4\\377\\377\\377\\377' >&0; exec sleep 9",
	  READER_CRASHED, "the reader's answer is too large" },
	{ "one that never stops talking", "printf TLR4 >&0; yes 2>/dev/null >&0",
	  READER_CRASHED, "the reader's answer is too large" },
};

static void
check_fake(const struct fake_case *one)
{
	struct reader *reader = reader_create(fake(one->commands), 300);
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct message *message;
	int fd = mail_file("Subject: s\n\n");

	is_int(reader_parse(reader, fd, 0, arena, &message, &error),
	       one->outcome, "%s: the outcome", one->name);
	ok(strstr(error.data, one->says), "%s: says \"%s\"", one->name,
	   error.data);
	ok(!message && !child_pid(), "%s: no message, no process is left",
	   one->name);
	close(fd);
	reader_destroy(&reader);
	buf_release(&error);
	arena_destroy(&arena);
}

static void
check_missing(void)
{
	struct reader *reader = reader_create("/nonexistent/reader", 300);
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct message *message;
	int fd = mail_file("");

	is_int(reader_parse(reader, fd, 0, arena, &message, &error),
	       READER_UNAVAILABLE, "a program that is not there");
	is(error.data, "cannot start /nonexistent/reader: No such file or "
	   "directory", "is named");
	close(fd);
	reader_destroy(&reader);
	buf_release(&error);
	arena_destroy(&arena);
}

/* The first mail kills whoever reads it; the two behind it do not suffer. */
static void
check_blame(void)
{
	struct reader *reader;
	struct arena *arena = arena_create();
	struct reader_answer answer;
	char commands[PATH_MAX + 256];
	int fd = mail_file("Subject: s\n\n");
	uint64_t id;

	snprintf(commands, sizeof(commands),
		 "if test -e %s/again; then exec %s; fi\n"
		 "touch %s/again; printf TLR4 >&0; sleep 0.2; kill -9 $$",
		 folder, program, folder);
	reader = reader_create(fake(commands), LIMIT_MS);
	for (id = 1; id <= 3; id++)
		ok(reader_send(reader, fd, 0, id), "mail %d is sent", (int)id);
	ok(next_answer(reader, arena, &answer) && answer.id == 1 &&
	   answer.outcome == READER_CRASHED, "the first one is blamed");
	for (id = 2; id <= 3; id++)
		ok(next_answer(reader, arena, &answer) && answer.id == id &&
		   answer.outcome == READER_PARSED,
		   "mail %d is read by the next process", (int)id);
	close(fd);
	reader_destroy(&reader);
	arena_destroy(&arena);
}

static void
check_environment(void)
{
	struct reader *reader;
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct message *message;
	int fd = mail_file("");

	setenv("TOCSIN_READER", fake("exit 7"), 1);
	reader = reader_create(NULL, 300);
	(void)reader_parse(reader, fd, 0, arena, &message, &error);
	ok(strstr(error.data, "status 7"), "TOCSIN_READER names the program");
	close(fd);
	reader_destroy(&reader);
	buf_release(&error);
	arena_destroy(&arena);
}

int
main(void)
{
	char path[64];
	size_t i;

	find_program();
	if (!mkdtemp(temporary(folder)))
		return 1;
	check_parse();
	check_pipeline();
	check_killed_at_rest();
	check_renewal();
	for (i = 0; i < sizeof(fakes) / sizeof(*fakes); i++)
		check_fake(&fakes[i]);
	check_missing();
	check_blame();
	check_environment();
	snprintf(path, sizeof(path), "%s/fake", folder);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/again", folder);
	(void)unlink(path);
	(void)rmdir(folder);
	return tap_done();
}
