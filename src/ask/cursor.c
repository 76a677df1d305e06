#include "ask/cursor.h"

bool
cursor_is_met(const struct store_poll *row)
{
	return row->started > 0;
}

int64_t
cursor_skew(int64_t before, instant_ms theirs, instant_ms ours)
{
	int64_t skew = theirs - ours;

	return skew < -CURSOR_SKEW_MOST_MS || skew > CURSOR_SKEW_MOST_MS
	       ? before : skew;
}

static instant_ms
theirs(const struct cursor_time *time)
{
	return time->now + time->skew_ms;
}

static instant_ms
earlier(instant_ms a, instant_ms b)
{
	return a < b ? a : b;
}

static bool
was_out(const struct store_poll *row, const struct cursor_time *time)
{
	return row->good != TIME_UNKNOWN &&
	       time->now - row->good > CURSOR_OUTAGE_MS;
}

/* Whatever lies in the future came from a wrong clock, or stands in a wrong
 * record; `good` is when it was last read whole, whatever the cursor says. */
static instant_ms
go_on_from(const struct store_poll *row, const struct cursor_time *time)
{
	if (row->cursor <= theirs(time))
		return row->cursor;
	return row->good == TIME_UNKNOWN ? theirs(time) :
	       earlier(row->good + time->skew_ms, theirs(time));
}

struct cursor_window
cursor_window(const struct store_poll *row, const struct cursor_time *time)
{
	struct cursor_window window = { .since = time->since };

	if (time->since)
		window.is_gap = cursor_is_met(row) && time->since > row->cursor;
	else if (!cursor_is_met(row))
		window.since = theirs(time) - CURSOR_OVERLAP_AFTER_OUTAGE_MS;
	else
		window.since = go_on_from(row, time) - (was_out(row, time) ?
			CURSOR_OVERLAP_AFTER_OUTAGE_MS : CURSOR_OVERLAP_MS);
	return window;
}

/* A sweep in the future is one by a wrong clock. */
static bool
is_long_ago(int64_t ago)
{
	return ago < 0 || ago >= CURSOR_SWEEP_EVERY_MS;
}

bool
cursor_must_sweep(const struct store_poll *row, instant_ms tried,
		  const struct cursor_time *time)
{
	return !time->since && is_long_ago(theirs(time) - row->swept) &&
	       (tried == TIME_UNKNOWN || is_long_ago(time->now - tried));
}

struct cursor_window
cursor_sweep(const struct cursor_time *time)
{
	return (struct cursor_window){
		.since = theirs(time) - CURSOR_SWEEP_BACK_MS, .is_sweep = true,
	};
}

instant_ms
cursor_started(const struct store_poll *row,
	       const struct cursor_window *window,
	       const struct cursor_time *time)
{
	if (time->since)
		return time->since;
	return row->started <= theirs(time) ? row->started : window->since;
}

void
cursor_meet(struct store_poll *row, const struct cursor_time *time,
	    int64_t early_ms)
{
	row->started = time->since ? time->since : theirs(time);
	row->cursor = row->started;
	row->swept = theirs(time) - early_ms;
}

void
cursor_move(struct store_poll *row, const struct cursor_window *window,
	    const struct cursor_time *time, instant_ms latest)
{
	if (window->is_sweep) {
		row->swept = theirs(time);
		return;
	}
	if (window->is_gap)
		return;
	if (latest > row->cursor)
		row->cursor = latest;
	row->good = time->now;
}
