/*
 * Authentication-Results (RFC 8601): what a server found out about a mail.
 *
 * The field is hostile: anybody may write one, and even our own server's copies
 * texts of the sender into it. What RFC 8601 section 2.2 does not allow ends
 * the reading and makes the field `broken`, but for what large servers really
 * write: properties without a type (action=none) and words between results
 * (test.com).
 */
#ifndef NORMALIZE_AUTHRES_H
#define NORMALIZE_AUTHRES_H

#include "base/vec.h"

#include <stdbool.h>

struct authres_property {
	const char *name;	/* "header.from", lower case */
	const char *value;	/* quotes resolved */
};

struct authres_result {
	const char *method;	/* "dmarc", lower case, without its version */
	const char *result;	/* "pass", lower case */
	VEC(struct authres_property) properties;
};

struct authres {
	const char *authserv;	/* lower case; "" when there is none */
	bool broken;
	VEC(struct authres_result) results;
};

/* Reads the value of one field. Never fails; see `broken`. */
struct authres *authres_parse(struct arena *arena, const char *value);

/* The value of the first property of that name, or NULL. */
const char *authres_property(const struct authres_result *result,
			     const char *name);

#endif
