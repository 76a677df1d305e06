/*
 * The store: every test runs on every back end; those about files, locks and
 * damage follow, for the one that has a file.
 */
#include "store/store.h"

#include "base/digest.h"
#include "base/file.h"
#include "items.h"
#include "tap.h"
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY INT64_C(86400000)
#define NOW (INT64_C(20000) * DAY)

static struct buf error = BUF_INIT;
static struct arena *arena;
static const char *end_name;		/* of the back end under test */
static unsigned int identities;

/* ---- Scaffolding ---- */

/* An outcome that is not OK shows its sentence. */
static bool
is_outcome(enum outcome got, enum outcome want, const char *name)
{
	bool good = is_int(got, want, "%s: %s", end_name, name);

	if (!good)
		printf("# %s\n", error.data);
	buf_reset(&error);
	return good;
}

#define DONE(call, name) is_outcome(call, OUTCOME_OK, name)

/* The outcome, and a part of its sentence. */
static void
is_refused(enum outcome got, enum outcome want, const char *part,
	   const char *name)
{
	is_int(got, want, "%s: %s", end_name, name);
	if (!ok(strstr(error.data, part) != NULL, "%s: %s, and says so",
		end_name, name))
		printf("#  got: %s\n# want: %s\n", error.data, part);
	buf_reset(&error);
}

static char *
make_directory(void)
{
	char *path = arena_alloc(arena, TEMPORARY_LENGTH);

	if (!mkdtemp(temporary(path))) {
		printf("Bail out! no directory: %s\n", strerror(errno));
		exit(1);
	}
	return path;
}

static char *
file_of(const char *state, const char *suffix)
{
	return arena_printf(arena, "%s/store.db%s", state, suffix);
}

static void
remove_directory(const char *state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", NULL };
	size_t i;

	for (i = 0; suffixes[i]; i++)
		(void)unlink(file_of(state, suffixes[i]));
	ok(!rmdir(state), "nothing else is left in the directory");
}

static char *
url_of(const char *state)
{
	return arena_printf(arena, "sqlite:%s", file_of(state, ""));
}

typedef enum outcome store_opener(const char *url, struct store **store_out,
				  struct buf *error);

static struct store *
open_by(store_opener *open, const char *state)
{
	const char *url = *state == '/' ? url_of(state) : state;
	struct store *store = NULL;

	if (open(url, &store, &error) != OUTCOME_OK) {
		printf("Bail out! %s\n", error.data);
		exit(1);
	}
	return store;
}

/* As the daemon does. */
static struct store *
open_store(const char *state)
{
	return open_by(store_open_own, state);
}

/* As a command does. */
static struct store *
open_again(const char *state)
{
	return open_by(store_open, state);
}

/* An item that no other test has. */
static struct store_item
new_item(void)
{
	static const char *const recipients[] = { "contoso@relay.example" };
	unsigned int number = ++identities;

	return (struct store_item){
		.code = arena_printf(arena, "code%u", number),
		.identity = arena_printf(arena, "identity%u", number),
		.kind = "mail",
		.received = NOW,
		.spool = arena_printf(arena, "spool%u", number),
		.recipients = recipients,
		.recipient_count = 1,
		.parse = "whole",
		.verdict = {
			.customer = "contoso",
			.action = "notify",
			.decided = NOW,
		},
	};
}

static struct store_item
add_item(struct store *store)
{
	struct store_item item = new_item();
	enum store_added how;

	DONE(store_item_add(store, arena, &item, &how, &error),
	     "an item is taken");
	is_int(how, STORE_NEW, "%s: as a new one", end_name);
	return item;
}

static struct store_delivery
new_delivery(int64_t item, const char *address)
{
	return (struct store_delivery){
		.item = item,
		.channel = "smtp",
		.address = address,
		.lease = TIME_UNKNOWN,
		.about = "",
		.contact = "ana",
		.relay = "smarthost",
		.sender = "",
		.message_id = "1@relay.example",
		.created = NOW,
		.updated = NOW,
		.due = NOW,
		.expires = NOW + DAY,
		.body = "Subject: x\r\n\r\n",
		.body_length = 14,
	};
}

static int64_t
add_delivery(struct store *store, int64_t item, const char *address,
	     enum store_state state, instant_ms due)
{
	struct store_delivery delivery = new_delivery(item, address);

	delivery.state = state;
	delivery.due = due;
	DONE(store_delivery_add(store, &delivery, &error),
	     "a delivery is added");
	return delivery.id;
}

static bool
has_item(struct store *store, int64_t id)
{
	struct store_item *item = NULL;

	return store_item(store, id, arena, &item, &error) == OUTCOME_OK &&
	       item;
}

/* ---- Items ---- */

static void
test_item_comes_back(struct store *store)
{
	static const char *const recipients[] = {
		"contoso@relay.example", "a\"b\\@relay.example", "ä@é.example"
	};
	struct store_item item = {
		.code = "4q8z0m1k2p", .identity = "whole", .kind = "mail",
		.received = NOW, .spool = "1.2.host", .digest = "beef",
		.message_id = "m@x", .sender = "s@x",
		.recipients = recipients, .recipient_count = 3,
		.parse = "cut at 64 MB",
		.verdict = {
			.customer = "contoso", .format = "xdr",
			.authentic = "pass", .alert = "{\"title\":\"é\"}",
			.action = "notify", .rule = "nights",
			.file = "customers/contoso.rules", .line = 14,
			.rules_version = "abc", .template = "urgent",
			.reason = "because", .trace = "line 1\nline 2\n",
			.decided = NOW + 5,
		},
	};
	struct store_item *got = NULL;
	enum store_added how;

	DONE(store_item_add(store, arena, &item, &how, &error), "it is taken");
	DONE(store_item_find(store, "4q8z0m1k2p", arena, &got, &error),
	     "it is found by its code");
	if (!ok(got != NULL, "%s: an item is found", end_name))
		return;
	is_int(got->id, item.id, "%s: its id is the one it got", end_name);
	is(got->identity, "whole", "%s: identity", end_name);
	is(got->kind, "mail", "%s: kind", end_name);
	is_int(got->received, NOW, "%s: received", end_name);
	is(got->spool, "1.2.host", "%s: spool", end_name);
	is(got->digest, "beef", "%s: digest", end_name);
	is(got->message_id, "m@x", "%s: message id", end_name);
	is(got->sender, "s@x", "%s: sender", end_name);
	is_int((long long)got->recipient_count, 3, "%s: recipients", end_name);
	is(got->recipients[1], recipients[1], "%s: one with quotes", end_name);
	is(got->recipients[2], recipients[2], "%s: one in UTF-8", end_name);
	is(got->parse, "cut at 64 MB", "%s: parse", end_name);
	is(got->verdict.customer, "contoso", "%s: customer", end_name);
	is(got->verdict.format, "xdr", "%s: format", end_name);
	is(got->verdict.authentic, "pass", "%s: authentic", end_name);
	is(got->verdict.alert, "{\"title\":\"é\"}", "%s: alert", end_name);
	is(got->verdict.action, "notify", "%s: action", end_name);
	is(got->verdict.rule, "nights", "%s: rule", end_name);
	is(got->verdict.file, "customers/contoso.rules", "%s: file", end_name);
	is_int(got->verdict.line, 14, "%s: line", end_name);
	is(got->verdict.rules_version, "abc", "%s: version", end_name);
	is(got->verdict.template, "urgent", "%s: template", end_name);
	is(got->verdict.reason, "because", "%s: reason", end_name);
	is(got->verdict.trace, "line 1\nline 2\n", "%s: trace", end_name);
	is_int(got->verdict.decided, NOW + 5, "%s: decided", end_name);
	is_int(got->duplicates, 0, "%s: it came once", end_name);
	is_int(got->last_duplicate, TIME_UNKNOWN, "%s: only", end_name);
}

