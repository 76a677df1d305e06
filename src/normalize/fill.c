/*
 * fill_text() is the only way into a field; a table says which fields are more
 * than a text. Ids of links and parts of the description are collected first
 * and become fields in the end, when it is known how many there are.
 */
#include "normalize/fill.h"

#include "base/text.h"
#include "normalize/quirk.h"
#include "normalize/quirk_list.h"
#include "normalize/when.h"
#include "normalize/written.h"

enum {
	/* Octets of a value: what is longer is no title and no name, and must
	 * not become a subject. */
	VALUE_MOST = 1000,
	DESCRIPTION_MOST = 16 << 10,
	/* Octets of a link that are named as a source. */
	SOURCE_MOST = 160,
	/* More notes tell nobody more. */
	NOTES_MOST = 50,
	/* Values of lists, each of which is compared with those before it. The
	 * alert keeps 1000 of a field. */
	VALUES_MOST = 900,
	/* Rows that make up a description. */
	DETAILS_MOST = 50,
	/* Links of one text. */
	WRITTEN_MOST = 300,
};

__attribute__((format(printf, 2, 3)))
static void
note(struct fill *fill, const char *format, ...)
{
	va_list args;

	if (fill->out->notes.count == NOTES_MOST)
		return;
	va_start(args, format);
	vec_push(fill->arena, &fill->out->notes,
		 arena_vprintf(fill->arena, format, args));
	va_end(args);
}

static void
add(struct fill *fill, enum alert_field field, const char *text,
    const char *source)
{
	const char *value = formats_alias(fill->formats, fill->arena, field,
					  text);

	(void)alert_add(fill->out->alert, field, value, source);
}

/* The first one stays, unless a line end cut the second one short. */
static void
put_text(struct fill *fill, enum alert_field field, const char *text,
	 const char *source)
{
	const char *known = alert_text(fill->out->alert, field);

	if (!known || !quirk_is_cut(fill->arena, text, known))
		add(fill, field, text, source);
}

/* Of two severities the higher one stays: one mail may speak of several
 * vulnerabilities, and the first must not hide the worst. A word that nobody
 * understands may be higher than any. */
static void
put_severity(struct fill *fill, enum alert_field field, const char *text,
	     const char *source)
{
	struct alert *alert = fill->out->alert;
	const char *known = alert_text(alert, field);
	const char *value = formats_alias(fill->formats, fill->arena, field,
					  text);
	enum severity before = known ? severity_parse(known) : SEVERITY_UNKNOWN;
	enum severity now = severity_parse(value);

	if (!alert_add(alert, field, value, source) && before &&
	    (!now || now > before))
		alert_set(alert, field, value, source);
}

static void
put_time(struct fill *fill, enum alert_field field, const char *text,
	 const char *source)
{
	struct buf time = BUF_INIT;
	instant_ms when;

	if (when_parse(text, &when)) {
		clock_print(&time, when);
		(void)alert_add(fill->out->alert, field, time.data, source);
	} else {
		note(fill, "time '%s' (%s) was not understood", text, source);
		alert_incomplete(fill->out->alert, field,
				 "'%s' (%s) was not understood", text, source);
	}
	buf_release(&time);
}

/* One value of a list. Each is compared with all before it. */
static void
put_value(struct fill *fill, enum alert_field field, const char *text,
	  size_t length, const char *source)
{
	const char *one = arena_strndup(fill->arena, text, length);

	one = quirk_value(fill->arena, text_cut(fill->arena, one, VALUE_MOST));
	if (fill->values++ >= VALUES_MOST)
		alert_incomplete(fill->out->alert, field, "there are more "
				 "values than the %d that are read",
				 VALUES_MOST);
	else
		add(fill, field, one, source);
}

