/*
 * Promise 3 as a property: whatever readable thing of an alert is made
 * unreadable, cut or unknown, an alert that was told is not dropped, and not
 * counted as told before.
 *
 * Each record is spoilt in every place in every way that a fault of a program,
 * or of our reading, could spoil it, then in two places at once; and decided
 * under rules in which every device, user, group and rank of it matters. What
 * is told of the record as it is must be told of the spoilt one, to whomever.
 */
#include "pipeline/decide.h"

#include "base/bug.h"
#include "hold/incident_mail.h"
#include "parse/parse.h"
#include "tap.h"

#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define MINUTE INT64_C(60000)
#define CONTOSO "72f988bf-86f1-41af-91ab-2d7cd011db47"

enum {
	PAIRS = 100,	/* of places, for each record and rules */
	CROWD = 2000,	/* what stands before the end of a list that is cut */
	DEPTH = 8,
};

static struct arena *arena;
static struct buf error = BUF_INIT;

/* ---- rules ---- */

#define DROP " drop owner ana reason r always\n"
#define ELSE "otherwise notify ana"

static const struct {
	const char *name, *text;
} rules[] = {
	{ "every", "rule a when every device like \"lab-*\"" DROP ELSE },
	{ "every, and below", "rule a when every device like \"lab-*\" and "
	  "severity below high" DROP ELSE },
	{ "is not", "rule a when every device is not dc-1" DROP ELSE },
	{ "not every", "rule a when not every device like \"dc-*\"" DROP ELSE },
	{ "not like, not contains", "rule a when every device not like "
	  "\"dc-*\" and title not contains \"credential\"" DROP ELSE },
	{ "not in", "rule a when title not in \"Other\", \"Credential theft\""
	  DROP ELSE },
	{ "ranks", "rule a when not severity at least high" DROP
	  "rule b when severity is low" DROP "rule c when severity is not high"
	  DROP ELSE },
	{ "a page by rank, above a drop", "rule a when severity at least high "
	  "notify ana\nrule b when title present" DROP },
	{ "below, above a drop", "rule a when severity below medium notify "
	  "ana\nrule b when title present" DROP },
	{ "a user, above a drop", "rule a when user is \"ceo@contoso.example\""
	  " notify ana\nrule b when severity present" DROP },
	{ "a user, also, above a drop", "rule a when any user like \"ceo*\" "
	  "also notify ana\nrule b when title present" DROP },
	{ "no user", "rule a when not any user like \"ceo*\"" DROP ELSE },
	{ "a group, above a drop", "rule a when any device-group is \"Tier 0\""
	  " notify ana\nrule b when title present" DROP },
	{ "every group", "rule a when every device-group is Lab" DROP ELSE },
	{ "a tag, above a drop", "rule a when any device-tag is jewel notify "
	  "ana\nrule b when every device like \"*-1\"" DROP ELSE },
	{ "no tag", "rule a when every device-tag is not jewel" DROP ELSE },
	{ "risk and system", "rule a when device-risk below high" DROP
	  "rule b when device-os is not \"WindowsServer2022\"" DROP
	  "rule c when device-os is Windows11" DROP ELSE },
	{ "a category, above a drop", "rule a when category is "
	  "CredentialAccess notify ana\nrule b when title present" DROP },
	{ "a technique, above a drop", "rule a when technique like \"T1003*\" "
	  "notify ana\nrule b when title present" DROP },
	{ "a title, above a drop", "rule a when title contains \"theft\" "
	  "notify ana\nrule b when every device like \"*-1\"" DROP },
	{ "matches", "rule a when title not matches /theft$/" DROP ELSE },
	{ "what the tenant has resolved", "rule a when status is resolved and "
	  "device is dc-1 notify ana\nrule b when status is new" DROP ELSE },
	{ "a service", "rule a when service is not "
	  "microsoftDefenderForEndpoint" DROP ELSE },
};

static struct generation *
load(const char *text)
{
	struct map *texts = map_create(arena);
	struct generation *generation;

	(void)map_set(texts, "/certain/main", arena_printf(arena,
		"state /certain\nspool /certain\ndomain relay.mssp.example\n"
		"authserv mx.mssp.example\ncatch-all soc\n"
		"team soc { mail soc@mssp.example }\n"
		"person ana { mail ana@mssp.example }\n"
		"relay out { maildir /certain/out }\n"
		"customer contoso { tenant " CONTOSO "\n"
		"mailbox contoso@relay.mssp.example\n"
		"recipients @mssp.example\n%s\n}\n", text));
	generation = generation_load("/certain/main", texts, NOON);
	if (!generation_good(generation)) {
		diag_print(generation->diag, &error);
		BUG("%s", error.data);
	}
	return generation;
}

