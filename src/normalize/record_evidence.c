/*
 * One walk over all objects, each read by the struct kind that it is of. What
 * one object says about another ("this file was on device 7d7d...") is kept
 * and compared in the end.
 */
#include "normalize/record_evidence.h"

#include "base/text.h"

enum {
	/* A device in a session in an evidence is three deep. */
	DEPTH_MOST = 6,
	EVIDENCE_MOST = 2000,	/* see ELEMENTS_MOST in record.c */
	TYPE_SHOWN_MOST = 80,
};

/* What an evidence says of a device, if it is one. */
static const enum alert_field of_device[] = {
	ALERT_DEVICE, ALERT_DEVICE_GROUP, ALERT_DEVICE_TAG, ALERT_DEVICE_OS,
	ALERT_DEVICE_RISK
};

/* That something is of a device, by the id that Defender gives it. */
struct reference {
	const char *device;
	const char *path;
};

struct walk {
	struct record_reader *reader;
	struct map *devices;		/* ids of those that have a name */
	VEC(struct reference) references;
};

struct kind {
	const char *type;		/* without namespace and "Evidence" */
	void (*read)(struct walk *walk, const struct json *evidence,
		     const char *path);
};

static void
lacks_device(struct walk *walk, const char *path, const char *what)
{
	size_t i;

	for (i = 0; i < sizeof(of_device) / sizeof(*of_device); i++)
		alert_incomplete(walk->reader->alert, of_device[i], "%s %s",
				 path, what);
}

/* It may be of a device, or of a user. */
static void
lacks_any(struct walk *walk, const char *path, const char *what)
{
	lacks_device(walk, path, what);
	alert_incomplete(walk->reader->alert, ALERT_USER, "%s %s", path, what);
}

/* ---- devices ---- */

static void
take_name(struct walk *walk, const struct json *device, const char *path,
	  const char *first, const char *second)
{
	struct record_reader *reader = walk->reader;
	const char *id = record_text(device, "mdeDeviceId");
	const char *name = record_text(device, first) ? first : second;

	record_take(reader, ALERT_DEVICE, device, path, name);
	if (!record_text(device, name))
		alert_incomplete(reader->alert, ALERT_DEVICE,
				 "%s is a device without a name", path);
	else if (id)
		(void)map_set(walk->devices, id, walk);
}

/* A device that is in no group has none, or the number 0. */
static void
take_group(struct walk *walk, const struct json *device, const char *path)
{
	const struct json *id = json_member(device, "rbacGroupId");
	const char *text = json_text(id);

	record_take(walk->reader, ALERT_DEVICE_GROUP, device, path,
		    "rbacGroupName");
	if (!record_text(device, "rbacGroupName") &&
	    json_integer(id, text && !strcmp(text, "0") ? 0 : -1))
		alert_incomplete(walk->reader->alert, ALERT_DEVICE_GROUP,
				 "%s does not say its group", path);
}

static void
take_tags(struct walk *walk, const struct json *device, const char *path)
{
	record_take(walk->reader, ALERT_DEVICE_TAG, device, path, "tags");
	if (!json_is_array(json_member(device, "tags")))
		alert_incomplete(walk->reader->alert, ALERT_DEVICE_TAG,
				 "%s does not say its tags", path);
}

/* The first one counts; a rule must not take it for that of all. */
static void
take_system(struct walk *walk, const struct json *device, const char *path,
	    const char *member)
{
	struct alert *alert = walk->reader->alert;
	const char *text = record_text(device, member);
	const char *known = alert_text(alert, ALERT_DEVICE_OS);

	if (!text)
		alert_incomplete(alert, ALERT_DEVICE_OS,
				 "%s does not say its system", path);
	else if (known && !text_same(known, text))
		alert_incomplete(alert, ALERT_DEVICE_OS, "%s has another: %s",
				 path, text);
	record_take(walk->reader, ALERT_DEVICE_OS, device, path, member);
}

