/* What the daemon may do once the doors are shut; tried in a child, since they
 * stay shut. */
#include "daemon/sandbox.h"

#include "base/file.h"
#include "tap.h"
#include "temporary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[TEMPORARY_LENGTH];
static struct arena *arena;

static const char *
path(const char *name)
{
	return arena_printf(arena, "%s/%s", folder, name);
}

static void
write_file(const char *name, const char *text)
{
	struct buf error = BUF_INIT;

	if (file_replace(path(name), text, strlen(text), 0600, &error) !=
	    OUTCOME_OK)
		printf("Bail out! %s\n", error.data);
	buf_release(&error);
}

static int
try_create(const char *name)
{
	int fd = open(path(name), O_WRONLY | O_CREAT, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

static int
try_read(const char *name)
{
	int fd = open(name, O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

static int
try_start(const char *program)
{
	static char name[] = "program";
	static char option[] = "--version";
	char *arguments[] = { name, option, NULL }, *environment[] = { NULL };
	posix_spawn_file_actions_t quiet;
	int failed, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null",
					 O_WRONLY, 0);
	failed = posix_spawn(&pid, program, &quiet, NULL, arguments,
			     environment);
	posix_spawn_file_actions_destroy(&quiet);
	if (!failed)
		waitpid(pid, &status, 0);
	return failed;
}

static int
try_listen(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int result = bind(fd, (struct sockaddr *)&any, sizeof(any)) ? errno : 0;

	close(fd);
	return result;
}

static int
try_rename(const char *from, const char *to)
{
	return rename(path(from), path(to)) ? errno : 0;
}

static void
test_writing(void)
{
	is_int(try_create("state/lock"), 0, "the state can be written");
	is_int(try_create("rows/store.db-wal"), 0,
	       "and where the store is, beside it");
	is_int(try_create("spool/tmp/1"), 0, "and the spool");
	is_int(try_rename("spool/tmp/1", "spool/new/1"), 0,
	       "a mail moves from tmp to new");
	is_int(try_create("alerts/x"), 0,
	       "and the Maildir of a relay, which was made");
	is_int(mkdir(path("alerts/tmp"), 0700), 0, "with its folders");
	is_int(truncate(path("alerts/x"), 0), 0, "a file there can be cut");
	is_int(try_create("elsewhere/x"), EACCES, "nothing else can be");
	is_int(try_create("conf/x"), EACCES, "not the configuration");
	ok(try_rename("state/lock", "elsewhere/lock") != 0,
	   "nothing can be moved out");
	is_int(mkdir(path("elsewhere/y"), 0700) ? errno : 0, EACCES,
	       "no folder can be made");
	is_int(unlink(path("conf/main")) ? errno : 0, EACCES,
	       "and no file removed");
}

static void
test_reading(void)
{
	is_int(try_read(path("conf/main")), 0, "the configuration can be read");
	is_int(try_read(path("conf/customers/a.rules")), 0,
	       "and a customer's file");
	is_int(try_read(path("secrets/password")), 0, "and a password file");
	is_int(try_read("/etc/passwd"), 0, "and what the system looks up");
	is_int(try_read("/usr/share/zoneinfo/UTC"), 0, "and time zones");
	is_int(try_read(path("elsewhere/secret")), EACCES, "nothing else");
	is_int(try_read("/"), EACCES, "not what there is at all");
	is_int(try_read("/bin/sh"), EACCES, "and no program");
}

static void
test_the_rest(const char *reader, int version)
{
	is_int(try_start(reader), 0, "the reader can be started");
	is_int(try_start("/bin/true"), EACCES, "no other program can be");
	if (version >= 4)
		is_int(try_listen(), EACCES, "no TCP port can be opened");
	if (version >= 6)
		is_int(kill(getppid(), 0) ? errno : 0, EPERM,
		       "others get no signals");
	is_int(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1,
	       "no program can give more rights");
}

static struct generation *
load(const char *name, const char *relays)
{
	struct buf text = BUF_INIT;
	struct generation *generation;

	buf_printf(&text, "state %s/state\nspool %s/spool\ncatch-all desk\n"
		   "store sqlite:%s/rows/store.db\n"
		   "team desk { mail soc@mssp.example }\n%s\n"
		   "include \"customers/*.rules\"\n", folder, folder, folder,
		   relays);
	write_file(name, text.data);
	generation = generation_load(path(name), NULL, 0);
	buf_release(&text);
	return generation;
}

static void
make_folders(void)
{
	static const char *const names[] = {
		"conf", "conf/customers", "state", "rows", "spool", "spool/tmp",
		"spool/new", "secrets", "elsewhere",
	};
	size_t i;

	if (!mkdtemp(temporary(folder)))
		printf("Bail out! no folder\n");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (mkdir(path(names[i]), 0700))
			printf("Bail out! cannot make %s\n", names[i]);
	write_file("secrets/password", "secret\n");
	write_file("elsewhere/secret", "secret\n");
	write_file("conf/customers/a.rules", "# none\n");
}

static const char *
relays(const char *maildir)
{
	return arena_printf(arena,
		"relay m { maildir %s/%s }\n"
		"relay s { smtp mx.example login x password-file "
		"%s/secrets/password }", folder, maildir, folder);
}

static const char *
reader_program(void)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length > 0 ? length : 0] = '\0';
	*strrchr(self, '/') = '\0';	/* BUILD/tests/sandbox_test */
	return arena_printf(arena, "%s/../tocsin-reader", self);
}

static int
landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

static int
remove_one(const char *name, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(name);
}

static int
test_inside(struct generation *generation, struct generation *other)
{
	const char *reader = reader_program();
	struct buf error = BUF_INIT;
	struct sandbox *sandbox;

	sandbox_keep_secrets();
	sandbox = sandbox_close(generation, reader, &error);
	if (!sandbox) {
		ok(true, "the doors # SKIP %s", error.data);
		return tap_done();
	}
	test_writing();
	test_reading();
	test_the_rest(reader, landlock_version());
	ok(!sandbox_misses(sandbox, generation),
	   "what was loaded at the start is inside");
	is(sandbox_misses(sandbox, other) ?
	   sandbox_misses(sandbox, other)->name : NULL, "m",
	   "a relay with another Maildir is not");
	sandbox_destroy(&sandbox);
	buf_release(&error);
	return tap_done();
}

int
main(void)
{
	struct generation *generation, *other;
	int status = 1;
	pid_t pid;

	arena = arena_create();
	make_folders();
	generation = load("conf/main", relays("alerts"));
	other = load("conf/other", relays("elsewhere/alerts"));
	if (!generation_good(generation))
		printf("Bail out! the configuration does not load\n");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		status = test_inside(generation, other);
		generation_destroy(&generation);
		generation_destroy(&other);
		arena_destroy(&arena);
		return status;
	}
	waitpid(pid, &status, 0);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	generation_destroy(&generation);
	generation_destroy(&other);
	arena_destroy(&arena);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
