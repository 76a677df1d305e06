/*
 * explain: what would happen to a mail or an alert of an API, and why. It
 * prints what the pipeline decides and has no logic of its own.
 */
#include "cmd/load.h"

#include "base/json.h"
#include "base/text.h"
#include "cmd/journal.h"
#include "cmd/replacing.h"
#include "parse/charset.h"
#include "pipeline/mail.h"
#include "source/salvage.h"

enum { OPTION_JSON, OPTION_RENDER, OPTION_AT, OPTION_TO };

struct explain {
	const struct cmd_line *line;
	const struct generation *generation;
	struct reader *reader;
	struct store_replacements stored; /* of who is on duty */
	struct arena *arena;		/* of one file */
	instant_ms now;
};

static int
compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void
set_recipients(const struct explain *explain, struct json *object,
	       const struct pipeline_decision *decision)
{
	size_t count = decision->plans.count, i;
	const char **addresses = arena_array(explain->arena, count + 1,
					     sizeof(*addresses));
	struct json *array = json_set_array(object, "recipients");

	for (i = 0; i < count; i++)
		addresses[i] = decision->plans.items[i].endpoint.address;
	qsort(addresses, count, sizeof(*addresses), compare_texts);
	for (i = 0; i < count; i++)
		json_add_text(array, addresses[i]);
}

static struct rendered
render(const struct explain *explain, const struct pipeline_decision *decision,
       const struct pipeline_plan *plan)
{
	return pipeline_render(explain->generation, decision, plan,
			       explain->now, explain->arena);
}

static void
set_notifications(const struct explain *explain, struct json *object,
		  const struct pipeline_decision *decision)
{
	struct json *array = json_set_array(object, "notifications");
	size_t i;

	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];
		struct json *item = json_add_object(array);

		json_set_text(item, "recipient", plan->endpoint.address);
		json_set_text(item, "contact", plan->contact->name);
		json_set_text(item, "rule", plan->rule);
		json_set_text(item, "template", plan->template);
		if (explain->line->values[OPTION_RENDER])
			json_set_text(item, "message", render(explain,
				      decision, plan).body);
	}
}

/* An array of the lines of `text`. */
static void
set_lines(const struct explain *explain, struct json *object, const char *name,
	  const char *text)
{
	struct json *array = json_set_array(object, name);

	while (*text) {
		size_t length = strcspn(text, "\n");

		json_add_text(array, arena_strndup(explain->arena, text,
						   length));
		text += length + (text[length] == '\n');
	}
}

static void
set_findings(struct json *object, const struct pipeline_decision *decision)
{
	const struct normalized *normalized = decision->normalized;
	struct json *doubts = json_set_array(object, "doubts");
	struct json *unknown = json_set_array(object, "unknown-labels");
	size_t i;

	for (i = 0; i < decision->alert->doubts.count; i++)
		json_add_text(doubts, decision->alert->doubts.items[i].text);
	for (i = 0; normalized && i < normalized->unknown.count; i++)
		json_add_text(unknown, normalized->unknown.items[i].label);
}

static void
print_json(const struct explain *explain, const struct pipeline_input *input,
	   const struct pipeline_decision *decision, struct buf *out)
{
	const struct alert *alert = decision->alert;
	struct json *object = json_object();

	json_set_text(object, "input", input->name);
	json_set_text(object, "kind", input->record ? "api" : "mail");
	json_set_text(object, "format", alert_text(alert, ALERT_FORMAT));
	json_set_text(object, "authentic", alert_text(alert, ALERT_AUTHENTIC));
	json_set_text(object, "customer", alert_text(alert, ALERT_CUSTOMER));
	json_set(object, "alert", alert_to_json(alert));
	json_set_text(object, "rule", decision->rule);
	json_set_text(object, "file", decision->file);
	if (decision->line)
		json_set_integer(object, "line", (int64_t)decision->line);
	else
		json_set_text(object, "line", NULL);
	json_set_text(object, "action",
		      pipeline_action_names[decision->action]);
	json_set_text(object, "reason", decision->reason);
	set_recipients(explain, object, decision);
	json_set_text(object, "template", decision->template);
	set_notifications(explain, object, decision);
	set_findings(object, decision);
	set_lines(explain, object, "trace", decision->trace);
	json_print(object, out);
	buf_putc(out, '\n');
	json_destroy(&object);
}

