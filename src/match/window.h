/*
 * Windows: named ranges of the week on the clocks of one zone.
 *
 *	window night { timezone Europe/Paris  mon-fri 18:00-08:00
 *	               sat-sun 00:00-24:00 }
 *
 * A range that ends at or before its start ends on the next day and belongs to
 * the day on which it begins: night above lasts from Friday 18:00 to Saturday
 * 08:00, but does not begin again on Sunday 18:00. Begin and end are what the
 * clock on the wall shows, so a night is an hour shorter or longer when clocks
 * change; see zone_from_civil() for times that are shown twice or never. A
 * window without a zone has the hours of whoever uses it.
 */
#ifndef MATCH_WINDOW_H
#define MATCH_WINDOW_H

#include "base/zone.h"
#include "conf/tree.h"

#include <stdbool.h>

struct window;

/* From a `window` statement. What is wrong goes to `diag`; the window is there
 * all the same, so that whoever uses it is not in error, too. */
struct window *window_load(struct arena *arena, const struct conf_node *node,
			   struct diag *diag);

/* The same window on the clocks of `zone` where it has none of its own, as it
 * must have before it is asked. It may be in `arena`. */
const struct window *window_in(const struct window *window,
			       const struct zone *zone, struct arena *arena);

/* From begin (included) to end (not). */
bool window_covers(const struct window *window, instant_ms when);

/* The same, and the time around `when`, from `since` (included) to `until`
 * (not), in which nothing changes: INT64_MIN and INT64_MAX where it never has
 * or will. It may change there, and does but for the oddest windows. */
bool window_span(const struct window *window, instant_ms when,
		 instant_ms *since_out, instant_ms *until_out);

/* NULL: it is that of whoever uses it. */
const struct zone *window_zone(const struct window *window);

/* The zone named in `word`, or an error with a remedy and NULL. For windows
 * and customers alike. */
const struct zone *window_zone_load(struct conf_word word, struct diag *diag);

#endif
