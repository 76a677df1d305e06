#include "daemon/taker.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "daemon/blame.h"
#include "daemon/complaints.h"
#include "pipeline.h"

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	TAKER_PAGE = 1024,	/* names read from the directory at once */
	TAKER_TROUBLE_MS = 2000,
	/* A mail that ends the reader, or the daemon, this often is held: once
	 * may have been something else. One that ends the daemon even so is
	 * left where it is. */
	TAKER_CRASHES_MOST = 2,
	/* Mails of one commit. While the reader has more, it waits until there
	 * are so many, but not for longer than this. */
	TAKER_BATCH_MOST = 32,
	TAKER_GATHER_MS = 15,
	/* Mails that wait for an API at once; others go on as they are. */
	TAKER_WAITING_MOST = 64,
	/* Octets of mails under way, when it is more than one: a row of large
	 * ones must not fill the memory. */
	TAKER_OCTETS_MOST = 64 << 20,
};

/* One message on its way from the inbox to the store. */
struct passage {
	struct passage *next;
	struct arena *arena;
	const char *name;		/* in the inbox; or of a released item,
					   "released/CODE", which no file's
					   name can be */
	struct store_item *released;	/* NULL: from the inbox */
	const char *customer;		/* of a released one: see pipeline.h */
	struct pipeline_input input;
	struct json *document;		/* of a released record, else NULL */
	bool is_alone;			/* it may end the daemon: nobody else
					   is to be in its transaction */
	const char *waits_for;		/* a customer's API; or NULL */
	instant_ms waits_until;

	struct pipeline_decision *decision;
	enum store_added how;
	const char *code;
};

struct taker {
	struct taker_world world;
	struct loop_timer *timer;	/* sweeps, and the reader's patience */
	struct arena *page_arena;
	struct inbox_names page;
	size_t at;			/* the next name of the page */
	char after[NAME_MAX + 1];	/* the last name seen in this sweep */
	bool swept;			/* nothing more in this sweep */
	bool again;			/* then begin another one */
	struct passage *reading;	/* at the reader, the oldest first */
	struct passage *waiting;	/* for an API, likewise */
	size_t waiting_count;
	struct passage *answered;	/* ready to be decided, likewise */
	instant_ms gathering;		/* since when the first of them waits;
					   TIME_UNKNOWN: none does */
	bool is_unsynced;		/* mails have left the inbox */
	size_t count;			/* of `reading` */
	struct blame *blame;
	struct complaints *complaints;
	bool wants_released;		/* look for what a person released */
	bool is_paused;			/* no reader can be started */
	bool stopped;
};

static instant_ms
now(const struct taker *taker)
{
	return taker->world.clock->now(taker->world.clock);
}

static void
append(struct passage **list, struct passage *passage)
{
	while (*list)
		list = &(*list)->next;
	passage->next = NULL;
	*list = passage;
}

static struct passage *
passage_create(const char *name)
{
	struct arena *arena = arena_create();
	struct passage *passage = arena_alloc(arena, sizeof(*passage));

	passage->arena = arena;
	passage->name = arena_strdup(arena, name);
	return passage;
}

static void
passage_destroy(struct passage *passage)
{
	struct arena *arena = passage->arena;

	json_destroy(&passage->document);
	arena_destroy(&arena);
}

static bool
is_under_way(const struct taker *taker, const char *name)
{
	const struct passage *passage;

	for (passage = taker->reading; passage; passage = passage->next)
		if (!strcmp(passage->name, name))
			return true;
	for (passage = taker->waiting; passage; passage = passage->next)
		if (!strcmp(passage->name, name))
			return true;
	for (passage = taker->answered; passage; passage = passage->next)
		if (!strcmp(passage->name, name))
			return true;
	return false;
}

static size_t
octets_of(const struct passage *passage)
{
	size_t octets = 0;

	for (; passage; passage = passage->next)
		octets += passage->input.length;
	return octets;
}

static size_t
length_of(const struct passage *passage)
{
	size_t length = 0;

	for (; passage; passage = passage->next)
		length++;
	return length;
}

static bool
has_room(const struct taker *taker)
{
	return !taker->stopped && !taker->is_paused &&
	       taker->count < READER_QUEUE_MOST &&
	       length_of(taker->answered) < 2 * TAKER_BATCH_MOST &&
	       octets_of(taker->reading) + octets_of(taker->waiting) +
	       octets_of(taker->answered) < TAKER_OCTETS_MOST;
}

