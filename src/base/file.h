/*
 * Whole files: read with a limit, written so that they are either the old or
 * the new text after a crash.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/* Append a regular file's bytes to `out`; larger than `most` is permanent. */
enum outcome file_read(const char *path, size_t most, struct buf *out,
		       struct buf *error);
enum outcome file_read_fd(int fd, const char *name, size_t most,
			  struct buf *out, struct buf *error);

/* Write PATH.new, sync, rename, sync the directory. `mode` as chmod(2). Not for
 * two at once. */
enum outcome file_replace(const char *path, const void *bytes, size_t count,
			  unsigned int mode, struct buf *error);

/* fsync(2) a directory, so that a name in it survives a power loss. */
enum outcome file_sync_directory(const char *path, struct buf *error);
/* The same, of the directory that `path` is in. */
enum outcome file_sync_folder(const char *path, struct buf *error);

/* Every byte, through interruptions. */
bool file_write_all(int fd, const void *bytes, size_t count);

/* All that can still be read from one descriptor into another, synced; false
 * with errno. */
bool file_copy(int from, int to);

/* A file that must stay secret is read as by file_read(), but refused when
 * everybody may read it or a group may change it (a credential that systemd
 * hands over can be readable by a group). Nothing of the content enters
 * `error`. */
enum outcome file_read_private(const char *path, size_t most, struct buf *out,
			       struct buf *error);

/* A password or token: the first line of such a file, without its end. */
enum outcome file_read_secret(const char *path, struct buf *out,
			      struct buf *error);

/* `path` as seen from the directory of `from`, unless it is absolute. */
char *file_beside(struct arena *arena, const char *from, const char *path);

/* The directory that `path` is in. */
char *file_folder(struct arena *arena, const char *path);

#endif
