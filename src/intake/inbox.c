#include "intake/inbox.h"

#include "base/text.h"
#include "intake/drop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAME_SHOWN = 200,	/* octets of a foreign name in an error */
	/* Octets in which the block of a message to a few recipients ends. */
	BLOCK_USUAL = 8 * 1024,
};

struct inbox {
	struct arena *arena;		/* holds it all, this struct too */
	const char *spool;
	const char *path;		/* of `new` */
	const char *tmp_path;
	const char *aside_path;
	int tmp, new;			/* directories; -1 when closed */
};

/* "cannot WHAT 'NAME': why", why being errno. */
static enum outcome
failed(struct buf *error, const char *what, const char *name)
{
	int reason = errno;

	buf_printf(error, "cannot %s '", what);
	text_escape(error, name, NAME_SHOWN);
	buf_printf(error, "': %s", strerror(reason));
	return outcome_of_errno(reason);
}

static int
open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
open_directories(struct inbox *inbox)
{
	inbox->tmp = open_directory(inbox->tmp_path);
	inbox->new = open_directory(inbox->path);
	return inbox->tmp >= 0 && inbox->new >= 0;
}

/* Nothing was ever written through them. */
static void
close_directories(struct inbox *inbox)
{
	if (inbox->tmp >= 0)
		(void)close(inbox->tmp);
	if (inbox->new >= 0)
		(void)close(inbox->new);
	inbox->tmp = inbox->new = -1;
}

enum outcome
inbox_open(const char *spool, struct inbox **inbox_out, struct buf *error)
{
	struct arena *arena;
	struct inbox *inbox;
	enum outcome outcome;

	if (!drop_make_directories(spool))
		return failed(error, "use the spool", spool);
	arena = arena_create();
	inbox = arena_alloc(arena, sizeof(*inbox));
	inbox->arena = arena;
	inbox->spool = arena_strdup(arena, spool);
	inbox->path = arena_printf(arena, "%s/new", spool);
	inbox->tmp_path = arena_printf(arena, "%s/tmp", spool);
	inbox->aside_path = arena_printf(arena, "%s/aside", spool);
	if (!open_directories(inbox)) {
		outcome = failed(error, "open the inbox in", spool);
		inbox_close(&inbox);
		return outcome;
	}
	*inbox_out = inbox;
	return OUTCOME_OK;
}

void
inbox_close(struct inbox **inbox)
{
	struct arena *arena;

	if (!*inbox)
		return;
	close_directories(*inbox);
	arena = (*inbox)->arena;
	arena_destroy(&arena);
	*inbox = NULL;
}

const char *
inbox_directory(const struct inbox *inbox)
{
	return inbox->path;
}

static bool
is_where_it_was(const struct inbox *inbox)
{
	struct stat there, ours;

	return inbox->new >= 0 && fstat(inbox->new, &ours) == 0 &&
	       stat(inbox->path, &there) == 0 &&
	       there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

/* A spool that was removed and made anew, or mounted over, is where the mails
 * go from then on; the directories that we hold would be empty for ever. */
static bool
follow_spool(struct inbox *inbox)
{
	if (is_where_it_was(inbox))
		return true;
	if (!drop_make_directories(inbox->spool))
		return false;
	close_directories(inbox);
	return open_directories(inbox);
}

bool
inbox_is_replaced(const struct inbox *inbox)
{
	struct stat there;

	return !is_where_it_was(inbox) && stat(inbox->path, &there) == 0;
}

/* A fresh stream over a directory: readers do not share a position. */
static DIR *
read_directory(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream;

	if (fd < 0)
		return NULL;
	stream = fdopendir(fd);
	if (!stream)
		(void)close(fd);
	return stream;
}

/* Keep the `most` smallest names, in order: memory and time stay bounded
 * however long the backlog is. */
static void
keep_name(struct arena *arena, struct inbox_names *names, size_t most,
	  const char *name)
{
	const char **items = names->list.items;
	size_t place = names->list.count;
	char *copy;

	if (place == most) {
		if (!most || strcmp(name, items[most - 1]) >= 0)
			return;
		place--;
		copy = (char *)items[place];
	} else {
		copy = arena_alloc(arena, NAME_MAX + 1);
		vec_push(arena, &names->list, copy);
		items = names->list.items;
	}
	(void)snprintf(copy, NAME_MAX + 1, "%s", name);
	for (; place && strcmp(name, items[place - 1]) < 0; place--)
		items[place] = items[place - 1];
	items[place] = copy;
}

enum outcome
inbox_list(struct inbox *inbox, struct arena *arena, const char *after,
	   size_t most, struct inbox_names *names_out, struct buf *error)
{
	struct inbox_names names = { 0 };
	struct dirent *entry;
	DIR *stream = follow_spool(inbox) ? read_directory(inbox->new) : NULL;
	enum outcome outcome = OUTCOME_OK;

	if (!stream)
		return failed(error, "list", inbox->path);
	while ((errno = 0, entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.' &&
		    (!after || strcmp(entry->d_name, after) > 0))
			keep_name(arena, &names, most, entry->d_name);
	if (errno)
		outcome = failed(error, "list", inbox->path);
	else
		*names_out = names;
	(void)closedir(stream);
	return outcome;
}

static const char *
name_of_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK: return "a symbolic link";
	case S_IFDIR: return "a directory";
	case S_IFIFO: return "a fifo";
	case S_IFSOCK: return "a socket";
	default: return "a device";
	}
}

