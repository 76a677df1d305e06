/*
 * Defender for Endpoint's own API of alerts. It gives no link to the next page,
 * and its tokens are for another name than its host's.
 */
#include "source/odata.h"

extern const struct source source_endpoint;

static const struct odata alerts = {
	"/api/alerts", "lastUpdateTime", "alertCreationTime",
	"&$expand=evidence"
};

static const char *
endpoint_url(const char *host, const struct source_window *window,
	     struct arena *arena)
{
	return odata_url(&alerts, host, window, arena);
}

static bool
endpoint_read(const struct json *document, struct arena *arena,
	      struct source_page *page_out)
{
	return odata_read(&alerts, document, odata_alert, arena, page_out);
}

const struct source source_endpoint = {
	.name = "endpoint",
	.kind = SOURCE_ALERTS,
	.permission = "Alert.Read.All",
	.top = 100,
	.counts_pages = true,
	.hosts = {
		[SOURCE_GLOBAL] = {
			"https://api.security.microsoft.com",
			"https://api.securitycenter.microsoft.com/.default",
		},
		[SOURCE_GCC] = {
			"https://api-gcc.securitycenter.microsoft.us", NULL,
		},
		[SOURCE_GCC_HIGH] = {
			"https://api-gov.securitycenter.microsoft.us", NULL,
		},
		[SOURCE_DOD] = {
			"https://api-gov.securitycenter.microsoft.us", NULL,
		},
	},
	.url = endpoint_url,
	.read = endpoint_read,
	.refuse = odata_refuse,
};
