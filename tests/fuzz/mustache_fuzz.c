/*
 * The Mustache compiler and renderer. The input is up to four texts with the
 * byte 1 between: a template, partials "p" and "q", and a value.
 */
#include "fuzz.h"

#include "render/mustache.h"

enum { PARTS = 4 };

static struct value *
sample(struct arena *arena, const char *text)
{
	struct value *data = value_map(arena), *list = value_list(arena);
	struct value *item = value_map(arena);

	value_set_text(item, "a", text);
	value_add(list, item);
	value_add(list, value_text(arena, text));
	value_set_text(data, "a", text);
	value_set(data, "l", list);
	value_set(data, "m", item);
	value_set_bool(data, "t", true);
	value_set_bool(data, "f", false);
	value_set_text(data, "w", "p");
	return data;
}

static struct mustache *
compile(struct arena *arena, const char *text, size_t length,
	struct diag *diag)
{
	struct diag_file *file = arena_alloc(arena, sizeof(*file));

	file->name = "fuzz";
	file->text = arena_strndup(arena, text, length);
	file->length = length;
	return mustache_compile(arena, file, diag);
}

static void
render(struct arena *arena, const struct diag_file parts[PARTS],
       struct diag *diag)
{
	static const char *const names[] = { "t", "p", "q" };
	struct map *partials = map_create(arena);
	struct value *data = sample(arena, arena_strndup(arena,
			parts[3].text, parts[3].length));
	struct buf out = BUF_INIT, error = BUF_INIT;
	int i;

	for (i = 0; i < 3; i++) {
		struct mustache *template = compile(arena, parts[i].text,
						    parts[i].length, diag);

		if (template)
			map_set(partials, names[i], template);
	}
	if (map_find(partials, "t")) {
		mustache_check(map_find(partials, "t"), partials, data, diag);
		mustache_render(map_find(partials, "t"), partials, data,
				MUSTACHE_HTML, &out, &error);
	}
	diag_print(diag, &out);
	buf_release(&out);
	buf_release(&error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct diag_file parts[PARTS] = { 0 };
	struct arena *arena = arena_create();
	const char *at = (const char *)bytes, *end = at + size;
	int i;

	for (i = 0; i < PARTS; i++) {
		const char *stop = at < end ?
			memchr(at, 1, (size_t)(end - at)) : NULL;

		if (!stop)
			stop = end;
		parts[i].text = at < end ? at : "";
		parts[i].length = (size_t)(stop - at);
		at = stop < end ? stop + 1 : end;
	}
	render(arena, parts, diag_create(arena));
	arena_destroy(&arena);
	return 0;
}
