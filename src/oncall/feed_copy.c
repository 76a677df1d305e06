#include "oncall/feed_copy.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
	COPY_MOST = 20 << 20,		/* octets */
	COPY_MODE = 0600,
	FOLDER_MODE = 0700,
};

static const char *
path_of(struct arena *arena, const char *state, const char *key)
{
	return arena_printf(arena, "%s/calendars/%s.json", state, key);
}

static instant_ms
instant_member(const struct json *object, const char *name)
{
	const char *text = json_text(json_member(object, name));
	instant_ms when;

	return text && clock_parse(text, &when) ? when : TIME_UNKNOWN;
}

static const char *
text_member(struct arena *arena, const struct json *object, const char *name)
{
	const char *text = json_text(json_member(object, name));

	return text ? arena_strdup(arena, text) : NULL;
}

static struct feed_copy *
decode(const struct json *json, struct arena *arena, struct buf *error)
{
	struct feed_copy *copy = arena_alloc(arena, sizeof(*copy));

	*copy = (struct feed_copy){
		.fetched = instant_member(json, "fetched"),
		.read = instant_member(json, "read"),
		.zone = text_member(arena, json, "zone"),
		.etag = text_member(arena, json, "etag"),
		.modified = text_member(arena, json, "modified"),
		.turns = turns_parse(arena, json_member(json, "calendar"),
				     error),
	};
	if (!copy->turns || copy->fetched == TIME_UNKNOWN ||
	    copy->read == TIME_UNKNOWN || !copy->zone)
		return NULL;
	return copy;
}

struct feed_copy *
feed_copy_read(const char *state, const char *key, struct arena *arena,
	       struct buf *error)
{
	struct buf bytes = BUF_INIT;
	struct feed_copy *copy = NULL;
	struct json *json = NULL;

	if (file_read(path_of(arena, state, key), COPY_MOST, &bytes, error) ==
	    OUTCOME_OK)
		json = json_parse(bytes.data, bytes.len, error);
	if (json)
		copy = decode(json, arena, error);
	json_destroy(&json);
	buf_release(&bytes);
	return copy;
}

static void
encode(const struct feed_copy *copy, struct buf *out)
{
	struct json *object = json_object();
	struct buf turns = BUF_INIT, error = BUF_INIT;

	turns_print(copy->turns, &turns);
	json_set_instant(object, "fetched", copy->fetched);
	json_set_instant(object, "read", copy->read);
	json_set_text(object, "zone", copy->zone);
	json_set_text(object, "etag", copy->etag);
	json_set_text(object, "modified", copy->modified);
	json_set(object, "calendar", json_parse(turns.data, turns.len, &error));
	json_print(object, out);
	json_destroy(&object);
	buf_release(&turns);
	buf_release(&error);
}

enum outcome
feed_copy_write(const char *state, const char *key,
		const struct feed_copy *copy, struct buf *error)
{
	struct arena *arena = arena_create();
	const char *folder = arena_printf(arena, "%s/calendars", state);
	struct buf bytes = BUF_INIT;
	enum outcome outcome = OUTCOME_TEMPORARY;

	if (mkdir(folder, FOLDER_MODE) && errno != EEXIST) {
		buf_printf(error, "cannot make %s: %s", folder,
			   strerror(errno));
	} else {
		encode(copy, &bytes);
		outcome = file_replace(path_of(arena, state, key), bytes.data,
				       bytes.len, COPY_MODE, error);
	}
	buf_release(&bytes);
	arena_destroy(&arena);
	return outcome;
}
