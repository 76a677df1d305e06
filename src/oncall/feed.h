/*
 * A calendar that is kept elsewhere, as a layer of an `oncall`.
 *
 *	calendar "https://calendar.example/soc.ics" of ana, bob by summary
 *
 * The daemon fetches it (ask/feeds.h) and keeps what was good last in the state
 * (feed_copy.h). That copy is read when the configuration is loaded, and never
 * again: a new one comes into force with a new generation. So everybody who
 * loads the configuration sees the same turns, commands as well.
 *
 *	feed_load()		the line
 *	feed_bind()		who is meant by its names, and the copy
 *	feed_at()		who is on duty by it
 */
#ifndef ONCALL_FEED_H
#define ONCALL_FEED_H

#include "oncall/feed_copy.h"
#include "oncall/rotation.h"

enum {
	/* Turns are known so far from when the calendar was read. */
	FEED_DAYS_BEHIND = 31,
	FEED_DAYS_AHEAD = 400,
	/* A calendar without turns in the next days, which had some, is broken
	 * and not empty. */
	FEED_DAYS_EXPECTED = 14,
};

/* Somebody behind `of`, and how a calendar may call him. */
struct feed_person {
	const char *name, *display;
	VEC(const char *) addresses;
};

typedef VEC(struct feed_person) feed_persons;

/* Who is on duty from then on, up to the next piece. */
struct feed_piece {
	instant_ms since;
	const char *const *names;
	size_t count;
};

struct feed {
	const char *oncall;		/* its name, */
	struct diag_place where;	/* and where that stands */
	const char *key;		/* the copy's */
	const char *url;		/* a secret may be in it; or NULL, */
	const char *path;		/* then a file */
	const char *place;		/* for people: host or file */
	const char *ca_file;		/* NULL: the system's authorities */
	const struct zone *zone;	/* of times without one */
	bool by_attendee;
	conf_words names;		/* behind `of` */
	int64_t every_ms;

	/* By feed_bind(). */
	feed_persons persons;
	const struct feed_copy *copy;	/* NULL: never fetched */
	VEC(struct feed_piece) pieces;
};

/* Read a `calendar` line of an oncall; NULL, and said, when it is wrong. */
struct feed *feed_load(struct arena *arena, const struct conf_node *node,
		       struct conf_word oncall, const struct zone *zone,
		       struct diag *diag);

/* Take the copy that is in the state, if there is any. `persons` is lent for
 * the feed's life. */
void feed_bind(struct arena *arena, struct feed *feed, feed_persons persons,
	       const char *state);

/* How many are on duty by it at that instant, and who. */
size_t feed_at(const struct feed *feed, instant_ms when,
	       const char *const **names_out, struct period *period_out);

/* Has any event a turn in that time, or, with `named`, one of somebody behind
 * `of`? */
bool feed_has_turns(const struct feed *feed, const struct turns *turns,
		    struct period period, bool named);

/* Warn of a copy that is missing, and of what is wrong with it. */
void feed_check(const struct feed *feed, instant_ms now, struct diag *diag);

#endif
