/*
 * BUG(): a broken invariant of ours, or no memory.
 *
 * Such a state cannot be handled where it is found, so the process stops at
 * once, with one line that says where. Nothing is lost by it: a message is in
 * the inbox or in the store, both on disk, and the service manager starts the
 * program again. Never use it for what the user wrote (see diag.h) or what the
 * world did (see outcome.h).
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

#include <stddef.h>

#define BUG(...) bug_stop(__FILE__, __LINE__, __VA_ARGS__)

_Noreturn void bug_stop(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* malloc(), realloc() and strdup() that stop instead of returning NULL. */
void *bug_alloc(size_t size);
void *bug_realloc(void *old, size_t size);
char *bug_strdup(const char *text);

#endif
