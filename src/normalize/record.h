/*
 * From the JSON of an API to alert records: Graph's security/alerts_v2 and
 * Defender for Endpoint's /api/alerts, one alert or a page of them.
 *
 * Nothing but a record's identity is demanded. Every other member may be
 * missing, null, of the wrong type or of a kind that nobody has seen yet: it is
 * noted, its field is incomplete, and the rest is read. There is no clock and
 * no store: the same record always gives the same alert.
 *
 *	record_find()		which records does a document have?
 *	normalize_record()	one of them as an alert
 *
 * An API is one struct record_source in one file, listed in record.c.
 */
#ifndef NORMALIZE_RECORD_H
#define NORMALIZE_RECORD_H

#include "normalize/normalize.h"

/* One record of a document, and the incident it stands in, if any. */
struct record {
	const struct json *json;	/* of any type */
	const struct json *incident;	/* or NULL */
	const char *incident_name;	/* known from elsewhere; or NULL */
	const char *asked;		/* the name of the API that was asked
					   for it: what came is of it, whatever
					   it looks like. NULL: not known */
};

typedef VEC(struct record) record_list;

/*
 * Append the records of a document: a page {"value":[...]} or a bare array, an
 * incident with its alerts, or a single alert. False and a sentence when it is
 * something else: an error of the API, an incident without alerts, a token.
 * Borrows from the document. An element of a page is a record whatever it is.
 */
bool record_find(const struct json *document, struct arena *arena,
		 record_list *records, struct buf *error);

struct normalize_record {
	const struct customers *customers;
	const struct formats *formats;	/* for the hosts of portals */
	const char *tenant;		/* that was asked; NULL: not known */
	struct record record;
};

/* Everything in the arena; NULL and a sentence when the record is no alert of
 * an API that is known. */
const struct normalized *normalize_record(const struct normalize_record *input,
					  struct arena *arena,
					  struct buf *error);

/* ---- For the sources. ---- */

struct record_reader {
	struct arena *arena;
	const struct formats *formats;
	struct normalized *out;
	struct alert *alert;		/* out->alert */
};

struct record_source {
	const char *name;		/* the alert's `format` */
	bool (*is)(const struct json *json);
	void (*read)(struct record_reader *reader, const struct json *json);
};

extern const struct record_source record_graph;
extern const struct record_source record_endpoint;

/* Member `name` of an object that is at `path` ("" for the record itself)
 * becomes a value of the field: a text, a whole number, or a list of these. A
 * field of one value keeps the one it has. */
void record_take(struct record_reader *reader, enum alert_field field,
		 const struct json *object, const char *path,
		 const char *name);
struct record_member {
	const char *name;		/* NULL ends a list */
	enum alert_field field;		/* of times: it wants one */
};

/* Members of the record itself become values of their fields, in this order. */
void record_take_members(struct record_reader *reader,
			 const struct record_member *members,
			 const struct json *json);

/* Members that the API always gives: the fields that got no value are
 * incomplete. */
void record_expect(struct record_reader *reader,
		   const struct record_member *members);
/* A list that it always gives, an empty one if need be. */
void record_expect_list(struct record_reader *reader, enum alert_field field,
			const struct json *json, const char *name);

/* A member of an enumeration becomes the value, in the writing of Graph:
 * "InProgress" is "inProgress". */
void record_take_word(struct record_reader *reader, enum alert_field field,
		      const struct json *object, const char *name);
/* A link to a portal; any other is noted, and taken by nobody: a button of a
 * notification leads there. NULL, or the link. */
const char *record_take_link(struct record_reader *reader,
			     enum alert_field field,
			     const struct json *json, const char *name);
/* What the members of an account are called. */
struct record_account {
	const char *id;			/* that Entra ID knows it by */
	const char *principal, *domain, *name;
};

/* An account becomes a user: its principal name, or DOMAIN\NAME, or NAME. Users
 * are incomplete when it has no name, or when Entra ID knows it, but not by
 * its principal name, which is the one that rules ask for. */
void record_take_account(struct record_reader *reader,
			 const struct json *account, const char *path,
			 const struct record_account *names);

/* The visible text of a member, or NULL. */
const char *record_text(const struct json *object, const char *name);

/* "path.name", or "name" of the record itself. */
const char *record_path(struct record_reader *reader, const char *path,
			const char *name);

#endif
