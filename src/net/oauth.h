/*
 * Tokens of Entra ID for an application that many tenants have let in: what to
 * ask of the token end point, and what its answer means. Pure functions: who
 * asks, and who keeps tokens, is above.
 *
 *	oauth_form()	the form to post to oauth_url()
 *	oauth_read()	the answer to it
 */
#ifndef NET_OAUTH_H
#define NET_OAUTH_H

#include "base/clock.h"
#include "net/refusal.h"

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

struct oauth_answer {
	const char *token;		/* NULL: it was refused */
	int64_t lives_ms;		/* from now */
	const char *refresh_token;	/* a new one to keep, or NULL */
	struct refusal refusal;		/* no secrets in it */
};

const char *oauth_url(const struct oauth_client *client, const char *tenant,
		      struct arena *arena);

/* The form for a token of `scope`. It holds secrets; so does the arena then. */
const char *oauth_form(const struct oauth_client *client, const char *tenant,
		       const char *scope, instant_ms now, struct arena *arena);

/* All in the arena. */
struct oauth_answer oauth_read(const struct transfer_answer *answer,
			       const struct oauth_client *client,
			       struct arena *arena);

#endif
