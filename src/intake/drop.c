/*
 * The difficulty is the order of things: write, sync the file, close, rename,
 * sync the directory; each checked, none left out, since exit 0 promises all
 * of them. The steps are named in drop_commit(). System calls are few: for an
 * ordinary mail one write, because the MTA waits.
 */
#include "intake/drop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void
drop_fail(struct drop *drop, const char *format, ...)
{
	va_list args;

	if (drop->error[0])
		return;
	va_start(args, format);
	(void)vsnprintf(drop->error, sizeof(drop->error), format, args);
	va_end(args);
}

static bool
drop_failed(const struct drop *drop)
{
	return drop->error[0] != '\0';
}

/* The host's name as a part of a file name and of a header. */
static void
host_name(char *host, size_t size)
{
	char *s;

	if (gethostname(host, size) != 0 || !host[0])
		(void)snprintf(host, size, "localhost");
	host[size - 1] = '\0';
	for (s = host; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-", *s))
			*s = '_';
}

/* As Maildir names files: second, then what makes it unique. Milliseconds have
 * a fixed width, so that the names sort by age; the random part tells apart
 * containers with one host name and one pid. */
static bool
choose_name(struct drop *drop, const char *spool)
{
	unsigned long long salt = 0;
	int length;

	host_name(drop->host, sizeof(drop->host));
	if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) < 0)
		salt = 0;	/* a name that is taken, O_EXCL notices */
	(void)snprintf(drop->name, sizeof(drop->name),
		"%lld.M%03dP%ldR%016llx.%s", (long long)(drop->now / 1000),
		(int)(drop->now % 1000), (long)getpid(), salt, drop->host);
	length = snprintf(drop->path, sizeof(drop->path), "%s/tmp/%s", spool,
			  drop->name);
	return length < (int)sizeof(drop->path);
}

static int
open_new(const char *spool)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/new", spool);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
open_both(struct drop *drop, const char *spool)
{
	if (drop->directory < 0)
		drop->directory = open_new(spool);
	if (drop->directory < 0)
		return false;
	/* For the group as well: in a spool that many users share, that is the
	 * daemon's (see tocsin-deliver(8)). */
	drop->file = open(drop->path, O_WRONLY | O_CREAT | O_EXCL |
			  O_NOFOLLOW | O_CLOEXEC, 0640);
	return drop->file >= 0;
}

