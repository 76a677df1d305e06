/*
 * Graph's security/incidents: what incidents are called, and what was merged.
 * Read along with alerts.
 *
 * Without their alerts: $expand together with $filter is a permanent 500 in
 * large tenants.
 */
#include "base/text.h"
#include "source/odata.h"

/* Characters of a name: it goes into one line of a mail. */
enum { NAME_MOST = 200 };

extern const struct source source_incidents;

static const struct odata incidents = {
	"/v1.0/security/incidents", "lastUpdateDateTime", "createdDateTime", ""
};

static const char *
incidents_url(const char *host, const struct source_window *window,
	      struct arena *arena)
{
	return odata_url(&incidents, host, window, arena);
}

static const char *
name_of(const struct json *incident, struct arena *arena)
{
	const char *text = json_text(json_member(incident, "displayName"));

	if (text)
		text = text_fold_space(arena, text, strlen(text));
	return text && *text ? text_cut(arena, text, NAME_MOST) : NULL;
}

static void
read_incident(struct source_record *record, struct arena *arena)
{
	const struct json *json = record->json;

	record->id = odata_id(json, "id", arena);
	record->name = name_of(json, arena);
	record->merged = odata_id(json, "redirectIncidentId", arena);
	if (record->id && record->merged &&
	    !strcmp(record->id, record->merged))
		record->merged = NULL;
}

static bool
incidents_read(const struct json *document, struct arena *arena,
	       struct source_page *page_out)
{
	return odata_read(&incidents, document, read_incident, arena,
			  page_out);
}

const struct source source_incidents = {
	.name = "incidents",
	.kind = SOURCE_INCIDENTS,
	.permission = "SecurityIncident.Read.All",
	.top = 50,		/* more are refused */
	.url = incidents_url,
	.read = incidents_read,
	.refuse = odata_refuse,
};
