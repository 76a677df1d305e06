/*
 * An SMTP client: one mail to one recipient through one server, over a
 * connection that is kept for the next. Says at which step it ended and what
 * the server answered there, in the server's own words; what that means for a
 * delivery is decided by send/. Uses base/ and its neighbours in net/.
 *
 * Life: smtp_create(), smtp_send() as often as wanted, smtp_destroy(). A
 * client belongs to one thread. Call transfer_setup() once before.
 */
#ifndef NET_SMTP_H
#define NET_SMTP_H

#include "base/buf.h"
#include "net/smtp_dialogue.h"
#include "net/transfer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum smtp_tls {
	SMTP_TLS_REQUIRED,	/* STARTTLS, or nothing is sent */
	SMTP_TLS_IMPLICIT,	/* from the first octet */
	SMTP_TLS_NONE,
};

enum smtp_auth { SMTP_AUTH_ANY, SMTP_AUTH_PLAIN, SMTP_AUTH_LOGIN };

/* Borrowed by its client for as long as that lives. */
struct smtp_server {
	const char *host;	/* a name, an IPv4 address, "[::1]" */
	unsigned int port;
	enum smtp_tls tls;
	const char *ca_file;	/* NULL: the system's authorities */
	const char *user;	/* NULL: no login */
	const char *password;
	enum smtp_auth auth;
	const char *hello;	/* name said in EHLO; NULL: the host's */
	int64_t timeout_ms;	/* for each answer */
};

/* Borrowed during the call. Addresses must be text_is_address(), or "" for the
 * null sender: CR and LF in them would become commands. Bytes must be lines
 * that end in CR LF: a bare LF would let a text end the message. */
struct smtp_mail {
	const char *sender;
	const char *recipient;
	const char *bytes;
	size_t length;
	bool is_utf8;		/* raw UTF-8 in headers or addresses */
};

struct smtp_answer {
	enum transfer_end end;	/* not TRANSFER_DONE unless accepted */
	enum smtp_step step;	/* the last that was begun */
	int code;		/* of the reply to that step; 0: none came */
	bool is_unfit;		/* the server lacks SMTPUTF8; nothing of the
				   mail was sent */
	int64_t elapsed_ms;
	struct buf words;	/* "550 5.1.1 no such user", the lines of a
				   reply joined by blanks, valid UTF-8; or, when
				   no reply says it, a sentence of ours */
};

struct smtp;

/* When `stop` (may be NULL) becomes true, a mail under way is given up within
 * about a second. */
struct smtp *smtp_create(const struct smtp_server *server,
			 const atomic_bool *stop);
void smtp_destroy(struct smtp **smtp);

/* `answer_out` is set, not appended to; smtp_answer_release() it. */
void smtp_send(struct smtp *smtp, const struct smtp_mail *mail,
	       struct smtp_answer *answer_out);
void smtp_answer_release(struct smtp_answer *answer);

#endif
