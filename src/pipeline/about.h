/*
 * What a delivery is about, beside its item: "" for what a rule asked for, else
 * one of these. A word about a failure is told to nobody when it fails itself:
 * the addresses of the catch-all would go on telling each other.
 */
#ifndef PIPELINE_ABOUT_H
#define PIPELINE_ABOUT_H

#include "base/text.h"

#define ABOUT_HELD "held"
#define ABOUT_RETURNED "returned"	/* a notification came back */
#define ABOUT_FAILURE "failed "		/* and the number of the delivery */

static inline bool
about_is_failure(const char *about)
{
	return text_starts(about, ABOUT_FAILURE) ||
	       !strcmp(about, ABOUT_RETURNED);
}

#endif
