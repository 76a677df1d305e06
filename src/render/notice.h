/*
 * A notice: what the relay itself has to say to a person. It is told like an
 * alert, by the template `notice` with words in the reader's language and times
 * in his zone, so nothing here is a sentence: a kind, and what fills the holes
 * of its words.
 *
 *	notice-KIND		what it is, in one line
 *	notice-KIND-short	the same before the severity and title of the
 *				alert it is about; only kinds about an alert
 *	notice-KIND-text	what follows from it and what to do, with the
 *				holes {address} {tenant} {name} {since} {every}
 *				{count}
 *
 * To add a kind: its line here and in notice.c, and those words in every file
 * of templates/words.
 */
#ifndef RENDER_NOTICE_H
#define RENDER_NOTICE_H

#include "base/clock.h"
#include "render/value.h"
#include "render/words.h"

enum notice_kind {
	/* About an alert. */
	NOTICE_HELD,		/* it waits for a person */
	NOTICE_FAILED,		/* nobody at {address} was told of it */
	NOTICE_BOUNCED,		/* {address} had been told, and it came back */
	NOTICE_FORMAT,		/* its mail has what no format knows */
	NOTICE_RECORD,		/* a record of {tenant} cannot be read */
	/* About a customer, or the relay. */
	NOTICE_QUIET_MAIL,	/* nothing {since}, expected every {every} */
	NOTICE_QUIET_POLL,
	NOTICE_HEARD_MAIL,
	NOTICE_HEARD_POLL,
	NOTICE_POLL_FAILED,	/* of {tenant}, app {name} */
	NOTICE_POLL_GOOD,
	NOTICE_APP_FAILED,	/* all tenants that app {name} reads */
	NOTICE_RELAY_FAILED,	/* {name}; {count} wait */
	NOTICE_RELAY_GOOD,
	NOTICE_FEED_OLD,	/* the calendar of oncall {name} at {address}:
				   turns are as they were {since} */
	NOTICE_FEED_NONE,	/* the same, but there are none */
	NOTICE_FEED_GOOD,
	NOTICE_LEFT,		/* the file {name} */
	NOTICE_KEPT,		/* the last good text of file {name} {since} */
	NOTICE_GONE,		/* the customer's file {name} */
	NOTICE_CLOCK,		/* it jumped by {every} */
	NOTICE_CLOCK_BACK,	/* and is right again */
	NOTICE_ASIDE,		/* {count} files, now in {name} */
	NOTICE_STAYS,		/* {count} files, still in {name} {since} */
	NOTICE_KINDS
};

struct notice {
	enum notice_kind kind;
	/* What the holes hold; NULL, 0 and TIME_UNKNOWN: not known. */
	const char *address;
	const char *tenant;
	const char *name;
	instant_ms since;
	int64_t every_ms;
	size_t count;

	const char *why;	/* key of a word that says the reason; NULL */
	const char *detail;	/* more on it as it came, an answer of a server
				   or of a parser: shown as a quotation; NULL */
	const char *const *items;	/* what it is about, one a line; ended
					   by NULL; or NULL */
	const char *const *commands;	/* to be typed, likewise */
};

/* How much it presses a reader who cannot see an alert's severity. */
bool notice_is_pressing(const struct notice *notice);

/* In words of the reader, one line each; never NULL but notice_short(). */
const char *notice_title(struct arena *arena, const struct notice *notice,
			 const struct words *words);
const char *notice_short(const struct notice *notice,
			 const struct words *words);
const char *notice_text(struct arena *arena, const struct notice *notice,
			const struct words *words, const struct zone *zone);

/* What templates see as `notice`: title short text why detail items commands
 * has-items has-commands. */
struct value *notice_value(struct arena *arena, const struct notice *notice,
			   const struct words *words, const struct zone *zone);

/* All of it as plain text, for the journal and for when a template fails. */
void notice_print(struct arena *arena, const struct notice *notice,
		  const struct words *words, const struct zone *zone,
		  struct buf *out);

#endif
