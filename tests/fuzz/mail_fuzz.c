/* Any octets as a mail: parsed, sent, received, and received as they were. */
#include "fuzz.h"

#include "base/bug.h"
#include "parse/parse.h"
#include "parse/wire.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bytes = BUF_INIT, again = BUF_INIT, error = BUF_INIT;
	struct arena *arena = arena_create();
	struct message *message;

	message = parse_mail(arena, (const char *)data, size);
	wire_encode(&bytes, message);
	message = wire_decode(arena, bytes.data, bytes.len, &error);
	if (!message)
		BUG("a parsed mail cannot be received: %s", error.data);
	wire_encode(&again, message);
	if (again.len != bytes.len || memcmp(again.data, bytes.data, bytes.len))
		BUG("a parsed mail is not received as it was");
	buf_release(&bytes);
	buf_release(&again);
	buf_release(&error);
	arena_destroy(&arena);
	return 0;
}
