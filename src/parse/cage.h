/*
 * The cage of tocsin-reader: what a parser that was taken over could still do.
 *
 * Memory, processor time and open files are limited; no core is dumped, no
 * privilege gained, nothing outlives the parent. Then a seccomp filter leaves
 * the calls that parsing needs: read and write what is open, take and give back
 * memory, exit, signal itself. Opening a file fails; everything else (sockets,
 * processes, signals to others, timers, ptrace, new kernel features) kills the
 * process, and its parent starts another.
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

/*
 * Seconds of processor time of the whole process, which nothing inside can
 * change: then SIGXCPU, and SIGKILL a second later. A parent that starts
 * another process when this one has used half of it leaves at least the other
 * half to each mail.
 */
enum { CAGE_CPU_S = 8 };

#endif
