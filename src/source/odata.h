/*
 * What the APIs of Microsoft have in common: OData, as far as we need it.
 */
#ifndef SOURCE_ODATA_H
#define SOURCE_ODATA_H

#include "source/source.h"

struct odata {
	const char *path;		/* below the host */
	const char *changed, *made;	/* what its records call these times */
	const char *more;		/* further parameters, or "" */
};

const char *odata_url(const struct odata *odata, const char *host,
		      const struct source_window *window, struct arena *arena);

/* A list of records; `read` is told of each, with json and changed set. */
bool odata_read(const struct odata *odata, const struct json *document,
		void (*read)(struct source_record *record,
			     struct arena *arena),
		struct arena *arena, struct source_page *page_out);

/* The same `read` of every API that gives alerts. */
void odata_alert(struct source_record *record, struct arena *arena);

struct source_refusal odata_refuse(int status, const struct json *document);

/* An id: a text, or a whole number as one. NULL for anything else. */
const char *odata_id(const struct json *object, const char *name,
		     struct arena *arena);

#endif
