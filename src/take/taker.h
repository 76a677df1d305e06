/*
 * The taker: takes messages from the inbox, has them read in the cage, has the
 * clerk decide about them and move them into the store; then they leave the
 * inbox. Held messages that a person released take the same way.
 *
 * While the clerk decides and commits some, the reader works on the next, so
 * both keep a processor busy and a commit is shared by many mails.
 */
#ifndef TAKE_TAKER_H
#define TAKE_TAKER_H

#include "base/loop.h"
#include "intake/inbox.h"
#include "parse/reader.h"
#include "pipeline/generations.h"
#include "store/clerk.h"
#include "take/blame.h"

struct taker;

struct taker_world {
	struct loop *loop;
	struct clerk *clerk;
	struct inbox *inbox;
	struct reader *reader;
	struct blame *blame;
	struct generations *generations;
	const struct clock *clock;
	/* An authentic mail of the customer names an alert or incident: how
	 * long it should wait for taker_complete(), in milliseconds. */
	int64_t (*hurry)(void *context, const char *customer);
	/* Called when what makes new deliveries is at the clerk: whoever
	 * submits a unit now meets them in it. */
	loop_handler *stored;
	void *context;
};

/* Everything in `world` is borrowed for its life. */
struct taker *taker_create(const struct taker_world *world);
/* When the clerk has nothing of it any more. */
void taker_destroy(struct taker **taker);

/* Look into the inbox, and at what was released, from the start. */
void taker_wake(struct taker *taker);

/* What an API knows of the customer's alerts now is in the store, unless it is
 * not `whole` because the API failed: mails of his that wait for it go on. */
void taker_complete(struct taker *taker, const char *customer, bool whole);

/* Take nothing more; what is in the reader's hands stays in the inbox. */
void taker_stop(struct taker *taker);

#endif
