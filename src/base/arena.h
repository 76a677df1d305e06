/*
 * An arena: memory for one unit of work, freed whole.
 *
 * A unit is one item in the pipeline, one generation of configuration, one
 * command. Whatever is allocated from its arena lives until arena_reset() or
 * arena_destroy(); nothing is freed one by one. Allocation never fails: with
 * no memory left the process stops (bug.h).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_create(void);

/* The pointer may lie in the arena itself: `arena_destroy(&unit->arena)`. */
void arena_destroy(struct arena **arena);

/* Forget everything, keep one block for the next unit. */
void arena_reset(struct arena *arena);

/* Bytes handed out since creation or the last reset. */
size_t arena_size(const struct arena *arena);

/* Zeroed, aligned for numbers and pointers; not for `long double`, which would
 * cost every small thing half of its size more. */
void *arena_alloc(struct arena *arena, size_t size);

/* `count` zeroed items of `size` bytes; stops on overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies, always with a terminating NUL that `length` does not count. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);

char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args);

#endif
