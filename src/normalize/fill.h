/*
 * Filling an alert's fields with texts of a mail: what each field wants (a
 * time, an id, a list, a link), and what becomes of what it does not want.
 *
 *	struct fill fill = { .arena = ..., .formats = ..., ... };
 *	fill_text(), fill_label(), fill_link() as often as needed
 *	fill_end(), then maybe fill_constants()
 */
#ifndef NORMALIZE_FILL_H
#define NORMALIZE_FILL_H

#include "normalize/extraction.h"
#include "normalize/format.h"

/* An alert or incident that a link leads to. */
struct fill_target {
	const char *id;
	const char *url;
	const char *source;
};

typedef VEC(struct fill_target) fill_targets;

struct fill {
	struct arena *arena;
	const struct formats *formats;
	const struct format *format;
	struct extraction *out;

	/* Of this module alone. */
	fill_targets alerts, incidents;
	struct fill_target page;	/* of a portal, that is neither */
	VEC(struct extract_label) details;	/* of the description */
	size_t values;			/* of lists, so far */
};

/* A text that belongs to that field; `source` as in struct alert_value. */
void fill_text(struct fill *fill, enum alert_field field, const char *text,
	       const char *source);

/* What a pattern captured from the subject. */
void fill_captured(struct fill *fill, enum alert_field field,
		   const char *text);

/* The value of a row. */
void fill_label(struct fill *fill, enum alert_field field, const char *label,
		const char *value);

/* A link, wrapped or not. False when it leads to no portal. */
bool fill_link(struct fill *fill, const char *text);

/* Is it a field of links? */
bool fill_is_link(enum alert_field field);

/* The links that are written out in `text`. False when none leads to a
 * portal. */
bool fill_written(struct fill *fill, const char *text);

/* A link was not read: what links carry may be more than was found. `why` is
 * for alert_incomplete(). */
void fill_unread_link(struct fill *fill, const char *why);

/* Fill in what could only be decided after everything was seen. */
void fill_end(struct fill *fill);

/* Fill in what the format says with `set`, where nothing else was found. */
void fill_constants(struct fill *fill);

#endif
