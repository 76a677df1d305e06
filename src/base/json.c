#include "base/json.h"

#include "base/bug.h"
#include "base/json_mend.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <math.h>

static const cJSON *
inner(const struct json *json)
{
	return (const cJSON *)json;
}

static struct json *
outer(cJSON *json)
{
	if (!json)
		BUG("no memory for JSON");
	return (struct json *)json;
}

static size_t
skip_blanks(const char *text, size_t at, size_t length)
{
	while (at < length && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	return at;
}

/* One document from `*at` on, which is moved to the next one or to the end. */
static cJSON *
parse_one(const char *text, size_t *at, size_t length, struct buf *error)
{
	const char *end = NULL;
	cJSON *json = cJSON_ParseWithLengthOpts(text + *at, length - *at, &end,
						false);

	if (!json)
		buf_printf(error, "no valid JSON at byte %zu",
			   end ? (size_t)(end - text) : *at);
	else
		*at = skip_blanks(text, (size_t)(end - text), length);
	return json;
}

/* An array of them, or the only one. */
static cJSON *
parse_mended(const char *text, size_t length, bool many, struct buf *error)
{
	cJSON *all = many ? cJSON_CreateArray() : NULL, *one = NULL;
	size_t at = 0;

	if (memchr(text, '\0', length)) {
		buf_puts(error, "the JSON contains a NUL byte");
	} else {
		while ((one = parse_one(text, &at, length, error)) &&
		       many && cJSON_AddItemToArray(all, one) && at < length)
			;
		if (one && at == length)
			return many ? all : one;
		if (one)
			buf_printf(error, "no valid JSON at byte %zu", at);
	}
	if (!many)
		cJSON_Delete(one);
	cJSON_Delete(all);
	return NULL;
}

static struct json *
parse(const char *text, size_t length, bool many, struct buf *error)
{
	struct buf mended = BUF_INIT;
	cJSON *json;

	if (json_mend(text, length, &mended))
		json = parse_mended(mended.data, mended.len, many, error);
	else
		json = parse_mended(text, length, many, error);
	buf_release(&mended);
	return json ? outer(json) : NULL;
}

struct json *
json_parse(const char *text, size_t length, struct buf *error)
{
	return parse(text, length, false, error);
}

struct json *
json_parse_all(const char *text, size_t length, struct buf *error)
{
	return parse(text, length, true, error);
}

void
json_destroy(struct json **json)
{
	cJSON_Delete((cJSON *)*json);
	*json = NULL;
}

const struct json *
json_member(const struct json *object, const char *name)
{
	return (const struct json *)
		cJSON_GetObjectItemCaseSensitive(inner(object), name);
}

const char *
json_text(const struct json *string)
{
	return cJSON_GetStringValue(inner(string));
}

bool
json_is_object(const struct json *json)
{
	return cJSON_IsObject(inner(json));
}

bool
json_is_array(const struct json *json)
{
	return cJSON_IsArray(inner(json));
}

bool
json_is_null(const struct json *json)
{
	return cJSON_IsNull(inner(json));
}

bool
json_bool(const struct json *json, bool otherwise)
{
	if (!cJSON_IsBool(inner(json)))
		return otherwise;
	return cJSON_IsTrue(inner(json));
}

int64_t
json_integer(const struct json *json, int64_t otherwise)
{
	double value;

	if (!cJSON_IsNumber(inner(json)))
		return otherwise;
	value = inner(json)->valuedouble;
	if (fabs(value) > 9007199254740992.0 || value != floor(value))
		return otherwise;
	return (int64_t)value;
}

const struct json *
json_first(const struct json *json)
{
	if (!json_is_array(json) && !json_is_object(json))
		return NULL;
	return (const struct json *)inner(json)->child;
}

const struct json *
json_next(const struct json *child)
{
	return child ? (const struct json *)inner(child)->next : NULL;
}

const char *
json_name(const struct json *child)
{
	return child ? inner(child)->string : NULL;
}

struct json *
json_object(void)
{
	return outer(cJSON_CreateObject());
}

struct json *
json_array(void)
{
	return outer(cJSON_CreateArray());
}

void
json_set(struct json *object, const char *name, struct json *value)
{
	if (!cJSON_AddItemToObject((cJSON *)object, name, (cJSON *)value))
		BUG("cannot set '%s'", name);
}

void
json_set_text(struct json *object, const char *name, const char *text)
{
	json_set(object, name, outer(text ? cJSON_CreateString(text)
					  : cJSON_CreateNull()));
}

void
json_set_instant(struct json *object, const char *name, instant_ms when)
{
	struct buf text = BUF_INIT;

	if (when != TIME_UNKNOWN)
		clock_print(&text, when);
	json_set_text(object, name, text.len ? text.data : NULL);
	buf_release(&text);
}

void
json_set_integer(struct json *object, const char *name, int64_t value)
{
	json_set(object, name, outer(cJSON_CreateNumber((double)value)));
}

void
json_set_bool(struct json *object, const char *name, bool value)
{
	json_set(object, name, outer(cJSON_CreateBool(value)));
}

struct json *
json_set_object(struct json *object, const char *name)
{
	struct json *value = json_object();

	json_set(object, name, value);
	return value;
}

struct json *
json_set_array(struct json *object, const char *name)
{
	struct json *value = json_array();

	json_set(object, name, value);
	return value;
}

static void
add(struct json *array, struct json *value)
{
	if (!cJSON_AddItemToArray((cJSON *)array, (cJSON *)value))
		BUG("cannot add to an array");
}

void
json_add_text(struct json *array, const char *text)
{
	add(array, outer(cJSON_CreateString(text)));
}

void
json_add_integer(struct json *array, int64_t value)
{
	add(array, outer(cJSON_CreateNumber((double)value)));
}

struct json *
json_add_object(struct json *array)
{
	struct json *value = json_object();

	add(array, value);
	return value;
}

/* cJSON escapes what JSON wants, and a terminal obeys more than that: it stands
 * in strings only, so it can be escaped there as well. */
static void
append_harmless(struct buf *out, const char *text)
{
	const char *end = text + strlen(text), *start = text;
	size_t step;

	for (; text < end; text += step) {
		uint32_t c = text_decode(text, end, &step);
		bool is_bad = c == 0xFFFD && step == 1;

		if (!is_bad && !text_is_command(c))
			continue;
		buf_append(out, start, (size_t)(text - start));
		buf_printf(out, "\\u%04x", (unsigned int)c);
		start = text + step;
	}
	buf_append(out, start, (size_t)(end - start));
}

void
json_print(const struct json *json, struct buf *out)
{
	char *text = cJSON_PrintUnformatted(inner(json));

	if (!text)
		BUG("no memory for JSON");
	append_harmless(out, text);
	cJSON_free(text);
}
