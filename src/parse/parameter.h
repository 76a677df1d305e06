/*
 * MIME parameters with charset and language, and in pieces (RFC 2231), which
 * libetpan hands over as they stand: `name*=utf-8''na%C3%AFve`, or `name*0*=`
 * and `name*1=`.
 */
#ifndef PARSE_PARAMETER_H
#define PARSE_PARAMETER_H

#include "base/vec.h"

struct parameter {
	const char *name;
	const char *value;	/* without its quotes */
};

struct parameters {
	struct parameter *items;
	size_t count, size;
};

/* The value in UTF-8, "" when absent. Pieces come before the plain form; a
 * plain value may hold encoded words (wrong, and common). */
const char *parameter_value(struct arena *arena,
			    const struct parameters *parameters,
			    const char *name);

#endif
