/*
 * Is it an alert that is known already, and is there news in it?
 *
 * An API gives the same alert again and again, and a mail and an API tell of
 * the same one. One alert tells each recipient once: when that is so is said by
 * the table in cover.h, and nowhere else.
 *
 * A record of the API in which the severity is higher, a resolved alert is open
 * again, or a device is new, is news to everybody the rules name, and so is one
 * that may be such a record because part of it could not be read; so is such a
 * mail, unless the API has given the alert and has just been read. What is not
 * proven (cover.h) is never counted as having told anybody, and nothing of it
 * is remembered.
 *
 * A mail about an incident is remembered by its code, since what it said, the
 * title and the devices, is in the journal. When it stood for an alert, that is
 * remembered as well: it stands for no second one.
 *
 * Order of calls: again_look(), again_told() per recipient, and when it is
 * taken again_remember() and what is beside it.
 */
#ifndef HOLD_AGAIN_H
#define HOLD_AGAIN_H

#include "hold/cover.h"
#include "hold/hold.h"
#include "store/change.h"

enum again_news {
	AGAIN_NOTHING,
	AGAIN_RAISED,			/* the severity, or it is not known any
					   more, or again */
	AGAIN_REOPENED,
	AGAIN_DEVICE,			/* there are more, or may be */
};

struct again {
	const struct alert *alert;
	const struct hold_state *state;
	bool by_api;
	bool is_proven;			/* genuine and the customer's */
	bool is_completed;		/* a mail: the API was read whole since
					   it came */
	bool has_words;			/* a mail: a person wrote something
					   above what was sent on */
	instant_ms now;
	const char *digest;		/* of the record; NULL for a mail */
	bool same;			/* nothing at all has changed, or it is
					   older than what is known */
	enum again_news kind;		/* what makes it worth telling again, */
	const char *news;		/* as a sentence for the journal; NULL:
					   nothing */
	const char *was;		/* the severity; of AGAIN_RAISED */
	const char *device;		/* the first new one, */
	size_t devices;			/* of how many; 0: there may be some */
	const char *change;		/* what else changed: for the journal */
};

/* The line of the table that decided, and by what. */
struct again_cover {
	const struct cover *line;	/* NULL: nothing covers it */
	const char *code;		/* of the earlier one's item, or NULL */
	const struct store_told *told;	/* who was told by it; NULL when that is
					   not what counts */
};

/* `alert`, `state`, `is_proven`, `is_completed`, `has_words`, `now` and
 * `digest` of `again` are set, the first two borrowed; the rest is found out.
 * What has no customer, or neither alert nor incident id, is new. */
void again_look(struct again *again, struct arena *arena);

/* Is it covered for whomever the rules name? */
struct again_cover again_covers_all(const struct again *again);

/* Need this recipient not be told? */
struct again_cover again_told(const struct again *again, struct arena *arena,
			      const char *recipient);

/* `item` is the one that was made of it: CHANGE_ITEM, or 0. */
void again_remember(const struct again *again, int64_t item,
		    struct change *change);
/* `code` is that item's. */
void again_remember_told(const struct again *again, const char *code,
			 const char *recipient, struct change *change);
/* That a mail of its incident stood for it. */
void again_remember_cover(const struct again *again,
			  const struct again_cover *cover,
			  struct change *change);

#endif
