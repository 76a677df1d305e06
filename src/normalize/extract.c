/*
 * Everything passes through put(), which knows what a field wants: a time, an
 * id of a certain form, a list, a link. Hidden rows and links take the same way
 * into a record of their own, which is then compared with the visible one.
 */
#include "normalize/extract.h"

#include "base/text.h"
#include "normalize/quirk.h"
#include "normalize/when.h"

enum {
	/* Octets of a value: what is longer is no title and no name, and must
	 * not become a subject. */
	VALUE_MOST = 1000,
	DESCRIPTION_MOST = 16 << 10,
	/* Octets of a link that are named as a source. */
	SOURCE_MOST = 160,
	/* More unknown labels and notes tell nobody more. */
	UNKNOWN_MOST = 50,
	NOTES_MOST = 50,
	/* A label that was never seen before is short: prose has colons too. */
	LABEL_MOST = 48,
	LABEL_WORDS_MOST = 5,
	/* Rows and links that are looked at. */
	ROWS_MOST = 2000,
	LINKS_MOST = 500,
	/* Rows that make up a description. */
	DETAILS_MOST = 50,
	/* Lines that are looked through for labels without colons. */
	LINES_MOST = 500,
};

/* An alert or incident that a link leads to. */
struct target {
	const char *id;
	const char *url;
	const char *source;
};

typedef VEC(struct target) target_list;

/* One way through a mail: what can be seen, or what is hidden. */
struct pass {
	struct arena *arena;
	const struct formats *formats;
	const struct format *format;
	struct extraction *out;
	target_list alerts, incidents;
	struct target page;	/* a page of the portal that is neither */
	VEC(struct extract_label) details;	/* of the description */
};

__attribute__((format(printf, 2, 3)))
static void
note(struct pass *pass, const char *format, ...)
{
	va_list args;

	if (pass->out->notes.count == NOTES_MOST)
		return;
	va_start(args, format);
	vec_push(pass->arena, &pass->out->notes,
		 arena_vprintf(pass->arena, format, args));
	va_end(args);
}

static void
add(struct pass *pass, enum alert_field field, const char *text,
    const char *source)
{
	const char *value = formats_alias(pass->formats, pass->arena, field,
					  text);

	alert_add(pass->out->alert, field, value, source);
}

/* The first one stays, unless a line end cut the second one short. */
static void
put_text(struct pass *pass, enum alert_field field, const char *text,
	 const char *source)
{
	const char *known = alert_text(pass->out->alert, field);

	if (!known || !quirk_is_cut(pass->arena, text, known))
		add(pass, field, text, source);
}

/* Of two severities the higher one stays: one mail may speak of several
 * vulnerabilities, and the first must not hide the worst. */
static void
put_severity(struct pass *pass, enum alert_field field, const char *text,
	     const char *source)
{
	struct alert *alert = pass->out->alert;
	enum severity before = alert_severity(alert), now;
	const char *value = formats_alias(pass->formats, pass->arena, field,
					  text);

	now = severity_parse(value);
	if (!alert_add(alert, field, value, source) && now > before)
		alert_set(alert, field, value, source);
}

static void
put_time(struct pass *pass, enum alert_field field, const char *text,
	 const char *source)
{
	struct buf time = BUF_INIT;
	instant_ms when;

	if (when_parse(text, &when)) {
		clock_print(&time, when);
		alert_add(pass->out->alert, field, time.data, source);
	} else {
		note(pass, "time '%s' (%s) was not understood", text, source);
	}
	buf_release(&time);
}

static void
put_list(struct pass *pass, enum alert_field field, const char *text,
	 const char *source)
{
	enum quirk_list list = field == ALERT_USER ? QUIRK_LIST_USERS :
		field == ALERT_DEVICE ? QUIRK_LIST_HOSTS : QUIRK_LIST_TEXTS;
	const char *separators = quirk_list_separators(list, text);

	while (*text) {
		size_t length = strcspn(text, separators);
		const char *one = arena_strndup(pass->arena, text, length);

		add(pass, field, quirk_value(pass->arena, one), source);
		text += length;
		text += strspn(text, separators);
	}
}

