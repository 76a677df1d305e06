/*
 * What survives a crash: the journal of items and decisions, the deliveries
 * that must happen, the items that are held.
 *
 * The one interface over several back ends (store_driver.h). A URL says which:
 * "sqlite:PATH", a file of SQLite; or "memory", which is for tests and dry runs
 * and gone when it is closed. The memory back end is SQLite too, without a
 * file: an implementation of its own would be a second meaning of every
 * statement, and a test against it would show less.
 *
 * Transactions. Every function here is one transaction by itself, or a part of
 * the caller's between store_begin() and store_end(), which may be nested. So
 * the results of many deliveries are committed at once, for the price of one:
 *
 *	if (store_begin(store, &error) == OUTCOME_OK) {
 *		outcome = ... any number of changes ...;
 *		outcome = store_end(store, outcome, &error);
 *	}
 *
 * When a statement fails inside a transaction (the disk is full), the whole
 * transaction comes to nothing, whatever its caller tells store_end(). What is
 * committed is on the disk.
 *
 * Failures. Temporary: the disk is full, an I/O error, another process holds
 * the store for more than STORE_BUSY_MS, store_is_gone(). Permanent: the file
 * is damaged, not ours, not writable, of another version. The sentence names
 * the file and, where there is one, the remedy.
 *
 * Several processes may have the store open, the daemon and commands. Who only
 * reads waits for nobody and holds up nobody. Within a process a store belongs
 * to one thread.
 *
 * Text is stored byte for byte, and NULL is none unless a field says never
 * NULL. Whatever is read lies in the caller's arena.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/outcome.h"

#include <stdbool.h>

enum {
	STORE_BUSY_MS = 5000,
	STORE_JOURNAL_DAYS = 90,
};

struct store;

/* Before the path of a file. */
#define STORE_SQLITE "sqlite:"

/* The file that a URL names, a part of it; NULL when it names none. */
const char *store_file(const char *url);

/*
 * As commands do. The file is made (0600) when it is missing, in a directory
 * that must exist; one of an older version is permanent, and not an octet of it
 * is changed.
 */
enum outcome store_open(const char *url, struct store **store_out,
			struct buf *error);
/*
 * As the one process that sends: an older version is brought to this one, all
 * at once or not at all. Permanent when another process has opened it so: both
 * would send everything.
 */
enum outcome store_open_own(const char *url, struct store **store_out,
			    struct buf *error);
void store_close(struct store **store);

enum outcome store_begin(struct store *store, struct buf *error);

/* End it as it went: OUTCOME_OK commits, anything else undoes all since the
 * outermost store_begin(). An inner end only hands `outcome` through. */
enum outcome store_end(struct store *store, enum outcome outcome,
		       struct buf *error);

/* Has another process changed something since the last time this was asked?
 * True when it cannot be told. */
bool store_changed(struct store *store);

/* Was the file removed, or another one put in its place? Then nothing is
 * committed any more: it would end with this process. */
bool store_is_gone(struct store *store);

/*
 * Forget what is over: items older than STORE_JOURNAL_DAYS that neither wait
 * for a person nor have a delivery that is still to happen; replacements that
 * have been over for as long; the mails of deliveries that are over (queue.h
 * says when). A piece at a time; `more_out` is true while there may be more.
 */
enum outcome store_prune(struct store *store, instant_ms now, bool *more_out,
			 struct buf *error);

/*
 * A copy of all that is committed now, in a new file (0600) at `path`, which
 * must not exist: a store of the same version, without a log beside it. Nobody
 * waits for it, however long it takes. It is on the disk when this returns;
 * after a failure there is no such file.
 */
enum outcome store_copy(struct store *store, const char *path,
			struct buf *error);

/* Is the file a whole store, of this version or an older one? Permanent, with
 * the reason, when not. Reads all of it; nobody else may have it open. */
enum outcome store_examine(const char *url, struct buf *error);