static void
test_item_without_much(struct store *store)
{
	struct store_item item = {
		.code = "bare", .identity = "bare", .kind = "notice",
		.received = NOW, .parse = "whole",
		.verdict = { .action = "notify", .decided = NOW },
	};
	struct store_item *got = NULL;
	enum store_added how;

	DONE(store_item_add(store, arena, &item, &how, &error),
	     "an item of which little is known is taken");
	DONE(store_item(store, item.id, arena, &got, &error), "and found");
	is(got->sender, NULL, "%s: what is not known is NULL", end_name);
	is(got->verdict.customer, NULL, "%s: the customer too", end_name);
	is_int((long long)got->recipient_count, 0, "%s: no recipients",
	       end_name);
	DONE(store_item_find(store, "nobody", arena, &got, &error),
	     "asking for a code that nothing has is no failure");
	ok(!got, "%s: and finds nothing", end_name);
}

static const struct {
	const char *name;
	const char *spool;
	enum store_added how;
	int64_t duplicates;
} second_runs[] = {
	{ "the same file after a crash", "first", STORE_AGAIN, 0 },
	{ "the same message in another file", "second", STORE_DUPLICATE, 1 },
	{ "and once more", "third", STORE_DUPLICATE, 2 },
	{ "and the first file again", "first", STORE_AGAIN, 2 },
};

static void
test_accepting_is_idempotent(struct store *store)
{
	struct store_item item = new_item(), *got;
	enum store_added how;
	size_t i;
	int64_t id;

	item.spool = "first";
	DONE(store_item_add(store, arena, &item, &how, &error), "it is taken");
	id = item.id;
	for (i = 0; i < sizeof(second_runs) / sizeof(second_runs[0]); i++) {
		struct store_item again = item;

		again.spool = second_runs[i].spool;
		again.code = "another";
		again.received = NOW + (instant_ms)i;
		again.verdict.action = "drop";
		DONE(store_item_add(store, arena, &again, &how, &error),
		     second_runs[i].name);
		is_int(how, second_runs[i].how, "%s: is known as such",
		       end_name);
		is_int(again.id, id, "%s: it is the same item", end_name);
		is(again.code, item.code, "%s: with the same code", end_name);
		DONE(store_item(store, id, arena, &got, &error), "read");
		is_int(got->duplicates, second_runs[i].duplicates,
		       "%s: it is counted", end_name);
		is(got->verdict.action, "notify", "%s: nothing else changes",
		   end_name);
	}
	is_int(got->last_duplicate, NOW + 2, "%s: with the time", end_name);
}

static void
test_codes_differ(struct store *store)
{
	struct store_item first = new_item(), second = new_item(),
			  third = new_item(), again;
	enum store_added how;
	char *code;

	first.code = second.code = third.code = "collision0";
	DONE(store_item_add(store, arena, &first, &how, &error), "a code");
	DONE(store_item_add(store, arena, &second, &how, &error),
	     "another item with the same code");
	DONE(store_item_add(store, arena, &third, &how, &error), "a third");
	is(first.code, "collision0", "%s: the first one keeps it", end_name);
	ok(strcmp(second.code, first.code) && strcmp(third.code, first.code) &&
	   strcmp(second.code, third.code),
	   "%s: the others get codes of their own", end_name);
	is_int((long long)strlen(second.code), DIGEST_CODE - 1,
	       "%s: of the usual length", end_name);
	is_int(how, STORE_NEW, "%s: and are items of their own", end_name);

	code = arena_strdup(arena, second.code);
	again = second;
	again.code = "collision0";
	DONE(store_item_add(store, arena, &again, &how, &error), "it is known");
	is(again.code, code, "%s: under the code it got", end_name);
}

static void
test_verdict_is_replaced(struct store *store)
{
	struct store_item item = add_item(store), *got;
	struct store_verdict verdict = {
		.customer = "fabrikam", .action = "drop", .rule = "lab",
		.line = 3, .decided = NOW + 9,
	};

	DONE(store_item_decide(store, item.id, &verdict, &error), "decided");
	DONE(store_item(store, item.id, arena, &got, &error), "read");
	is(got->verdict.customer, "fabrikam", "%s: the customer", end_name);
	is(got->verdict.action, "drop", "%s: the action", end_name);
	is_int(got->verdict.decided, NOW + 9, "%s: the time", end_name);
	is(got->code, item.code, "%s: the code stays", end_name);
}

static void
test_journal_in_pieces(struct store *store)
{
	struct store_items items = { 0 };
	struct store_item first = add_item(store);

	add_item(store);
	add_item(store);
	DONE(store_items(store, first.id - 1, 2, arena, &items, &error),
	     "the first piece of the journal");
	DONE(store_items(store, items.items[1].id, 2, arena, &items, &error),
	     "the rest of it");
	is_int((long long)items.count, 3, "%s: together all", end_name);
	is_int(items.items[0].id, first.id, "%s: in their order", end_name);
}

static void
test_events(struct store *store)
{
	struct store_item item = add_item(store);
	struct store_events events = { 0 };

	DONE(store_event_add(store, &(struct store_event){
		.item = item.id, .at = NOW, .what = "format-changed",
		.reason = "label 'Sévérité'" }, &error), "an event");
	DONE(store_event_add(store, &(struct store_event){
		.item = item.id, .delivery = 7, .at = NOW - 1,
		.what = "cancelled", .who = "ana" }, &error), "another");
	DONE(store_events(store, item.id, arena, &events, &error), "read");
	is_int((long long)events.count, 2, "%s: both are there", end_name);
	is(events.items[0].reason, "label 'Sévérité'",
	   "%s: in the order they were added", end_name);
	is_int(events.items[0].delivery, 0, "%s: of the item", end_name);
	is_int(events.items[1].delivery, 7, "%s: of a delivery", end_name);
	is(events.items[1].who, "ana", "%s: with who did it", end_name);
	is_refused(store_event_add(store, &(struct store_event){
		.item = 999999, .at = NOW, .what = "x" }, &error),
		OUTCOME_PERMANENT, "constraint",
		"an event of no item is refused");
}

/* ---- Held ---- */

