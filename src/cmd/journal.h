/*
 * How decisions and rows of the store are shown, the same in every command.
 */
#ifndef CMD_JOURNAL_H
#define CMD_JOURNAL_H

#include "store/store.h"

/* "reason       the words\n"; nothing for NULL. */
void journal_line(struct buf *out, const char *label, const char *text);
void journal_time(struct buf *out, const char *label, instant_ms when);

/* Every line of `text` behind `indent`: a trace. */
void journal_lines(struct buf *out, const char *indent, const char *text);

/* A mail as it came, with the line ends of a terminal. */
void journal_message(struct buf *out, const void *bytes, size_t length);

/* One line: id, state, recipient, rule, when it is due. */
void journal_delivery(struct buf *out, const struct store_delivery *delivery);

/* Every try of a delivery, and every event of an item, a line each. */
enum outcome journal_attempts(struct store *store, int64_t delivery,
			      struct arena *arena, struct buf *out,
			      struct buf *error);
enum outcome journal_events(struct store *store, int64_t item,
			    struct arena *arena, struct buf *out,
			    struct buf *error);

#endif
