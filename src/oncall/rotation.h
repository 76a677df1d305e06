/*
 * Rotations: people who take turns.
 *
 *	rotate weekly on mon at 09:00 from 2026-11-02  ana, bob
 *
 * Turns are counted from an anchor, the first change, by the calendar: so many
 * days, then what the clock on the wall shows. No instant is made by adding
 * seconds to another, and begin and end of a turn are made by one function; so
 * a night in which clocks change makes a turn shorter or longer, but there is
 * no hole between two turns, and never are two people on duty. Where a day does
 * not exist, a turn may have no length: then it is nobody's.
 *
 * Pure: it asks no clock, and yesterday is answered as well as next year.
 */
#ifndef ONCALL_ROTATION_H
#define ONCALL_ROTATION_H

#include "match/window.h"

struct rotation {
	const struct zone *zone;
	struct civil first;		/* the first change */
	int days;			/* from one change to the next; > 0 */
	const struct window *window;	/* NULL: always */
	conf_words names;		/* in turn; at least one */
};

/* For how long an answer holds, at the least: from `since` (included;
 * INT64_MIN: ever) to `until` (not; INT64_MAX: for ever). */
struct period {
	instant_ms since, until;
};

/* Who has the turn at that instant, or NULL: before the first change and
 * outside of the window nobody has. */
const char *rotation_at(const struct rotation *rotation, instant_ms when,
			struct period *period_out);

/* Leave of `period` what `other` has as well. */
void period_cut(struct period *period, struct period other);

#endif