/* Somebody takes over the duty of another, by a command and not by a file:
 * from `since` (included) to `until` (not). */
struct store_replacement {
	int64_t id;
	const char *oncall;
	const char *name;	/* who is replaced, */
	const char *by;		/* and by whom */
	instant_ms since, until;
	const char *who;	/* gave the order */
	instant_ms made;
	instant_ms ended;	/* by a command; or TIME_UNKNOWN */
};

struct store_replacements {
	struct store_replacement *items;
	size_t count, size;
};

/* `id` and `ended` are not read. */
enum outcome store_replacement_add(struct store *store,
				   const struct store_replacement *it,
				   int64_t *id_out, struct buf *error);

/* Append all, also those that are over, in the order in which they act: that in
 * which they were made. */
enum outcome store_replacements(struct store *store, struct arena *arena,
				struct store_replacements *list,
				struct buf *error);

/* It is over from now on, and what was stays as it was; permanent when there is
 * no such one, or it was ended before. */
enum outcome store_replacement_end(struct store *store, int64_t id,
				   instant_ms now, struct buf *error);

/* What waits, for whoever watches. */
struct store_standing {
	/* By enum store_state; of those that are over only the failed ones. */
	int64_t deliveries[8];
	instant_ms oldest;	/* of those that are to be sent, since when;
				   or TIME_UNKNOWN */
	int64_t held;		/* items that wait for a person, */
	instant_ms held_since;	/* the first since then, or TIME_UNKNOWN */
};

enum outcome store_standing(struct store *store,
			    struct store_standing *standing_out,
			    struct buf *error);

/* Deliveries that wait or have failed alike. */
struct store_backlog {
	const char *relay;
	unsigned int state;	/* enum store_state */
	const char *reply;	/* the last word about them, or NULL */
	int64_t count;
	instant_ms oldest;	/* created */
};

struct store_backlogs {
	struct store_backlog *items;
	size_t count, size;
};

/* Append all, by relay, state and reply. */
enum outcome store_backlog(struct store *store, struct arena *arena,
			   struct store_backlogs *backlogs,
			   struct buf *error);

/* One value for the whole relay; NULL when it was never set. */
enum outcome store_meta(struct store *store, const char *name,
			struct arena *arena, const char **value_out,
			struct buf *error);
enum outcome store_meta_set(struct store *store, const char *name,
			    const char *value, struct buf *error);

/*
 * A file of the inbox that ends a process is counted before it is given to a
 * new one, so that the count survives the end of the daemon as well. `spool` is
 * the file's name, or any other text that is never one.
 */
struct store_crash {
	const char *spool;
	int64_t count;
};

struct store_crashes {
	struct store_crash *items;
	size_t count, size;
};

/* Append all. */
enum outcome store_crashes(struct store *store, struct arena *arena,
			   struct store_crashes *crashes, struct buf *error);
enum outcome store_crash_put(struct store *store, const char *spool,
			     int64_t count, instant_ms now,
			     struct buf *error);
enum outcome store_crash_forget(struct store *store, const char *spool,
				struct buf *error);

/* ---- Items: what was taken, and what was decided about it. ---- */

/* What the rules said. */
struct store_verdict {
	const char *customer;
	const char *format;
	const char *authentic;	/* "pass", "fail", "none" */
	const char *alert;	/* alert_to_json() */
	const char *action;	/* "notify", "drop", "hold"; never NULL */
	const char *rule;
	const char *file;	/* where the rule stands */
	int64_t line;		/* 0: nowhere */
	const char *rules_version;
	const char *template;
	const char *reason;
	const char *trace;
	instant_ms decided;
};

