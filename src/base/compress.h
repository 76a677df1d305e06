/*
 * Octets made fewer, and back: zstd.
 *
 * A compressor keeps what it needs between two calls, as that costs more to
 * make than a mail to compress. It belongs to one thread.
 */
#ifndef BASE_COMPRESS_H
#define BASE_COMPRESS_H

#include "base/buf.h"

#include <stdbool.h>

struct compressor;

struct compressor *compressor_create(void);
void compressor_destroy(struct compressor **compressor);

/* Append them. What is no text, or compressed already, may become more. */
void compress_append(struct compressor *compressor, const void *bytes,
		     size_t length, struct buf *out);

/* False unless they are what compress_append() has made of `original` octets;
 * these are written to `out` then. A damaged one is known by its checksum. */
bool compress_undo(const void *bytes, size_t length, void *out,
		   size_t original);

#endif
