/*
 * Calendars of oncalls, fetched each at its pace: asked for over the network or
 * opened, read in the cage, and kept as feed_record.h says.
 *
 * A new copy is nothing to whoever decides: it comes into force with a new
 * generation, which `changed` has to load.
 */
#ifndef ASK_FEEDS_H
#define ASK_FEEDS_H

#include "ask/requests.h"
#include "pipeline/generations.h"
#include "store/clerk.h"

struct feeds;

struct feeds_world {
	struct loop *loop;
	struct clerk *clerk;
	struct generations *generations;
	const struct clock *clock;
	struct requests *requests;
	const char *reader;		/* the program */
	loop_handler *stored;		/* notices were */
	loop_handler *changed;		/* another copy is in the state */
	void *context;
};

/* Everything in `world` is borrowed for its life. */
struct feeds *feeds_create(const struct feeds_world *world);

/* Requests and readers under way end without an answer. Drains the clerk when a
 * record is under way. */
void feeds_destroy(struct feeds **feeds);

#endif
