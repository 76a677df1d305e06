#include "hold/returned.h"

#include "hold/item_alert.h"

/* The delivery whose Message-ID has that before its @. */
static const struct store_delivery *
find_delivery(const struct store_deliveries *list, const char *id)
{
	size_t length = strlen(id), i;

	for (i = 0; i < list->count; i++)
		if (!strncmp(list->items[i].message_id, id, length) &&
		    list->items[i].message_id[length] == '@')
			return &list->items[i];
	return NULL;
}

static enum outcome
load_delivery(struct store *store, const char *id, struct arena *arena,
	      struct returned *out, struct buf *error)
{
	const char *code = arena_strndup(arena, id, strcspn(id, "."));
	struct store_deliveries list = { 0 };
	struct store_item *item = NULL;
	enum outcome outcome = store_item_find(store, code, arena, &item,
					       error);

	if (outcome != OUTCOME_OK || !item)
		return outcome;
	out->item = item;
	out->alert = hold_item_alert(item, arena);
	outcome = store_item_deliveries(store, item->id, arena, &list, error);
	out->delivery = find_delivery(&list, id);
	return outcome;
}

/* The identity of the word that is told once, and whether it was. */
static enum outcome
load_word(struct store *store, const char *name, struct arena *arena,
	  struct returned *out, struct buf *error)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX], code[DIGEST_CODE];
	struct store_seat seat;
	enum outcome outcome;

	digest_add_text(digest, name);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	digest_code(bytes, code);
	out->identity = arena_strdup(arena, hex);
	outcome = store_item_seat(store, hex, "", code, arena, &seat, error);
	out->is_said = outcome == OUTCOME_OK && seat.how != STORE_NEW;
	out->code = seat.code;
	return outcome;
}

enum outcome
returned_load(struct store *store, const char *id, const char *once,
	      struct arena *arena, struct returned *returned_out,
	      struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;

	*returned_out = (struct returned){ .item = NULL };
	if (id)
		outcome = load_delivery(store, id, arena, returned_out, error);
	if (returned_out->delivery)
		once = arena_printf(arena, "returned delivery %lld",
				    (long long)returned_out->delivery->id);
	if (outcome != OUTCOME_OK || !once)
		return outcome;
	return load_word(store, once, arena, returned_out, error);
}