static void
print_fields(const struct alert *alert, struct buf *out)
{
	int field;
	size_t i;

	for (field = 0; field < ALERT_FIELDS; field++) {
		const struct alert_values *values = &alert->fields[field];

		for (i = 0; i < values->count; i++) {
			buf_printf(out, "  %-16s ", alert_fields[field].name);
			text_escape(out, values->items[i].text, 200);
			buf_puts(out, "  (");
			text_escape(out, values->items[i].source, 120);
			buf_puts(out, ")\n");
		}
	}
}

static void
print_unknown(const struct normalized *normalized, struct buf *out)
{
	size_t i;

	if (!normalized || !normalized->unknown.count)
		return;
	buf_puts(out, "labels that no format knows\n");
	for (i = 0; i < normalized->unknown.count; i++) {
		buf_puts(out, "  ");
		text_escape(out, normalized->unknown.items[i].label, 120);
		buf_puts(out, ": ");
		text_escape(out, normalized->unknown.items[i].value, 200);
		buf_putc(out, '\n');
	}
}

static void
print_outcome(const struct pipeline_decision *decision, struct buf *out)
{
	size_t i;

	buf_printf(out, "decision: %s",
		   pipeline_action_names[decision->action]);
	if (decision->rule)
		buf_printf(out, " by %s", decision->rule);
	if (decision->file && *decision->file)
		buf_printf(out, " (%s:%zu)", decision->file, decision->line);
	if (decision->reason) {
		buf_puts(out, ": ");
		text_escape(out, decision->reason, 400);
	}
	buf_putc(out, '\n');
	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];

		buf_printf(out, "  to %s (%s) by %s using %s\n",
			   plan->endpoint.address, plan->contact->name,
			   plan->rule, plan->template);
	}
	if (!decision->plans.count)
		buf_puts(out, "  nobody is told\n");
}

static void
print_text(const struct pipeline_input *input,
	   const struct pipeline_decision *decision, struct buf *out)
{
	text_escape(out, input->name, 400);
	buf_printf(out, ": code %s\nalert\n", decision->code);
	print_fields(decision->alert, out);
	print_unknown(decision->normalized, out);
	buf_puts(out, "why\n");
	journal_lines(out, "  ", decision->trace);
	print_outcome(decision, out);
}

static void
print_rendered(const struct explain *explain,
	       const struct pipeline_decision *decision, struct buf *out)
{
	size_t i;

	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];
		struct rendered mail = render(explain, decision, plan);

		buf_printf(out, "\n---- to %s%s%s\n", plan->endpoint.address,
			   mail.fallback ? " (built-in: " : "",
			   mail.fallback ? mail.fallback : "");
		buf_printf(out, "Subject: %s\n\n%s", mail.subject, mail.text);
	}
}

/* Alone, so that a browser or a mail program can open it: nothing else is
 * printed then. A template without HTML is shown as its text. */
static void
print_html(const struct explain *explain,
	   const struct pipeline_decision *decision, struct buf *out)
{
	size_t i;

	for (i = 0; i < decision->plans.count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];
		struct rendered mail = render(explain, decision, plan);

		if (mail.html)
			buf_printf(out, "%s\n", mail.html);
		else
			buf_printf(out, "<!DOCTYPE html>\n<meta charset="
				   "\"utf-8\">\n<plaintext>\n%s", mail.text);
	}
}

/* Several of them as a folder in the form mbox, which mail programs open. */
static void
print_eml(const struct explain *explain,
	  const struct pipeline_decision *decision, struct buf *out)
{
	size_t count = decision->plans.count, i;

	for (i = 0; i < count; i++) {
		const struct pipeline_plan *plan = &decision->plans.items[i];
		const char *at = render(explain, decision, plan).body;

		if (count > 1)
			buf_puts(out, "From tocsin Thu Jan  1 00:00:00 1970\n");
		for (; *at; at++)
			if (*at != '\r')
				buf_putc(out, *at);
		if (count > 1)
			buf_putc(out, '\n');
	}
}

