/*
 * What a mail gave: an alert, evidence of whose it is, and what was left over.
 */
#ifndef NORMALIZE_EXTRACTION_H
#define NORMALIZE_EXTRACTION_H

#include "normalize/customer.h"

struct extract_label {
	const char *label;
	const char *value;
};

struct extraction {
	struct alert *alert;
	struct customer_evidences evidences;	/* without mailboxes */
	VEC(struct extract_label) unknown;	/* no format knows them */
	VEC(const char *) notes;		/* what could not be used */
};

#endif
