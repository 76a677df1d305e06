/*
 * Loading the configuration anew while the loop goes on: a thread of its own
 * reads and checks everything, which takes a second for some hundred thousand
 * rules, and only the finished generation comes to the loop.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "base/loop.h"
#include "pipeline/generation.h"

struct reload;

/* Called in the loop's thread with what was loaded, which it then owns; NULL
 * when there is none to be had (last_good.h). */
typedef void reload_taker(void *context, struct generation *next);

/* All are borrowed for its life; `path` is the main file. */
struct reload *reload_create(struct loop *loop, const char *path,
			     const struct clock *clock, reload_taker *take,
			     void *context);

/* Begin; when a load is under way, once more after it, because it may have
 * read the files before they were changed. */
void reload_start(struct reload *reload);

/* Waits for a load that is under way; nobody gets it. */
void reload_destroy(struct reload **reload);

#endif
