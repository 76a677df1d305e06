/*
 * Turns: what a calendar says of who is when, with all that calendars know of
 * repetition and zones behind it. Calendars are read in the cage (calendar.h);
 * this is what comes out of it, and what is kept of it.
 *
 *	{"events":[{"summary":"Ana Souza","attendees":["ana@mssp.example"],
 *	  "turns":[1796299200000,1796904000000,...]}],
 *	 "refused":["\"Bob\", 2026-12-07: unknown time zone 'Mars'"]}
 *
 * A turn is two numbers, from and until, in milliseconds since 1970.
 */
#ifndef PARSE_TURNS_H
#define PARSE_TURNS_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/vec.h"

enum {
	/* Of all events: a year of changes each hour. More take memory in every
	 * generation, and nobody could follow them. */
	TURNS_MOST = 10000,
	/* Sentences on what was refused; further ones are counted. */
	TURNS_REFUSED_MOST = 20,
};

struct turns_span {
	instant_ms since, until;	/* since < until */
};

struct turns_event {
	const char *summary;
	VEC(const char *) attendees;	/* addresses */
	VEC(struct turns_span) spans;
};

struct turns {
	VEC(struct turns_event) events;	/* those that have a turn */
	VEC(const char *) refused;	/* events, each with its reason */
	size_t refused_more;		/* that are not listed */
};

void turns_refuse(struct arena *arena, struct turns *turns,
		  const char *sentence);

/* Append as JSON. */
void turns_print(const struct turns *turns, struct buf *out);
/* NULL and a sentence unless it is the JSON of turns; the cage may lie. */
struct turns *turns_parse(struct arena *arena, const struct json *json,
			  struct buf *error);

#endif
