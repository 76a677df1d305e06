#include "base/text.h"
#include "parse/describe.h"
#include "parse/wire.h"

#include <tap.h>

static struct message *
sample(struct arena *arena, bool with_nested)
{
	struct message *message = message_create(arena);
	struct message_header header = { "Subject", "s" };
	struct message_address address = { "A", "a@b.c" };
	struct message_row row = { ROW_LINE, "Severity", "High",
				   "Details", false };
	struct message_row hidden = { ROW_TABLE, "Tenant", "x\ny", "", true };
	struct message_cells cells = { .table = 7 };
	struct message_link link = { "https://x/", "open", true };
	struct message_part part = { "image/png", "\xC3\xA9.png", 4711,
				     true };

	message->subject = "s";
	message->message_id = "id@x";
	message->text = "one\ntwo";
	message->html_text = "three";
	message->bad_bytes = 3;
	vec_push(arena, &message->headers, header);
	vec_push(arena, &message->from, address);
	vec_push(arena, &message->rows, row);
	vec_push(arena, &message->rows, hidden);
	vec_push(arena, &cells.cells, "a");
	vec_push(arena, &cells.cells, "");
	vec_push(arena, &cells.cells, "c");
	vec_push(arena, &message->grid, cells);
	vec_push(arena, &message->links, link);
	vec_push(arena, &message->parts, part);
	vec_push(arena, &message->outcomes, "failed");
	vec_push(arena, &message->outcomes, "");
	message_limit(arena, message, "a limit");
	if (with_nested)
		vec_push(arena, &message->nested, sample(arena, false));
	return message;
}

static void
check_round_trip(void)
{
	struct arena *arena = arena_create();
	struct message *message = sample(arena, true), *copy;
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	struct buf want = BUF_INIT, got = BUF_INIT;

	wire_encode(&bytes, message);
	copy = wire_decode(arena, bytes.data, bytes.len, &error);
	if (ok(copy, "what was encoded is decoded")) {
		describe_message(&want, message);
		describe_message(&got, copy);
		is(got.data, want.data, "and says the same");
	}
	buf_release(&bytes);
	buf_release(&error);
	buf_release(&want);
	buf_release(&got);
	arena_destroy(&arena);
}

/* Every prefix, in memory of exactly that size. */
static void
check_cut(void)
{
	struct arena *arena = arena_create();
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	size_t length, accepted = 0;

	wire_encode(&bytes, sample(arena, true));
	for (length = 0; length < bytes.len; length++) {
		char *cut = malloc(length ? length : 1);

		memcpy(cut, bytes.data, length);
		accepted += wire_decode(arena, cut, length, &error) != NULL;
		free(cut);
	}
	is_int((long long)accepted, 0, "an answer cut anywhere is refused");
	ok(text_starts(error.data, "the reader's answer cannot be used: it "
		       "ends within a number"), "with a sentence");
	buf_putc(&bytes, '\0');
	ok(!wire_decode(arena, bytes.data, bytes.len, &error),
	   "an octet behind the end is refused");
	buf_release(&bytes);
	buf_release(&error);
	arena_destroy(&arena);
}

/* Every octet changed to every one of a few values. */
static void
check_changed(void)
{
	static const char values[] = { 0, 1, 2, 0x7F, -0x80, -1 };
	struct buf bytes = BUF_INIT, error = BUF_INIT, said = BUF_INIT;
	struct arena *arena = arena_create(), *scratch = arena_create();
	size_t i, j;

	wire_encode(&bytes, sample(arena, true));
	for (i = 0; i < bytes.len; i++)
		for (j = 0; j < sizeof(values); j++) {
			char old = bytes.data[i];
			struct message *message;

			bytes.data[i] = values[j];
			message = wire_decode(scratch, bytes.data, bytes.len,
					      &error);
			if (message)
				describe_message(&said, message);
			bytes.data[i] = old;
			buf_reset(&said);
			arena_reset(scratch);
		}
	ok(true, "an answer changed anywhere is decoded or refused");
	buf_release(&bytes);
	buf_release(&error);
	buf_release(&said);
	arena_destroy(&arena);
	arena_destroy(&scratch);
}

struct refused_case {
	const char *name;
	const char *bytes;
	size_t length;
	const char *error;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct refused_case refused[] = {
	{ "no octets", BYTES(""), "it ends within a number" },
	{ "more headers than octets", BYTES("\xFF\xFF\xFF\xFF"),
	  "a list in it is longer than the whole" },
	{ "a text longer than the rest",
	  BYTES("\1\0\0\0" "\x09\0\0\0" "abcdefgh"),
	  "it ends within a text" },
	{ "a text that is no UTF-8",
	  BYTES("\1\0\0\0" "\4\0\0\0" "a\xFF" "bc" "\0\0\0\0"),
	  "a text in it is not UTF-8" },
	{ "a text with NUL",
	  BYTES("\1\0\0\0" "\4\0\0\0" "a\0bc" "\0\0\0\0"),
	  "a text in it is not UTF-8" },
};

static void
check_refused(const struct refused_case *one)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;

	ok(!wire_decode(arena, one->bytes, one->length, &error),
	   "%s is refused", one->name);
	is(error.data + strlen("the reader's answer cannot be used: "),
	   one->error, "%s: the sentence", one->name);
	ok(arena_size(arena) < 1 << 20, "%s: little memory is taken",
	   one->name);
	buf_release(&error);
	arena_destroy(&arena);
}

/* Can a message so deep in others be sent? */
static bool
is_sent(int depth)
{
	struct arena *arena = arena_create();
	struct message *message = message_create(arena);
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	bool sent;

	while (depth--) {
		struct message *outer = message_create(arena);

		vec_push(arena, &outer->nested, message);
		message = outer;
	}
	wire_encode(&bytes, message);
	sent = wire_decode(arena, bytes.data, bytes.len, &error);
	buf_release(&bytes);
	buf_release(&error);
	arena_destroy(&arena);
	return sent;
}

static void
check_depth(void)
{
	ok(is_sent(16) && !is_sent(17),
	   "a message may be sixteen deep in others");
	ok(!is_sent(1000), "a thousand messages in messages are refused");
}

int
main(void)
{
	size_t i;

	check_round_trip();
	check_cut();
	check_changed();
	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		check_refused(&refused[i]);
	check_depth();
	return tap_done();
}