/* Ids are written "#4711" in words. */
static void
put_id(struct pass *pass, enum alert_field field, const char *text,
       const char *source)
{
	text += strspn(text, "# ");
	if (link_form_fits(alert_fields[field].name, text))
		alert_add(pass->out->alert, field, text, source);
	else
		note(pass, "'%s' (%s) is no id of an %s", text, source,
		     alert_fields[field].name);
}

static void
put_tenant(struct pass *pass, enum alert_field field, const char *text,
	   const char *source)
{
	struct customer_evidence evidence = { text, source };

	if (link_form_fits(alert_fields[field].name, text))
		vec_push(pass->arena, &pass->out->evidences.tenants, evidence);
	else
		note(pass, "'%s' (%s) is no tenant", text, source);
}

static void
put_organization(struct pass *pass, enum alert_field field, const char *text,
		 const char *source)
{
	struct customer_evidence evidence = { text, source };

	vec_push(pass->arena, &pass->out->evidences.organizations, evidence);
	put_text(pass, field, text, source);
}

static void
add_target(struct pass *pass, target_list *targets, struct target target)
{
	size_t i;

	for (i = 0; i < targets->count; i++)
		if (!strcasecmp(targets->items[i].id, target.id))
			return;
	vec_push(pass->arena, targets, target);
}

static void
use_capture(struct pass *pass, const struct pattern_capture *capture,
	    struct target target)
{
	if (!link_form_fits(capture->hole, capture->text))
		return;
	target.id = capture->text;
	if (!strcmp(capture->hole, "tenant"))
		put_tenant(pass, ALERT_TENANT, target.id, target.source);
	else if (!strcmp(capture->hole, "alert"))
		add_target(pass, &pass->alerts, target);
	else if (!strcmp(capture->hole, "incident"))
		add_target(pass, &pass->incidents, target);
	else	/* an id is no name that a rule could ask for */
		note(pass, "device id %s (%s)", target.id, target.source);
}

static bool
try_links(struct pass *pass, const link_patterns *links, const struct url *url,
	  const char *source)
{
	struct target target = { .url = url->text, .source = source };
	bool known = false;
	size_t i, j;

	for (i = 0; i < links->count; i++) {
		pattern_captures captures = { .count = 0 };

		if (!link_pattern_match(links->items[i],
					pass->formats->portals, pass->arena,
					url, &captures))
			continue;
		known = true;
		for (j = 0; j < captures.count; j++)
			use_capture(pass, &captures.items[j], target);
	}
	return known;
}

/* Does the link lead to a portal? */
static bool
use_link(struct pass *pass, const char *text)
{
	const char *source;
	struct url url;
	bool common, own;

	if (!link_unwrap(&pass->formats->unwraps, pass->arena, text, &url))
		return false;
	source = arena_printf(pass->arena, "link %s",
			      text_cut(pass->arena, url.text, SOURCE_MOST));
	common = try_links(pass, &pass->formats->links, &url, source);
	own = try_links(pass, &pass->format->links, &url, source);
	if (own && !pass->page.url) {
		pass->page.url = url.text;
		pass->page.source = source;
	}
	return common || own;
}

static void
put_link(struct pass *pass, enum alert_field field, const char *text,
	 const char *source)
{
	if (!use_link(pass, text))
		note(pass, "%s (%s) is no link to a known portal: %s",
		     alert_fields[field].name, source, text);
}

/* Fields that are more than a text. */
static const struct {
	enum alert_field field;
	void (*put)(struct pass *pass, enum alert_field field, const char *text,
		    const char *source);
} putters[] = {
	{ ALERT_SEVERITY, put_severity },
	{ ALERT_TENANT, put_tenant },
	{ ALERT_ORGANIZATION, put_organization },
	{ ALERT_ALERT, put_id },
	{ ALERT_INCIDENT, put_id },
	{ ALERT_ALERT_URL, put_link },
	{ ALERT_INCIDENT_URL, put_link },
};

