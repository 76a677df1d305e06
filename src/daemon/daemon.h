/*
 * `tocsin run`: one process, one loop.
 *
 * inotify on the inbox and a periodic look at it; the reader's answers; the
 * sender threads' results; timers; signals: SIGHUP loads the configuration
 * anew, SIGTERM and SIGINT drain and end.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

enum daemon_flags {
	DAEMON_NO_SANDBOX = 1 << 0,	/* see sandbox.h */
};

/* Until a signal ends it: 0. Or 1, with a sentence on standard error, when it
 * cannot start. `path` is the main file. */
int daemon_main(const char *path, unsigned int flags);

#endif
