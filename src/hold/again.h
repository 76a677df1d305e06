/*
 * Is it an alert that is known already, and is there news in it?
 *
 * An API gives the same alert again and again, and a mail and an API tell of
 * the same one. One alert tells each recipient once:
 *
 *	it came by		and was told by		a recipient is told
 *	API, its id is known	either road		not again
 *	API, its incident	a mail that names only	not again, when the mail
 *				the incident		came within half an hour
 *							after the alert and was
 *							as severe
 *	mail, its id is known	the API, whomever	not at all
 *	mail, its id is known	another mail		not again, when that was
 *							as severe
 *	mail, its incident	the API, whomever	not at all, when that
 *							was within half an hour,
 *							and as severe, and the
 *							API has just been read
 *
 * Half an hour, because an incident goes on: what comes to it later is news,
 * and the other road may be closed by then. For the same reason a mail is only
 * about what the API gave while the API answers: of an alert that it could not
 * give, the mail is all there is.
 *
 * A record of the API in which the severity is higher, a resolved alert is open
 * again, or a device is new, is news to everybody the rules name, and so is one
 * that may be such a record because part of it could not be read; so is such a
 * mail, unless the API has given the alert and has just been read. Mail that is
 * not authentic is never counted as having told anybody: whoever forges one
 * could keep the alert from them.
 *
 * Order of calls: again_look(), again_told() per recipient, and when it is
 * taken again_remember().
 */
#ifndef HOLD_AGAIN_H
#define HOLD_AGAIN_H

#include "hold/hold.h"
#include "store/change.h"

struct again {
	const struct alert *alert;
	const struct hold_state *state;
	bool by_api;
	bool is_completed;		/* a mail: the API was read whole since
					   it came */
	instant_ms now;
	const char *digest;		/* of the record; NULL for a mail */
	bool same;			/* nothing at all has changed, or it is
					   older than what is known */
	const char *news;		/* what makes it worth telling again */
	const char *change;		/* what else changed: for the journal */
};

/* `alert`, `state`, `is_completed`, `now` and `digest` of `again` are set, the
 * first two borrowed; the rest is found out. What has no customer, or neither
 * alert nor incident id, is new. */
void again_look(struct again *again, struct arena *arena);

/* Is it a mail about what the API has given already? The API knew more, so what
 * was decided then stands for the mail as well. */
bool again_is_covered(const struct again *again);

/* Need the recipient not be told? */
bool again_told(const struct again *again, struct arena *arena,
		const char *recipient);

/* `item` is the one that was made of it: CHANGE_ITEM, or 0. */
void again_remember(const struct again *again, int64_t item,
		    struct change *change);
void again_remember_told(const struct again *again, const char *recipient,
			 struct change *change);

#endif
