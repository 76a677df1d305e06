#include "alert/alert.h"

#include "base/bug.h"
#include "base/text.h"
#include "base/vec.h"

/* A page of evidence with a million users must not become a million values
 * in every mail. */
enum { ALERT_VALUES_MOST = 1000 };

#define INCOMPLETE "incomplete"	/* a member of the JSON, beside the fields */

const struct alert_field_info alert_fields[ALERT_FIELDS + 1] = {
	[ALERT_CUSTOMER]	 = { "customer", ALERT_TEXT, false },
	[ALERT_TENANT]		 = { "tenant", ALERT_TEXT, false },
	[ALERT_ORGANIZATION]	 = { "organization", ALERT_TEXT, false },
	[ALERT_ALERT]		 = { "alert", ALERT_TEXT, false },
	[ALERT_INCIDENT]	 = { "incident", ALERT_TEXT, false },
	[ALERT_TITLE]		 = { "title", ALERT_TEXT, false },
	[ALERT_DESCRIPTION]	 = { "description", ALERT_TEXT, false },
	[ALERT_CATEGORY]	 = { "category", ALERT_TEXT, true },
	[ALERT_TECHNIQUE]	 = { "technique", ALERT_TEXT, true },
	[ALERT_THREAT]		 = { "threat", ALERT_TEXT, false },
	[ALERT_ACTOR]		 = { "actor", ALERT_TEXT, false },
	[ALERT_SEVERITY]	 = { "severity", ALERT_ORDERED, false },
	[ALERT_STATUS]		 = { "status", ALERT_TEXT, false },
	[ALERT_CLASSIFICATION]	 = { "classification", ALERT_TEXT, false },
	[ALERT_SERVICE]		 = { "service", ALERT_TEXT, false },
	[ALERT_DETECTION_SOURCE] = { "detection-source", ALERT_TEXT, false },
	[ALERT_DETECTOR]	 = { "detector", ALERT_TEXT, false },
	[ALERT_PRODUCT]		 = { "product", ALERT_TEXT, false },
	[ALERT_DEVICE]		 = { "device", ALERT_HOST, true },
	[ALERT_DEVICE_GROUP]	 = { "device-group", ALERT_TEXT, true },
	[ALERT_DEVICE_TAG]	 = { "device-tag", ALERT_TEXT, true },
	[ALERT_DEVICE_OS]	 = { "device-os", ALERT_TEXT, false },
	[ALERT_DEVICE_RISK]	 = { "device-risk", ALERT_ORDERED, false },
	[ALERT_USER]		 = { "user", ALERT_TEXT, true },
	[ALERT_CREATED]		 = { "created", ALERT_TIME, false },
	[ALERT_UPDATED]		 = { "updated", ALERT_TIME, false },
	[ALERT_FIRST_ACTIVITY]	 = { "first-activity", ALERT_TIME, false },
	[ALERT_LAST_ACTIVITY]	 = { "last-activity", ALERT_TIME, false },
	[ALERT_ALERT_URL]	 = { "alert-url", ALERT_TEXT, false },
	[ALERT_INCIDENT_URL]	 = { "incident-url", ALERT_TEXT, false },
	[ALERT_INTAKE]		 = { "intake", ALERT_TEXT, false },
	[ALERT_AUTHENTIC]	 = { "authentic", ALERT_TEXT, false },
	[ALERT_FORMAT]		 = { "format", ALERT_TEXT, false },
	[ALERT_FIELDS]		 = { NULL, ALERT_TEXT, false },
};

enum alert_field
alert_field_find(const char *name)
{
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		if (!strcmp(alert_fields[field].name, name))
			break;
	return (enum alert_field)field;
}

struct alert *
alert_create(struct arena *arena)
{
	struct alert *alert = arena_alloc(arena, sizeof(*alert));

	alert->arena = arena;
	return alert;
}

/* The form in which the record keeps a text of that field; may be "". */
static char *
canonical(struct alert *alert, enum alert_field field, const char *text)
{
	char *kept = field == ALERT_DESCRIPTION ?
		text_trim(alert->arena, text, strlen(text)) :
		text_fold_space(alert->arena, text, strlen(text));

	if (alert_fields[field].type == ALERT_ORDERED ||
	    (field == ALERT_TENANT && text_is_guid(kept)))
		return text_fold(alert->arena, kept);
	return kept;
}

static void
push(struct alert *alert, struct alert_values *values, const char *text,
     const char *source)
{
	struct alert_value value = {
		text, arena_strdup(alert->arena, source)
	};

	if (values->count < ALERT_VALUES_MOST)
		vec_push(alert->arena, values, value);
}

static void
push_doubt(struct alert *alert, const struct alert_doubt *doubt,
	   const char *format, va_list args)
{
	struct alert_doubt copy = *doubt;

	copy.text = arena_vprintf(alert->arena, format, args);
	if (copy.one)
		copy.one = arena_strdup(alert->arena, copy.one);
	if (copy.other)
		copy.other = arena_strdup(alert->arena, copy.other);
	if (alert->doubts.count < ALERT_VALUES_MOST)
		vec_push(alert->arena, &alert->doubts, copy);
}

void
alert_doubt(struct alert *alert, const char *format, ...)
{
	static const struct alert_doubt other = { .kind = ALERT_DOUBT_OTHER };
	va_list args;

	va_start(args, format);
	push_doubt(alert, &other, format, args);
	va_end(args);
}

void
alert_doubt_of(struct alert *alert, const struct alert_doubt *doubt,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	push_doubt(alert, doubt, format, args);
	va_end(args);
}

