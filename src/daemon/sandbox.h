/*
 * The daemon locks itself in: whoever takes it over, or makes it write where
 * it should not, finds the doors shut (Landlock, Linux 5.19 and later).
 *
 * It may write below state and spool, in the folder of the store and in the
 * Maildirs of its relays, and
 * read its configuration (the folders of the files that it consists of), what
 * the system's libraries need (/etc, /usr/lib, /usr/share, /run, /proc), and
 * start tocsin-reader. It may listen on no TCP port and send no signal but to
 * what it has started. Connections are not limited: relays change with the
 * configuration.
 *
 * What is decided here holds until the process ends. So a reload can add files
 * to a folder that is known, while a new folder, or a new Maildir elsewhere,
 * needs a restart.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include "pipeline/generation.h"

struct sandbox;

/* Before any secret is read: what is written from now on is for nobody else,
 * and this process, which holds passwords, leaves no core and is not traced by
 * its equals. */
void sandbox_keep_secrets(void);

/*
 * Shut the doors behind this thread and all that it starts from now on, so
 * before other threads are made. Maildirs are made when they are missing,
 * which cannot be done later. `reader` is the path of tocsin-reader. NULL,
 * with a sentence, when the kernel cannot do it.
 */
struct sandbox *sandbox_close(const struct generation *generation,
			      const char *reader, struct buf *error);
void sandbox_destroy(struct sandbox **sandbox);

/* A relay of `generation` whose Maildir cannot be written from inside, or
 * NULL. */
const struct relay *sandbox_misses(const struct sandbox *sandbox,
				   const struct generation *generation);

#endif
