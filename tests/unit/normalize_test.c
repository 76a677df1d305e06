/*
 * Mail goldens: tests/mail/NAME.eml is what tocsin-deliver stores, NAME.json
 * what becomes of it, read with rules/formats.rules and tests/mail/mail.conf.
 * The mails go through the real tocsin-reader.
 *
 *	normalize_test			compare all
 *	normalize_test --print FILE...	print what becomes of these
 */
#include "tap.h"

#include "base/file.h"
#include "conf/conf.h"
#include "intake/envelope.h"
#include "normalize/normalize.h"
#include "parse/reader.h"

#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <unistd.h>

enum { MAIL_MOST = 64 << 20, LIMIT_MS = 30000 };

struct bench {
	struct arena *arena;
	struct reader *reader;
	const struct formats *formats;
	const struct customers *customers;
};

static struct conf *
load(struct arena *arena, const char *path, struct diag *diag)
{
	struct conf *conf = conf_load(arena, path, NULL, diag);
	struct buf out = BUF_INIT;

	diag_print(diag, &out);
	ok(!out.len, "%s has no findings", path);
	fputs(out.data, stdout);
	buf_release(&out);
	return conf;
}

static void
bench_init(struct bench *bench, const char *program)
{
	struct diag *diag;
	char *reader;

	bench->arena = arena_create();
	diag = diag_create(bench->arena);
	bench->formats = formats_load(bench->arena,
		&load(bench->arena, "rules/formats.rules", diag)->nodes, diag);
	ok(!diag_errors(diag), "every format makes sense");
	bench->customers = customers_load(bench->arena,
		&load(bench->arena, "tests/mail/mail.conf", diag)->nodes, diag);
	reader = arena_printf(bench->arena, "%s/../tocsin-reader",
			      dirname(arena_strdup(bench->arena, program)));
	bench->reader = reader_create(reader, LIMIT_MS);
}

static void
bench_release(struct bench *bench)
{
	reader_destroy(&bench->reader);
	arena_destroy(&bench->arena);
}

static void
set_texts(struct json *object, const char *name, const char *const *texts,
	  size_t count)
{
	struct json *array = json_set_array(object, name);
	size_t i;

	for (i = 0; i < count; i++)
		json_add_text(array, texts[i]);
}

static void
set_doubts(struct json *object, const struct alert *alert)
{
	struct json *array = json_set_array(object, "doubts");
	size_t i;

	for (i = 0; i < alert->doubts.count; i++)
		json_add_text(array, alert->doubts.items[i].text);
}

/* Where the first value of each field came from. */
static void
set_sources(struct json *object, const struct alert *alert)
{
	struct json *sources = json_set_object(object, "sources");
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		if (alert->fields[field].count)
			json_set_text(sources, alert_fields[field].name,
				      alert->fields[field].items[0].source);
}

static struct json *
describe(const struct normalized *normalized)
{
	static const char *const results[] = {
		[CUSTOMER_FOUND] = "found", [CUSTOMER_NONE] = "none",
		[CUSTOMER_CONFLICT] = "conflict",
	};
	struct json *object = json_object(), *labels, *missing;
	size_t i;

	json_set(object, "alert", alert_to_json(normalized->alert));
	set_sources(object, normalized->alert);
	set_doubts(object, normalized->alert);
	json_set_text(object, "customer-result",
		      results[normalized->customer]);
	json_set_text(object, "why", normalized->why);
	json_set_text(object, "authentic-why", normalized->authentic_why);
	json_set_bool(object, "recognised", normalized->recognised);
	json_set_bool(object, "forwarded", normalized->forwarded);
	missing = json_set_array(object, "missing");
	for (i = 0; i < normalized->missing.count; i++)
		json_add_text(missing,
			alert_fields[normalized->missing.items[i]].name);
	labels = json_set_object(object, "unknown-labels");
	for (i = 0; i < normalized->unknown.count; i++)
		json_set_text(labels, normalized->unknown.items[i].label,
			      normalized->unknown.items[i].value);
	set_texts(object, "notes", normalized->notes.items,
		  normalized->notes.count);
	json_set_text(object, "loop", normalized->loop.why);
	return object;
}

