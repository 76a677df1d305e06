/*
 * A lane: one API of one tenant. What the files of the poller share; nobody
 * else includes it.
 *
 *	poller.c	lanes come and go, and take their turns
 *	lane_token.c	a token
 *	lane_run.c	a window, page by page
 *	lane_record.c	a page into the store
 *	lane_state.c	how it is with the lane, and who is told
 */
#ifndef ASK_LANE_H
#define ASK_LANE_H

#include "ask/cursor.h"
#include "ask/poller.h"
#include "ask/refresh.h"

enum {
	LANE_REQUEST_MS = 30000,
};

struct lane {
	struct lane *next;
	struct poller *poller;
	const struct poll_plan *plan;	/* of the current generation */
	char *key;			/* "TENANT SOURCE" */
	bool is_gone;			/* not in the current generation */
	bool is_asking;			/* a request is under way */
	bool is_done;			/* `once`: its run has ended */
	bool must_sweep;		/* with the next run */
	instant_ms due;
	unsigned int failures;		/* one after the other */
	bool is_of_tenant;		/* the last one is not of the app */
	double budget;			/* requests that may be made now */
	instant_ms budget_at;
	int64_t skew_ms;		/* their clock minus ours */

	struct store_poll row;
	struct buf failure;		/* of the row */
	instant_ms written;		/* when the row was */

	struct buf token;
	instant_ms token_renewed, token_ends; /* when it should, must be */
	char *fingerprint;		/* of the app in `plan` */
	unsigned int certificate_tries;

	/* Incidents are read along with the alerts of a tenant: by a lane of
	 * their own, with the token and the budget of the other one, so that
	 * what happens to it delays no alert. */
	struct lane *leader;		/* of such a lane, else NULL */
	struct lane *along;		/* the reverse */
	bool is_waiting;		/* for `along`; until `due` */
	bool has_waited;		/* in this run */

	/* The run under way. */
	struct arena *run;		/* NULL: none */
	struct cursor_window window;
	const char *link;		/* the page to ask for */
	struct map *links;		/* that were followed */
	size_t pages, records;
	unsigned int tries, top;
	instant_ms latest;		/* change seen in this run */
};

struct poller {
	struct poller_world world;
	struct transfer_many *many;
	struct loop_timer *timer;
	struct lane *lanes;
	struct refreshes *refreshes;
	size_t asked;
	instant_ms ticked;
	bool stopped;
};

/* Whose token and budget it uses. */
struct lane *lane_owner(struct lane *lane);

struct lane_page {
	struct lane *lane;
	struct arena *arena;
	size_t count;			/* that are new */
	bool is_first;			/* contact with that tenant ever */
};

instant_ms poller_now(const struct poller *poller);
const struct generation *poller_rules(const struct poller *poller);

instant_ms lane_now(const struct lane *lane);
struct cursor_time lane_time(const struct lane *lane);
uint32_t lane_random(uint32_t most);
/* A secret is not left in memory. */
void lane_wipe(struct buf *secret);

/* The next request, if one may be made now. */
void lane_step(struct lane *lane);

bool lane_has_token(struct lane *lane);
void lane_ask_token(struct lane *lane);

void lane_begin_run(struct lane *lane);
void lane_end_run(struct lane *lane);
void lane_ask_page(struct lane *lane);

/* Is there an alert that nobody knows, in an incident that nobody knows? */
bool lane_misses_incident(struct lane *lane, const struct source_page *page);

/* All records and, with the last page, the cursor, in one transaction. */
enum outcome lane_record_page(struct lane_page *page,
			      const struct source_page *from, bool is_last,
			      struct buf *error);

enum outcome lane_put_row(struct lane *lane, struct buf *error);
void lane_write_row(struct lane *lane);
/* Something failed: it is due later, after `wait_ms` if that is not negative.
 * Reported once per cause. */
void lane_failed(struct lane *lane, enum oauth_class class,
		 const char *sentence, int64_t wait_ms);
void lane_went_well(struct lane *lane);
/* `failure` NULL: it went well. */
void lane_run_ended(struct lane *lane, const char *failure);

#endif
