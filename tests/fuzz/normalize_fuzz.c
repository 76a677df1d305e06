/*
 * Any lines as a mail that was taken apart, read with the shipped formats: the
 * first is the subject, the second From, one with tabs in it a row (of which
 * kind, they say by their number) and one of a table, any other also a link;
 * those that begin with a space are hidden.
 */
#include "fuzz.h"

#include "base/bug.h"
#include "base/text.h"
#include "conf/conf.h"
#include "normalize/normalize.h"

static const struct conf *
load(const char *path)
{
	static struct arena *arena;
	struct conf *conf;
	struct diag *diag;

	if (!arena)
		arena = arena_create();
	diag = diag_create(arena);
	conf = conf_load(arena, path, NULL, diag);
	if (diag_errors(diag))
		BUG("%s does not load", path);
	return conf;
}

static void
add_cells(struct arena *arena, struct message *message, const char *line)
{
	struct message_cells row = {
		.table = (unsigned int)message->grid.count / 4 + 1
	};
	size_t length;

	for (; *line; line += length + (line[length] == '\t')) {
		length = strcspn(line, "\t");
		vec_push(arena, &row.cells, arena_strndup(arena, line, length));
	}
	vec_push(arena, &message->grid, row);
}

static void
add_line(struct arena *arena, struct message *message, char *line)
{
	bool hidden = *line == ' ';
	char *tab = strchr(line, '\t');
	size_t tabs = tab ? strspn(tab, "\t") : 0;
	struct message_row row = { tabs < ROW_ORIGINS ?
				   (enum message_row_origin)tabs : ROW_TABLE,
				   line, tab ? tab + tabs : "",
				   tabs == ROW_ORIGINS ? "Title" : "", hidden };
	struct message_link link = { line, "", hidden };

	if (!tab) {
		vec_push(arena, &message->links, link);
		return;
	}
	add_cells(arena, message, line);
	*tab = '\0';
	vec_push(arena, &message->rows, row);
}

static struct message *
make_message(struct arena *arena, char *text)
{
	struct message *message = message_create(arena);
	struct message_address from = { "", "" };

	message->text = arena_strdup(arena, text);
	message->html_text = message->text;
	message->subject = strsep(&text, "\n");
	if (text)
		from.address = strsep(&text, "\n");
	vec_push(arena, &message->from, from);
	while (text)
		add_line(arena, message, strsep(&text, "\n"));
	return message;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct formats *formats;
	static const struct customers *customers;
	static const char *const recipients[] = {
		"contoso@relay.mssp.example"
	};
	struct arena *arena = arena_create();
	struct buf text = BUF_INIT;
	const struct normalized *normalized;

	if (!formats) {
		const struct conf *conf = load("rules/formats.rules");

		formats = formats_load(conf->arena, &conf->nodes,
				       diag_create(conf->arena));
		conf = load("tests/mail/mail.conf");
		customers = customers_load(conf->arena, &conf->nodes,
					   diag_create(conf->arena));
	}
	(void)text_append_valid(&text, (const char *)data, size);
	normalized = normalize_mail(&(struct normalize_input){
		.formats = formats, .customers = customers,
		.authserv = "mx.mssp.example", .authserv_fields = 2,
		.domain = "relay.mssp.example",
		.from = "tocsin@relay.mssp.example", .sender = "",
		.recipients = recipients, .recipient_count = 1,
		.message = make_message(arena, arena_strdup(arena, text.data)),
		.raw = (const char *)data, .length = size,
	}, arena);
	if (!normalized->why || !alert_text(normalized->alert, ALERT_FORMAT))
		BUG("a mail without a format or a reason");
	buf_release(&text);
	arena_destroy(&arena);
	return 0;
}