static enum outcome
not_a_file(struct buf *error, const char *name, mode_t mode)
{
	buf_puts(error, "cannot read '");
	text_escape(error, name, NAME_SHOWN);
	buf_printf(error, "': it is %s and no file", name_of_type(mode));
	return OUTCOME_PERMANENT;
}

enum outcome
inbox_open_message(struct inbox *inbox, const char *name, int *fd_out,
		   struct buf *error)
{
	struct stat st;
	enum outcome outcome;
	int fd;

	/* To open a device or a fifo is to do something to it. */
	if (fstatat(inbox->new, name, &st, AT_SYMLINK_NOFOLLOW))
		return failed(error, "open the message", name);
	if (!S_ISREG(st.st_mode))
		return not_a_file(error, name, st.st_mode);
	/* It may be another one by now: that must not hold the daemon. */
	fd = openat(inbox->new, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return failed(error, "open the message", name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*fd_out = fd;
		return OUTCOME_OK;
	}
	outcome = not_a_file(error, name, st.st_mode);
	(void)close(fd);
	return outcome;
}

/* The first octets of a file, at most `most`. */
static bool
read_start(int fd, struct buf *out, size_t most)
{
	ssize_t count;

	while (out->len < most) {
		count = TEMP_FAILURE_RETRY(pread(fd,
			buf_grow(out, most - out->len), most - out->len,
			(off_t)out->len));
		if (count < 0)
			return false;
		if (!count)
			break;
		buf_grown(out, (size_t)count);
	}
	return true;
}

/* The block of a file, with the octets that hold it in `start`. */
static bool
read_block(int fd, struct buf *start, struct envelope *found_out,
	   bool *is_there_out)
{
	size_t most = BLOCK_USUAL;

	for (;; most = ENVELOPE_MAX) {
		if (!read_start(fd, start, most))
			return false;
		*is_there_out = envelope_find(start->data, start->len,
					      found_out);
		if (*is_there_out || start->len < most || most == ENVELOPE_MAX)
			return true;
	}
}

/* A copy of the address at `*line`, which moves to the next one. */
static const char *
take_address(struct arena *arena, const char **line)
{
	struct buf valid = BUF_INIT;
	const char *address;
	size_t length;

	*line = envelope_address(*line, &address, &length);
	(void)text_append_valid(&valid, address, length);
	address = arena_strndup(arena, valid.data, valid.len);
	buf_release(&valid);
	return address;
}

static void
fill_envelope(struct arena *arena, const char *line,
	      const struct envelope *found, struct inbox_envelope *out)
{
	size_t i;

	out->sender = take_address(arena, &line);
	for (i = 0; i < found->recipients; i++)
		vec_push(arena, &out->recipients, take_address(arena, &line));
	out->body_offset = found->length;
	out->truncated = found->is_short;
}

/* A second name of a file is one that its owner need not have given it. */
static void
fill_owner(const struct stat *st, struct inbox_envelope *out)
{
	out->owner = st->st_uid;
	out->is_foreign = (st->st_uid != geteuid() && st->st_uid != 0) ||
			  st->st_nlink > 1;
}

/* A file that tocsin-deliver did not write may be of any size, and all of it
 * would be taken into memory. */
static void
fill_size(const struct stat *st, struct inbox_envelope *out)
{
	size_t size = (size_t)st->st_size;

	out->size = size > out->body_offset ? size - out->body_offset : 0;
	if (out->size <= DROP_MESSAGE_MAX)
		return;
	out->size = DROP_MESSAGE_MAX;
	out->truncated = true;
}

enum outcome
inbox_read_envelope(int fd, struct arena *arena,
		    struct inbox_envelope *envelope_out, struct buf *error)
{
	struct inbox_envelope envelope = { .sender = "" };
	struct envelope found;
	struct buf start = BUF_INIT;
	bool is_there = false;
	struct stat st;
	enum outcome outcome = OUTCOME_OK;

