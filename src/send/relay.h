/*
 * Relays: the ways out that the configuration names, ready for use.
 *
 *	relay smarthost { smtp smtp1.example:587, smtp2.example:587
 *	                  tls required  login tocsin
 *	                  password-file smtp.password }
 *	relay archive   { maildir /var/mail/alerts }
 *
 * The first one is the default. A configuration that names none has one: a
 * Maildir named `maildir` in STATE/outbox, so that the relay can be seen to
 * work with nothing set up. All of it lives in the arena of the configuration
 * and is read-only, passwords included, which never leave it for a log.
 */
#ifndef SEND_RELAY_H
#define SEND_RELAY_H

#include "oncall/endpoint.h"

struct relay_set;

/* Load every relay; what is wrong goes to `diag`. A password file is read, and
 * a file of authorities looked for, here. Never NULL, never empty. `state` is
 * the directory of the setting, `hello` the name for EHLO of a relay that says
 * none. */
struct relay_set *relay_load(const struct conf *conf, const char *state,
			     const char *hello, struct diag *diag);

/* NULL when there is none of that name. */
const struct relay *relay_find(const struct relay_set *relays,
			       const char *name);
/* All of them in their order, ended by NULL. */
const struct relay *const *relay_list(const struct relay_set *relays);
/* All names, ended by NULL: for "did you mean". */
const char *const *relay_names(const struct relay_set *relays);

#endif
