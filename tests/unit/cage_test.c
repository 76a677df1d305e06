/* Each attempt is made by a child in a cage of its own. */
#include "parse/cage.h"

#include <tap.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* A build with sanitizers has no filter: cage.h. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

enum { FINE = 0, REFUSED = 1, DIFFERENT = 2 };

static int
verdict(bool refused)
{
	return refused && errno == EACCES ? REFUSED : refused ? DIFFERENT : FINE;
}

static int
use_memory(void)
{
	char *memory = malloc(1 << 20);
	char *larger = realloc(memory, 64 << 20);

	memset(larger, 1, 64 << 20);
	free(larger);
	return FINE;
}

static int
write_output(void)
{
	return verdict(write(STDERR_FILENO, "", 0) < 0);
}

static int
open_file(void)
{
	return verdict(open("/etc/passwd", O_RDONLY) < 0);
}

static int
make_socket(void)
{
	return verdict(socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static int
make_process(void)
{
	return verdict(fork() < 0);
}

static int
run_program(void)
{
	char *const nothing[] = { NULL };

	return verdict(execve("/bin/true", nothing, nothing) < 0);
}

static int
trace_parent(void)
{
	return verdict(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0);
}

static int
kill_parent(void)
{
	return verdict(kill(getppid(), 0) < 0);
}

static int
map_code(void)
{
	return verdict(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE |
			    MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static int
make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			  MAP_ANONYMOUS, -1, 0);

	return verdict(mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0);
}

static int
map_file(void)
{
	return verdict(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0) ==
		       MAP_FAILED);
}

static int
take_megabytes(size_t count)
{
	void *memory = mmap(NULL, count << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED && errno == ENOMEM ? REFUSED : FINE;
}

static int
take_400_megabytes(void)
{
	return take_megabytes(400);
}

static int
take_512_megabytes(void)
{
	return take_megabytes(512);
}

/* How many there can be, those that are open already among them. */
static int
open_files(void)
{
	int last = 0, fd;

	while ((fd = dup(STDERR_FILENO)) >= 0)
		last = fd;
	return errno == EMFILE ? last + 1 : 0;
}

/* Seconds of processor time that a mail has; the kernel rounds them. */
static int
start_clock(void)
{
	struct itimerval timer;

	cage_clock_start();
	return getitimer(ITIMER_PROF, &timer) ? 0 :
	       (int)(timer.it_value.tv_sec +
		     (timer.it_value.tv_usec >= 500000));
}

static int
stop_with_a_bug(void)
{
	abort();
}

/* `signal` 0: it lives and says `status`. */
static const struct attempt {
	const char *name;
	int (*make)(void);
	int status, signal;
} attempts[] = {
	{ "memory is taken and given back", use_memory, FINE, 0 },
	{ "what is open is written to", write_output, FINE, 0 },
	{ "a file is not opened", open_file, REFUSED, 0 },
	{ "400 MiB are there", take_400_megabytes, FINE, 0 },
	{ "512 MiB are too much, with what it has", take_512_megabytes,
	  REFUSED, 0 },
	{ "abort() ends as it should", stop_with_a_bug, 0, SIGABRT },
	{ "no socket", make_socket, 0, SIGSYS },
	{ "no new process", make_process, 0, SIGSYS },
	{ "no other program", run_program, 0, SIGSYS },
	{ "no tracing", trace_parent, 0, SIGSYS },
	{ "no signal to others", kill_parent, 0, SIGSYS },
	{ "no memory to execute", map_code, 0, SIGSYS },
	{ "nor made so later", make_code, 0, SIGSYS },
	{ "no file in memory", map_file, 0, SIGSYS },
};

static int
attempt_in_cage(const struct attempt *attempt, unsigned int flags)
{
	int status = 0;
	pid_t child = fork();

	if (!child)
		_exit(cage_close(flags) ? attempt->make() : 99);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void
check(const struct attempt *attempt)
{
	int status = attempt_in_cage(attempt, 0);

	if (attempt->signal)
		is_int(WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		       attempt->signal, "%s", attempt->name);
	else
		is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		       attempt->status, "%s", attempt->name);
}

int
main(void)
{
	static const struct attempt opening = { .make = open_file };
	static const struct attempt files = { .make = open_files };
	static const struct attempt clock = { .make = start_clock };
	size_t i;
	int status;

	for (i = 0; !SANITIZED && i < sizeof(attempts) / sizeof(*attempts); i++)
		check(&attempts[i]);
	status = attempt_in_cage(&opening, CAGE_UNFILTERED);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == FINE,
	   "without the filter files are opened");
	status = attempt_in_cage(&files, CAGE_UNFILTERED);
	if (!SANITIZED)
		is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 16,
		       "16 files can be open");
	status = attempt_in_cage(&clock, CAGE_UNFILTERED);
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 5,
	       "a mail has 5 seconds of processor time");
	return tap_done();
}
