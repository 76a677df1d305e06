/*
 * A Maildir relay: each delivery becomes a file in new/, with LF line ends and
 * `Return-Path:` and `Delivered-To:` on top, so any mail reader shows it.
 *
 * The name of the file is made of what is delivered, so a delivery that is
 * repeated after a crash replaces its own copy as long as nobody has read it.
 */
#include "send/channel.h"

#include "base/digest.h"
#include "base/file.h"
#include "conf/value.h"
#include "send/channel_mail.h"
#include "send/limits.h"
#include "send/send.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void
load(struct relay *relay, const struct conf_node *node, struct arena *arena,
     struct diag *diag)
{
	size_t i;

	for (i = 0; i < node->block.count; i++) {
		const struct conf_node *clause = node->block.items[i];

		if (limits_load(relay, clause, diag))
			continue;
		if (strcmp(clause->keyword, "maildir"))
			diag_error(diag, clause->place, NULL, "'%s' has no "
				   "meaning in a maildir relay",
				   clause->keyword);
		else if (relay->folder)
			diag_error(diag, clause->place, NULL,
				   "'maildir' is said twice");
		else
			relay->folder = conf_path(arena, conf_word(clause, 0));
	}
}

/* Everything that can go wrong here is a matter of disk and rights on this
 * machine. It passes or is mended, so the delivery waits; and what needs a
 * person says so. */
static bool
failed(struct send_result *result, const char *what, const char *path)
{
	int reason = errno;

	result->outcome = OUTCOME_TEMPORARY;
	result->about = SEND_ABOUT_RELAY;
	result->needs_mending = reason == EACCES || reason == EPERM ||
		reason == ENOENT || reason == ENOTDIR || reason == EROFS ||
		reason == ENAMETOOLONG;
	buf_printf(&result->text, "cannot %s %s: %s", what, path,
		   strerror(reason));
	return false;
}

static bool
sync_directory(const char *maildir, const char *name,
	       struct send_result *result)
{
	struct buf path = BUF_INIT;
	bool good;

	buf_printf(&path, "%s/%s", maildir, name);
	good = file_sync_directory(path.data, &result->text) == OUTCOME_OK;
	if (!good)
		result->outcome = OUTCOME_TEMPORARY;
	buf_release(&path);
	return good;
}

static bool
make_directories(const char *maildir, struct send_result *result)
{
	static const char *const names[] = { "", "/tmp", "/new", "/cur" };
	bool is_new[sizeof(names) / sizeof(*names)] = { false }, good = true;
	struct buf path = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names) && good; i++) {
		buf_reset(&path);
		buf_printf(&path, "%s%s", maildir, names[i]);
		is_new[i] = !mkdir(path.data, 0700);
		if (!is_new[i] && errno != EEXIST)
			good = failed(result, "make", path.data);
	}
	buf_release(&path);
	if (good && is_new[0])
		good = sync_directory(maildir, "..", result);
	if (good && (is_new[1] || is_new[2] || is_new[3]))
		good = sync_directory(maildir, ".", result);
	return good;
}

static void
build_file(const struct send_job *job, struct buf *file)
{
	const char *at = job->body, *end = at + job->length, *lf;

	buf_printf(file, "Return-Path: <%s>\nDelivered-To: %s\n", job->sender,
		   job->address);
	for (; at < end; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(end - at));	/* checked */
		buf_append(file, at, (size_t)(lf - at) - 1);
		buf_putc(file, '\n');
	}
}

static void
name_file(const struct send_job *job, const struct buf *file,
	  char name[DIGEST_HEX])
{
	struct digest *digest = digest_create();
	unsigned char sum[DIGEST_SIZE];

	digest_add_text(digest, job->message_id);
	digest_add(digest, file->data, file->len);
	digest_finish(&digest, sum);
	digest_hex(sum, name);
}

static bool
write_file(const char *path, const struct buf *file,
	   struct send_result *result)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		      O_CLOEXEC, 0600);

	if (fd < 0)
		return failed(result, "create", path);
	if (!file_write_all(fd, file->data, file->len) || fsync(fd)) {
		(void)failed(result, "write", path);
		(void)close(fd);	/* already failing */
		return false;
	}
	if (close(fd))
		return failed(result, "close", path);
	return true;
}

/* First, the content, where no reader looks. Then, its name where they do.
 * Last, that name on disk, before anybody is told. */
static bool
commit_file(const char *maildir, const char *tmp, const char *new,
	    const struct buf *file, struct send_result *result)
{
	if (!write_file(tmp, file, result)) {
		(void)unlink(tmp);	/* may not exist */
		return false;
	}
	if (rename(tmp, new)) {
		(void)failed(result, "rename to", new);
		(void)unlink(tmp);	/* only tidying up */
		return false;
	}
	result->maybe_delivered = !sync_directory(maildir, "new", result);
	return !result->maybe_delivered;
}

static void
deliver(void *state, const struct channel_world *world,
	const struct relay *relay, const struct send_job *job,
	struct send_result *result)
{
	struct buf file = BUF_INIT, tmp = BUF_INIT, new = BUF_INIT;
	char name[DIGEST_HEX];
	unsigned int salt;

	(void)state, (void)world;
	if (!channel_mail_check(job, result))
		return;
	result->step = "file";
	buf_puts(&result->host, relay->folder);
	build_file(job, &file);
	name_file(job, &file, name);
	/* Two threads, or a run that was killed, must not meet in tmp/. */
	digest_random(&salt, sizeof(salt));
	buf_printf(&tmp, "%s/tmp/%s.%ld.%08x", relay->folder, name,
		   (long)getpid(), salt);
	buf_printf(&new, "%s/new/%s", relay->folder, name);

	if (make_directories(relay->folder, result) &&
	    commit_file(relay->folder, tmp.data, new.data, &file, result)) {
		result->outcome = OUTCOME_OK;
		buf_printf(&result->text, "stored as %s", new.data);
	}
	buf_release(&file);
	buf_release(&tmp);
	buf_release(&new);
}

const struct channel channel_maildir = {
	.name = "maildir",
	.clause = CHANNEL_MAIL_CLAUSE,
	.load = load,
	.parse = channel_mail_parse,
	.same = channel_mail_same,
	.compose = channel_mail_compose,
	.send = deliver,
};