/* The recipients that the block on top names, and where the mail begins. */
static size_t
read_envelope(struct arena *arena, const struct buf *file,
	      const char **recipients, size_t *count_out)
{
	struct envelope envelope;
	const char *line = file->data, *address;
	size_t i, length;

	*count_out = 0;
	if (!envelope_find(file->data, file->len, &envelope))
		return 0;
	line = envelope_address(line, &address, &length);
	for (i = 0; i < envelope.recipients; i++) {
		line = envelope_address(line, &address, &length);
		recipients[i] = arena_strndup(arena, address, length);
	}
	*count_out = envelope.recipients;
	return envelope.length;
}

/* What becomes of one file, or NULL. */
static struct json *
run(struct bench *bench, struct arena *arena, const char *path)
{
	const char *recipients[ENVELOPE_RECIPIENTS_MAX];
	struct buf file = BUF_INIT, error = BUF_INIT;
	struct normalize_input input = {
		.formats = bench->formats, .customers = bench->customers,
		.authserv = "mx.mssp.example", .authserv_fields = 1,
		.domain = "relay.mssp.example",
		.recipients = recipients
	};
	struct message *message = NULL;
	size_t offset;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && !file_read(path, MAIL_MOST, &file, &error)) {
		offset = read_envelope(arena, &file, recipients,
				       &input.recipient_count);
		(void)reader_parse(bench->reader, fd, offset, arena, &message,
				   &error);	/* it says why in `error` */
	}
	if (fd >= 0)
		close(fd);
	if (!message)
		printf("# %s: %s\n", path, error.data);
	buf_release(&file);
	buf_release(&error);
	input.message = message;
	return message ? describe(normalize_mail(&input, arena)) : NULL;
}

static void
print(struct bench *bench, const char *path)
{
	struct arena *arena = arena_create();
	struct json *got = run(bench, arena, path);
	struct buf out = BUF_INIT;

	if (got)
		json_print(got, &out);
	puts(out.data);
	buf_release(&out);
	json_destroy(&got);
	arena_destroy(&arena);
}

/* The golden without its white space. */
static void
read_golden(const char *path, struct buf *out)
{
	struct buf text = BUF_INIT, error = BUF_INIT;
	struct json *json = NULL;

	if (!file_read(path, MAIL_MOST, &text, &error))
		json = json_parse(text.data, text.len, &error);
	if (json)
		json_print(json, out);
	else
		buf_puts(out, error.data);
	json_destroy(&json);
	buf_release(&text);
	buf_release(&error);
}

static void
compare(struct bench *bench, const char *path)
{
	struct arena *arena = arena_create();
	struct json *got = run(bench, arena, path);
	struct buf out = BUF_INIT, golden = BUF_INIT;

	if (got)
		json_print(got, &out);
	read_golden(arena_printf(arena, "%.*s.json", (int)strlen(path) - 4,
				 path), &golden);
	is(out.data, golden.data, "%s", path);
	buf_release(&out);
	buf_release(&golden);
	json_destroy(&got);
	arena_destroy(&arena);
}

int
main(int argc, char **argv)
{
	struct bench bench;
	glob_t found;
	size_t i;
	int file;

	bench_init(&bench, argv[0]);
	if (argc > 1 && !strcmp(argv[1], "--print")) {
		for (file = 2; file < argc; file++)
			print(&bench, argv[file]);
		bench_release(&bench);
		return 0;
	}
	if (glob("tests/mail/*.eml", 0, NULL, &found))
		found.gl_pathc = 0;
	ok(found.gl_pathc > 0, "there are mails to compare");
	for (i = 0; i < found.gl_pathc; i++)
		compare(&bench, found.gl_pathv[i]);
	globfree(&found);
	bench_release(&bench);
	return tap_done();
}
