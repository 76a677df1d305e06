/*
 * What conditions look at: one alert at one instant, its texts folded once for
 * comparison, however many rules ask.
 *
 * Facts live in the arena of the item that is matched. They change nothing but
 * their own memory, so the same alert and instant always give the same facts.
 */
#ifndef MATCH_FACTS_H
#define MATCH_FACTS_H

#include "alert/alert.h"
#include "base/clock.h"

#include <stdbool.h>

/* One value of a field. */
struct fact {
	const char *text;	/* as the alert has it */
	const char *source;
	const char *folded;	/* on one line, without case */
	size_t folded_length;
	const char *label;	/* folded first label of a device's name; NULL
				   when the name has only one, is an address,
				   or this is no device */
	size_t label_length;
	bool unsure;		/* of a field of one value: it may be another */
	bool garbled;		/* some of it could not be read: U+FFFD */
};

struct facts {
	const struct alert *alert;
	instant_ms now;
	struct arena *arena;
	struct fact *fields[ALERT_FIELDS];	/* NULL until asked for */
	uint32_t *regex_steps_left;	/* see regex.h */

	/* What is asked for: should it hide the alert? Then no answer rests on
	 * what is not known. */
	bool hiding;
	/* What was found: why an answer was unknown, of a field that may have
	 * more than was read of it. NULL: nothing was. */
	const char *unread;
};

void facts_init(struct facts *facts, const struct alert *alert,
		instant_ms now, struct arena *arena);

/* The values of a field, none if it is not known. */
const struct fact *facts_of(struct facts *facts, enum alert_field field,
			    size_t *count_out);

/*
 * Why the field may have a value that is not among its facts, or NULL. This is
 * the one place where that is asked; what it means for a test is in
 * cond_eval.c.
 */
const char *facts_incomplete(const struct facts *facts,
			     enum alert_field field);

/* Is any field so, or any value garbled? Then rules can be undecided that the
 * index does not find. */
bool facts_are_incomplete(const struct facts *facts);

#endif
