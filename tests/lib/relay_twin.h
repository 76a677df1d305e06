/*
 * A relay inside a test: its workers in virtual time, on a store in memory that
 * fails when it is told to (failing.h), with a real inbox in a folder of its
 * own. A test opens the workers that it is about.
 *
 *	relay_open(&relay, reader, RELAY_RULES);
 *	relay_open_taker(&relay);
 *	relay_put_mail(&relay, "1.a", &(struct relay_mail){ .incident = 1 });
 *	taker_wake(relay.taker);
 *	loop_run_until(relay.loop, relay.clock.fixed + 1000);
 *	... relay_rows(&relay), relay_logged(&relay, "event=notify") ...
 *	relay_close(&relay);
 */
#ifndef RELAY_TWIN_H
#define RELAY_TWIN_H

#include "deliver/outbox.h"
#include "failing.h"
#include "take/taker.h"
#include "temporary.h"

#define RELAY_NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define RELAY_SECOND INT64_C(1000)
#define RELAY_MINUTE (60 * RELAY_SECOND)

#define RELAY_ANA "ana@mssp.example"
#define RELAY_SOC "soc@mssp.example"
#define RELAY_CONTOSO "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define RELAY_FABRIKAM "5d1f3c2a-9b64-4e0a-8f57-0a7c2e91b3d6"

/* Contoso tells Ana, Fabrikam nobody but the catch-all. */
#define RELAY_SETTINGS \
	"state .  spool .  domain relay.mssp.example\n" \
	"catch-all soc  authserv mx.mssp.example\n" \
	"team soc { mail " RELAY_SOC " }\n" \
	"person ana { mail " RELAY_ANA " }\n" \
	"relay out { maildir box }\n"
#define RELAY_CUSTOMER(more) \
	"customer contoso \"Contoso GmbH\" { tenant " RELAY_CONTOSO "\n" \
	"mailbox contoso@relay.mssp.example  recipients @mssp.example\n" \
	"otherwise notify ana  " more " }\n"
/* With an API that a mail may wait for. */
#define RELAY_POLLED RELAY_SETTINGS \
	"app reader { client 6f9c1d0e-0000-4000-8000-000000000001\n" \
	"secret-file secret }\n" \
	RELAY_CUSTOMER("poll graph using reader every 1m")
#define RELAY_RULES RELAY_SETTINGS RELAY_CUSTOMER("") \
	"customer fabrikam { tenant " RELAY_FABRIKAM "\n" \
	"recipients @mssp.example  otherwise notify soc }\n"

struct relay_twin {
	char folder[TEMPORARY_LENGTH];
	struct arena *arena;
	struct buf error;
	struct clock clock;
	struct loop *loop;
	struct failing failing;
	struct store *store;
	struct clerk *clerk;
	struct generations *generations;
	struct inbox *inbox;
	struct reader *reader;		/* borrowed */
	struct blame *blame;
	struct taker *taker;		/* or NULL, as the next ones */
	struct outbox *outbox;
	struct relay_senders *senders;
	int log;

	int64_t hurry_ms;		/* that a mail waits for the API, */
	size_t hurries;			/* and how often one asked */
	size_t stored;			/* how often it was called, */
	void (*watch)(struct relay_twin *relay); /* and what it calls */
};

/* That of the build folder that the test is in. */
struct reader *relay_reader(void);
/* A program of a shell in its place; `path_out` is to be removed. */
struct reader *relay_fake_reader(const char *commands,
				 char path_out[TEMPORARY_LENGTH]);

/* Nothing fails. Standard error is the log from now on. */
void relay_open(struct relay_twin *relay, struct reader *reader,
		const char *rules);
/* Also after a death: what was in hand then was so when the process ended. */
void relay_open_taker(struct relay_twin *relay);
/* Senders answer at once: an address that begins with "no" is refused, one that
 * begins with "later" the first time put off. */
void relay_open_outbox(struct relay_twin *relay);
/* The taker ends; what is at the clerk is done first. */
void relay_close_taker(struct relay_twin *relay);
void relay_close(struct relay_twin *relay);

/* For taker_world and others: wakes the outbox, if there is one. */
void relay_stored(void *relay);

void relay_pass(struct relay_twin *relay, int64_t time_ms);

/* A mail of Microsoft's. */
struct relay_mail {
	unsigned int incident;
	const char *alert;		/* or of this alert */
	const char *tenant;		/* NULL: Contoso's */
	size_t size;			/* in octets, at least */
	bool is_unauthentic;
};

void relay_put_mail(struct relay_twin *relay, const char *name,
		    const struct relay_mail *mail);
size_t relay_inbox_count(struct relay_twin *relay);
/* The process ended while it had that mail in hand. Before the taker opens. */
void relay_die_with(struct relay_twin *relay, const char *name);

/* As an API of `tenant` gives it; `of` is what it says itself. */
const char *relay_record(struct relay_twin *relay, const char *alert,
			 const char *of, const char *severity);
/* It came, and is decided and stored, as a page of an API would be. */
void relay_take_record(struct relay_twin *relay, const char *tenant,
		       const char *json);
/* A person lets the only held item go on. */
void relay_release(struct relay_twin *relay, const char *customer);

/* All rows of the store, a line each, without what the clock makes of them:
 * two relays to which the same happened have the same. */
const char *relay_rows(struct relay_twin *relay);
/* The number of rows that begin so. */
size_t relay_count(struct relay_twin *relay, const char *beginning);
/* All mails that left, a line each, sorted likewise: "ana@... out ID". */
const char *relay_departures(struct relay_twin *relay);
/* All lines of the log, sorted, without names and numbers of rows. */
const char *relay_log(struct relay_twin *relay);
size_t relay_logged(struct relay_twin *relay, const char *what);

#endif