struct store_item {
	int64_t id;
	const char *code;	/* never NULL */
	const char *identity;	/* equal for the same message; never NULL */
	const char *kind;	/* "mail", "api", "notice"; never NULL */
	instant_ms received;
	const char *spool;	/* file name in the inbox */
	const char *digest;
	const char *message_id;
	const char *sender;
	const char *const *recipients;
	size_t recipient_count;
	const char *parse;	/* "whole", or what went wrong; never NULL */
	struct store_verdict verdict;
	int64_t duplicates;	/* how often it came again, */
	instant_ms last_duplicate; /* and when last, or TIME_UNKNOWN */
};

struct store_items {
	struct store_item *items;
	size_t count, size;
};

enum store_added {
	STORE_NEW,
	STORE_AGAIN,		/* the same file: a crash kept it from being
				   removed after it was taken */
	STORE_DUPLICATE,	/* the same message in another file; counted */
};

/* Where a message stands before it is taken. */
struct store_seat {
	enum store_added how;
	int64_t item;		/* that has it already; 0 when it is new */
	const char *code;	/* of that item; or that a new one will have */
};

/*
 * Look whether the message was taken before. `identity` and `code` are
 * hold/duplicate.h's for a mail, `spool` is the name of its file. Another item
 * may have had the code before, then a new one gets a different one, the same
 * each time.
 */
enum outcome store_item_seat(struct store *store, const char *identity,
			     const char *spool, const char *code,
			     struct arena *arena, struct store_seat *seat_out,
			     struct buf *error);

/* Take a new one, with the code of its seat; `id` is set. Duplicates and
 * last_duplicate are not read. */
enum outcome store_item_insert(struct store *store, struct store_item *item,
			       struct buf *error);
/* It came again, in another file. */
enum outcome store_item_count_duplicate(struct store *store, int64_t item,
					instant_ms at, struct buf *error);

/* Replace the verdict: a person released the item. */
enum outcome store_item_decide(struct store *store, int64_t item,
			       const struct store_verdict *verdict,
			       struct buf *error);

/* NULL in `item_out` when there is none. */
enum outcome store_item(struct store *store, int64_t id, struct arena *arena,
			struct store_item **item_out, struct buf *error);
enum outcome store_item_find(struct store *store, const char *code,
			     struct arena *arena, struct store_item **item_out,
			     struct buf *error);

/* The journal, a piece at a time: append the first `most` items whose id is
 * larger than `after` (0: from the start). */
enum outcome store_items(struct store *store, int64_t after, size_t most,
			 struct arena *arena, struct store_items *items,
			 struct buf *error);

struct store_names {
	const char **items;
	size_t count, size;
};

/* Append the files in which the last `most` mails came. */
enum outcome store_latest_spools(struct store *store, size_t most,
				 struct arena *arena,
				 struct store_names *names, struct buf *error);

/* Something that happened to an item or one of its deliveries. */
struct store_event {
	int64_t item;
	int64_t delivery;	/* 0: the item as a whole */
	instant_ms at;
	const char *what;	/* one word; never NULL */
	const char *who;	/* NULL: the relay itself */
	const char *reason;
};

struct store_events {
	struct store_event *items;
	size_t count, size;
};

enum outcome store_event_add(struct store *store,
			     const struct store_event *event,
			     struct buf *error);
/* Append the events of an item, in their order. */
enum outcome store_events(struct store *store, int64_t item,
			  struct arena *arena, struct store_events *events,
			  struct buf *error);

/* The event of a delivery that failed when nobody else could be told of it. */
#define STORE_UNTOLD "untold"

struct store_ids {
	int64_t *items;
	size_t count, size;
};

/* Append the deliveries that are still so, in their order. */
enum outcome store_untold(struct store *store, struct arena *arena,
			  struct store_ids *ids, struct buf *error);

/* ---- Raw: what came in, as it came. ---- */

/* Octets of one: more than any mail that comes in has. */
#define STORE_RAW_MOST (INT64_C(128) << 20)

struct store_raw {
	int64_t item;		/* that was made of it */
	instant_ms since;	/* when it came */
	const void *bytes;	/* a mail without its envelope, or JSON */
	size_t length;
};

