/*
 * Does an input prove that it is genuine and the customer's? Only then it
 * counts for what comes later (hold/cover.h).
 */
#ifndef PIPELINE_PROOF_H
#define PIPELINE_PROOF_H

#include "pipeline/read.h"

/* Why it does not, one sentence; NULL when it does. */
const char *pipeline_unproven(const struct generation *generation,
			      const struct pipeline_reading *reading);

#endif