static void
test_held(struct store *store)
{
	static const char raw[] = "Return-Path: <>\n\0with a NUL\n";
	struct store_item item = add_item(store);
	struct store_helds helds = { 0 };
	struct store_events events = { 0 };
	struct store_held *held, hold = {
		.item = item.id, .since = NOW, .reason = "two tenants",
		.message = raw, .message_length = sizeof(raw),
	};

	DONE(store_held(store, item.id, arena, &held, &error), "asked early");
	ok(!held, "%s: what is not held is not found", end_name);
	DONE(store_held_add(store, &hold, &error), "it is held");
	is_refused(store_held_done(store, item.id, NOW, &error),
		   OUTCOME_PERMANENT, "is not released",
		   "what nobody released is not done");
	DONE(store_held_release(store, item.id, "ana", "contoso", "it is ours",
				NOW + 1, &error), "it is released");
	is_refused(store_held_release(store, item.id, "bob", NULL, NULL, NOW,
				      &error),
		   OUTCOME_PERMANENT, "is not held", "only once");
	DONE(store_helds(store, STORE_RELEASED, arena, &helds, &error),
	     "the released ones are listed");
	is_int((long long)helds.count, 1, "%s: there is one", end_name);
	is(helds.items[0].code, item.code, "%s: with its code", end_name);
	ok(!helds.items[0].message, "%s: without its message", end_name);

	DONE(store_held(store, item.id, arena, &held, &error), "read");
	ok(held->message_length == sizeof(raw) &&
	   !memcmp(held->message, raw, sizeof(raw)),
	   "%s: the message is there byte for byte", end_name);
	is(held->customer, "contoso", "%s: as whose", end_name);
	is(held->note, "it is ours", "%s: and why", end_name);
	DONE(store_events(store, item.id, arena, &events, &error), "events");
	is(events.items[0].what, "released", "%s: an event says so", end_name);

	DONE(store_held_done(store, item.id, NOW + 2, &error), "it is done");
	DONE(store_held(store, item.id, arena, &held, &error), "read again");
	is_int(held->state, STORE_DONE, "%s: it is known to be done",
	       end_name);
	ok(!held->message, "%s: and no message waits", end_name);
	DONE(store_held_add(store, &hold, &error), "it may be held again");
	DONE(store_held(store, item.id, arena, &held, &error), "read");
	is_int(held->state, STORE_HELD, "%s: then it is held", end_name);
	is(held->customer, NULL, "%s: as if for the first time", end_name);
}

/* ---- Raw ---- */

/* As it was read, it is there again. */
static void
is_kept(struct store *store, int64_t item, const void *bytes, size_t length,
	const char *name)
{
	struct store_raw *raw = NULL;

	DONE(store_raw(store, item, arena, &raw, &error), "read");
	ok(raw && raw->length == length && !memcmp(raw->bytes, bytes, length),
	   "%s: %s", end_name, name);
}

static bool
has_raw(struct store *store, int64_t item)
{
	struct store_raw *raw = NULL;

	DONE(store_raw(store, item, arena, &raw, &error), "read");
	return raw;
}

static void
keep(struct store *store, int64_t item, instant_ms since, const void *bytes,
     size_t length)
{
	DONE(store_raw_add(store, &(struct store_raw){
		.item = item, .since = since, .bytes = bytes,
		.length = length }, &error), "it is kept");
}

static void
test_raw(struct store *store)
{
	enum { LARGE = 5 << 20 };
	static const char odd[] = "a NUL \0 and \xff, \r\n";
	struct store_item item = add_item(store), other = add_item(store);
	char *large = arena_alloc(arena, LARGE);

	ok(!has_raw(store, item.id), "%s: what is not kept is not found",
	   end_name);
	keep(store, item.id, NOW, odd, sizeof(odd));
	is_kept(store, item.id, odd, sizeof(odd), "each octet is there");
	memset(large, 'a', LARGE);
	large[LARGE / 2] = '\0';
	keep(store, other.id, NOW, large, LARGE);
	is_kept(store, other.id, large, LARGE, "of a large one too");
	keep(store, other.id, NOW, "", 0);
	is_kept(store, other.id, "", 0, "and of nothing");
	is_kept(store, item.id, odd, sizeof(odd), "each by itself");
}

static const struct {
	const char *name;
	instant_ms since;
	bool is_held;
	enum store_held_state state;
	bool stays;
} raws[] = {
	{ "what came at that moment goes", NOW - DAY, false, 0, false },
	{ "what came before goes", NOW - 9 * DAY, false, 0, false },
	{ "what came after it stays", NOW - DAY + 1, false, 0, true },
	{ "what is held stays", NOW - 9 * DAY, true, STORE_HELD, true },
	{ "what was released and waits stays", NOW - 9 * DAY, true,
	  STORE_RELEASED, true },
	{ "what was held and is done goes", NOW - 9 * DAY, true, STORE_DONE,
	  false },
};

enum { RAWS = sizeof(raws) / sizeof(raws[0]) };

static void
hold_since(struct store *store, int64_t item, instant_ms since,
	   enum store_held_state state)
{
	DONE(store_held_add(store, &(struct store_held){
		.item = item, .since = since, .reason = "r", .message = "m",
		.message_length = 1 }, &error), "held");
	if (state != STORE_HELD)
		DONE(store_held_release(store, item, "ana", NULL, NULL, NOW,
					&error), "released");
	if (state == STORE_DONE)
		DONE(store_held_done(store, item, NOW, &error), "done");
}

static void
test_prune_raw(struct store *store)
{
	int64_t ids[RAWS];
	bool more;
	size_t i;

	for (i = 0; i < RAWS; i++) {
		ids[i] = add_item(store).id;
		if (raws[i].is_held)
			hold_since(store, ids[i], raws[i].since,
				   raws[i].state);
		else
			keep(store, ids[i], raws[i].since, "m", 1);
	}
	DONE(store_raw_prune(store, NOW - DAY, &more, &error), "it is over");
	ok(!more, "%s: in one piece", end_name);
	for (i = 0; i < RAWS; i++)
		ok(has_raw(store, ids[i]) == raws[i].stays, "%s: %s",
		   end_name, raws[i].name);
}

static void
test_prune_raw_in_pieces(struct store *store)
{
	enum { MANY = 150 };
	int64_t ids[MANY];
	size_t pieces = 0, left = 0, i;
	bool more = true;

	DONE(store_begin(store, &error), "");
	for (i = 0; i < MANY; i++) {
		ids[i] = add_item(store).id;
		keep(store, ids[i], NOW - DAY, "m", 1);
	}
	DONE(store_end(store, OUTCOME_OK, &error), "many");
	for (; more && pieces < 10; pieces++)
		DONE(store_raw_prune(store, NOW - DAY, &more, &error), "");
	for (i = 0; i < MANY; i++)
		left += has_raw(store, ids[i]);
	is_int((long long)pieces, 2, "%s: they go in pieces", end_name);
	is_int((long long)left, 0, "%s: and all go", end_name);
}

/* ---- Deliveries ---- */

