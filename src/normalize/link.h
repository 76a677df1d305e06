/*
 * Links of a mail: what is behind the wrappings, and what a portal's address
 * says about the alert. Nothing is ever fetched.
 *
 * A link counts only when it is plain https to a host that is named: one with
 * user information (https://security.microsoft.com@evil.example/), a port or
 * any odd character before its path is none, and a host that merely begins or
 * ends like a portal's is another host.
 */
#ifndef NORMALIZE_LINK_H
#define NORMALIZE_LINK_H

#include "base/map.h"
#include "normalize/pattern.h"

struct url {
	const char *text;	/* whole: https, host in lower case, octets that
				   have no place in a URL percent-encoded */
	const char *host;	/* lower case */
	const char *path;	/* from its slash on, "/" at least; then `#` and
				   the fragment, if any, without its query */
	const char *query;	/* behind `?`, also that of the fragment, joined
				   by `&`; "" when there is none */
};

/* False when it is no link that counts. `https:/host` with one slash is
 * Microsoft's typing mistake and is accepted. */
bool url_parse(struct arena *arena, const char *text, struct url *url_out);

/*
 * `https://{portal}/alerts/{alert}?tid={tenant}`: https, a host or {portal},
 * a path (and fragment) with holes, and parameters that must all be there, in
 * any order, among others. A slash at the end of the path does not count.
 */
struct link_pattern;

/* NULL and a sentence when it is none. */
struct link_pattern *link_pattern_parse(struct arena *arena, const char *text,
					struct buf *error);
const char *const *link_pattern_holes(const struct link_pattern *pattern);

/* `portals` has the hosts of {portal} in lower case. A parameter that is there
 * twice is captured twice. */
bool link_pattern_match(const struct link_pattern *pattern,
			const struct map *portals, struct arena *arena,
			const struct url *url, pattern_captures *captures);

/* A redirector: where it is, and the parameter that has the target. */
struct unwrap {
	const char *host;	/* glob, lower case */
	const char *path;	/* glob, lower case */
	const char *parameter;
};

typedef VEC(struct unwrap) unwrap_list;

/* `text` as a link, without its wrappings. */
bool link_unwrap(const unwrap_list *unwraps, struct arena *arena,
		 const char *text, struct url *url_out);

/* Has a captured text the form of what the hole is named after? Holes that
 * have no form of their own accept any text. */
bool link_form_fits(const char *hole, const char *text);

#endif
