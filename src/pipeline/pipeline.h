/*
 * The order of the stages.
 *
 *	intake -> parse -> normalize -> match -> hold -> oncall -> render
 *	-> queue -> send
 *
 * pipeline_decide() is the one evaluator: the daemon, `explain`, `test` and
 * the replay of the journal call it. It touches no store, no clock and no
 * network. pipeline_record() puts a decision and its deliveries into the
 * store, in the caller's transaction; after that the message may leave the
 * inbox. What is sent later is the daemon's business.
 */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include "hold/again.h"
#include "hold/duplicate.h"
#include "hold/incident.h"
#include "normalize/record.h"
#include "parse/message.h"
#include "pipeline/generation.h"
#include "render/render.h"
#include "store/store.h"

enum pipeline_action { PIPELINE_NOTIFY, PIPELINE_DROP, PIPELINE_HOLD };

extern const char *const pipeline_action_names[]; /* "notify" "drop" "hold" */

/* A mail may take the reader this long: a second is usual for one that was made
 * to hurt, and the loop waits for it. */
enum { PIPELINE_READER_MS = 10000 };

/* What is known of a message before it is parsed, and what parsing gave; or a
 * record that an API gave, which has neither envelope nor message. */
struct pipeline_input {
	const char *name;		/* of its file */
	const char *sender;		/* envelope; "" for the null sender */
	const char *const *recipients;	/* envelope */
	size_t recipient_count;
	const char *raw;		/* the message proper; the JSON */
	size_t length;
	bool truncated;			/* it was cut when it came in */
	const char *distrust;		/* NULL, or why it cannot be authentic,
					   one sentence */
	const struct message *message;	/* NULL: it could not be parsed */
	const char *failure;		/* then: why, one sentence */
	bool is_completed;		/* a mail: what the API knows by now is
					   in the store */
	const struct record *record;	/* NULL: it is a mail */
	const char *tenant;		/* that was asked for it, or NULL */
	instant_ms started;		/* older records are not news, unless
					   they are known; TIME_UNKNOWN: all
					   are */
};

/* One address that will be told, and how. */
struct pipeline_plan {
	const char *address;
	const struct contact *contact;
	const char *rule;
	const char *template;		/* never NULL */
};

struct pipeline_decision {
	struct alert *alert;		/* never NULL */
	const struct normalized *normalized; /* NULL: nothing was parsed */
	const struct ruleset_customer *customer; /* NULL: nobody's */
	const struct rule *deciding;	/* NULL unless a rule decided */
	enum notification_reason told_by;
	enum pipeline_action action;
	const char *reason;		/* of drop and hold; else NULL */
	const char *news;		/* what makes an alert that is known
					   worth telling again, or NULL */
	struct incident incident;	/* as the store knows it; empty when it
					   was not asked */
	bool silent;			/* held, and not even the catch-all is
					   told: a mail that goes round */
	const char *rule;		/* "otherwise", "catch-all" for those;
					   NULL when held */
	const char *file;		/* where it stands, or NULL */
	size_t line;
	const char *template;		/* that the deciding rule names first,
					   or NULL */
	VEC(struct pipeline_plan) plans; /* of hold: who is told of that */
	const char *trace;		/* lines: what was recognised, whose it
					   is, each rule's answer */
};

/* Decide about a mail or a record. `customer` not NULL: a person has said whose
 * it is and that it is not to be held. Everything is in the arena. */
struct pipeline_decision *
pipeline_decide(const struct generation *generation,
		const struct pipeline_input *input, const char *customer,
		instant_ms now, struct arena *arena);

/* The stages from match on, for an alert whose customer is set. */
struct pipeline_decision *
pipeline_decide_alert(const struct generation *generation,
		      struct alert *alert, instant_ms now,
		      struct arena *arena);

/* A released mail that nobody's customer is named for: decide as for any, but
 * do not hold it again. */
#define PIPELINE_AS_IT_SAYS ""

/* What a plan of a decision becomes: the mail to that address. */
struct rendered pipeline_render(const struct generation *generation,
				const struct pipeline_input *input,
				const struct pipeline_decision *decision,
				const struct pipeline_plan *plan,
				const char *code, instant_ms now,
				struct arena *arena);

/* Of the mail about an item to an address, without < and >. The same whenever
 * it is made, so that a mail that is sent twice can be seen to be one. `about`
 * is "" for what a rule asked for, PIPELINE_HELD for the word that it is held,
 * else as in struct pipeline_notice. */
#define PIPELINE_HELD "held"

const char *pipeline_message_id(const struct generation *generation,
				const char *code, const char *about,
				const char *address, struct arena *arena);

/* The identity of a message and the code made from it. */
void pipeline_key(const struct pipeline_input *input,
		  struct duplicate_key *key_out);

/*
 * Take the message over: item, verdict, deliveries, and the message itself
 * when it is held. `how_out` says whether it was new; `code_out` (in the
 * arena) is its code. The decision's plans lose those who were told of the same
 * alert before, by whichever road. A record of an API that is known and has no
 * news for anybody makes no item: it is STORE_DUPLICATE, or STORE_AGAIN when
 * nothing at all was written; then `code_out` may be NULL.
 */
enum outcome pipeline_record(const struct generation *generation,
			     struct store *store,
			     const struct pipeline_input *input,
			     struct pipeline_decision *decision,
			     instant_ms now, struct arena *arena,
			     enum store_added *how_out, const char **code_out,
			     struct buf *error);

/* The same for an item that was held and is released: its verdict is replaced
 * and the message leaves the store. */
enum outcome pipeline_record_released(const struct generation *generation,
				      struct store *store,
				      const struct store_item *item,
				      const struct pipeline_input *input,
				      const struct pipeline_decision *decision,
				      instant_ms now, struct arena *arena,
				      struct buf *error);

/* Something the catch-all must know about an item: a delivery for each of its
 * addresses but `except` (may be NULL). `about` tells notices of one item
 * apart. */
struct pipeline_notice {
	int64_t item;
	const char *code;
	const char *about;
	const char *except;
	const char *subject;
	const char *text;		/* paragraphs */
	const char *raw;		/* a mail to attach, or NULL */
	size_t length;
};

/* The same about no item: something the relay itself has to say. It becomes an
 * item of its own, once for each `identity`. `customer` may be NULL. */
enum outcome pipeline_notify_alone(const struct generation *generation,
				   struct store *store, const char *identity,
				   const char *customer, const char *subject,
				   const char *text, instant_ms now,
				   struct arena *arena, struct buf *error);

/* Would anybody be told, `except` being left out? */
bool pipeline_catch_all_has_other(const struct generation *generation,
				  const char *except, struct arena *arena);

enum outcome pipeline_notify_catch_all(const struct generation *generation,
				       struct store *store,
				       const struct pipeline_notice *notice,
				       instant_ms now, struct arena *arena,
				       struct buf *error);

/* Tell the catch-all, once, of labels that no format knows and of subjects that
 * a known sender never had: Microsoft has changed a mail, and what it says now
 * may be missed. Only for mail that is authentic, or anybody could say so. */
enum outcome pipeline_note_format(const struct generation *generation,
				  struct store *store,
				  const struct pipeline_input *input,
				  const struct pipeline_decision *decision,
				  const struct store_item *item,
				  instant_ms now, struct arena *arena,
				  struct buf *error);

#endif
