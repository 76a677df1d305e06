/*
 * Applications that read tenants by API, as the configuration has them.
 *
 *	app mssp-reader { client 6f9c1d0e-...  certificate-file reader.pem
 *			  cloud global }
 *
 * Where a cloud's end points are, is known here and in the sources; an app may
 * name its own instead. All of it lives in the arena of the configuration and
 * is read-only, secrets included, which never leave it for a log.
 */
#ifndef SOURCE_APP_H
#define SOURCE_APP_H

#include "conf/tree.h"
#include "net/oauth.h"
#include "source/source.h"

struct app {
	const char *name;
	struct oauth_client client;
	struct source_host *hosts; /* by the order of sources[]; scopes are
				      never NULL */
	const char *portal;	/* of the cloud, for people */
	const char *ca_file;	/* NULL: the system's authorities */
	int64_t ends_s;		/* of the certificate; 0: there is none */
	const char *fingerprint; /* of everything that makes a token: when it
				    changes, tokens are asked for anew */
};

typedef VEC(struct app *) app_list;

/* What is wrong goes to `diag`; `now` is for certificates about to end. */
void apps_load(const struct conf *conf, instant_ms now, struct diag *diag,
	       app_list *apps);

/* Where it finds one of sources[]. */
const struct source_host *app_host(const struct app *app,
				   const struct source *source);

/* NULL when there is none of that name. */
const struct app *app_find(const app_list *apps, const char *name);
/* All names, ended by NULL: for "did you mean". */
const char *const *app_names(const app_list *apps, struct arena *arena);

#endif
