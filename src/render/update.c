#include "render/update.h"

#include "base/text.h"
#include "render/several.h"

/* In octets: a subject has room for a name, not for a novel. */
enum { NAME_MOST = 40, DEVICE_MOST = 200 };

static const char *const keys[] = {
	[UPDATE_RAISED] = "update-raised",
	[UPDATE_KNOWN] = "update-known",
	[UPDATE_UNKNOWN] = "update-unknown",
	[UPDATE_REOPENED] = "update-reopened",
	[UPDATE_DEVICE] = "update-device",
	[UPDATE_MAYBE_DEVICE] = "update-maybe-device",
};

static const char *
say(struct arena *arena, const struct words *words, const char *key,
    const struct words_hole *holes)
{
	struct buf out = BUF_INIT;
	const char *text;

	words_print(words, key, holes, &out);
	text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}

static const char *
severity_word(struct arena *arena, const struct words *words, const char *was)
{
	const char *word = was ? words_text(words, arena_printf(arena,
						"severity-%s", was)) : NULL;

	return word ? word : was;
}

static const char *
clean(struct arena *arena, const char *text, size_t most)
{
	return text ? text_cut(arena, text_fold_space(arena, text,
						      strlen(text)), most) :
	       NULL;
}

const char *
update_text(struct arena *arena, const struct update *update,
	    const struct words *words, const char *now)
{
	const struct words_hole holes[] = {
		{ "from", severity_word(arena, words, update->was) },
		{ "to", now },
		{ "device", clean(arena, update->device, DEVICE_MOST) },
		{ "count", arena_printf(arena, "%zu", update->devices) },
		{ NULL, NULL }
	};

	if (update->kind == UPDATE_NONE)
		return NULL;
	if (update->kind == UPDATE_DEVICE && update->devices > 1)
		return say(arena, words, "update-devices", holes);
	return say(arena, words, keys[update->kind], holes);
}

const char *
update_short(struct arena *arena, const struct update *update,
	     const struct words *words)
{
	const char *device = clean(arena, update->device, NAME_MOST);
	const struct words_hole holes[] = {
		{ "from", severity_word(arena, words, update->was) },
		{ "device", device ? several_short(arena, device) : NULL },
		{ "count", arena_printf(arena, "%zu", update->devices) },
		{ NULL, NULL }
	};

	if (update->kind == UPDATE_NONE)
		return NULL;
	if (update->kind == UPDATE_DEVICE && update->devices > 1)
		return say(arena, words, "update-devices-short", holes);
	return say(arena, words, arena_printf(arena, "%s-short",
					      keys[update->kind]), holes);
}
