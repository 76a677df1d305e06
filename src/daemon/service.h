/*
 * What a service manager wants of a daemon: one instance per state directory,
 * and word of how it is (sd_notify(3), spoken without libsystemd).
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "base/buf.h"
#include "base/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/* Make a directory for what must survive, durably, when it is missing: a mail
 * leaves the inbox as soon as it is in there. Not the one that it is in. */
enum outcome service_make_folder(const char *path, struct buf *error);

/* Permanent when so few files may be open at once that it would end somewhere
 * on its way. */
enum outcome service_find_files(struct buf *error);

/* Permanent when the store's file is there, of no octet, and something else is
 * in the state: then this is no first start, and a new store would forget all
 * that was, without a word. */
enum outcome service_check_store(const char *state, const char *file,
				 struct buf *error);

/*
 * Take the lock STATE/lock for as long as the process lives. Permanent, with
 * the other's process id in the sentence, when another instance holds it: two
 * would send everything twice.
 */
enum outcome service_lock(const char *state, struct buf *error);

/* Does somebody hold it, and who (0: unknown)? Permanent, with the reason, when
 * the lock may not be looked at. */
enum outcome service_look(const char *state, bool *runs_out, long *pid_out,
			  struct buf *error);

/* "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..."; lines
 * joined by line ends. Nothing happens without NOTIFY_SOCKET. */
void service_notify(const char *state);

/* How often WATCHDOG=1 is due: half of what the manager allows; 0: never. */
int64_t service_watchdog_ms(void);

#endif
