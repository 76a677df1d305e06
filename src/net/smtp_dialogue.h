/*
 * An SMTP session as it is overheard, line by line: which step it has reached
 * and what the server said to it. For smtp.c, which has no other way to learn
 * the server's words. Uses base/ only.
 *
 * Life: SMTP_DIALOGUE_INIT; smtp_dialogue_begin() before each mail,
 * smtp_dialogue_sent() and _received() for each line; release at the end.
 */
#ifndef NET_SMTP_DIALOGUE_H
#define NET_SMTP_DIALOGUE_H

#include "base/buf.h"

#include <stdbool.h>

/* The steps of a session, in order. At SMTP_CONTENT the message is on its way
 * and its end was not sent; at SMTP_DOT the server has all of it. */
enum smtp_step {
	SMTP_CONNECT, SMTP_GREETING, SMTP_HELLO, SMTP_TLS, SMTP_AUTH,
	SMTP_MAIL, SMTP_RCPT, SMTP_DATA, SMTP_CONTENT, SMTP_DOT,
};

/* "connect", ..., "dot" */
extern const char *const smtp_step_names[];

enum { SMTP_WORDS_MOST = 1000 };	/* bytes kept of one reply */

struct smtp_dialogue {
	enum smtp_step step;	/* the last that was begun */
	int code;		/* of its reply so far; 0: none */
	bool is_whole;		/* the last line of that reply came */
	struct buf words;	/* that reply: its code, and the texts of its
				   lines joined by blanks, valid UTF-8 */

	/* Of this mail */
	bool has_heard;		/* any reply at all */
	bool has_left;		/* QUIT was sent: nothing counts any more */
	bool has_offers;	/* EHLO was answered */
	bool is_secure;		/* STARTTLS was agreed on */
	/* Of the connection, which may be older */
	bool has_utf8;		/* the last EHLO offered SMTPUTF8 */
};

#define SMTP_DIALOGUE_INIT { .words = BUF_INIT }

void smtp_dialogue_release(struct smtp_dialogue *dialogue);

void smtp_dialogue_begin(struct smtp_dialogue *dialogue);

/* One line, with or without its end. Of a line that was sent no more than the
 * verb is looked at, and nothing is kept. */
void smtp_dialogue_sent(struct smtp_dialogue *dialogue, const char *line,
			size_t length);
void smtp_dialogue_received(struct smtp_dialogue *dialogue, const char *line,
			    size_t length);

/* It is known from elsewhere that this step was reached. */
void smtp_dialogue_reach(struct smtp_dialogue *dialogue, enum smtp_step step);

#endif