static void
test_delivery_comes_back(struct store *store)
{
	struct store_item item = add_item(store);
	struct store_delivery *got, delivery = {
		.item = item.id, .kind = STORE_NOTICE,
		.channel = "pager", .address = "ana@mssp.example",
		.about = "failed 3", .headers = "{\"Priority\":\"high\"}",
		.owner = "local", .lease = NOW + 4, .generation = 7,
		.contact = "ana", .relay = "smarthost", .rule = "nights",
		.template = "urgent", .sender = "t@relay.example",
		.message_id = "i@relay.example", .smtputf8 = true,
		.urgent = true, .created = NOW, .state = STORE_RETRY,
		.attempts = 3, .updated = NOW + 1, .due = NOW + 2,
		.expires = NOW + 3, .reply = "450 later",
		.body = "a\0b", .body_length = 3,
	};

	DONE(store_delivery_add(store, &delivery, &error), "it is added");
	DONE(store_delivery(store, delivery.id, arena, &got, &error), "read");
	is(got->code, item.code, "%s: the code of its item", end_name);
	is(got->customer, "contoso", "%s: and the customer", end_name);
	is_int(got->kind, STORE_NOTICE, "%s: kind", end_name);
	is(got->channel, "pager", "%s: channel", end_name);
	is(got->address, "ana@mssp.example", "%s: address", end_name);
	is(got->headers, "{\"Priority\":\"high\"}", "%s: headers", end_name);
	is(got->owner, "local", "%s: owner", end_name);
	is_int(got->lease, NOW + 4, "%s: lease", end_name);
	is_int(got->generation, 7, "%s: generation", end_name);
	is(got->about, "failed 3", "%s: about", end_name);
	is(got->contact, "ana", "%s: contact", end_name);
	is(got->relay, "smarthost", "%s: relay", end_name);
	is(got->rule, "nights", "%s: rule", end_name);
	is(got->template, "urgent", "%s: template", end_name);
	is(got->sender, "t@relay.example", "%s: sender", end_name);
	is(got->message_id, "i@relay.example", "%s: message id", end_name);
	ok(got->smtputf8 && got->urgent, "%s: flags", end_name);
	is_int(got->created, NOW, "%s: created", end_name);
	is_int(got->state, STORE_RETRY, "%s: state", end_name);
	is_int(got->attempts, 3, "%s: attempts", end_name);
	is_int(got->updated, NOW + 1, "%s: updated", end_name);
	is_int(got->due, NOW + 2, "%s: due", end_name);
	is_int(got->expires, NOW + 3, "%s: expires", end_name);
	is(got->reply, "450 later", "%s: reply", end_name);
	ok(got->body_length == 3 && !memcmp(got->body, "a\0b", 3),
	   "%s: body", end_name);
}

static void
test_told_once(struct store *store)
{
	static const struct {
		const char *name, *channel, *address, *about;
		enum store_kind kind;
		bool added;
	} rows[] = {
		{ "the first one", "smtp", "a@x", "", STORE_ALERT, true },
		{ "the same again", "smtp", "a@x", "", STORE_ALERT, false },
		{ "another channel", "pager", "a@x", "", STORE_ALERT, true },
		{ "another address", "smtp", "b@x", "", STORE_ALERT, true },
		{ "a notice", "smtp", "a@x", "failed 1", STORE_NOTICE, true },
		{ "the same notice", "smtp", "a@x", "failed 1", STORE_NOTICE,
		  false },
		{ "another notice", "smtp", "a@x", "failed 2", STORE_NOTICE,
		  true },
	};
	struct store_item item = add_item(store), other = add_item(store);
	struct store_deliveries list = { 0 };
	struct store_delivery delivery;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		delivery = new_delivery(item.id, rows[i].address);
		delivery.channel = rows[i].channel;
		delivery.kind = rows[i].kind;
		delivery.about = rows[i].about;
		DONE(store_delivery_add(store, &delivery, &error),
		     rows[i].name);
		ok((delivery.id != 0) == rows[i].added, "%s: %s %s", end_name,
		   rows[i].name, rows[i].added ? "is added" : "is not added");
	}
	delivery = new_delivery(other.id, "a@x");
	DONE(store_delivery_add(store, &delivery, &error), "of another item");
	ok(delivery.id, "%s: the same for another item is added", end_name);
	DONE(store_item_deliveries(store, item.id, arena, &list, &error),
	     "the deliveries of the item");
	is_int((long long)list.count, 5, "%s: are five", end_name);
}

static void
test_delivery_of_nothing(struct store *store)
{
	struct store_delivery delivery = new_delivery(999999, "a@x");

	is_refused(store_delivery_add(store, &delivery, &error),
		   OUTCOME_PERMANENT, "constraint",
		   "a delivery of no item is refused, not forgotten");
}

/* ---- Transactions ---- */

static void
test_rollback(struct store *store)
{
	struct store_item item, kept = add_item(store);
	struct store_item wanted = new_item();
	enum store_added how;

	DONE(store_begin(store, &error), "a transaction");
	item = add_item(store);
	add_delivery(store, item.id, "a@x", STORE_PENDING, NOW);
	is_int(store_end(store, OUTCOME_TEMPORARY, &error), OUTCOME_TEMPORARY,
	       "%s: that ends badly hands its outcome through", end_name);
	ok(!has_item(store, item.id), "%s: and leaves nothing", end_name);
	ok(has_item(store, kept.id), "%s: of itself", end_name);

	DONE(store_begin(store, &error), "an outer transaction");
	DONE(store_begin(store, &error), "with an inner one");
	DONE(store_item_add(store, arena, &wanted, &how, &error), "an item");
	DONE(store_end(store, OUTCOME_OK, &error), "the inner one ends well");
	is_int(store_end(store, OUTCOME_PERMANENT, &error), OUTCOME_PERMANENT,
	       "%s: the outer one does not", end_name);
	ok(!has_item(store, wanted.id), "%s: so nothing is there", end_name);
}

static void
test_failure_inside(struct store *store)
{
	struct store_delivery bad = new_delivery(999999, "a@x");
	struct store_item item;

	DONE(store_begin(store, &error), "a transaction");
	item = add_item(store);
	is_int(store_delivery_add(store, &bad, &error), OUTCOME_PERMANENT,
	       "%s: in which something fails", end_name);
	buf_reset(&error);
	is_refused(store_end(store, OUTCOME_OK, &error), OUTCOME_TEMPORARY,
		   "nothing of it is stored", "cannot be committed");
	ok(!has_item(store, item.id), "%s: and leaves nothing", end_name);
	add_item(store);
}

/* ---- What is over ---- */

static const struct {
	const char *name;
	int64_t age;			/* days */
	enum store_state state;		/* of its delivery */
	enum store_held_state held;
	bool stays;
} prunes[] = {
	{ "an old one is forgotten", 91, STORE_SENT, STORE_DONE, false },
	{ "one that failed too", 91, STORE_FAILED, STORE_DONE, false },
	{ "a cancelled one too", 91, STORE_CANCELLED, STORE_DONE, false },
	{ "a young one stays", 89, STORE_SENT, STORE_DONE, true },
	{ "one to be sent stays", 91, STORE_PENDING, STORE_DONE, true },
	{ "one being sent stays", 91, STORE_CLAIMED, STORE_DONE, true },
	{ "one to be retried stays", 91, STORE_RETRY, STORE_DONE, true },
	{ "a held one stays", 91, STORE_SENT, STORE_HELD, true },
	{ "a released one stays", 91, STORE_SENT, STORE_RELEASED, true },
};

enum { PRUNES = sizeof(prunes) / sizeof(prunes[0]) };


static void
prune_all(struct store *store)
{
	bool more;

	DONE(store_prune(store, NOW, &more, &error), "what is over goes");
	ok(!more, "%s: in one piece", end_name);
}

