/*
 * RFC 5322 headers, RFC 2047 words, RFC 2045 and 2046 parts.
 *
 *	multipart/mixed			only with an attachment
 *	  multipart/alternative		only with HTML
 *	    text/plain
 *	    text/html
 *	  message/rfc822		the original mail, which may not be
 *					base64 (RFC 2046 5.2.1); so, if it is
 *					not ASCII with lines that SMTP takes,
 *	  application/octet-stream	the same; or the record of an API
 */
#include "render/compose.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"

#include <ctype.h>

enum {
	/* Of octets; what is longer is cut: readers show far less, and some
	 * servers refuse headers of many kilobytes. */
	HEADER_TEXT_MOST = 400,
	LINE_MOST = 76,		/* RFC 2047 section 2; base64 likewise */
	LIST_MOST = 255,	/* RFC 2919 section 2 */
	NAME_MOST = 60,		/* with From: and its quotes on one line */
	/* "=?UTF-8?B?" and "?=" */
	WORD_FRAME = 12,
	/* What an encoded word of 75 octets holds: 63 are left for base64,
	 * which makes 15 groups of 4 for 3 octets each. */
	WORD_OCTETS = 45,
	SMTP_LINE_MOST = 998,	/* RFC 5322 2.1.1 */
};

#define CRLF "\r\n"

static const char *const importances[] = {
	[COMPOSE_NORMAL] = "normal",
	[COMPOSE_HIGH] = "high",
	[COMPOSE_LOW] = "low",
};

static void
append_base64_lines(struct buf *out, const char *bytes, size_t count)
{
	const size_t step = LINE_MOST / 4 * 3;
	size_t i;

	for (i = 0; i < count; i += step) {
		base64_append(out, bytes + i,
			      count - i < step ? count - i : step);
		buf_puts(out, CRLF);
	}
}

/* Fit to be folded at its blanks: ASCII, no word that a line cannot take, and
 * nothing that looks like an encoded word. */
static bool
is_plain(const char *text)
{
	size_t word;

	if (!text_is_ascii(text) || strstr(text, "=?"))
		return false;
	for (; *text; text += word + (text[word] == ' ')) {
		word = strcspn(text, " ");
		if (word > LINE_MOST - 2)
			return false;
	}
	return true;
}

/* `column` is how much of the line is used. */
static void
append_folded(struct buf *out, size_t column, const char *text)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > 1 && column + 1 + word > LINE_MOST) {
			buf_puts(out, CRLF);
			column = 0;
		}
		buf_putc(out, ' ');
		buf_append(out, text, word);
		column += 1 + word;
		text += word;
		text += *text == ' ';
	}
}

/* As many whole characters as `most` octets hold; at least one. */
static size_t
word_length(const char *text, size_t most)
{
	const char *end = text + strlen(text), *at = text;
	size_t step;

	while (at < end) {
		(void)text_decode(at, end, &step);	/* only its length */
		if (at > text && (size_t)(at - text) + step > most)
			break;
		at += step;
	}
	return (size_t)(at - text);
}

/* The first word fills the line, the others have lines of their own. */
static void
append_encoded(struct buf *out, size_t column, const char *text)
{
	size_t most = (LINE_MOST - 1 - WORD_FRAME - column) / 4 * 3;

	while (*text) {
		size_t length = word_length(text, most);

		buf_puts(out, " =?UTF-8?B?");
		base64_append(out, text, length);
		buf_puts(out, "?=");
		text += length;
		if (*text)
			buf_puts(out, CRLF);
		most = WORD_OCTETS;
	}
}

/* One line that obeys nobody: valid UTF-8, visible characters, blanks, and no
 * more of them than a header takes. */
static char *
one_line(struct arena *arena, const char *text, size_t most)
{
	struct buf valid = BUF_INIT;
	char *line;

	(void)text_append_valid(&valid, text, strlen(text));
	line = text_fold_space(arena, valid.data, valid.len);
	buf_release(&valid);
	return arena_strdup(arena, text_cut(arena, line, most));
}

static void
append_header(struct arena *arena, struct buf *out, const char *name,
	      const char *value)
{
	char *line;

	if (!value)
		return;
	line = one_line(arena, value, HEADER_TEXT_MOST);
	buf_printf(out, "%s:", name);
	if (is_plain(line))
		append_folded(out, strlen(name) + 1, line);
	else
		append_encoded(out, strlen(name) + 1, line);
	buf_puts(out, CRLF);
}

