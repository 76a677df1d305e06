/*
 * What is asked of which API for which tenant, and what an answer means. Pure:
 * whoever asks, keeps tokens and remembers how far it got, is above. What is
 * peculiar to an API is in its struct source.
 */
#ifndef SOURCE_POLL_H
#define SOURCE_POLL_H

#include "net/transfer.h"
#include "source/app.h"
#include "source/salvage.h"

/* One API of one tenant. */
struct poll_plan {
	const char *customer;
	const char *tenant;	/* GUID, lower case */
	const struct source *source;
	const struct app *app;
	const struct source_host *host;	/* of the app */
	int64_t every_ms;
	int64_t complete_ms;	/* that a mail waits for it; 0: it does not */
	const struct poll_plan *along; /* what else is read there, at its own
				   pace, and may be refused; or NULL */
};

typedef VEC(struct poll_plan *) poll_plans;

/* Reads the `poll` statements of all customers; what is wrong goes to `diag`.
 * A plan for each tenant of the customer. */
void polls_load(const struct conf *conf, const app_list *apps,
		struct diag *diag, poll_plans *plans);

/* Else names of incidents: it is read along, and may be refused. */
bool poll_gives_alerts(const struct poll_plan *plan);

enum poll_result {
	POLL_PAGE,		/* here are records */
	POLL_TOO_LARGE,		/* ask for fewer */
	POLL_TOKEN,		/* the token is not good any more */
	POLL_FAILED,
};

struct poll_answer {
	enum poll_result result;
	struct json *document;	/* of a page: give it to json_destroy() */
	struct source_page page; /* borrows from it; `next` only where the token
				   may go */
	bool is_foreign;	/* there is a next page, at another host */
	size_t passed;		/* records of the page, but for one in which it
				   breaks off */
	/* Of a page that is no JSON: see salvage.h. One that is too large, or
	 * in which the connection broke, has these as well. */
	salvage_lefts left;	/* can only be shown to a person */
	bool is_cut;		/* it is a page, as far as it goes; more may
				   stand behind it, at no link */
	bool is_ended;
	struct salvage_left rest;
	struct refusal refusal;	/* unless it is a page */
	int64_t wait_ms;	/* as the server wishes; -1: it says nothing */
	bool is_throttled;	/* the tenant is to be left alone for so long,
				   or for as long as seems right */
};

/* All but the document in the arena. */
void poll_read(const struct poll_plan *plan,
	       const struct transfer_answer *answer, instant_ms now,
	       struct arena *arena, struct poll_answer *answer_out);

/* What a header says about time: "Sun, 06 Nov 1994 08:49:37 GMT". */
bool poll_parse_date(const char *text, instant_ms *when_out);
/* Seconds with or without a fraction, or a date. -1: neither. */
int64_t poll_parse_wait(const char *text, instant_ms now);
/* How long an answer asks to wait, by its own clock if it has one; -1: it says
 * nothing. `now` is ours. */
int64_t poll_wait(const struct transfer_answer *answer, instant_ms now);

#endif
