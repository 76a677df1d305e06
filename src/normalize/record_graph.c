/*
 * Graph's security/alerts_v2. Devices, users and groups are in its evidence,
 * which is of many types, nested in places, and grows without notice; so they
 * are found by the type of an object, wherever it stands.
 */
#include "normalize/record.h"

#include "base/text.h"

enum {
	/* A device in a session in an evidence is three deep. */
	EVIDENCE_DEPTH_MOST = 6,
	EVIDENCE_MOST = 2000,	/* see ELEMENTS_MOST */
};

#define TYPE_PREFIX "#microsoft.graph.security."

static bool
graph_is(const struct json *json)
{
	static const char *const members[] = {
		"serviceSource", "detectionSource", "createdDateTime",
		"lastUpdateDateTime", "evidence", NULL
	};
	const char *type = json_text(json_member(json, "@odata.type"));
	size_t i;

	if (type)
		return !strcmp(type, TYPE_PREFIX "alert");
	if (json_member(json, "alertCreationTime") ||
	    json_member(json, "vendorInformation") ||
	    json_member(json, "azureTenantId") ||
	    json_member(json, "alertId") ||
	    !json_text(json_member(json, "title")))
		return false;
	for (i = 0; members[i]; i++)
		if (json_member(json, members[i]))
			return true;
	return false;
}

/* ---- evidence ---- */

static void
read_device(struct record_reader *reader, const struct json *device,
	    const char *path)
{
	const char *name = json_text(json_member(device, "deviceDnsName"));

	record_take(reader, ALERT_DEVICE, device, path, name && *name ?
		    "deviceDnsName" : "hostName");
	record_take(reader, ALERT_DEVICE_GROUP, device, path, "rbacGroupName");
	record_take(reader, ALERT_DEVICE_TAG, device, path, "tags");
	record_take(reader, ALERT_DEVICE_OS, device, path, "osPlatform");
}

static void
read_iot_device(struct record_reader *reader, const struct json *device,
		const char *path)
{
	const char *name = json_text(json_member(device, "deviceName"));

	record_take(reader, ALERT_DEVICE, device, path, name && *name ?
		    "deviceName" : "deviceId");
	record_take(reader, ALERT_DEVICE_TAG, device, path, "tags");
	record_take(reader, ALERT_DEVICE_OS, device, path, "operatingSystem");
}

static void
read_user(struct record_reader *reader, const struct json *evidence,
	  const char *path)
{
	record_take_account(reader, json_member(evidence, "userAccount"),
			    record_path(reader, path, "userAccount"),
			    "userPrincipalName", "domainName", "accountName");
}

static void
read_mailbox(struct record_reader *reader, const struct json *evidence,
	     const char *path)
{
	const char *name = json_text(json_member(evidence, "upn"));

	record_take(reader, ALERT_USER, evidence, path, name && *name ?
		    "upn" : "primaryAddress");
}

static const struct {
	const char *type;
	void (*read)(struct record_reader *reader, const struct json *evidence,
		     const char *path);
} readers[] = {
	{ TYPE_PREFIX "deviceEvidence", read_device },
	{ TYPE_PREFIX "ioTDeviceEvidence", read_iot_device },
	{ TYPE_PREFIX "userEvidence", read_user },
	{ TYPE_PREFIX "mailboxEvidence", read_mailbox },
	{ TYPE_PREFIX "processEvidence", read_user },
};

static void
read_typed(struct record_reader *reader, const struct json *evidence,
	   const char *path)
{
	const char *type = json_text(json_member(evidence, "@odata.type"));
	size_t i;

	for (i = 0; type && i < sizeof(readers) / sizeof(*readers); i++)
		if (!strcasecmp(type, readers[i].type))
			readers[i].read(reader, evidence, path);
}

/* An evidence and whatever evidence stands inside it. */
static void
read_evidence(struct record_reader *reader, const struct json *evidence,
	      const char *path, int depth)
{
	const struct json *inner = json_first(evidence);
	size_t i = 0;

	if (!depth || (!json_is_object(evidence) && !json_is_array(evidence)))
		return;
	read_typed(reader, evidence, path);
	for (; inner && i < EVIDENCE_MOST; inner = json_next(inner), i++)
		if (json_is_object(inner) || json_is_array(inner))
			read_evidence(reader, inner, json_is_array(evidence) ?
				      arena_printf(reader->arena, "%s[%zu]",
						   path, i) :
				      record_path(reader, path,
						  json_name(inner)),
				      depth - 1);
}

static bool
is_primary(const struct json *evidence)
{
	const struct json *role =
		json_first(json_member(evidence, "detailedRoles"));

	for (; role; role = json_next(role))
		if (json_text(role) &&
		    text_same(json_text(role), "PrimaryDevice"))
			return true;
	return false;
}

/* The device that the alert is about comes first, as the one that a template
 * shows and whose system counts. */
static void
read_primary(struct record_reader *reader, const struct json *list)
{
	const struct json *one = json_first(list);
	size_t i = 0;

	for (; one && i < EVIDENCE_MOST; one = json_next(one), i++)
		if (is_primary(one))
			read_typed(reader, one,
				   arena_printf(reader->arena, "evidence[%zu]",
						i));
}

/* ---- risk: the highest of all devices, so that none hides another ---- */

static int
risk_rank(const char *risk)
{
	return risk ? (int)severity_parse(risk) : -1;
}

static void
read_risks(struct record_reader *reader, const struct json *list)
{
	const struct json *one = json_first(list);
	size_t i = 0;

	for (; one && i < EVIDENCE_MOST; one = json_next(one), i++) {
		const char *risk = json_text(json_member(one, "riskScore"));
		const char *known = alert_text(reader->alert,
					       ALERT_DEVICE_RISK);

		if (risk && *risk && risk_rank(risk) > risk_rank(known))
			alert_set(reader->alert, ALERT_DEVICE_RISK, risk,
				  arena_printf(reader->arena, "API field "
					"evidence[%zu].riskScore", i));
	}
}

/* ---- the alert ---- */

/* The portal's link names the tenant as well. */
static void
read_tenant(struct record_reader *reader, const struct json *json)
{
	const char *url = json_text(json_member(json, "alertWebUrl"));
	const char *tid = url ? strstr(url, "tid=") : NULL;
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
	{ "alertWebUrl", ALERT_ALERT_URL },
	{ "incidentWebUrl", ALERT_INCIDENT_URL },
	{ "createdDateTime", ALERT_CREATED },
	{ "lastUpdateDateTime", ALERT_UPDATED },
	{ "firstActivityDateTime", ALERT_FIRST_ACTIVITY },
	{ "lastActivityDateTime", ALERT_LAST_ACTIVITY },
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
graph_read(struct record_reader *reader, const struct json *json)
{
	const struct json *evidence = json_member(json, "evidence");

	record_take_members(reader, members, json);
	record_take_word(reader, ALERT_STATUS, json, "status");
	record_take_word(reader, ALERT_CLASSIFICATION, json, "classification");
	read_tenant(reader, json);
	read_primary(reader, evidence);
	read_evidence(reader, evidence, "evidence", EVIDENCE_DEPTH_MOST);
	read_risks(reader, evidence);
	read_handling(reader, json);
}

const struct record_source record_graph = { "graph", graph_is, graph_read };
