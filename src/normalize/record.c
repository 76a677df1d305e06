/*
 * The difficulty is that members are of any type: an API changes without
 * notice, and what it sends next must not cost the alert.
 */
#include "normalize/record.h"

#include "base/clock.h"
#include "base/text.h"
#include "normalize/when.h"

enum {
	/* Elements of one array that are looked at: an alert has some tens, and
	 * what a hostile one has must not cost minutes. */
	ELEMENTS_MOST = 2000,
	/* Characters of an incident's name: it goes into one line of a mail. */
	NAME_MOST = 200,
	/* Octets of a link that a note shows. */
	LINK_MOST = 160,
};

static const struct record_source *const sources[] = {
	&record_graph, &record_endpoint, NULL
};

/* ---- which records ---- */

static bool
is_error(const struct json *document, struct buf *error)
{
	const struct json *reason = json_member(document, "error");
	const char *code = json_text(json_member(reason, "code"));
	const char *message = json_text(json_member(reason, "message"));

	if (!reason || json_is_null(reason))
		return false;
	if (json_text(reason)) {
		code = json_text(reason);
		message = json_text(json_member(document,
						"error_description"));
	}
	buf_puts(error, "an error of the API instead of an alert: ");
	text_escape(error, code && *code ? code : "(no code)", 100);
	buf_puts(error, ": ");
	text_escape(error, message ? message : "(no message)", 300);
	return true;
}

static bool
is_incident(const struct json *json)
{
	const char *type = json_text(json_member(json, "@odata.type"));

	if (type)
		return text_ends(type, ".incident");
	return json_member(json, "redirectIncidentId") ||
	       (json_is_array(json_member(json, "alerts")) &&
		!json_member(json, "evidence"));
}

static void
add_record(struct arena *arena, record_list *records, const struct json *json,
	   const struct json *incident)
{
	struct record record = { .json = json, .incident = incident };

	vec_push(arena, records, record);
}

/* The alerts of an incident; how many. */
static size_t
add_incident(struct arena *arena, record_list *records,
	     const struct json *incident)
{
	const struct json *alert =
		json_first(json_member(incident, "alerts"));
	size_t before = records->count;

	for (; alert; alert = json_next(alert))
		add_record(arena, records, alert, incident);
	return records->count - before;
}

static bool
add_page(struct arena *arena, record_list *records, const struct json *page,
	 struct buf *error)
{
	const struct json *one = json_first(page);
	bool only_incidents = one != NULL;
	size_t alerts = 0;

	for (; one; one = json_next(one)) {
		if (is_incident(one)) {
			alerts += add_incident(arena, records, one);
			continue;
		}
		only_incidents = false;
		add_record(arena, records, one, NULL);
	}
	if (only_incidents && !alerts)
		buf_puts(error, "incidents without their alerts, and no "
			 "alert");
	return !only_incidents || alerts;
}

/* What it looks like is more than what was asked for: a record that a person
 * has kept may be of either API. */
static const struct record_source *
find_source(const struct json *json, const char *asked)
{
	size_t i;

	if (!json_is_object(json))
		return NULL;
	for (i = 0; sources[i]; i++)
		if (sources[i]->is(json))
			return sources[i];
	for (i = 0; sources[i]; i++)
		if (text_equal(sources[i]->name, asked))
			return sources[i];
	return NULL;
}

/* What it is instead, where that is known. */
static const char *
name_stranger(const struct json *json)
{
	static const struct {
		const char *member, *is;
	} strangers[] = {
		{ "vendorInformation", "an alert of Graph's former "
				       "security/alerts, which is no longer "
				       "served" },
		{ "azureTenantId", "an alert of Graph's former "
				   "security/alerts, which is no longer "
				   "served" },
		{ "alertId", "an alert of the XDR API for incidents, which "
			     "names its members otherwise" },
		{ "AlertPart", "an alert of the retired SIEM API" },
		{ "access_token", "a token" },
		{ "healthStatus", "a device, and no alert" },
		{ "class_uid", "an OCSF event" },
		{ "operationName", "an event of the streaming API" },
	};
	size_t i;

	if (!json_is_object(json))
		return "not an object";
	if (is_incident(json))
		return "an incident without its alerts";
	for (i = 0; i < sizeof(strangers) / sizeof(*strangers); i++)
		if (json_member(json, strangers[i].member))
			return strangers[i].is;
	return "no alert of Graph or of Defender for Endpoint";
}

/* An array of anything could be of anybody; one of alerts is a page that a
 * program has unpacked. */
static bool
has_alerts(const struct json *array)
{
	const struct json *one =
		json_is_array(array) ? json_first(array) : NULL;

	while (one && !find_source(one, NULL) && !is_incident(one))
		one = json_next(one);
	return one != NULL;
}

