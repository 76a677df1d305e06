#include "parse/wire.h"

#include "base/text.h"

void
wire_put_u32(struct buf *out, uint32_t value)
{
	char bytes[4] = {
		(char)value, (char)(value >> 8), (char)(value >> 16),
		(char)(value >> 24),
	};

	buf_append(out, bytes, sizeof(bytes));
}

uint32_t
wire_get_u32(const char bytes[4])
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
		(uint32_t)b[3] << 24;
}

/* --- Encode --- */

static void
put_text(struct buf *out, const char *text)
{
	size_t length = strlen(text);

	wire_put_u32(out, (uint32_t)length);
	buf_append(out, text, length);
}

static void
put_headers(struct buf *out, const struct message *message)
{
	size_t i;

	wire_put_u32(out, (uint32_t)message->headers.count);
	for (i = 0; i < message->headers.count; i++) {
		put_text(out, message->headers.items[i].name);
		put_text(out, message->headers.items[i].value);
	}
	wire_put_u32(out, (uint32_t)message->from.count);
	for (i = 0; i < message->from.count; i++) {
		put_text(out, message->from.items[i].name);
		put_text(out, message->from.items[i].address);
	}
}

static void
put_rows(struct buf *out, const struct message *message)
{
	size_t i;

	wire_put_u32(out, (uint32_t)message->rows.count);
	for (i = 0; i < message->rows.count; i++) {
		const struct message_row *row = &message->rows.items[i];

		wire_put_u32(out, row->origin);
		put_text(out, row->label);
		put_text(out, row->value);
		put_text(out, row->within);
		wire_put_u32(out, row->hidden);
	}
}

static void
put_grid(struct buf *out, const struct message *message)
{
	size_t i, j;

	wire_put_u32(out, (uint32_t)message->grid.count);
	for (i = 0; i < message->grid.count; i++) {
		const struct message_cells *row = &message->grid.items[i];

		wire_put_u32(out, row->table);
		wire_put_u32(out, (uint32_t)row->cells.count);
		for (j = 0; j < row->cells.count; j++)
			put_text(out, row->cells.items[j]);
	}
}

static void
put_links(struct buf *out, const struct message *message)
{
	size_t i;

	wire_put_u32(out, (uint32_t)message->links.count);
	for (i = 0; i < message->links.count; i++) {
		put_text(out, message->links.items[i].url);
		put_text(out, message->links.items[i].text);
		wire_put_u32(out, message->links.items[i].hidden);
	}
}

static void
put_parts(struct buf *out, const struct message *message)
{
	size_t i;

	wire_put_u32(out, (uint32_t)message->parts.count);
	for (i = 0; i < message->parts.count; i++) {
		put_text(out, message->parts.items[i].type);
		put_text(out, message->parts.items[i].name);
		wire_put_u32(out, (uint32_t)message->parts.items[i].size);
		wire_put_u32(out, message->parts.items[i].is_too_large);
	}
}

void
wire_encode(struct buf *out, const struct message *message)
{
	size_t i;

	put_headers(out, message);
	put_text(out, message->subject);
	put_text(out, message->message_id);
	put_text(out, message->text);
	put_text(out, message->html_text);
	put_rows(out, message);
	put_grid(out, message);
	put_links(out, message);
	put_parts(out, message);
	wire_put_u32(out, (uint32_t)message->nested.count);
	for (i = 0; i < message->nested.count; i++)
		wire_encode(out, message->nested.items[i]);
	wire_put_u32(out, (uint32_t)message->outcomes.count);
	for (i = 0; i < message->outcomes.count; i++)
		put_text(out, message->outcomes.items[i]);
	wire_put_u32(out, (uint32_t)message->limits.count);
	for (i = 0; i < message->limits.count; i++)
		put_text(out, message->limits.items[i]);
	wire_put_u32(out, (uint32_t)message->bad_bytes);
}

/* --- Decode --- */

/* What is left to read. The first thing found wrong stays in `wrong`, and from
 * then on every number is 0 and every text empty, so no loop runs on. */
struct source {
	struct arena *arena;
	const char *at;
	const char *end;
	const char *wrong;
};

static void
refuse(struct source *source, const char *wrong)
{
	if (!source->wrong)
		source->wrong = wrong;
	source->at = source->end;
}

static size_t
left(const struct source *source)
{
	return (size_t)(source->end - source->at);
}

static uint32_t
get_u32(struct source *source)
{
	uint32_t value;

	if (left(source) < 4) {
		refuse(source, "it ends within a number");
		return 0;
	}
	value = wire_get_u32(source->at);
	source->at += 4;
	return value;
}

