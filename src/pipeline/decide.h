/*
 * The one evaluator. The daemon, `explain`, `test` and the replay of the
 * journal call it; it touches no store, no clock and no network, and gives the
 * same for the same generation, reading, past and time.
 */
#ifndef PIPELINE_DECIDE_H
#define PIPELINE_DECIDE_H

#include "hold/again.h"
#include "pipeline/read.h"
#include "render/notification.h"

enum pipeline_action { PIPELINE_NOTIFY, PIPELINE_DROP, PIPELINE_HOLD };

extern const char *const pipeline_action_names[]; /* "notify" "drop" "hold" */

/* One place that will be told, and how. */
struct pipeline_plan {
	struct endpoint endpoint;
	const struct relay *relay;
	const struct contact *contact;
	const char *rule;
	const char *template;		/* never NULL */
};

struct pipeline_decision {
	const struct pipeline_reading *reading;
	const struct hold_state *state;
	struct again again;		/* what follows from the state */

	struct alert *alert;		/* never NULL */
	const struct normalized *normalized; /* NULL: nothing was parsed */
	const struct ruleset_customer *customer; /* NULL: nobody's */
	const struct rule *deciding;	/* NULL unless a rule decided */
	enum notification_reason told_by;
	enum pipeline_action action;
	const char *reason;		/* of drop and hold; else NULL */
	const char *news;		/* what makes an alert that is known
					   worth telling again, or NULL */
	const char *rule;		/* "otherwise", "catch-all" for those;
					   NULL when held */
	const char *file;		/* where it stands, or NULL */
	size_t line;
	const char *template;		/* that the deciding rule names first,
					   or NULL */
	VEC(struct again_cover) covers;	/* what stood for plans that are not
					   made; one for each address */
	VEC(struct pipeline_plan) plans; /* who is told and was not before; of
					   hold: who is told of that */
	const char *trace;		/* lines: what was recognised, whose it
					   is, each rule's answer */

	/* A record of an API that came before and tells nobody. */
	bool is_known;
	/* STORE_NEW: it becomes an item, with this code. A message that came
	 * before is none, and neither is what is known: STORE_DUPLICATE when it
	 * has changed, STORE_AGAIN when not; then the code may be NULL. */
	enum store_added how;
	const char *code;
};

enum pipeline_flags {
	PIPELINE_TRACE_ALL = 1,		/* each rule's answer is in the trace,
					   however many there are */
};

/* Everything is in the arena; reading and state are borrowed. */
struct pipeline_decision *
pipeline_decide(const struct generation *generation,
		const struct pipeline_reading *reading,
		const struct hold_state *state, instant_ms now,
		unsigned int flags, struct arena *arena);

/* The same when nothing was before, but for who replaces whom on duty (NULL:
 * nobody): what a dry run shows. */
struct pipeline_decision *
pipeline_decide_first(const struct generation *generation,
		      const struct pipeline_input *input,
		      const struct store_replacements *stored, instant_ms now,
		      unsigned int flags, struct arena *arena);

/* The stages from match on, for an alert whose customer is set and of which
 * nothing was before. */
struct pipeline_decision *
pipeline_decide_alert(const struct generation *generation,
		      struct alert *alert, instant_ms now,
		      struct arena *arena);

#endif
