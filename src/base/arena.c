/*
 * Blocks in a list, the current one first. A request larger than half a block
 * gets a block of its own behind the current one, so that one large mail does
 * not waste the rest of the block in use.
 *
 * Blocks grow with the arena: a large one then consists of few, which is quick
 * to free and goes back to the system whole. The largest are huge pages: of
 * hundreds of megabytes of rules an alert reads a few lines here and there, and
 * with small pages each of them would first be looked up in page tables, which
 * are in no cache either.
 */
#include "base/arena.h"

#include "base/bug.h"

#include <stdalign.h>
#include <stdint.h>
#include <sys/mman.h>

enum {
	ARENA_BLOCK = 16 * 1024,
	ARENA_HUGE = 2 * 1024 * 1024,	/* on x86-64, mostly on aarch64 */
	/* A new block has at most this part of what the arena has: so much is
	 * wasted at worst. */
	ARENA_PART = 16,
};

struct block {
	struct block *next;
	size_t used;
	size_t size;
	char data[];		/* aligned as the fields before it */
};

struct arena {
	struct block *first;
	size_t size;
};

enum { ARENA_BLOCK_MOST = ARENA_HUGE - sizeof(struct block) };

static void *
huge_map(void)
{
	/* Wherever it begins, there is a whole page in twice its size. */
	char *memory = mmap(NULL, 2 * ARENA_HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (memory == MAP_FAILED)
		BUG("no memory for %d bytes", ARENA_HUGE);
	before = ARENA_HUGE - (uintptr_t)memory % ARENA_HUGE;
	(void)munmap(memory, before);
	memory += before;
	if (before < ARENA_HUGE)
		(void)munmap(memory + ARENA_HUGE, ARENA_HUGE - before);
	(void)madvise(memory, ARENA_HUGE, MADV_HUGEPAGE); /* only a wish */
	return memory;
}

static struct block *
block_create(size_t size)
{
	struct block *block = size == ARENA_BLOCK_MOST ? huge_map() :
			      bug_alloc(sizeof(*block) + size);

	block->next = NULL;
	block->used = 0;
	block->size = size;
	return block;
}

struct arena *
arena_create(void)
{
	struct arena *arena = bug_alloc(sizeof(*arena));

	arena->first = block_create(ARENA_BLOCK);
	arena->size = 0;
	return arena;
}

static void
blocks_free(struct block *block)
{
	while (block) {
		struct block *next = block->next;

		if (block->size == ARENA_BLOCK_MOST)
			(void)munmap(block, ARENA_HUGE);
		else
			free(block);
		block = next;
	}
}

void
arena_destroy(struct arena **arena)
{
	struct arena *old = *arena;

	if (!old)
		return;
	*arena = NULL;	/* first, for it may lie in a block */
	blocks_free(old->first);
	free(old);
}

void
arena_reset(struct arena *arena)
{
	blocks_free(arena->first->next);
	arena->first->next = NULL;
	arena->first->used = 0;
	arena->size = 0;
}

size_t
arena_size(const struct arena *arena)
{
	return arena->size;
}

static size_t
next_size(const struct arena *arena)
{
	size_t size = arena->size / ARENA_PART;

	if (size < ARENA_BLOCK)
		return ARENA_BLOCK;
	return size < ARENA_BLOCK_MOST ? size : ARENA_BLOCK_MOST;
}

static void *
block_take(struct block *block, size_t size)
{
	void *memory = block->data + block->used;

	block->used += size;
	return memory;
}

/* Not zeroed. */
static void *
take(struct arena *arena, size_t size)
{
	const size_t unit = alignof(struct block);
	struct block *block;

	if (size > SIZE_MAX / 2)
		BUG("allocation of %zu bytes", size);
	size = (size + unit - 1) / unit * unit;
	arena->size += size;

	block = arena->first;
	if (block->size - block->used >= size)
		return block_take(block, size);
	if (size > ARENA_BLOCK / 2) {
		struct block *own = block_create(size);

		own->next = block->next;
		block->next = own;
		return block_take(own, size);
	}
	block = block_create(next_size(arena));
	block->next = arena->first;
	arena->first = block;
	return block_take(block, size);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		BUG("array of %zu items of %zu bytes", count, size);
	return arena_alloc(arena, count * size);
}

char *
arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = take(arena, length + 1);

	if (length)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *
arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	if (length < 0)
		BUG("bad format '%s'", format);
	text = take(arena, (size_t)length + 1);
	(void)vsnprintf(text, (size_t)length + 1, format, again); /* measured */
	va_end(again);
	return text;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
