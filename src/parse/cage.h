/*
 * The cage of tocsin-reader: what a parser that was taken over could still do.
 *
 * Memory, processor time per mail and open files are limited; no core is
 * dumped, no privilege gained, nothing outlives the parent. Then a seccomp
 * filter leaves the calls that parsing needs: read and write what is open,
 * take and give back memory, exit. Opening a file fails; everything else
 * (sockets, processes, ptrace, new kernel features) kills the process, and its
 * parent starts another.
 *
 * A build with sanitizers has the time limit alone: they reserve terabytes of
 * address space and trace their own process when it ends.
 */
#ifndef PARSE_CAGE_H
#define PARSE_CAGE_H

#include <stdbool.h>

enum cage_close_flags {
	CAGE_UNFILTERED = 1 << 0,	/* the limits alone */
	CAGE_MAY_WRITE = 1 << 1,	/* to files that are open by then */
};

/*
 * Close the cage around this process, for good. Whatever a library loads
 * lazily must be loaded before. False when the kernel offers no filter for
 * this machine; the limits hold nevertheless.
 */
bool cage_close(unsigned int flags);

/* A mail that burns more than CAGE_CPU_S seconds of processor time between
 * these two ends the process. */
enum { CAGE_CPU_S = 5 };

void cage_clock_start(void);
void cage_clock_stop(void);

#endif
