#include "render/portal.h"

#include "base/text.h"

/* Browsers and Outlook follow links up to about so many octets. */
enum { LINK_MOST = 2000 };

#define PORTAL "https://security.microsoft.com/"

bool
portal_is_safe(const char *url)
{
	const char *at;

	if (!url || !text_starts(url, "https://") || strlen(url) > LINK_MOST)
		return false;
	for (at = url; *at; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"'<>`\\", *at))
			return false;
	return true;
}

static const char *
tenant_of(const struct alert *alert, const char *customers)
{
	const char *tenant = alert_text(alert, ALERT_TENANT);

	if (!tenant)
		tenant = customers;
	return tenant && text_is_guid(tenant) ? tenant : NULL;
}

/* Without `tid` the portal opens in the reader's own tenant, where the alert
 * does not exist. */
static const char *
with_tenant(struct arena *arena, const char *url, const char *tenant)
{
	size_t length = strcspn(url, "#");
	bool query = memchr(url, '?', length);

	if (!tenant || strstr(url, "?tid=") || strstr(url, "&tid="))
		return url;
	return arena_printf(arena, "%.*s%stid=%s%s", (int)length, url,
			    query ? "&" : "?", tenant, url + length);
}

static bool
is_id(const char *text)
{
	return text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_")];
}

/* A link of our own, when the alert came with none but its tenant is known. */
static const char *
made_link(struct arena *arena, const struct alert *record, const char *tenant)
{
	const char *alert = alert_text(record, ALERT_ALERT);
	const char *incident = alert_text(record, ALERT_INCIDENT);

	if (!tenant)
		return NULL;
	if (is_id(alert))
		return arena_printf(arena, PORTAL "alerts/%s?tid=%s", alert,
				    tenant);
	if (is_id(incident))
		return arena_printf(arena, PORTAL "incident2/%s/overview"
				    "?tid=%s", incident, tenant);
	return arena_printf(arena, PORTAL "?tid=%s", tenant);
}

const char *
portal_link(struct arena *arena, const struct alert *alert,
	    const char *customers)
{
	static const enum alert_field fields[] = {
		ALERT_ALERT_URL, ALERT_INCIDENT_URL
	};
	const char *tenant = tenant_of(alert, customers);
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *url = alert_text(alert, fields[i]);

		if (portal_is_safe(url))
			return with_tenant(arena, url, tenant);
	}
	return made_link(arena, alert, tenant);
}
