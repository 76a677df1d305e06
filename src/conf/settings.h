/*
 * The settings of the main file that have one value: where things are and
 * what the relay is called. Each has a default, but for `catch-all`. And in
 * which files statements may stand that are not for one customer.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "conf/tree.h"

/* The journal goes back so far, and what came goes with it. */
enum { SETTINGS_KEEP_DAYS = 90 };

struct settings {
	const char *state;	/* directory; default /var/lib/tocsin */
	const char *store;	/* where the rows are: "sqlite:PATH"; default
				   store.db in the state */
	const char *spool;	/* directory; default /var/spool/tocsin */
	const char *domain;	/* of Message-IDs and replies; default: the
				   host's name */
	const char *from_name;	/* default "tocsin" */
	const char *from;	/* address; default tocsin@DOMAIN */
	const char *authserv;	/* whose Authentication-Results count; NULL:
				   nobody's, so no mail is authentic */
	size_t authserv_fields;	/* how many of them, from the top; default 1 */
	const char *templates;	/* directory, or NULL for the embedded ones */
	struct conf_word catch_all; /* the name of a contact */
	int64_t keep_raw_ms;	/* how long what came is kept as it came; 0:
				   not at all. At most SETTINGS_KEEP_DAYS,
				   which is the default */
};

/* Defaults for what is missing; a missing `catch-all`, a setting said twice or
 * in another file, and what is for all customers in an included file that
 * defines one, are errors. */
struct settings settings_load(const struct conf *conf, struct diag *diag);

#endif