static void
explain_input(const struct explain *explain, const struct pipeline_input *input,
	      struct buf *out)
{
	const char *form = explain->line->values[OPTION_RENDER];
	const struct pipeline_decision *decision =
		pipeline_decide_first(explain->generation, input,
				      &explain->stored, explain->now,
				      PIPELINE_TRACE_ALL, explain->arena);

	if (explain->line->values[OPTION_JSON]) {
		print_json(explain, input, decision, out);
	} else if (form && !strcmp(form, "html")) {
		print_html(explain, decision, out);
	} else if (form && !strcmp(form, "eml")) {
		print_eml(explain, decision, out);
	} else {
		print_text(input, decision, out);
		if (form)
			print_rendered(explain, decision, out);
	}
}

static bool
explain_mail(const struct explain *explain, const char *path,
	     const struct buf *bytes, struct buf *out)
{
	const char *to = explain->line->values[OPTION_TO];
	struct pipeline_input input;

	if (!cmd_parse_mail(explain->reader, path, bytes, explain->arena,
			    &input))
		return false;
	if (to) {
		input.recipients = &explain->line->values[OPTION_TO];
		input.recipient_count = 1;
	}
	explain_input(explain, &input, out);
	return true;
}

static void
explain_record(const struct explain *explain, const char *path,
	       const struct record *record, struct buf *out)
{
	struct buf raw = BUF_INIT;
	struct pipeline_input input = {
		.name = path, .record = record, .started = TIME_UNKNOWN,
	};

	json_print(record->json, &raw);
	input.raw = raw.data;
	input.length = raw.len;
	explain_input(explain, &input, out);
	buf_release(&raw);
}

static bool
explain_document(const struct explain *explain, const char *path,
		 const struct json *document, struct buf *out)
{
	record_list records = { 0 };
	struct buf error = BUF_INIT;
	bool good = record_find(document, explain->arena, &records, &error);
	size_t i;

	if (!good)
		(void)cmd_fail("%s: %s", path, error.data);
	else if (!records.count)
		fprintf(stderr, "tocsin explain: %s: an empty page\n", path);
	for (i = 0; i < records.count; i++)
		explain_record(explain, path, &records.items[i], out);
	buf_release(&error);
	return good;
}

/* PowerShell writes UTF-16 when it redirects, with a mark in front or not. */
static const char *
name_utf16(const struct buf *bytes)
{
	static const struct {
		const char start[3], *name;
	} starts[] = {
		{ "\xff\xfe", "utf-16le" }, { "\xfe\xff", "utf-16be" },
		{ "{\0", "utf-16le" }, { "\0{", "utf-16be" },
		{ "[\0", "utf-16le" }, { "\0[", "utf-16be" },
	};
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (bytes->len >= 2 &&
		    !memcmp(bytes->data, starts[i].start, 2))
			return starts[i].name;
	return NULL;
}

/* JSON begins with a brace or a bracket, which no header of a mail does. */
static bool
looks_like_json(const struct buf *bytes)
{
	const char *at = bytes->data;

	if (text_starts(at, "\xef\xbb\xbf"))
		at += 3;
	at += strspn(at, " \t\r\n");
	return *at == '{' || *at == '[';
}

/* What the daemon would take of a page that is none is explained as well. */
static void
explain_page(const struct explain *explain, const char *path,
	     const struct salvage *found, struct buf *out)
{
	size_t i;

	if (found->readable)
		(void)explain_document(explain, path, found->page, out);
	for (i = 0; i < found->left.count; i++)
		(void)cmd_fail("%s: a record is held: %s", path,
			       found->left.items[i].sentence);
}

/* Why a document is none, and what stands where it breaks off. */
static void
explain_break(const struct explain *explain, const char *path,
	      const struct buf *bytes, const char *why, struct buf *out)
{
	struct arena *arena = arena_create();
	struct salvage found;

	if (!salvage_page(bytes->data, bytes->len, arena, &found)) {
		(void)cmd_fail("%s: %s", path, why);
	} else {
		explain_page(explain, path, &found, out);
		if (found.is_cut)
			(void)cmd_fail("%s: %s: %s; what is behind it is asked "
				       "for again", path, why,
				       found.rest.sentence);
	}
	json_destroy(&found.page);
	arena_destroy(&arena);
}