/* ---- from the inbox to the reader ---- */

/* Why no header of the message can be the word of our mail server, or NULL. */
static const char *
distrust(struct arena *arena, const struct inbox_envelope *envelope)
{
	if (!envelope->is_foreign)
		return NULL;
	return arena_printf(arena, "user %u stored it, not the mail server",
			    envelope->owner);
}

/* The message proper, into memory: its digest, and perhaps itself, is kept. */
static enum outcome
read_body(struct passage *passage, int fd,
	  const struct inbox_envelope *envelope, struct buf *error)
{
	char *raw = arena_alloc(passage->arena, envelope->size + 1);
	size_t at = 0;

	while (at < envelope->size) {
		ssize_t got = pread(fd, raw + at, envelope->size - at,
				    (off_t)(envelope->body_offset + at));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			buf_printf(error, "cannot read it: %s", got ?
				   strerror(errno) : "it became shorter");
			return OUTCOME_TEMPORARY;
		}
		at += (size_t)got;
	}
	passage->input.raw = raw;
	passage->input.length = envelope->size;
	return OUTCOME_OK;
}

static enum outcome
open_passage(struct passage *passage, int fd, uint64_t *offset_out,
	     struct buf *error)
{
	struct inbox_envelope *envelope = arena_alloc(passage->arena,
						      sizeof(*envelope));
	enum outcome outcome;