/* A display name: quoted, with quotes and backslashes escaped, or encoded. */
static void
append_name(struct arena *arena, struct buf *out, const char *name)
{
	const char *line = one_line(arena, name, NAME_MOST), *at;

	if (!text_is_ascii(line) || strstr(line, "=?")) {
		append_encoded(out, strlen("From:"), line);
		return;
	}
	buf_puts(out, " \"");
	for (at = line; *at; at++) {
		if (*at == '"' || *at == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *at);
	}
	buf_putc(out, '"');
}

/* In an address a blank would begin another one, so none is left. */
static char *
bare_address(struct arena *arena, const char *address)
{
	char *line = one_line(arena, address, HEADER_TEXT_MOST);

	line[strcspn(line, " <>,;\"\\")] = '\0';
	return line;
}

/* The address goes to a line of its own when both do not fit. */
static void
append_from(struct arena *arena, struct buf *out,
	    const struct compose *compose)
{
	const char *address = bare_address(arena, compose->from);
	size_t start = out->len;

	buf_puts(out, "From:");
	if (compose->from_name && *compose->from_name)
		append_name(arena, out, compose->from_name);
	if (out->len - start + strlen(address) + 3 > LINE_MOST)
		buf_puts(out, CRLF);
	buf_printf(out, " <%s>" CRLF, address);
}

/* RFC 5322 3.3, in UTC: the reader's program shows its own zone. */
static void
append_date(struct buf *out, instant_ms when)
{
	static const char *const days[] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
	};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec"
	};
	struct civil civil;

	clock_to_civil(when, &civil);
	buf_printf(out, "Date: %s, %02d %s %04lld %02d:%02d:%02d +0000" CRLF,
		   days[clock_weekday(when)], civil.day,
		   months[civil.month - 1], (long long)civil.year, civil.hour,
		   civil.minute, civil.second);
}

/* An identifier is ASCII, unlike an address: whoever compares it need not know
 * of UTF-8. */
