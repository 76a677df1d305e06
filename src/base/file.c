#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_CHUNK = 64 * 1024,
	SECRET_MOST = 4096,	/* no password or token file is longer */
};

static enum outcome
failed(struct buf *error, const char *what, const char *name)
{
	int reason = errno;

	buf_printf(error, "cannot %s %s: %s", what, name, strerror(reason));
	return outcome_of_errno(reason);
}

enum outcome
file_read_fd(int fd, const char *name, size_t most, struct buf *out,
	     struct buf *error)
{
	size_t total = 0;
	ssize_t got;

	for (;;) {
		got = read(fd, buf_grow(out, FILE_CHUNK), FILE_CHUNK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(error, "read", name);
		if (!got)
			return OUTCOME_OK;
		buf_grown(out, (size_t)got);
		total += (size_t)got;
		if (total > most) {
			buf_printf(error, "%s is larger than %zu bytes", name,
				   most);
			return OUTCOME_PERMANENT;
		}
	}
}

static int
open_regular(const char *path, struct stat *stat_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (fstat(fd, stat_out)) {
		(void)close(fd);	/* only opened */
		return -1;
	}
	if (S_ISREG(stat_out->st_mode))
		return fd;
	(void)close(fd);		/* only opened */
	errno = S_ISDIR(stat_out->st_mode) ? EISDIR : EINVAL;
	return -1;
}

enum outcome
file_read(const char *path, size_t most, struct buf *out, struct buf *error)
{
	enum outcome outcome;
	struct stat stat;
	int fd = open_regular(path, &stat);

	if (fd < 0)
		return failed(error, "open", path);
	outcome = file_read_fd(fd, path, most, out, error);
	(void)close(fd);	/* only read from */
	return outcome;
}

bool
file_write_all(int fd, const void *bytes, size_t count)
{
	const char *at = bytes;

	while (count) {
		ssize_t written = write(fd, at, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		at += written;
		count -= (size_t)written;
	}
	return true;
}

enum outcome
file_sync_directory(const char *path, struct buf *error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return failed(error, "open directory", path);
	if (fsync(fd)) {
		enum outcome outcome = failed(error, "sync directory", path);

		(void)close(fd);	/* already failing */
		return outcome;
	}
	(void)close(fd);		/* only read from */
	return OUTCOME_OK;
}

static enum outcome
write_new(const char *path, const void *bytes, size_t count, unsigned int mode,
	  struct buf *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return failed(error, "create", path);
	if (!file_write_all(fd, bytes, count) || fsync(fd)) {
		enum outcome outcome = failed(error, "write", path);

		(void)close(fd);	/* already failing */
		return outcome;
	}
	if (close(fd))
		return failed(error, "close", path);
	return OUTCOME_OK;
}

char *
file_folder(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(arena, ".");
	return arena_strndup(arena, path, slash == path ? 1 :
			     (size_t)(slash - path));
}

enum outcome
file_sync_folder(const char *path, struct buf *error)
{
	struct arena *arena = arena_create();
	enum outcome outcome = file_sync_directory(file_folder(arena, path),
						   error);

	arena_destroy(&arena);
	return outcome;
}

enum outcome
file_replace(const char *path, const void *bytes, size_t count,
	     unsigned int mode, struct buf *error)
{
	struct buf beside = BUF_INIT;
	enum outcome outcome;

	buf_printf(&beside, "%s.new", path);
	(void)unlink(beside.data);	/* of one who was killed in between */
	outcome = write_new(beside.data, bytes, count, mode, error);
	if (outcome == OUTCOME_OK && rename(beside.data, path))
		outcome = failed(error, "rename to", path);
	if (outcome == OUTCOME_OK)
		outcome = file_sync_folder(path, error);
	else
		(void)unlink(beside.data);	/* may not exist */
	buf_release(&beside);
	return outcome;
}

bool
file_copy(int from, int to)
{
	char piece[65536];
	ssize_t length;

	while ((length = read(from, piece, sizeof(piece)))) {
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 || !file_write_all(to, piece, (size_t)length))
			return false;
	}
	return !fsync(to);
}

enum outcome
file_read_private(const char *path, size_t most, struct buf *out,
		  struct buf *error)
{
	enum outcome outcome;
	struct stat stat;
	int fd = open_regular(path, &stat);

	if (fd < 0)
		return failed(error, "open", path);
	if (stat.st_mode & (S_IWGRP | S_IRWXO)) {
		buf_printf(error, "%s can be read or changed by others: "
			   "chmod 600 %s", path, path);
		(void)close(fd);	/* only read from */
		return OUTCOME_PERMANENT;
	}
	outcome = file_read_fd(fd, path, most, out, error);
	(void)close(fd);		/* only read from */
	return outcome;
}

enum outcome
file_read_secret(const char *path, struct buf *out, struct buf *error)
{
	enum outcome outcome = file_read_private(path, SECRET_MOST, out,
						 error);

	if (outcome != OUTCOME_OK)
		return outcome;
	buf_cut(out, strcspn(out->data, "\r\n"));
	if (out->len)
		return OUTCOME_OK;
	buf_printf(error, "%s is empty", path);
	return OUTCOME_PERMANENT;
}

char *
file_beside(struct arena *arena, const char *from, const char *path)
{
	const char *slash = strrchr(from, '/');

	if (*path == '/' || !slash)
		return arena_strdup(arena, path);
	return arena_printf(arena, "%.*s/%s", (int)(slash - from), from, path);
}
