/*
 * From the inbox to the reader. What is known of a message's past decides
 * whether it is read at all.
 */
#include "take/taker_private.h"

#include "base/file.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Why no header of the message can be the word of our mail server, or NULL. */
static const char *
distrust(struct arena *arena, const struct inbox_envelope *envelope)
{
	if (!envelope->is_foreign)
		return NULL;
	return arena_printf(arena, "user %u stored it, not the mail server",
			    envelope->owner);
}

/* The message proper, into memory: its digest, and perhaps itself, is kept. */
static enum outcome
read_body(struct passage *passage, int fd,
	  const struct inbox_envelope *envelope, struct buf *error)
{
	char *raw = arena_alloc(passage->arena, envelope->size + 1);
	size_t at = 0;

	while (at < envelope->size) {
		ssize_t got = pread(fd, raw + at, envelope->size - at,
				    (off_t)(envelope->body_offset + at));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			buf_printf(error, "cannot read it: %s", got ?
				   strerror(errno) : "it became shorter");
			return OUTCOME_TEMPORARY;
		}
		at += (size_t)got;
	}
	passage->input.raw = raw;
	passage->input.length = envelope->size;
	return OUTCOME_OK;
}

static enum outcome
open_passage(struct passage *passage, int fd, uint64_t *offset_out,
	     struct buf *error)
{
	struct inbox_envelope *envelope = arena_alloc(passage->arena,
						      sizeof(*envelope));
	enum outcome outcome;

	outcome = inbox_read_envelope(fd, passage->arena, envelope, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	passage->input.name = passage->name;
	passage->input.sender = envelope->sender;
	passage->input.recipients = envelope->recipients.items;
	passage->input.recipient_count = envelope->recipients.count;
	passage->input.truncated = envelope->truncated;
	passage->input.distrust = distrust(passage->arena, envelope);
	*offset_out = envelope->body_offset;
	return read_body(passage, fd, envelope, error);
}

static enum outcome
send_to_reader(struct taker *taker, struct passage *passage, int fd,
	       uint64_t offset, struct buf *error)
{
	if (passage->input.failure) {
		passage_answered(passage);
		return OUTCOME_OK;
	}
	/* There is room: what it lacks is a descriptor. */
	if (!reader_send(taker->world.reader, fd, offset,
			 (uint64_t)(uintptr_t)passage)) {
		buf_puts(error, "too many open files");
		return OUTCOME_TEMPORARY;
	}
	passages_append(&taker->reading, passage);
	loop_await(taker->world.loop);
	return OUTCOME_OK;
}

/* Not what lies in a file, which may be another one by now, or is none. */
enum outcome
passage_send_copy(struct taker *taker, struct passage *passage,
		  struct buf *error)
{
	const struct pipeline_input *input = &passage->input;
	enum outcome outcome = OUTCOME_TEMPORARY;
	int fd = memfd_create("mail", MFD_CLOEXEC);

	if (fd < 0 || !file_write_all(fd, input->raw, input->length))
		buf_printf(error, "no memory for a mail: %s", strerror(errno));
	else
		outcome = send_to_reader(taker, passage, fd, 0, error);
	if (fd >= 0)
		(void)close(fd);	/* memory only */
	return outcome;
}

static enum outcome
begin(struct taker *taker, struct passage *passage, struct buf *error)
{
	uint64_t offset = 0;
	enum outcome outcome;
	int fd;

	outcome = inbox_open_message(taker->world.inbox, passage->name, &fd,
				     error);
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = open_passage(passage, fd, &offset, error);
	if (outcome == OUTCOME_OK)
		outcome = passage->input.distrust ?
			passage_send_copy(taker, passage, error) :
			send_to_reader(taker, passage, fd, offset, error);
	(void)close(fd);		/* only read from */
	return outcome;
}

bool
passage_weigh(struct taker *taker, struct passage *passage)
{
	struct blame_count count = blame_of(taker->blame, passage->name);

	passage->is_counted = count.daemon || count.reader;
	if (count.daemon > PASSAGE_CRASHES_MOST)
		return false;
	passage->is_alone = count.daemon > 0;
	if (count.daemon == PASSAGE_CRASHES_MOST)
		passage->input.failure = "tocsin itself ended more than once "
			"while it had it in hand, so it is not read";
	else if (count.reader >= PASSAGE_CRASHES_MOST)
		passage->input.failure = "the reader ended on it more than "
			"once, so it is not read";
	return true;
}

/* It stays, or, when nobody can read it, goes aside. */
static void
leave(struct taker *taker, const char *name, enum outcome outcome,
      const char *why)
{
	if (outcome == OUTCOME_PERMANENT && aside_take(taker->aside, name, why))
		return;
	aside_stays(taker->aside, name, why);
	(void)complaints_say(taker->complaints, name, why);
}

void
passage_begin(struct taker *taker, const char *name)
{
	struct passage *passage;
	struct buf error = BUF_INIT;
	enum outcome outcome;
	size_t slot;

	if (passage_is_under_way(taker, name))
		return;
	passage = passage_create(taker, name);
	slot = blame_hold(taker->blame, name);
	if (!passage_weigh(taker, passage)) {
		passage_leave_alone(passage);
	} else {
		outcome = begin(taker, passage, &error);
		if (outcome != OUTCOME_OK) {
			leave(taker, name, outcome, error.data);
			passage_destroy(passage);
		}
	}
	blame_let_go(taker->blame, slot);
	buf_release(&error);
}
