"""A relay whose clock is not the machine's: a library between the programs and
the system adds what a file says, also while they run."""
import os
import struct
import subprocess

from relay import Relay

CLOCK = r'''
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static const long *ahead;       /* seconds, in a file that others write */
__attribute__((constructor)) static void open_file(void)
{
    int fd = open(getenv("CLOCK_FILE"), O_RDONLY);
    void *at = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
    ahead = at == MAP_FAILED ? NULL : at;
}
int clock_gettime(clockid_t which, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(which, now);
    if (!status && which == CLOCK_REALTIME && ahead)
        now->tv_sec += *ahead;
    return status;
}
'''


class Shifted(Relay):
    def __init__(self, *words, **names):
        super().__init__(*words, **names)
        self.write('clock.c', CLOCK)
        subprocess.run(['cc', '-shared', '-fPIC', '-o', self.path('clock.so'),
                        self.path('clock.c'), '-ldl'], check=True)
        self.set_clock(0)

    def set_clock(self, seconds):
        """By so many seconds from the right time, also of a daemon that
        runs."""
        fd = os.open(self.path('clock'), os.O_RDWR | os.O_CREAT, 0o644)
        os.pwrite(fd, struct.pack('l', seconds), 0)
        os.close(fd)

    def run(self, **env):
        options = os.environ.get('ASAN_OPTIONS', '')
        env.update(LD_PRELOAD=self.path('clock.so'),
                   CLOCK_FILE=self.path('clock'),
                   ASAN_OPTIONS=options + ':verify_asan_link_order=0')
        self.start(env=env)