bool
record_find(const struct json *document, struct arena *arena,
	    record_list *records, struct buf *error)
{
	const struct json *page = json_member(document, "value");

	if (is_error(document, error))
		return false;
	if (has_alerts(document))
		page = document;
	if (json_is_array(page))
		return add_page(arena, records, page, error);
	if (is_incident(document) &&
	    add_incident(arena, records, document))
		return true;
	if (find_source(document, NULL)) {
		add_record(arena, records, document, NULL);
		return true;
	}
	if (json_is_array(document) && json_first(document))
		document = json_first(document);
	buf_printf(error, "%s", name_stranger(document));
	return false;
}

/* ---- what the sources need ---- */

const char *
record_path(struct record_reader *reader, const char *path, const char *name)
{
	return *path ? arena_printf(reader->arena, "%s.%s", path, name) : name;
}

/* What the field should have had from there is not known. */
static void
note_unread(struct record_reader *reader, enum alert_field field,
	    const char *path, const char *what)
{
	const char *note = arena_printf(reader->arena, "API field %s is %s",
					path, what);

	vec_push(reader->arena, &reader->out->notes, note);
	alert_incomplete(reader->alert, field, "%s", note);
}

static void
put(struct record_reader *reader, enum alert_field field, const char *text,
    const char *path)
{
	if (!alert_fields[field].several && alert_text(reader->alert, field))
		return;
	(void)alert_add(reader->alert, field, text,
			arena_printf(reader->arena, "API field %s", path));
}

static bool
put_scalar(struct record_reader *reader, enum alert_field field,
	   const struct json *value, const char *path)
{
	int64_t number = json_integer(value, INT64_MIN);

	if (json_text(value))
		put(reader, field, json_text(value), path);
	else if (number != INT64_MIN)
		put(reader, field, arena_printf(reader->arena, "%lld",
						(long long)number), path);
	else
		return false;
	return true;
}

/* Invisible characters are no name. */
static bool
is_visible(const char *text)
{
	const char *end = text + strlen(text);
	size_t step;

	for (; text < end; text += step)
		if (!text_is_invisible(text_decode(text, end, &step)))
			return true;
	return false;
}

static void
put_list(struct record_reader *reader, enum alert_field field,
	 const struct json *list, const char *path)
{
	const struct json *one = json_first(list);
	size_t i = 0;

	for (; one && i < ELEMENTS_MOST; one = json_next(one), i++) {
		const char *place = arena_printf(reader->arena, "%s[%zu]",
						 path, i);

		if (!put_scalar(reader, field, one, place))
			note_unread(reader, field, place,
				    "neither text nor number");
		else if (json_text(one) && !is_visible(json_text(one)))
			note_unread(reader, field, place, "empty");
	}
	if (one)
		note_unread(reader, field, path, "longer than what is read");
}

void
record_take(struct record_reader *reader, enum alert_field field,
	    const struct json *object, const char *path, const char *name)
{
	const struct json *value = json_member(object, name);
	const char *at = record_path(reader, path, name);

	if (!value || json_is_null(value))
		return;
	if (json_is_array(value))
		put_list(reader, field, value, at);
	else if (!put_scalar(reader, field, value, at))
		note_unread(reader, field, at, "neither text nor number");
}

static void
take_time(struct record_reader *reader, enum alert_field field,
	  const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);
	const char *text = json_text(value);
	struct buf printed = BUF_INIT;
	instant_ms when;

	if (!value || json_is_null(value))
		return;
	if (text && (clock_parse_foreign(text, &when) ||
		     when_parse(text, &when))) {
		clock_print(&printed, when);
		put(reader, field, printed.data, name);
	} else {
		note_unread(reader, field, name, "no time");
	}
	buf_release(&printed);
}

void
record_take_members(struct record_reader *reader,
		    const struct record_member *members,
		    const struct json *json)
{
	for (; members->name; members++)
		if (alert_fields[members->field].type == ALERT_TIME)
			take_time(reader, members->field, json, members->name);
		else
			record_take(reader, members->field, json, "",
				    members->name);
}

void
record_take_word(struct record_reader *reader, enum alert_field field,
		 const struct json *object, const char *name)
{
	const struct json *value = json_member(object, name);
	char *word;

	if (!json_text(value)) {
		record_take(reader, field, object, "", name);
		return;
	}
	word = arena_strdup(reader->arena, json_text(value));
	if (*word >= 'A' && *word <= 'Z')
		*word = (char)(*word - 'A' + 'a');
	put(reader, field, word, name);
}

void
record_expect(struct record_reader *reader,
	      const struct record_member *members)
{
	for (; members->name; members++)
		if (!alert_text(reader->alert, members->field))
			alert_incomplete(reader->alert, members->field,
					 "the API does not say %s",
					 members->name);
}

void
record_expect_list(struct record_reader *reader, enum alert_field field,
		   const struct json *json, const char *name)
{
	if (!json_is_array(json_member(json, name)))
		alert_incomplete(reader->alert, field,
				 "the API does not list %s", name);
}

