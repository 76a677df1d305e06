#include "pipeline/pipeline.h"

#include "pipeline/novelty.h"
#include "pipeline/record.h"
#include "pipeline/returned.h"

enum outcome
pipeline_take(const struct generation *generation, struct store *store,
	      const struct pipeline_input *input, instant_ms now,
	      struct change *change, struct pipeline_decision **decision_out,
	      struct buf *error)
{
	struct arena *arena = change->arena;
	struct pipeline_reading *reading = pipeline_read(generation, input,
							 arena);
	struct hold_state *state = arena_alloc(arena, sizeof(*state));
	enum outcome outcome;

	pipeline_ask_novelties(generation, reading, arena);
	pipeline_ask_returned(reading, now, arena);
	outcome = hold_load(store, &reading->question, arena, state, error);
	if (outcome != OUTCOME_OK)
		return outcome;
	*decision_out = pipeline_decide(generation, reading, state, now, 0,
					arena);
	pipeline_record(generation, *decision_out, now, change);
	return OUTCOME_OK;
}
