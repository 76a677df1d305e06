/*
 * The guard of `recipients`: nobody gets a customer's data whom they do not
 * allow. It is asked when rules are loaded, of all whom they name, and at send.
 *
 * What it says never advises to open it. An address that none of those allows
 * who would tell it is a mistake in the address, and one finding, however many
 * name it; a contact that stands in another customer's file belongs to him.
 */
#ifndef PIPELINE_GUARD_H
#define PIPELINE_GUARD_H

#include "match/ruleset.h"
#include "oncall/contact.h"

struct guard {
	const struct ruleset *ruleset;
	const struct contacts *contacts;
	const struct contact *catch_all;	/* or NULL */
};

/* May `endpoint` get data of `customer` (NULL: of nobody's)? Only what the
 * customer's `recipients` allow, and the catch-all. */
bool guard_allows(const struct guard *guard, const char *customer,
		  const struct endpoint *endpoint);

/* Of all whom the rules name; what is wrong goes to `diag`. */
void guard_check(const struct guard *guard, struct diag *diag);

#endif