static void
test_prune_items(struct store *store)
{
	enum store_added how;
	int64_t ids[PRUNES], deliveries[PRUNES];
	struct store_delivery *delivery;
	size_t i;

	for (i = 0; i < PRUNES; i++) {
		struct store_item item = new_item();

		item.received = NOW - prunes[i].age * DAY;
		DONE(store_item_add(store, arena, &item, &how, &error), "");
		ids[i] = item.id;
		deliveries[i] = add_delivery(store, item.id, "a@x",
					     prunes[i].state, TIME_UNKNOWN);
		hold_since(store, item.id, NOW, prunes[i].held);
	}
	prune_all(store);
	for (i = 0; i < PRUNES; i++) {
		ok(has_item(store, ids[i]) == prunes[i].stays, "%s: %s",
		   end_name, prunes[i].name);
		DONE(store_delivery(store, deliveries[i], arena, &delivery,
				    &error), "read");
		ok(!!delivery == prunes[i].stays, "%s: with its delivery",
		   end_name);
		ok(has_raw(store, ids[i]) == prunes[i].stays,
		   "%s: and what came", end_name);
	}
}

static const struct {
	const char *name;
	enum store_state state;
	instant_ms due;
	bool stays;
} mails[] = {
	{ "a mail sent long ago goes", STORE_SENT, NOW, false },
	{ "one sent lately stays", STORE_SENT, NOW + 1, true },
	{ "one cancelled long ago goes", STORE_CANCELLED, NOW - DAY, false },
	{ "one that failed stays", STORE_FAILED, TIME_UNKNOWN, true },
	{ "one to be sent stays", STORE_PENDING, NOW - DAY, true },
	{ "one to be retried stays", STORE_RETRY, NOW - DAY, true },
};

enum { MAILS = sizeof(mails) / sizeof(mails[0]) };

static void
test_prune_messages(struct store *store)
{
	struct store_item item = add_item(store);
	struct store_delivery *delivery;
	int64_t ids[MAILS];
	size_t i;

	for (i = 0; i < MAILS; i++)
		ids[i] = add_delivery(store, item.id,
				      arena_printf(arena, "%zu@x", i),
				      mails[i].state, mails[i].due);
	prune_all(store);
	for (i = 0; i < MAILS; i++) {
		DONE(store_delivery(store, ids[i], arena, &delivery, &error),
		     "the delivery itself stays");
		ok(!!delivery->body == mails[i].stays, "%s: %s", end_name,
		   mails[i].name);
	}
	is_int(delivery->due, NOW - DAY, "%s: a retry is still due", end_name);
}

static void
test_prune_in_pieces(struct store *store)
{
	enum { MANY = 501 };
	enum store_added how;
	size_t i;
	bool more;

	(void)store_begin(store, &error);
	for (i = 0; i < MANY; i++) {
		struct store_item item = new_item();

		item.received = NOW - 100 * DAY;
		(void)store_item_add(store, arena, &item, &how, &error);
	}
	DONE(store_end(store, OUTCOME_OK, &error), "many old items");
	DONE(store_prune(store, NOW, &more, &error), "a piece of them goes");
	ok(more, "%s: and there is more", end_name);
	prune_all(store);
}

/* Beside what other tests have left. */
static void
test_standing(struct store *store)
{
	struct store_standing before, after;
	struct store_backlogs backlogs = { 0 };
	struct store_backlog *last;
	const struct store_change failed = {
		.state = STORE_FAILED, .at = NOW, .due = TIME_UNKNOWN,
		.expires = TIME_UNKNOWN, .reply = "550 no such desk",
	};
	int64_t item = add_item(store).id, failing;

	DONE(store_standing(store, &before, &error), "it says how it stands");
	(void)add_delivery(store, item, "x@a.example", STORE_PENDING, NOW);
	failing = add_delivery(store, item, "y@a.example", STORE_PENDING, NOW);
	DONE(store_delivery_change(store, failing, &failed, &error), "one fails");
	hold_since(store, item, NOW, STORE_HELD);
	DONE(store_standing(store, &after, &error), "and again");
	is_int(after.deliveries[STORE_PENDING] -
	       before.deliveries[STORE_PENDING], 1, "one more is to be sent");
	is_int(after.deliveries[STORE_FAILED] -
	       before.deliveries[STORE_FAILED], 1, "one more has failed");
	is_int(after.held - before.held, 1, "one more is held");
	ok(after.oldest <= NOW, "the oldest is as old as the new one");
	DONE(store_backlog(store, arena, &backlogs, &error), "by reason");
	last = &backlogs.items[0];
	while (!last->reply || strcmp(last->reply, "550 no such desk"))
		last++;
	is_int(last->count, 1, "a reason has those that failed for it");
	is_int(last->state, STORE_FAILED, "in one state");
}

static void
test_crashes(struct store *store)
{
	struct store_crashes crashes = { 0 };
	bool more;

	DONE(store_crash_put(store, "f", 1, NOW, &error), "once");
	DONE(store_crash_put(store, "f", 2, NOW, &error), "twice");
	DONE(store_crash_put(store, "g", 1, NOW, &error), "another");
	DONE(store_crashes(store, arena, &crashes, &error), "they are read");
	ok(crashes.count == 2 && crashes.items[0].count == 2 &&
	   crashes.items[1].count == 1, "%s: each is counted apart", end_name);
	crashes.count = 0;
	DONE(store_crash_forget(store, "f", &error), "forgotten");
	DONE(store_crashes(store, arena, &crashes, &error), "then");
	ok(crashes.count == 1 && crashes.items[0].count == 1,
	   "%s: it is harmless again", end_name);
	is(crashes.items[0].spool, "g", "%s: the other is not", end_name);
	crashes.count = 0;
	DONE(store_prune(store, NOW + 91 * DAY, &more, &error), "much later");
	DONE(store_crashes(store, arena, &crashes, &error), "then");
	is_int((int)crashes.count, 0, "%s: so is the other", end_name);
}

static void
test_meta(struct store *store)
{
	const char *value = "x";

	DONE(store_meta(store, "instance", arena, &value, &error), "asked");
	is(value, NULL, "%s: what was never set is NULL", end_name);
	DONE(store_meta_set(store, "instance", "one", &error), "set");
	DONE(store_meta_set(store, "instance", "two", &error), "set again");
	DONE(store_meta(store, "instance", arena, &value, &error), "asked");
	is(value, "two", "%s: the last value counts", end_name);
}

static void
test_tolds(struct store *store)
{
	static const struct store_told put[] = {
		{ "a1", "7", "ana@x.example", "api", 4, 1 },
		{ "a2", "7", "bob@x.example", "api", 2, 2 },
		{ "", "7", "ana@x.example", "mail", 4, 3 },
		{ "a3", "", "bob@x.example", "api", 4, 4 },
	};
	static const struct {
		const char *customer, *alert, *incident;
		size_t want;
		const char *name;
	} cases[] = {
		{ "c", "a1", "", 1, "by its alert" },
		{ "c", "", "7", 3, "by its incident" },
		{ "c", "a1", "7", 3, "by both, once" },
		{ "c", "a3", "7", 4, "by either" },
		{ "c", "", "", 0, "by nothing, though some name no incident" },
		{ "d", "a1", "7", 0, "not of another customer" },
	};
	size_t i;

	for (i = 0; i < sizeof(put) / sizeof(*put); i++)
		DONE(store_told_put(store, "c", &put[i], &error), "told");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct store_tolds tolds = { 0 };

		DONE(store_tolds(store, cases[i].customer, cases[i].alert,
				 cases[i].incident, arena, &tolds, &error),
		     "asked");
		is_int((long)tolds.count, (long)cases[i].want,
		       "%s: who was told is found %s", end_name,
		       cases[i].name);
	}
}

#define MIDNIGHT (NOW / DAY * DAY)