/* ---- records; ' stands for " ---- */

#define GRAPH(id, title, severity, status) \
	"{'id':'" id "','title':'" title "','severity':'" severity "'," \
	"'status':'" status "','incidentId':'7'," \
	"'serviceSource':'microsoftDefenderForEndpoint'," \
	"'detectionSource':'antivirus','tenantId':'" CONTOSO "'," \
	"'createdDateTime':'2026-11-22T11:50:00.1234567Z'," \
	"'lastUpdateDateTime':'2026-11-22T11:55:00Z'," \
	"'alertWebUrl':'https://security.microsoft.com/alerts/a?tid=" \
	CONTOSO "',"
#define KINDS(category, technique) \
	"'category':'Execution','categories':['Execution','" category "']," \
	"'mitreTechniques':['T1059','" technique "'],"
#define TYPE(type) "'@odata.type':'#microsoft.graph.security." type "Evidence'"
#define DEVICE(name, id, group, os, risk, tags) \
	"{" TYPE("device") ",'deviceDnsName':'" name ".contoso.example'," \
	"'hostName':'" name "','mdeDeviceId':'" id "','rbacGroupId':31," \
	"'rbacGroupName':'" group "','osPlatform':'" os "'," \
	"'riskScore':'" risk "','tags':[" tags "]," \
	"'detailedRoles':['Main device']}"
#define LAB DEVICE("lab-1", "d1", "Lab", "Windows11", "low", "'paris'")
#define DC DEVICE("dc-1", "d2", "Tier 0", "WindowsServer2022", "high", \
		  "'paris','jewel'")
#define USER(name) "{" TYPE("user") ",'userAccount':{'accountName':'" name \
	"','domainName':'CONTOSO','azureAdUserId':'6f9c','userPrincipalName':'"\
	name "@contoso.example'}}"
#define FILE_OF(id) "{" TYPE("file") ",'mdeDeviceId':'" id "'," \
	"'fileDetails':{'fileName':'x.exe','sha1':'00'}}"
#define SESSION "{" TYPE("hostLogonSession") ",'sessionId':'1','host':" DC \
	",'account':" USER("ceo") "}"
#define MALWARE "{" TYPE("malware") ",'name':'m','processes':[{" \
	TYPE("process") ",'processId':4,'userAccount':{'accountName':'ceo'," \
	"'azureAdUserId':'6f9c','userPrincipalName':'ceo@contoso.example'}}]}"
#define MAILBOX "{" TYPE("mailbox") ",'upn':'ceo@contoso.example'," \
	"'primaryAddress':'ceo@contoso.example'}"
#define IOT "{" TYPE("ioTDevice") ",'deviceId':'iot-1','deviceName':'dc-1'," \
	"'operatingSystem':'VxWorks','tags':['jewel']}"

static const char *const records[] = {
	GRAPH("a1", "Credential theft", "high", "new")
	KINDS("CredentialAccess", "T1003.001")
	"'evidence':[" LAB "," DC "," FILE_OF("d2") "," USER("ceo") "]}",
	GRAPH("a2", "Odd process", "low", "new") KINDS("Discovery", "T1087")
	"'evidence':[" LAB "," USER("ana") "," SESSION "]}",
	GRAPH("a3", "Odd process", "low", "resolved")
	KINDS("Discovery", "T1087")
	"'evidence':[" MALWARE "," DC "]}",
	GRAPH("a4", "Odd process", "informational", "new")
	KINDS("CredentialAccess", "T1003")
	"'evidence':[" IOT "," LAB "," MAILBOX "]}",
	GRAPH("a5", "Odd process", "medium", "new") KINDS("Discovery", "T1087")
	"'evidence':[" LAB "]}",
	"{'id':'e1','title':'Credential theft','severity':'High',"
	"'status':'New','incidentId':7,'category':'CredentialAccess',"
	"'serviceSource':'microsoftDefenderForEndpoint',"
	"'alertCreationTime':'2026-11-22T11:50:00Z',"
	"'lastUpdateTime':'2026-11-22T11:55:00Z','machineId':'d2',"
	"'computerDnsName':'dc-1.contoso.example','rbacGroupName':'Tier 0',"
	"'aadTenantId':'" CONTOSO "','mitreTechniques':['T1003.001'],"
	"'relatedUser':{'userName':'ana','domainName':'CONTOSO'},"
	"'evidence':[{'entityType':'User','accountName':'ceo',"
	"'domainName':'CONTOSO','aadUserId':'6f9c',"
	"'userPrincipalName':'ceo@contoso.example'}]}",
};

