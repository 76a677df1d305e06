#include "normalize/quirk.h"

#include "base/text.h"

enum {
	/* "[A] [B] FW: RE: FW: ..." is looked at no deeper. */
	TAGS_MOST = 8,
	TAG_LONGEST = 32,
	/* A line that long was probably folded, a shorter one was not. */
	FOLDED_LEAST = 60,
	/* Octets of a text in which a value is looked for. */
	UNFOLD_WITHIN = 64 << 10,
	/* Lines of one value; a title has two. */
	FOLDED_MOST = 4,
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

/* What mail programs write before the subject of a mail that is sent on, and
 * before a reply, which quotes the mail all the same. */
static const char *const passed_on[] = {
	"fw:", "fwd:", "re:", "wg:", "aw:", "tr:", "rv:", "enc:", "res:", "转发:",
	"转发：", "回复:", "回复：", NULL
};

/* The length of what stands before the subject, 0 for nothing. */
static size_t
tag_length(const char *subject, bool *forwarded_out)
{
	size_t length = strcspn(subject, "]"), i;

	if (*subject == '[' && subject[length] && length < TAG_LONGEST)
		return length + 1;
	for (i = 0; passed_on[i]; i++) {
		length = strlen(passed_on[i]);
		if (!strncasecmp(subject, passed_on[i], length)) {
			*forwarded_out = true;
			return length;
		}
	}
	return 0;
}

const char *
quirk_subject(struct arena *arena, const char *subject, bool *forwarded_out)
{
	const char *line = text_fold_space(arena, subject, strlen(subject));
	size_t length;
	int i;

	for (i = 0; i < TAGS_MOST; i++) {
		length = tag_length(line, forwarded_out);
		if (!length)
			break;
		line += length;
		line += strspn(line, " ");
	}
	return line;
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

bool
quirk_is_cut(struct arena *arena, const char *piece, const char *whole)
{
	const char *folded = text_fold(arena, piece);
	size_t length = strlen(folded);

	return length && text_starts(text_fold(arena, whole), folded) &&
	       strlen(whole) > length;
}

/* Does every piece between `separators` have one of `needed`? */
static bool
all_have(const char *text, const char *separators, const char *needed)
{
	while (*text) {
		size_t length = strcspn(text, separators);

		if (length && strcspn(text, needed) >= length)
			return false;
		text += length;
		text += strspn(text, separators);
	}
	return true;
}

const char *
quirk_list_separators(enum quirk_list list, const char *text)
{
	switch (list) {
	case QUIRK_LIST_HOSTS:
		return all_have(text, ",; ", ".") ? ",; " : ",;";
	case QUIRK_LIST_USERS:
		return all_have(text, ",; ", "@\\") ? ",; " : ";";
	case QUIRK_LIST_TEXTS:
		break;
	}
	return ",;";
}
