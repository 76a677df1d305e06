/*
 * The alert record: one struct, from mail or API, in the vocabulary of
 * Microsoft Graph's security/alerts_v2.
 *
 * Every field has a name, the same in rules, templates and JSON, and zero or
 * more values; every value remembers where it came from. A field without a
 * value is not known. Values are trimmed UTF-8 on one line (but `description`,
 * which may have several), never empty. Times are RFC 3339 in UTC. Severity is
 * in lower case. A value that is no known member of its enumeration keeps its
 * text. Everything lives in one arena.
 */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

#include "alert/severity.h"
#include "base/arena.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum alert_field {
	ALERT_CUSTOMER,		/* the name of a `customer` block */
	ALERT_TENANT,		/* GUID, lower case; or a domain name */
	ALERT_ORGANIZATION,
	ALERT_ALERT,		/* alert id */
	ALERT_INCIDENT,		/* incident id, decimal digits as text */
	ALERT_TITLE,
	ALERT_DESCRIPTION,
	ALERT_CATEGORY,		/* several: Graph's category and categories */
	ALERT_TECHNIQUE,	/* several: "T1059.001" */
	ALERT_THREAT,
	ALERT_ACTOR,
	ALERT_SEVERITY,
	ALERT_STATUS,		/* new, inProgress, resolved */
	ALERT_CLASSIFICATION,
	ALERT_SERVICE,		/* serviceSource */
	ALERT_DETECTION_SOURCE,
	ALERT_DETECTOR,		/* detectorId */
	ALERT_PRODUCT,		/* productName */
	ALERT_DEVICE,		/* several: names as written */
	ALERT_DEVICE_GROUP,	/* several */
	ALERT_DEVICE_TAG,	/* several */
	ALERT_DEVICE_OS,
	ALERT_DEVICE_RISK,	/* none, informational, low, medium, high */
	ALERT_USER,		/* several */
	ALERT_CREATED,
	ALERT_UPDATED,
	ALERT_FIRST_ACTIVITY,
	ALERT_LAST_ACTIVITY,
	ALERT_ALERT_URL,
	ALERT_INCIDENT_URL,
	ALERT_INTAKE,		/* mail, api */
	ALERT_AUTHENTIC,	/* pass, fail, none */
	ALERT_FORMAT,		/* the name of a `format` block, or an API's */
	ALERT_FIELDS		/* how many there are */
};

enum alert_type {
	ALERT_TEXT,
	ALERT_TIME,		/* RFC 3339, UTC */
	ALERT_ORDERED,		/* severities and risks: `at least`, `below` */
	ALERT_HOST,		/* a device name: full name and first label */
};

struct alert_field_info {
	const char *name;	/* "device-group" */
	enum alert_type type;
	bool several;		/* may have more than one value */
};

/* By enum alert_field; a NULL name ends it. */
extern const struct alert_field_info alert_fields[ALERT_FIELDS + 1];

/* ALERT_FIELDS when there is no field of that name. */
enum alert_field alert_field_find(const char *name);

struct alert_value {
	const char *text;
	const char *source;	/* "label 'Severity'", "link", "header From",
				   "API field severity"; never NULL */
};

struct alert_values {
	struct alert_value *items;
	size_t count, size;
	const char *incomplete;	/* why there may be values that are not among
				   the items; NULL: those are all */
	size_t unread;		/* how often that was found; the journal keeps
				   only whether it was */
};

/* What a reader is told of a doubt in his language. */
enum alert_doubt_kind {
	ALERT_DOUBT_OTHER,	/* only its text */
	ALERT_DOUBT_TWO,	/* the field is `one`, or `other` */
	ALERT_DOUBT_HIDDEN,	/* the field is `one`, where nobody sees it */
	ALERT_DOUBT_FORWARDED,	/* by `one`; NULL: nobody knows whom */
	ALERT_DOUBT_STRANGER,	/* organisation `one` is of no customer */
	ALERT_DOUBT_UNREAD,	/* not all of the mail was read */
	ALERT_DOUBT_SEALED,	/* it is in a part named `other`, which needs
				   more than a reader; `one` says what */
	ALERT_DOUBTS
};

struct alert_doubt {
	const char *text;	/* the whole story, a sentence */
	enum alert_doubt_kind kind;
	enum alert_field field;
	const char *one, *other;
};

struct alert_doubts {
	struct alert_doubt *items;
	size_t count, size;
};

struct alert {
	struct arena *arena;	/* where added values are copied to */
	struct alert_values fields[ALERT_FIELDS];

	/* Two visible values where one was expected, or a hidden one that
	 * differs: whoever made the mail may want to deceive. Sentences. */
	struct alert_doubts doubts;
};

struct alert *alert_create(struct arena *arena);

/*
 * Add a value: trimmed, one line (several for description), lower case where
 * the field wants it; empty text adds nothing. A field of one value keeps its
 * first; a second, different one is refused (false) and told to `doubts`. A
 * text the field has already is not added again.
 */
bool alert_add(struct alert *alert, enum alert_field field, const char *text,
	       const char *source);

/* Replace whatever the field has; what was not read stays so. */
void alert_set(struct alert *alert, enum alert_field field, const char *text,
	       const char *source);

/*
 * The field may have values that are not in its list: something was not read,
 * was cut, or cannot be one name. Of a field of one value: that value may be
 * another. What a rule says of every value, or of none, is not certain then.
 * The sentence is a person's; the first one stays.
 */
void alert_incomplete(struct alert *alert, enum alert_field field,
		      const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void alert_doubt(struct alert *alert, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Of a kind; `doubt` is copied, its text made by `format`. */
void alert_doubt_of(struct alert *alert, const struct alert_doubt *doubt,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first value's text, or NULL. */
const char *alert_text(const struct alert *alert, enum alert_field field);

/* Has the word a rank, if the field is one whose words have? */
bool alert_knows_word(enum alert_field field, const char *word);

/* Unknown, too, when something contradicts it that could not be read. */
enum severity alert_severity(const struct alert *alert);

/* All fields of the table, in its order: text, arrays where `several`, null
 * where not known. When some are incomplete there is one more member,
 * `incomplete`, an object of their names and why. The caller owns it. */
struct json *alert_to_json(const struct alert *alert);

/* The reverse, for the journal: sources become "journal". NULL and a sentence
 * when the object has members of the wrong type. */
struct alert *alert_from_json(struct arena *arena, const struct json *object,
			      struct buf *error);

#endif
