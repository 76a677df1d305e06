/*
 * The parent's side of tocsin-reader: mail goes in, struct message comes out,
 * and whatever the mail does to the reader stays there.
 *
 *	reader = reader_create(NULL, 10000);
 *	... watch reader_fd(reader) for input ...
 *	reader_send(reader, fd, offset, id);
 *	... when it is readable, and after reader_wait_ms() at the latest ...
 *	while (reader_receive(reader, arena, &answer))
 *		use(&answer);
 *	reader_destroy(&reader);
 *
 * Answers come in the order of the requests, exactly one for each. The process
 * is started when it is first needed, and again when it has died; then the
 * mail it was working on gets the answer that says so, and those behind it are
 * sent again. How often a mail may kill a reader is for the caller to count.
 *
 * A mail that took the process over could make it lie about those that follow,
 * and need not kill it. So no process lives for long: it makes room for a new
 * one after READER_MAILS_MOST mails, when it has used half of the processor
 * time that its cage leaves it (cage.h), and when it had nothing to do for
 * READER_REST_MS.
 *
 * Not for several threads; the process ends with the thread that started it.
 */
#ifndef PARSE_READER_H
#define PARSE_READER_H

#include "base/buf.h"
#include "parse/message.h"

#include <stdbool.h>
#include <stdint.h>

struct reader;

enum reader_outcome {
	READER_PARSED,
	READER_CRASHED,		/* the process died of this mail */
	READER_LATE,		/* it took too long and was killed */
	READER_UNREADABLE,	/* the mail's file cannot be read */
	READER_UNAVAILABLE,	/* no fault of the mail: the process cannot be
				   started */
};

struct reader_answer {
	uint64_t id;		/* of the request */
	enum reader_outcome outcome;
	struct message *message;	/* only when it was parsed */
	const char *error;	/* otherwise a sentence */
};

enum {
	READER_QUEUE_MOST = 32,	/* requests without an answer */
	/* A start takes 6 ms of a processor, a mail half of one. */
	READER_MAILS_MOST = 500,
	READER_REST_MS = 2000,
};

/*
 * `path` is the program, NULL for the one to be found: $TOCSIN_READER, beside
 * the running program, or where it is installed. A mail may take `limit_ms`.
 */
struct reader *reader_create(const char *path, int limit_ms);
void reader_destroy(struct reader **reader);

/* The program that it starts. */
const char *reader_path(const struct reader *reader);

/* What to watch for answers; it stays for the whole life. */
int reader_fd(const struct reader *reader);

/* Ask for the mail that begins at `offset` of the regular file `fd`, which can
 * be closed at once. False when the queue is full. */
bool reader_send(struct reader *reader, int fd, uint64_t offset, uint64_t id);

/* The next answer, if it is there; never blocks longer than it takes to start
 * a process. Message and error are in `arena`. */
bool reader_receive(struct reader *reader, struct arena *arena,
		    struct reader_answer *answer_out);

/* Milliseconds until reader_receive() has to be called although the fd is not
 * readable; -1 for never. As for epoll_wait(2). */
int reader_wait_ms(const struct reader *reader);

/* Send and wait: for commands. The queue must be empty. The error, if any, is
 * appended. */
enum reader_outcome reader_parse(struct reader *reader, int fd,
				 uint64_t offset, struct arena *arena,
				 struct message **message_out,
				 struct buf *error);

#endif
