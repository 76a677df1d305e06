#include "hold/duplicate.h"

#include "base/arena.h"
#include "base/text.h"

static int
compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* In the order of the alphabet, without case. */
static const char **
sort_recipients(const struct duplicate_message *message, struct arena *arena)
{
	const char **sorted = arena_array(arena, message->count,
					  sizeof(*sorted));
	size_t i;

	for (i = 0; i < message->count; i++)
		sorted[i] = text_fold(arena, message->recipients[i]);
	if (message->count)
		qsort(sorted, message->count, sizeof(*sorted), compare);
	return sorted;
}

static void
identify(const struct duplicate_message *message, bool is_proven,
	 const char *const *recipients, unsigned char out[DIGEST_SIZE])
{
	struct digest *digest = digest_create();
	size_t i;

	for (i = 0; i < message->count; i++)
		digest_add_text(digest, recipients[i]);
	digest_add_text(digest, is_proven ? "proven" : "");
	digest_add(digest, message->written, DIGEST_SIZE);
	digest_finish(&digest, out);
}

void
duplicate_key(const struct duplicate_message *message,
	      struct duplicate_key *key_out)
{
	struct arena *arena = arena_create();
	const char **recipients = sort_recipients(message, arena);
	unsigned char bytes[DIGEST_SIZE];

	identify(message, true, recipients, bytes);
	digest_hex(bytes, key_out->proven);
	identify(message, message->is_proven, recipients, bytes);
	digest_hex(bytes, key_out->hex);
	digest_hex(message->octets, key_out->octets);
	digest_code(bytes, key_out->code);
	arena_destroy(&arena);
}
