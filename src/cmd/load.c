#include "cmd/load.h"

#include "base/file.h"
#include "base/owner.h"
#include "base/text.h"
#include "daemon/last_good.h"
#include "intake/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	MAIL_MOST = 80 << 20,	/* what tocsin-deliver stores, and its block */
};

void
cmd_print_findings(const struct generation *generation)
{
	struct buf text = BUF_INIT;

	diag_print(generation->diag, &text);
	fputs(text.data, stderr);
	buf_release(&text);
}

/* What cmd_load() had to put in the place of files. */
static struct last_good mended;

struct generation *
cmd_load(const struct cmd_line *line)
{
	struct clock clock = clock_system();
	struct generation *generation;

	last_good_look(line->conf, clock.now(&clock), &mended);
	generation = mended.generation;
	mended.generation = NULL;	/* the caller's */
	if (!generation)
		last_good_release(&mended);
	return generation;
}

int
cmd_end(struct generation **generation, int status)
{
	size_t i;

	for (i = 0; i < mended.kept.count; i++) {
		const struct report_kept *kept = &mended.kept.items[i];

		if (kept->customer)
			status = cmd_fail("%s is gone from %s: this is with "
					  "its last good rules",
					  kept->customer, kept->file);
		else
			status = cmd_fail("%s has errors: this is %s",
					  kept->file,
					  strcmp(kept->text, "none") ?
					  "with its last good text" :
					  "without it");
	}
	last_good_release(&mended);
	generation_destroy(generation);
	return status;
}

static struct generation *
load(const struct cmd_line *line)
{
	struct clock clock = clock_system();
	struct generation *generation = generation_look(line->conf, NULL,
							clock.now(&clock));

	last_good_blame(generation);
	return generation;
}

static struct generation *
refuse(struct generation *generation)
{
	cmd_print_findings(generation);
	generation_destroy(&generation);
	return NULL;
}

struct generation *
cmd_load_strict(const struct cmd_line *line)
{
	struct clock clock = clock_system();
	struct generation *generation = generation_load(line->conf, NULL,
							clock.now(&clock));

	return generation_good(generation) ? generation : refuse(generation);
}

struct generation *
cmd_load_anyway(const struct cmd_line *line)
{
	struct generation *generation = load(line);

	if (generation_good(generation))
		return generation;
	/* Which store it is stands in the main file; that is enough. */
	if (!generation->conf->files.items[0]->length)
		return refuse(generation);
	(void)cmd_fail("the configuration has errors; see tocsin check");
	return generation;
}

struct generation *
cmd_load_aloud(const struct cmd_line *line)
{
	struct generation *generation = load(line);

	if (!generation_good(generation)) {
		cmd_print_findings(generation);
		if (!generation->conf->files.items[0]->length)
			generation_destroy(&generation);
	}
	return generation;
}

bool
cmd_become_owner(const struct generation *generation)
{
	const char *state = generation->settings.state;

	(void)cmd_who();		/* while it is known */
	if (owner_become(state))
		return true;
	(void)cmd_fail("cannot act as the owner of %s: %s", state,
		       strerror(errno));
	return false;
}

struct store *
cmd_open_store(const struct generation *generation)
{
	struct buf error = BUF_INIT;
	struct store *store = NULL;

	if (cmd_become_owner(generation) &&
	    store_open(generation->settings.store, &store, &error) !=
	    OUTCOME_OK)
		(void)cmd_fail("%s", error.data);
	buf_release(&error);
	return store;
}

bool
cmd_instant(const char *text, instant_ms *when_out)
{
	struct clock clock = clock_system();

	*when_out = clock.now(&clock);
	if (!text || (clock_parse(text, when_out) && clock_has_offset(text)))
		return true;
	(void)cmd_usage("'%s' is no time; write it as "
			"2026-12-01T02:00:00+01:00", text);
	return false;
}

const char *
cmd_who(void)
{
	static char who[64];
	const struct passwd *user = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");

	if (*who)
		return who;
	if (sudo && *sudo)
		(void)snprintf(who, sizeof(who), "%s", sudo);
	else if (user)
		(void)snprintf(who, sizeof(who), "%s", user->pw_name);
	else
		(void)snprintf(who, sizeof(who), "uid %ld", (long)getuid());
	return who;
}