static void
append_id(struct arena *arena, struct buf *out, const char *name,
	  const char *id)
{
	char *bare, *at;

	if (!id)
		return;
	bare = bare_address(arena, id);
	for (at = bare; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	buf_printf(out, "%s <%s>" CRLF, name, bare);
}

/* Each on a line of its own, so that none is too long. */
static void
append_references(struct arena *arena, struct buf *out,
		  const char *const *references)
{
	size_t i;

	for (i = 0; references && references[i]; i++)
		append_id(arena, out, i ? "" : "References:", references[i]);
}

/* Only what a domain has: a name of a customer is a person's. */
static void
append_list(struct buf *out, const char *list)
{
	size_t i;

	if (!list)
		return;
	buf_puts(out, "List-Id: <");
	for (i = 0; list[i] && i < LIST_MOST; i++)
		buf_putc(out, isalnum((unsigned char)list[i]) ||
			 list[i] == '.' || list[i] == '-' ? list[i] : '-');
	buf_puts(out, ">" CRLF);
}

static void
append_headers(struct arena *arena, struct buf *out,
	       const struct compose *compose)
{
	append_from(arena, out, compose);
	buf_printf(out, "To: <%s>" CRLF, bare_address(arena, compose->to));
	append_header(arena, out, "Subject", compose->subject);
	append_date(out, compose->date);
	append_id(arena, out, "Message-ID:", compose->message_id);
	append_references(arena, out, compose->references);
	buf_puts(out, "Auto-Submitted: auto-generated" CRLF);
	buf_puts(out, "X-Auto-Response-Suppress: All" CRLF);
	buf_printf(out, "Importance: %s" CRLF,
		   importances[compose->importance]);
	append_list(out, compose->list);
	append_header(arena, out, "X-Tocsin-Code", compose->code);
	append_header(arena, out, "X-Tocsin-Customer", compose->customer);
	append_header(arena, out, "X-Tocsin-Rule", compose->rule);
	buf_puts(out, "MIME-Version: 1.0" CRLF);
}

/* Text in base64 has CRLF line ends, too (RFC 2046 4.1.1). */
static void
append_text(struct buf *out, const char *type, const char *text)
{
	struct buf valid = BUF_INIT, lines = BUF_INIT;
	const char *at, *end;

	(void)text_append_valid(&valid, text, strlen(text));
	for (at = valid.data; *at; at = end) {
		end = strchrnul(at, '\n');
		buf_append(&lines, at, (size_t)(end - at));
		if (!*end)
			break;
		if (end == valid.data || end[-1] != '\r')
			buf_putc(&lines, '\r');
		buf_putc(&lines, *end++);
	}
	buf_printf(out, "Content-Type: %s; charset=utf-8" CRLF
		   "Content-Transfer-Encoding: base64" CRLF CRLF, type);
	append_base64_lines(out, lines.data, lines.len);
	buf_release(&valid);
	buf_release(&lines);
}

/* Of a text as SMTP takes it; `next` is the octet behind it. */
static bool
is_text_octet(char octet, char next)
{
	if (octet == '\r')
		return next == '\n';
	return octet == '\n' || octet == '\t' ||
	       (octet >= ' ' && octet <= '~');
}

/* As a part of a mail it needs no encoding: ASCII in lines that end as lines
 * do, none of which is taken for the end of the part. */
static bool
is_seven_bit(const struct original *original, const char *boundary)
{
	const char *at = original->bytes, *end = at + original->length;
	size_t column = 0;

	for (; at < end; at++) {
		column = *at == '\n' || *at == '\r' ? 0 : column + 1;
		if (!is_text_octet(*at, at + 1 < end ? at[1] : '\0') ||
		    column > SMTP_LINE_MOST)
			return false;
	}
	return !memmem(original->bytes, original->length, boundary,
		       strlen(boundary));
}

static void
append_original_head(struct buf *out, const char *type, const char *encoding,
		     const char *name)
{
	buf_printf(out, "Content-Type: %s; name=\"%s\"" CRLF
		   "Content-Transfer-Encoding: %s" CRLF
		   "Content-Disposition: attachment; filename=\"%s\"" CRLF
		   CRLF, type, name, encoding, name);
}

static void
append_lines(struct buf *out, const struct original *original)
{
	const char *at = original->bytes, *end = at + original->length;

	for (; at < end; at++) {
		if (*at == '\n')
			buf_puts(out, CRLF);
		else if (*at != '\r')
			buf_putc(out, *at);
	}
	buf_puts(out, CRLF);	/* of the boundary that follows */
}

static void
append_original(struct buf *out, const struct original *original,
		const char *boundary)
{
	if (original->form == ORIGINAL_MAIL &&
	    is_seven_bit(original, boundary)) {
		append_original_head(out, "message/rfc822", "7bit",
				     "original.eml");
		append_lines(out, original);
		return;
	}
	append_original_head(out, "application/octet-stream", "base64",
			     original->form == ORIGINAL_RECORD ?
			     "original.json" : "original.eml");
	append_base64_lines(out, original->bytes, original->length);
}

/* Cannot stand in base64, and what is not is looked through; from the
 * Message-ID, so that it is the same again. */
static void
choose_boundary(const struct compose *compose, const char *kind,
		char boundary[DIGEST_HEX])
{
	unsigned char bytes[DIGEST_SIZE];
	struct digest *digest = digest_create();

	digest_add_text(digest, kind);
	digest_add_text(digest, compose->message_id);
	digest_finish(&digest, bytes);
	digest_hex(bytes, boundary);
	memcpy(boundary, "=_tocsin", strlen("=_tocsin"));
	boundary[40] = '\0';
}

static void
append_multipart(struct buf *out, const char *type, const char *boundary)
{
	buf_printf(out, "Content-Type: multipart/%s;" CRLF
		   " boundary=\"%s\"" CRLF, type, boundary);
}

static void
append_body(struct buf *out, const struct compose *compose)
{
	char boundary[DIGEST_HEX];

	if (!compose->html) {
		append_text(out, "text/plain", compose->text);
		return;
	}
	choose_boundary(compose, "alternative", boundary);
	append_multipart(out, "alternative", boundary);
	buf_printf(out, CRLF "--%s" CRLF, boundary);
	append_text(out, "text/plain", compose->text);
	buf_printf(out, "--%s" CRLF, boundary);
	append_text(out, "text/html", compose->html);
	buf_printf(out, "--%s--" CRLF, boundary);
}

static void
append_content(struct buf *out, const struct compose *compose)
{
	char boundary[DIGEST_HEX];

	if (!compose->original) {
		append_body(out, compose);
		return;
	}
	choose_boundary(compose, "mixed", boundary);
	append_multipart(out, "mixed", boundary);
	buf_printf(out, CRLF "--%s" CRLF, boundary);
	append_body(out, compose);
	buf_printf(out, "--%s" CRLF, boundary);
	append_original(out, compose->original, boundary);
	buf_printf(out, "--%s--" CRLF, boundary);
}

bool
compose_message(const struct compose *compose, struct buf *out)
{
	struct arena *arena = arena_create();

	append_headers(arena, out, compose);
	append_content(out, compose);
	arena_destroy(&arena);
	return !text_is_ascii(compose->from) || !text_is_ascii(compose->to);
}
