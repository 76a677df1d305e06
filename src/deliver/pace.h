/*
 * How much one relay takes: so many deliveries at once, so many in a time. It
 * is arithmetic on what happened; nothing is sent and no clock is asked here.
 *
 * What the configuration says is kept strictly. What it does not say is
 * learned, from PACE_BEGIN upwards, as TCP learns what a path takes:
 *
 *	state    may be under way          becomes
 *	probing  one, after a pause that   steady, when the relay answers
 *	         grows each time           anything about a mail
 *	steady   PACE_AHEAD for each of    probing, when the relay fails, or
 *	         `share` that are sent at  wants fewer than one at once
 *	         once
 *
 * So a relay that is dead or silent costs one sender, and its mails wait in the
 * queue rather than in front of it.
 */
#ifndef DELIVER_PACE_H
#define DELIVER_PACE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* At once, when the configuration does not say: Postfix takes 20 new
	 * connections a client in a minute by default, others fewer. */
	PACE_CONNECTIONS = 6,
	/* At first, when nothing is known of it. */
	PACE_BEGIN = 2,
	/* Claimed ahead for each that is sent at once, so that no sender waits
	 * for the disk. */
	PACE_AHEAD = 16,
	/* Successes for each one at once, before one more is tried where the
	 * relay has said that it is too many. */
	PACE_PATIENCE = 25,
	/* Doubtful answers in a row, without any good one, of a relay that has
	 * worked: then it is the relay. */
	PACE_DOUBTS = 3,
	PACE_RATE_MOST = 10000,		/* more in a time is no limit */
};

/* The first pause, and the longest: of a relay that wants fewer mails (Exchange
 * Online counts by the minute), that fails, and that a person must mend, where
 * each try may be counted against an account. */
#define PACE_SLOWER_MS INT64_C(1000)
#define PACE_SLOWER_MOST_MS INT64_C(8000)
#define PACE_FAILED_MS INT64_C(5000)
#define PACE_REFUSED_MS INT64_C(30000)
#define PACE_FAILED_MOST_MS INT64_C(300000)

enum pace_word {
	PACE_NOTHING,		/* it was not asked after all */
	PACE_WORKS,		/* it said something about a mail */
	PACE_SLOWER,		/* not so many, or not so fast */
	PACE_DOUBTFUL,		/* it failed on a mail, which may be the mail's
				   fault: "5.7.1" is said to a sender that may
				   not relay, and of a text like spam */
	PACE_FAILED,		/* it could not be asked */
	PACE_REFUSED,		/* it wants no mails from us as we are */
};

/* What the configuration says. */
struct pace_limits {
	size_t connections;	/* at once; 0: to be learned */
	size_t rate;		/* so many, at most PACE_RATE_MOST, */
	int64_t rate_ms;	/* in any time of that length; 0: no limit */
};

struct pace {
	struct pace_limits limits;
	size_t under_way;
	bool is_proven;		/* it has answered since it was set up */
	bool is_probing;
	size_t share;		/* at once */
	size_t ceiling;		/* what it is known to take, if less than the
				   configuration allows */
	size_t successes;	/* since the share was changed */
	unsigned int doubts;	/* in a row */
	unsigned int pauses;	/* likewise */
	instant_ms until;	/* the end of the last one */
	instant_ms *ended;	/* of the last `rate` deliveries, a ring */
	size_t ended_next;
};

void pace_init(struct pace *pace);
void pace_release(struct pace *pace);

/* They may have changed; what was learned stays. */
void pace_limit(struct pace *pace, const struct pace_limits *limits);
/* The relay is not what it was: ask again now. */
void pace_forget(struct pace *pace);

/* How many more may be under way. */
size_t pace_room(const struct pace *pace, instant_ms now);
/* How many of them at once. */
size_t pace_abreast(const struct pace *pace);
/* When there is room, which may be now; TIME_UNKNOWN: an answer has to come
 * first. */
instant_ms pace_next(const struct pace *pace, instant_ms now);

/* One ended then that another process sent: it counts for the rate. Oldest
 * first. */
void pace_note_end(struct pace *pace, instant_ms end);

/* `first`, twice as long each time, at most `longest`. */
int64_t pace_pause(int64_t first, int64_t longest, unsigned int times);

void pace_depart(struct pace *pace);
/* One of those that departed was answered so. Whether the relay works again. */
bool pace_answer(struct pace *pace, enum pace_word word, instant_ms now);

#endif
