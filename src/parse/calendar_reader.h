/*
 * The parent's side of `tocsin-reader --calendar`: the octets of a calendar go
 * in, turns come out, and whatever the calendar does to the process stays
 * there. Each file has a process of its own, which lives for it alone.
 *
 *	run = calendar_reader_start(program, &wish, bytes, length, &error);
 *	... watch calendar_reader_fd(run) for input ...
 *	... when it is readable, and after CALENDAR_READER_MS at the latest ...
 *	if (calendar_reader_take(run, late, arena, &turns, &error))
 *		calendar_reader_end(&run);
 */
#ifndef PARSE_CALENDAR_READER_H
#define PARSE_CALENDAR_READER_H

#include "base/zone.h"
#include "parse/turns.h"

enum {
	/* Ten times what the largest good one takes. */
	CALENDAR_READER_MS = 15000,
	CALENDAR_ANSWER_MOST = 16 << 20,	/* octets */
};

struct calendar_reader;

/* `program` is tocsin-reader. NULL and a sentence when it cannot be started.
 * The bytes are not needed any more. */
struct calendar_reader *calendar_reader_start(const char *program,
					      const struct zone *zone,
					      instant_ms since,
					      instant_ms until,
					      const char *bytes, size_t length,
					      struct buf *error);

/* The same of a file that is open, or of what calendar_reader_file() made;
 * either can be closed at once. */
struct calendar_reader *calendar_reader_start_fd(const char *program,
						 const struct zone *zone,
						 instant_ms since,
						 instant_ms until, int fd,
						 struct buf *error);

/* Octets as a file in memory; -1 when there is none. */
int calendar_reader_file(const char *bytes, size_t length);

int calendar_reader_fd(const struct calendar_reader *run);

/* False: not yet, and then it is not `late`. Else the turns, or NULL and a
 * sentence that says why there are none. */
bool calendar_reader_take(struct calendar_reader *run, bool late,
			  struct arena *arena, struct turns **turns_out,
			  struct buf *error);

/* Whatever it is doing. */
void calendar_reader_end(struct calendar_reader **run);

/* All of it, waiting for the end: for tests. */
struct turns *calendar_read(const char *program, const struct zone *zone,
			    instant_ms since, instant_ms until,
			    const char *bytes, size_t length,
			    struct arena *arena, struct buf *error);

#endif