/* Documents one behind the other are all explained: one object a line is what
 * this program prints, too. */
static bool
explain_json(const struct explain *explain, const char *path,
	     const struct buf *bytes, struct buf *out)
{
	struct buf error = BUF_INIT;
	struct json *all = json_parse_all(bytes->data, bytes->len, &error);
	const struct json *one = json_first(all);
	bool good = all != NULL;

	for (; one; one = json_next(one))
		good &= explain_document(explain, path, one, out);
	if (!all)
		explain_break(explain, path, bytes, error.data, out);
	json_destroy(&all);
	buf_release(&error);
	return good;
}

/* What is JSON in UTF-16 becomes UTF-8; anything else stays as it is. */
static void
decode(struct buf *bytes)
{
	const char *name = name_utf16(bytes);
	struct buf text = BUF_INIT, other;

	if (name)
		(void)charset_append(&text, name, bytes->data, bytes->len);
	if (text.len && looks_like_json(&text)) {
		other = *bytes;
		*bytes = text;
		text = other;
	}
	buf_release(&text);
}

static bool
explain_file(const struct explain *explain, const char *path, struct buf *out)
{
	struct buf bytes = BUF_INIT;
	bool good = cmd_read_file(path, &bytes);

	if (good)
		decode(&bytes);
	if (good && looks_like_json(&bytes))
		good = explain_json(explain, path, &bytes, out);
	else if (good)
		good = explain_mail(explain, path, &bytes, out);
	buf_release(&bytes);
	return good;
}

static int
explain_files(struct explain *explain)
{
	struct buf out = BUF_INIT;
	int status = CMD_OK;
	size_t i;

	for (i = 0; i < explain->line->count; i++) {
		buf_reset(&out);
		/* What could be explained is, whatever stands behind it. */
		if (!explain_file(explain, explain->line->words[i], &out))
			status = CMD_NO;
		if (!cmd_print(&out))
			status = CMD_NO;
		arena_reset(explain->arena);
	}
	buf_release(&out);
	return status;
}

static bool
is_form(const char *text)
{
	return !*text || !strcmp(text, "text") || !strcmp(text, "html") ||
	       !strcmp(text, "eml");
}

static int
run(const struct cmd_line *line)
{
	const char *form = line->values[OPTION_RENDER];
	struct explain explain = { .line = line };
	const char *to = line->values[OPTION_TO];
	struct generation *generation;
	int status;

	if (!line->count)
		return cmd_usage("which FILE?");
	if (form && !is_form(form))
		return cmd_usage("--render is text, html or eml, not '%s'",
				 form);
	if (!cmd_instant(line->values[OPTION_AT], &explain.now))
		return CMD_USAGE;
	if (to && !text_is_address(to))
		return cmd_usage("'%s' is no address", to);
	generation = cmd_load(line);
	if (!generation)
		return CMD_NO;
	explain.generation = generation;
	/* Without them it says so, and explains all the same. */
	(void)replacing_load(generation, generation->arena, &explain.stored);
	explain.arena = arena_create();
	explain.reader = reader_create(NULL, PIPELINE_READER_MS);
	status = explain_files(&explain);
	reader_destroy(&explain.reader);
	arena_destroy(&explain.arena);
	return cmd_end(&generation, status);
}

const struct command cmd_explain = {
	.name = "explain",
	.words = "FILE...",
	.summary = "Say what would happen to a mail or alert, and why",
	.detail = "FILE is a mail as an MTA delivers it or as it lies in the "
		  "spool, or JSON of Graph\nor Defender for Endpoint: an "
		  "alert, a page, an array, or one of them a line; - is\n"
		  "standard input. Nothing is sent or stored.\n",
	.options = {
		[OPTION_JSON] = { "json", NULL, "one object a line" },
		[OPTION_RENDER] = { "render", "[=text|html|eml]",
				    "print each notification as well; as "
				    "html or eml alone" },
		[OPTION_AT] = { "at", "TIME", "decide as if it were TIME" },
		[OPTION_TO] = { "to", "RECIPIENT",
				"decide as if it was delivered to RECIPIENT" },
	},
	.run = run,
};