static const char *
get_text(struct source *source)
{
	size_t length = get_u32(source);
	const char *text = source->at;

	if (length > left(source)) {
		refuse(source, "it ends within a text");
		return "";
	}
	if (memchr(text, '\0', length) || !text_is_utf8(text, length)) {
		refuse(source, "a text in it is not UTF-8");
		return "";
	}
	source->at += length;
	return length ? arena_strndup(source->arena, text, length) : "";
}

/* A list of items of at least `least` octets each: more than could be there
 * are refused before memory is taken for them. */
static size_t
get_count(struct source *source, size_t least)
{
	size_t count = get_u32(source);

	if (count <= left(source) / least)
		return count;
	refuse(source, "a list in it is longer than the whole");
	return 0;
}

static bool
get_flag(struct source *source)
{
	uint32_t value = get_u32(source);

	if (value > 1)
		refuse(source, "a flag in it is neither 0 nor 1");
	return value == 1;
}

static void
get_headers(struct source *source, struct message *message)
{
	size_t count;

	for (count = get_count(source, 8); count; count--) {
		struct message_header header;

		header.name = get_text(source);
		header.value = get_text(source);
		vec_push(source->arena, &message->headers, header);
	}
	for (count = get_count(source, 8); count; count--) {
		struct message_address address;

		address.name = get_text(source);
		address.address = get_text(source);
		vec_push(source->arena, &message->from, address);
	}
}

static enum message_row_origin
get_origin(struct source *source)
{
	uint32_t value = get_u32(source);

	if (value < ROW_ORIGINS)
		return (enum message_row_origin)value;
	refuse(source, "a row in it is of no kind");
	return ROW_TABLE;
}

static void
get_rows(struct source *source, struct message *message)
{
	size_t count;

	for (count = get_count(source, 20); count; count--) {
		struct message_row row;

		row.origin = get_origin(source);
		row.label = get_text(source);
		row.value = get_text(source);
		row.within = get_text(source);
		row.hidden = get_flag(source);
		vec_push(source->arena, &message->rows, row);
	}
}

static void
get_grid(struct source *source, struct message *message)
{
	size_t count, cells;

	for (count = get_count(source, 8); count && !source->wrong; count--) {
		struct message_cells row = { .table = get_u32(source) };

		for (cells = get_count(source, 4); cells; cells--)
			vec_push(source->arena, &row.cells, get_text(source));
		vec_push(source->arena, &message->grid, row);
	}
}

static void
get_links(struct source *source, struct message *message)
{
	size_t count;

	for (count = get_count(source, 12); count; count--) {
		struct message_link link;

		link.url = get_text(source);
		link.text = get_text(source);
		link.hidden = get_flag(source);
		vec_push(source->arena, &message->links, link);
	}
}

static void
get_parts(struct source *source, struct message *message)
{
	size_t count;

	for (count = get_count(source, 16); count; count--) {
		struct message_part part;

		part.type = get_text(source);
		part.name = get_text(source);
		part.size = get_u32(source);
		part.is_too_large = get_flag(source);
		vec_push(source->arena, &message->parts, part);
	}
}

static struct message *
get_message(struct source *source, int depth)
{
	struct message *message = message_create(source->arena);
	size_t count;

	if (depth > WIRE_DEPTH_MOST) {
		refuse(source, "messages in it are nested too deeply");
		return message;
	}
	get_headers(source, message);
	message->subject = get_text(source);
	message->message_id = get_text(source);
	message->text = get_text(source);
	message->html_text = get_text(source);
	get_rows(source, message);
	get_grid(source, message);
	get_links(source, message);
	get_parts(source, message);
	for (count = get_count(source, 56); count && !source->wrong; count--)
		vec_push(source->arena, &message->nested,
			 get_message(source, depth + 1));
	for (count = get_count(source, 4); count; count--)
		vec_push(source->arena, &message->outcomes, get_text(source));
	for (count = get_count(source, 4); count; count--)
		vec_push(source->arena, &message->limits, get_text(source));
	message->bad_bytes = get_u32(source);
	return message;
}

struct message *
wire_decode(struct arena *arena, const char *bytes, size_t length,
	    struct buf *error)
{
	struct source source = { arena, bytes, bytes + length, NULL };
	struct message *message = get_message(&source, 0);

	if (!source.wrong && left(&source))
		source.wrong = "octets follow its end";
	if (!source.wrong)
		return message;
	buf_printf(error, "the reader's answer cannot be used: %s",
		   source.wrong);
	return NULL;
}