/* Two words of one order can be compared, so whoever adds them can keep the
 * one that matters; of anything else nobody knows which is true. */
static void
contradict(struct alert *alert, enum alert_field field, const char *text,
	   const char *source)
{
	const struct alert_value *kept = &alert->fields[field].items[0];
	const struct alert_doubt doubt = {
		.kind = ALERT_DOUBT_TWO, .field = field, .one = kept->text,
		.other = text,
	};

	alert_doubt_of(alert, &doubt, "%s is '%s' by %s, but '%s' by %s",
		       alert_fields[field].name, kept->text, kept->source,
		       text, source);
	if (alert_fields[field].type != ALERT_ORDERED ||
	    !alert_knows_word(field, kept->text) ||
	    !alert_knows_word(field, text))
		alert_incomplete(alert, field, "it may as well be '%s' (%s)",
				 text, source);
}

bool
alert_add(struct alert *alert, enum alert_field field, const char *text,
	  const char *source)
{
	struct alert_values *values = &alert->fields[field];
	const char *kept = canonical(alert, field, text);
	size_t i;

	if (!*kept)
		return true;
	for (i = 0; i < values->count; i++)
		if (text_same(values->items[i].text, kept))
			return true;
	if (values->count && !alert_fields[field].several) {
		contradict(alert, field, kept, source);
		return false;
	}
	if (values->count == ALERT_VALUES_MOST)
		alert_incomplete(alert, field, "there are more than the %d "
				 "that are kept", ALERT_VALUES_MOST);
	push(alert, values, kept, source);
	return true;
}

void
alert_set(struct alert *alert, enum alert_field field, const char *text,
	  const char *source)
{
	const char *kept = canonical(alert, field, text);

	alert->fields[field].count = 0;
	if (*kept)
		push(alert, &alert->fields[field], kept, source);
}

void
alert_incomplete(struct alert *alert, enum alert_field field,
		 const char *format, ...)
{
	struct alert_values *values = &alert->fields[field];
	va_list args;

	if (values->unread++)
		return;
	va_start(args, format);
	values->incomplete = arena_vprintf(alert->arena, format, args);
	va_end(args);
}

const char *
alert_text(const struct alert *alert, enum alert_field field)
{
	const struct alert_values *values = &alert->fields[field];

	return values->count ? values->items[0].text : NULL;
}

bool
alert_knows_word(enum alert_field field, const char *word)
{
	return alert_fields[field].type != ALERT_ORDERED ||
	       severity_parse(word) != SEVERITY_UNKNOWN ||
	       (field == ALERT_DEVICE_RISK && !strcasecmp(word, "none"));
}

enum severity
alert_severity(const struct alert *alert)
{
	const char *text = alert_text(alert, ALERT_SEVERITY);

	if (!text || alert->fields[ALERT_SEVERITY].incomplete)
		return SEVERITY_UNKNOWN;
	return severity_parse(text);
}

/* Made when it is needed, so that it is only there then. */
static void
incomplete_to_json(const struct alert *alert, struct json *object)
{
	struct json *reasons = NULL;
	int field;

	for (field = 0; field < ALERT_FIELDS; field++) {
		const char *why = alert->fields[field].incomplete;

		if (why && !reasons)
			reasons = json_set_object(object, INCOMPLETE);
		if (why)
			json_set_text(reasons, alert_fields[field].name, why);
	}
}

struct json *
alert_to_json(const struct alert *alert)
{
	struct json *object = json_object();
	int field;

	for (field = 0; field < ALERT_FIELDS; field++) {
		const struct alert_field_info *info = &alert_fields[field];
		const struct alert_values *values = &alert->fields[field];
		struct json *array;
		size_t i;

		if (!info->several || !values->count) {
			json_set_text(object, info->name, values->count ?
				      values->items[0].text : NULL);
			continue;
		}
		array = json_set_array(object, info->name);
		for (i = 0; i < values->count; i++)
			json_add_text(array, values->items[i].text);
	}
	incomplete_to_json(alert, object);
	return object;
}

static bool
add_from_json(struct alert *alert, enum alert_field field,
	      const struct json *value)
{
	const struct json *item;

	if (!value || json_is_null(value))
		return true;
	if (json_text(value)) {
		(void)alert_add(alert, field, json_text(value), "journal");
		return true;
	}
	if (!json_is_array(value))
		return false;
	for (item = json_first(value); item; item = json_next(item)) {
		if (!json_text(item))
			return false;
		(void)alert_add(alert, field, json_text(item), "journal");
	}
	return true;
}

static bool
incomplete_from_json(struct alert *alert, const struct json *reasons)
{
	const struct json *one = json_first(reasons);

	if (reasons && !json_is_object(reasons))
		return false;
	for (; one; one = json_next(one)) {
		enum alert_field field = alert_field_find(json_name(one));

		if (field == ALERT_FIELDS || !json_text(one))
			return false;
		alert_incomplete(alert, field, "%s", json_text(one));
	}
	return true;
}

struct alert *
alert_from_json(struct arena *arena, const struct json *object,
		struct buf *error)
{
	struct alert *alert = alert_create(arena);
	int field;

	for (field = 0; field < ALERT_FIELDS; field++) {
		const char *name = alert_fields[field].name;

		if (add_from_json(alert, (enum alert_field)field,
				  json_member(object, name)))
			continue;
		buf_printf(error, "field '%s' is neither text nor a list of "
			   "texts", name);
		return NULL;
	}
	if (incomplete_from_json(alert, json_member(object, INCOMPLETE)))
		return alert;
	buf_puts(error, "'" INCOMPLETE "' is no object of fields and why");
	return NULL;
}