	if (fstat(fd, &st) != 0 || !read_block(fd, &start, &found, &is_there))
		outcome = failed(error, "read", "the envelope");
	else if (is_there)
		fill_envelope(arena, start.data, &found, &envelope);
	buf_release(&start);
	if (outcome != OUTCOME_OK)
		return outcome;
	fill_owner(&st, &envelope);
	fill_size(&st, &envelope);
	*envelope_out = envelope;
	return OUTCOME_OK;
}

enum outcome
inbox_remove(struct inbox *inbox, const char *name, struct buf *error)
{
	if (unlinkat(inbox->new, name, 0) == 0 || errno == ENOENT)
		return OUTCOME_OK;
	return failed(error, "remove the message", name);
}

const char *
inbox_aside(const struct inbox *inbox)
{
	return inbox->aside_path;
}

/* Nothing that was set aside before is lost: then it gets another name. */
static bool
move(const struct inbox *inbox, const char *name, int aside)
{
	char other[NAME_MAX + 1];
	int i;

	if (!renameat2(inbox->new, name, aside, name, RENAME_NOREPLACE))
		return true;
	for (i = 2; errno == EEXIST && i <= INBOX_SAME_MOST; i++) {
		(void)snprintf(other, sizeof(other), "%.*s.%d", NAME_MAX - 5,
			       name, i);
		if (!renameat2(inbox->new, name, aside, other,
			       RENAME_NOREPLACE))
			return true;
	}
	return false;
}

enum outcome
inbox_set_aside(struct inbox *inbox, const char *name, instant_ms now)
{
	struct stat st;
	int aside;
	bool is_moved;

	if (fstatat(inbox->new, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode))
		return OUTCOME_PERMANENT;
	if (now / 1000 - st.st_ctime <= INBOX_FRESH_S)
		return OUTCOME_TEMPORARY;
	if (mkdir(inbox->aside_path, 0700) && errno != EEXIST)
		return OUTCOME_PERMANENT;
	aside = open_directory(inbox->aside_path);
	is_moved = aside >= 0 && move(inbox, name, aside);
	if (aside >= 0)
		(void)close(aside);	/* nothing was written through it */
	return is_moved ? OUTCOME_OK : OUTCOME_PERMANENT;
}

enum outcome
inbox_sync(struct inbox *inbox, struct buf *error)
{
	if (TEMP_FAILURE_RETRY(fsync(inbox->new)) == 0)
		return OUTCOME_OK;
	return failed(error, "sync", inbox->path);
}

static bool
is_stale(int directory, const char *name, instant_ms now)
{
	struct stat st;

	return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && now / 1000 - st.st_mtime > INBOX_STALE_S;
}

size_t
inbox_clean(struct inbox *inbox, instant_ms now)
{
	DIR *stream = read_directory(inbox->tmp);
	struct dirent *entry;
	size_t count = 0;

	if (!stream)
		return 0;	/* the next time will do */
	while ((entry = readdir(stream)) != NULL)
		if (is_stale(inbox->tmp, entry->d_name, now) &&
		    unlinkat(inbox->tmp, entry->d_name, 0) == 0)
			count++;
	(void)closedir(stream);
	return count;
}
