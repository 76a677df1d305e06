/*
 * The generations in use: the current one, and older ones that a delivery
 * under way still borrows its relay from.
 */
#ifndef PIPELINE_GENERATIONS_H
#define PIPELINE_GENERATIONS_H

#include "pipeline/generation.h"

struct generations;

/* Takes ownership of the first one. */
struct generations *generations_create(struct generation *first);
void generations_destroy(struct generations **generations);

/* Lent until the next generations_replace(). */
const struct generation *
generations_current(const struct generations *generations);

/* Takes ownership; the former one goes when nobody borrows from it. */
void generations_replace(struct generations *generations,
			 struct generation *next);

/* The current one, kept until it is given back. */
const struct generation *generations_borrow(struct generations *generations);
void generations_return(struct generations *generations,
			const struct generation *borrowed);

#endif