static void
put(struct pass *pass, enum alert_field field, const char *text,
    const char *source)
{
	const char *value = quirk_value(pass->arena,
					text_cut(pass->arena, text, VALUE_MOST));
	size_t i;

	if (!*value)
		return;
	for (i = 0; i < sizeof(putters) / sizeof(*putters); i++)
		if (putters[i].field == field) {
			putters[i].put(pass, field, value, source);
			return;
		}
	if (alert_fields[field].type == ALERT_TIME)
		put_time(pass, field, value, source);
	else if (alert_fields[field].several)
		put_list(pass, field, value, source);
	else
		put_text(pass, field, value, source);
}

/* A description may be spread over several rows, which are put together in
 * the end. A label that every mail could have ("Description") says nothing; one
 * of this format alone ("CVSS") says what the value is. */
static void
keep_detail(struct pass *pass, const char *label, const char *text)
{
	const char *value = text_cut(pass->arena, text, DESCRIPTION_MOST);
	struct extract_label detail = { label, value };
	size_t i;

	if (!map_find(pass->formats->label_index,
		      quirk_label(pass->arena, label)))
		detail.value = arena_printf(pass->arena, "%s: %s", label,
					    value);
	for (i = 0; i < pass->details.count; i++)
		if (text_same(detail.value, pass->details.items[i].value) ||
		    quirk_is_cut(pass->arena, detail.value,
				 pass->details.items[i].value))
			return;
	if (pass->details.count < DETAILS_MOST)
		vec_push(pass->arena, &pass->details, detail);
}

static void
use_details(struct pass *pass)
{
	struct buf text = BUF_INIT, source = BUF_INIT;
	size_t i;

	for (i = 0; i < pass->details.count; i++) {
		buf_printf(&text, "%s\n", pass->details.items[i].value);
		buf_printf(&source, "%slabel '%s'", i ? ", " : "",
			   pass->details.items[i].label);
	}
	alert_add(pass->out->alert, ALERT_DESCRIPTION,
		  text_cut(pass->arena, text.data, DESCRIPTION_MOST),
		  source.data);
	buf_release(&source);
	buf_release(&text);
}

static void
use_labelled(struct pass *pass, enum alert_field field, const char *label,
	     const char *value)
{
	if (field == ALERT_DESCRIPTION)
		keep_detail(pass, label, value);
	else
		put(pass, field, value,
		    arena_printf(pass->arena, "label '%s'", label));
}

/* A label that the mail format may have got since the format was written, and
 * not a sentence with a colon in it. */
static bool
looks_like_label(const struct message_row *row)
{
	const char *at;
	size_t words = 1;

	for (at = row->label; *at; at++)
		words += *at == ' ';
	return row->origin == ROW_TABLE ||
	       (strlen(row->label) <= LABEL_MOST && words <= LABEL_WORDS_MOST);
}

static void
keep_unknown(struct pass *pass, const struct message_row *row)
{
	struct extract_label label = {
		text_cut(pass->arena, row->label, VALUE_MOST),
		text_cut(pass->arena, row->value, VALUE_MOST)
	};
	size_t i;

	if (pass->out->unknown.count == UNKNOWN_MOST || !looks_like_label(row))
		return;
	for (i = 0; i < pass->out->unknown.count; i++)
		if (text_same(pass->out->unknown.items[i].label, label.label))
			return;
	vec_push(pass->arena, &pass->out->unknown, label);
}

static const char *
row_value(struct pass *pass, const struct message *message,
	  const struct message_row *row)
{
	if (row->origin == ROW_TABLE || row->hidden)
		return row->value;
	return quirk_unfold(pass->arena, message->text, row->value);
}