static void
put_list(struct fill *fill, enum alert_field field, const char *text,
	 const char *source)
{
	struct quirk_list list;
	struct quirk_piece piece;

	quirk_list_start(&list, field == ALERT_USER ? QUIRK_LIST_USERS :
			 field == ALERT_DEVICE ? QUIRK_LIST_HOSTS :
			 QUIRK_LIST_TEXTS, text);
	while (fill->values <= VALUES_MOST && quirk_list_next(&list, &piece)) {
		put_value(fill, field, piece.text, piece.length, source);
		if (!piece.whole || piece.length > VALUE_MOST)
			alert_incomplete(fill->out->alert, field, "'%s' (%s) "
					 "cannot be one value",
					 text_cut(fill->arena, arena_strndup(
					 fill->arena, piece.text,
					 piece.length), SOURCE_MOST), source);
	}
}

/* Ids are written "#4711" in words. */
static void
put_id(struct fill *fill, enum alert_field field, const char *text,
       const char *source)
{
	const char *name = alert_fields[field].name;
	const char *id = link_id(fill->arena, name, text);

	if (id) {
		(void)alert_add(fill->out->alert, field, id, source);
		return;
	}
	note(fill, "'%s' (%s) is no id of an %s", text, source, name);
	alert_incomplete(fill->out->alert, field, "'%s' (%s) is no whole id",
			 text, source);
}

static void
put_tenant(struct fill *fill, enum alert_field field, const char *text,
	   const char *source)
{
	struct customer_evidence evidence = {
		link_id(fill->arena, alert_fields[field].name, text), source
	};

	if (evidence.text) {
		vec_push(fill->arena, &fill->out->evidences.tenants, evidence);
		return;
	}
	note(fill, "'%s' (%s) is no tenant", text, source);
	alert_incomplete(fill->out->alert, field, "'%s' (%s) is no tenant",
			 text, source);
}

static void
put_organization(struct fill *fill, enum alert_field field, const char *text,
		 const char *source)
{
	struct customer_evidence evidence = { text, source };

	vec_push(fill->arena, &fill->out->evidences.organizations, evidence);
	put_text(fill, field, text, source);
}

/* A link that counts, without its wrappings. */
struct link {
	struct url url;
	const char *source;
	bool cut;	/* as in struct written_link */
};

static void
add_target(struct fill *fill, fill_targets *targets, struct fill_target target)
{
	size_t i;

	for (i = 0; i < targets->count; i++)
		if (!strcasecmp(targets->items[i].id, target.id))
			return;
	vec_push(fill->arena, targets, target);
}

/* An id at the end of a link that may go on in the next line is perhaps not
 * whole; but nothing goes on behind a tenant's GUID. */
static bool
may_be_cut(const struct pattern_capture *capture, const struct link *link)
{
	return link->cut && text_ends(link->url.text, capture->text) &&
	       !(!strcmp(capture->hole, "tenant") &&
		 text_is_guid(capture->text));
}

static void
use_capture(struct fill *fill, const struct pattern_capture *capture,
	    const struct link *link)
{
	struct fill_target target = {
		link_id(fill->arena, capture->hole, capture->text),
		link->url.text, link->source
	};
	enum alert_field field = alert_field_find(capture->hole);

	if (!strcmp(capture->hole, "device")) {
		/* an id is no name that a rule could ask for */
		note(fill, "device id %s (%s)", capture->text, link->source);
	} else if (!target.id || may_be_cut(capture, link)) {
		note(fill, "'%s' (%s) is no whole id of an %s", capture->text,
		     link->source, capture->hole);
		alert_incomplete(fill->out->alert, field,
				 "'%s' (%s) is not whole", capture->text,
				 link->source);
	} else if (field == ALERT_TENANT) {
		put_tenant(fill, ALERT_TENANT, target.id, target.source);
	} else {
		add_target(fill, field == ALERT_ALERT ? &fill->alerts :
			   &fill->incidents, target);
	}
}

static bool
try_links(struct fill *fill, const link_patterns *links,
	  const struct link *link)
{
	bool known = false;
	size_t i, j;

	for (i = 0; i < links->count; i++) {
		pattern_captures captures = { .count = 0 };

		if (!link_pattern_match(links->items[i],
					fill->formats->portals, fill->arena,
					&link->url, &captures))
			continue;
		known = true;
		for (j = 0; j < captures.count; j++)
			use_capture(fill, &captures.items[j], link);
	}
	return known;
}