/* Keep it, compressed. */
enum outcome store_raw_add(struct store *store, const struct store_raw *raw,
			   struct buf *error);
/* NULL in `raw_out` when it is not kept; permanent when it is damaged. */
enum outcome store_raw(struct store *store, int64_t item, struct arena *arena,
		       struct store_raw **raw_out, struct buf *error);
/* Forget what came until then, but for what waits for a person; a piece at a
 * time: `more_out` is true while there may be more. It goes with its item
 * anyway. */
enum outcome store_raw_prune(struct store *store, instant_ms until,
			     bool *more_out, struct buf *error);

/* ---- Held: items that wait for a person. ---- */

enum store_held_state {
	STORE_HELD,		/* waits for a person */
	STORE_RELEASED,		/* waits for the daemon to decide it anew */
	STORE_DONE,
};

/* By enum store_held_state. */
extern const char *const store_held_names[];

struct store_held {
	int64_t item;
	const char *code;	/* of the item */
	instant_ms since;
	const char *reason;	/* never NULL */
	enum store_held_state state;
	instant_ms updated;
	const char *who;	/* who released it, */
	const char *customer;	/* as whose, NULL: as the mail says, */
	const char *note;	/* and why */
	const void *message;	/* what is kept of it as store_raw; NULL when
				   done, and in a list */
	size_t message_length;
};

struct store_helds {
	struct store_held *items;
	size_t count, size;
};

/* Hold an item, and keep its message whatever else is kept; only item, since,
 * reason and message are read. An item that was held before is held again. */
enum outcome store_held_add(struct store *store, const struct store_held *held,
			    struct buf *error);
/* NULL when the item is not and never was held. With its message. */
enum outcome store_held(struct store *store, int64_t item, struct arena *arena,
			struct store_held **held_out, struct buf *error);
/* Without its message. */
enum outcome store_held_is_released(struct store *store, int64_t item,
				    bool *released_out, struct buf *error);
/* Append those in that state, oldest first, without their messages. */
enum outcome store_helds(struct store *store, enum store_held_state state,
			 struct arena *arena, struct store_helds *helds,
			 struct buf *error);

/* held -> released, with an event. Permanent when it is not held. */
enum outcome store_held_release(struct store *store, int64_t item,
				const char *who, const char *customer,
				const char *note, instant_ms now,
				struct buf *error);
/* released -> done: its verdict is recorded and its deliveries are in the
 * queue, in this transaction; its message is kept as any other from now on. */
enum outcome store_held_done(struct store *store, int64_t item, instant_ms now,
			     struct buf *error);

/* ---- Known: alerts as they were last seen, who was told, and what else is
 * known of tenants by API. ---- */

struct store_known {
	const char *customer;	/* never NULL */
	const char *alert;	/* id; never NULL */
	int64_t item;		/* the first one; 0 when it is forgotten */
	const char *code;	/* of that item, or NULL; not written */
	const char *digest;	/* of the API's record; NULL: only by mail */
	const char *severity;
	const char *status;
	const char *devices;	/* a JSON array; never NULL */
	instant_ms updated;	/* by the API's clock */
	instant_ms mail;	/* when it first came by mail, */
	instant_ms api;		/* and by API; TIME_UNKNOWN: it did not */
	instant_ms seen;
};

/* NULL in `known_out` when it never came. */
enum outcome store_known(struct store *store, const char *customer,
			 const char *alert, struct arena *arena,
			 struct store_known **known_out, struct buf *error);
/* Write all of it. */
enum outcome store_known_put(struct store *store,
			     const struct store_known *known,
			     struct buf *error);

/* How alerts of a customer came since then. */
struct store_roads {
	int64_t mail_only, api_only, both;
};

enum outcome store_known_roads(struct store *store, const char *customer,
			       instant_ms since, struct store_roads *roads_out,
			       struct buf *error);

