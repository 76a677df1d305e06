#include "parse/parse.h"

#include "base/text.h"
#include "parse/charset.h"
#include "parse/decode.h"
#include "parse/dsn.h"
#include "parse/flowed.h"
#include "parse/header.h"
#include "parse/html.h"
#include "parse/mime.h"
#include "parse/preflight.h"
#include "parse/rows.h"
#include "parse/sealed.h"
#include "parse/smime.h"

enum {
	NESTED_MOST = 4,	/* messages in messages that are looked into,
				   and wraps that are taken off */
	TEXT_MOST = 1 << 20,	/* octets of each kind of text: answer size */
	NAME_SHOWN = 100,	/* octets of a file name in a sentence */
	SNIFFED = 2048,		/* octets in which HTML names its charset, and
				   parts of a mail name theirs */
};

/* Texts that grow over all parts of one message. */
struct work {
	struct arena *arena;
	struct message *message;
	int depth;
	int wraps;		/* of S/MIME around the part at hand */
	size_t *signed_left;	/* octets of them, of the whole mail */
	struct buf text;
	struct buf html_text;
	bool is_too_large;	/* the S/MIME at hand, for what is left */
	struct buf decoded;	/* of the part at hand, reused */
	struct buf readable;
};

static struct message *parse_one(struct arena *arena, const char *mail,
				 size_t length, int depth,
				 size_t *signed_left);
static void take_entity(struct work *work, const struct header *header,
			const char *mail, size_t length);

/* --- Header --- */

/* The charset that is named first in `text`, "" for none. */
static const char *
find_charset(struct arena *arena, const char *text, size_t length)
{
	static const char word[] = "charset=";
	const char *at = text, *end = text + length;

	for (; end - at > (ptrdiff_t)(sizeof(word) - 1); at++) {
		const char *name = at + sizeof(word) - 1, *stop;

		if (strncasecmp(at, word, sizeof(word) - 1))
			continue;
		name += *name == '"' || *name == '\'';
		for (stop = name; stop < end && !strchr("\"' />;\r\n", *stop);)
			stop++;
		return arena_strndup(arena, name, (size_t)(stop - name));
	}
	return "";
}

static const char *
without_brackets(struct arena *arena, const char *text)
{
	const char *open = strchr(text, '<');
	const char *close = open ? strchr(open, '>') : NULL;

	if (!close)
		return text;
	return arena_strndup(arena, open + 1, (size_t)(close - open - 1));
}

static void
take_from(struct work *work, const struct header_field *field)
{
	struct buf value = BUF_INIT;

	header_unfold(field, &value);
	mime_addresses(work->arena, work->message, value.data, value.len);
	buf_release(&value);
}

static void
take_field(struct work *work, const struct header_field *field,
	   const char *otherwise)
{
	struct message *message = work->message;
	struct message_header header;

	header.name = arena_strndup(work->arena, field->name,
				    field->name_length);
	header.value = header_text(work->arena, field, otherwise,
				   &message->bad_bytes);
	vec_push(work->arena, &message->headers, header);
	if (header_is(field, "From"))
		take_from(work, field);
}

/* What the mail, or else its first part, says of itself: octets of a Subject
 * that nobody encoded are of the same. */
static const char *
body_charset(struct arena *arena, const struct header *header, const char *mail,
	     size_t length)
{
	const struct header_field *type = header_find(header, "Content-Type");
	const char *name = type ? find_charset(arena, type->value,
					       type->value_length) : "";
	size_t most = length - header->body;

	return *name ? name : find_charset(arena, mail + header->body,
					   most < SNIFFED ? most : SNIFFED);
}

static void
take_header(struct work *work, const struct header *header,
	    const char *otherwise)
{
	struct message *message = work->message;
	const char *value;
	size_t i;

	for (i = 0; i < header->fields.count; i++)
		take_field(work, &header->fields.items[i], otherwise);
	if (header->cut)
		message_limit(work->arena, message, "too many or too long "
			      "header fields: the last ones were not read");
	value = message_header(message, "Subject");
	if (value)
		message->subject = value;
	value = message_header(message, "Message-ID");
	if (value)
		message->message_id = without_brackets(work->arena, value);
}

/* --- Parts --- */

