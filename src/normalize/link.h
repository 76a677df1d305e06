/*
 * Links of a mail: what a portal's address says about the alert. What is behind
 * the wrappings of gateways is in unwrap.h. Nothing is ever fetched.
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

/* Percent-decoded; NULL when a NUL is encoded, since such a text would end
 * before its end. */
const char *url_decode(struct arena *arena, const char *text, size_t length);

/* The value of the first parameter of that name, decoded; a link that is its
 * value without being encoded is all that follows. NULL when there is none. */
const char *url_parameter(struct arena *arena, const struct url *url,
			  const char *name);

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

/* The id that a captured text, or the text of a row, has: percent-decoded,
 * without punctuation around it; a tenant's GUID with its dashes. NULL when it
 * has not the whole form of what the hole is named after. Holes that have no
 * form of their own accept any text. */
const char *link_id(struct arena *arena, const char *hole, const char *text);

#endif
