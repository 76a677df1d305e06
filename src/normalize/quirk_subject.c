/*
 * Three shapes: a tag in brackets, whatever it says; a known word of a gateway;
 * a known word of a mail program, in any of the languages that Outlook, Gmail,
 * Thunderbird and Lotus Notes speak. The words are a table.
 */
#include "normalize/quirk_subject.h"

#include "base/text.h"

#include <ctype.h>

enum {
	/* "[A] [B] FW: RE: FW: ..." is looked at no deeper. */
	TAGS_MOST = 12,
	/* Octets of a tag: "[EXTERNAL - verify the sender before you click]" */
	TAG_LONGEST = 120,
	WORD_MOST = 48,		/* octets of a word in the tables */
};

/* Before the subject of a mail that is sent on, and before a reply, which
 * quotes the mail all the same. Without case. */
static const char *const passed_on[] = {
	"fw", "fwd", "re", "aw", "wg", "tr", "rv", "enc", "res", "ref", "rép",
	"vs", "sv", "vb", "vl", "antw", "doorst", "i", "r", "rif", "fs", "odp",
	"pd", "vá", "vt", "továbbítás", "ynt", "ilt", "İLT", "bls", "trs", "tl",
	"ct", "atb", "rs", "ym", "aв", "отв", "пер", "απ", "πρθ", "σχετ", "השב",
	"הועבר", "رد", "إعادة توجيه", "转发", "轉寄", "轉發", "回复", "回覆", "答复",
	"答覆", "转寄", "転送", "返信", "전달", "회신", "ส่งต่อ", "ตอบกลับ",
};

/* Of gateways, also with more words behind: "External Sender:". */
static const char *const tags[] = {
	"external", "extern", "externe", "externo", "externa", "esterno", "ext",
	"outside", "caution", "warning", "spam", "suspected spam",
	"possible spam", "probable spam", "suspect", "junk", "bulk", "phishing",
	"untrusted", "unverified", "unsicher", "attention", "achtung",
	"vorsicht",
	"e-mail externe", "mail externe", "courriel externe", "correo externo",
	"外部", "外部邮件", "外部メール", "社外", "외부",
};

static size_t
skip_blanks(const char *at)
{
	return strspn(at, " ");
}

/* Octets of a colon or what stands for one; 0 for none. */
static size_t
colon(const char *at)
{
	return *at == ':' ? 1 : text_starts(at, "：") ? strlen("：") : 0;
}

/* The entry of `words` that `subject` begins with, the longest; its octets in
 * `subject`, or 0. */
static size_t
word_length(const char *subject, const char *const *words, size_t count)
{
	char start[WORD_MOST + 1];
	size_t best = 0, i;

	for (i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if (length <= best || length > WORD_MOST ||
		    strnlen(subject, length) < length)
			continue;
		memcpy(start, subject, length);
		start[length] = '\0';
		if (text_is_utf8(start, length) &&
		    text_same(start, words[i]) &&
		    !isalpha((unsigned char)subject[length]))
			best = length;
	}
	return best;
}

/* "FW:", "TR :", "FW[2]:", "Re^3:", "AW (2):" */
static size_t
passed_on_length(const char *subject)
{
	size_t length = word_length(subject, passed_on, sizeof(passed_on) /
				    sizeof(*passed_on));
	const char *at = subject + length;

	if (!length)
		return 0;
	at += strspn(at, " [(^*0123456789)]");
	return colon(at) ? (size_t)(at - subject) + colon(at) : 0;
}

/* "[...]", "(...)", "{...}", "<...>", "***...***", "#...#", and in the brackets
 * of East Asian scripts. */
static size_t
bracket_length(const char *subject)
{
	static const struct { const char *open, *close; } brackets[] = {
		{ "[", "]" }, { "(", ")" }, { "{", "}" }, { "<", ">" },
		{ "***", "***" }, { "**", "**" }, { "*", "*" }, { "#", "#" },
		{ "【", "】" }, { "［", "］" }, { "（", "）" }, { "「", "」" },
	};
	size_t i, open;

	for (i = 0; i < sizeof(brackets) / sizeof(*brackets); i++) {
		const char *close;

		open = strlen(brackets[i].open);
		if (!text_starts(subject, brackets[i].open))
			continue;
		close = strstr(subject + open, brackets[i].close);
		if (close && close - subject < TAG_LONGEST)
			return (size_t)(close - subject) +
			       strlen(brackets[i].close);
	}
	return 0;
}

/* In capitals it needs no mark behind it: "EXTERNAL High-severity alert". */
static bool
is_shouted(const char *word, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (islower((unsigned char)word[i]))
			return false;
	return length > 2 && word[length] == ' ';
}

/* "EXTERNAL:", "External Sender -", "SPAM 7.2 |": up to three words more. */
static size_t
word_tag_length(const char *subject)
{
	size_t word = word_length(subject, tags, sizeof(tags) / sizeof(*tags));
	const char *at = subject + word;
	int more;

	if (!word)
		return 0;
	for (more = 0; more <= 3; more++) {
		at += skip_blanks(at);
		if (colon(at))
			return (size_t)(at - subject) + colon(at);
		if (*at == '|' || *at == '>' ||
		    (*at == '-' && at[1] == ' ') || text_starts(at, "– "))
			return (size_t)(at - subject) + strcspn(at, " ");
		at += strcspn(at, " :|>-");
	}
	return is_shouted(subject, word) ? word : 0;
}

static size_t
tag_length(const char *subject, bool *forwarded)
{
	size_t length = bracket_length(subject);

	if (!length)
		length = word_tag_length(subject);
	if (length)
		return length;
	length = passed_on_length(subject);
	if (length)
		*forwarded = true;
	return length;
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
		line += strspn(line, " -|:>");
	}
	return line;
}
