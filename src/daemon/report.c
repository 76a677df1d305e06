#include "daemon/report.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPORT_MOST = 64 << 20 };	/* octets; a line for each file */

static bool
same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static const struct report_kept *
find_kept(const struct report *report, const struct report_kept *like)
{
	size_t i;

	for (i = 0; i < report->kept.count; i++) {
		const struct report_kept *kept = &report->kept.items[i];

		if (!strcmp(kept->file, like->file) &&
		    same_text(kept->customer, like->customer))
			return kept;
	}
	return NULL;
}

void
report_age(struct report *report, const struct report *before)
{
	size_t i;

	for (i = 0; before && i < report->kept.count; i++) {
		struct report_kept *kept = &report->kept.items[i];
		const struct report_kept *old = find_kept(before, kept);

		if (old && old->since < kept->since)
			kept->since = old->since;
	}
}

/* ---- writing ---- */

static struct json *
to_json(const struct report *report)
{
	struct json *object = json_object(), *list;
	size_t i;

	json_set_text(object, "program", report->program);
	json_set_text(object, "rules", report->rules);
	json_set_integer(object, "started", report->started);
	json_set_integer(object, "asked", report->asked);
	json_set_integer(object, "customers", report->customers);
	json_set_integer(object, "rule-count", report->rule_count);
	list = json_set_array(object, "kept");
	for (i = 0; i < report->kept.count; i++) {
		const struct report_kept *kept = &report->kept.items[i];
		struct json *one = json_add_object(list);

		json_set_text(one, "file", kept->file);
		json_set_text(one, "customer", kept->customer);
		json_set_text(one, "text", kept->text);
		json_set_integer(one, "errors", kept->errors);
		json_set_integer(one, "since", kept->since);
	}
	return object;
}

static bool
write_file(const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return false;
	good = file_write_all(fd, text->data, text->len);
	return !close(fd) && good;
}

enum outcome
report_write(const char *state, const struct report *report, struct buf *error)
{
	struct buf path = BUF_INIT, fresh = BUF_INIT, text = BUF_INIT;
	struct json *json = to_json(report);
	enum outcome outcome = OUTCOME_OK;

	json_print(json, &text);
	json_destroy(&json);
	buf_printf(&path, "%s/report", state);
	buf_printf(&fresh, "%s/report.new", state);
	if (!write_file(fresh.data, &text) || rename(fresh.data, path.data)) {
		outcome = outcome_of_errno(errno);
		buf_printf(error, "cannot write %s: %s", path.data,
			   strerror(errno));
	}
	buf_release(&path);
	buf_release(&fresh);
	buf_release(&text);
	return outcome;
}

/* ---- reading ---- */

static const char *
text_of(const struct json *object, const char *name, struct arena *arena)
{
	const char *text = json_text(json_member(object, name));

	return text ? arena_strdup(arena, text) : NULL;
}

static int64_t
integer_of(const struct json *object, const char *name)
{
	return json_integer(json_member(object, name), 0);
}

static void
take_kept(const struct json *json, struct arena *arena, struct report *report)
{
	struct report_kept kept = {
		.file = text_of(json, "file", arena),
		.customer = text_of(json, "customer", arena),
		.text = text_of(json, "text", arena),
		.errors = integer_of(json, "errors"),
		.since = integer_of(json, "since"),
	};

	if (kept.file && kept.text)
		vec_push(arena, &report->kept, kept);
}

static struct report *
from_json(const struct json *json, struct arena *arena)
{
	struct report *report = arena_alloc(arena, sizeof(*report));
	const struct json *one;

	*report = (struct report){
		.program = text_of(json, "program", arena),
		.rules = text_of(json, "rules", arena),
		.started = integer_of(json, "started"),
		.asked = integer_of(json, "asked"),
		.customers = integer_of(json, "customers"),
		.rule_count = integer_of(json, "rule-count"),
	};
	one = json_first(json_member(json, "kept"));
	for (; one; one = json_next(one))
		take_kept(one, arena, report);
	return report->program && report->rules ? report : NULL;
}

enum outcome
report_read(const char *state, struct arena *arena, struct report **report_out,
	    struct buf *error)
{
	const char *path = arena_printf(arena, "%s/report", state);
	struct buf text = BUF_INIT;
	struct json *json = NULL;
	enum outcome outcome = OUTCOME_OK;

	*report_out = NULL;
	if (!access(path, F_OK))
		outcome = file_read(path, REPORT_MOST, &text, error);
	else if (errno != ENOENT)
		outcome = outcome_of_errno(errno);
	if (outcome == OUTCOME_OK && text.len)
		json = json_parse(text.data, text.len, error);
	if (json)
		*report_out = from_json(json, arena);
	json_destroy(&json);
	buf_release(&text);
	return outcome;
}
