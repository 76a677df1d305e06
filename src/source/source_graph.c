/* Graph's security/alerts_v2: the alerts of all products. */
#include "source/odata.h"

extern const struct source source_graph, source_incidents;

static const struct odata alerts = {
	"/v1.0/security/alerts_v2", "lastUpdateDateTime", "createdDateTime", ""
};

static const char *
graph_url(const char *host, const struct source_window *window,
	  struct arena *arena)
{
	return odata_url(&alerts, host, window, arena);
}

static bool
graph_read(const struct json *document, struct arena *arena,
	   struct source_page *page_out)
{
	return odata_read(&alerts, document, odata_alert, arena, page_out);
}

const struct source source_graph = {
	.name = "graph",
	.kind = SOURCE_ALERTS,
	.permission = "SecurityAlert.Read.All",
	.top = 100,
	.along = &source_incidents,
	.hosts = {
		[SOURCE_GLOBAL] = { "https://graph.microsoft.com", NULL },
		[SOURCE_GCC] = { "https://graph.microsoft.com", NULL },
		[SOURCE_GCC_HIGH] = { "https://graph.microsoft.us", NULL },
		[SOURCE_DOD] = { "https://dod-graph.microsoft.us", NULL },
	},
	.url = graph_url,
	.read = graph_read,
	.refuse = odata_refuse,
};