/* ---- spoiling ---- */

enum spoil {
	RENAMED,	/* the member is called otherwise */
	NULLED,
	EMPTIED,
	RETYPED,	/* an object where a text was, a text instead of it */
	GARBLED,	/* its first character could not be read */
	CROWDED,	/* behind more than is looked at */
	BURIED,		/* deeper than is looked at */
	SPOILS
};

static const char *const spoil_names[] = {
	"renamed", "nulled", "emptied", "retyped", "garbled", "crowded",
	"buried",
};

struct place {
	size_t node;		/* its number in the order of the text */
	enum spoil spoil;
};

struct spoiling {
	const struct place *places;
	size_t place_count;
	size_t node;		/* next */
	bool applies;		/* all of them so far */
	const char *names[2];	/* of what was spoilt */
	size_t name_count;
	struct buf *out;
};

static const struct place *
place_here(struct spoiling *s)
{
	size_t i;

	for (i = 0; i < s->place_count; i++)
		if (s->places[i].node == s->node)
			return &s->places[i];
	return NULL;
}

static void put(struct spoiling *s, const struct json *json);

static void
put_children(struct spoiling *s, const struct json *json, bool crowded)
{
	const struct json *one = json_first(json);
	const char *filler = json_is_object(one) ?
		"{\"@odata.type\":\"#microsoft.graph.security.ipEvidence\","
		"\"entityType\":\"Ip\"}," : "null,";
	int i;

	buf_putc(s->out, json_is_array(json) ? '[' : '{');
	for (i = 0; crowded && i < CROWD; i++)
		buf_puts(s->out, filler);
	for (; one; one = json_next(one)) {
		put(s, one);
		if (json_next(one))
			buf_putc(s->out, ',');
	}
	buf_putc(s->out, json_is_array(json) ? ']' : '}');
}

static void
put_buried(struct spoiling *s, const struct json *json)
{
	int i;

	for (i = 0; i < DEPTH; i++)
		buf_puts(s->out, "{\"@odata.type\":\"#microsoft.graph.security"
			 ".ipEvidence\",\"inner\":");
	put_children(s, json, false);
	for (i = 0; i < DEPTH; i++)
		buf_putc(s->out, '}');
}

static void
put_garbled(struct spoiling *s, const struct json *json)
{
	struct buf text = BUF_INIT;

	json_print(json, &text);
	buf_printf(s->out, "\"\\ud83d%s", text.data + 2);
	buf_release(&text);
}

static bool
can_be(const struct json *json, enum spoil spoil)
{
	const char *text = json_text(json);

	switch (spoil) {
	case RENAMED:
		return json_name(json);
	case EMPTIED:
	case GARBLED:
		return text && *text;
	case CROWDED:
		return json_is_array(json) && json_first(json);
	case BURIED:
		return json_is_object(json) && !json_name(json);
	default:
		return true;
	}
}

/* False: it is to be written as it is. */
static bool
put_spoilt(struct spoiling *s, const struct json *json, enum spoil spoil)
{
	switch (spoil) {
	case NULLED:
		buf_puts(s->out, "null");
		return true;
	case EMPTIED:
		buf_puts(s->out, "\"\"");
		return true;
	case RETYPED:
		buf_puts(s->out, json_first(json) ? "\"x\"" : "{\"x\":{}}");
		return true;
	case GARBLED:
		put_garbled(s, json);
		return true;
	case CROWDED:
		put_children(s, json, true);
		return true;
	case BURIED:
		put_buried(s, json);
		return true;
	default:
		return false;
	}
}