/* The same of those that were first seen on a day of UTC. */
struct store_day {
	int64_t day;		/* since 1970-01-01 */
	struct store_roads roads;
};

struct store_days {
	struct store_day *items;
	size_t count, size;
};

/* Bring the rows up to date of the day of `now` and of the one before: an alert
 * of last night may have come by its second road since. */
enum outcome store_days_update(struct store *store, instant_ms now,
			       struct buf *error);
/* Append those of a customer, the latest first. A day without alerts has
 * none. */
enum outcome store_days(struct store *store, const char *customer,
			struct arena *arena, struct store_days *days,
			struct buf *error);

struct store_told {
	const char *alert;	/* its id; of a mail that names only the
				   incident as hold/incident_mail.h says */
	const char *incident;	/* "": none */
	const char *recipient;	/* text_fold(); never NULL */
	const char *road;	/* "mail", "api" */
	int64_t rank;		/* of the severity */
	instant_ms at;
};

struct store_tolds {
	struct store_told *items;
	size_t count, size;
};

/* Append who was told of the alert or of anything in the incident; either may
 * be "". */
enum outcome store_tolds(struct store *store, const char *customer,
			 const char *alert, const char *incident,
			 struct arena *arena, struct store_tolds *tolds,
			 struct buf *error);
/* Add, or bring up to date. */
enum outcome store_told_put(struct store *store, const char *customer,
			    const struct store_told *told, struct buf *error);

/* How far an API of a tenant was read. */
struct store_poll {
	const char *tenant;	/* never NULL, as the next two */
	const char *source;
	const char *customer;
	instant_ms started, cursor; /* 0: it was never met */
	instant_ms swept, good, alerts; /* or TIME_UNKNOWN */
	instant_ms failed;	/* TIME_UNKNOWN: all is well */
	const char *class;
	const char *failure;
};

struct store_polls {
	struct store_poll *items;
	size_t count, size;
};

/* Append all. */
enum outcome store_polls(struct store *store, struct arena *arena,
			 struct store_polls *polls, struct buf *error);
enum outcome store_poll_put(struct store *store, const struct store_poll *poll,
			    struct buf *error);

struct store_incident {
	const char *tenant;	/* never NULL, as the next one */
	const char *id;
	const char *name;	/* or NULL */
	const char *merged;	/* id of the incident that it is a part of by
				   now, or NULL */
};

struct store_incidents {
	struct store_incident *items;
	size_t count, size;
};

/* NULL in `incident_out` when the API never had it. */
enum outcome store_incident(struct store *store, const char *tenant,
			    const char *id, struct arena *arena,
			    struct store_incident **incident_out,
			    struct buf *error);
/* Append those that were merged into that one. */
enum outcome store_incident_parts(struct store *store, const char *tenant,
				  const char *id, struct arena *arena,
				  struct store_incidents *parts,
				  struct buf *error);
/* Nothing is written when nothing has changed. */
enum outcome store_incident_put(struct store *store,
				const struct store_incident *incident,
				instant_ms now, struct buf *error);

/* When a mail of the customer that a format knows last came, or TIME_UNKNOWN;
 * with `is_proven` only authentic ones count. Those that came later than
 * `until` are not seen: the clock was set back since. */
enum outcome store_last_mail(struct store *store, const char *customer,
			     bool is_proven, instant_ms until,
			     instant_ms *when_out, struct buf *error);

/* ---- Deliveries, as facts. Who may change what and when is queue.h's. ---- */

enum store_state {
	STORE_PENDING,		/* to be sent as soon as possible */
	STORE_CLAIMED,		/* being sent */
	STORE_SENT,
	STORE_RETRY,		/* to be sent when it is due */
	STORE_FAILED,
	STORE_CANCELLED,
	STORE_STATES		/* how many there are */
};

/* By enum store_state. */
extern const char *const store_state_names[];

enum store_kind {
	STORE_ALERT,		/* what a rule asked for */
	STORE_NOTICE,		/* what the relay itself has to say */
};