static void
use_rows(struct pass *pass, const struct message *message, bool hidden)
{
	const struct format_label *label;
	size_t i;

	for (i = 0; i < message->rows.count && i < ROWS_MOST; i++) {
		const struct message_row *row = &message->rows.items[i];
		const char *key;

		if (row->hidden != hidden || !*row->value)
			continue;
		key = quirk_label(pass->arena, row->label);
		label = formats_label(pass->formats, pass->format, key);
		if (label)
			use_labelled(pass, label->field, row->label,
				     row_value(pass, message, row));
		else if (!hidden && !formats_ignores(pass->formats, key))
			keep_unknown(pass, row);
	}
}

static void
use_links(struct pass *pass, const struct message *message, bool hidden)
{
	size_t i;

	for (i = 0; i < message->links.count && i < LINKS_MOST; i++)
		if (message->links.items[i].hidden == hidden)
			(void)use_link(pass, message->links.items[i].url);
}

/* A text part has no links but what is written out. */
static void
use_written_links(struct pass *pass, const char *text)
{
	int left = LINKS_MOST;

	while (left-- && (text = strcasestr(text, "https:/"))) {
		size_t length = strcspn(text, " \t\r\n<>\"'");
		const char *link = arena_strndup(pass->arena, text, length);

		(void)use_link(pass, link);
		text += length;
	}
}

/* One id is the id. Several are a list of what belongs together, none of which
 * is the subject of the mail; a link to one of them is better than none. */
static void
use_targets(struct pass *pass, const target_list *targets,
	    enum alert_field id, enum alert_field url)
{
	const struct target *first = targets->items;

	if (!targets->count)
		return;
	alert_add(pass->out->alert, url, first->url, first->source);
	if (targets->count == 1)
		alert_add(pass->out->alert, id, first->id, first->source);
	else
		note(pass, "links to %zu different %ss, so none is the %s of "
		     "this mail", targets->count, alert_fields[id].name,
		     alert_fields[id].name);
}

static void
use_all_targets(struct pass *pass)
{
	struct alert *alert = pass->out->alert;

	use_targets(pass, &pass->alerts, ALERT_ALERT, ALERT_ALERT_URL);
	use_targets(pass, &pass->incidents, ALERT_INCIDENT,
		    ALERT_INCIDENT_URL);
	if (pass->page.url && !alert_text(alert, ALERT_ALERT_URL) &&
	    !alert_text(alert, ALERT_INCIDENT_URL))
		alert_add(alert, ALERT_ALERT_URL, pass->page.url,
			  pass->page.source);
}

static void
use_captures(struct pass *pass, const pattern_captures *captures)
{
	size_t i;

	for (i = 0; i < captures->count; i++)
		put(pass, alert_field_find(captures->items[i].hole),
		    captures->items[i].text, "subject");
}

/* The longest label of the format that `line` begins with, as it is written
 * (prose has "incident" where a table has "Incident"), followed by a blank or
 * nothing. */
static const struct format_label *
label_at(const struct format *format, const char *line)
{
	const struct format_label *best = NULL;
	size_t i;

	for (i = 0; i < format->labels.count; i++) {
		const struct format_label *label = &format->labels.items[i];
		size_t length = strlen(label->text);

		if (text_starts(line, label->text) &&
		    (!line[length] || line[length] == ' ') &&
		    (!best || length > strlen(best->text)))
			best = label;
	}
	return best;
}

/* The start of the next word that begins a label, or the end. */
static const char *
next_label(const struct format *format, const char *line)
{
	for (line += strcspn(line, " "); *line; line += strcspn(line, " ")) {
		line += strspn(line, " ");
		if (label_at(format, line))
			break;
	}
	return line;
}

/*
 * A table that became one line on its way through some program:
 *
 *	Vulnerability Name CVE-2026-48778 Severity High CVSS 7.8
 *
 * It begins with a label and has another one, both of the format itself: the
 * common ones are words of every language.
 */