/* Of one customer; when each alert first came by mail and by API. */
static const struct { const char *alert; instant_ms mail, api; } arrivals[] = {
	{ "a", MIDNIGHT + 1, TIME_UNKNOWN },
	{ "b", TIME_UNKNOWN, MIDNIGHT + 1 },
	{ "c", MIDNIGHT + 2, MIDNIGHT + 1 },
	{ "d", MIDNIGHT, MIDNIGHT - 1 },
	{ "e", TIME_UNKNOWN, MIDNIGHT - DAY },
	{ "f", TIME_UNKNOWN, MIDNIGHT - DAY - 1 },
};

static void
add_known(struct store *store, const char *alert, instant_ms mail,
	  instant_ms api)
{
	const struct store_known known = {
		.customer = "contoso", .alert = alert, .devices = "[]",
		.updated = TIME_UNKNOWN, .mail = mail, .api = api, .seen = NOW,
	};

	DONE(store_known_put(store, &known, &error), "an alert came");
}

static void
is_day(const struct store_days *days, size_t i, int64_t day, const char *want)
{
	const struct store_day *got = &days->items[i];

	is_int(got->day, day, "%s: the day", end_name);
	is(arena_printf(arena, "%d %d %d", (int)got->roads.mail_only,
			(int)got->roads.api_only, (int)got->roads.both), want,
	   "%s: by mail, by API, by both", end_name);
}

static void
test_days(struct store *store)
{
	struct store_days days = { 0 }, later = { 0 }, none = { 0 };
	int64_t today = NOW / DAY;
	bool more;
	size_t i;

	for (i = 0; i < sizeof(arrivals) / sizeof(*arrivals); i++)
		add_known(store, arrivals[i].alert, arrivals[i].mail,
			  arrivals[i].api);
	DONE(store_days_update(store, NOW, &error), "the days are counted");
	DONE(store_days(store, "contoso", arena, &days, &error), "read");
	is_int((int64_t)days.count, 2, "%s: today and yesterday", end_name);
	is_day(&days, 0, today, "1 1 1");
	is_day(&days, 1, today - 1, "0 1 1");

	/* The other road, after midnight; then nobody counts that day again. */
	add_known(store, "e", MIDNIGHT + 5, MIDNIGHT - DAY);
	DONE(store_days_update(store, NOW, &error), "counted again");
	add_known(store, "b", NOW + 2 * DAY, MIDNIGHT + 1);
	DONE(store_days_update(store, NOW + 2 * DAY, &error), "and later");
	DONE(store_days(store, "contoso", arena, &later, &error), "read");
	is_int((int64_t)later.count, 2, "%s: a day without alerts has no row",
	       end_name);
	is_day(&later, 0, today, "1 1 1");
	is_day(&later, 1, today - 1, "0 0 2");
	DONE(store_prune(store, NOW + 90 * DAY, &more, &error), "months go by");
	DONE(store_days(store, "contoso", arena, &none, &error), "read");
	is_int((int64_t)none.count, 1, "%s: days are kept for 90 days",
	       end_name);
}

static void
test_known_for_90_days(struct store *store)
{
	struct store_known *known = NULL;
	bool more;

	add_known(store, "a", NOW, TIME_UNKNOWN);
	DONE(store_prune(store, NOW + 90 * DAY, &more, &error), "months go by");
	DONE(store_known(store, "contoso", "a", arena, &known, &error), "");
	ok(known, "%s: an alert is known for 90 days", end_name);
	DONE(store_prune(store, NOW + 90 * DAY + 1, &more, &error), "more");
	DONE(store_known(store, "contoso", "a", arena, &known, &error), "");
	ok(!known, "%s: and not for longer", end_name);
}

static void
test_incidents(struct store *store)
{
	struct store_incident incident = { "t", "1", "First", NULL };
	struct store_incident *got;
	struct store_incidents parts = { 0 };
	bool more;

	DONE(store_incident_put(store, &incident, NOW, &error), "told");
	incident.merged = "2";
	incident.name = NULL;
	DONE(store_incident_put(store, &incident, NOW, &error), "told again");
	DONE(store_incident(store, "t", "1", arena, &got, &error), "read");
	ok(got && !got->name && got->merged && !strcmp(got->merged, "2"),
	   "%s: the last word counts", end_name);
	DONE(store_incident(store, "u", "1", arena, &got, &error), "read");
	ok(!got, "%s: another tenant has other incidents", end_name);
	DONE(store_incident_parts(store, "t", "2", arena, &parts, &error),
	     "what was merged is found");
	is_int((int64_t)parts.count, 1, "%s: all of it", end_name);
	DONE(store_prune(store, NOW + 91 * DAY, &more, &error), "months go by");
	DONE(store_incident(store, "t", "1", arena, &got, &error), "read");
	ok(!got, "%s: and it is forgotten", end_name);
}

static struct store_replacement
new_replacement(instant_ms since, instant_ms until)
{
	return (struct store_replacement){
		.oncall = "primary", .name = "bob", .by = "ana\xc3\xa9",
		.since = since, .until = until, .who = "dan", .made = NOW,
	};
}

static struct store_replacements
replacements_of(struct store *store)
{
	struct store_replacements list = { 0 };

	DONE(store_replacements(store, arena, &list, &error), "all are read");
	return list;
}

static void
test_replacements(struct store *store)
{
	struct store_replacement it = new_replacement(NOW + 10, NOW + DAY);
	struct store_replacements list;
	int64_t first = 0, second = 0;

	DONE(store_replacement_add(store, &it, &first, &error), "one");
	it.since = NOW - 5;
	it.until = NOW + 100 * DAY;
	DONE(store_replacement_add(store, &it, &second, &error), "another");
	list = replacements_of(store);
	is_int((int64_t)list.count, 2, "%s: two come back", end_name);
	ok(list.items[0].id == first && list.items[1].id == second,
	   "%s: in the order in which they were made", end_name);
	ok(!strcmp(list.items[0].oncall, "primary") &&
	   !strcmp(list.items[0].name, "bob") &&
	   !strcmp(list.items[0].by, it.by) &&
	   !strcmp(list.items[0].who, "dan"), "%s: with its words", end_name);
	ok(list.items[0].since == NOW + 10 && list.items[0].until == NOW + DAY &&
	   list.items[0].made == NOW && list.items[0].ended == TIME_UNKNOWN,
	   "%s: and its times", end_name);

	DONE(store_replacement_end(store, first, NOW, &error),
	     "one that is to come is ended");
	DONE(store_replacement_end(store, second, NOW, &error),
	     "so is one in force");
	is_refused(store_replacement_end(store, second, NOW, &error),
		   OUTCOME_PERMANENT, "no replacement", "but only once");
	is_refused(store_replacement_end(store, 99, NOW, &error),
		   OUTCOME_PERMANENT, "no replacement 99", "nor another one");
	list = replacements_of(store);
	ok(list.items[0].since == list.items[0].until &&
	   list.items[0].ended == NOW, "%s: it never comes", end_name);
	ok(list.items[1].since == NOW - 5 && list.items[1].until == NOW,
	   "%s: what was stays", end_name);
}

static bool
has_replacement(struct store *store, int64_t id)
{
	struct store_replacements list = replacements_of(store);
	size_t i;

	for (i = 0; i < list.count; i++)
		if (list.items[i].id == id)
			return true;
	return false;
}