/* The bytes as an open file, which the reader wants; -1 after a sentence. */
static int
open_bytes(const struct buf *bytes)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	if (fd < 0 || !file_write_all(fd, bytes->data, bytes->len)) {
		(void)cmd_fail("no memory for the mail: %s", strerror(errno));
		if (fd >= 0)
			(void)close(fd);	/* already failing */
		return -1;
	}
	return fd;
}

bool
cmd_read_file(const char *path, struct buf *bytes)
{
	struct buf error = BUF_INIT;
	enum outcome outcome = strcmp(path, "-") ?
		file_read(path, MAIL_MOST, bytes, &error) :
		file_read_fd(STDIN_FILENO, "standard input", MAIL_MOST, bytes,
			     &error);

	if (outcome != OUTCOME_OK)
		(void)cmd_fail("%s", error.data);
	buf_release(&error);
	return outcome == OUTCOME_OK;
}

/* The addresses of the Delivered-To lines among the lines that MTAs put on top
 * of a message. The daemon does not believe them; whoever names a file here
 * does. */
static void
take_top_lines(const struct buf *bytes, struct arena *arena,
	       struct inbox_envelope *envelope)
{
	static const char *const names[] = {
		"Return-Path:", "X-Original-To:", "Envelope-To:",
		"Delivered-To:", NULL
	};
	const char *at = bytes->data;

	for (;;) {
		size_t length = strcspn(at, "\r\n"), i;

		for (i = 0; names[i]; i++)
			if (!strncasecmp(at, names[i], strlen(names[i])))
				break;
		if (!names[i])
			return;
		if (!names[i + 1]) {
			const char *value = at + strlen(names[i]);

			vec_push(arena, &envelope->recipients,
				 text_trim(arena, value, length -
					   (size_t)(value - at)));
		}
		at += length;
		at += strspn(at, "\r\n") > 1 && *at == '\r' ? 2 : 1;
		if ((size_t)(at - bytes->data) >= bytes->len)
			return;
	}
}

/* False after a sentence when that is not the mail's doing: the daemon then
 * leaves it in the inbox and decides nothing. */
static bool
take_message(struct reader *reader, int fd, struct arena *arena,
	     struct pipeline_input *input, size_t offset)
{
	struct buf error = BUF_INIT;
	struct message *message = NULL;
	enum reader_outcome outcome = reader_parse(reader, fd, offset, arena,
						   &message, &error);

	if (outcome == READER_PARSED)
		input->message = message;
	else if (outcome >= READER_UNREADABLE)
		(void)cmd_fail("%s", error.data);
	else
		input->failure = arena_strdup(arena, error.data);
	buf_release(&error);
	return outcome < READER_UNREADABLE;
}

static bool
take_mail(struct reader *reader, const char *path, const struct buf *bytes,
	  int fd, struct arena *arena, struct pipeline_input *input)
{
	struct inbox_envelope envelope = { 0 };
	struct buf error = BUF_INIT;
	bool good = inbox_read_envelope(fd, arena, &envelope, &error) ==
		    OUTCOME_OK;

	if (!good)
		(void)cmd_fail("%s", error.data);
	buf_release(&error);
	if (!good)
		return false;
	if (!envelope.recipients.count)
		take_top_lines(bytes, arena, &envelope);
	*input = (struct pipeline_input){
		.name = path,
		.sender = envelope.sender,
		.recipients = envelope.recipients.items,
		.recipient_count = envelope.recipients.count,
		.raw = arena_strndup(arena, bytes->data + envelope.body_offset,
				     bytes->len - envelope.body_offset),
		.length = bytes->len - envelope.body_offset,
		.truncated = envelope.truncated,
	};
	return take_message(reader, fd, arena, input, envelope.body_offset);
}

bool
cmd_parse_mail(struct reader *reader, const char *path, const struct buf *bytes,
	       struct arena *arena, struct pipeline_input *input_out)
{
	int fd = open_bytes(bytes);
	bool good;

	if (fd < 0)
		return false;
	good = take_mail(reader, path, bytes, fd, arena, input_out);
	(void)close(fd);		/* memory only */
	return good;
}

bool
cmd_read_mail(struct reader *reader, const char *path, struct arena *arena,
	      struct pipeline_input *input_out)
{
	struct buf bytes = BUF_INIT;
	bool good = cmd_read_file(path, &bytes) &&
		    cmd_parse_mail(reader, path, &bytes, arena, input_out);

	buf_release(&bytes);
	return good;
}
