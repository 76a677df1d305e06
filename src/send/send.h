/*
 * Send: one delivery to one endpoint through one relay.
 *
 * Each delivery is a transaction of its own, so one refused address never
 * stops another. A sender belongs to one thread and keeps what is worth
 * keeping between deliveries: open connections, and which hosts failed lately.
 * sender_pool.h runs several. Call transfer_setup() (net/transfer.h) once
 * before.
 */
#ifndef SEND_SEND_H
#define SEND_SEND_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/outcome.h"

#include <stdatomic.h>
#include <stdbool.h>

struct relay;				/* oncall/endpoint.h */
struct sender;

/* What a sender is given from outside; lives longer than the sender. */
struct channel_world {
	const struct clock *clock;
	const atomic_bool *stop;	/* give up what is under way */
};

/* Borrowed during the call. */
struct send_job {
	const char *sender;	/* of the envelope; "" for the null sender */
	const char *address;	/* of the endpoint */
	const char *headers;	/* beside the body, as the channel composed
				   them: a JSON object of texts; or NULL */
	const char *body;	/* likewise; of a mail, each line ends in CR LF
				   */
	size_t length;
	const char *message_id;	/* the same when it is sent again */
	bool smtputf8;		/* its headers hold raw UTF-8 */
};

/* Whom an answer is about. */
enum send_about {
	SEND_ABOUT_MAIL,	/* this recipient or message: the relay works */
	SEND_ABOUT_PACE,	/* the relay works, and wants fewer or later */
	SEND_ABOUT_RELAY,	/* the relay, or us: no other mail would fare
				   better */
	SEND_ABOUT_EITHER,	/* it failed after it heard of this mail: which
				   of them it is shows by the next ones */
};

struct send_result {
	enum outcome outcome;
	enum send_about about;
	/* Not OK, and yet the message may have arrived: the server had all of
	 * it and its answer was lost. It is sent again, with the same
	 * Message-ID; a page that comes twice is better than none. */
	bool maybe_delivered;
	/* At least one host failed for a reason that only a person can mend: a
	 * certificate, no STARTTLS, the login. To be logged as an error. */
	bool needs_mending;
	/* Stopped by the relay itself; this was no attempt. */
	bool was_stopped;
	int reply_code;		/* the last reply of the server; 0: none */
	const char *step;	/* the last one begun: connect greeting hello
				   tls auth mail rcpt data content dot, or
				   file; "none" when nothing was */
	int64_t duration_ms;
	struct buf host;	/* HOST:PORT that answered, or the Maildir */
	struct buf text;	/* the server's own words, or a sentence; one
				   line of valid UTF-8, to be escaped when
				   shown */
	struct buf passed_over;	/* "HOST:PORT: why" of hosts that failed before
				   this one, with "; " between */
};

#define SEND_RESULT_INIT { \
	.step = "none", .host = BUF_INIT, .text = BUF_INIT, \
	.passed_over = BUF_INIT \
}

void send_result_release(struct send_result *result);

/* Both are borrowed for the life of the sender. When `stop` (may be NULL)
 * becomes true, a delivery under way ends within about a second. */
struct sender *sender_create(const struct clock *clock,
			     const atomic_bool *stop);
void sender_destroy(struct sender **sender);

/* Close connections that are only kept open: nothing to do for a while. */
void sender_rest(struct sender *sender);

/* `result` is SEND_RESULT_INIT before, and to be released after. */
void send_deliver(struct sender *sender, const struct relay *relay,
		  const struct send_job *job, struct send_result *result);

#endif
