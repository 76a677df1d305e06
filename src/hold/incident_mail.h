/*
 * How a mail that names its incident and no alert stands among those that were
 * told: by a name of its own in the place of an alert's id,
 *
 *	mail k7q2m9x0yz			it told somebody
 *	mail k7q2m9x0yz da638...	and then stood for this alert
 *
 * A blank is in no id of an alert that a mail names, and one of an API that
 * began so would be told once more.
 */
#ifndef HOLD_INCIDENT_MAIL_H
#define HOLD_INCIDENT_MAIL_H

#include "base/arena.h"
#include "store/store.h"

/* Of the mail with that code. */
const char *incident_mail_name(const char *code, struct arena *arena);

/* The code in a name of the first form, a part of it; else NULL. */
const char *incident_mail_code(const char *name);

/* The second form. */
const char *incident_mail_bind(const char *name, const char *alert,
			       struct arena *arena);

enum incident_mail_bond {
	INCIDENT_MAIL_FREE,	/* it stood for none yet */
	INCIDENT_MAIL_OURS,	/* for this alert */
	INCIDENT_MAIL_TAKEN,	/* for another one */
};

/* What the mail of that name, of the first form, stood for. */
enum incident_mail_bond incident_mail_bond(const struct store_tolds *tolds,
					   const char *name,
					   const char *alert);

#endif
