/*
 * Which incidents are one: Microsoft merges them, and then what belongs to the
 * one belongs to the other. What was merged is known from the API only; without
 * it an incident is itself alone.
 *
 * An API has names of incidents as well.
 */
#ifndef HOLD_INCIDENT_H
#define HOLD_INCIDENT_H

#include "alert/alert.h"
#include "base/vec.h"
#include "store/store.h"

struct incident {
	const char *name;	/* of the one that is left, and its id when that
				   is another one: "Name (43)"; or NULL */
	/* Their ids: those that were merged, then the one that is left. Empty
	 * when an alert names none. */
	VEC(const char *) ids;
};

enum outcome incident_look(struct store *store, const char *tenant,
			   const char *id, struct arena *arena,
			   struct incident *incident_out, struct buf *error);

/* That of an alert, when nothing is known of merges. */
void incident_alone(const struct alert *alert, struct arena *arena,
		    struct incident *incident_out);

/* That of an alert. Without its tenant nobody can say what was merged. */
enum outcome incident_of(struct store *store, const struct alert *alert,
			 struct arena *arena, struct incident *incident_out,
			 struct buf *error);

#endif
