/*
 * The order of the stages.
 *
 *	intake -> parse -> normalize -> match -> hold -> oncall -> render
 *	-> queue -> send
 *
 * A worker hands over what came in; pipeline_take() goes through the stages up
 * to the queue. What it wants written is in the change, and after that is
 * committed the message may leave the inbox; what is sent later is
 * deliver/'s business.
 */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include "pipeline/decide.h"

/* A part of a unit of work, which may be run again. */
enum outcome pipeline_take(const struct generation *generation,
			   struct store *store,
			   const struct pipeline_input *input, instant_ms now,
			   struct change *change,
			   struct pipeline_decision **decision_out,
			   struct buf *error);

#endif