static int
risk_rank(const char *risk)
{
	return risk ? (int)severity_parse(risk) : -1;
}

/* The highest of all devices, so that none hides another. */
static void
take_risk(struct walk *walk, const struct json *device, const char *path)
{
	struct alert *alert = walk->reader->alert;
	const char *risk = record_text(device, "riskScore");
	const char *known = alert_text(alert, ALERT_DEVICE_RISK);

	if (!risk || !alert_knows_word(ALERT_DEVICE_RISK, risk))
		alert_incomplete(alert, ALERT_DEVICE_RISK,
				 "%s does not say a risk that is known", path);
	if (risk && risk_rank(risk) > risk_rank(known))
		alert_set(alert, ALERT_DEVICE_RISK, risk,
			  arena_printf(walk->reader->arena,
				       "API field %s.riskScore", path));
}

static void
read_device(struct walk *walk, const struct json *device, const char *path)
{
	take_name(walk, device, path, "deviceDnsName", "hostName");
	take_group(walk, device, path);
	take_tags(walk, device, path);
	take_system(walk, device, path, "osPlatform");
	take_risk(walk, device, path);
}

/* It has no group and no risk, and its name is free text. An id is no name that
 * a rule asks for, but better than none to a reader. */
static void
read_iot_device(struct walk *walk, const struct json *device, const char *path)
{
	take_name(walk, device, path, "deviceName", "deviceId");
	if (!record_text(device, "deviceName"))
		alert_incomplete(walk->reader->alert, ALERT_DEVICE,
				 "%s is a device without a name", path);
	take_tags(walk, device, path);
	take_system(walk, device, path, "operatingSystem");
}

/* ---- users ---- */

static void
read_user(struct walk *walk, const struct json *evidence, const char *path)
{
	static const struct record_account names = {
		.id = "azureAdUserId", .principal = "userPrincipalName",
		.domain = "domainName", .name = "accountName",
	};

	record_take_account(walk->reader, json_member(evidence, "userAccount"),
			    record_path(walk->reader, path, "userAccount"),
			    &names);
}

/* Of three names one is enough. */
static void
read_mailbox(struct walk *walk, const struct json *evidence, const char *path)
{
	const char *name = record_text(evidence, "upn") ? "upn" :
			   "primaryAddress";

	if (record_text(evidence, name))
		record_take(walk->reader, ALERT_USER, evidence, path, name);
	else
		read_user(walk, evidence, path);
}

/* ---- what has others within it ---- */

static void
expect_account(struct walk *walk, const struct json *session, const char *path)
{
	if (!json_is_object(json_member(session, "account")))
		alert_incomplete(walk->reader->alert, ALERT_USER,
				 "%s does not say its account", path);
}

static void
read_host_session(struct walk *walk, const struct json *session,
		  const char *path)
{
	expect_account(walk, session, path);
	if (!json_is_object(json_member(session, "host")))
		lacks_device(walk, path, "does not say its host");
}

static void
read_cloud_session(struct walk *walk, const struct json *session,
		   const char *path)
{
	expect_account(walk, session, path);
	record_take(walk->reader, ALERT_DEVICE, session, path, "deviceName");
}

/* ---- which kind ---- */

static const struct kind device = { "device", read_device };
static const struct kind iot_device = { "ioTDevice", read_iot_device };
static const struct kind user = { "user", read_user };
static const struct kind mailbox = { "mailbox", read_mailbox };
static const struct kind process = { "process", read_user };
static const struct kind host_session = {
	"hostLogonSession", read_host_session
};
static const struct kind cloud_session = {
	"cloudLogonSession", read_cloud_session
};

static const struct kind *const kinds[] = {
	&device, &iot_device, &user, &mailbox, &process, &host_session,
	&cloud_session,
};

