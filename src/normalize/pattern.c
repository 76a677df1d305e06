#include "normalize/pattern.h"

#include "base/text.h"

struct piece {
	const char *hole;	/* NULL: a literal */
	const char *literal;	/* folded */
};

struct pattern {
	VEC(struct piece) pieces;
	VEC(const char *) holes;
	const char *stops;
};

/* What a character is compared as. The hyphens and colons are those that word
 * processors and East Asian keyboards write. */
static uint32_t
fold_character(uint32_t character)
{
	if (character >= 0x2010 && character <= 0x2015)
		return '-';
	if (character == 0xFF1A)
		return ':';
	return text_lower(character);
}

/* Unlike text_fold(), which cuts blanks at the ends, a literal keeps one. */
static const char *
fold_literal(struct arena *arena, const char *text, size_t length)
{
	const char *end = text + length, *folded;
	struct buf out = BUF_INIT;
	size_t step;

	for (; text < end; text += step) {
		uint32_t character = text_decode(text, end, &step);

		if (!text_is_invisible(character))
			text_encode(&out, fold_character(character));
		else if (!out.len || out.data[out.len - 1] != ' ')
			buf_putc(&out, ' ');
	}
	folded = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return folded;
}

static bool
add_hole(struct pattern *pattern, struct arena *arena, const char *name,
	 size_t length, struct buf *error)
{
	struct piece piece = { .hole = arena_strndup(arena, name, length) };
	size_t count = pattern->pieces.count;

	if (count && pattern->pieces.items[count - 1].hole) {
		buf_printf(error, "nothing stands between {%s} and {%s}",
			   pattern->pieces.items[count - 1].hole, piece.hole);
		return false;
	}
	if (strcmp(piece.hole, "*")) {
		if (!length || strspn(piece.hole, "abcdefghijklmnopqrstuvwxyz-")
		    != length) {
			buf_printf(error, "'{%s}' is no hole", piece.hole);
			return false;
		}
		vec_push(arena, &pattern->holes, piece.hole);
	}
	vec_push(arena, &pattern->pieces, piece);
	return true;
}

static bool
parse_pieces(struct pattern *pattern, struct arena *arena, const char *text,
	     struct buf *error)
{
	while (*text) {
		size_t length = strcspn(text, "{}");
		struct piece piece = { .hole = NULL };
		const char *close;

		if (length) {
			piece.literal = fold_literal(arena, text, length);
			vec_push(arena, &pattern->pieces, piece);
			text += length;
			continue;
		}
		close = strchr(text, '}');
		if (*text == '}' || !close) {
			buf_puts(error, "a brace without its pair");
			return false;
		}
		if (!add_hole(pattern, arena, text + 1,
			      (size_t)(close - text) - 1, error))
			return false;
		text = close + 1;
	}
	return true;
}

struct pattern *
pattern_parse(struct arena *arena, const char *text, const char *stops,
	      struct buf *error)
{
	struct pattern *pattern = arena_alloc(arena, sizeof(*pattern));

	pattern->stops = stops;
	if (!parse_pieces(pattern, arena, text, error))
		return NULL;
	vec_push(arena, &pattern->holes, NULL);
	return pattern;
}

const char *const *
pattern_holes(const struct pattern *pattern)
{
	return pattern->holes.items;
}

/* Where `text` goes on behind `literal`, or NULL when it does not begin so. */
static const char *
skip_literal(const char *literal, const char *text, const char *end)
{
	const char *literal_end = literal + strlen(literal);
	size_t step, text_step;

	for (; literal < literal_end; literal += step, text += text_step) {
		if (text == end)
			return NULL;
		if (fold_character(text_decode(text, end, &text_step)) !=
		    text_decode(literal, literal_end, &step))
			return NULL;
	}
	return text;
}

/* The first place from `text` on where `literal` fits; when it is `last`, where
 * it also reaches the end. NULL when there is none. */
static const char *
find_literal(const char *literal, bool last, const char *text, const char *end)
{
	size_t step;

	for (; text < end; text += step) {
		const char *behind = skip_literal(literal, text, end);

		if (behind && (!last || behind == end))
			return text;
		(void)text_decode(text, end, &step);	/* only its length */
	}
	return NULL;
}

/* Where hole `i`, which begins at `text`, ends; NULL when it cannot. */
static const char *
find_hole_end(const struct pattern *pattern, size_t i, const char *text,
	      const char *end)
{
	const struct piece *next = &pattern->pieces.items[i + 1];
	size_t step = 0;

	if (i + 1 == pattern->pieces.count)
		return end;
	if (strcmp(pattern->pieces.items[i].hole, "*"))
		(void)text_decode(text, end, &step);	/* one at least */
	if (text + step > end)
		return NULL;
	return find_literal(next->literal, i + 2 == pattern->pieces.count,
			    text + step, end);
}

static bool
capture(const struct pattern *pattern, struct arena *arena, const char *hole,
	const char *text, size_t length, pattern_captures *found)
{
	struct pattern_capture one = { hole, text_trim(arena, text, length) };

	if (!strcmp(hole, "*"))
		return true;
	if (!*one.text || strpbrk(one.text, pattern->stops))
		return false;
	vec_push(arena, found, one);
	return true;
}

static bool
match_pieces(const struct pattern *pattern, struct arena *arena,
	     const char *text, pattern_captures *found)
{
	const char *end = text + strlen(text);
	size_t i;

	for (i = 0; i < pattern->pieces.count; i++) {
		const struct piece *piece = &pattern->pieces.items[i];
		const char *start = text;

		text = piece->hole ? find_hole_end(pattern, i, text, end) :
				     skip_literal(piece->literal, text, end);
		if (!text)
			return false;
		if (piece->hole &&
		    !capture(pattern, arena, piece->hole, start,
			     (size_t)(text - start), found))
			return false;
	}
	return text == end;
}

bool
pattern_match(const struct pattern *pattern, struct arena *arena,
	      const char *text, pattern_captures *captures)
{
	const char *line = text_fold_space(arena, text, strlen(text));
	pattern_captures found = { .count = 0 };
	size_t i;

	if (!match_pieces(pattern, arena, line, &found))
		return false;
	for (i = 0; i < found.count; i++)
		vec_push(arena, captures, found.items[i]);
	return true;
}
