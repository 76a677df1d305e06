/*
 * What the files of a lane share.
 *
 *	lane.c		comes and goes; its turns
 *	lane_token.c	a token
 *	lane_run.c	a window, page by page
 *	lane_gap.c	around what cannot be fetched
 *	lane_record.c	a page into the store
 *	lane_report.c	how it is with the lane, and who is told
 */
#ifndef ASK_LANE_PRIVATE_H
#define ASK_LANE_PRIVATE_H

#include "ask/cursor.h"
#include "ask/gaps.h"
#include "ask/lane.h"
#include "pipeline/notice.h"

enum { LANE_REQUEST_MS = 30000 };

/* Each is entered by the function of its name. */
enum lane_state {
	LANE_UNREAD,		/* nobody knows how far it was read */
	LANE_WAITING,		/* until `due` */
	LANE_ASKING_TOKEN,
	LANE_ASKING_PAGE,
	LANE_STORING,		/* a page is with the clerk */
	LANE_AWAITING_NAMES,	/* of `along`, until `due` */
	LANE_REPORTING,		/* a failure is with the clerk */
	LANE_DONE,		/* `once`: its run has ended */
};

struct lane {
	struct lane_world *world;
	const struct poll_plan *plan;	/* of the current generation */
	char *key;			/* "TENANT SOURCE" */
	enum lane_state state;
	instant_ms due;
	struct lane_job *job;		/* with the clerk; or NULL */
	bool must_read;			/* UNREAD, or will be after the job */

	unsigned int failures;		/* one after the other */
	bool is_of_app;			/* the last one is, see struct
					   refusal */
	instant_ms held;		/* until then nothing of the tenant is
					   asked, as its API wishes */
	bool is_told;			/* that it has lasted */
	double budget;			/* requests that may be made now */
	instant_ms budget_at;
	int64_t skew_ms;		/* their clock minus ours */

	/* As it is in the store, but for `good`. */
	struct store_poll row;
	struct buf failure;		/* of the row */
	bool has_row;			/* it was looked for */
	instant_ms written;		/* when the row was */

	struct buf token;
	instant_ms token_renewed, token_ends; /* when it should, must be */
	char *fingerprint;		/* of the app in `plan` */

	/* Incidents are read along with the alerts of a tenant: by a lane of
	 * their own, with the token and the budget of the other one, so that
	 * what happens to it delays no alert. */
	struct lane *leader;		/* of such a lane, else NULL */
	struct lane *along;		/* the reverse */
	bool has_waited;		/* for `along`, in this run */

	/* The run under way. */
	struct arena *run;		/* NULL: none */
	struct cursor_window window;
	bool must_sweep;		/* with the next run */
	instant_ms sweep_tried;		/* or TIME_UNKNOWN */
	const char *link;		/* the page to ask for */
	struct map *links;		/* of the span, that were followed */
	instant_ms began, newest;	/* it, and the last time that what is
					   newest was asked for, by our clock */
	struct spans spans;		/* of the window */
	struct span left;		/* the one before `spans.now`, if */
	bool has_left;			/* the page behind begins a span */
	size_t pages;
	size_t records;			/* of the span */
	const char *first;		/* the first one of it, by its id */
	bool is_alone;			/* one record is asked for: a page
					   broke off in it */
	bool is_counted;		/* the page is asked for by counting */
	size_t set_aside;		/* records that are no JSON */
	unsigned int tries, top;
	bool cannot_count;		/* nor in runs to come */
	const char *next;		/* the page behind, or NULL; or why */
	const char *next_sentence;	/* it cannot be asked for, */
	enum turn next_turn;		/* and whose turn it is */
	size_t next_records;		/* `records` then */
	bool next_is_alone, next_is_counted;
	instant_ms latest;		/* change seen in this run */

	/* Around what cannot be fetched. */
	struct gaps gaps;		/* they outlive the run */
	bool is_doubted;		/* the page; it has failed before */
	bool is_probing;		/* is it the API, or the page? */
	bool is_closing_in;		/* it is a page */
	bool is_stepping;		/* through a millisecond */
	bool is_flaky;			/* a page failed, and then did not */
	bool is_late;			/* so what is newest has waited */
	bool is_news;			/* it is asked for in between */
	instant_ms probed;		/* from there, by their clock */
	unsigned int in_vain;		/* pages since the last good one */
	bool has_gap;			/* one of its records has failed */
	unsigned int steps_in_vain;	/* since the last good one */
	const char *step_why;		/* the last one was */
};

