/*
 * JSON, read and written: the door to cJSON.
 *
 * A value read from foreign bytes is a tree of hostile text: depth is limited,
 * trailing garbage is an error, member names are matched with case (RFC 8259),
 * the first of two equal names wins. Numbers are doubles, so identifiers must
 * be kept as strings. Strings are UTF-8 without NUL, and whole: what cannot be
 * that is U+FFFD in them, and numbers that are none are null (json_mend.h), so
 * that half an emoji in a title does not cost the page it stands in.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

/* The caller owns the result and gives it to json_destroy(). On failure NULL
 * and one sentence with the offset in `error`. */
struct json *json_parse(const char *text, size_t length, struct buf *error);
/* Documents one behind the other, as one object a line: an array of them. */
struct json *json_parse_all(const char *text, size_t length,
			    struct buf *error);
void json_destroy(struct json **json);

/* Questions; all accept NULL and answer NULL, false or 0 then. */
const struct json *json_member(const struct json *object, const char *name);
const char *json_text(const struct json *string);
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
bool json_is_null(const struct json *json);
bool json_bool(const struct json *json, bool otherwise);
/* A whole number, or `otherwise`. */
int64_t json_integer(const struct json *json, int64_t otherwise);
/* Children of an array or object: first, then next until NULL. */
const struct json *json_first(const struct json *json);
const struct json *json_next(const struct json *child);
/* The member name of a child of an object, else NULL. */
const char *json_name(const struct json *child);

/* Building. Every call gives the new value to its parent, which owns it. */
struct json *json_object(void);
struct json *json_array(void);
void json_set_text(struct json *object, const char *name, const char *text);
/* RFC 3339, UTC; null for TIME_UNKNOWN. */
void json_set_instant(struct json *object, const char *name, instant_ms when);
						/* NULL text: null */
void json_set_integer(struct json *object, const char *name, int64_t value);
void json_set_bool(struct json *object, const char *name, bool value);
struct json *json_set_object(struct json *object, const char *name);
struct json *json_set_array(struct json *object, const char *name);
void json_set(struct json *object, const char *name, struct json *value);
void json_add_text(struct json *array, const char *text);
void json_add_integer(struct json *array, int64_t value);
struct json *json_add_object(struct json *array);

/* Append without white space, and without a line end; nothing in it is obeyed
 * by a terminal, and bytes that are no UTF-8 are U+FFFD. */
void json_print(const struct json *json, struct buf *out);

#endif