static void
test_prune_replacements(struct store *store)
{
	struct store_replacement it = new_replacement(NOW - DAY, NOW);
	int64_t id = 0;
	bool more;

	DONE(store_replacement_add(store, &it, &id, &error), "one is over");
	DONE(store_prune(store, NOW + STORE_JOURNAL_DAYS * DAY, &more, &error),
	     "as long as the journal");
	ok(has_replacement(store, id), "%s: it is kept", end_name);
	DONE(store_prune(store, NOW + STORE_JOURNAL_DAYS * DAY + 1, &more,
			 &error), "and then");
	ok(!has_replacement(store, id), "%s: it is gone", end_name);
}

static void (*const tests[])(struct store *store) = {
	test_item_comes_back,
	test_item_without_much,
	test_accepting_is_idempotent,
	test_codes_differ,
	test_verdict_is_replaced,
	test_journal_in_pieces,
	test_events,
	test_raw,
	test_held,
	test_prune_raw,
	test_prune_raw_in_pieces,
	test_delivery_comes_back,
	test_told_once,
	test_delivery_of_nothing,
	test_rollback,
	test_failure_inside,
	test_prune_items,
	test_prune_messages,
	test_prune_in_pieces,
	test_crashes,
	test_standing,
	test_meta,
	test_tolds,
	test_days,
	test_known_for_90_days,
	test_incidents,
	test_replacements,
	test_prune_replacements,
	NULL
};

static void
run_all(const char *name, const char *state)
{
	struct store *store = open_store(state);
	size_t i;

	end_name = name;
	for (i = 0; tests[i]; i++)
		tests[i](store);
	store_close(&store);
	ok(!store, "%s: it is closed", name);
}

/* ---- The file ---- */

static void
test_modes(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char *state = make_directory();
	struct store *store;
	struct stat stat_;
	mode_t mask = umask(0);
	size_t i;

	store = open_store(state);
	add_item(store);
	for (i = 0; i < 3; i++)
		ok(!stat(file_of(state, suffixes[i]), &stat_) &&
		   (stat_.st_mode & 07777) == 0600,
		   "store.db%s is for its owner only", suffixes[i]);
	umask(mask);
	store_close(&store);
	ok(access(file_of(state, "-wal"), F_OK),
	   "the log is gone when the store was closed");
	remove_directory(state);
}

/* What is committed and nothing else, in a file of its own. */
static void
test_copy(void)
{
	char *state = make_directory(), *beside = make_directory();
	struct store *store = open_store(state), *copy;
	const char *value = NULL;
	mode_t mask = umask(0);
	struct stat stat_;

	DONE(store_meta_set(store, "a", "1", &error), "a value is there");
	DONE(store_copy(store, file_of(beside, ""), &error), "it is copied");
	umask(mask);
	ok(!stat(file_of(beside, ""), &stat_) &&
	   (stat_.st_mode & 07777) == 0600, "for its owner only");
	DONE(store_meta_set(store, "a", "2", &error), "and changes");
	is_refused(store_copy(store, file_of(beside, ""), &error),
		   OUTCOME_PERMANENT, "there is a file",
		   "nothing is written over");
	DONE(store_examine(url_of(beside), &error), "the copy is whole");
	copy = open_again(beside);
	DONE(store_meta(copy, "a", arena, &value, &error), "it is a store");
	is(value, "1", "with the value of then");
	store_close(&copy);
	is_refused(store_copy(store, "/nowhere/copy", &error),
		   OUTCOME_PERMANENT, "/nowhere/copy", "a copy needs a folder");
	store_close(&store);
	remove_directory(state);
	remove_directory(beside);
}

static void
test_survives(void)
{
	char *state = make_directory();
	struct store *store = open_store(state);
	struct store_item item = add_item(store);

	store_close(&store);
	store = open_store(state);
	ok(has_item(store, item.id), "an item is there after closing");
	store_close(&store);
	remove_directory(state);
}

static void
test_second_connection(void)
{
	char *state = make_directory();
	struct store *daemon = open_store(state), *command = open_again(state);
	struct store_item item;

	ok(!store_changed(daemon), "at first nothing has changed");
	item = add_item(daemon);
	ok(!store_changed(daemon), "what the daemon did itself is no change");
	ok(has_item(command, item.id), "a command sees it");
	DONE(store_meta_set(command, "x", "y", &error),
	     "a command changes something");
	ok(store_changed(daemon), "the daemon notices");
	ok(!store_changed(daemon), "once");
	store_close(&command);
	store_close(&daemon);
	remove_directory(state);
}

/* Overwrite bytes of a closed store. */
static void
damage(const char *state, off_t at, const void *bytes, size_t count)
{
	int fd = open(file_of(state, ""), O_WRONLY);

	ok(fd >= 0 && pwrite(fd, bytes, count, at) == (ssize_t)count,
	   "the file is changed");
	close(fd);
}

static const char *
digest_of(const char *state)
{
	char *hex = arena_alloc(arena, DIGEST_HEX);
	unsigned char bytes[DIGEST_SIZE];
	struct digest *digest = digest_create();
	struct buf file = BUF_INIT;

	(void)file_read(file_of(state, ""), 1 << 20, &file, &error);
	digest_add(digest, file.data, file.len);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	buf_release(&file);
	return hex;
}

/* https://www.sqlite.org/fileformat2.html#the_database_header: at 18 whether
 * there is a write-ahead log (2) or not (1), at 60 the version, at 68 whose it
 * is. */
static const struct {
	const char *name;
	off_t at;
	const char *bytes;
	size_t count;
	const char *sentence;		/* of the daemon, */
	const char *command;		/* of a command; NULL: the same */
} damages[] = {
	{ "a file that is no database", 0, "this is no database", 19,
	  "store.db: file is not a database (restore it from a backup, or move "
	  "it away to begin a new one)", NULL },
	{ "a database that is damaged", 100, "\xff\xff\xff\xff\xff\xff", 6,
	  "store.db: database disk image is malformed (restore it", NULL },
	{ "a store of a newer version", 60, "\0\0\0\6", 4,
	  "store.db was written by a newer tocsin: its version is 6, this "
	  "program knows 5", NULL },
	{ "a store of an older version", 60, "\0\0\0\2", 4, NULL,
	  "store.db was written by an older tocsin: its version is 2, this "
	  "program has 5; `tocsin run` brings it up to date when it starts" },
	{ "a database of another program", 68, "\0\0\0\0", 4,
	  "store.db is the database of another program", NULL },
	{ "one that has no write-ahead log", 18, "\1\1", 2, NULL, NULL },
	{ "one that is of another program besides", 68, "\0\0\0\0", 4,
	  "store.db is the database of another program", NULL },
};

enum { DAMAGES = sizeof(damages) / sizeof(*damages) };

/* It is refused, and stays as it is. */
static void
test_refused(const char *state, store_opener *open, const char *sentence,
	     const char *name)
{
	const char *before = digest_of(state);
	struct store *store = NULL;

	is_refused(open(url_of(state), &store, &error), OUTCOME_PERMANENT,
		   sentence, name);
	ok(!store, "%s: nothing is open", name);
	is(digest_of(state), before, "%s: and not an octet is changed", name);
}

