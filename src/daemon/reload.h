/*
 * Loading the configuration anew while the loop goes on: a thread of its own
 * reads and checks everything, which takes a second for some hundred thousand
 * rules, and only the finished generation comes to the loop.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "base/loop.h"
#include "daemon/last_good.h"

struct reload;

/* Called in the loop's thread with what was loaded, lent; it may take the
 * generation (last_good.h). What was changed before `asked` is in it. */
typedef void reload_taker(void *context, struct last_good *next,
			  instant_ms asked);

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