static void
put(struct spoiling *s, const struct json *json)
{
	const struct place *place = place_here(s);
	const char *name = json_name(json);

	s->node++;
	if (place && !can_be(json, place->spoil)) {
		s->applies = false;
		place = NULL;
	}
	if (place)
		s->names[s->name_count++] = arena_printf(arena, "%s %s",
			name ? name : "an element", spoil_names[place->spoil]);
	if (name)
		buf_printf(s->out, "\"%s%s\":", name,
			   place && place->spoil == RENAMED ? "X" : "");
	if (place && put_spoilt(s, json, place->spoil))
		return;
	if (json_is_object(json) || json_is_array(json))
		put_children(s, json, false);
	else
		json_print(json, s->out);
}

/* ---- deciding ---- */

/* The past that a decision meets. */
static const struct past {
	const char *name;
	bool is_known;			/* and told, by the API */
	const char *severity, *devices;
	bool by_mail;			/* told by one of the incident, which
					   named lab-1 */
	int rank;			/* as which it was told */
} pasts[] = {
	{ "new", false, NULL, NULL, false, 0 },
	{ "known as informational, of another device", true, "informational",
	  "[\"ws-9\"]", false, SEVERITY_INFORMATIONAL },
	{ "known as critical, of a lab device", true, "critical",
	  "[\"lab-1.contoso.example\"]", false, SEVERITY_CRITICAL },
	{ "told as low by a mail of its incident", false, NULL, NULL, true,
	  SEVERITY_LOW },
	{ "told as critical by a mail of its incident", false, NULL, NULL,
	  true, SEVERITY_CRITICAL },
};

static void
add_said(struct hold_state *state, const char *name)
{
	struct alert *alert = alert_create(arena);
	struct hold_said said = {
		.name = name, .code = "k7q2m9x0yz", .alert = alert,
	};

	(void)alert_add(alert, ALERT_TITLE, "Odd process", "test");
	(void)alert_add(alert, ALERT_DEVICE, "lab-1", "test");
	alert_set(alert, ALERT_AUTHENTIC, "pass", "test");
	vec_push(arena, &state->said, said);
}

static struct hold_state
state_of(const struct past *past, const struct pipeline_reading *reading)
{
	struct hold_state state = hold_nothing(&reading->question, arena);
	struct store_known *known = arena_alloc(arena, sizeof(*known));
	struct store_told told = {
		.alert = past->by_mail ?
			incident_mail_name("k7q2m9x0yz", arena) : "a1",
		.incident = "7", .recipient = "ana@mssp.example",
		.road = past->by_mail ? "mail" : "api", .rank = past->rank,
		.at = NOON - 5 * MINUTE,
	};

	if (past->is_known || past->by_mail)
		vec_push(arena, &state.tolds, told);
	if (past->by_mail)
		add_said(&state, told.alert);
	if (!past->is_known)
		return state;
	*known = (struct store_known){
		.customer = "contoso", .alert = "a1", .item = 1,
		.code = "code1", .severity = past->severity, .status = "new",
		.devices = past->devices, .digest = "another",
		.updated = NOON - 30 * MINUTE, .mail = TIME_UNKNOWN,
		.api = NOON - 30 * MINUTE, .seen = NOON - 30 * MINUTE,
	};
	state.known = known;
	return state;
}

/* Is nobody told of it? */
static bool
is_silent(const struct generation *generation, const struct past *past,
	  const struct pipeline_input *input)
{
	const struct pipeline_reading *reading = pipeline_read(generation,
							       input, arena);
	const struct hold_state state = state_of(past, reading);

	return !pipeline_decide(generation, reading, &state, NOON, 0,
				arena)->plans.count;
}

static bool
is_dropped(const struct generation *generation, const struct past *past,
	   const struct json *json, const char *asked, const char *raw)
{
	const struct record record = { .json = json, .asked = asked };
	const struct pipeline_input input = {
		.name = "f", .sender = "", .record = &record,
		.tenant = CONTOSO, .started = NOON - 60 * MINUTE,
		.raw = raw, .length = strlen(raw),
	};

	return is_silent(generation, past, &input);
}

struct trial {
	const struct generation *generation;
	const struct past *past;
	const struct json *record;
	const char *asked;
	size_t tried, wrong;
};

/* An account that is in no directory has neither id nor principal name, and is
 * known by its name alone: without both at once, nothing is seen to be missing.
 */
