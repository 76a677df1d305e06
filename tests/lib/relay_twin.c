#include "relay_twin.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "pipeline/pipeline.h"
#include "store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT_MS = 60000 };

static void
need(struct relay_twin *relay, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		BUG("%s", relay->error.data);
}

static const char *
path(struct relay_twin *relay, const char *name)
{
	return arena_printf(relay->arena, "%s/%s", relay->folder, name);
}

/* Not durably: a test of many stories would wait for the disk only. */
static void
write_file(const char *name, const char *text, unsigned int mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || !file_write_all(fd, text, strlen(text)) || close(fd))
		BUG("%s: %s", name, strerror(errno));
}

/* ---- readers ---- */

struct reader *
relay_reader(void)
{
	char program[PATH_MAX + 32];
	ssize_t length = readlink("/proc/self/exe", program, PATH_MAX);

	program[length < 0 ? 0 : length] = '\0';
	memcpy(strrchr(program, '/'), "/../tocsin-reader",
	       sizeof("/../tocsin-reader"));
	return reader_create(program, LIMIT_MS);
}

struct reader *
relay_fake_reader(const char *commands, char path_out[TEMPORARY_LENGTH])
{
	char text[200];
	int fd;

	fd = mkstemp(temporary(path_out));
	if (fd < 0 || fchmod(fd, 0700) || close(fd))
		BUG("no fake reader: %s", strerror(errno));
	(void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", commands);
	write_file(path_out, text, 0700);
	return reader_create(path_out, LIMIT_MS);
}

/* ---- senders ---- */

struct relay_senders {
	int event;
	struct arena *arena;
	struct sender_done *done, **end;
	VEC(const char *) departures;
};

static bool
has_departed(const struct relay_senders *senders, const char *line)
{
	size_t i;

	for (i = 0; i < senders->departures.count; i++)
		if (!strcmp(senders->departures.items[i], line))
			return true;
	return false;
}

static enum outcome
answer_of(const struct relay_senders *senders, const char *address,
	  const char *line)
{
	if (text_starts(address, "no"))
		return OUTCOME_PERMANENT;
	if (text_starts(address, "later") && !has_departed(senders, line))
		return OUTCOME_TEMPORARY;
	return OUTCOME_OK;
}

static void
submit(void *context, uint64_t id, const struct relay *relay, size_t abreast,
       const struct send_job *job)
{
	struct relay_senders *senders = context;
	struct sender_done *done = sender_done_create(id);
	const char *line = arena_printf(senders->arena, "%s %s %s",
					job->address, relay->name,
					job->message_id);

	done->result.outcome = answer_of(senders, job->address, line);
	buf_puts(&done->result.text, "so");
	vec_push(senders->arena, &senders->departures, line);
	*senders->end = done;
	senders->end = &done->next;
	(void)abreast;
	(void)eventfd_write(senders->event, 1);
}

static void
limit(void *context, const char *relay, size_t abreast)
{
	(void)context, (void)relay, (void)abreast;
}

/* All were answered at once. */
static void
recall(void *context, const char *relay)
{
	(void)context, (void)relay;
}

static struct sender_done *
results(void *context)
{
	struct relay_senders *senders = context;
	struct sender_done *done = senders->done;
	eventfd_t count;

	(void)eventfd_read(senders->event, &count);
	senders->done = NULL;
	senders->end = &senders->done;
	return done;
}

static void
drain(void *context, int64_t patience_ms)
{
	(void)context, (void)patience_ms;
}

/* ---- its life ---- */

static struct generation *
load(struct relay_twin *relay, const char *rules)
{
	const char *name = path(relay, "tocsin.conf");
	struct generation *generation;

	write_file(name, rules, 0600);
	generation = generation_load(name, NULL, RELAY_NOON);
	if (!generation_good(generation)) {
		diag_print(generation->diag, &relay->error);
		BUG("%s", relay->error.data);
	}
	return generation;
}

/* One folder and what was loaded last are for all relays of a test: many are of
 * the same rules, and half their time would go there. */
static char folder[TEMPORARY_LENGTH];
static char *loaded_rules;
static struct generations *loaded;

static void
remove_folder(void)
{
	struct relay_twin none = { .arena = arena_create() };

	generations_destroy(&loaded);
	free(loaded_rules);
	memcpy(none.folder, folder, sizeof(folder));
	(void)unlink(path(&none, "tocsin.conf"));
	(void)unlink(path(&none, "secret"));
	(void)rmdir(path(&none, "new"));
	(void)rmdir(path(&none, "tmp"));
	(void)rmdir(path(&none, "aside"));
	(void)rmdir(folder);		/* or it stays for whoever looks */
	arena_destroy(&none.arena);
}

static void
open_folder(struct relay_twin *relay)
{
	if (!*folder && (!mkdtemp(temporary(folder)) || atexit(remove_folder)))
		BUG("no folder: %s", strerror(errno));
	memcpy(relay->folder, folder, sizeof(folder));
}

static struct generations *
load_once(struct relay_twin *relay, const char *rules)
{
	if (loaded && !strcmp(rules, loaded_rules))
		return loaded;
	if (loaded)
		generations_destroy(&loaded);
	free(loaded_rules);
	write_file(path(relay, "secret"), "secret\n", 0600);
	loaded = generations_create(load(relay, rules));
	loaded_rules = bug_strdup(rules);
	return loaded;
}

static void
open_log(struct relay_twin *relay)
{
	relay->log = memfd_create("log", MFD_CLOEXEC);
	if (relay->log < 0 || dup2(relay->log, STDERR_FILENO) < 0)
		BUG("no log: %s", strerror(errno));
}

void
relay_open(struct relay_twin *relay, struct reader *reader, const char *rules)
{
	*relay = (struct relay_twin){
		.reader = reader, .arena = arena_create(), .error = BUF_INIT,
		.clock = clock_at(RELAY_NOON),
	};
	open_folder(relay);
	open_log(relay);
	relay->loop = loop_create_virtual(&relay->clock);
	relay->store = failing_open(&relay->failing, "memory");
	relay->clerk = clerk_create_inline(relay->loop, relay->store);
	relay->generations = load_once(relay, rules);
	need(relay, inbox_open(relay->folder, &relay->inbox, &relay->error));
}

void
relay_stored(void *context)
{
	struct relay_twin *relay = context;

	relay->stored++;
	if (relay->watch)
		relay->watch(relay);
	if (relay->outbox)
		outbox_wake(relay->outbox);
}

static int64_t
hurry(void *context, const char *customer)
{
	struct relay_twin *relay = context;

	(void)customer;
	relay->hurries++;
	return relay->hurry_ms;
}

void
relay_open_taker(struct relay_twin *relay)
{
	struct taker_world world = {
		.loop = relay->loop, .clerk = relay->clerk,
		.inbox = relay->inbox, .reader = relay->reader,
		.generations = relay->generations, .clock = &relay->clock,
		.hurry = hurry, .stored = relay_stored, .context = relay,
	};

	need(relay, blame_open(relay->folder, &relay->blame, &relay->error));
	world.blame = relay->blame;
	relay->taker = taker_create(&world);
}

void
relay_open_outbox(struct relay_twin *relay)
{
	struct relay_senders *senders = bug_alloc(sizeof(*senders));
	const struct outbox_world world = {
		.loop = relay->loop, .clerk = relay->clerk,
		.generations = relay->generations, .clock = &relay->clock,
		.senders = {
			.context = senders, .submit = submit, .limit = limit,
			.recall = recall,
			.results = results, .drain = drain,
			.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		},
	};

	*senders = (struct relay_senders){
		.arena = arena_create(), .event = world.senders.fd,
	};
	senders->end = &senders->done;
	relay->senders = senders;
	relay->outbox = outbox_create(&world);
}

void
relay_close_taker(struct relay_twin *relay)
{
	taker_stop(relay->taker);
	clerk_drain(relay->clerk);
	taker_destroy(&relay->taker);
	blame_close(&relay->blame);
}

static void
close_outbox(struct relay_twin *relay)
{
	struct relay_senders *senders = relay->senders;

	outbox_drain(relay->outbox);
	outbox_destroy(&relay->outbox);
	while (senders->done)
		sender_done_destroy(&senders->done);
	(void)close(senders->event);	/* nobody waits for it */
	arena_destroy(&senders->arena);
	free(senders);
}

static void
remove_files(struct relay_twin *relay)
{
	struct inbox_names names = { 0 };
	size_t i;

	need(relay, inbox_list(relay->inbox, relay->arena, NULL, 10000, &names,
			       &relay->error));
	for (i = 0; i < names.list.count; i++)
		need(relay, inbox_remove(relay->inbox, names.list.items[i],
					 &relay->error));
	(void)unlink(path(relay, "taking"));
}

void
relay_close(struct relay_twin *relay)
{
	if (relay->taker)
		relay_close_taker(relay);
	if (relay->outbox)
		close_outbox(relay);
	clerk_destroy(&relay->clerk);
	store_close(&relay->store);
	loop_destroy(&relay->loop);
	remove_files(relay);
	inbox_close(&relay->inbox);
	(void)close(relay->log);	/* memory only */
	buf_release(&relay->error);
	arena_destroy(&relay->arena);
}

void
relay_pass(struct relay_twin *relay, int64_t time_ms)
{
	loop_run_until(relay->loop, relay->clock.fixed + time_ms);
}

/* ---- mails ---- */

#define ENVELOPE \
	"Return-Path: <azure-noreply@microsoft.com>\n" \
	"Delivered-To: contoso@relay.mssp.example\n" \
	"Received: (tocsin-deliver whole) by relay.mssp.example id 1;" \
	" Sun, 22 Nov 2026 12:00:00 +0000\n"
#define HEADERS \
	"To: contoso@relay.mssp.example\n" \
	"Date: Sun, 22 Nov 2026 11:59:00 +0000\n" \
	"Content-Type: text/plain; charset=utf-8\n"

static const char *
text_of(struct relay_twin *relay, const struct relay_mail *mail)
{
	const char *tenant = mail->tenant ? mail->tenant : RELAY_CONTOSO;

	if (mail->alert)
		return arena_printf(relay->arena,
			"From: Microsoft Defender"
			" <defender-noreply@microsoft.com>\n"
			"Subject: Alert notification from your security"
			" service\nMessage-ID: <%s@az>\n" HEADERS "\n"
			"Microsoft Defender for Endpoint\n\n"
			"Alert title: Suspicious command\nSeverity: High\n"
			"Organization name: Contoso GmbH\n\n"
			"View alert in portal <https://security.microsoft.com"
			"/alerts/%s?tid=%s>\n", mail->alert, mail->alert,
			tenant);
	return arena_printf(relay->arena,
		"From: Microsoft 365 Defender"
		" <defender-noreply@microsoft.com>\n"
		"Subject: Microsoft 365 Defender has detected a security"
		" threat\nMessage-ID: <%u@az>\n" HEADERS "\n"
		"A new incident has been detected\n\n"
		"Incident name: Incident %u\nSeverity: High\n"
		"Incident ID: %u\nOrganization: Contoso GmbH\n\n"
		"View incident <https://security.microsoft.com/incident2/%u"
		"/overview?tid=%s>\n", mail->incident, mail->incident,
		mail->incident, mail->incident, tenant);
}

void
relay_put_mail(struct relay_twin *relay, const char *name,
	       const struct relay_mail *mail)
{
	struct buf text = BUF_INIT;
	static char padding[70];

	memset(padding, 'x', sizeof(padding));
	buf_puts(&text, ENVELOPE);
	buf_printf(&text, "Authentication-Results: mx.mssp.example; dmarc=%s "
		   "header.from=microsoft.com\n",
		   mail->is_unauthentic ? "fail" : "pass");
	buf_puts(&text, text_of(relay, mail));
	while (text.len < mail->size)
		buf_printf(&text, "%.70s\n", padding);
	write_file(path(relay, arena_printf(relay->arena, "new/%s", name)),
		   text.data, 0600);
	buf_release(&text);
}

size_t
relay_inbox_count(struct relay_twin *relay)
{
	struct inbox_names names = { 0 };

	need(relay, inbox_list(relay->inbox, relay->arena, NULL, 10000, &names,
			       &relay->error));
	return names.list.count;
}

void
relay_die_with(struct relay_twin *relay, const char *name)
{
	struct blame *blame;

	need(relay, blame_open(relay->folder, &blame, &relay->error));
	blame_find_left(blame);
	blame_learn(blame);
	(void)blame_hold(blame, name);
	blame_close(&blame);
}

/* ---- records ---- */

const char *
relay_record(struct relay_twin *relay, const char *alert, const char *of,
	     const char *severity)
{
	return arena_printf(relay->arena, "{\"id\":\"%s\",\"title\":\"Alert "
		"%s\",\"severity\":\"%s\",\"status\":\"new\",\"tenantId\":"
		"\"%s\",\"serviceSource\":\"microsoftDefenderForEndpoint\","
		"\"createdDateTime\":\"2026-11-22T11:58:00Z\"}", alert, alert,
		severity, of);
}

struct coming {
	struct unit unit;
	struct relay_twin *relay;
	struct pipeline_input input;
};

static enum outcome
take(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct coming *coming = (struct coming *)unit;
	struct pipeline_decision *decision;

	(void)arena;		/* the change's */
	return pipeline_take(generations_current(coming->relay->generations),
			     store, &coming->input,
			     coming->relay->clock.fixed, change, &decision,
			     error);
}

static void
taken(struct unit *unit, enum outcome outcome, const char *error)
{
	(void)unit;
	if (outcome != OUTCOME_OK)
		BUG("%s", error);
}

void
relay_take_record(struct relay_twin *relay, const char *tenant,
		  const char *json)
{
	struct json *document = json_parse(json, strlen(json), &relay->error);
	const struct record record = { .json = document };
	struct coming coming = {
		.unit = { .work = take, .done = taken }, .relay = relay,
		.input = {
			.name = "graph", .sender = "", .record = &record,
			.tenant = tenant, .started = TIME_UNKNOWN,
			.raw = json, .length = strlen(json),
		},
	};

	clerk_submit(relay->clerk, &coming.unit);
	clerk_drain(relay->clerk);
	json_destroy(&document);
}

void
relay_release(struct relay_twin *relay, const char *customer)
{
	struct store_helds helds = { 0 };

	need(relay, store_helds(relay->store, STORE_HELD, relay->arena, &helds,
				&relay->error));
	if (helds.count != 1)
		BUG("%zu are held", helds.count);
	need(relay, store_held_release(relay->store, helds.items[0].item,
				       "ana", customer, "mine",
				       relay->clock.fixed, &relay->error));
}

/* ---- what is there ---- */

/* A code of a notice has the time in it. */
#define CODE "CASE i.kind WHEN 'notice' THEN i.reason ELSE i.code END"

static const char *const tables[] = {
	"SELECT 'item ' || " CODE " || ' ' || kind || ' ' || action || ' by '"
	" || coalesce(rule, '-') || ': ' || CASE WHEN reason LIKE"
	" 'the reader ended%' THEN 'the reader ended' ELSE"
	" coalesce(reason, '-') END || ', ' || (duplicates > 0) FROM item i",
	"SELECT 'delivery ' || " CODE " || ' ' || d.kind || ' to '"
	" || d.address || ' ' || d.about || ' ' || d.state || ' '"
	" || d.attempts || coalesce(' ' || d.reply, '') FROM delivery d"
	" JOIN item i ON i.id = d.item",
	"SELECT 'attempt ' || " CODE " || ' ' || d.address || ' ' || a.number"
	" || ' ' || a.outcome FROM attempt a"
	" JOIN delivery d ON d.id = a.delivery JOIN item i ON i.id = d.item",
	"SELECT 'event ' || " CODE " || ' ' || e.what || ' '"
	" || coalesce(e.reason, '-') FROM event e JOIN item i ON i.id = e.item",
	"SELECT 'held ' || " CODE " || ' ' || state"
	" FROM held h JOIN item i ON i.id = h.item",
	"SELECT 'raw ' || " CODE " || ' ' || r.length"
	" FROM raw r JOIN item i ON i.id = r.item",
	"SELECT 'known ' || k.customer || ' ' || k.alert || ' ' || coalesce("
	CODE ", '-') || ' ' || severity || ' ' || coalesce(status, '-') || ' '"
	" || devices || (mail IS NULL) || (api IS NULL) FROM known k"
	" LEFT JOIN item i ON i.id = k.item",
	"SELECT 'told ' || customer || ' ' || alert || ' ' || incident || ' '"
	" || recipient || ' ' || road || ' ' || rank FROM told",
	"SELECT 'crash ' || spool || ' ' || count FROM crash",
	"SELECT 'meta ' || name || ' ' || (value = '') FROM meta"
	" WHERE name <> 'version'",
	"SELECT 'poll ' || tenant || ' ' || source || ' ' || (failed IS NULL)"
	" || (alerts IS NULL) || ' ' || coalesce(class, '-') FROM poll",
	"SELECT 'incident ' || tenant || ' ' || id || ' ' || coalesce(name, '')"
	" || ' ' || coalesce(merged, '-') FROM incident",
	"SELECT 'day ' || day || ' ' || customer || ' ' || mail_only || ' '"
	" || api_only || ' ' || both FROM day",
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct lines {
	VEC(const char *) list;
};

static const char *
sorted(struct relay_twin *relay, struct lines *lines)
{
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	if (lines->list.count)
		qsort(lines->list.items, lines->list.count,
		      sizeof(*lines->list.items), compare);
	for (i = 0; i < lines->list.count; i++)
		buf_printf(&text, "%s\n", lines->list.items[i]);
	copy = arena_strdup(relay->arena, text.data);
	buf_release(&text);
	return copy;
}

static void
add_rows(struct relay_twin *relay, const char *sql, struct lines *lines)
{
	struct query query = query_start(relay->store, sql, &relay->error);

	while (query_row(&query))
		vec_push(relay->arena, &lines->list,
			 query_text(&query, relay->arena));
	need(relay, query_end(&query));
}

const char *
relay_rows(struct relay_twin *relay)
{
	struct lines lines = { 0 };
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		add_rows(relay, tables[i], &lines);
	return sorted(relay, &lines);
}

size_t
relay_count(struct relay_twin *relay, const char *beginning)
{
	const char *at = relay_rows(relay);
	size_t count = 0;

	for (; *at; at = strchr(at, '\n') + 1)
		count += text_starts(at, beginning);
	return count;
}

/* What the relay itself said is known by its subject: the code has the time in
 * it. */
static const char *
name_of(struct relay_twin *relay, const char *code)
{
	struct store_item *item;

	need(relay, store_item_find(relay->store, code, relay->arena, &item,
				    &relay->error));
	return item && !strcmp(item->kind, "notice") ? item->verdict.reason
						     : code;
}

/* "... BEFORE CODE END ..." with the name of the item. */
static const char *
with_name(struct relay_twin *relay, const char *line, const char *before,
	  const char *end)
{
	const char *at = strstr(line, before);
	size_t length;

	if (!at)
		return line;
	at += strlen(before);
	length = strcspn(at, end);
	return arena_printf(relay->arena, "%.*s%s%s", (int)(at - line), line,
			    name_of(relay, arena_strndup(relay->arena, at,
							 length)),
			    at + length);
}

const char *
relay_departures(struct relay_twin *relay)
{
	struct lines lines = { 0 };
	size_t i;

	for (i = 0; i < relay->senders->departures.count; i++)
		vec_push(relay->arena, &lines.list,
			 with_name(relay, relay->senders->departures.items[i],
				   " out ", ".@"));
	return sorted(relay, &lines);
}

static char *
read_log(struct relay_twin *relay)
{
	struct stat status;
	char *text;

	if (fstat(relay->log, &status))
		BUG("no log: %s", strerror(errno));
	text = arena_alloc(relay->arena, (size_t)status.st_size + 1);
	if (pread(relay->log, text, (size_t)status.st_size, 0) !=
	    status.st_size)
		BUG("no log: %s", strerror(errno));
	return text;
}

/* From `start` to the last one of `end` behind it. */
static void
cut(char *line, const char *start, const char *end)
{
	char *at = strstr(line, start), *rest;

	if (!at)
		return;
	rest = at + strlen(start);
	rest += strcspn(rest, end);
	memmove(at, rest, strlen(rest) + 1);
}

const char *
relay_log(struct relay_twin *relay)
{
	char *rest = read_log(relay), *line;
	struct lines lines = { 0 };

	while ((line = strsep(&rest, "\n"))) {
		cut(line, " delivery=", " ");
		cut(line, " on it ", "\"");
		if (*line)
			vec_push(relay->arena, &lines.list,
				 with_name(relay, line, " code=", " "));
	}
	return sorted(relay, &lines);
}

size_t
relay_logged(struct relay_twin *relay, const char *what)
{
	const char *at = read_log(relay);
	size_t count = 0;

	for (; (at = strstr(at, what)); at++)
		count++;
	return count;
}
