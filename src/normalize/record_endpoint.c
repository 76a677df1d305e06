/*
 * Defender for Endpoint's /api/alerts. The device and its group stand on the
 * alert itself; evidence is a list of flat objects, in one shipper's copy a
 * single one.
 */
#include "normalize/record.h"

#include "base/text.h"

enum { EVIDENCE_MOST = 2000 };	/* as in record_evidence.c */

static bool
endpoint_is(const struct json *json)
{
	return json_member(json, "alertCreationTime") != NULL ||
	       (json_member(json, "machineId") &&
		json_member(json, "title") && json_member(json, "severity"));
}

/* Processes are of users, too, but not all of them. */
static void
read_entity(struct record_reader *reader, const struct json *entity,
	    const char *path)
{
	const char *type = record_text(entity, "entityType");

	if (!type)
		alert_incomplete(reader->alert, ALERT_USER,
				 "%s has no type", path);
	else if (text_same(type, "User") || record_text(entity, "accountName"))
		(void)record_take_account(reader, entity, path,
					  "userPrincipalName", "domainName",
					  "accountName");
}

static void
read_entities(struct record_reader *reader, const struct json *evidence)
{
	const struct json *one;
	size_t i = 0;

	if (json_is_object(evidence)) {
		read_entity(reader, evidence, "evidence");
		return;
	}
	one = json_first(evidence);
	for (; one && i < EVIDENCE_MOST; one = json_next(one), i++)
		read_entity(reader, one, arena_printf(reader->arena,
						      "evidence[%zu]", i));
	if (one || !json_is_array(evidence))
		alert_incomplete(reader->alert, ALERT_USER, one ?
				 "evidence is longer than what is read" :
				 "evidence is no list");
}

/* The oldest answers write the text "null" for no category. */
static void
read_category(struct record_reader *reader, const struct json *json)
{
	const char *text = json_text(json_member(json, "category"));

	if (!text || strcmp(text, "null"))
		record_take(reader, ALERT_CATEGORY, json, "", "category");
}

static const struct record_member members[] = {
	{ "id", ALERT_ALERT },
	{ "incidentId", ALERT_INCIDENT },
	{ "title", ALERT_TITLE },
	{ "description", ALERT_DESCRIPTION },
	{ "mitreTechniques", ALERT_TECHNIQUE },
	{ "threatName", ALERT_THREAT },
	{ "threatFamilyName", ALERT_THREAT },
	{ "severity", ALERT_SEVERITY },
	{ "serviceSource", ALERT_SERVICE },
	{ "detectionSource", ALERT_DETECTION_SOURCE },
	{ "detectorId", ALERT_DETECTOR },
	{ "computerDnsName", ALERT_DEVICE },
	{ "rbacGroupName", ALERT_DEVICE_GROUP },
	{ "machineTags", ALERT_DEVICE_TAG },
	{ "aadTenantId", ALERT_TENANT },
	{ "alertCreationTime", ALERT_CREATED },
	{ "lastUpdateTime", ALERT_UPDATED },
	{ "firstEventTime", ALERT_FIRST_ACTIVITY },
	{ "lastEventTime", ALERT_LAST_ACTIVITY },
	{ NULL, 0 }
};

/* What an alert always has. Tags are not among it: this API does not give
 * them. */
static const struct record_member expected[] = {
	{ "title", ALERT_TITLE },
	{ "severity", ALERT_SEVERITY },
	{ "status", ALERT_STATUS },
	{ "computerDnsName", ALERT_DEVICE },
	{ "rbacGroupName", ALERT_DEVICE_GROUP },
	{ NULL, 0 }
};

static void
endpoint_read(struct record_reader *reader, const struct json *json)
{
	record_take_members(reader, members, json);
	read_category(reader, json);
	record_take_word(reader, ALERT_STATUS, json, "status");
	record_take_word(reader, ALERT_CLASSIFICATION, json, "classification");
	if (json_is_object(json_member(json, "relatedUser")))
		(void)record_take_account(reader,
				json_member(json, "relatedUser"),
				"relatedUser", "userPrincipalName",
				"domainName", "userName");
	read_entities(reader, json_member(json, "evidence"));
	record_expect(reader, expected, json);
	if (!alert_text(reader->alert, ALERT_SERVICE))
		alert_set(reader->alert, ALERT_SERVICE,
			  "microsoftDefenderForEndpoint", "API");
	if (alert_text(reader->alert, ALERT_STATUS) &&
	    text_same(alert_text(reader->alert, ALERT_STATUS), "resolved"))
		reader->out->handled = "it was resolved before it was seen";
}

const struct record_source record_endpoint = {
	"endpoint", endpoint_is, endpoint_read
};
