/*
 * fill_text() is the only way into a field; a table says which fields are more
 * than a text. Ids of links and parts of the description are collected first
 * and become fields in the end, when it is known how many there are.
 */
#include "normalize/fill.h"

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
	/* More notes tell nobody more. */
	NOTES_MOST = 50,
	/* Values of lists, each of which is compared with those before it. The
	 * alert keeps 1000 of a field. */
	VALUES_MOST = 900,
	/* Rows that make up a description. */
	DETAILS_MOST = 50,
};

const char fill_more[] = "...";

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
 * vulnerabilities, and the first must not hide the worst. */
static void
put_severity(struct fill *fill, enum alert_field field, const char *text,
	     const char *source)
{
	struct alert *alert = fill->out->alert;
	enum severity before = alert_severity(alert), now;
	const char *value = formats_alias(fill->formats, fill->arena, field,
					  text);

	now = severity_parse(value);
	if (!alert_add(alert, field, value, source) && now > before)
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
	}
	buf_release(&time);
}

/* Once, without a look at all the others. */
static void
put_more(struct fill *fill, enum alert_field field, const char *source)
{
	const struct alert_values *values = &fill->out->alert->fields[field];

	if (!values->count ||
	    strcmp(values->items[values->count - 1].text, fill_more))
		(void)alert_add(fill->out->alert, field, fill_more, source);
}

static void
put_list(struct fill *fill, enum alert_field field, const char *text,
	 const char *source)
{
	enum quirk_list list = field == ALERT_USER ? QUIRK_LIST_USERS :
		field == ALERT_DEVICE ? QUIRK_LIST_HOSTS : QUIRK_LIST_TEXTS;
	const char *separators = quirk_list_separators(list, text);

	while (*text) {
		size_t length = strcspn(text, separators);
		const char *one = arena_strndup(fill->arena, text, length);

		if (fill->values++ >= VALUES_MOST) {
			put_more(fill, field, source);
			return;
		}
		one = text_cut(fill->arena, one, VALUE_MOST);
		add(fill, field, quirk_value(fill->arena, one), source);
		text += length;
		text += strspn(text, separators);
	}
}

/* Ids are written "#4711" in words. */
static void
put_id(struct fill *fill, enum alert_field field, const char *text,
       const char *source)
{
	text += strspn(text, "# ");
	if (link_form_fits(alert_fields[field].name, text))
		(void)alert_add(fill->out->alert, field, text, source);
	else
		note(fill, "'%s' (%s) is no id of an %s", text, source,
		     alert_fields[field].name);
}

static void
put_tenant(struct fill *fill, enum alert_field field, const char *text,
	   const char *source)
{
	struct customer_evidence evidence = { text, source };

	if (link_form_fits(alert_fields[field].name, text))
		vec_push(fill->arena, &fill->out->evidences.tenants, evidence);
	else
		note(fill, "'%s' (%s) is no tenant", text, source);
}

static void
put_organization(struct fill *fill, enum alert_field field, const char *text,
		 const char *source)
{
	struct customer_evidence evidence = { text, source };

	vec_push(fill->arena, &fill->out->evidences.organizations, evidence);
	put_text(fill, field, text, source);
}

static void
add_target(struct fill *fill, fill_targets *targets, struct fill_target target)
{
	size_t i;

	for (i = 0; i < targets->count; i++)
		if (!strcasecmp(targets->items[i].id, target.id))
			return;
	vec_push(fill->arena, targets, target);
}

static void
use_capture(struct fill *fill, const struct pattern_capture *capture,
	    struct fill_target target)
{
	if (!link_form_fits(capture->hole, capture->text))
		return;
	target.id = capture->text;
	if (!strcmp(capture->hole, "tenant"))
		put_tenant(fill, ALERT_TENANT, target.id, target.source);
	else if (!strcmp(capture->hole, "alert"))
		add_target(fill, &fill->alerts, target);
	else if (!strcmp(capture->hole, "incident"))
		add_target(fill, &fill->incidents, target);
	else	/* an id is no name that a rule could ask for */
		note(fill, "device id %s (%s)", target.id, target.source);
}

static bool
try_links(struct fill *fill, const link_patterns *links, const struct url *url,
	  const char *source)
{
	struct fill_target target = { .url = url->text, .source = source };
	bool known = false;
	size_t i, j;

	for (i = 0; i < links->count; i++) {
		pattern_captures captures = { .count = 0 };

		if (!link_pattern_match(links->items[i],
					fill->formats->portals, fill->arena,
					url, &captures))
			continue;
		known = true;
		for (j = 0; j < captures.count; j++)
			use_capture(fill, &captures.items[j], target);
	}
	return known;
}

bool
fill_link(struct fill *fill, const char *text)
{
	const char *source;
	struct url url;
	bool common, own;

	if (!link_unwrap(&fill->formats->unwraps, fill->arena, text, &url))
		return false;
	source = arena_printf(fill->arena, "link %s",
			      text_cut(fill->arena, url.text, SOURCE_MOST));
	common = try_links(fill, &fill->formats->links, &url, source);
	own = try_links(fill, &fill->format->links, &url, source);
	if (own && !fill->page.url) {
		fill->page.url = url.text;
		fill->page.source = source;
	}
	return common || own;
}

static void
put_link(struct fill *fill, enum alert_field field, const char *text,
	 const char *source)
{
	if (!fill_link(fill, text))
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

void
fill_text(struct fill *fill, enum alert_field field, const char *text,
	  const char *source)
{
	const char *value = alert_fields[field].several ? text :
			    text_cut(fill->arena, text, VALUE_MOST);
	size_t i;

	value = quirk_value(fill->arena, value);
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

/* A description may be spread over several rows, which are put together in
 * the end. A label that every mail could have ("Description") says nothing; one
 * of this format alone ("CVSS") says what the value is. */
static void
keep_detail(struct fill *fill, const char *label, const char *text)
{
	const char *value = text_cut(fill->arena, text, DESCRIPTION_MOST);
	struct extract_label detail = { label, value };
	size_t i;

	if (!map_find(fill->formats->label_index,
		      quirk_label(fill->arena, label)))
		detail.value = arena_printf(fill->arena, "%s: %s", label,
					    value);
	for (i = 0; i < fill->details.count; i++)
		if (text_same(detail.value, fill->details.items[i].value) ||
		    quirk_is_cut(fill->arena, detail.value,
				 fill->details.items[i].value))
			return;
	if (fill->details.count < DETAILS_MOST)
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
