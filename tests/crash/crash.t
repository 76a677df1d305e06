#!/usr/bin/env python3
"""kill -9, and failing system calls, at every step that changes a file or a
socket, of tocsin-deliver and of the daemon up to the change of state after the
SMTP reply (TAP, with strace). What must hold each time: see crash.py.
"""
import collections
import contextlib
import itertools
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, 'tests/lib')
from crash import (CHANGES, CONTOSO, Crash, Spool, chosen,      # noqa: E402
                   need_strace, points_of, read_trace, report, strace)
from relay import IS_SANITIZED, Relay, mail, same, done         # noqa: E402
from smtp_server import SmtpServer                              # noqa: E402

# Those and the others that tocsin-deliver makes of its own accord.
CALLS = CHANGES + (',read,close,fcntl,fstatfs,newfstatat,uname,getrandom,'
                   'poll,ioctl,rt_sigprocmask')
# By which the daemon only looks, or gets what it needs to do so. Not fcntl: when
# a lock cannot be given back, which does not happen, SQLite waits for long.
LOOKS = ('openat,read,pread64,newfstatat,getdents64,recvmsg,recvfrom,fstatfs,'
         'mmap,epoll_wait,epoll_ctl,socket,socketpair,clone3,access,lseek,'
         'close,inotify_add_watch,getrandom')
ERRORS = ['ENOSPC', 'EIO', 'EROFS', 'EMFILE', 'ENOMEM']


# ---- tocsin-deliver ----

def is_change(call):
    return call in CHANGES.split(',')


def deliver_points(spool):
    """Of a run that stores one mail, behind what comes before main()."""
    trace = spool.relay.path('trace')
    same(spool.deliver(spool.mail(), *strace(trace, CALLS)), (0, ''),
         'tocsin-deliver under strace stores a mail')
    recorded = read_trace(trace)
    # The first call of main() asks whether there is a terminal.
    start = [call for _, call, _, _ in recorded].index('ioctl')
    seen, points = collections.Counter(), []
    for index, (_, call, _, _) in enumerate(recorded):
        seen[call] += 1
        if index >= start:
            points.append((call, seen[call]))
    return points


def kill_deliver(spool, call, number):
    spool.renew()
    octets = spool.mail()
    status, _ = spool.deliver(octets, *strace(
        '/dev/null', call, 'inject=%s:signal=KILL:when=%d' % (call, number)))
    problems = []
    if status == 0:
        problems.append('it was not killed')
    if spool.stored(octets) not in (0, 1):
        problems.append('what is in the inbox is torn')
    # The MTA has had no answer, so it asks again.
    if spool.deliver(octets)[0] != 0 or not spool.stored(octets):
        problems.append('the second run does not store it')
    return problems


def fail_deliver(spool, call, number, error):
    spool.renew()
    octets = spool.mail()
    status, said = spool.deliver(octets, *strace(
        '/dev/null', call, 'inject=%s:error=%s:when=%d' %
        (call, error, number)))
    problems = []
    if status not in (0, 75):
        problems.append('status %d' % status)
    if spool.stored(octets) is None:
        problems.append('what is in the inbox is torn')
    if status == 0 and spool.stored(octets) != 1:
        problems.append('0, but it is not stored')
    if status == 75 and not re.fullmatch(r'[a-z][ -~]{,200}\n', said):
        problems.append('it says %r' % said)
    # The MTA tries again, in any case for this test.
    if spool.deliver(octets)[0] != 0:
        problems.append('the second run does not store it')
    return problems


def crash_deliver():
    with Relay() as relay:
        spool = Spool(relay)
        points = deliver_points(spool)
        report('tocsin-deliver killed before each change: the mail is whole '
               'or not there, and the next run stores it',
               {point: kill_deliver(spool, *point) for point in chosen(
                   [each for each in points if is_change(each[0])])})
        faults = [(call, number, error) for (call, number), error in
                  itertools.product(points, ERRORS)
                  if is_change(call) or not IS_SANITIZED]
        report('a call of tocsin-deliver fails: 75, or it is stored',
               {point: fail_deliver(spool, *point)
                for point in chosen(faults)})
        spool.bring_back()
        want = [(spool.serial,)]
        relay.start()
        same(relay.wait_rows(want, 'SELECT count(*) FROM item'), want,
             'the daemon takes each of them once')
        relay.wait_rows([], 'SELECT 1 FROM delivery WHERE state <> "sent" '
                        'LIMIT 1')
        same(relay.rows('SELECT count(*) FROM delivery'),
             [(3 * spool.serial,)], 'and tells everybody')


# ---- the daemon ----

