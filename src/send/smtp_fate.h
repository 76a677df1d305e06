/*
 * What the end of an SMTP transfer means for the delivery, for the host, and
 * for what else waits for it.
 *
 * The difficulty is to tell apart what the server says about this recipient or
 * message (its answer stands, and no other host is asked for a better one),
 * what it says about itself or about us (the next host may do, and it is no
 * verdict on anybody), and not knowing whether the message arrived (nobody
 * else is tried, or it arrives twice at once).
 */
#ifndef SEND_SMTP_FATE_H
#define SEND_SMTP_FATE_H

#include "net/smtp.h"
#include "send/send.h"

enum smtp_fate {
	SMTP_ACCEPTED,	/* the host has taken responsibility */
	SMTP_REFUSED,	/* no, to this recipient or message */
	SMTP_LATER,	/* not now, to this recipient or message */
	SMTP_UNCERTAIN,	/* the host has the message; its answer is lost */
	SMTP_SLOWER,	/* too many connections or mails: not now, to us */
	SMTP_NEXT,	/* the host is not well */
	SMTP_MEND,	/* the host and we do not fit: a person must look */
	SMTP_UNFIT,	/* this host cannot take such an address */
	SMTP_STOPPED,	/* we ourselves gave up */
	SMTP_FATES
};

struct smtp_fate_info {
	enum outcome outcome;		/* when no other host is left */
	bool asks_next;
	enum send_about about;		/* whom it is about */
};

/* By enum smtp_fate. */
extern const struct smtp_fate_info smtp_fates[SMTP_FATES];

enum smtp_fate smtp_fate(const struct smtp_answer *answer);

#endif
