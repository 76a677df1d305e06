/*
 * A program of ours in a process of its own, as if nobody had touched it: all
 * signals as a fresh program has them, its standard error ours, and of our
 * environment, which may hold credentials, nothing.
 */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <sys/types.h>

/* `input` and `output` become its standard input and output; an `output` of -1
 * is nobody's. 0, or an errno; then `pid_out` is not set. Lists end by NULL. */
int spawn_clean(const char *program, char *const arguments[],
		char *const environment[], int input, int output,
		pid_t *pid_out);

#endif
