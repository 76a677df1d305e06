/*
 * Extraction: rows, subject and links of a mail become the fields of an alert.
 *
 * Nothing depends on the order of labels or on a place in the page: a row is
 * known by its label, a link by its host and path. What a reader of the mail
 * sees first wins, but of two severities the higher one; anything that
 * disagrees, and anything hidden that differs, becomes a doubt.
 */
#ifndef NORMALIZE_EXTRACT_H
#define NORMALIZE_EXTRACT_H

#include "normalize/extraction.h"
#include "normalize/recognise.h"

/* Add everything that `message` says, read as `recognition` says. Fields that
 * nothing was found for stay empty. */
void extract(struct extraction *extraction, const struct formats *formats,
	     const struct recognition *recognition,
	     const struct message *message);

#endif