static bool
make_directory(const char *spool, const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", spool, name);
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool
drop_make_directories(const char *spool)
{
	int fd;
	bool good;

	/* Set-group-ID, we would make them for our caller, wherever his -s
	 * says: in `new`, say, where they could never be taken. */
	if (getegid() != getgid()) {
		errno = ENOENT;
		return false;
	}
	if (!make_directory(spool, "tmp") || !make_directory(spool, "new"))
		return false;
	fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	good = fsync(fd) == 0;
	(void)close(fd);	/* nothing was written through it */
	return good;
}

static bool
disk_has_room(struct drop *drop)
{
	struct statvfs fs;

	if (fstatvfs(drop->directory, &fs) != 0)
		return true;	/* then the writes tell */
	if (fs.f_bavail * fs.f_frsize < DROP_FREE_OCTETS)
		return false;
	/* Some file systems have no such limit and say 0 of 0. */
	return !fs.f_files || fs.f_favail >= DROP_FREE_FILES;
}

void
drop_open(struct drop *drop, const char *spool, instant_ms now)
{
	drop->error[0] = '\0';
	drop->now = now;
	drop->file = drop->directory = -1;
	drop->head = drop->word = drop->size = drop->used = 0;
	drop->is_cut = false;

	if (!choose_name(drop, spool)) {
		drop_fail(drop, "the name of the spool is too long");
		return;
	}
	if (!open_both(drop, spool) &&
	    (errno != ENOENT || !drop_make_directories(spool) ||
	     !open_both(drop, spool)))
		drop_fail(drop, "cannot create a file in %.80s: %s", spool,
			  strerror(errno));
	else if (!disk_has_room(drop))
		drop_fail(drop, "the disk of %.80s is full", spool);
}

static void
write_all(struct drop *drop, const char *bytes, size_t length)
{
	ssize_t count;

	for (; length && !drop_failed(drop); length -= (size_t)count) {
		count = TEMP_FAILURE_RETRY(write(drop->file, bytes, length));
		if (count <= 0) {
			drop_fail(drop, "cannot write the message: %s",
				  strerror(errno));
			return;
		}
		bytes += count;
	}
}

static void
flush(struct drop *drop)
{
	write_all(drop, drop->buffer, drop->used);
	drop->used = 0;
}

static void
put(struct drop *drop, const char *bytes, size_t length)
{
	if (length > sizeof(drop->buffer) - drop->used)
		flush(drop);
	if (length > sizeof(drop->buffer)) {
		write_all(drop, bytes, length);
		return;
	}
	memcpy(drop->buffer + drop->used, bytes, length);
	drop->used += length;
}

static void
put_line(struct drop *drop, const char *line, size_t length)
{
	put(drop, line, length);
	drop->head += length;
}

void
drop_envelope(struct drop *drop, const char *sender,
	      const char *const *recipients, size_t count)
{
	char line[ENVELOPE_LINE_MAX];
	size_t length, word, i;

	if (count > ENVELOPE_RECIPIENTS_MAX)
		drop_fail(drop, "more than %d recipients at once",
			  ENVELOPE_RECIPIENTS_MAX);
	if (drop_failed(drop))
		return;

	put_line(drop, line, envelope_sender_line(line, sender));
	for (i = 0; i < count; i++)
		put_line(drop, line,
			 envelope_recipient_line(line, recipients[i]));
	length = envelope_border_line(line, drop->host, drop->name, drop->now,
				      &word);
	drop->word = drop->head + word;
	put_line(drop, line, length);
}

void
drop_replay(struct drop *drop, const char *bytes,
	    const struct envelope *envelope)
{
	if (drop_failed(drop))
		return;
	drop->word = envelope->word;
	put_line(drop, bytes, envelope->length);
}

void
drop_write(struct drop *drop, const void *bytes, size_t length)
{
	if (drop_failed(drop))
		return;
	if (length > DROP_MESSAGE_MAX - drop->size) {
		length = DROP_MESSAGE_MAX - drop->size;
		drop_cut(drop);
	}
	put(drop, bytes, length);
	drop->size += length;
}

void
drop_cut(struct drop *drop)
{
	drop->is_cut = true;
}

static bool
say_short(struct drop *drop)
{
	return pwrite(drop->file, envelope_short, ENVELOPE_WORD,
		      (off_t)drop->word) == ENVELOPE_WORD;
}

/* Everything is on disk, under its name in tmp/. */
static bool
finish_file(struct drop *drop)
{
	int file = drop->file;

	flush(drop);
	if (drop_failed(drop))
		return false;
	if ((drop->is_cut && !say_short(drop)) ||
	    TEMP_FAILURE_RETRY(fsync(file)) != 0) {
		drop_fail(drop, "cannot sync the message: %s",
			  strerror(errno));
		return false;
	}
	drop->file = -1;
	if (close(file) != 0) {
		drop_fail(drop, "cannot close the message: %s",
			  strerror(errno));
		return false;
	}
	return true;
}

bool
drop_commit(struct drop *drop)
{
	bool is_created = drop->file >= 0;

	/* First, the content, while nobody looks. Then, its name where the
	 * daemon looks; this is the moment at which the message is ours. Last,
	 * the name on disk, before anybody is told. */
	if (is_created && finish_file(drop) &&
	    renameat(AT_FDCWD, drop->path, drop->directory, drop->name) != 0)
		drop_fail(drop, "cannot move the message to new: %s",
			  strerror(errno));
	if (is_created && drop_failed(drop))
		(void)unlink(drop->path);	/* else inbox_clean() does */
	if (!drop_failed(drop) &&
	    TEMP_FAILURE_RETRY(fsync(drop->directory)) != 0)
		drop_fail(drop, "cannot sync the directory new: %s",
			  strerror(errno));

	/* After a failure either may still be open; both are done with. */
	if (drop->file >= 0)
		(void)close(drop->file);
	if (drop->directory >= 0)
		(void)close(drop->directory);
	drop->file = drop->directory = -1;
	return !drop_failed(drop);
}
