/*
 * All that an alert can say in a field of an order, as far as tests can tell:
 * each word that has a rank, one of tomorrow, none, one that cannot be read,
 * and each of these where it is not certain. So what a condition says of such a
 * field is a set, and whether one condition takes all that another one takes is
 * a question of sets, whatever words they are written in.
 *
 * The answers are those of cond_eval().
 */
#ifndef MATCH_WORLDS_H
#define MATCH_WORLDS_H

#include "match/cond.h"

struct worlds;

typedef uint32_t worlds_set;	/* a bit each */

/* Lives in the arena. */
struct worlds *worlds_create(struct arena *arena);

/* The one field of an order that the condition asks about, and nothing else
 * but such words as the worlds are made for; ALERT_FIELDS: it asks for more. */
enum alert_field worlds_field(const struct cond *cond);

/* Where such a condition is certainly true; `hiding` as in struct facts. */
worlds_set worlds_of(const struct worlds *worlds, const struct cond *cond,
		     bool hiding);

#endif
