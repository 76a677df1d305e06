/*
 * Mails that go round. A relay that answers its own notifications, or two of
 * them that answer each other, fill queues until somebody pulls a plug; and a
 * report that a notification was not delivered is no new alert.
 *
 *	it is one of ours, or answers one	OWN
 *	it reports on one of ours		REPORT
 *	more than RECEIVED_MOST servers		FAR
 *	a program sent it by itself		AUTOMATIC
 *
 * Ours are known by the form of their Message-IDs in our domain, in its header
 * or anywhere inside, and by X-Tocsin-Code; a copy that a mail program has sent
 * on, by our address in the header that it quotes. A report is one by its null
 * sender, its type, its sender or the part that is written for machines, which
 * also tells what failed from what is late, has arrived or was read: then, at
 * the address that we send from, nobody needs to be told. An alert is generated
 * by a program, too, and servers mark what a rule sends on: so that alone says
 * nothing of a mail that is an alert, unless it comes to the address that we
 * send from.
 */
#ifndef NORMALIZE_MAILLOOP_H
#define NORMALIZE_MAILLOOP_H

#include "normalize/format.h"
#include "parse/message.h"

struct mailloop_question {
	const struct message *message;
	const struct formats *formats;	/* for labels of a quoted header */
	const char *raw;		/* the whole mail; may be NULL */
	size_t length;
	const char *domain;		/* of our Message-IDs */
	const char *from;		/* the address that we send from */
	const char *sender;		/* of the envelope; "" for null */
	const char *const *recipients;	/* of the envelope */
	size_t recipient_count;
	bool is_listed;		/* a format lists its From, */
	bool is_recognised;	/* or knows the mail, */
	bool is_alert;		/* or it has a severity or an id of an alert */
	bool is_authentic;
};

enum mailloop_kind {
	MAILLOOP_NONE,
	MAILLOOP_OWN,
	MAILLOOP_REPORT,
	MAILLOOP_FAR,
	MAILLOOP_AUTOMATIC,
};

struct mailloop {
	enum mailloop_kind kind;
	const char *why;	/* one sentence; NULL for MAILLOOP_NONE */
	const char *id;		/* of ours, which it is about: what stands
				   before the @ of its Message-ID; or NULL */
	bool is_to_us;		/* it came to the address that we send from */
	bool is_harmless;	/* a report that nothing failed */
};

struct mailloop mailloop_find(struct arena *arena,
			      const struct mailloop_question *question);

#endif
