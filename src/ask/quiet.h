/*
 * Silence that was not expected: a customer whose mails have stopped, or whose
 * tenants cannot be read, is told to the catch-all, once, with what is likely
 * to be wrong; and so is its end. A mail ends it when a format knows it and it
 * is authentic: a stranger must not be able to. Where nobody's word on mails
 * counts (no `authserv`), one that a format knows does.
 */
#ifndef ASK_QUIET_H
#define ASK_QUIET_H

#include "pipeline/generations.h"
#include "store/clerk.h"

struct quiet;

struct quiet_world {
	struct loop *loop;
	struct clerk *clerk;
	struct generations *generations;
	const struct clock *clock;
	/* When all tenants of the customer had last been read; TIME_UNKNOWN
	 * when one never was. False: that is not known yet. */
	bool (*good)(void *context, const char *customer,
		     instant_ms *when_out);
	/* Called when notices were stored. */
	loop_handler *stored;
	void *context;
};

/* Everything in `world` is borrowed for its life. */
struct quiet *quiet_create(const struct quiet_world *world);

/* Drains the clerk when a look is under way. */
void quiet_destroy(struct quiet **quiet);

#endif