	outcome = inbox_read_envelope(fd, passage->arena, envelope, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	passage->input.name = passage->name;
	passage->input.sender = envelope->sender;
	passage->input.recipients = envelope->recipients.items;
	passage->input.recipient_count = envelope->recipients.count;
	passage->input.truncated = envelope->truncated;
	passage->input.distrust = distrust(passage->arena, envelope);
	*offset_out = envelope->body_offset;
	return read_body(passage, fd, envelope, error);
}

static enum outcome
send_to_reader(struct taker *taker, struct passage *passage, int fd,
	       uint64_t offset, struct buf *error)
{
	if (passage->input.failure) {
		append(&taker->answered, passage);
		return OUTCOME_OK;
	}
	/* There is room: what it lacks is a descriptor. */
	if (!reader_send(taker->world.reader, fd, offset,
			 (uint64_t)(uintptr_t)passage)) {
		buf_puts(error, "too many open files");
		return OUTCOME_TEMPORARY;
	}
	append(&taker->reading, passage);
	taker->count++;
	return OUTCOME_OK;
}

/* What is in our memory, and not what lies in a file, which may be another one
 * by now, or is none. */
static enum outcome
send_copy(struct taker *taker, struct passage *passage, struct buf *error)
{
	const struct pipeline_input *input = &passage->input;
	enum outcome outcome = OUTCOME_TEMPORARY;
	int fd = memfd_create("mail", MFD_CLOEXEC);

	if (fd < 0 || !file_write_all(fd, input->raw, input->length))
		buf_printf(error, "no memory for a mail: %s", strerror(errno));
	else
		outcome = send_to_reader(taker, passage, fd, 0, error);
	if (fd >= 0)
		(void)close(fd);	/* memory only */
	return outcome;
}

static enum outcome
begin(struct taker *taker, struct passage *passage, struct buf *error)
{
	uint64_t offset = 0;
	enum outcome outcome;
	int fd;

	outcome = inbox_open_message(taker->world.inbox, passage->name, &fd,
				     error);
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = open_passage(passage, fd, &offset, error);
	if (outcome == OUTCOME_OK)
		outcome = passage->input.distrust ?
			send_copy(taker, passage, error) :
			send_to_reader(taker, passage, fd, offset, error);
	(void)close(fd);		/* only read from */
	return outcome;
}

/* What is known of its past. False: it is not to be touched. */
static bool
weigh(struct taker *taker, struct passage *passage)
{
	struct blame_count count = blame_of(taker->blame, passage->name);

	if (count.daemon > TAKER_CRASHES_MOST)
		return false;
	passage->is_alone = count.daemon > 0;
	if (count.daemon == TAKER_CRASHES_MOST)
		passage->input.failure = "tocsin itself ended more than once "
			"while it had it in hand, so it is not read";
	else if (count.reader >= TAKER_CRASHES_MOST)
		passage->input.failure = "the reader ended on it more than "
			"once, so it is not read";
	return true;
}

/* Not even held it lets the daemon live. */
static void
leave_alone(struct taker *taker, struct passage *passage)
{
	const struct taker_world *world = &taker->world;
	struct buf error = BUF_INIT;

	if (!complaints_say(taker->complaints, passage->name, "it ended tocsin "
			    "three times and is left where it is"))
		return;
	if (pipeline_notify_alone(generations_current(world->generations),
		world->store, arena_printf(passage->arena, "left %s",
					   passage->name), NULL,
		"A mail is left in the inbox", arena_printf(passage->arena,
		"The file %s in %s ended tocsin three times, even when it was "
		"only to be held. It is left where it is, and nobody was told "
		"of it. Look at it with a program that shows text, and then "
		"move it away.\n", passage->name,
		inbox_directory(world->inbox)), now(taker), passage->arena,
		&error) == OUTCOME_OK)
		world->stored(world->context);
	else
		complaints_say(taker->complaints, NULL, error.data);
	buf_release(&error);
}

static void
begin_message(struct taker *taker, const char *name)
{
	struct passage *passage;
	struct buf error = BUF_INIT;

	if (is_under_way(taker, name))
		return;
	passage = passage_create(name);
	blame_hold(taker->blame, name);
	if (!weigh(taker, passage)) {
		leave_alone(taker, passage);
		passage_destroy(passage);
	} else if (begin(taker, passage, &error) != OUTCOME_OK) {
		complaints_say(taker->complaints, name, error.data);
		passage_destroy(passage);
	}
	blame_let_go(taker->blame);
	buf_release(&error);
}

static void
begin_sweep(struct taker *taker)
{
	taker->again = false;
	taker->swept = false;
	taker->page.list.count = taker->at = 0;
	taker->after[0] = '\0';
}

/* The next page of names, behind the last one of the page before. */
static void
read_page(struct taker *taker)
{
	struct buf error = BUF_INIT;

	arena_reset(taker->page_arena);
	memset(&taker->page, 0, sizeof(taker->page));
	taker->at = 0;
	if (inbox_list(taker->world.inbox, taker->page_arena,
		       *taker->after ? taker->after : NULL, TAKER_PAGE,
		       &taker->page, &error) != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error.data);
	taker->swept = taker->page.list.count < TAKER_PAGE;
	buf_release(&error);
}

/* The next name of the sweep, or NULL at its end. */
static const char *
next_name(struct taker *taker)
{
	const char *name;

	if (taker->at == taker->page.list.count && taker->swept &&
	    taker->again)
		begin_sweep(taker);
	if (taker->at == taker->page.list.count && !taker->swept)
		read_page(taker);
	if (taker->at == taker->page.list.count)
		return NULL;
	name = taker->page.list.items[taker->at++];
	(void)snprintf(taker->after, sizeof(taker->after), "%s", name);
	return name;
}

/* Keep the reader busy. */
static void
fill_reader(struct taker *taker)
{
	const char *name;

	while (has_room(taker) && (name = next_name(taker)))
		begin_message(taker, name);
}

/* ---- from a person's release to the reader ---- */

/* A record of an API needs no reader; it is decided as it is. */
static enum outcome
begin_held_record(struct taker *taker, struct passage *passage,
		  struct buf *error)
{
	struct pipeline_input *input = &passage->input;
	struct record *record = arena_alloc(passage->arena, sizeof(*record));

	input->started = TIME_UNKNOWN;
	if (input->failure) {
		append(&taker->answered, passage);
		return OUTCOME_OK;
	}
	passage->document = json_parse(input->raw, input->length, error);
	if (!passage->document)
		return OUTCOME_PERMANENT;
	record->json = passage->document;
	input->record = record;
	append(&taker->answered, passage);
	return OUTCOME_OK;
}

/* Who stored it is not known any more; the journal has what followed from
 * that. */
static const char *
distrust_released(const struct store_item *item)
{
	const char *authentic = item->verdict.authentic;

	if (authentic && !strcmp(authentic, "pass"))
		return NULL;
	return "it was not authentic when it came in";
}

static enum outcome
begin_held(struct taker *taker, const struct store_held *held,
	   struct passage *passage, struct buf *error)
{
	struct pipeline_input *input = &passage->input;
	enum outcome outcome = store_item(taker->world.store, held->item,
					  passage->arena, &passage->released,
					  error);

