/*
 * What the world answered: the network, the disk, another program.
 *
 * Functions that touch it return an outcome and, unless it is OUTCOME_OK,
 * append one whole sentence to the `struct buf *error` they were given. On
 * success the error is untouched, so calls chain.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

enum outcome {
	OUTCOME_OK,
	OUTCOME_TEMPORARY,	/* the same call may succeed later */
	OUTCOME_PERMANENT,	/* it will fail again until somebody acts */
	/* Of the store: somebody else was faster, or nobody knows whether it
	 * was stored. Run it again from the start. */
	OUTCOME_CONFLICT,
};

/* A system call on a file failed with this errno: what comes back by itself
 * (room, memory, descriptors, a disk) is temporary. */
enum outcome outcome_of_errno(int reason);

#endif