const char *
record_take_link(struct record_reader *reader, enum alert_field field,
		 const struct json *json, const char *name)
{
	const char *text = record_text(json, name);
	struct url url;
	bool is_link;

	if (!text)
		return NULL;
	is_link = url_parse(reader->arena, text, &url);
	if (is_link && reader->formats &&
	    map_find(reader->formats->portals, url.host)) {
		put(reader, field, text, name);
		return text;
	}
	note_unread(reader, field, name, arena_printf(reader->arena,
		    "no link to a known portal: %s",
		    text_cut(reader->arena, text, LINK_MOST)));
	return NULL;
}

const char *
record_text(const struct json *object, const char *name)
{
	const char *text = json_text(json_member(object, name));

	return text && is_visible(text) ? text : NULL;
}

void
record_take_account(struct record_reader *reader, const struct json *account,
		    const char *path, const struct record_account *names)
{
	const char *principal = record_text(account, names->principal);
	const char *domain = record_text(account, names->domain);
	const char *name = record_text(account, names->name);

	if (principal)
		put(reader, ALERT_USER, principal,
		    record_path(reader, path, names->principal));
	else if (name)
		put(reader, ALERT_USER, domain ?
		    arena_printf(reader->arena, "%s\\%s", domain, name) : name,
		    record_path(reader, path, names->name));
	else
		alert_incomplete(reader->alert, ALERT_USER,
				 "%s is a user without a name", path);
	if (!principal && record_text(account, names->id))
		alert_incomplete(reader->alert, ALERT_USER,
				 "%s does not say its principal name", path);
}

/* ---- one record ---- */

static void
set_customer(struct normalized *out, const struct normalize_record *input,
	     struct arena *arena)
{
	const struct alert_values *named = &out->alert->fields[ALERT_TENANT];
	struct customer_evidences evidences = { 0 };
	struct customer_answer answer;

	if (named->count) {
		struct customer_evidence one = {
			named->items[0].text, named->items[0].source
		};

		vec_push(arena, &evidences.tenants, one);
	}
	if (input->tenant) {
		struct customer_evidence one = {
			input->tenant, "the tenant that was asked"
		};

		vec_push(arena, &evidences.tenants, one);
	}
	answer = customers_find(input->customers, arena, &evidences);
	out->customer = answer.result;
	out->why = answer.why;
	if (answer.customer)
		alert_set(out->alert, ALERT_CUSTOMER, answer.customer->name,
			  answer.why);
	if (!named->count && input->tenant)
		alert_set(out->alert, ALERT_TENANT, input->tenant,
			  "the tenant that was asked");
}

/* One line. */
static const char *
incident_name(const char *text, struct arena *arena)
{
	if (text)
		text = text_fold_space(arena, text, strlen(text));
	return text && *text ? text_cut(arena, text, NAME_MOST) : NULL;
}

/* An alert that stands in an incident need not name it. */
static void
take_incident(struct record_reader *reader, const struct json *incident)
{
	record_take(reader, ALERT_INCIDENT, incident, "", "id");
	record_take(reader, ALERT_INCIDENT, incident, "", "incidentId");
	(void)record_take_link(reader, ALERT_INCIDENT_URL, incident,
			       "incidentWebUrl");
	record_take(reader, ALERT_TENANT, incident, "", "tenantId");
	reader->out->incident_name = incident_name(
		json_text(json_member(incident, "displayName")),
		reader->arena);
}

static struct normalized *
read_record(const struct record_source *source,
	    const struct normalize_record *input, struct arena *arena)
{
	const struct record *record = &input->record;
	struct normalized *out = arena_alloc(arena, sizeof(*out));
	struct record_reader reader = {
		.arena = arena, .formats = input->formats, .out = out,
	};

	out->alert = reader.alert = alert_create(arena);
	out->recognised = true;
	out->complete = true;
	out->authentic_why = "an answer of the API over TLS";
	out->incident_name = incident_name(record->incident_name, arena);
	source->read(&reader, record->json);
	if (record->incident)
		take_incident(&reader, record->incident);
	alert_set(out->alert, ALERT_INTAKE, "api", "API");
	alert_set(out->alert, ALERT_FORMAT, source->name, "API");
	alert_set(out->alert, ALERT_AUTHENTIC,
		  authentic_names[AUTHENTIC_PASS], out->authentic_why);
	return out;
}

const struct normalized *
normalize_record(const struct normalize_record *input, struct arena *arena,
		 struct buf *error)
{
	const struct record_source *source = find_source(input->record.json,
							 input->record.asked);
	struct normalized *out;

	if (!source) {
		buf_printf(error, "the API sent a record that is %s",
			   name_stranger(input->record.json));
		return NULL;
	}
	out = read_record(source, input, arena);
	if (!alert_text(out->alert, ALERT_ALERT)) {
		buf_puts(error, "the API sent an alert without an id");
		return NULL;
	}
	set_customer(out, input, arena);
	return out;
}
