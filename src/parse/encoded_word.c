#include "parse/encoded_word.h"

#include "parse/charset.h"
#include "parse/decode.h"

#include <stdbool.h>

enum { CHARSET_MOST = 40 };

/* =?charset*language?encoding?text?= */
struct word {
	char charset[CHARSET_MOST + 1];
	bool base64;
	const char *text;
	size_t length;
	const char *end;
};

/* Octets of one or more words, waiting to be converted together. */
struct pending {
	char charset[CHARSET_MOST + 1];
	struct buf octets;
	bool any;
	const char *otherwise;	/* for what is no word */
};

static bool
read_charset(struct word *word, const char **at, const char *end)
{
	const char *mark = memchr(*at, '?', (size_t)(end - *at));
	const char *language;
	size_t length;

	if (!mark)
		return false;
	language = memchr(*at, '*', (size_t)(mark - *at));
	length = (size_t)((language ? language : mark) - *at);
	if (!length || length > CHARSET_MOST)
		return false;
	memcpy(word->charset, *at, length);
	word->charset[length] = '\0';
	*at = mark + 1;
	return !strpbrk(word->charset, " \t\"<>=");
}

/* Blanks inside the text are not allowed, and common. Another "=?" inside
 * means that this word has no end, unless it is padding before the end. */
static bool
read_text(struct word *word, const char *at, const char *end)
{
	word->text = at;
	for (; end - at >= 2; at++) {
		if (at[0] == '=' && at[1] == '?' &&
		    (end - at == 2 || at[2] != '='))
			return false;
		if (at[0] == '?' && at[1] == '=') {
			word->length = (size_t)(at - word->text);
			word->end = at + 2;
			return true;
		}
	}
	return false;
}

static bool
word_at(const char *at, const char *end, struct word *word_out)
{
	if (end - at < 8 || at[0] != '=' || at[1] != '?')
		return false;
	at += 2;
	if (!read_charset(word_out, &at, end) || end - at < 2 || at[1] != '?')
		return false;
	word_out->base64 = at[0] == 'B' || at[0] == 'b';
	if (!word_out->base64 && at[0] != 'Q' && at[0] != 'q')
		return false;
	return read_text(word_out, at + 2, end);
}

static size_t
flush(struct pending *pending, struct buf *out)
{
	size_t bad = 0;

	if (pending->any)
		bad = charset_append(out, pending->charset,
				     pending->octets.data, pending->octets.len);
	buf_reset(&pending->octets);
	pending->any = false;
	return bad;
}

static size_t
add_word(struct pending *pending, struct buf *out, const struct word *word)
{
	size_t bad = 0;

	if (pending->any && strcasecmp(pending->charset, word->charset))
		bad = flush(pending, out);
	memcpy(pending->charset, word->charset, sizeof(word->charset));
	pending->any = true;
	if (word->base64)
		decode_base64(&pending->octets, word->text, word->length);
	else
		decode_q(&pending->octets, word->text, word->length);
	return bad;
}

static bool
is_blank(const char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != ' ' && *from != '\t')
			return false;
	return true;
}

static size_t
append_words(struct pending *pending, struct buf *out, const char *line,
	     const char *end)
{
	const char *plain = line;	/* start of what is no word */
	struct word word;
	size_t bad = 0;

	while (line < end) {
		line = memchr(line, '=', (size_t)(end - line));
		if (!line)
			break;
		if (!word_at(line, end, &word)) {
			line++;
			continue;
		}
		if (!pending->any || !is_blank(plain, line)) {
			bad += flush(pending, out);
			bad += charset_append_unnamed(out, pending->otherwise,
						      plain,
						      (size_t)(line - plain));
		}
		bad += add_word(pending, out, &word);
		line = plain = word.end;
	}
	bad += flush(pending, out);
	return bad + charset_append_unnamed(out, pending->otherwise, plain,
					    (size_t)(end - plain));
}

size_t
encoded_word_append(struct buf *out, const char *line, size_t length,
		    const char *otherwise)
{
	struct pending pending = { .octets = BUF_INIT, .otherwise = otherwise };
	size_t bad;

	bad = append_words(&pending, out, line, line + length);
	buf_release(&pending.octets);
	return bad;
}
