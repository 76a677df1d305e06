#include "hold/duplicate.h"

#include "base/arena.h"
#include "base/text.h"

static int
compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

void
duplicate_key(const char *const *recipients, size_t count,
	      const char *message_id, const unsigned char octets[DIGEST_SIZE],
	      struct duplicate_key *key_out)
{
	struct arena *arena = arena_create();
	const char **sorted = arena_array(arena, count, sizeof(*sorted));
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	size_t i;

	for (i = 0; i < count; i++)
		sorted[i] = text_fold(arena, recipients[i]);
	if (count)
		qsort(sorted, count, sizeof(*sorted), compare);
	for (i = 0; i < count; i++)
		digest_add_text(digest, sorted[i]);
	digest_add_text(digest, message_id);
	digest_add(digest, octets, DIGEST_SIZE);
	digest_finish(&digest, bytes);
	digest_hex(bytes, key_out->hex);
	digest_hex(octets, key_out->octets);
	digest_code(bytes, key_out->code);
	arena_destroy(&arena);
}