	if (outcome != OUTCOME_OK || !passage->released)
		return outcome;
	passage->customer = held->customer ? held->customer
					   : PIPELINE_AS_IT_SAYS;
	input->name = passage->name;
	input->sender = passage->released->sender ? passage->released->sender
						  : "";
	input->recipients = passage->released->recipients;
	input->recipient_count = passage->released->recipient_count;
	input->raw = held->message;
	input->length = held->message_length;
	if (!strcmp(passage->released->kind, "api"))
		return begin_held_record(taker, passage, error);
	input->distrust = distrust_released(passage->released);
	return send_copy(taker, passage, error);
}

static enum outcome
begin_released(struct taker *taker, const struct store_held *listed,
	       struct passage *passage, struct buf *error)
{
	struct store_held *held = NULL;
	enum outcome outcome;

	if (!weigh(taker, passage)) {
		buf_puts(error, "it ended tocsin three times since it was "
			 "released, and is left as it is");
		return OUTCOME_PERMANENT;
	}
	outcome = store_held(taker->world.store, listed->item, passage->arena,
			     &held, error);
	if (outcome == OUTCOME_OK && held && held->message)
		outcome = begin_held(taker, held, passage, error);
	if (outcome == OUTCOME_OK && !passage->released) {
		buf_puts(error, "the store has not got it any more");
		outcome = OUTCOME_PERMANENT;
	}
	return outcome;
}

static void
begin_listed(struct taker *taker, const struct store_held *listed)
{
	char name[64];
	struct passage *passage;
	struct buf error = BUF_INIT;

	(void)snprintf(name, sizeof(name), "released/%s", listed->code);
	if (is_under_way(taker, name))
		return;
	passage = passage_create(name);
	blame_hold(taker->blame, name);
	if (begin_released(taker, listed, passage, &error) != OUTCOME_OK) {
		complaints_say(taker->complaints, name, error.data);
		passage_destroy(passage);
	}
	blame_let_go(taker->blame);
	buf_release(&error);
}

static void
fill_released(struct taker *taker)
{
	struct arena *arena = arena_create();
	struct store_helds helds = { 0 };
	struct buf error = BUF_INIT;
	size_t i;

	taker->wants_released = false;
	if (store_helds(taker->world.store, STORE_RELEASED, arena, &helds,
			&error) != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error.data);
	for (i = 0; i < helds.count && has_room(taker); i++)
		begin_listed(taker, &helds.items[i]);
	buf_release(&error);
	arena_destroy(&arena);
}

/* ---- what an API knows ---- */

/* Does it name an alert that an API could tell more of? A mail that proves
 * nothing is not worth a question. */
static const char *
find_customer_to_ask(struct taker *taker, struct passage *passage)
{
	const struct pipeline_decision *decision = pipeline_decide(
		generations_current(taker->world.generations), &passage->input,
		passage->customer, now(taker), passage->arena);
	const char *authentic = alert_text(decision->alert, ALERT_AUTHENTIC);

	if (decision->action != PIPELINE_NOTIFY || !decision->customer ||
	    !authentic || strcmp(authentic, "pass") ||
	    (!alert_text(decision->alert, ALERT_ALERT) &&
	     !alert_text(decision->alert, ALERT_INCIDENT)))
		return NULL;
	return decision->customer->name;
}

/* The alert of the API has device groups and users that the mail lacks, so it
 * goes first, and the mail is then about what was told. */
static bool
wait_for_api(struct taker *taker, struct passage *passage)
{
	const char *customer;
	int64_t most;

	if (passage->released || taker->waiting_count >= TAKER_WAITING_MOST ||
	    !generations_current(taker->world.generations)->polls.count)
		return false;
	customer = find_customer_to_ask(taker, passage);
	most = customer ? taker->world.hurry(taker->world.context, customer)
			: 0;
	if (!most)
		return false;
	passage->waits_for = arena_strdup(passage->arena, customer);
	passage->waits_until = now(taker) + most;
	append(&taker->waiting, passage);
	taker->waiting_count++;
	return true;
}

/* Those of the customer (NULL: of nobody) and those whose time is up go on. */
static void
end_waiting(struct taker *taker, const char *customer)
{
	struct passage **at = &taker->waiting, *passage;

	while ((passage = *at)) {
		if (passage->waits_until > now(taker) &&
		    (!customer || strcmp(passage->waits_for, customer))) {
			at = &passage->next;
			continue;
		}
		*at = passage->next;
		taker->waiting_count--;
		append(&taker->answered, passage);
	}
}

/* ---- from the reader ---- */

/* Not the mail's fault, or perhaps not: it stays where it is. */
static void
give_back(struct taker *taker, struct passage *passage, const char *why)
{
	complaints_say(taker->complaints, passage->name, why);
	passage_destroy(passage);
}

/* It concerns all mails: this one as any other. */
static void
halt(struct taker *taker, struct passage *passage, const char *why)
{
	complaints_say(taker->complaints, NULL, why);
	taker->is_paused = true;
	passage_destroy(passage);
}

static void
count_crash(struct taker *taker, struct passage *passage, const char *why)
{
	struct buf error = BUF_INIT;
	int64_t count;

	log_warning("crash", "mail", passage->name, "why", why, NULL);
	if (blame_reader(taker->blame, passage->name, now(taker), &error) !=
	    OUTCOME_OK) {
		give_back(taker, passage, error.data);
		buf_release(&error);
		return;
	}
	count = blame_of(taker->blame, passage->name).reader;
	if (count < TAKER_CRASHES_MOST) {
		taker->again = true;	/* in a new sweep */
		passage_destroy(passage);
		return;
	}
	passage->input.failure = arena_printf(passage->arena, "the reader "
		"ended on it %lld times, the last time so: %s",
		(long long)count, why);
	append(&taker->answered, passage);
}

static void
take_answer(struct taker *taker, const struct reader_answer *answer)
{
	struct passage *passage = taker->reading;

	if (!passage || (uint64_t)(uintptr_t)passage != answer->id)
		BUG("the reader answers what it was not asked");
	taker->reading = passage->next;
	taker->count--;
	switch (answer->outcome) {
	case READER_PARSED:
		passage->input.message = answer->message;
		if (!wait_for_api(taker, passage))
			append(&taker->answered, passage);
		break;
	case READER_UNREADABLE:
		give_back(taker, passage, answer->error);
		break;
	case READER_UNAVAILABLE:
		halt(taker, passage, answer->error);
		break;
	default:
		count_crash(taker, passage, answer->error);
	}
}

/* An answer lives in the arena of the mail it is for, which is the oldest one.
 * Asked also when nothing is read: or a reader that died at rest would stay
 * readable for ever. */
static bool
take_next(struct taker *taker)
{
	struct passage *oldest = taker->reading;
	struct reader_answer answer;

	if (!reader_receive(taker->world.reader, oldest ? oldest->arena :
			    taker->page_arena, &answer))
		return false;
	take_answer(taker, &answer);
	return true;
}

static void
take_answers(struct taker *taker)
{
	bool more = true;

	while (more && taker->reading) {
		blame_hold(taker->blame, taker->reading->name);
		more = take_next(taker);
		blame_let_go(taker->blame);
	}
	if (!taker->reading)
		(void)take_next(taker);	/* there is none */
}

/* ---- into the store ---- */

static enum outcome
record(struct taker *taker, struct passage *passage, struct buf *error)
{
	const struct generation *generation =
		generations_current(taker->world.generations);
	struct store *store = taker->world.store;
	instant_ms at = now(taker);	/* one, or a replay would differ */
	enum outcome outcome;

