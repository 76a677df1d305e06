/*
 * The shipped rules/formats.rules and templates/, linked into the program: they
 * are used where the configuration names none of its own, so that the relay
 * works with nothing set up. What formats.rules knows of mail gateways is used
 * in any case.
 */
#ifndef CONF_EMBEDDED_H
#define CONF_EMBEDDED_H

/* The text of "rules/formats.rules", "templates/alert/html.mustache", ...;
 * NULL when no such file was shipped. */
const char *embedded_find(const char *path);

/* Names of all embedded files, ended by NULL. */
extern const char *const embedded_names[];

#endif