extern const char *const store_kind_names[];

struct store_delivery {
	int64_t id;
	int64_t item;
	const char *code;	/* of the item */
	const char *customer;	/* of the item */
	enum store_kind kind;
	const char *channel;	/* how it goes: "smtp"; never NULL */
	const char *address;	/* as the channel writes them; never NULL */
	const char *about;	/* never NULL; "" for an alert. An address has
				   one delivery of one kind about one thing for
				   one item */
	const char *contact;	/* never NULL */
	const char *relay;	/* never NULL */
	const char *rule;
	const char *template;
	const char *sender;	/* of the envelope, "" for null; never NULL */
	const char *message_id;	/* never NULL */
	bool smtputf8;
	const char *headers;	/* what goes beside the body: a JSON object of
				   texts, or NULL */
	bool urgent;		/* goes before others of its customer to that
				   address */
	instant_ms created;
	enum store_state state;
	const char *owner;	/* claimed: by whom, */
	instant_ms lease;	/* and until when */
	int64_t generation;	/* of the latest claim; 0: there was none */
	unsigned int attempts;	/* how often it was claimed */
	instant_ms updated;	/* when it came into this state */
	instant_ms due;		/* retry: when it is next tried. sent and
				   cancelled: when its body is dropped */
	instant_ms expires;	/* after this it is given up */
	const char *reply;	/* the last word about it */
	const void *body;	/* in the channel's form: RFC 5322 for smtp and
				   maildir. NULL when it was dropped or not
				   asked for */
	size_t body_length;
};

struct store_deliveries {
	struct store_delivery *items;
	size_t count, size;
};

/* Add one, whatever its state; code and customer are not read. `id` is set; to
 * 0, and nothing is added, when the address has that delivery already. */
enum outcome store_delivery_add(struct store *store,
				struct store_delivery *delivery,
				struct buf *error);

/* With its body; NULL when there is none of that id. */
enum outcome store_delivery(struct store *store, int64_t id,
			    struct arena *arena,
			    struct store_delivery **delivery_out,
			    struct buf *error);

/* Append, without their bodies: those of an item in the order they were
 * added; at most `most` of a state, the one that is due first first. */
enum outcome store_item_deliveries(struct store *store, int64_t item,
				   struct arena *arena,
				   struct store_deliveries *deliveries,
				   struct buf *error);
enum outcome store_deliveries(struct store *store, enum store_state state,
			      size_t most, struct arena *arena,
			      struct store_deliveries *deliveries,
			      struct buf *error);

/* What a change of state depends on. */
struct store_status {
	bool exists;
	int64_t item;
	enum store_state state;
	int64_t generation;
	unsigned int attempts;
	instant_ms expires;
	bool has_body;
};

enum outcome store_delivery_status(struct store *store, int64_t id,
				   struct store_status *status_out,
				   struct buf *error);

/* A change of state. */
struct store_change {
	enum store_state state;
	instant_ms at;
	instant_ms due;		/* TIME_UNKNOWN: none */
	instant_ms expires;	/* TIME_UNKNOWN: as it was */
	const char *reply;	/* NULL: as it was */
};

/* Whoever has claimed it has it no longer. */
enum outcome store_delivery_change(struct store *store, int64_t id,
				   const struct store_change *change,
				   struct buf *error);

/* The same by the one who has claimed it. `moved_out` is false, and nothing is
 * changed, when it is not claimed by `owner` in that generation. */
enum outcome store_delivery_settle(struct store *store, int64_t id,
				   const char *owner, int64_t generation,
				   const struct store_change *change,
				   bool *moved_out, struct buf *error);

/* The same, and it was no try: it waits as it did before the claim. */
enum outcome store_delivery_unclaim(struct store *store, int64_t id,
				    const char *owner, int64_t generation,
				    instant_ms now, bool *moved_out,
				    struct buf *error);

