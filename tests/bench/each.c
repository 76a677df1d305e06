/*
 * Start a program once for each mail, as an MTA does, and say what it cost.
 *
 *	each UID PACE PROGRAM [ARGUMENT...] < LIST
 *
 * LIST has a line `FILE RECIPIENT` for each mail. The mail comes to the program
 * through a pipe; an argument "@" is replaced by the recipient, or by several
 * words if there are blanks in it. UID runs it.
 * PACE is the milliseconds from one start to the next, 0 for none. One line of
 * output for each mail: nanoseconds from before the start to after the end,
 * nanoseconds of processor time, resident kB at most, and the end in
 * nanoseconds of the monotonic clock. Ends with status 1 when a program ends
 * with another status than 0.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAIL_MOST = 1 << 20, ARGUMENTS_MOST = 32, LINE_MOST = 4096 };

extern char **environ;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		die("clock");
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t
timeval_ns(struct timeval value)
{
	return value.tv_sec * INT64_C(1000000000) + value.tv_usec * 1000;
}

static size_t
read_file(const char *name, char *mail)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, mail, MAIL_MOST);

	if (got < 0 || got == MAIL_MOST)
		die(name);
	(void)close(fd);
	return (size_t)got;
}

/* The program, with the reading end of a pipe as its input. */
static pid_t
start(char **arguments, const int ends[2])
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) ||
	    posix_spawn_file_actions_adddup2(&actions, ends[0], 0) ||
	    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null",
					     O_WRONLY, 0) ||
	    posix_spawn(&pid, arguments[0], &actions, NULL, arguments,
			environ))
		die(arguments[0]);
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void
feed(int fd, const char *mail, size_t length)
{
	while (length) {
		ssize_t count = write(fd, mail, length);

		if (count < 0)
			return;		/* it has read enough */
		mail += count;
		length -= (size_t)count;
	}
}

static int
run(char **arguments, const char *mail, size_t length)
{
	int64_t begin = now_ns(), end;
	struct rusage usage;
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		die("pipe");
	pid = start(arguments, ends);
	(void)close(ends[0]);
	feed(ends[1], mail, length);
	(void)close(ends[1]);
	if (wait4(pid, &status, 0, &usage) != pid)
		die("wait");
	end = now_ns();
	printf("%lld %lld %ld %lld\n", (long long)(end - begin),
	       (long long)(timeval_ns(usage.ru_utime) +
			   timeval_ns(usage.ru_stime)), usage.ru_maxrss,
	       (long long)end);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void
become(unsigned int uid)
{
	if (uid && (setgid(uid) || setuid(uid)))
		die("cannot become another user");
}

static void
wait_until(int64_t when)
{
	const struct timespec at = {
		when / 1000000000, when % 1000000000,
	};

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* The program's arguments with the recipient in its place. */
static void
address(char **arguments, char **words, char *recipient)
{
	char **last = arguments + ARGUMENTS_MOST, *word;

	for (; *words && arguments < last; words++) {
		if (strcmp(*words, "@")) {
			*arguments++ = *words;
			continue;
		}
		while (arguments < last && (word = strtok(recipient, " "))) {
			*arguments++ = word;
			recipient = NULL;
		}
	}
	*arguments = NULL;
}

int
main(int argc, char **argv)
{
	static char mail[MAIL_MOST];
	char *arguments[ARGUMENTS_MOST + 1], line[LINE_MOST], *recipient;
	int64_t next = now_ns(), pace;

	if (argc < 4 || argc > ARGUMENTS_MOST)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	become((unsigned int)atoi(argv[1]));
	pace = atoi(argv[2]) * INT64_C(1000000);
	for (; fgets(line, sizeof(line), stdin); next += pace) {
		int status;

		line[strcspn(line, "\n")] = '\0';
		recipient = strchr(line, ' ');
		if (!recipient)
			return 2;
		*recipient++ = '\0';
		address(arguments, argv + 3, recipient);
		if (pace)
			wait_until(next);
		status = run(arguments, mail, read_file(line, mail));
		if (status) {
			fprintf(stderr, "%s: status %d\n", argv[3], status);
			return 1;
		}
	}
	return 0;
}