/* What a lane has with the clerk: the row as it is, and as it is to be. */
struct lane_job {
	struct unit unit;
	struct lane_world *world;
	struct lane *lane;		/* NULL: it has gone */
	bool is_stale;			/* the lane has another app by now */
	const struct generation *generation;	/* borrowed, */
	const struct poll_plan *plan;		/* which is a part of it */
	struct arena *arena;		/* of all that is handed over */
	struct cursor_time time;
	struct store_poll was, row;
	bool is_written;		/* the row */
	struct pipeline_word word;	/* that the tenant cannot be read, or
					   can again; identity NULL: nobody is
					   told */
};

/* ---- states ---- */

void lane_wait(struct lane *lane, instant_ms until);
/* The next request if one may be made now, or else lane_wait(). */
void lane_go_on(struct lane *lane);
void lane_ask_token(struct lane *lane);
void lane_ask_page(struct lane *lane);
/* All records of a page and, with the last one, the cursor. Takes the answer
 * and the arena it lies in. */
void lane_store(struct lane *lane, struct poll_answer *answer, bool is_last,
		struct arena *arena);
/* Something failed: it is due later, not before `wait_ms`. Reported once per
 * cause. */
void lane_fail(struct lane *lane, const struct refusal *why, int64_t wait_ms);
/* For a cause of our own. */
void lane_fail_so(struct lane *lane, enum turn turn, const char *sentence);
/* What is read along waits as well, as the API wishes. */
void lane_hold(struct lane *lane);
void lane_end(struct lane *lane);

/* ---- what they use ---- */

instant_ms lane_now(const struct lane *lane);
struct cursor_time lane_time(const struct lane *lane);
/* A secret is not left in memory. */
void lane_wipe(struct buf *secret);
/* Whose token and budget it uses. */
struct lane *lane_owner(struct lane *lane);
bool lane_has_token(struct lane *lane);

/* Hand a request over, and take its answer. */
void lane_ask(struct lane *lane, enum lane_state state,
	      struct transfer_request *request);
void lane_answered(struct lane *lane);

void lane_end_run(struct lane *lane);
/* The page with so many records in front of it in the span. */
const char *lane_link_from(const struct lane *lane, size_t skip,
			   unsigned int top);
/* What is to be asked for next is the first page of the span, */
void lane_begin_span(struct lane *lane);
/* or of the one that waits, if there is one, */
void lane_next_span(struct lane *lane);
/* and that, the page behind this one, is what the lane is at from now on. */
void lane_take_next(struct lane *lane);
/* A new alert may wait for the name of its incident. */
bool lane_may_await_names(const struct lane *lane);
void lane_await_names(struct lane *lane);
void lane_page_stored(struct lane *lane, const struct poll_answer *answer);
/* The run is over; `failure` NULL: it went well. */
void lane_run_ended(struct lane *lane, const char *failure);

/* ---- around what cannot be fetched ---- */

/* A page has failed, after a long time if `is_slow`: is that dealt with? Else
 * the lane fails. */
bool lane_goes_around(struct lane *lane, const struct poll_answer *answer,
		      bool is_slow);
/* It has failed, and the lane with it: is it to blame? */
void lane_doubt_page(struct lane *lane, const struct poll_answer *answer);
/* Then something else is asked for before it. */
void lane_look_into_doubt(struct lane *lane);
/* Is the span one that can wait for another run? */
bool lane_leaves_gap(struct lane *lane);
/* A page is good. */
void lane_is_well(struct lane *lane);
/* What is behind it, in a millisecond that is read one by one; `first` tells
 * its record from others. */
void lane_plan_step(struct lane *lane, struct poll_answer *answer,
		    const char *first, struct arena *arena);

/* ---- jobs ---- */

/* Takes the arena. */
void lane_job_begin(struct lane_job *job, struct lane *lane,
		    struct arena *arena);
void lane_job_submit(struct lane_job *job);
/* In a unit: the row, and who is told. */
enum outcome lane_job_put(struct lane_job *job, struct store *store,
			  struct change *change, struct buf *error);
/* It was stored, or not: the lane takes the row over, and is given back if it
 * waits for that. The generation is returned. */
struct lane *lane_job_done(struct lane_job *job, enum outcome outcome,
			   const char *error);

/* For the page that ends a run: what is said when it has failed before. */
void lane_job_may_recover(struct lane_job *job);
/* In its unit. */
void lane_job_recover(struct lane_job *job, struct change *change);

#endif
