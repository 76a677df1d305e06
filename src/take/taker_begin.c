/*
 * From the inbox, or from a person's release, to the reader. What is known of a
 * message's past decides whether it is read at all.
 */
#include "take/taker_private.h"

#include "base/file.h"
#include "pipeline/notice.h"
#include "take/blame.h"

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
		passage_append(&taker->answered, passage);
		return OUTCOME_OK;
	}
	/* There is room: what it lacks is a descriptor. */
	if (!reader_send(taker->world.reader, fd, offset,
			 (uint64_t)(uintptr_t)passage)) {
		buf_puts(error, "too many open files");
		return OUTCOME_TEMPORARY;
	}
	passage_append(&taker->reading, passage);
	taker->count++;
	return OUTCOME_OK;
}

/* What is in our memory, and not what lies in a file, which may be another one
 * by now, or is none. */
static enum outcome
send_copy(struct taker *taker, struct passage *passage, struct buf *error)
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
			send_copy(taker, passage, error) :
			send_to_reader(taker, passage, fd, offset, error);
	(void)close(fd);		/* only read from */
	return outcome;
}

/* What is known of its past. False: it is not to be touched. */
static bool
weigh(struct taker *taker, struct passage *passage)
{
	struct blame_count count = blame_of(taker->blame, passage->name);

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

static const char *
describe_left(const struct taker *taker, const struct passage *passage)
{
	return arena_printf(passage->arena, "The file %s in %s ended tocsin "
		"three times, even when it was only to be held. It is left "
		"where it is, and nobody was told of it. Look at it with a "
		"program that shows text, and then move it away.\n",
		passage->name, inbox_directory(taker->world.inbox));
}

static enum outcome
tell_left(struct taker *taker, struct passage *passage, struct buf *error)
{
	const struct pipeline_word word = {
		.identity = arena_printf(passage->arena, "left %s",
					 passage->name),
		.subject = "A mail is left in the inbox",
		.text = describe_left(taker, passage),
	};
	struct store *store = taker->world.store;
	struct change change;
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	change_init(&change, passage->arena);
	outcome = pipeline_say(generations_current(taker->world.generations),
			       store, &word, taker_now(taker), &change, error);
	if (outcome == OUTCOME_OK)
		outcome = change_apply(&change, store, error);
	return store_end(store, outcome, error);
}

/* Not even held it lets the daemon live. */
static void
leave_alone(struct taker *taker, struct passage *passage)
{
	struct buf error = BUF_INIT;

	if (!complaints_say(taker->complaints, passage->name, "it ended tocsin "
			    "three times and is left where it is"))
		return;
	if (tell_left(taker, passage, &error) == OUTCOME_OK)
		taker->world.stored(taker->world.context);
	else
		complaints_say(taker->complaints, NULL, error.data);
	buf_release(&error);
}

void
passage_begin(struct taker *taker, const char *name)
{
	struct passage *passage;
	struct buf error = BUF_INIT;

	if (passage_is_under_way(taker, name))
		return;
	passage = passage_create(name);
	blame_hold(taker->blame, name);
	if (!weigh(taker, passage)) {
		leave_alone(taker, passage);
		passage_destroy(passage);
	} else if (begin(taker, passage, &error) != OUTCOME_OK) {
		complaints_say(taker->complaints, name, error.data);
		passage_destroy(passage);
	}
	blame_let_go(taker->blame);
	buf_release(&error);
}

/* ---- from a person's release ---- */

/* A record of an API needs no reader; it is decided as it is. */
static enum outcome
begin_held_record(struct taker *taker, struct passage *passage,
		  struct buf *error)
{
	struct pipeline_input *input = &passage->input;
	struct record *record = arena_alloc(passage->arena, sizeof(*record));

	input->started = TIME_UNKNOWN;
	if (input->failure) {
		passage_append(&taker->answered, passage);
		return OUTCOME_OK;
	}
	passage->document = json_parse(input->raw, input->length, error);
	if (!passage->document)
		return OUTCOME_PERMANENT;
	record->json = passage->document;
	input->record = record;
	passage_append(&taker->answered, passage);
	return OUTCOME_OK;
}

/* Who stored it is not known any more; the journal has what followed from
 * that. */
static const char *
distrust_released(const struct store_item *item)
{
	const char *authentic = item->verdict.authentic;

	if (authentic && !strcmp(authentic, "pass"))
		return NULL;
	return "it was not authentic when it came in";
}

static enum outcome
begin_held(struct taker *taker, const struct store_held *held,
	   struct passage *passage, struct buf *error)
{
	struct pipeline_input *input = &passage->input;
	enum outcome outcome = store_item(taker->world.store, held->item,
					  passage->arena, &passage->released,
					  error);

	if (outcome != OUTCOME_OK || !passage->released)
		return outcome;
	input->released = passage->released;
	input->released_for = held->customer;
	input->name = passage->name;
	input->sender = passage->released->sender ? passage->released->sender
						  : "";
	input->recipients = passage->released->recipients;
	input->recipient_count = passage->released->recipient_count;
	input->raw = held->message;
	input->length = held->message_length;
	if (!strcmp(passage->released->kind, "api"))
		return begin_held_record(taker, passage, error);
	input->distrust = distrust_released(passage->released);
	return send_copy(taker, passage, error);
}

static enum outcome
begin_released(struct taker *taker, const struct store_held *listed,
	       struct passage *passage, struct buf *error)
{
	struct store_held *held = NULL;
	enum outcome outcome;

	if (!weigh(taker, passage)) {
		buf_puts(error, "it ended tocsin three times since it was "
			 "released, and is left as it is");
		return OUTCOME_PERMANENT;
	}
	outcome = store_held(taker->world.store, listed->item, passage->arena,
			     &held, error);
	if (outcome == OUTCOME_OK && held && held->message)
		outcome = begin_held(taker, held, passage, error);
	if (outcome == OUTCOME_OK && !passage->released) {
		buf_puts(error, "the store has not got it any more");
		outcome = OUTCOME_PERMANENT;
	}
	return outcome;
}

void
passage_begin_released(struct taker *taker, const struct store_held *listed)
{
	char name[64];
	struct passage *passage;
	struct buf error = BUF_INIT;

	(void)snprintf(name, sizeof(name), "released/%s", listed->code);
	if (passage_is_under_way(taker, name))
		return;
	passage = passage_create(name);
	blame_hold(taker->blame, name);
	if (begin_released(taker, listed, passage, &error) != OUTCOME_OK) {
		complaints_say(taker->complaints, name, error.data);
		passage_destroy(passage);
	}
	blame_let_go(taker->blame);
	buf_release(&error);
}
