/*
 * What can be read of a page that is no JSON: its records one by one, and which
 * of them it was.
 *
 * A record may be none by itself (a NUL, a NaN, brackets a thousand deep), and
 * then those around it are as good as any. Or the page breaks off in a record,
 * mostly with an error of the API right behind: "HTTP 200", since that was said
 * long before; then what follows is not known, and has to be asked for without
 * that record. Graph and its SDKs have both: microsoftgraph/msgraph-sdk-
 * powershell #2689, msgraph-sdk-java #1779, dust-tt/dust PR 22850.
 *
 * Pure.
 */
#ifndef SOURCE_SALVAGE_H
#define SOURCE_SALVAGE_H

#include "base/json.h"
#include "base/vec.h"

/* A record that is no JSON. In the arena. */
struct salvage_left {
	const char *text;		/* as it came, ended by NUL besides */
	size_t length;
	const char *sentence;		/* what is wrong with it */
};

typedef VEC(struct salvage_left) salvage_lefts;

struct salvage {
	struct json *page;		/* without what is left out: give it
					   to json_destroy() */
	size_t readable;		/* records in it */
	size_t count;			/* records there are, left out or not,
					   before the one in which it breaks
					   off; what is read of those behind
					   that is in `page` as well */
	salvage_lefts left;
	bool is_cut;			/* it does not end as a page has to:
					   what follows is not known */
	bool is_ended;			/* but its list does */
	struct salvage_left rest;	/* of one that is cut, why; and from
					   where the record begins in which it
					   breaks off, whose length may be 0;
					   NULL when the list has ended */
};

/* False: a list of records is not even begun, or hardly one of them is good. */
bool salvage_page(const char *text, size_t length, struct arena *arena,
		  struct salvage *out);

#endif
