/*
 * What mail gateways make of links, and back.
 *
 * A gateway sends the reader past itself: the link that was written is a
 * parameter of the new one, or in its path in a writing of the gateway's own,
 * or nowhere (then only the gateway knows it). Which gateway does what is data:
 * `unwrap`, `decode` and `opaque` in formats.rules. Nothing is ever fetched.
 */
#ifndef NORMALIZE_UNWRAP_H
#define NORMALIZE_UNWRAP_H

#include "normalize/link.h"

/* The link that `text`, one of the gateway's, was made of; NULL when it is not
 * written as the decoder expects. */
typedef const char *unwrap_decode(struct arena *arena, const struct url *url);

/* A decoder by its name, and the names, ended by NULL. */
unwrap_decode *unwrap_decoder(const char *name);
const char *const *unwrap_decoder_names(void);

/* A gateway: with a parameter, with a decoder, or with neither. */
struct unwrap {
	const char *host;	/* glob, lower case */
	const char *path;	/* glob, lower case */
	const char *parameter;
	unwrap_decode *decode;
};

typedef VEC(struct unwrap) unwrap_list;

enum unwrap_result {
	UNWRAP_NONE,		/* no link that counts */
	UNWRAP_LINK,
	UNWRAP_OPAQUE,		/* where it leads cannot be told */
};

/* `text` as a link, without its wrappings. */
enum unwrap_result unwrap_link(const unwrap_list *unwraps, struct arena *arena,
			       const char *text, struct url *url_out);

#endif
