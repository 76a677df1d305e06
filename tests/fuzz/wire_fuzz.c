/* Any octets as a reader's answer. */
#include "fuzz.h"

#include "base/bug.h"
#include "parse/wire.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	struct arena *arena = arena_create();
	struct message *message;

	message = wire_decode(arena, (const char *)data, size, &error);
	if (message) {
		wire_encode(&bytes, message);
		if (bytes.len != size || memcmp(bytes.data, data, size))
			BUG("an answer is not what was received");
	} else if (!error.len) {
		BUG("an answer is refused without a sentence");
	}
	buf_release(&bytes);
	buf_release(&error);
	arena_destroy(&arena);
	return 0;
}
