/*
 * The one difficulty is where the header ends. The rule is an empty line; but
 * mail also comes with junk between the fields and without the empty line, so
 * a line that is no field is judged by what follows it.
 */
#include "parse/header.h"

#include "base/text.h"
#include "parse/charset.h"
#include "parse/encoded_word.h"

enum {
	FIELDS_MOST = 2000,	/* fields kept: memory; real mail has 30-100 */
	OCTETS_MOST = 1 << 20,	/* of all fields kept: memory, answer size */
	NAME_MOST = 128,	/* a longer "name" is text with a colon */
	LOOK_AHEAD = 8,		/* junk lines in a row that are forgiven */
};

struct line {
	const char *start;
	const char *end;	/* without LF, CR LF */
	const char *next;
};

static struct line
line_at(const char *at, const char *end)
{
	struct line line = { at, end, end };
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	if (newline) {
		line.end = newline;
		line.next = newline + 1;
	}
	if (line.end > at && line.end[-1] == '\r')
		line.end--;
	return line;
}

static bool
is_fold(const struct line *line)
{
	return line->start < line->end &&
		(*line->start == ' ' || *line->start == '\t');
}

static bool
is_blank(const struct line *line)
{
	const char *at;

	for (at = line->start; at < line->end; at++)
		if (*at != ' ' && *at != '\t')
			return false;
	return true;
}

/* Characters before the colon (RFC 5322 2.2: printable, and blanks before the
 * colon by section 4.5), or 0 when this is no field. */
static size_t
name_length(const struct line *line)
{
	const char *at = line->start;
	size_t length;

	while (at < line->end && *at > ' ' && *at < 0x7F && *at != ':')
		at++;
	length = (size_t)(at - line->start);
	while (at < line->end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == line->end || *at != ':' || length > NAME_MOST)
		return 0;
	return length;
}

/* A field that is seen in headers and hardly ever begins a line of text. */
static bool
is_mail_field(const struct line *line)
{
	static const char *const starts[] = {
		"received", "from:", "to:", "cc:", "subject:", "date:",
		"message-id:", "mime-version:", "content-", "x-",
		"authentication-results:", "dkim-", "arc-", "return-path:",
		"delivered-to:", "reply-to:", "sender:", "list-",
		"auto-submitted:", "importance:", "thread-", "references:",
		"in-reply-to:", "precedence:",
	};
	size_t i;

	if (!name_length(line))
		return false;
	for (i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		size_t length = strlen(starts[i]);

		if ((size_t)(line->end - line->start) >= length &&
		    !strncasecmp(line->start, starts[i], length))
			return true;
	}
	return false;
}

/* Does the header go on behind a line of junk? */
static bool
fields_follow(const char *at, const char *end)
{
	int i;

	for (i = 0; i < LOOK_AHEAD && at < end; i++) {
		struct line line = line_at(at, end);

		if (is_blank(&line))
			return false;
		if (is_mail_field(&line))
			return true;
		at = line.next;
	}
	return false;
}

/* A line of nothing but blanks is a fold if the header goes on behind it. */
static bool
is_empty_fold(const struct line *line, const char *end)
{
	struct line next;

	if (!is_fold(line))
		return false;
	next = line_at(line->next, end);
	return is_fold(&next) ? !is_blank(&next) : is_mail_field(&next);
}

static const char *
skip_mailbox_lines(const char *at, const char *end)
{
	while (end - at >= 5 && (!memcmp(at, "From ", 5) ||
				 (end - at >= 6 && !memcmp(at, ">From ", 6))))
		at = line_at(at, end).next;
	return at;
}

static void
add_field(struct arena *arena, struct header *header, const struct line *line,
	  size_t name, size_t *octets)
{
	const char *colon = memchr(line->start, ':',
				   (size_t)(line->end - line->start));
	struct header_field field = { line->start, name, colon + 1,
				      (size_t)(line->end - colon - 1) };

	*octets += (size_t)(line->end - line->start);
	if (header->fields.count == FIELDS_MOST || *octets > OCTETS_MOST)
		header->cut = true;
	else
		vec_push(arena, &header->fields, field);
}

static void
extend_field(struct header *header, const struct line *line, size_t *octets)
{
	struct header_field *last;

	*octets += (size_t)(line->end - line->start);
	if (*octets > OCTETS_MOST)
		header->cut = true;
	if (header->cut || !header->fields.count)
		return;
	last = &header->fields.items[header->fields.count - 1];
	last->value_length = (size_t)(line->end - last->value);
}

void
header_split(struct arena *arena, const char *mail, size_t length,
	     struct header *header_out)
{
	const char *end = mail + length;
	const char *at = skip_mailbox_lines(mail, end);
	bool in_field = false;
	size_t octets = 0;

	*header_out = (struct header){ .body = length };
	while (at < end) {
		struct line line = line_at(at, end);
		size_t name = name_length(&line);

		if (is_blank(&line) && !is_empty_fold(&line, end)) {
			header_out->body = (size_t)(line.next - mail);
			return;
		}
		if (is_fold(&line) && in_field) {
			extend_field(header_out, &line, &octets);
		} else if (name) {
			add_field(arena, header_out, &line, name, &octets);
			in_field = true;
		} else if (!fields_follow(line.next, end)) {
			header_out->body = (size_t)(at - mail);
			return;
		} else {
			in_field = false;
		}
		at = line.next;
	}
}

bool
header_is(const struct header_field *field, const char *name)
{
	return strlen(name) == field->name_length &&
		!strncasecmp(name, field->name, field->name_length);
}

const struct header_field *
header_find(const struct header *header, const char *name)
{
	size_t i;

	for (i = 0; i < header->fields.count; i++)
		if (header_is(&header->fields.items[i], name))
			return &header->fields.items[i];
	return NULL;
}

void
header_unfold(const struct header_field *field, struct buf *out)
{
	const char *at = field->value, *end = at + field->value_length;

	while (at < end) {
		struct line line = line_at(at, end);

		buf_append(out, line.start, (size_t)(line.end - line.start));
		at = line.next;
	}
}

/* RFC 2047 section 5: text and display names, nothing else. */
static bool
is_read_by_people(const struct header_field *field)
{
	static const char *const names[] = {
		"subject", "from", "to", "cc", "bcc", "sender", "reply-to",
		"comments", "keywords", "organization", "thread-topic",
		"resent-from", "resent-to", "resent-cc", "resent-sender",
		"content-description",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (header_is(field, names[i]))
			return true;
	return false;
}

/* Decoded words can hold line ends, which would end a header or a log line. */
static void
blank_controls(struct buf *text)
{
	size_t i;

	for (i = 0; i < text->len; i++)
		if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7F)
			text->data[i] = ' ';
}

static char *
trimmed(struct arena *arena, const struct buf *text)
{
	const char *from = text->data, *to = text->data + text->len;

	while (from < to && *from == ' ')
		from++;
	while (to > from && to[-1] == ' ')
		to--;
	return arena_strndup(arena, from, (size_t)(to - from));
}

const char *
header_text(struct arena *arena, const struct header_field *field,
	    const char *otherwise, size_t *bad)
{
	struct buf line = BUF_INIT, text = BUF_INIT;
	const char *copy;

	header_unfold(field, &line);
	if (is_read_by_people(field))
		*bad += encoded_word_append(&text, line.data, line.len,
					    otherwise);
	else
		*bad += charset_append(&text, "", line.data, line.len);
	blank_controls(&text);
	copy = trimmed(arena, &text);
	buf_release(&line);
	buf_release(&text);
	return copy;
}
