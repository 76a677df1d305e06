/*
 * A lane: one API of one tenant, with its own token, budget, back-off and
 * cursor.
 *
 * It asks for a token and for pages, hands each page to the clerk, and waits
 * until it is due again; lane.c has the picture. Whoever has lanes (poller.h)
 * gives them their turns.
 */
#ifndef ASK_LANE_H
#define ASK_LANE_H

#include "ask/refresh.h"
#include "ask/requests.h"
#include "pipeline/generations.h"
#include "pipeline/pipeline.h"
#include "store/clerk.h"

/* Requests under way at once, over all tenants. */
enum { LANE_ASKED_MOST = 128 };

struct lane;

/* What all lanes share. */
struct lane_world {
	const struct clock *clock;
	struct requests *requests;
	struct clerk *clerk;
	struct generations *generations;
	struct refreshes *refreshes;
	uint32_t (*chance)(uint32_t most);	/* below it */
	instant_ms since;	/* a person asks from there, instead of where it
				   was; 0: nobody does */
	bool once;		/* one run, and then it is done */
	bool is_stopped;	/* nothing more is asked */
	size_t asked;		/* requests under way */

	/* New deliveries were stored. */
	void (*stored)(void *context);
	/* NULL, or told of each record that was decided and is stored. */
	void (*each)(void *context, const struct poll_plan *plan,
		     const struct pipeline_decision *decision);
	/* A run ended; NULL: it went well, and what it gave is stored. */
	void (*ended)(void *context, const struct poll_plan *plan,
		      const char *failure);
	void *context;
};

/* The world is borrowed for its life; the plan until the next lane_reload().
 * Nothing is asked before lane_read(). */
struct lane *lane_create(struct lane_world *world,
			 const struct poll_plan *plan);
/* A request under way ends without an answer; what is with the clerk is
 * stored. */
void lane_destroy(struct lane **lane);

/* The same API of the same tenant in a new generation. With another app, what
 * is kept of it must be read again. */
void lane_reload(struct lane *lane, const struct poll_plan *plan);

/* `along` reads along with `leader`, with its token and its budget. */
void lane_lead(struct lane *leader, struct lane *along);

/* "TENANT SOURCE", for its life. */
const char *lane_key(const struct lane *lane);
const struct poll_plan *lane_plan(const struct lane *lane);

/* Does it wait for lane_read()? */
bool lane_is_unread(const struct lane *lane);
/* The store was read, and has this row, or NULL; what it has of refresh tokens
 * is known as well. */
void lane_read(struct lane *lane, const struct store_poll *row);
/* It could not be read, and there is no time to try again: `once`. */
void lane_unreadable(struct lane *lane, const char *why);

/* Go on when it is due. */
void lane_turn(struct lane *lane);
/* The clock was set back by so much. */
void lane_set_back(struct lane *lane, int64_t back_ms);

/* Ask now, if the API would answer soon. How long a mail may wait for it; 0: it
 * would not. */
int64_t lane_hurry(struct lane *lane);

/* When it was last read whole, or TIME_UNKNOWN. */
instant_ms lane_good(const struct lane *lane);
bool lane_is_done(const struct lane *lane);

#endif
