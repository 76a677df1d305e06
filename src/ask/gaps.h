/*
 * Records that an API does not give, although it gives what is around them:
 * known by the millisecond in which they changed, or were made, which is all
 * that can be found out about them (lane_gap.c has how).
 *
 * A gap is asked for again, at growing distances, and left out of what is asked
 * for around it, so that it costs one request and delays nobody. Until it is
 * told it holds the cursor, so that no restart can lose it; a person hears of
 * it when it has failed a few times over some minutes. It goes when it is read
 * at last, or after a week.
 *
 * Arithmetic alone.
 */
#ifndef ASK_GAPS_H
#define ASK_GAPS_H

#include "ask/spans.h"

enum {
	/* Of one lane. If there are more that nobody was told of, it is not
	 * they that are wrong. */
	GAPS_MOST = 16,
	/* What fails so often over so long does not pass by itself. */
	GAP_TRIES = 3,
	GAP_TOLD_MS = 10 * 60000,
	GAP_WAIT_MOST_MS = 3600 * 1000,
	GAP_KEPT_MS = 7 * 24 * 3600 * 1000,
};

struct gap {
	instant_ms at;		/* by their clock */
	bool is_made;		/* at that time; else changed */
	unsigned int tries;
	instant_ms first;	/* failure, */
	instant_ms due;		/* and next try, by our clock */
	bool is_told;
	/* In the run under way; it counts when that is stored. */
	bool is_read, is_telling;
};

struct gaps {
	struct gap items[GAPS_MOST];
	size_t count;
};

/* A run begins in `spans->now`: around all gaps of its kind, and, at last, for
 * those that are due, the one that is so longest first. Forgets what an earlier
 * run has not stored. */
void gaps_begin(struct gaps *gaps, bool is_made, instant_ms now,
		struct spans *spans, struct arena *arena);

/* Is the span a gap, and no more? NULL: it is not. */
struct gap *gaps_find(struct gaps *gaps, bool is_made, struct span span);

/* What is at that time has failed, once more or for the first time. NULL: there
 * are too many. */
struct gap *gaps_failed(struct gaps *gaps, bool is_made, instant_ms at,
			instant_ms now, int64_t every_ms);

/* Is it time to tell of it? What was made is the same record that changed, at
 * that time or later: it is told unless as many changes are known from there
 * on. */
bool gaps_must_tell(const struct gaps *gaps, const struct gap *gap,
		    instant_ms now);

/* What the run has found is stored. */
void gaps_stored(struct gaps *gaps);

/* The earliest change that nobody was told of, where the cursor has to stay;
 * TIME_UNKNOWN: there is none. */
instant_ms gaps_untold(const struct gaps *gaps);

/* The clock was set back by so much. */
void gaps_set_back(struct gaps *gaps, int64_t back_ms);

#endif