/* The other types of the schema, which are neither. */
static const struct kind others[] = {
	{ "activeDirectoryDomain", NULL }, { "aiAgent", NULL },
	{ "amazonResource", NULL }, { "analyzedMessage", NULL },
	{ "azureResource", NULL }, { "blob", NULL },
	{ "blobContainer", NULL }, { "cloudApplication", NULL },
	{ "cloudLogonRequest", NULL }, { "container", NULL },
	{ "containerImage", NULL }, { "containerRegistry", NULL },
	{ "dns", NULL }, { "file", NULL }, { "fileHash", NULL },
	{ "gitHubOrganization", NULL }, { "gitHubRepo", NULL },
	{ "gitHubUser", NULL }, { "googleCloudResource", NULL },
	{ "ip", NULL }, { "kubernetesCluster", NULL },
	{ "kubernetesController", NULL }, { "kubernetesNamespace", NULL },
	{ "kubernetesPod", NULL }, { "kubernetesSecret", NULL },
	{ "kubernetesService", NULL }, { "kubernetesServiceAccount", NULL },
	{ "mailCluster", NULL }, { "mailboxConfiguration", NULL },
	{ "malware", NULL }, { "networkConnection", NULL }, { "nic", NULL },
	{ "oauthApplication", NULL }, { "registryKey", NULL },
	{ "registryValue", NULL }, { "sasToken", NULL },
	{ "securityGroup", NULL }, { "servicePrincipal", NULL },
	{ "submissionMail", NULL }, { "teamsMessage", NULL },
	{ "url", NULL },
};

/* "#microsoft.graph.security.deviceEvidence" is what the schema says; some
 * answers leave out the mark or more of it. */
static bool
is_type(const char *type, const struct kind *kind)
{
	const char *last = strrchr(type, '.');
	size_t length = strlen(kind->type);

	last = last ? last + 1 : type + (*type == '#');
	return !strncasecmp(last, kind->type, length) &&
	       !strcasecmp(last + length, "Evidence");
}

