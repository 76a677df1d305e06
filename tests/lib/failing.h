/*
 * A store that fails when it is told to, in front of a real one.
 *
 *	struct failing failing = { 0 };
 *	struct store *store = failing_open(&failing, "memory");
 *
 *	do {
 *		failing_set(&failing, FAILING_CONFLICT, ++step);
 *		... a unit of work; what is there afterwards? ...
 *	} while (failing.failed);
 *
 * Steps are a begin, a statement that is run, a commit; which of them a kind of
 * failure is about stands beside it, and only those are counted. So the loop
 * above ends when the unit has no more of them.
 */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include "store/store.h"

enum failing_kind {
	FAILING_NOT,		/* all is well */
	FAILING_LOCKED,		/* from a begin or statement on, each of them is
				   temporary: somebody else has the store */
	FAILING_FULL,		/* a statement is temporary: no room */
	FAILING_GONE,		/* from a commit on, each of them is temporary
				   and stores nothing */
	FAILING_CONFLICT,	/* a step meets a conflict, whatever it is */
	FAILING_LOST,		/* a commit is made and answers a conflict */
	FAILING_KINDS
};

extern const char *const failing_names[];

struct failing {
	enum failing_kind kind;
	unsigned int at;	/* the step that fails, from 1 */
	unsigned int steps;	/* since failing_set() */
	unsigned int failed;	/* how many of them have failed */
	unsigned int commits;	/* how many were made */
};

/* As store_open(), and the test ends when that fails. Nothing fails until
 * failing_set(). `failing` is borrowed until store_close(). */
struct store *failing_open(struct failing *failing, const char *url);

/* From now on, and counted from here. */
void failing_set(struct failing *failing, enum failing_kind kind,
		 unsigned int at);

#endif
