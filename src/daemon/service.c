#include "daemon/service.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LOCK_TRIES = 20,
	LOCK_PAUSE_US = 20000,
};

/* At rest it has some thirty open; the rest is for mails and connections. */
enum { FILES_LEAST = 64 };

enum outcome
service_find_files(struct buf *error)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_LEAST)
		return OUTCOME_OK;
	limit.rlim_cur = limit.rlim_max < FILES_LEAST ? limit.rlim_max :
			 FILES_LEAST;
	if (limit.rlim_cur == FILES_LEAST && !setrlimit(RLIMIT_NOFILE, &limit))
		return OUTCOME_OK;
	buf_printf(error, "it may have %llu files open at once and needs %d: "
		   "raise LimitNOFILE= of its unit, or `ulimit -n`",
		   (unsigned long long)limit.rlim_cur, FILES_LEAST);
	return OUTCOME_PERMANENT;
}

/* What a first start that was broken off may have left. */
static bool
is_of_first_start(int state, const char *name, const char *store)
{
	size_t length = strlen(store);
	struct stat st;

	if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "lock"))
		return true;
	if (strncmp(name, store, length))
		return false;
	/* What was committed may stand there. */
	return strcmp(name + length, "-wal") ||
	       (!fstatat(state, name, &st, 0) && !st.st_size);
}

/* The name of something in the state that is not of a first start; empty:
 * there is none. */
static void
find_other(const char *state, const char *store, struct buf *name_out)
{
	DIR *stream = opendir(state);
	struct dirent *entry;

	while (stream && !name_out->len && (entry = readdir(stream)))
		if (!is_of_first_start(dirfd(stream), entry->d_name, store))
			text_escape(name_out, entry->d_name, NAME_MAX);
	if (stream)
		(void)closedir(stream);
}

enum outcome
service_check_store(const char *state, const char *file, struct buf *error)
{
	struct buf other = BUF_INIT;
	struct stat st;

	if (stat(file, &st) || st.st_size)
		return OUTCOME_OK;
	find_other(state, strrchr(file, '/') ? strrchr(file, '/') + 1 : file,
		   &other);
	if (other.len)
		buf_printf(error, "the store %s is empty, and this is no first "
			   "start, since %s is in %s: put a copy of the store "
			   "there, or remove the empty file to begin anew and "
			   "forget all that was", file, other.data, state);
	buf_release(&other);
	return error->len ? OUTCOME_PERMANENT : OUTCOME_OK;
}

enum outcome
service_make_folder(const char *path, struct buf *error)
{
	struct buf parent = BUF_INIT;
	enum outcome outcome = OUTCOME_OK;

	if (!mkdir(path, 0700)) {
		buf_printf(&parent, "%s/..", path);
		outcome = file_sync_directory(parent.data, error);
	} else if (errno != EEXIST) {
		buf_printf(error, "cannot make the directory %s: %s", path,
			   strerror(errno));
		outcome = OUTCOME_PERMANENT;
	}
	buf_release(&parent);
	return outcome;
}

static void
describe_holder(int fd, const char *path, struct buf *error)
{
	char pid[32] = "";
	ssize_t length = pread(fd, pid, sizeof(pid) - 1, 0);

	if (length > 0)
		pid[strcspn(pid, "\n")] = '\0';
	buf_printf(error, "another tocsin runs on this state (process %s holds "
		   "%s): stop it first, or give this one a `state` of its own",
		   *pid ? pid : "unknown", path);
}

/* Who only looks whether it is locked has it for an instant: service_look(). */
static bool
lock_soon(int fd)
{
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return true;
		(void)usleep(LOCK_PAUSE_US);	/* cut short: tried sooner */
	}
	return false;
}

static enum outcome
lock_file(const char *path, struct buf *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		buf_printf(error, "cannot open %s: %s", path, strerror(errno));
		return OUTCOME_PERMANENT;
	}
	if (!lock_soon(fd)) {
		describe_holder(fd, path, error);
		(void)close(fd);	/* not ours */
		return OUTCOME_PERMANENT;
	}
	/* The number only tells the next one whom to look for; the lock itself
	 * is what counts, so a failing write changes nothing. */
	if (ftruncate(fd, 0) || dprintf(fd, "%ld\n", (long)getpid()) < 0)
		return OUTCOME_OK;
	return OUTCOME_OK;		/* the descriptor stays open */
}

enum outcome
service_lock(const char *state, struct buf *error)
{
	struct buf path = BUF_INIT;
	enum outcome outcome;

	buf_printf(&path, "%s/lock", state);
	outcome = lock_file(path.data, error);
	buf_release(&path);
	return outcome;
}

/* The number that lock_file() has written. */
static long
read_holder(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10)
							: 0;
}

enum outcome
service_look(const char *state, bool *runs_out, long *pid_out,
	     struct buf *error)
{
	struct buf path = BUF_INIT;
	int fd;

	buf_printf(&path, "%s/lock", state);
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	*runs_out = false;
	*pid_out = 0;
	if (fd < 0 && errno != ENOENT)
		buf_printf(error, "cannot open %s: %s; run this as its owner "
			   "or as root", path.data, strerror(errno));
	buf_release(&path);
	if (fd < 0)
		return errno == ENOENT ? OUTCOME_OK : OUTCOME_PERMANENT;
	*runs_out = flock(fd, LOCK_SH | LOCK_NB) != 0;
	*pid_out = *runs_out ? read_holder(fd) : 0;
	(void)close(fd);		/* and with it the lock */
	return OUTCOME_OK;
}

void
service_notify(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@')		/* an abstract name */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* A manager that does not listen must not stop the relay. */
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		     (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 length));
	(void)close(fd);
}

int64_t
service_watchdog_ms(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	uint64_t usec;

	if (!text || !text_to_u64(text, &usec))
		return 0;
	return (int64_t)(usec / 2000);
}
