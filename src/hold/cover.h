/*
 * What covers what: when is an input told already, so that it tells nobody, or
 * not the same people again? All of it is this one table. It is data, so that
 * whoever decides (again.h), whoever explains (`why`, `explain`) and the manual
 * (tocsin(7), which a test compares) say the same.
 *
 * A line says: an input of the later road tells nobody, or not those who were
 * told, when one of the earlier road is the same by that identity, proved so
 * much, and is not older than that. Nothing else covers anything.
 *
 * What an input has to prove to cover another (COVER_PROVEN) is that it is
 * genuine and the customer's: an authentic mail that bears a tenant id of his,
 * when he has one. Whatever does not is told, and changes nothing for others:
 * whoever can forge a mail, or has a tenant of his own from which Microsoft
 * sends genuine ones, could else keep an alert from everybody.
 */
#ifndef HOLD_COVER_H
#define HOLD_COVER_H

#include "base/clock.h"

#include <stdbool.h>

enum cover_road { COVER_MAIL, COVER_API };

enum cover_identity {
	COVER_SAME_MAIL,	/* hold/duplicate.h */
	COVER_SAME_ALERT,	/* by its id */
	COVER_SAME_INCIDENT,	/* by its id, and the title is the same or the
				   devices are among those of the other */
};

enum cover_proof {
	COVER_PROVEN = 1,	/* the earlier one is genuine and his */
	COVER_AS_SEVERE = 2,	/* the earlier one; unknown is most severe */
	COVER_NO_NEWS = 4,	/* nothing in the later one is news */
	COVER_API_READ = 8,	/* the API was read whole since the later one
				   came, so it has no more to say */
	COVER_API_OR_NO_NEWS = 16, /* one of these two */
	COVER_WORDLESS = 32,	/* no person wrote anything above it */
	COVER_ONCE = 64,	/* it covers one alert and no second one */
};

struct cover {
	const char *name;	/* of the line; NULL ends the table */
	enum cover_road earlier, later;
	enum cover_identity identity;
	unsigned int proof;
	instant_ms within_ms;	/* from the one to the other; 0: as long as the
				   earlier one is known */
	bool is_for_all;	/* whomever the rules name, else those who were
				   told */
	const char *because;	/* the reason that is recorded */
	const char *sentence;	/* the line in words */
};

extern const struct cover cover_table[];

/* The one line about the same mail. */
const struct cover *cover_same_mail(void);

#endif
