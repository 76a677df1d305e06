/* Any text as Authentication-Results: it ends soon and within its memory. */
#include "fuzz.h"

#include "base/bug.h"
#include "normalize/authres.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	const char *value = arena_strndup(arena, (const char *)data, size);
	struct authres *authres = authres_parse(arena, value);
	size_t i;

	for (i = 0; i < authres->results.count; i++) {
		const struct authres_result *result =
			&authres->results.items[i];

		if (!result->method || !result->result)
			BUG("a result without a method or a value");
		(void)authres_property(result, "header.from");
	}
	arena_destroy(&arena);
	return 0;
}
