/*
 * Tokens of Entra ID for an application that many tenants have let in: what to
 * ask of the token end point, and what its answer means. Pure functions: who
 * asks, and who keeps tokens, is above. Uses base/ only.
 *
 *	oauth_form()	the form to post to oauth_url()
 *	oauth_read()	the answer to it
 */
#ifndef NET_OAUTH_H
#define NET_OAUTH_H

#include "base/arena.h"
#include "base/clock.h"

#include <stdbool.h>

/* What an application proves itself with. Borrowed. A refresh token stands for
 * a person's consent and goes along with a secret or certificate where the
 * application has one. */
struct oauth_client {
	const char *id;
	const char *login;	/* https://HOST, no slash behind */
	const char *certificate; /* PEM with its key, or NULL */
	const char *secret;	/* or NULL */
	const char *refresh_token; /* or NULL */
};

/* Whose turn it is. */
enum oauth_class {
	OAUTH_FINE,
	OAUTH_LATER,		/* it passes by itself */
	OAUTH_OURS,		/* secret, certificate, clock, registration */
	OAUTH_THEIRS,		/* the tenant, its policies, its licences */
	OAUTH_CONSENT,		/* its administrator has to let us in */
};

/* "fine" "later" "ours" "theirs" "consent", ended by NULL */
extern const char *const oauth_class_names[];

struct oauth_answer {
	enum oauth_class class;
	const char *token;		/* when fine */
	int64_t lives_ms;		/* from now */
	const char *refresh_token;	/* a new one to keep, or NULL */
	bool is_new_certificate;	/* Entra does not know it yet: a few
					   quick tries are worth it */
	bool is_of_tenant;		/* ours, but with this tenant only */
	const char *sentence;		/* unless fine: what is wrong and what
					   to do; no secrets in it */
};

const char *oauth_url(const struct oauth_client *client, const char *tenant,
		      struct arena *arena);

/* The form for a token of `scope`. It holds secrets; so does the arena then. */
const char *oauth_form(const struct oauth_client *client, const char *tenant,
		       const char *scope, instant_ms now, struct arena *arena);

/* `status` 0: there was no answer. All in the arena. */
struct oauth_answer oauth_read(int status, const char *body, size_t length,
			       struct arena *arena);

#endif
