/* Any octets as a file of the inbox: a block that is found lies inside, has the
 * addresses it counts, and is found again in what is written from them. */
#include "fuzz.h"

#include "base/bug.h"
#include "intake/envelope.h"

static void
append_line(struct buf *out, const char *address, size_t length,
	    size_t (*write)(char *line, const char *address))
{
	struct buf copy = BUF_INIT;
	char line[ENVELOPE_LINE_MAX];

	buf_append(&copy, address, length);
	buf_append(out, line, write(line, copy.data));
	buf_release(&copy);
}

/* Addresses that the block may have, but that we would write otherwise. */
static bool
is_odd(const char *address, size_t length)
{
	return length > ENVELOPE_ADDRESS_MAX || (length && *address == '<') ||
	       (length == strlen("MAILER-DAEMON") &&
		!strncasecmp(address, "MAILER-DAEMON", length));
}

static void
check(const char *bytes, size_t size, const struct envelope *found)
{
	const char *line = bytes, *address;
	struct buf out = BUF_INIT;
	struct envelope again;
	char border[ENVELOPE_LINE_MAX];
	size_t length, i, word;
	bool odd = false;

	if (found->length > size || found->length > ENVELOPE_MAX)
		BUG("a block of %zu in %zu octets", found->length, size);
	for (i = 0; i <= found->recipients; i++) {
		line = envelope_address(line, &address, &length);
		if (address < bytes || address + length > line ||
		    line > bytes + found->length)
			BUG("address %zu lies outside the block", i);
		odd |= is_odd(address, length);
		append_line(&out, address, length, i ?
			    envelope_recipient_line : envelope_sender_line);
	}
	if (found->word <= (size_t)(line - bytes) ||
	    found->word + ENVELOPE_WORD > found->length)
		BUG("the word lies outside the border");
	buf_append(&out, border, envelope_border_line(border, "h", "i", 0,
						      &word));
	if (!odd && (!envelope_find(out.data, out.len, &again) ||
		     again.recipients != found->recipients ||
		     memcmp(out.data, bytes, (size_t)(line - bytes))))
		BUG("a block is not found as it was written");
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct envelope found;

	if (envelope_find((const char *)data, size, &found))
		check((const char *)data, size, &found);
	return 0;
}
