/*
 * A source of alerts: an API, as one struct in a file of its own, listed in
 * source.c. How it is asked, and what its answers mean, is known there and
 * nowhere else; what a record says as an alert, in normalize/.
 *
 * Pure: no clock, no store, no network.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/clock.h"
#include "base/json.h"
#include "base/vec.h"

/* National clouds: tokens of one mean nothing in another. */
enum source_cloud {
	SOURCE_GLOBAL,
	SOURCE_GCC,
	SOURCE_GCC_HIGH,
	SOURCE_DOD,
	SOURCE_CLOUDS		/* how many there are */
};

/* Where it is in a cloud. */
struct source_host {
	const char *url;	/* https://HOST, no slash behind */
	const char *scope;	/* of its tokens; NULL: URL/.default */
};

enum source_kind {
	SOURCE_ALERTS,
	SOURCE_INCIDENTS,	/* names and what was merged, and no alerts */
};

/* The first page of a window; later ones are in the answers. */
struct source_window {
	bool is_made;		/* since then; else changed */
	instant_ms since;
	instant_ms until;	/* not any more; 0: to the end */
	unsigned int top;	/* records in a page */
	size_t skip;		/* of the window; 0 unless it counts pages */
};

struct source_record {
	const struct json *json;	/* borrowed from the document */
	const char *id;			/* NULL: it has none that can be one */
	const char *incident;		/* of an alert: in which; or NULL */
	const char *name;		/* of an incident, one line; or NULL */
	const char *merged;		/* likewise: the id of what it is a part
					   of by now; or NULL */
	instant_ms changed;		/* TIME_UNKNOWN: it does not say */
};

struct source_page {
	VEC(struct source_record) records;
	const char *next;		/* URL of the next page, wherever that
					   leads; or NULL */
};

/* What is no page. */
struct source_refusal {
	bool is_error;			/* it is one as the API has them */
	const char *code, *message;	/* its own words, or NULL; borrowed */
	bool is_too_large;		/* fewer records should be asked for */
};

struct source {
	const char *name;		/* as in `poll NAME` and the `app`'s
					   NAME URL, and the alert's format */
	enum source_kind kind;
	const char *permission;		/* that an application needs */
	unsigned int top;		/* most records asked for in a page */
	bool counts_pages;		/* it gives no link although there is
					   more: a full page is followed by
					   counting */
	const struct source *along;	/* what is read along with it, at the
					   same host; or NULL */
	struct source_host hosts[SOURCE_CLOUDS];

	const char *(*url)(const char *host, const struct source_window *window,
			   struct arena *arena);
	/* False when the document of an answer that is fine is no page. */
	bool (*read)(const struct json *document, struct arena *arena,
		     struct source_page *page_out);
	/* `document` may be NULL: it was no JSON. */
	struct source_refusal (*refuse)(int status,
					const struct json *document);
};

/* All that can be asked for by name, ended by NULL. */
extern const struct source *const sources[];

/* NULL when there is none of that name. */
const struct source *source_find(const char *name);

#endif
