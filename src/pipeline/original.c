#include "pipeline/original.h"

#include "base/text.h"

enum {
	/* Mails in mails whose text is shown: a forwarded one of a forwarded
	 * one, and not a bomb. */
	DEPTH_MOST = 3,
	NESTED_MOST = 5,
	/* Octets of the text that are handed on: more than are shown, with all
	 * the empty lines that there may be. */
	TEXT_MOST = 64 << 10,
};

/* What its reader would see: of a mail in HTML that, and not the text beside
 * it, which may say something else. */
static void
append_text(const struct message *message, int depth, struct buf *out)
{
	const char *text = *message->html_text ? message->html_text
					       : message->text;
	size_t i;

	buf_printf(out, "%s\n\n", text);
	if (!depth)
		return;
	for (i = 0; i < message->nested.count && i < NESTED_MOST &&
	     out->len < TEXT_MOST; i++)
		append_text(message->nested.items[i], depth - 1, out);
}

static const char *
text_of(const struct message *message, struct arena *arena)
{
	struct buf out = BUF_INIT;
	const char *text;

	append_text(message, DEPTH_MOST, &out);
	text = arena_strndup(arena, out.data,
			     out.len < TEXT_MOST ? out.len : TEXT_MOST);
	buf_release(&out);
	return text;
}

static const char *
from_of(const struct message *message, struct arena *arena)
{
	struct buf out = BUF_INIT;
	const char *from;
	size_t i;

	for (i = 0; i < message->from.count && i < NESTED_MOST; i++) {
		const struct message_address *one = &message->from.items[i];

		buf_printf(&out, "%s%s%s<%s>", i ? ", " : "", one->name,
			   *one->name ? " " : "", one->address);
	}
	from = out.len ? arena_strndup(arena, out.data, out.len) : NULL;
	buf_release(&out);
	return from;
}

/* Was all of it read, and is it a mail that every program can open? */
static bool
is_whole(const struct pipeline_input *input)
{
	return input->message && !input->message->limits.count;
}

static bool
is_proved(const struct pipeline_decision *decision)
{
	const char *authentic = alert_text(decision->alert, ALERT_AUTHENTIC);

	return authentic && !strcmp(authentic, "pass");
}

/* Does its reader have to look for himself? */
static bool
is_doubtful(const struct pipeline_decision *decision)
{
	const struct pipeline_input *input = decision->reading->input;
	const struct normalized *normalized = decision->normalized;

	if (decision->action == PIPELINE_HOLD || !normalized)
		return true;
	return !input->record &&
	       (!is_whole(input) || !normalized->recognised ||
		!normalized->complete || !is_proved(decision));
}

static enum original_form
form_of(const struct pipeline_input *input)
{
	if (input->record)
		return ORIGINAL_RECORD;
	return is_whole(input) ? ORIGINAL_MAIL : ORIGINAL_OCTETS;
}

static void
set_rows(struct original *original, const struct normalized *normalized,
	 struct arena *arena)
{
	size_t count = normalized ? normalized->unknown.count : 0, i;
	struct original_row *rows = arena_array(arena, count + 1,
						sizeof(*rows));

	for (i = 0; i < count; i++)
		rows[i] = (struct original_row){
			.label = normalized->unknown.items[i].label,
			.text = normalized->unknown.items[i].value,
		};
	original->rows = rows;
	original->row_count = count;
}

static void
set_all(struct original *original, const struct pipeline_input *input,
	struct arena *arena)
{
	if (input->message) {
		original->from = from_of(input->message, arena);
		original->text = text_of(input->message, arena);
	}
	original->form = form_of(input);
	original->bytes = input->raw;
	original->length = input->length;
}

const struct original *
pipeline_original(const struct generation *generation,
		  const struct pipeline_decision *decision,
		  struct arena *arena)
{
	const struct pipeline_input *input = decision->reading->input;
	struct original *original = arena_alloc(arena, sizeof(*original));

	original->is_kept = generation->settings.keep_raw_ms ||
			    decision->action == PIPELINE_HOLD;
	set_rows(original, decision->normalized, arena);
	if (is_doubtful(decision))
		set_all(original, input, arena);
	return original->bytes || original->row_count ? original : NULL;
}

struct original
pipeline_original_mail(const struct pipeline_input *input)
{
	if (input->record)
		return (struct original){ .bytes = NULL };
	return (struct original){
		.form = form_of(input),
		.bytes = input->raw,
		.length = input->length,
	};
}

struct original
pipeline_original_kept(const struct store_item *item,
		       const struct store_raw *raw)
{
	if (!raw || !item || strcmp(item->kind, "mail"))
		return (struct original){ .bytes = NULL };
	return (struct original){
		.form = strcmp(item->parse, PIPELINE_WHOLE) ? ORIGINAL_OCTETS :
							      ORIGINAL_MAIL,
		.bytes = raw->bytes,
		.length = raw->length,
		.is_kept = true,
	};
}