def prepare_released(folder):
    """A mail that was held, and that a person has released."""
    with Relay() as relay:
        relay.start()
        relay.deliver(mail(tenant='11111111-2222-3333-4444-555555555555'),
                      CONTOSO)
        relay.wait_log('event=sent')
        relay.stop()
        code, = relay.rows('SELECT code FROM item')[0]
        relay.command('held', 'release', code, '--customer', 'contoso')
        shutil.copytree(relay.folder, folder)


def start_once(relay):
    """It has had good rules before the mail came."""
    inbox, aside = relay.path('spool', 'new'), relay.path('aside')
    os.rename(inbox, aside)
    relay.start()
    relay.stop()
    os.rmdir(inbox)
    os.rename(aside, inbox)
    os.truncate(relay.path('log'), 0)


@contextlib.contextmanager
def crash(kind):
    if kind == 'smtp':
        with SmtpServer() as server, Crash(server) as relay:
            yield relay
    elif kind in ('maildir', 'restart'):
        with Crash() as relay:
            if kind == 'restart':
                start_once(relay)
            yield relay
    else:
        with Crash(prepared=kind) as relay:
            yield relay


def daemon_calls(kind, which):
    """Those from the start to the end of the daemon."""
    with crash(kind) as relay:
        trace = relay.path('trace')
        same(relay.run_under(*strace(trace, which)), 0,
             'the daemon under strace tells everybody by %s and ends' %
             os.path.basename(kind))
        return read_trace(trace)


def changes(kind):
    return [(kind, *point)
            for point in points_of(daemon_calls(kind, CHANGES))]


def looks(kind, first):
    """From the first that has to do with this file."""
    calls = daemon_calls(kind, LOOKS)
    start = next(index for index, (_, _, arguments, _) in enumerate(calls)
                 if first in arguments)
    return [(kind, *point) for point in points_of(
        calls, lambda index, *_: index >= start)]


def kill_daemon(kind, call, number):
    with crash(kind) as relay:
        relay.run_under(*strace('/dev/null', call,
                                'inject=%s:signal=KILL:when=%d' %
                                (call, number)))
        return relay.problems_after_restart()


def fail_daemon(kind, call, number, error, lasting, may_stop=False):
    """Whatever fails, the daemon does not die of it; it may refuse to
    start, and stop with a word when it `may_stop`."""
    with crash(kind) as relay:
        status = relay.run_under(
            *strace('/dev/null', call, 'inject=%s:error=%s:when=%d%s' %
                    (call, error, number, '+' if lasting else '')),
            patience=0.7 if lasting else 5)
        problems, log = [], relay.read_log()
        # strace ends as what it traced. The loader's calls have the same
        # numbers as those of a thread; it says 127, or dies.
        if may_stop and (not log.count('event=') or 'event=bug' in log):
            pass
        elif status is not None and status < 0:
            problems.append('it was ended by signal %d: %s' %
                            (-status, log[-500:]))
        elif status is not None and status not in (0, 1):
            problems.append('status %d' % status)
        return problems + relay.problems_after_restart()


def once(points):
    errors = itertools.cycle(ERRORS)
    return [(*point, next(errors), False) for point in points]


def for_good(points, errors):
    """Each kind of call, from a third of its times on."""
    lasting = []
    for (kind, call), some in itertools.groupby(sorted(points),
                                                lambda point: point[:2]):
        numbers = [number for _, _, number in some]
        lasting += [(kind, call, numbers[len(numbers) // 3], error, True)
                    for error in errors]
    return lasting


def crash_daemon(released):
    prepare_released(released)
    points = [point for kind in ('smtp', 'maildir', released)
              for point in changes(kind)]
    report('the daemon killed before each change: everybody is told, a second '
           'mail is the same mail, queue and journal agree',
           {point: kill_daemon(*point) for point in chosen(points)})
    report('a change by the daemon fails once: nothing is lost',
           {point: fail_daemon(*point) for point in chosen(once(points))})
    report('a change by the daemon fails for good: nothing is lost',
           {point: fail_daemon(*point)
            for point in chosen(for_good(points, ERRORS))})
    if IS_SANITIZED:
        return                  # they look, too, and die of it
    # When poll(2) fails, libcurl ends the mail that it is sending as if it
    # were whole; for so few files it cannot fail.
    points = looks('smtp', '/spool/new') + looks('restart', 'tocsin.conf')
    report('a look by the daemon fails once: nothing is lost',
           {point: fail_daemon(*point, may_stop=True)
            for point in chosen(once(points))})
    report('a look by the daemon fails for good: nothing is lost',
           {point: fail_daemon(*point, may_stop=True)
            for point in chosen(for_good(points, ['EIO', 'ENOMEM']))})


def main():
    need_strace()
    crash_deliver()
    with tempfile.TemporaryDirectory() as folder:
        crash_daemon(os.path.join(folder, 'released'))
    done()


main()
