/* Each attempt is made by a child in a cage of its own. */
#include "parse/cage.h"

#include <tap.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

/* Seconds of processor time that the process has. */
static int
ask_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CPU, &limit) || limit.rlim_max !=
	       limit.rlim_cur + 1 ? 0 : (int)limit.rlim_cur;
}

static int
lift_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	return verdict(setrlimit(RLIMIT_CPU, &limit) < 0);
}

static int
set_timer(void)
{
	struct itimerval timer = { .it_value.tv_sec = 0 };

	return verdict(setitimer(ITIMER_PROF, &timer, NULL) < 0);
}

static int
signal_parent_thread(void)
{
	return verdict(syscall(SYS_tgkill, getppid(), getppid(), 0) < 0);
}

static int
signal_itself(void)
{
	return verdict(syscall(SYS_tgkill, getpid(), getpid(), 0) < 0);
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
	{ "nor to a thread of theirs", signal_parent_thread, 0, SIGSYS },
	{ "but to itself", signal_itself, FINE, 0 },
	{ "no timer", set_timer, 0, SIGSYS },
	{ "no other limits", lift_limit, REFUSED, 0 },
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
	static const struct attempt clock = { .make = ask_limit };
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
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 8,
	       "8 seconds of processor time, and one more to end");
	return tap_done();
}