static bool
is_local_account(const struct spoiling *s)
{
	return s->name_count > 1 && (strstr(s->names[0], "UserId ") ||
				     strstr(s->names[1], "UserId ")) &&
	       (strstr(s->names[0], "PrincipalName ") ||
		strstr(s->names[1], "PrincipalName "));
}

/* False when it cannot be spoilt like that. */
static bool
try_spoilt(struct trial *trial, const struct place *places, size_t count)
{
	struct arena *outer = arena, *inner = arena_create();
	struct buf text = BUF_INIT;
	struct spoiling s = {
		.places = places, .place_count = count, .applies = true,
		.out = &text,
	};
	struct json *json = NULL;

	arena = inner;
	put(&s, trial->record);
	if (s.applies && s.name_count == count && !is_local_account(&s)) {
		json = json_parse(text.data, text.len, &error);
		if (!json)
			BUG("%s: %s", text.data, error.data);
		trial->tried++;
		if (is_dropped(trial->generation, trial->past, json,
			       trial->asked, text.data)) {
			if (trial->wrong++ < 5)
				printf("# dropped: %s%s%s\n", s.names[0],
				       count > 1 ? ", " : "",
				       count > 1 ? s.names[1] : "");
		}
	}
	json_destroy(&json);
	buf_release(&text);
	arena = outer;
	arena_destroy(&inner);
	return s.applies;
}

static size_t
count_nodes(const struct json *json)
{
	const struct json *one = json_first(json);
	size_t count = 1;

	for (; one; one = json_next(one))
		count += count_nodes(one);
	return count;
}

static uint64_t state = 88172645463325252;

/* xorshift64: the same numbers in every run. */
static size_t
pick(size_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state >> 33) % below;
}

static void
try_everywhere(struct trial *trial)
{
	size_t nodes = count_nodes(trial->record), i;
	unsigned int stride = tap_stride();

	/* By the stride each place is spoilt in some ways, each way is used at
	 * some places; from where it begins depends on the rules. */
	for (i = SPOILS + pick(stride); i < nodes * SPOILS; i += stride) {
		struct place one = { i / SPOILS, (enum spoil)(i % SPOILS) };

		(void)try_spoilt(trial, &one, 1);
	}
	for (i = 0; i < PAIRS; i += stride) {
		struct place two[2] = {
			{ 1 + pick(nodes - 1), (enum spoil)pick(SPOILS) },
			{ 1 + pick(nodes - 1), (enum spoil)pick(SPOILS) },
		};

		if (two[0].node != two[1].node)
			(void)try_spoilt(trial, two, 2);
	}
}

static struct json *
record_of(const char *text, const char **raw_out)
{
	char *quoted = arena_strdup(arena, text), *at;
	struct json *json;

	for (at = quoted; *at; at++)
		if (*at == '\'')
			*at = '"';
	json = json_parse(quoted, strlen(quoted), &error);
	if (!json)
		BUG("%s: %s", text, error.data);
	*raw_out = quoted;
	return json;
}

/* How many records were told, so that the property says something. */
static size_t
test_rules(const struct past *past, const char *name,
	   const struct generation *generation)
{
	size_t told = 0, i;

	for (i = 0; i < sizeof(records) / sizeof(*records); i++) {
		const char *raw;
		struct json *json = record_of(records[i], &raw);
		struct trial trial = {
			.generation = generation, .past = past, .record = json,
			.asked = strstr(raw, "alertCreationTime") ?
				 "endpoint" : "graph",
		};

		if (!is_dropped(generation, past, json, trial.asked, raw)) {
			try_everywhere(&trial);
			told++;
			ok(trial.tried && !trial.wrong, "%s, %s, record %zu: "
			   "none of %zu spoilt ones is dropped", name,
			   past->name, i, trial.tried);
		}
		json_destroy(&json);
	}
	return told;
}

/* ---- mails ---- */

#define MAIL(severity, rows) \
	"From: Windows Defender ATP <no-reply@WDATP.microsoft.com>\n" \
	"To: contoso@relay.mssp.example\n" \
	"Subject: New alert for your organization\n" \
	"Message-ID: <1@az.microsoft.com>\n" \
	"Authentication-Results: mx.mssp.example; dmarc=pass " \
	"header.from=microsoft.com\n" \
	"Content-Type: text/html; charset=utf-8\n\n" \
	"<p>Windows Defender Advanced Threat Protection New Alert " \
	"Detection</p><table>" \
	ROW("Title", "Credential theft") ROW("Severity", severity) rows \
	"</table><a href=\"https://security.microsoft.com/alerts/" \
	"da0123456789_1?tid=" CONTOSO "\">View</a>\n"