	passage->decision = pipeline_decide(generation, &passage->input,
					    passage->customer, at,
					    passage->arena);
	if (passage->released) {
		passage->code = passage->released->code;
		passage->how = STORE_NEW;
		outcome = pipeline_record_released(generation, store,
						   passage->released,
						   &passage->input,
						   passage->decision, at,
						   passage->arena, error);
	} else {
		outcome = pipeline_record(generation, store, &passage->input,
					  passage->decision, at,
					  passage->arena, &passage->how,
					  &passage->code, error);
	}
	if (outcome == OUTCOME_OK)
		outcome = blame_forget(taker->blame, passage->name, error);
	return outcome;
}

/* How many of those that are answered go into the next transaction. */
static size_t
batch_size(const struct taker *taker)
{
	const struct passage *passage = taker->answered;
	size_t count = 0;

	for (; passage && count < TAKER_BATCH_MOST; passage = passage->next) {
		if (passage->is_alone)
			return count ? count : 1;
		count++;
	}
	return count;
}

/* Little fits between the reader and us: with more answers it would wait. */
static void
keep_reader_busy(struct taker *taker)
{
	take_answers(taker);
	fill_reader(taker);
}

static enum outcome
record_batch(struct taker *taker, size_t count, struct buf *error)
{
	enum outcome outcome = store_begin(taker->world.store, error);
	struct passage *passage = taker->answered;

	if (outcome != OUTCOME_OK)
		return outcome;
	for (; count && outcome == OUTCOME_OK; count--) {
		blame_hold(taker->blame, passage->name);
		outcome = record(taker, passage, error);
		if (!passage->is_alone)
			keep_reader_busy(taker);
		passage = passage->next;
	}
	if (outcome == OUTCOME_OK)
		outcome = taker->world.join(taker->world.context, error);
	outcome = store_end(taker->world.store, outcome, error);
	blame_let_all_go(taker->blame);
	taker->world.joined(taker->world.context, outcome);
	return outcome;
}

static void
log_passage(const struct passage *passage)
{
	const struct pipeline_decision *decision = passage->decision;
	const struct alert *alert = decision->alert;
	char count[32];

	if (passage->how != STORE_NEW) {
		log_info("duplicate", "code", passage->code, "mail",
			 passage->name, NULL);
		return;
	}
	(void)snprintf(count, sizeof(count), "%zu", decision->plans.count);
	(decision->action == PIPELINE_HOLD ? log_warning : log_info)(
		pipeline_action_names[decision->action],
		"code", passage->code,
		"customer", alert_text(alert, ALERT_CUSTOMER),
		"rule", decision->rule,
		"severity", alert_text(alert, ALERT_SEVERITY),
		"format", alert_text(alert, ALERT_FORMAT),
		"authentic", alert_text(alert, ALERT_AUTHENTIC),
		"recipients", count,
		"reason", decision->reason,
		"title", alert_text(alert, ALERT_TITLE),
		"mail", passage->name, NULL);
}

/* The first `count` are in the store: now, and not before, they leave the
 * inbox. */
static void
leave_inbox(struct taker *taker, size_t count)
{
	struct buf error = BUF_INIT;
	struct passage *passage;

	while (count--) {
		passage = taker->answered;
		taker->answered = passage->next;
		blame_forgotten(taker->blame, passage->name);
		log_passage(passage);
		if (!passage->released &&
		    inbox_remove(taker->world.inbox, passage->name, &error) !=
		    OUTCOME_OK)
			complaints_say(taker->complaints, passage->name,
				       error.data);
		passage_destroy(passage);
		buf_reset(&error);
	}
	taker->is_unsynced = true;
	buf_release(&error);
}

/* When there is time: a mail that comes back after a power failure is in the
 * store, and not taken again. */
static void
sync_inbox(struct taker *taker)
{
	struct buf error = BUF_INIT;

	if (!taker->is_unsynced || taker->reading || taker->answered)
		return;
	if (inbox_sync(taker->world.inbox, &error) != OUTCOME_OK)
		complaints_say(taker->complaints, NULL, error.data);
	taker->is_unsynced = false;
	buf_release(&error);
}

/* The store does not take them: they stay in the inbox. */
static void
forget_answered(struct taker *taker)
{
	struct passage *passage;

	while ((passage = taker->answered)) {
		taker->answered = passage->next;
		passage_destroy(passage);
	}
}

/* Milliseconds until what is answered has to be stored; negative: never. */
static int64_t
gather_ms(struct taker *taker)
{
	size_t count = batch_size(taker);
	int64_t left;

	if (!taker->answered) {
		taker->gathering = TIME_UNKNOWN;
		return -1;
	}
	if (!taker->reading || count == TAKER_BATCH_MOST ||
	    taker->answered->is_alone)
		return 0;
	if (taker->gathering == TIME_UNKNOWN)
		taker->gathering = now(taker);
	left = taker->gathering + TAKER_GATHER_MS - now(taker);
	/* Not longer, should the clock be set back. */
	return left < 0 || left > TAKER_GATHER_MS ? 0 : left;
}

static void
store_answered(struct taker *taker)
{
	size_t count = batch_size(taker);
	struct buf error = BUF_INIT;

	if (gather_ms(taker))
		return;
	taker->gathering = TIME_UNKNOWN;
	if (record_batch(taker, count, &error) == OUTCOME_OK) {
		leave_inbox(taker, count);
	} else {
		complaints_say(taker->complaints, NULL, error.data);
		forget_answered(taker);
	}
	buf_release(&error);
}

/* The whole inbox was gone through: what was not met again is over. */
static void
report_recovery(struct taker *taker)
{
	if (!taker->is_paused && taker->swept && !taker->again &&
	    !taker->reading && !taker->answered &&
	    taker->at == taker->page.list.count)
		complaints_end(taker->complaints);
}

/* Before anything is taken: which mails were in hand when the last process
 * ended. */
static bool
recover(struct taker *taker)
{
	struct buf error = BUF_INIT;
	bool good = blame_recover(taker->blame, now(taker), &error) ==
		    OUTCOME_OK;

	if (!good)
		complaints_say(taker->complaints, NULL, error.data);
	buf_release(&error);
	return good;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void
set_timer(struct taker *taker)
{
	int64_t wait = reader_wait_ms(taker->world.reader);
	const struct passage *passage = taker->waiting;

	for (; passage; passage = passage->next) {
		int64_t left = passage->waits_until - now(taker);

		wait = sooner(wait, left > 0 ? left : 0);
	}
	if (complaints_any(taker->complaints))
		wait = sooner(wait, TAKER_TROUBLE_MS);
	wait = sooner(wait, gather_ms(taker));
	loop_timer_set(taker->timer, taker->stopped ? -1 : wait);
}

static void
turn(void *context)
{
	struct taker *taker = context;

	if (recover(taker)) {
		take_answers(taker);
		end_waiting(taker, NULL);
		if (taker->wants_released)
			fill_released(taker);
		fill_reader(taker);	/* it works while these are stored */
		store_answered(taker);
		fill_reader(taker);	/* there was no memory for before */
		sync_inbox(taker);
		report_recovery(taker);
	}
	set_timer(taker);
}

static void
timer_turn(void *context)
{
	struct taker *taker = context;

	if (complaints_any(taker->complaints) && !taker->answered)
		taker_wake(taker);
	else
		turn(taker);
}

struct taker *
taker_create(const struct taker_world *world)
{
	struct taker *taker = bug_alloc(sizeof(*taker));

	*taker = (struct taker){
		.world = *world,
		.page_arena = arena_create(),
		.complaints = complaints_create("inbox"),
		.blame = world->blame,
		.gathering = TIME_UNKNOWN,
		.swept = true,
		.again = true,
		.wants_released = true,
	};
	taker->timer = loop_timer(world->loop, timer_turn, taker);
	loop_watch(world->loop, reader_fd(world->reader), turn, taker);
	loop_timer_set(taker->timer, 0);
	return taker;
}

void
taker_wake(struct taker *taker)
{
	if (taker->stopped)
		return;
	/* Names rise with time, so a sweep under way meets what came since;
	 * another one follows all the same, in case a clock was set back. */
	complaints_begin(taker->complaints);
	taker->is_paused = false;
	taker->again = true;
	taker->wants_released = true;
	turn(taker);
}

void
taker_complete(struct taker *taker, const char *customer)
{
	if (!taker->waiting || taker->stopped)
		return;
	end_waiting(taker, customer);
	if (taker->answered)
		loop_timer_set(taker->timer, 0);
}

void
taker_stop(struct taker *taker)
{
	taker->stopped = true;
	set_timer(taker);
}

void
taker_destroy(struct taker **taker)
{
	struct passage *passage;

	while ((passage = (*taker)->reading)) {
		(*taker)->reading = passage->next;
		passage_destroy(passage);
	}
	while ((passage = (*taker)->waiting)) {
		(*taker)->waiting = passage->next;
		passage_destroy(passage);
	}
	forget_answered(*taker);
	complaints_destroy(&(*taker)->complaints);
	arena_destroy(&(*taker)->page_arena);
	free(*taker);
	*taker = NULL;
}
