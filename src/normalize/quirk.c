#include "normalize/quirk.h"

#include "base/buf.h"
#include "base/text.h"

enum {
	/* A line that long was probably folded, a shorter one was not. */
	FOLDED_LEAST = 60,
	/* Octets of a text in which a value is looked for. */
	UNFOLD_WITHIN = 64 << 10,
	/* Lines of one value; a title has two. */
	FOLDED_MOST = 4,
	/* Lines of a list below its label. */
	LIST_MOST = 100,
};

/* Bullets, geometric shapes, dingbats, emoji and what colours them: written
 * around a value, never a part of one. */
static bool
is_mark(uint32_t c)
{
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x00B7, 0x00B7 }, { 0x2022, 0x2023 }, { 0x2043, 0x2043 },
		{ 0x2190, 0x21FF }, { 0x25A0, 0x27BF }, { 0x2B00, 0x2BFF },
		{ 0xFE00, 0xFE0F }, { 0x1F000, 0x1FAFF },
	};
	size_t i;

	if (text_is_invisible(c))
		return true;
	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Without characters at both ends for which `drop` holds. */
static char *
strip(struct arena *arena, const char *text, bool (*drop)(uint32_t))
{
	const char *end = text + strlen(text), *from = NULL, *to = text;
	size_t step;

	for (; text < end; text += step) {
		if (drop(text_decode(text, end, &step)))
			continue;
		if (!from)
			from = text;
		to = text + step;
	}
	return from ? arena_strndup(arena, from, (size_t)(to - from)) :
		      arena_strdup(arena, "");
}

static bool
is_mark_or_colon(uint32_t character)
{
	return character == ':' || character == 0xFF1A || is_mark(character);
}

char *
quirk_label(struct arena *arena, const char *label)
{
	char *line = text_fold_space(arena, label, strlen(label));

	return text_fold(arena, strip(arena, line, is_mark_or_colon));
}

char *
quirk_value(struct arena *arena, const char *value)
{
	return strip(arena, value, is_mark);
}

/* Does the line at `start` go on in the next one, at `next`? */
static bool
goes_on(const char *start, const char *next)
{
	size_t length = strcspn(next, "\n");

	return next - start >= FOLDED_LEAST && length &&
	       !memchr(next, ':', length) && !memchr(next, '<', length);
}

/* The first line that ends with `value`, or NULL. Line by line, since a search
 * for the value itself finds one of a hostile mail at every octet. */
static const char *
line_ending_with(const char *text, const char *value, size_t length)
{
	const char *end = text + strnlen(text, UNFOLD_WITHIN), *stop;

	for (; (stop = memchr(text, '\n', (size_t)(end - text)));
	     text = stop + 1)
		if ((size_t)(stop - text) >= length &&
		    !memcmp(stop - length, value, length))
			return text;
	return NULL;
}

const char *
quirk_unfold(struct arena *arena, const char *text, const char *value)
{
	size_t length = strlen(value);
	const char *start, *next;
	int lines;

	if (length < FOLDED_LEAST / 2)
		return value;
	start = line_ending_with(text, value, length);
	for (lines = 0; start && lines < FOLDED_MOST; lines++) {
		next = start + strcspn(start, "\n");
		next += *next == '\n';
		if (!goes_on(start, next))
			break;
		length = strcspn(next, "\n");
		value = arena_printf(arena, "%s %.*s", value, (int)length,
				     next);
		start = next;
	}
	return value;
}

static size_t
indent_of(const char *line)
{
	return strspn(line, " \t>");
}

/* Does the line begin like a point of a list? */
static bool
is_point(const char *line)
{
	line += indent_of(line);
	return text_starts(line, "- ") || text_starts(line, "* ") ||
	       text_starts(line, "\xE2\x80\xA2");
}

static bool
is_one_word(const char *line, size_t length)
{
	size_t indent = indent_of(line);

	return indent < length &&
	       !memchr(line + indent, ' ', length - indent);
}

static bool
list_goes_on(const char *start, const char *next)
{
	size_t length = strcspn(next, "\r\n");
	const char *end = next;

	while (end > start && strchr(" \t\r\n", end[-1]))
		end--;
	if (end == start || !length || length == indent_of(next) ||
	    memchr(next, ':', length) || memchr(next, '<', length))
		return false;
	return strchr(",;", end[-1]) || is_point(next) ||
	       indent_of(next) > indent_of(start) || is_one_word(next, length);
}

const char *
quirk_unfold_list(struct arena *arena, const char *text, const char *value)
{
	const char *start = *value ? line_ending_with(text, value,
						      strlen(value)) : NULL;
	struct buf all = BUF_INIT;
	const char *line = start, *next;
	int lines;

	for (lines = 0; start && lines < LIST_MOST; lines++) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (!list_goes_on(start, next))
			break;
		buf_printf(&all, "\n%.*s", (int)strcspn(next, "\r\n"), next);
		line = next;
	}
	/* More of them than are read: "..." says so. */
	value = all.len ? arena_printf(arena, "%s%s%s", value, all.data,
				       lines == LIST_MOST ? "\n..." : "") :
			  value;
	buf_release(&all);
	return value;
}

bool
quirk_is_cut(struct arena *arena, const char *piece, const char *whole)
{
	const char *folded = text_fold(arena, piece);
	size_t length = strlen(folded);

	return length && text_starts(text_fold(arena, whole), folded) &&
	       strlen(whole) > length;
}

