/*
 * Render: an alert, the words of a reader and a template become the mail that
 * a person reads.
 *
 * Nothing here fails. When the template does, the built-in plain notification
 * (plain.h) goes out in its place, and `fallback` says why, for the log and
 * for the catch-all.
 *
 * A pure function of its arguments: the same ones give the same bytes.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include "render/notification.h"
#include "render/template.h"

struct render_envelope {
	const char *from_name;		/* may be NULL */
	const char *from;		/* addresses */
	const char *to;
	const char *message_id;		/* without < and > */
	const char *const *references;	/* of the incident's threads, likewise;
					   ended by NULL; may be NULL */
	instant_ms date;
};

/* All that is to be said to one reader. */
struct render_input {
	struct render_envelope envelope;
	const struct notification *notification;
	const struct templates *templates;
	const char *template;		/* a name; NULL or an unknown one falls
					   back as well */
};

struct rendered {
	const char *headers;		/* what goes beside the body: a JSON
					   object of texts; NULL: nothing */
	const char *body;		/* in the channel's form, of a mail the
					   whole of it with CRLF line ends; has
					   no NUL in it but one behind it */
	size_t body_length;
	bool smtputf8;			/* an address needs it (RFC 6531) */
	const char *fallback;		/* one sentence: why the template was
					   not used; NULL when it was */
	/* What the message says, for `explain --render`. */
	const char *subject;
	const char *text;
	const char *html;		/* NULL: text only */
};

/* A mail about an alert, or of what the relay itself has to say. */
struct rendered render_notification(struct arena *arena,
				    const struct render_input *input);

#endif
