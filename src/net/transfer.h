/*
 * The door to libcurl: mails one at a time over a connection that is kept, and
 * HTTPS requests, many at once, in an event loop.
 *
 * Knows how curl is driven and what its result codes mean, not what is said
 * over the wire: whoever sends mail (smtp.h) is told every line that goes
 * either way and decides; whoever asks an API is given the answer. Uses base/
 * only.
 *
 * SIGPIPE must be ignored or blocked: curl leaves it alone in threads.
 *
 * An address is asked for in a thread of curl's own. Whoever ends a transfer
 * does not wait for it: with name servers that are silent such a thread, and
 * nothing else, lives on until the C library gives up.
 *
 * Life: transfer_setup() once, before the first thread; then each thread has
 * transfers of its own: transfer_create(), transfer_mail() as often as wanted,
 * transfer_drop() after a failure, transfer_destroy().
 *
 * After a failure the connection must be dropped: curl would keep it, and the
 * late answer to one message would be read as the answer to the next.
 */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include "base/buf.h"
#include "base/outcome.h"

#include <stdbool.h>
#include <stdint.h>

struct transfer;

enum transfer_end {
	TRANSFER_DONE,		/* every step was answered with yes */
	TRANSFER_REFUSED,	/* the server's last answer was no */
	TRANSFER_UNREACHABLE,	/* no address, no connection */
	TRANSFER_LOST,		/* the connection broke */
	TRANSFER_TIMEOUT,
	TRANSFER_NO_TLS,	/* encryption was required, none was offered */
	TRANSFER_UNTRUSTED,	/* the certificate or our own TLS files */
	TRANSFER_LOGIN,		/* login refused, or no common way to log in */
	TRANSFER_STOPPED,	/* `go_on` said no */
};

/* One mail to one recipient. Everything is borrowed during the call. */
struct transfer_mail {
	const char *url;	/* smtp://HOST:PORT/HELLO or smtps:// */
	bool starttls;		/* required, not tried */
	const char *ca_file;	/* NULL: the system's authorities */
	const char *user;	/* NULL: no login */
	const char *password;
	const char *mechanisms;	/* "AUTH=PLAIN;AUTH=LOGIN" */
	const char *sender;	/* "" for the null sender */
	const char *recipient;	/* neither is checked here: see smtp.h */
	const char *bytes;	/* CRLF only: curl passes a bare LF unstuffed */
	size_t length;
	int64_t connect_ms;	/* until the server is ready for MAIL */
	int64_t answer_ms;	/* for each answer, rounded up to seconds */
	int64_t final_ms;	/* for the answer to the whole message */
	int64_t total_ms;

	/* Each line sent (`sent`) and received, with its line end. What is
	 * sent may be a secret. */
	void (*line)(void *context, bool sent, const char *line,
		     size_t length);
	/* Asked before each step and every second; false aborts. */
	bool (*go_on)(void *context);
	void *context;
};

enum { TRANSFER_ERROR_SIZE = 256 };

struct transfer_result {
	enum transfer_end end;
	size_t uploaded;	/* bytes handed to the system; at least
				   `length` when all were */
	bool is_reused;		/* over a connection made earlier */
	int64_t elapsed_ms;
	char error[TRANSFER_ERROR_SIZE];	/* curl's sentence, or "" */
};

/* Permanent when the linked libcurl is not the one that is needed: the OpenSSL
 * flavour. */
enum outcome transfer_setup(struct buf *error);

struct transfer *transfer_create(void);

void transfer_mail(struct transfer *transfer, const struct transfer_mail *mail,
		   struct transfer_result *result_out);

/* Break the connection off without a word and without waiting. */
void transfer_drop(struct transfer *transfer);

/* Take leave of the server, without waiting for its answer. */
void transfer_destroy(struct transfer **transfer);

/* ---- HTTPS ---- */

/*
 * Many requests at once, in one thread: whoever watches the descriptor calls
 * transfer_turn() when it is readable, and answers are handed over from there.
 * Redirections are not followed: a request carries a secret.
 */
struct transfer_many;

struct transfer_answer {
	enum transfer_end end;	/* DONE: there is a status, maybe not 200 */
	bool is_too_large;	/* then `end` is STOPPED */
	int status;
	const char *body;	/* ended by NUL; as far as it came */
	size_t length;
	const char *retry_after;	/* of the header, or NULL */
	const char *date;		/* likewise */
	const char *challenge;		/* of WWW-Authenticate, or NULL */
	const char *etag, *modified;	/* of ETag, Last-Modified, or NULL */
	const char *location;		/* of a redirection, whole; or NULL */
	int64_t elapsed_ms;
	const char *error;	/* curl's sentence, or "" */
};

/* Everything but `context` is copied. */
struct transfer_request {
	const char *url;	/* https:// */
	bool may_be_plain;	/* or http://, to this machine */
	const char *ca_file;	/* NULL: the system's authorities */
	const char *const *headers;	/* "Name: value"; ended by NULL */
	const char *body;	/* to be posted as a form; NULL: GET */
	size_t answer_most;	/* bytes, after decompression */
	int64_t timeout_ms;
	/* Called once, from transfer_turn(). The answer is lent. */
	void (*done)(void *context, const struct transfer_answer *answer);
	void *context;
};

struct transfer_many *transfer_many_create(unsigned int connections_most);
/* Requests under way end without an answer. */
void transfer_many_destroy(struct transfer_many **many);

int transfer_many_fd(const struct transfer_many *many);
void transfer_turn(struct transfer_many *many);

void transfer_ask(struct transfer_many *many,
		  const struct transfer_request *request);
/* Those under way whose context it is end without an answer. */
void transfer_forget(struct transfer_many *many, const void *context);

#endif