void
fill_unread_link(struct fill *fill, const char *why)
{
	static const enum alert_field carried[] = {
		ALERT_TENANT, ALERT_ALERT, ALERT_INCIDENT, ALERT_ALERT_URL,
		ALERT_INCIDENT_URL,
	};
	size_t i;

	for (i = 0; i < sizeof(carried) / sizeof(*carried); i++)
		alert_incomplete(fill->out->alert, carried[i], "%s", why);
}

static bool
use_link(struct fill *fill, struct link *link)
{
	bool common, own;

	link->source = arena_printf(fill->arena, "link %s",
				    text_cut(fill->arena, link->url.text,
					     SOURCE_MOST));
	common = try_links(fill, &fill->formats->links, link);
	own = try_links(fill, &fill->format->links, link);
	if (own && !fill->page.url && !link->cut) {
		fill->page.url = link->url.text;
		fill->page.source = link->source;
	}
	if ((common || own) && link->cut)
		fill_unread_link(fill, arena_printf(fill->arena, "the %s may "
						    "be cut by a line end",
						    link->source));
	return common || own;
}

static bool
open_link(struct fill *fill, const char *text, bool cut)
{
	struct link link = { .cut = cut };

	switch (unwrap_link(&fill->formats->unwraps, fill->arena, text,
			    &link.url)) {
	case UNWRAP_NONE:
		return false;
	case UNWRAP_LINK:
		return use_link(fill, &link);
	case UNWRAP_OPAQUE:
		break;
	}
	fill_unread_link(fill, arena_printf(fill->arena, "only %s knows where "
					    "its link leads", link.url.host));
	return false;
}

bool
fill_link(struct fill *fill, const char *text)
{
	return open_link(fill, text, false);
}

bool
fill_written(struct fill *fill, const char *text)
{
	struct written_link link;
	int left = WRITTEN_MOST;
	bool known = false;

	while (left && written_next(fill->arena, &text, &link)) {
		known |= open_link(fill, link.url, link.cut);
		left--;
	}
	if (!left)
		fill_unread_link(fill, "too many links are written out");
	return known;
}

static void
put_link(struct fill *fill, enum alert_field field, const char *text,
	 const char *source)
{
	if (!fill_written(fill, text))
		note(fill, "%s (%s) is no link to a known portal: %s",
		     alert_fields[field].name, source, text);
}