/* Its octets, in work->decoded. */
static void
decode(struct work *work, const struct mime_leaf *leaf)
{
	struct buf *out = &work->decoded;

	buf_reset(out);
	if (leaf->encoding == MIME_QUOTED_PRINTABLE)
		decode_quoted_printable(out, leaf->body, leaf->length);
	else if (leaf->encoding == MIME_BASE64)
		decode_base64(out, leaf->body, leaf->length);
	else
		buf_append(out, leaf->body, leaf->length);
}

/* One kind of line end, in place. */
static void
use_newlines(struct buf *text)
{
	size_t to = 0, i;

	if (!memchr(text->data, '\r', text->len))
		return;
	for (i = 0; i < text->len; i++) {
		char c = text->data[i];

		if (c == '\r' && i + 1 < text->len && text->data[i + 1] == '\n')
			continue;
		text->data[to++] = c == '\r' ? '\n' : c;
	}
	buf_cut(text, to);
}

/* The decoded octets as text, in work->readable. */
static void
convert(struct work *work, const char *charset)
{
	struct buf *out = &work->readable;

	buf_reset(out);
	work->message->bad_bytes += charset_append(out, charset,
						   work->decoded.data,
						   work->decoded.len);
	use_newlines(out);
}

static void
take_plain(struct work *work, const struct mime_leaf *leaf)
{
	struct buf *text = &work->text;

	decode(work, leaf);
	convert(work, leaf->charset);
	if (text->len && text->data[text->len - 1] != '\n')
		buf_putc(text, '\n');
	if (leaf->flowed)
		flowed_join(text, work->readable.data, work->readable.len,
			    leaf->delsp);
	else
		buf_append(text, work->readable.data, work->readable.len);
}

static void
take_html(struct work *work, const struct mime_leaf *leaf)
{
	decode(work, leaf);
	convert(work, *leaf->charset ? leaf->charset :
		find_charset(work->arena, work->decoded.data,
			     work->decoded.len < SNIFFED ? work->decoded.len :
							   SNIFFED));
	html_read(work->arena, work->message, work->readable.data,
		  work->readable.len, &work->html_text);
}

static void
take_nested(struct work *work, const struct mime_leaf *leaf)
{
	struct message *nested;

	if (work->depth == NESTED_MOST) {
		message_limit(work->arena, work->message,
			      "messages attached to attached messages: the "
			      "innermost ones were not read");
		return;
	}
	decode(work, leaf);
	nested = parse_one(work->arena, work->decoded.data, work->decoded.len,
			   work->depth + 1, work->signed_left);
	vec_push(work->arena, &work->message->nested, nested);
}

static bool
name_ends(const struct mime_leaf *leaf, const char *suffix)
{
	size_t length = strlen(leaf->name), end = strlen(suffix);

	return length >= end && !strcasecmp(leaf->name + length - end, suffix);
}

/* Some programs attach a mail as a file. */
static bool
is_mail(const struct mime_leaf *leaf)
{
	return !strcmp(leaf->type, "message/rfc822") ||
	       !strcmp(leaf->type, "message/global") ||
	       (name_ends(leaf, ".eml") && !text_starts(leaf->type, "image/"));
}

static bool
is_smime(const struct mime_leaf *leaf)
{
	return !strcmp(leaf->type, "application/pkcs7-mime") ||
	       !strcmp(leaf->type, "application/x-pkcs7-mime") ||
	       name_ends(leaf, ".p7m");
}

static void
take_attachment(struct work *work, const struct mime_leaf *leaf)
{
	struct message_part part = { .type = leaf->type, .name = leaf->name };

	decode(work, leaf);
	part.size = work->decoded.len;
	part.is_too_large = is_smime(leaf) && work->is_too_large;
	vec_push(work->arena, &work->message->parts, part);
}

/* What is signed is the mail itself: its parts are read as if nothing were
 * around them. */
static bool
take_signed(struct work *work, const struct mime_leaf *leaf)
{
	struct buf inner = BUF_INIT;
	struct header header;
	bool is_there = false;

	decode(work, leaf);
	work->is_too_large = work->decoded.len > *work->signed_left;
	if (work->wraps < NESTED_MOST && !work->is_too_large) {
		*work->signed_left -= work->decoded.len;
		is_there = smime_unwrap(work->decoded.data, work->decoded.len,
					&inner);
	}
	if (is_there) {
		work->wraps++;
		header_split(work->arena, inner.data, inner.len, &header);
		take_entity(work, &header, inner.data, inner.len);
		work->wraps--;
	}
	buf_release(&inner);
	return is_there;
}

