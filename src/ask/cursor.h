/*
 * How far an API of a tenant was read, and from where a run goes on. Arithmetic
 * alone: the row of the store and the time go in, a window comes out.
 *
 *	           overlap
 *	........[==========|~~~~~~~~~~~~~~~~~~]
 *	        since      cursor             now, by their clock
 *
 * The cursor is the latest change that was read. Changes become visible out of
 * order, so a window begins before it. What became visible later than that is
 * found by a sweep: all that was made within a day, once an hour.
 *
 * A row that a wrong clock or a wrong record has put into the future is left
 * as it is, and does not count while it is there: then the window begins where
 * the last good run was.
 */
#ifndef ASK_CURSOR_H
#define ASK_CURSOR_H

#include "store/store.h"

enum {
	/* Alerts become visible out of order, minutes late. */
	CURSOR_OVERLAP_MS = 15 * 60000,
	CURSOR_OVERLAP_AFTER_OUTAGE_MS = 30 * 60000,
	CURSOR_OUTAGE_MS = 3600 * 1000,
	CURSOR_SWEEP_EVERY_MS = 3600 * 1000,
	CURSOR_SWEEP_BACK_MS = 24 * 3600 * 1000,
	/* A server that is further away than that has no clock to go by; what a
	 * wrong Date may cost at the first contact is an hour of alerts. */
	CURSOR_SKEW_MOST_MS = 3600 * 1000,
	/* How exactly the last good run is known after a crash: a commit per
	 * answer would be most of the work. */
	CURSOR_WRITTEN_MS = 10 * 60000,
};

struct cursor_time {
	instant_ms now;		/* by our clock */
	int64_t skew_ms;	/* their clock minus ours */
	instant_ms since;	/* that a person asks from, instead of where it
				   was; 0: none */
};

struct cursor_window {
	instant_ms since;
	bool is_sweep;		/* made since then, not changed */
	bool is_gap;		/* it leaves a gap behind the cursor, which has
				   to stay there */
};

/* Was the tenant ever met? */
bool cursor_is_met(const struct store_poll *row);

/* Their clock minus ours, from the Date of a good page; `before` when that is
 * no time to go by. */
int64_t cursor_skew(int64_t before, instant_ms theirs, instant_ms ours);

struct cursor_window cursor_window(const struct store_poll *row,
				   const struct cursor_time *time);

/* After a run that read all changes: is it time to sweep? One that was tried
 * (by our clock, or TIME_UNKNOWN) and failed is as good as one: what fails each
 * time must not keep changes from being asked for. */
bool cursor_must_sweep(const struct store_poll *row, instant_ms tried,
		       const struct cursor_time *time);
struct cursor_window cursor_sweep(const struct cursor_time *time);

/* Records made before it are no news. */
instant_ms cursor_started(const struct store_poll *row,
			  const struct cursor_window *window,
			  const struct cursor_time *time);

/* The first page of the first contact. `early_ms` spreads the sweeps of many
 * tenants over the hour. */
void cursor_meet(struct store_poll *row, const struct cursor_time *time,
		 int64_t early_ms);

/* The last page; `latest` is the latest change in the run, or TIME_UNKNOWN. */
void cursor_move(struct store_poll *row, const struct cursor_window *window,
		 const struct cursor_time *time, instant_ms latest);

#endif
