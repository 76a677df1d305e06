/*
 * Graph's security/alerts_v2. Devices, users and groups are in its evidence
 * (record_evidence.h).
 */
#include "normalize/record_evidence.h"

#include "base/text.h"

/* "#microsoft.graph.security.alert"; some answers leave out the mark. */
static bool
is_type_of_alert(const char *type)
{
	return text_ends(type, "security.alert");
}

/* No member of these is in the alerts of other APIs, and one that is null is
 * one. */
static bool
graph_is(const struct json *json)
{
	static const char *const members[] = {
		"serviceSource", "detectionSource", "createdDateTime",
		"lastUpdateDateTime", "evidence", NULL
	};
	const char *type = record_text(json, "@odata.type");
	size_t i;

	if (type)
		return is_type_of_alert(type);
	if (json_member(json, "alertCreationTime") ||
	    json_member(json, "vendorInformation") ||
	    json_member(json, "azureTenantId") ||
	    json_member(json, "alertId") ||
	    !(json_member(json, "title") || json_member(json, "evidence")))
		return false;
	for (i = 0; members[i]; i++)
		if (json_member(json, members[i]))
			return true;
	return false;
}

/* The portal's link names the tenant as well. */
static void
read_tenant(struct record_reader *reader, const struct json *json,
	    const char *link)
{
	const char *tid = link ? strstr(link, "tid=") : NULL;
	char *tenant;

	record_take(reader, ALERT_TENANT, json, "", "tenantId");
	if (!tid || alert_text(reader->alert, ALERT_TENANT))
		return;
	tenant = arena_strndup(reader->arena, tid + 4, strcspn(tid + 4, "&#"));
	if (text_is_guid(tenant))
		alert_set(reader->alert, ALERT_TENANT, tenant,
			  "API field alertWebUrl");
}

static const struct record_member members[] = {
	{ "id", ALERT_ALERT },
	{ "incidentId", ALERT_INCIDENT },
	{ "title", ALERT_TITLE },
	{ "description", ALERT_DESCRIPTION },
	{ "category", ALERT_CATEGORY },
	{ "categories", ALERT_CATEGORY },
	{ "mitreTechniques", ALERT_TECHNIQUE },
	{ "threatDisplayName", ALERT_THREAT },
	{ "threatFamilyName", ALERT_THREAT },
	{ "actorDisplayName", ALERT_ACTOR },
	{ "severity", ALERT_SEVERITY },
	{ "serviceSource", ALERT_SERVICE },
	{ "detectionSource", ALERT_DETECTION_SOURCE },
	{ "detectorId", ALERT_DETECTOR },
	{ "productName", ALERT_PRODUCT },
	{ "createdDateTime", ALERT_CREATED },
	{ "lastUpdateDateTime", ALERT_UPDATED },
	{ "firstActivityDateTime", ALERT_FIRST_ACTIVITY },
	{ "lastActivityDateTime", ALERT_LAST_ACTIVITY },
	{ NULL, 0 }
};

/* What an alert always has (facts of the schema: not nullable, or never seen to
 * be missing). The rest may well not be there. */
static const struct record_member expected[] = {
	{ "title", ALERT_TITLE },
	{ "severity", ALERT_SEVERITY },
	{ "status", ALERT_STATUS },
	{ "serviceSource", ALERT_SERVICE },
	{ NULL, 0 }
};

/* The shipper of an alert may have assigned it to nobody's hands: why it needs
 * no one is said there. */
static void
read_handling(struct record_reader *reader, const struct json *json)
{
	const char *by = json_text(json_member(json, "assignedTo"));
	const char *status = alert_text(reader->alert, ALERT_STATUS);

	if (by && text_same(by, "Suppression rule"))
		reader->out->handled = "a suppression rule of the tenant takes "
				       "it";
	else if (status && text_same(status, "resolved"))
		reader->out->handled = "it was resolved before it was seen";
	else if (by && text_same(by, "Automation"))
		reader->out->handled = "automation of the tenant handles it";
}

static void
read_actions(struct record_reader *reader, const struct json *json)
{
	const char *text = json_text(json_member(json, "recommendedActions"));

	if (text && *text)
		reader->out->actions = text_trim(reader->arena, text,
						 strlen(text));
}

static void
graph_read(struct record_reader *reader, const struct json *json)
{
	const char *link;

	record_take_members(reader, members, json);
	record_take_word(reader, ALERT_STATUS, json, "status");
	record_take_word(reader, ALERT_CLASSIFICATION, json, "classification");
	link = record_take_link(reader, ALERT_ALERT_URL, json, "alertWebUrl");
	(void)record_take_link(reader, ALERT_INCIDENT_URL, json,
			       "incidentWebUrl");
	read_tenant(reader, json, link);
	record_evidence_read(reader, json_member(json, "evidence"));
	record_expect(reader, expected);
	/* `category` has only the first of them. */
	record_expect_list(reader, ALERT_CATEGORY, json, "categories");
	record_expect_list(reader, ALERT_TECHNIQUE, json, "mitreTechniques");
	read_actions(reader, json);
	read_handling(reader, json);
}

const struct record_source record_graph = { "graph", graph_is, graph_read };
