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

#include "base/buf.h"

#include <stdarg.h>

/* Pairs of key and value (both `const char *`), ended by NULL. A pair whose
 * value is NULL is left out. Safe from several threads. */
void log_info(const char *event, ...) __attribute__((sentinel));
void log_warning(const char *event, ...) __attribute__((sentinel));
void log_error(const char *event, ...) __attribute__((sentinel));

/* The weight of a line that is kept for later, because it may be said only when
 * something else has happened. The numbers are systemd's. */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING, LOG_LEVEL_INFO = 6 };

/* Append the whole line with its line end, as the functions above write it. */
void log_line(struct buf *out, enum log_level level, const char *event, ...)
	__attribute__((sentinel));
void log_vline(struct buf *out, enum log_level level, const char *event,
	       va_list args);
/* Write lines that log_line() made, each at once. */
void log_write(const char *lines);

#endif