static const struct kind *
kind_of_type(const char *type)
{
	size_t i;

	for (i = 0; type && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (is_type(type, kinds[i]))
			return kinds[i];
	for (i = 0; type && i < sizeof(others) / sizeof(*others); i++)
		if (is_type(type, &others[i]))
			return &others[i];
	return NULL;
}

/* Members that only one kind has, the surest first. */
static const struct kind *
kind_of_shape(const struct json *evidence)
{
	static const struct {
		const char *member;
		const struct kind *kind;
	} shapes[] = {
		{ "deviceDnsName", &device }, { "hostName", &device },
		{ "rbacGroupName", &device }, { "rbacGroupId", &device },
		{ "riskScore", &device }, { "azureAdDeviceId", &device },
		{ "onboardingStatus", &device }, { "osPlatform", &device },
		{ "host", &host_session }, { "deviceName", &iot_device },
		{ "primaryAddress", &mailbox }, { "upn", &mailbox },
		{ "userAccount", &user },
	};
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (json_member(evidence, shapes[i].member))
			return shapes[i].kind;
	return NULL;
}

/* Members whose type the schema declares, so that it may be left out. */
static const struct kind *
kind_of_member(const char *name)
{
	static const struct {
		const char *member;
		const struct kind *kind;
	} declared[] = {
		{ "host", &device }, { "account", &user },
		{ "processes", &process },
	};
	size_t i;

	for (i = 0; name && i < sizeof(declared) / sizeof(*declared); i++)
		if (!strcmp(name, declared[i].member))
			return declared[i].kind;
	return NULL;
}

/* ---- the walk ---- */

static void
note_stranger(struct walk *walk, const char *type, const char *path)
{
	struct arena *arena = walk->reader->arena;

	if (!type)
		lacks_any(walk, path, "has no type");
	else
		lacks_any(walk, path, arena_printf(arena, "is of a type that "
			  "nobody knows: %s", text_cut(arena, type,
						       TYPE_SHOWN_MOST)));
}

static void
note_reference(struct walk *walk, const struct json *object, const char *path)
{
	struct reference reference = {
		record_text(object, "mdeDeviceId"), path
	};

	if (reference.device)
		vec_push(walk->reader->arena, &walk->references, reference);
}

/* Something in the list, or of a type that is called evidence, has to be of a
 * kind; other objects are parts of these. */
static void
read_object(struct walk *walk, const struct json *object, const char *path,
	    const struct kind *declared, bool is_listed)
{
	const char *type = record_text(object, "@odata.type");
	const struct kind *kind = kind_of_type(type);

	if (!kind)
		kind = declared ? declared : kind_of_shape(object);
	if (kind && kind->read)
		kind->read(walk, object, path);
	else if (!kind && (is_listed || (type && text_ends(type, "Evidence"))))
		note_stranger(walk, type, path);
	if (kind != &device)
		note_reference(walk, object, path);
}

static void walk_children(struct walk *walk, const struct json *parent,
			  const char *path, const struct kind *declared,
			  int depth);

/* `depth` is how many levels are looked at, this one among them. */
static void
walk_one(struct walk *walk, const struct json *json, const char *path,
	 const struct kind *declared, int depth)
{
	if (!json_first(json))
		return;
	if (!depth) {
		lacks_any(walk, path, "is deeper than what is read");
		return;
	}
	if (json_is_object(json))
		read_object(walk, json, path, declared,
			    depth == DEPTH_MOST - 1);
	walk_children(walk, json, path, declared, depth - 1);
}

/* A member of an object is known by its name; what is in a list is what the
 * list is declared to have. */
static void
walk_children(struct walk *walk, const struct json *parent, const char *path,
	      const struct kind *declared, int depth)
{
	struct arena *arena = walk->reader->arena;
	const struct json *one = json_first(parent);
	size_t i = 0;

	for (; one && i < EVIDENCE_MOST; one = json_next(one), i++) {
		const char *name = json_name(one);

		if (!json_first(one))
			continue;
		if (name)
			walk_one(walk, one, record_path(walk->reader, path,
				 name), kind_of_member(name), depth);
		else
			walk_one(walk, one, arena_printf(arena, "%s[%zu]",
				 path, i), declared, depth);
	}
	if (one)
		lacks_any(walk, path, "is longer than what is read");
}

/* ---- the list ---- */

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
read_primary(struct walk *walk, const struct json *list)
{
	const struct json *one = json_first(list);
	size_t i = 0;

	for (; one && i < EVIDENCE_MOST; one = json_next(one), i++)
		if (is_primary(one))
			read_object(walk, one, arena_printf(
				    walk->reader->arena, "evidence[%zu]", i),
				    NULL, true);
}

/* A list of anything but objects has evidence that was not read. */
static void
expect_objects(struct walk *walk, const struct json *list)
{
	const struct json *one = json_first(list);

	if (!json_is_array(list))
		lacks_any(walk, "evidence", list ? "is no list" :
			  "is missing");
	while (one && json_is_object(one) && json_first(one))
		one = json_next(one);
	if (one)
		lacks_any(walk, "evidence", "has what is no evidence");
}

static void
expect_devices(struct walk *walk)
{
	size_t i;

	for (i = 0; i < walk->references.count; i++) {
		const struct reference *one = &walk->references.items[i];

		if (map_find(walk->devices, one->device))
			continue;
		lacks_device(walk, one->path, "is of a device without a name");
		return;
	}
}

void
record_evidence_read(struct record_reader *reader, const struct json *list)
{
	struct walk walk = {
		.reader = reader, .devices = map_create(reader->arena),
	};

	read_primary(&walk, list);
	if (json_is_array(list))
		walk_children(&walk, list, "evidence", NULL, DEPTH_MOST - 1);
	expect_objects(&walk, list);
	expect_devices(&walk);
}
