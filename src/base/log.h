/*
 * The log: one line per event on standard error, `key=value` with blanks
 * between, the event first. The service manager adds the time.
 *
 *	log_info("sent", "code", code, "recipient", address, NULL);
 *	event=sent code=4q8z0m1k2p recipient=ana@mssp.example
 *
 * A line on stderr begins with systemd's level prefix <6>, <4> or <3> when
 * standard error is the journal (JOURNAL_STREAM is set). Values are escaped,
 * quoted when they need it, and cut; secrets must never be handed in.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/* Pairs of key and value (both `const char *`), ended by NULL. A pair whose
 * value is NULL is left out. Safe from several threads. */
void log_info(const char *event, ...) __attribute__((sentinel));
void log_warning(const char *event, ...) __attribute__((sentinel));
void log_error(const char *event, ...) __attribute__((sentinel));

#endif
