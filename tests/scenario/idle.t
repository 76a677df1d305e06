#!/usr/bin/env python3
"""A relay without mail costs nothing, whatever dies meanwhile."""
import os
import signal
import sys
import time

sys.path.insert(0, 'tests/lib')
from relay import Relay, mail, ok, same, done   # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'


def children(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid)) as file:
        return [int(child) for child in file.read().split()]


def ticks(pid):
    """Processor time that it has used, in hundredths of a second."""
    with open('/proc/%d/stat' % pid) as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return int(fields[11]) + int(fields[12])


with Relay() as relay:
    relay.start()
    relay.deliver(mail(id='1'), CONTOSO)
    same(len(relay.outbox(3)), 3, 'a mail is relayed')
    reader, = children(relay.daemon.pid)

    os.kill(reader, signal.SIGKILL)
    before = ticks(relay.daemon.pid)
    time.sleep(1.5)
    used = ticks(relay.daemon.pid) - before
    ok(used <= 5, 'a reader that dies at rest does not keep the loop busy',
       '%d hundredths of a second' % used)

    relay.deliver(mail(id='2', incident='4712'), CONTOSO)
    same(len(relay.outbox(6)), 6, 'the next mail gets a new reader')

done()
