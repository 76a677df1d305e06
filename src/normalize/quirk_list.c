#include "normalize/quirk_list.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum {
	HOST_MOST = 255,	/* octets of a name: RFC 1035 section 2.3.4 */
};

/* --- Names --- */

/* Letters of NetBIOS names beyond ASCII; not those of scripts that write
 * words without blanks, where "lab-1和dc-1" would be one name. */
static bool
is_letter_beyond_ascii(uint32_t c)
{
	return (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) ||
	       (c >= 0x370 && c <= 0x52F);
}

static bool
belongs_in_host(uint32_t c)
{
	return c < 0x80 ? c && (isalnum((int)c) || strchr("-._$", (int)c)) :
			  is_letter_beyond_ascii(c);
}

static bool
is_host(const char *text, size_t length)
{
	const char *end = text + length;
	size_t step, named = 0;

	for (; text < end; text += step) {
		uint32_t c = text_decode(text, end, &step);

		if (!belongs_in_host(c))
			return false;
		named += c >= 0x80 || isalnum((int)c);
	}
	return named && length <= HOST_MOST;
}

/* A host that is no word of a sentence: it has a dot, a dash or a digit. */
static bool
is_surely_host(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (strchr("-._0123456789", text[i]))
			return is_host(text, length);
	return false;
}

static bool
is_account(const char *text, size_t length)
{
	return memchr(text, '@', length) || memchr(text, '\\', length);
}

/* Does it hold for every word? */
static bool
all_words(const char *text, bool (*holds)(const char *text, size_t length))
{
	static const char blanks[] = ",;| \t\n/";
	size_t length;

	text += strspn(text, blanks);
	for (; *text; text += length, text += strspn(text, blanks)) {
		length = strcspn(text, blanks);
		if (!holds(text, length))
			return false;
	}
	return true;
}

/* --- What says that there are more --- */

/* At the end of a value, in the languages of the portals. */
static bool
is_word_for_more(const char *word, size_t length)
{
	static const char *const words[] = {
		"more", "other", "others", "etc", "etc.", "al.", "weitere",
		"weiteren", "andere", "autre", "autres", "mais", "más",
		"outros", "otros", "altri", "andra", "flere", "その他", "等", "其他",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == length &&
		    !strncasecmp(words[i], word, length))
			return true;
	return false;
}

static bool
says_more(const char *text, size_t length)
{
	static const char ellipsis[] = "\xE2\x80\xA6";	/* U+2026 */
	const char *end = text + length, *word;

	if (*text == '+' || memmem(text, length, "...", 3) ||
	    memmem(text, length, ellipsis, 3) || memmem(text, length, "(+", 2))
		return true;
	while (end > text && strchr(")] ", end[-1]))
		end--;
	for (word = end; word > text && !strchr(" ([", word[-1]); word--)
		continue;
	return is_word_for_more(word, (size_t)(end - word));
}

static bool
is_one_account(const char *text, size_t length)
{
	const char *at = memchr(text, '@', length);

	return !at || !memchr(at + 1, '@', length - (size_t)(at + 1 - text));
}

static bool
is_whole(enum quirk_list_kind kind, const char *text, size_t length)
{
	if (says_more(text, length))
		return false;
	if (kind == QUIRK_LIST_HOSTS)
		return is_host(text, length);
	return kind != QUIRK_LIST_USERS || is_one_account(text, length);
}

/* --- Pieces --- */

/* Octets of what parts values at `at`, 0 for none. */
static size_t
separator(const struct quirk_list *list, const char *at)
{
	/* U+3001, U+FF0C, U+FF1B, U+2022 */
	static const char *const wide[] = {
		"\xE3\x80\x81", "\xEF\xBC\x8C", "\xEF\xBC\x9B", "\xE2\x80\xA2",
	};
	size_t i;

	if (strchr("\n\t;", *at))
		return 1;
	if (*at == ' ')
		return !list->blanks ? 0 : text_starts(at, " / ") ? 3 : 1;
	if (*at == '|')
		return list->blanks;
	if (*at == ',')
		return list->commas;
	for (i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		if (text_starts(at, wide[i]))
			return strlen(wide[i]);
	return 0;
}

/* A blank, or the dash or star of "- lab-1" in a line of its own. */
static bool
is_point(const char *start, const char *at)
{
	if (*at == ' ')
		return true;
	return (*at == '-' || *at == '*') && at[1] == ' ' &&
	       (at == start || at[-1] == ' ' || at[-1] == '\n');
}

void
quirk_list_start(struct quirk_list *list, enum quirk_list_kind kind,
		 const char *text)
{
	bool accounts = kind == QUIRK_LIST_USERS && all_words(text, is_account);

	*list = (struct quirk_list){ .at = text, .kind = kind };
	list->commas = kind != QUIRK_LIST_USERS || accounts;
	list->blanks = accounts || (kind == QUIRK_LIST_HOSTS &&
				    all_words(text, is_surely_host));
}

bool
quirk_list_next(struct quirk_list *list, struct quirk_piece *piece_out)
{
	const char *start = list->at, *end;

	while (*start && (separator(list, start) || is_point(list->at, start)))
		start += separator(list, start) ? separator(list, start) : 1;
	for (end = start; *end && !separator(list, end); end++)
		continue;
	list->at = end;
	while (end > start && end[-1] == ' ')
		end--;
	piece_out->text = start;
	piece_out->length = (size_t)(end - start);
	if (end == start)
		return false;
	piece_out->whole = is_whole(list->kind, start, piece_out->length);
	return true;
}