static void
use_flat_line(struct pass *pass, const char *line)
{
	const struct format_label *label = label_at(pass->format, line);
	const char *end, *value;

	if (!label || !*next_label(pass->format, line + strlen(label->text)))
		return;
	for (; label; line = end, label = label_at(pass->format, line)) {
		value = line + strlen(label->text);
		end = next_label(pass->format, value);
		use_labelled(pass, label->field, label->text,
			     text_trim(pass->arena, value,
				       (size_t)(end - value)));
	}
}

static void
use_flat_lines(struct pass *pass, const char *text)
{
	size_t length, lines;

	for (lines = 0; *text && lines < LINES_MOST; lines++) {
		length = strcspn(text, "\n");
		if (!memchr(text, '\t', length))	/* cells: a row */
			use_flat_line(pass, text_fold_space(pass->arena, text,
							    length));
		text += length + (text[length] == '\n');
	}
}

static bool
is_complete(const struct pass *pass)
{
	size_t i;

	for (i = 0; i < pass->format->expected.count; i++)
		if (!alert_text(pass->out->alert,
				pass->format->expected.items[i]))
			return false;
	return true;
}

static void
use_constants(struct pass *pass)
{
	bool said[ALERT_FIELDS];
	size_t i;
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		said[field] = pass->out->alert->fields[field].count;
	for (i = 0; i < pass->format->constants.count; i++) {
		const struct format_constant *constant =
			&pass->format->constants.items[i];

		if (!said[constant->field])
			alert_add(pass->out->alert, constant->field,
				  constant->value,
				  arena_printf(pass->arena, "format %s",
					       pass->format->name));
	}
}

static void
read_visible(struct pass *pass, const pattern_captures *captures,
	     const struct message *message)
{
	use_captures(pass, captures);
	use_rows(pass, message, false);
	if (!is_complete(pass)) {
		use_flat_lines(pass, message->html_text);
		use_flat_lines(pass, message->text);
	}
	use_links(pass, message, false);
	use_written_links(pass, message->html_text);
	use_written_links(pass, message->text);
	use_details(pass);
	use_all_targets(pass);
	use_constants(pass);
}

static bool
has_value(const struct alert_values *values, const char *text)
{
	size_t i;

	for (i = 0; i < values->count; i++)
		if (text_same(values->items[i].text, text))
			return true;
	return false;
}

static void
doubt_hidden(struct pass *hidden, struct alert *alert)
{
	int field;
	size_t i;

	for (field = 0; field < ALERT_FIELDS; field++) {
		const struct alert_values *values =
			&hidden->out->alert->fields[field];

		for (i = 0; i < values->count; i++)
			if (!has_value(&alert->fields[field],
				       values->items[i].text))
				alert_doubt(alert, "hidden in the mail: %s "
					    "'%s' (%s)",
					    alert_fields[field].name,
					    values->items[i].text,
					    values->items[i].source);
	}
}

/* A tenant is evidence also when it is hidden: it can only hold a mail. */
static void
read_hidden(struct pass *pass, struct alert *alert,
	    struct customer_evidences *evidences,
	    const struct message *message)
{
	const struct customer_evidences *found = &pass->out->evidences;
	size_t i;

	use_rows(pass, message, true);
	use_links(pass, message, true);
	use_details(pass);
	use_all_targets(pass);
	doubt_hidden(pass, alert);
	for (i = 0; i < found->tenants.count; i++)
		vec_push(pass->arena, &evidences->tenants,
			 found->tenants.items[i]);
}

void
extract(struct extraction *extraction, const struct formats *formats,
	const struct recognition *recognition, const struct message *message)
{
	struct arena *arena = extraction->alert->arena;
	struct extraction hidden = { .alert = alert_create(arena) };
	struct pass visible_pass = {
		.arena = arena, .formats = formats,
		.format = recognition->format, .out = extraction
	};
	struct pass hidden_pass = visible_pass;

	hidden_pass.out = &hidden;
	read_visible(&visible_pass, &recognition->captures, message);
	read_hidden(&hidden_pass, extraction->alert, &extraction->evidences,
		    message);
}
