/*
 * The ways out: what the outbox has learned of each relay while it runs, and
 * what is still to be told of it. Relays of one name are one, of whichever
 * configuration they are.
 */
#ifndef DELIVER_WAY_H
#define DELIVER_WAY_H

#include "base/buf.h"
#include "deliver/pace.h"
#include "oncall/endpoint.h"
#include "queue/queue.h"
#include "send/send.h"

/* What the store does not know yet. */
struct way_news {
	bool is_back;			/* what waits for it is due */
	bool is_over;			/* it has answered again, */
	bool has_failed;		/* or it fails, and is to be told */
};

struct way {
	struct way *next;
	char *name;
	struct pace pace;
	bool is_gone;			/* not in the configuration any more */
	instant_ms failing;		/* since then nothing was taken;
					   TIME_UNKNOWN: it works */
	bool is_down;			/* and not only for being asked too
					   often */
	struct way_news news;		/* to be recorded */
	struct way_news recording;	/* is being recorded */
	struct buf cause, detail;	/* of the last failure */
};

struct ways {
	struct way *first;
};

void ways_release(struct ways *ways);

/* Created when it is new. */
struct way *ways_find(struct ways *ways, const char *name);

/* What the configuration says of its relays (ended by NULL). `is_new`: another
 * one than before, so that those in trouble are asked again now. */
void ways_load(struct ways *ways, const struct relay *const *relays,
	       bool is_new);

/* How much may be claimed for each. */
void ways_rooms(const struct ways *ways, instant_ms now, struct arena *arena,
		struct queue_rooms *rooms_out);
/* When there is room again where it was too little: now, if a pause ended since
 * the claim began. TIME_UNKNOWN: an answer has to come first. */
instant_ms ways_next(struct ways *ways, const struct queue_rooms *rooms,
		     instant_ms now);

bool way_has_news(const struct way *way);
/* They are on their way to the store; what happens now is news again. */
void way_record_news(struct way *way);
/* They arrived there, or did not. */
void way_recorded(struct way *way, bool is_committed);

/* A delivery that departed was answered so. When it is to be tried again:
 * `attempts` is the number of this try. 0: by its own pauses. */
int64_t way_answer(struct way *way, const struct send_result *result,
		   unsigned int attempts, instant_ms now);

/* A refusal that may be about us, repeated while the relay takes other mails:
 * it is about this recipient, and somebody else has to be told. */
bool way_is_verdict(const struct way *way, const struct send_result *result,
		    unsigned int attempts);

#endif
