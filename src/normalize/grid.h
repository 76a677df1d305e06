/*
 * Tables of several columns: a first row of labels, and values below them, or a
 * label with several cells behind it.
 *
 *	Incident Number | Severity | Title
 *	8813            | Medium   | Impossible travel
 */
#ifndef NORMALIZE_GRID_H
#define NORMALIZE_GRID_H

#include "normalize/fill.h"
#include "parse/message.h"

/* Fill in what the tables of `message` say. */
void grid_fill(struct fill *fill, const struct message *message);

/* Is a row of two cells, as the reader hands it over, the labels of such a
 * table and no label with its value? */
bool grid_has_head(const struct fill *fill, const struct message *message,
		   const struct message_row *row);

#endif