/* Retries that are due at `now`, or later than `latest`, become pending: the
 * clock was wrong when a try was put off for so long. */
enum outcome store_delivery_wake(struct store *store, instant_ms now,
				 instant_ms latest, struct buf *error);

/* Append the relays for which deliveries are pending. */
enum outcome store_delivery_relays(struct store *store, struct arena *arena,
				   struct store_names *names,
				   struct buf *error);

/* Append those for which any wait, due or not. */
enum outcome store_delivery_all_relays(struct store *store,
				       struct arena *arena,
				       struct store_names *names,
				       struct buf *error);

/* What waits for the relay `from` by that channel waits for `to` instead. */
enum outcome store_delivery_reroute(struct store *store, const char *from,
				    const char *channel, const char *to,
				    struct buf *error);

/* How many wait for that relay. */
enum outcome store_delivery_waiting(struct store *store, const char *relay,
				    int64_t *count_out, struct buf *error);

/* Retries for that relay become due at `now`: it works again. */
enum outcome store_delivery_hasten(struct store *store, const char *relay,
				   instant_ms now, struct buf *error);

/* Append the first `most` pending deliveries for that relay, without bodies,
 * that expired: it takes none, so that nobody tries. */
enum outcome store_delivery_expired(struct store *store, const char *relay,
				    instant_ms now, size_t most,
				    struct arena *arena,
				    struct store_deliveries *deliveries,
				    struct buf *error);

/* A claim of work: by whom, from when, until when it is his alone, and for
 * which relay. */
struct store_claim {
	const char *owner;
	instant_ms now;
	instant_ms lease;
	const char *relay;
};

/*
 * Claim up to `most` pending deliveries and append them, with bodies. Three of
 * four are urgent ones, if there are any. Among these and among the others each
 * address of each customer has its turn, with its oldest delivery, so a
 * customer's storm delays no other, and an address no other one.
 */
enum outcome store_delivery_claim(struct store *store,
				  const struct store_claim *claim, size_t most,
				  struct arena *arena,
				  struct store_deliveries *deliveries,
				  struct buf *error);

/* Append the deliveries that `owner` has claimed, in their order. */
enum outcome store_delivery_claimed(struct store *store, const char *owner,
				    struct arena *arena, struct store_ids *ids,
				    struct buf *error);

/* The earliest `due` of a state; TIME_UNKNOWN when it has none. */
enum outcome store_delivery_due(struct store *store, enum store_state state,
				instant_ms *due_out, struct buf *error);

enum store_answer {
	STORE_ANSWER_SENT,
	STORE_ANSWER_TEMPORARY,
	STORE_ANSWER_PERMANENT,
	STORE_ANSWER_UNKNOWN,	/* the process ended while it was sending */
};

extern const char *const store_answer_names[];

/* What one try of a delivery was answered. */
struct store_attempt {
	int64_t delivery;
	unsigned int number;	/* from 1 */
	instant_ms at;
	enum store_answer answer;
	const char *host;	/* the relay that answered */
	const char *reply;	/* in its own words */
};

struct store_attempts {
	struct store_attempt *items;
	size_t count, size;
};

/* For the latest claim of the delivery; `number` is not read. */
enum outcome store_attempt_add(struct store *store,
			       const struct store_attempt *attempt,
			       struct buf *error);
struct store_instants {
	instant_ms *items;
	size_t count, size;
};

/* Append when the last `most` attempts through a relay ended, none before
 * `since`, the oldest first. It looks at all deliveries: to be asked once. */
enum outcome store_attempt_times(struct store *store, const char *relay,
				 instant_ms since, size_t most,
				 struct arena *arena,
				 struct store_instants *times,
				 struct buf *error);
/* Append the attempts of a delivery, in their order. */
enum outcome store_attempts(struct store *store, int64_t delivery,
			    struct arena *arena,
			    struct store_attempts *attempts,
			    struct buf *error);

#endif
