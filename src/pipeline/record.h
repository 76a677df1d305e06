/*
 * A decision becomes rows: item, verdict, deliveries, the message itself when
 * it is held, and who has been told. Nothing is decided here.
 */
#ifndef PIPELINE_RECORD_H
#define PIPELINE_RECORD_H

#include "pipeline/decide.h"

void pipeline_record(const struct generation *generation,
		     const struct pipeline_decision *decision, instant_ms now,
		     struct change *change);

#endif
