/*
 * From a mail that was taken apart to an alert record: what kind of mail it is,
 * what it says, whether it is genuine, and whose it is.
 *
 * Nothing is rejected here. A mail that nothing describes is an alert with its
 * subject for a title; a mail that cannot be given to one customer says why; a
 * forgery is marked. What follows from that is the business of the stages
 * behind. There is no clock and no store: the same mail always gives the same.
 */
#ifndef NORMALIZE_NORMALIZE_H
#define NORMALIZE_NORMALIZE_H

#include "normalize/authentic.h"
#include "normalize/customer.h"
#include "normalize/extract.h"
#include "normalize/mailloop.h"

struct normalize_input {
	const struct formats *formats;
	const struct customers *customers;
	const char *authserv;		/* NULL: nobody's word counts */
	size_t authserv_fields;		/* how many fields are its word */
	const char *distrust;		/* NULL, or why no header of this mail
					   is the word of our server */
	const char *domain;		/* of our own Message-IDs */
	const char *from;		/* the address that we send from */
	const char *sender;		/* of the envelope; "" for null */
	const char *const *recipients;	/* of the envelope */
	size_t recipient_count;
	const struct message *message;
	const char *raw;		/* the mail as it came; may be NULL */
	size_t length;
};

struct normalized {
	struct alert *alert;		/* doubts are in it */
	enum customer_result customer;
	const char *why;		/* that customer, or no customer */
	const char *authentic_why;

	enum recognised_by by;		/* how */
	bool recognised;		/* the format is not `generic` */
	bool complete;			/* no field is missing */
	bool forwarded;			/* a person or program sent it on, */
	bool has_words;			/* and wrote something above it */
	bool is_strange;		/* as in struct customer_answer */
	VEC(enum alert_field) missing;	/* that the format expects */
	VEC(struct extract_label) unknown; /* labels that no format knows; only
					      of recognised mails */
	VEC(const char *) notes;	/* what was not read, and what was seen
					   but not used */

	struct mailloop loop;	/* must it not lead to another mail? */

	/* Of an API's alert: what its incident is called; or NULL. */
	const char *incident_name;
	/* Of an API's alert: what Microsoft recommends to do, in lines; or
	 * NULL. */
	const char *actions;

	/* Of an API's alert: why nobody needs to act on it any more, or NULL.
	 * It is recorded, and paged only when a rule asks for such ones. */
	const char *handled;
};

/* Everything, never NULL, in the arena. */
const struct normalized *normalize_mail(const struct normalize_input *input,
					struct arena *arena);

#endif