static void
test_damage(void)
{
	char *state = NULL;
	size_t i;

	for (i = 0; i < DAMAGES; i++) {
		const char *daemon = damages[i].sentence;
		const char *command = damages[i].command;
		struct store *store;

		/* Those without a sentence are damaged further. */
		if (!i || damages[i - 1].sentence || damages[i - 1].command) {
			state = make_directory();
			store = open_store(state);
			store_close(&store);
		}
		damage(state, damages[i].at, damages[i].bytes,
		       damages[i].count);
		if (daemon)
			test_refused(state, store_open_own, daemon,
				     damages[i].name);
		if (daemon || command)
			test_refused(state, store_open,
				     command ? command : daemon,
				     damages[i].name);
		if (daemon || command)
			remove_directory(state);
	}
}

static void
test_no_directory(void)
{
	struct store *store = NULL;

	is_refused(store_open("sqlite:/nonexistent/store.db", &store, &error),
		   OUTCOME_PERMANENT,
		   "cannot create /nonexistent/store.db: No such file",
		   "a directory that does not exist");
	is_refused(store_open("oracle://scott:tiger@x", &store, &error),
		   OUTCOME_PERMANENT, "no driver for a store like 'oracle:'",
		   "a back end that does not exist");
}

static void
test_one_owner(void)
{
	char *state = make_directory();
	struct store *store = open_store(state), *second = NULL;

	is_refused(store_open_own(url_of(state), &second, &error),
		   OUTCOME_PERMANENT, "another tocsin runs on the store",
		   "a second daemon on a store");
	store_close(&store);
	store = open_store(state);
	ok(store, "once the first one has ended, it may");
	store_close(&store);
	remove_directory(state);
}

/* Run in a child, whose tests count here by its status: 0 is good. */
static bool
in_child(void (*run)(const char *state), const char *state)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		run(state);
		_exit(0);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

static void
expect(bool good, const char *name)
{
	if (good)
		return;
	printf("# not so: %s: %s\n", name, error.data);
	fflush(stdout);
	_exit(1);
}

static void
open_without_rights(const char *state)
{
	enum { NOBODY = 65534 };
	struct store *store = NULL;

	expect(geteuid() || !setuid(NOBODY), "not root");
	expect(store_open_own(url_of(state), &store, &error) ==
	       OUTCOME_PERMANENT, "it is refused for good");
	expect(strstr(error.data, "cannot be written (whoever runs tocsin must "
				  "be able to write it)"), "it says why");
}

static void
test_read_only(void)
{
	char *state = make_directory();
	struct store *store = open_store(state);

	store_close(&store);
	(void)chmod(state, 0755);
	(void)chmod(file_of(state, ""), 0444);
	ok(in_child(open_without_rights, state),
	   "a store that cannot be written is refused");
	remove_directory(state);
}

static bool
add_quietly(struct store *store, struct store_item *item)
{
	static char mail[20000];
	struct store_delivery delivery;
	enum outcome outcome;
	enum store_added how;

	memset(mail, 'x', sizeof(mail));
	*item = new_item();
	if (store_begin(store, &error) != OUTCOME_OK)
		return false;
	outcome = store_item_add(store, arena, item, &how, &error);
	delivery = new_delivery(item->id, "a@x");
	delivery.body = mail;
	delivery.body_length = sizeof(mail);
	if (outcome == OUTCOME_OK)
		outcome = store_delivery_add(store, &delivery, &error);
	outcome = store_end(store, outcome, &error);
	expect(outcome != OUTCOME_PERMANENT, "a full disk is temporary");
	return outcome == OUTCOME_OK;
}

/* Fill the disk; whatever was answered with OK is there, nothing is half, and
 * it goes on once there is room. */
static void
fill(const char *state, struct store *store, void (*make_room)(const char *),
     const char *sentence)
{
	struct store_items items = { 0 };
	struct store_deliveries list = { 0 };
	struct store_item item;
	size_t taken = 0;

	while (taken < 1000 && add_quietly(store, &item))
		taken++;
	expect(taken > 0 && taken < 1000, "it gets full");
	expect(strstr(error.data, sentence), "it says so");
	expect(!add_quietly(store, &item), "it stays full");
	expect(store_items(store, 0, 2000, arena, &items, &error) ==
	       OUTCOME_OK, "it can be read");
	expect(items.count == taken, "no item is half, none is lost");
	expect(store_deliveries(store, STORE_PENDING, 2000, arena, &list,
				&error) == OUTCOME_OK, "so can deliveries");
	expect(list.count == taken, "nor a delivery");
	make_room(state);
	expect(add_quietly(store, &item), "with room again it goes on");
	store_close(&store);
	store = open_store(state);
	expect(has_item(store, item.id), "and it is there");
	store_close(&store);
}

static void
raise_limit(const char *state)
{
	struct rlimit limit;

	(void)state;
	(void)getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = limit.rlim_max;
	expect(!setrlimit(RLIMIT_FSIZE, &limit), "no limit");
}

static void
fill_to_limit(const char *state)
{
	struct store *store = open_store(state);
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 400000;
	expect(!setrlimit(RLIMIT_FSIZE, &limit), "a limit");
	fill(state, store, raise_limit, "disk I/O error");
}

static void
remount_larger(const char *state)
{
	expect(!mount("none", state, "tmpfs", MS_REMOUNT, "size=8m"),
	       "a larger disk");
}

static void
fill_disk(const char *state)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", state, "tmpfs", 0, "size=400k")) {
		printf("# not allowed to mount a small disk: %s\n",
		       strerror(errno));
		fflush(stdout);
		return;
	}
	fill(state, open_store(state), remount_larger,
	     "database or disk is full (free some space there)");
}

static void
test_full(void)
{
	char *state = make_directory();

	ok(in_child(fill_to_limit, state),
	   "a write that fails leaves nothing half");
	remove_directory(state);
	state = make_directory();
	ok(in_child(fill_disk, state), "nor does a full disk");
	remove_directory(state);
}

/* One process holds the store; the other waits its time. */
static void
wait_too_long(const char *state)
{
	struct store *holder = open_store(state), *waiter = open_again(state);

	expect(store_begin(holder, &error) == OUTCOME_OK, "held");
	expect(store_begin(waiter, &error) == OUTCOME_TEMPORARY,
	       "it is not to be had now");
	expect(strstr(error.data, "database is locked"), "it says so");
	expect(store_end(holder, OUTCOME_OK, &error) == OUTCOME_OK, "free");
	expect(store_begin(waiter, &error) == OUTCOME_OK, "now it is");
	expect(store_end(waiter, OUTCOME_OK, &error) == OUTCOME_OK, "done");
	store_close(&holder);
	store_close(&waiter);
}

int
main(void)
{
	char *waiting, *state;
	int status = 1;
	pid_t waiter;

	arena = arena_create();
	waiting = make_directory();
	waiter = fork();		/* takes STORE_BUSY_MS */
	if (!waiter) {
		wait_too_long(waiting);
		_exit(0);
	}

	state = make_directory();
	run_all("memory", "memory");
	run_all("sqlite", state);
	remove_directory(state);

	end_name = "file";
	test_modes();
	test_copy();
	test_survives();
	test_second_connection();
	test_damage();
	test_no_directory();
	test_one_owner();
	test_read_only();
	test_full();

	ok(waitpid(waiter, &status, 0) == waiter && !status,
	   "a store that another process holds for long is a temporary "
	   "failure");
	remove_directory(waiting);
	buf_release(&error);
	arena_destroy(&arena);
	return tap_done();
}
