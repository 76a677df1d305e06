/*
 * struct message to words: for `tocsin-reader --print` and its tests.
 */
#ifndef PARSE_DESCRIBE_H
#define PARSE_DESCRIBE_H

#include "base/buf.h"
#include "parse/message.h"

/* One fact a line, foreign text escaped; nested messages are indented. */
void describe_message(struct buf *out, const struct message *message);

#endif