#define ROW(label, value) \
	"<tr><td>" label "</td><td>" value "</td></tr>"

static const char *const mails[] = {
	MAIL("High", ROW("Machine", "dc-1.contoso.example")),
	MAIL("Low", ROW("Machine", "dc-1.contoso.example")
	     ROW("Category", "CredentialAccess")),
	MAIL("Informational", ROW("Machine", "lab-1")
	     ROW("User", "ceo@contoso.example")),
	MAIL("Low", ROW("Machine", "lab-1, dc-1") ROW("User", "ana@x.example")),
};

/* What becomes of a row. */
enum row_spoil { LABEL, VALUE, BESIDE, WHOLE, ROW_SPOILS };

static const char *const row_spoil_names[] = {
	"label changed", "value garbled", "joined by one that is not known",
	"part of a mail that was cut",
};

static void
spoil_row(struct message *message, size_t number, enum row_spoil spoil)
{
	struct message_row *row = &message->rows.items[number];
	struct message_row more = *row;

	if (spoil == LABEL) {
		row->label = arena_printf(arena, "Q%s", row->label);
	} else if (spoil == VALUE) {
		row->value = arena_printf(arena, "\xEF\xBF\xBD%s",
					  row->value + 1);
	} else if (spoil == BESIDE) {
		more.value = "\xEF\xBF\xBD\xEF\xBF\xBD";
		vec_push(arena, &message->rows, more);
	} else {
		row->label = row->value = "";
		message_limit(arena, message, "it was cut");
	}
}

static bool
is_mail_dropped(const struct trial *trial, const char *text,
		const struct message *message)
{
	static const char *const to[] = { "contoso@relay.mssp.example" };
	const struct pipeline_input input = {
		.name = "f", .sender = "", .recipients = to,
		.recipient_count = 1, .started = TIME_UNKNOWN,
		.message = message, .raw = text, .length = strlen(text),
	};

	return is_silent(trial->generation, trial->past, &input);
}

static void
try_row(struct trial *trial, const char *text, size_t row, int spoil)
{
	struct message *message = parse_mail(arena, text, strlen(text));
	const char *label = message->rows.items[row].label;

	/* Only what every mail of the format says is missed. Of one that says
	 * no title the subject is the title. */
	if (spoil == LABEL && strcmp(label, "Severity") &&
	    strcmp(label, "Machine"))
		return;
	if (spoil == WHOLE && !strcmp(label, "Title"))
		return;
	spoil_row(message, row, (enum row_spoil)spoil);
	trial->tried++;
	if (is_mail_dropped(trial, text, message) && trial->wrong++ < 5)
		printf("# dropped: %s %s\n", label, row_spoil_names[spoil]);
}

static void
test_mails(const struct past *past, const char *name,
	   const struct generation *generation)
{
	struct trial trial = { .generation = generation, .past = past };
	size_t i, j;
	int spoil;

	for (i = 0; i < sizeof(mails) / sizeof(*mails); i++) {
		const struct message *whole = parse_mail(arena, mails[i],
							 strlen(mails[i]));

		if (is_mail_dropped(&trial, mails[i], whole))
			continue;
		for (j = 0; j < whole->rows.count; j++)
			for (spoil = 0; spoil < ROW_SPOILS; spoil++)
				try_row(&trial, mails[i], j, spoil);
		ok(!trial.wrong, "%s, %s, mail %zu: none of %zu spoilt ones "
		   "is dropped", name, past->name, i, trial.tried);
		trial.tried = trial.wrong = 0;
	}
}

int
main(void)
{
	size_t told, i, j;

	arena = arena_create();
	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct generation *generation = load(rules[i].text);

		told = 0;
		test_mails(&pasts[0], rules[i].name, generation);
		for (j = 0; j < sizeof(pasts) / sizeof(*pasts); j++)
			told += test_rules(&pasts[j], rules[i].name,
					   generation);
		ok(told > 0, "%s: some of the records are told",
		   rules[i].name);
		generation_destroy(&generation);
	}
	buf_release(&error);
	arena_destroy(&arena);
	return tap_done();
}
