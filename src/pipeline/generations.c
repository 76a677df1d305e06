#include "pipeline/generations.h"

#include "base/bug.h"

struct held {
	struct held *older;
	struct generation *generation;
	size_t borrowers;
};

struct generations {
	struct held *current;		/* never NULL; older ones behind it */
};

static struct held *
held_create(struct generation *generation, struct held *older)
{
	struct held *held = bug_alloc(sizeof(*held));

	*held = (struct held){ older, generation, 0 };
	return held;
}

struct generations *
generations_create(struct generation *first)
{
	struct generations *generations = bug_alloc(sizeof(*generations));

	generations->current = held_create(first, NULL);
	return generations;
}

static void
held_destroy(struct held *held)
{
	generation_destroy(&held->generation);
	free(held);
}

void
generations_destroy(struct generations **generations)
{
	while ((*generations)->current) {
		struct held *held = (*generations)->current;

		(*generations)->current = held->older;
		held_destroy(held);
	}
	free(*generations);
	*generations = NULL;
}

const struct generation *
generations_current(const struct generations *generations)
{
	return generations->current->generation;
}

static void
drop_unused(struct generations *generations)
{
	struct held **link = &generations->current->older;

	while (*link) {
		struct held *held = *link;

		if (held->borrowers) {
			link = &held->older;
			continue;
		}
		*link = held->older;
		held_destroy(held);
	}
}

void
generations_replace(struct generations *generations, struct generation *next)
{
	generations->current = held_create(next, generations->current);
	drop_unused(generations);
}

const struct generation *
generations_borrow(struct generations *generations)
{
	generations->current->borrowers++;
	return generations->current->generation;
}

void
generations_return(struct generations *generations,
		   const struct generation *borrowed)
{
	struct held *held = generations->current;

	while (held && held->generation != borrowed)
		held = held->older;
	if (!held || !held->borrowers)
		BUG("a generation is returned that nobody borrowed");
	held->borrowers--;
	drop_unused(generations);
}
