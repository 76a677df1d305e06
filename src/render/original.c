#include "render/original.h"

#include "base/text.h"
#include "base/vec.h"

enum {
	/* Characters of the text that are shown: what a phone shows on four
	 * screens; the rest is attached. */
	TEXT_MOST = 2000,
	/* Lines: a hostile text may have one character on each. */
	LINES_MOST = 100,
	/* Characters of a line of a quotation, 78 with its mark. A longer one
	 * would go on at the begin of a line, without the mark; a shorter one
	 * would break what whoever wrote it has wrapped already. */
	QUOTED_MOST = 76,
	ROWS_MOST = 20,
	MEGABYTE = 1000000,
};

typedef VEC(const char *) text_lines;

bool
original_is_attached(const struct original *original)
{
	return original && original->bytes && original->length <= ORIGINAL_MOST;
}

static bool
is_large(const struct original *original)
{
	return original->bytes && !original_is_attached(original);
}

/* Octets of at most `most` characters. */
static size_t
characters(const char *text, size_t length, size_t most)
{
	size_t at = 0, step;

	while (at < length && most--) {
		(void)text_decode(text + at, text + length, &step);
		at += step;
	}
	return at;
}

/* The lines of the text, each fit to be shown, with no more than one empty line
 * between two; whether it goes on. */
static bool
split(struct arena *arena, const char *text, text_lines *lines)
{
	size_t left = TEXT_MOST;
	bool is_gap = false;

	while (text && *text && left && lines->count < LINES_MOST) {
		size_t length = strcspn(text, "\n");
		size_t taken = characters(text, length, left);
		char *line = text_fold_space(arena, text, taken);

		if (*line && is_gap)
			vec_push(arena, lines, "");
		if (*line)
			vec_push(arena, lines, line);
		is_gap = !*line && lines->count;
		left -= text_count(line, strlen(line));
		if (taken < length)
			return true;
		text += length + (text[length] == '\n');
	}
	return text && *text;
}

/* Where to end the first line of a text that is longer than one: at its last
 * blank, or else in a word. */
static size_t
line_end(const char *text, size_t most)
{
	size_t at = most;

	while (at && text[at] != ' ')
		at--;
	return at ? at : most;
}

/* Add it in pieces. */
static void
wrap(struct arena *arena, const char *text, struct value *list)
{
	size_t length = strlen(text), most, end;

	while ((most = characters(text, length, QUOTED_MOST)) < length) {
		end = line_end(text, most);
		value_add(list, value_text(arena, arena_strndup(arena, text,
								end)));
		end += text[end] == ' ';
		text += end;
		length -= end;
	}
	value_add(list, value_text(arena, text));
}

static void
set_text(struct arena *arena, struct value *map,
	 const struct original *original)
{
	struct value *all = value_list(arena), *quoted = value_list(arena);
	text_lines lines = { 0 };
	bool is_cut = split(arena, original->text, &lines);
	size_t i;

	for (i = 0; i < lines.count; i++) {
		value_add(all, value_text(arena, lines.items[i]));
		wrap(arena, lines.items[i], quoted);
	}
	value_set(map, "lines", all);
	value_set(map, "quoted-lines", quoted);
	value_set_bool(map, "has-lines", lines.count);
	value_set_bool(map, "is-cut", is_cut);
}

static const char *
word(const struct words *words, const char *key)
{
	const char *text = words_text(words, key);

	return text ? text : key;
}

static const char *
clean(struct arena *arena, const char *text)
{
	return text_fold_space(arena, text, strlen(text));
}

static void
set_rows(struct arena *arena, struct value *map,
	 const struct original *original, const struct words *words)
{
	struct value *all = value_list(arena), *quoted = value_list(arena);
	size_t i;

	for (i = 0; i < original->row_count && i < ROWS_MOST; i++) {
		const char *label = clean(arena, original->rows[i].label);
		const char *text = clean(arena, original->rows[i].text);
		struct value *row = value_map(arena);

		value_set_text(row, "label", label);
		value_set_text(row, "text", text);
		value_add(all, row);
		wrap(arena, arena_printf(arena, "%s%s%s", label,
					 word(words, "colon"), text), quoted);
	}
	value_set(map, "rows", all);
	value_set(map, "quoted-rows", quoted);
	value_set_bool(map, "has-rows", original->row_count);
}

static void
set_from(struct arena *arena, struct value *map,
	 const struct original *original, const struct words *words)
{
	struct value *quoted = value_list(arena);
	const char *from;

	value_set(map, "quoted-from", quoted);
	if (!original->from)
		return;
	from = clean(arena, original->from);
	value_set_text(map, "from", from);
	wrap(arena, arena_printf(arena, "%s%s%s", word(words, "original-from"),
				 word(words, "colon"), from), quoted);
}

struct value *
original_value(struct arena *arena, const struct original *original,
	       const struct words *words)
{
	struct value *map;

	if (!original)
		return value_bool(arena, false);
	map = value_map(arena);
	set_from(arena, map, original, words);
	set_text(arena, map, original);
	set_rows(arena, map, original, words);
	value_set_bool(map, "is-attached", original_is_attached(original));
	value_set_text(map, "large", is_large(original) ?
		       arena_printf(arena, "%zu MB", original->length /
				    MEGABYTE) : NULL);
	value_set_bool(map, "is-kept", original->is_kept);
	return map;
}

static void
print_heading(const struct words *words, const char *key, struct buf *out)
{
	buf_printf(out, "%s%s\n", word(words, key), word(words, "colon"));
}

static void
print_quoted(const struct value *map, const char *name, struct buf *out)
{
	const struct value *list = value_find(map, name, strlen(name));
	size_t i;

	for (i = 0; i < value_count(list); i++) {
		buf_puts(out, "> ");
		value_print(value_item(list, i), out);
		buf_putc(out, '\n');
	}
}

static bool
has(const struct value *map, const char *name)
{
	return value_is_true(value_find(map, name, strlen(name)));
}

void
original_print(struct arena *arena, const struct original *original,
	       const struct words *words, struct buf *out)
{
	const struct value *map;

	if (!original)
		return;
	map = original_value(arena, original, words);
	if (has(map, "has-rows"))
		print_heading(words, "original-rows", out);
	print_quoted(map, "quoted-rows", out);
	if (has(map, "has-lines"))
		print_heading(words, "original-text", out);
	if (has(map, "has-lines"))
		print_quoted(map, "quoted-from", out);
	print_quoted(map, "quoted-lines", out);
	if (original_is_attached(original))
		buf_printf(out, "%s\n", word(words, "raw-attached"));
	else if (is_large(original))
		buf_printf(out, "%s\n", word(words, "raw-large"));
}
