#include "parse/preflight.h"

enum {
	BOUNDARIES_MOST = 64,	/* quadratic time; real mail has up to 5 */
	BOUNDARIES_LEAST = 8,	/* allowed whatever the size */
	MESSAGES_MOST = 32,	/* stack; real mail has 0 or 1 */
	WORK_MOST = 1 << 28,	/* octets times boundaries: about 2 seconds */
	FIELD_MOST = 65536,	/* a longer Content-Type is an attack */
	DELIMITERS_MOST = 5000,	/* lines that begin as one; libetpan makes a
				   part of each, and 2,000,000 empty ones keep
				   it busy while other mails wait */
};

static void
append_field(struct buf *out, const struct header_field *field)
{
	buf_append(out, field->name, field->name_length);
	buf_putc(out, ':');
	header_unfold(field, out);
	buf_putc(out, '\n');
}

/* The first of each: a second one is how two readers are shown two mails. */
static void
append_mime_fields(struct buf *out, const struct header *header)
{
	static const char *const names[] = {
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding",
		"Content-Disposition",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct header_field *field = header_find(header,
							       names[i]);

		if (field && field->value_length < FIELD_MOST)
			append_field(out, field);
	}
	buf_putc(out, '\n');
}

static bool
word_at(const char *at, const char *end, const char *word)
{
	size_t length = strlen(word);

	/* The second letter settles most of them. */
	return (size_t)(end - at) >= length && (at[1] | 0x20) == word[1] &&
	       !strncasecmp(at, word, length);
}

/* The word can be a parameter: `=` follows, perhaps behind blanks, folds and a
 * comment. In a sentence it does no harm. */
static bool
is_parameter(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' ||
			    *at == '\n'))
		at++;
	return at < end && (*at == '=' || *at == '(');
}

/* Backslashes up to the end of the folded line. A boundary has none by RFC
 * 2046 section 5.1.1. */
static bool
replace_backslashes(char *at, const char *end)
{
	bool found = false;

	for (; at < end; at++) {
		if (*at == '\n' && (at + 1 == end ||
				    (at[1] != ' ' && at[1] != '\t')))
			break;
		if (*at != '\\')
			continue;
		*at = '_';
		found = true;
	}
	return found;
}

static size_t
boundaries_allowed(size_t length)
{
	size_t allowed = WORK_MOST / (length + 1);

	if (allowed > BOUNDARIES_MOST)
		return BOUNDARIES_MOST;
	return allowed < BOUNDARIES_LEAST ? BOUNDARIES_LEAST : allowed;
}

/* The next b, B, r or R, which alone are 'r' with these two bits set. */
static char *
next_candidate(char *at, const char *end)
{
	while (at < end && (*at | 0x30) != 'r')
		at++;
	return at;
}

/* Octets before the line that may be one delimiter too many. */
static size_t
delimited_length(struct arena *arena, struct message *message,
		 const char *mail, size_t length)
{
	const char *end = mail + length, *at = mail;
	size_t delimiters = DELIMITERS_MOST;

	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		at++;
		if (end - at < 2 || at[0] != '-' || at[1] != '-' ||
		    delimiters--)
			continue;
		message_limit(arena, message, "too many lines that part the "
			      "mail: what follows was not read");
		return (size_t)(at - mail);
	}
	return length;
}

static size_t
harmless_length(struct arena *arena, struct message *message, char *mail,
		size_t length)
{
	size_t boundaries = boundaries_allowed(length);
	size_t messages = MESSAGES_MOST;
	char *end = mail + length, *at;

	for (at = next_candidate(mail, end); at < end;
	     at = next_candidate(at + 1, end)) {
		if (word_at(at, end, "rfc822") && !messages--) {
			message_limit(arena, message, "too many attached "
				      "messages: the last ones were not read");
			return (size_t)(at - mail);
		}
		if (!word_at(at, end, "boundary") ||
		    !is_parameter(at + strlen("boundary"), end))
			continue;
		if (!boundaries--) {
			message_limit(arena, message, "too many nested parts: "
				      "the innermost ones were not read");
			return (size_t)(at - mail);
		}
		if (replace_backslashes(at, end))
			message_limit(arena, message, "a boundary with a "
				      "backslash: some parts were not found");
	}
	return length;
}

void
preflight_compose(struct arena *arena, struct message *message,
		  const struct header *header, const char *mail, size_t length,
		  struct buf *out)
{
	append_mime_fields(out, header);
	buf_append(out, mail + header->body, length - header->body);
	buf_cut(out, delimited_length(arena, message, out->data, out->len));
	buf_cut(out, harmless_length(arena, message, out->data, out->len));
	memset(buf_grow(out, PREFLIGHT_PADDING), 0, PREFLIGHT_PADDING);
}
