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

/* The other types that are known, which name no user. */
static bool
is_other(const char *type)
{
	static const char *const types[] = {
		"File", "Process", "Ip", "Url", "Domain", "Registry",
		"RegistryKey", "RegistryValue", "Machine", "MailMessage",
		"MailCluster", "CloudApplication", NULL
	};
	size_t i = 0;

	while (types[i] && !text_same(type, types[i]))
		i++;
	return types[i] != NULL;
}

/* Processes are of users, too, but not all of them. */
static void
read_entity(struct record_reader *reader, const struct json *entity,
	    const char *path)
{
	static const struct record_account names = {
		.id = "aadUserId", .principal = "userPrincipalName",
		.domain = "domainName", .name = "accountName",
	};
	const char *type = record_text(entity, "entityType");

	if ((type && text_same(type, "User")) ||
	    record_text(entity, "accountName"))
		record_take_account(reader, entity, path, &names);
	else if (!type || !is_other(type))
		alert_incomplete(reader->alert, ALERT_USER,
				 "%s is of a type that nobody knows", path);
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
	static const struct record_member category[] = {
		{ "category", ALERT_CATEGORY }, { NULL, 0 }
	};
	const char *text = json_text(json_member(json, "category"));

	if (text && !strcmp(text, "null"))
		return;
	record_take(reader, ALERT_CATEGORY, json, "", "category");
	record_expect(reader, category);
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

/* There need not be one. */
static void
read_related(struct record_reader *reader, const struct json *user)
{
	static const struct record_account names = {
		.id = "aadUserId", .principal = "userPrincipalName",
		.domain = "domainName", .name = "userName",
	};

	if (json_is_object(user))
		record_take_account(reader, user, "relatedUser", &names);
}

static void
endpoint_read(struct record_reader *reader, const struct json *json)
{
	record_take_members(reader, members, json);
	read_category(reader, json);
	record_take_word(reader, ALERT_STATUS, json, "status");
	record_take_word(reader, ALERT_CLASSIFICATION, json, "classification");
	read_related(reader, json_member(json, "relatedUser"));
	read_entities(reader, json_member(json, "evidence"));
	record_expect(reader, expected);
	record_expect_list(reader, ALERT_TECHNIQUE, json, "mitreTechniques");
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