static void
take_other(struct work *work, const struct mime_leaf *leaf)
{
	take_attachment(work, leaf);
	if (sealed_find(leaf->type, leaf->name))
		message_limit(work->arena, work->message,
			      arena_printf(work->arena, "the attachment '%s' "
					   "of type %s, which may hold the "
					   "mail", text_cut(work->arena,
					   leaf->name, NAME_SHOWN),
					   leaf->type));
}

static void
take_report(struct work *work, const struct mime_leaf *leaf)
{
	take_attachment(work, leaf);
	dsn_read(work->arena, work->message, work->decoded.data,
		 work->decoded.len);
}

static void
take_leaf(struct work *work, const struct mime_leaf *leaf)
{
	if (is_mail(leaf))
		take_nested(work, leaf);
	else if (dsn_is_type(leaf->type))
		take_report(work, leaf);
	else if (is_smime(leaf) && take_signed(work, leaf))
		return;
	else if (leaf->attachment)
		take_other(work, leaf);
	else if (!strcmp(leaf->type, "text/html"))
		take_html(work, leaf);
	else if (!strcmp(leaf->type, "text/plain") ||
		 text_starts(leaf->type, "multipart/"))
		take_plain(work, leaf);
	else
		take_other(work, leaf);
}

/* --- One message --- */

static const char *
finish_text(struct work *work, struct buf *text)
{
	size_t length = text->len;

	if (length > TEXT_MOST) {
		length = TEXT_MOST;
		while ((text->data[length] & 0xC0) == 0x80)
			length--;
		message_limit(work->arena, work->message,
			      "too much text: what follows 1 MiB was not read");
	}
	return arena_strndup(work->arena, text->data, length);
}

/* A header that says of what kind the parts behind it are, and these. */
static void
take_entity(struct work *work, const struct header *header, const char *mail,
	    size_t length)
{
	struct buf safe = BUF_INIT;
	struct mime_leaves leaves;
	size_t i;

	preflight_compose(work->arena, work->message, header, mail, length,
			  &safe);
	mime_parse(work->arena, work->message, safe.data, safe.len, &leaves);
	for (i = 0; i < leaves.count; i++)
		take_leaf(work, &leaves.items[i]);
	buf_release(&safe);
}

static void
finish(struct work *work)
{
	struct message *message = work->message;

	message->text = finish_text(work, &work->text);
	message->html_text = finish_text(work, &work->html_text);
	rows_from_text(work->arena, message, message->text);
}

static struct message *
parse_one(struct arena *arena, const char *mail, size_t length, int depth,
	  size_t *signed_left)
{
	struct work work = {
		.arena = arena, .message = message_create(arena),
		.depth = depth, .signed_left = signed_left,
		.text = BUF_INIT, .html_text = BUF_INIT,
		.decoded = BUF_INIT, .readable = BUF_INIT,
	};
	struct header header;

	header_split(arena, mail, length, &header);
	take_header(&work, &header,
		    body_charset(arena, &header, mail, length));
	take_entity(&work, &header, mail, length);
	finish(&work);
	buf_release(&work.text);
	buf_release(&work.html_text);
	buf_release(&work.decoded);
	buf_release(&work.readable);
	return work.message;
}

struct message *
parse_mail(struct arena *arena, const char *mail, size_t length)
{
	bool cut = length > PARSE_MOST;
	size_t signed_left = PARSE_SIGNED_MOST;
	struct message *message;

	message = parse_one(arena, mail, cut ? PARSE_MOST : length, 0,
			    &signed_left);
	if (cut)
		message_limit(arena, message, "the mail is larger than 8 MiB: "
			      "only its beginning was read");
	return message;
}

void
parse_warm_up(void)
{
	static const char mail[] =
		"From: =?utf-8?q?a?= <a@example.com>\nSubject: a\n"
		"Content-Type: text/html; charset=utf-8\n\n"
		"<table><tr><td>a</td><td>&eacute;</td></tr></table>\n";
	struct arena *arena = arena_create();

	charset_warm_up();
	(void)parse_mail(arena, mail, sizeof(mail) - 1);
	arena_destroy(&arena);
}
