#!/usr/bin/env python3
"""kill -9 at every step by which a start brings an older store up to date
(TAP, with strace): it is the old one or the new one, never between, and the
next start makes it the new one.
"""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, 'tests/lib')
from crash import (CHANGES, QUIET, chosen, need_strace,  # noqa: E402
                   points_of, read_trace, report, strace)
from old_store import OldStore, dump                    # noqa: E402
from relay import MAIN, Relay, same, done               # noqa: E402


def start(relay, *under):
    """As far as the store: the spool cannot be had, so it ends behind it."""
    return subprocess.run(
        [*under, relay.programs + '/tocsin', 'run', '-c', relay.conf],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, timeout=60,
        env=dict(os.environ, **QUIET)).returncode


def renew(relay, version):
    for path in glob.glob(relay.path('state', '*')):
        (os.unlink if os.path.isfile(path) else shutil.rmtree)(path)
    return OldStore(relay, version)


def read_copy(relay):
    """What is there, without a hand laid on it."""
    copy = relay.path('copy')
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(relay.path('state'), copy)
    return dump(os.path.join(copy, 'store.db'), 'rw')


def kill(relay, version, call, number):
    old = renew(relay, version)
    status = start(relay, *strace(
        '/dev/null', call, 'inject=%s:signal=KILL:when=%d' % (call, number)))
    problems = []
    if status == 1:
        problems.append('it was not killed')
    if read_copy(relay) not in (old.before, old.wanted()):
        problems.append('it is neither the old nor the new one')
    start(relay)
    if read_copy(relay) != old.wanted():
        problems.append('the next start does not make it the new one')
    return problems


need_strace()
with Relay(main=MAIN.replace('spool      spool', 'spool no/such')) as relay:
    for version in 1, 2, 3, 4:
        trace, old = relay.path('trace'), renew(relay, version)
        same(start(relay, *strace(trace, CHANGES)), 1, 'a start under strace')
        same(read_copy(relay), old.wanted(), 'brings it up to date')
        report('version %d, killed before each change' % version,
               {point: kill(relay, version, *point)
                for point in chosen(points_of(read_trace(trace)))})
done()
