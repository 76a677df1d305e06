#!/usr/bin/env python3
"""A machine whose clock is wrong: a hundred days ahead at the start, set so
while the daemon runs, and right again. The clock is a library between the
programs and the system, which adds what a file says."""
import struct
import subprocess
import sys
import os

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done   # noqa: E402
from smtp_server import closed_port     # noqa: E402

DAYS = 100
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
RULES = '''
customer contoso "Contoso GmbH" {
    tenant     72f988bf-86f1-41af-91ab-2d7cd011db47
    mailbox    contoso@relay.mssp.example
    recipients @mssp.example
    expect     mail every 3d
    otherwise  notify ana
}
'''


class Shifted(Relay):
    def __init__(self, *words, **names):
        super().__init__(*words, **names)
        self.write('customers/contoso.rules', RULES)
        self.write('clock.c', CLOCK)
        subprocess.run(['cc', '-shared', '-fPIC', '-o', self.path('clock.so'),
                        self.path('clock.c'), '-ldl'], check=True)
        self.set_clock(0)

    def set_clock(self, days):
        """By so many days from the right time, also of a daemon that runs."""
        fd = os.open(self.path('clock'), os.O_RDWR | os.O_CREAT, 0o644)
        os.pwrite(fd, struct.pack('l', days * 86400), 0)
        os.close(fd)

    def run(self):
        options = os.environ.get('ASAN_OPTIONS', '')
        self.start(env={'LD_PRELOAD': self.path('clock.so'),
                        'CLOCK_FILE': self.path('clock'),
                        'ASAN_OPTIONS': options + ':verify_asan_link_order=0'})

    def kept(self):
        return self.rows("SELECT count(*) FILTER (WHERE kind = 'mail'),"
                         " (SELECT count(*) FROM known) FROM item")[0]

    def told(self, words):
        return [m for m in self.outbox(0) if words in m['Subject']]


# What is sent is sent; what is known is known.
with Shifted() as relay:
    relay.run()
    for i in range(5):
        relay.deliver(mail(str(i)), 'contoso@relay.mssp.example')
    relay.outbox(5)
    before = relay.kept()
    relay.stop()
    relay.set_clock(DAYS)
    relay.run()
    relay.wait_log('event=clock what=jumped days=.?%d' % DAYS)
    relay.wait_rows([(1,)], "SELECT count(*) FROM item WHERE kind = 'notice'")
    same(relay.kept(), before, 'with a clock that is a hundred days ahead at '
         'the start, what was taken and what is known is kept')
    relay.outbox(6)
    same(len(relay.told('clock jumped')), 1,
         'the catch-all is told of the clock')
    relay.deliver(mail('77'), 'contoso@relay.mssp.example')
    relay.outbox(7)
    ok(True, 'a mail goes on as always')
    relay.stop()
    relay.set_clock(0)
    relay.run()
    relay.wait_log('event=clock what=back')
    relay.outbox(8)
    same(relay.kept()[0], before[0] + 1, 'when it is right again nothing is '
         'lost')
    same(len(relay.told('quiet')), 0, 'and nobody was told to be quiet')
    relay.stop()

# What waits for a relay that is down.
with Shifted(relay='relay r { smtp localhost:%d tls none }'
             % closed_port()) as relay:
    relay.run()
    relay.deliver(mail('1'), 'contoso@relay.mssp.example')
    relay.wait_rows([('retry', 1)], 'SELECT state, attempts FROM delivery')
    relay.set_clock(DAYS)
    relay.deliver(mail('2'), 'contoso@relay.mssp.example')
    relay.wait_rows([('retry',)], 'SELECT state FROM delivery'
                    ' WHERE attempts = 2')
    same(relay.rows("SELECT count(*) FROM delivery WHERE state = 'failed'"),
         [(0,)], 'a clock that jumps while it runs gives nothing up')
    relay.stop()
    relay.run()
    relay.wait_log('event=clock what=jumped')
    relay.wait_rows([(0,)], "SELECT count(*) FROM delivery WHERE state IN"
                    " ('failed', 'claimed')")
    ok(True, 'nor does one that is wrong at the start')
    relay.stop()

done()
