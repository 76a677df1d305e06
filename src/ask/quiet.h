/*
 * Silence that was not expected: a customer whose mails have stopped, or whose
 * tenants cannot be read, is told to the catch-all, once, with what is likely
 * to be wrong; and so is its end.
 */
#ifndef ASK_QUIET_H
#define ASK_QUIET_H

#include "ask/poller.h"

struct quiet;

struct quiet_world {
	struct loop *loop;
	struct store *store;
	struct generations *generations;
	const struct clock *clock;
	const struct poller *poller;
	/* Called when notices were stored. */
	loop_handler *stored;
	void *context;
};

/* Everything in `world` is borrowed for its life. */
struct quiet *quiet_create(const struct quiet_world *world);
void quiet_destroy(struct quiet **quiet);

#endif