/* Fields that are more than a text. */
static const struct {
	enum alert_field field;
	void (*put)(struct fill *fill, enum alert_field field, const char *text,
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

bool
fill_is_link(enum alert_field field)
{
	return field == ALERT_ALERT_URL || field == ALERT_INCIDENT_URL;
}

void
fill_text(struct fill *fill, enum alert_field field, const char *text,
	  const char *source)
{
	const char *value = alert_fields[field].several ? text :
			    text_cut(fill->arena, text, VALUE_MOST);
	size_t i;

	if (!alert_fields[field].several && strlen(text) > VALUE_MOST)
		alert_incomplete(fill->out->alert, field, "the value (%s) is "
				 "longer than the %d octets that are kept",
				 source, VALUE_MOST);
	value = quirk_value(fill->arena, value);
	/* A line end in a link may have cut it. */
	if (!alert_fields[field].several && !fill_is_link(field))
		value = text_fold_space(fill->arena, value, strlen(value));
	if (!*value)
		return;
	for (i = 0; i < sizeof(putters) / sizeof(*putters); i++)
		if (putters[i].field == field) {
			putters[i].put(fill, field, value, source);
			return;
		}
	if (alert_fields[field].type == ALERT_TIME)
		put_time(fill, field, value, source);
	else if (alert_fields[field].several)
		put_list(fill, field, value, source);
	else
		put_text(fill, field, value, source);
}

/* A word at the end of what a pattern took for a severity: "external: low" is
 * what a tag that nobody knows leaves of "EXTERNAL: Low-severity alert". */
static const char *
last_severity(struct fill *fill, const char *text)
{
	const char *blank = strrchr(text, ' '), *value;

	value = blank ? formats_alias(fill->formats, fill->arena,
				      ALERT_SEVERITY, blank + 1) : text;
	return severity_parse(value) ? value : text;
}

void
fill_captured(struct fill *fill, enum alert_field field, const char *text)
{
	const char *alias = formats_alias(fill->formats, fill->arena, field,
					  text);

	if (field == ALERT_SEVERITY && !severity_parse(alias))
		text = last_severity(fill, text);
	fill_text(fill, field, text, "subject");
}

/* A description may be spread over several rows, which are put together in
 * the end. A label that every mail could have ("Description") says nothing; one
 * of this format alone ("CVSS") says what the value is. */
static void
keep_detail(struct fill *fill, const char *label, const char *text)
{
	const char *value = text_cut(fill->arena, text, DESCRIPTION_MOST);
	struct extract_label detail = { label, value };
	size_t i;

	if (fill->details.count == DETAILS_MOST)
		return;
	if (!map_find(fill->formats->label_index,
		      quirk_label(fill->arena, label)))
		detail.value = arena_printf(fill->arena, "%s: %s", label,
					    value);
	for (i = 0; i < fill->details.count; i++)
		if (text_same(detail.value, fill->details.items[i].value) ||
		    quirk_is_cut(fill->arena, detail.value,
				 fill->details.items[i].value))
			return;
	vec_push(fill->arena, &fill->details, detail);
}

static void
use_details(struct fill *fill)
{
	struct buf text = BUF_INIT, source = BUF_INIT;
	size_t i;

	for (i = 0; i < fill->details.count; i++) {
		buf_printf(&text, "%s\n", fill->details.items[i].value);
		buf_printf(&source, "%slabel '%s'", i ? ", " : "",
			   fill->details.items[i].label);
	}
	(void)alert_add(fill->out->alert, ALERT_DESCRIPTION,
			text_cut(fill->arena, text.data, DESCRIPTION_MOST),
			source.data);
	buf_release(&source);
	buf_release(&text);
}

void
fill_label(struct fill *fill, enum alert_field field, const char *label,
	   const char *value)
{
	if (field == ALERT_DESCRIPTION)
		keep_detail(fill, label, value);
	else
		fill_text(fill, field, value,
			  arena_printf(fill->arena, "label '%s'", label));
}

/* One id is the id. Several are a list of what belongs together, none of which
 * is the subject of the mail; a link to one of them is better than none. */
static void
use_targets(struct fill *fill, const fill_targets *targets,
	    enum alert_field id, enum alert_field url)
{
	const struct fill_target *first = targets->items;

	if (!targets->count)
		return;
	(void)alert_add(fill->out->alert, url, first->url, first->source);
	if (targets->count == 1)
		(void)alert_add(fill->out->alert, id, first->id, first->source);
	else
		note(fill, "links to %zu different %ss, so none is the %s of "
		     "this mail", targets->count, alert_fields[id].name,
		     alert_fields[id].name);
}

void
fill_end(struct fill *fill)
{
	struct alert *alert = fill->out->alert;

	use_details(fill);
	use_targets(fill, &fill->alerts, ALERT_ALERT, ALERT_ALERT_URL);
	use_targets(fill, &fill->incidents, ALERT_INCIDENT,
		    ALERT_INCIDENT_URL);
	if (fill->page.url && !alert_text(alert, ALERT_ALERT_URL) &&
	    !alert_text(alert, ALERT_INCIDENT_URL))
		(void)alert_add(alert, ALERT_ALERT_URL, fill->page.url,
				fill->page.source);
}

void
fill_constants(struct fill *fill)
{
	bool said[ALERT_FIELDS];
	size_t i;
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		said[field] = fill->out->alert->fields[field].count;
	for (i = 0; i < fill->format->constants.count; i++) {
		const struct format_constant *constant =
			&fill->format->constants.items[i];

		if (!said[constant->field])
			(void)alert_add(fill->out->alert, constant->field,
					constant->value,
					arena_printf(fill->arena, "format %s",
						     fill->format->name));
	}
}
