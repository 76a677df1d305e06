#!/usr/bin/env python3
"""kill -9, and failing system calls, at every step that changes a file or a
socket, of tocsin-deliver and of the daemon up to the change of state after the
SMTP reply; and a power failure for the inbox (TAP, with strace).

What must hold each time, after a restart: a mail that was answered with 0 is
notified at least once; a second notification bears the same Message-ID; queue
and journal agree.

CRASH says how many points of each kind are tried, spread evenly; "all" is
every one. Without it, a few: the rest is for `make check-crash`.
"""
import collections
import contextlib
import email
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, 'tests/lib')
from relay import (BUILD, WAIT, Relay, mail, ok, same, done,    # noqa: E402
                   skip_all)
from smtp_server import SmtpServer                              # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
PEOPLE = ['ana@mssp.example', 'archive@mssp.example', 'bob@mssp.example']
POINTS = os.environ.get('CRASH', '8')
IS_SANITIZED = 'san' in os.path.basename(BUILD)

# System calls that change a file or a socket.
CHANGES = ('write,writev,pwrite64,pwritev,sendto,sendmsg,connect,shutdown,'
           'fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,'
           'ftruncate,fallocate,mkdir,mkdirat,openat,fchmod,fchown')
# Those and the others that tocsin-deliver makes of its own accord.
CALLS = CHANGES + (',read,close,fcntl,fstatfs,newfstatat,uname,getrandom,'
                   'poll,ioctl,rt_sigprocmask')
ERRORS = ['ENOSPC', 'EIO', 'EROFS', 'EMFILE', 'ENOMEM']

# Leaks cannot be searched for under another tracer.
QUIET = dict(ASAN_OPTIONS='detect_leaks=0')


def chosen(points):
    """As many as CRASH says, evenly spread, the first and last among
    them."""
    if POINTS == 'all' or len(points) <= int(POINTS):
        return points
    most = max(int(POINTS), 2)
    return [points[i * (len(points) - 1) // (most - 1)] for i in range(most)]


def strace(trace, calls, *more):
    """Follows threads, but no other program that is started."""
    return ['strace', '-f', '-b', 'execve', '-qq', '-y', '-o', trace, '-e',
            'trace=' + calls] + [word for each in more
                                 for word in ('-e', each)]


def read_trace(path):
    """(thread, call, arguments, result) of each line, in order."""
    calls = []
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            found = re.match(r'(\d+) +(\w+)\((.*?)(?:\) += (.*)|'
                             r'<unfinished \.\.\.>)$', line)
            if found:
                calls.append(found.groups(''))
    return calls


def points_of(calls):
    """(call, which one of its thread) of each: strace counts so."""
    seen, points = collections.Counter(), []
    for thread, call, arguments, _ in calls:
        seen[thread, call] += 1
        if call == 'openat' and 'O_CREAT' not in arguments:
            continue
        if (call, seen[thread, call]) not in points:
            points.append((call, seen[thread, call]))
    return points


# ---- tocsin-deliver ----

class Spool:
    """A relay whose daemon does not run yet, with numbered mails."""

    def __init__(self, relay):
        self.relay, self.serial = relay, 0
        os.mkdir(relay.path('kept'))

    def renew(self):
        """A spool without directories again; its mails are kept."""
        for name in self.relay.inbox():
            os.rename(self.relay.path('spool', 'new', name),
                      self.relay.path('kept', name))
        for name in os.listdir(self.relay.path('spool')):
            shutil.rmtree(self.relay.path('spool', name))

    def bring_back(self):
        for name in os.listdir(self.relay.path('kept')):
            os.rename(self.relay.path('kept', name),
                      self.relay.path('spool', 'new', name))

    def mail(self):
        self.serial += 1
        return mail(id='%d' % self.serial, title='x' * 70000)

    def deliver(self, octets, *under):
        command = [BUILD + '/tocsin-deliver', '-f', 'a@b.example', '-s',
                   self.relay.path('spool'), '--', CONTOSO]
        ended = subprocess.run(list(under) + command, input=octets,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, timeout=WAIT,
                               env=dict(os.environ, **QUIET))
        return ended.returncode, ended.stdout.decode(errors='replace')

    def stored(self, octets):
        """How often the mail is in the inbox; None: some file is torn."""
        count, identity = 0, re.search(rb'Message-ID: .*', octets)[0]
        for name in self.relay.inbox():
            with open(self.relay.path('spool', 'new', name), 'rb') as file:
                content = file.read()
            if identity in content and not content.endswith(octets):
                return None
            count += content.endswith(octets)
        return count


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


def report(name, problems):
    """`problems` maps a point to what went wrong there."""
    bad = {point: each for point, each in problems.items() if each}
    ok(not bad and problems, '%s (%d points)' % (name, len(problems)),
       *('%s: %s' % (' '.join(map(str, point)), '; '.join(each))
         for point, each in list(bad.items())[:20]))


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


def read(path):
    with open(path, 'rb') as file:
        return file.read()


# ---- power failure ----

class Disk:
    """What is on the disk after a power failure at any step of a trace: of a
    file the octets that were synced; of a directory the names as they were
    when it was synced, or later names."""

    def __init__(self, top, names):
        self.top = top
        self.sizes, self.synced = {}, {}        # octets by file
        self.files = {}                         # name now: file
        self.kept = dict.fromkeys(names)        # name on disk for certain
        self.count = 0

    def name(self, text):
        return re.match(r'\d+<(.*?)>', text)[1]

    def step(self, call, arguments, result):
        if result.startswith('-1'):
            return
        if call == 'mkdir':
            self.files[re.search(r'"(.*?)"', arguments)[1]] = None
        elif call == 'openat' and 'O_CREAT' in arguments:
            self.count += 1
            self.files[self.name(result)] = self.count
            self.sizes[self.count] = self.synced[self.count] = 0
        elif call == 'write' and self.name(arguments) in self.files:
            self.sizes[self.files[self.name(arguments)]] += int(result)
        elif call == 'fsync':
            self.sync(self.name(arguments))
        elif call == 'renameat':
            old, new = re.findall(r'"(.*?)"', arguments)
            folder = re.search(r', \d+<(.*?)>, "', arguments)[1]
            self.files[os.path.join(folder, new)] = self.files.pop(old)

    def sync(self, name):
        if name in self.files and self.files[name] is not None:
            self.synced[self.files[name]] = self.sizes[self.files[name]]
            return
        for each, file in self.files.items():
            if os.path.dirname(each) == name:
                self.kept[each] = file

    def has(self, name):
        """Is it certain to be found? Then its directories are, too."""
        while name != self.top and name in self.kept:
            name = os.path.dirname(name)
        return name == self.top

    def torn(self, folder):
        """Files that may be found in the folder without all they had."""
        return [name for name, file in self.files.items()
                if os.path.dirname(name) == folder and file is not None and
                self.synced[file] < self.sizes[file]]


def power_failure():
    for name, is_new in (('first', True), ('next', False)):
        with Relay() as relay:
            spool, trace = Spool(relay), relay.path('trace')
            if not is_new:
                spool.deliver(spool.mail())
            before = [] if is_new else [relay.path('spool', 'new')]
            octets, inbox = spool.mail(), relay.inbox()
            same(spool.deliver(octets, *strace(trace, CALLS))[0], 0,
                 'the %s mail of a spool is stored' % name)
            stored, = set(relay.inbox()) - set(inbox)
            stored = relay.path('spool', 'new', stored)
            disk, torn = Disk(relay.path('spool'), before), []
            for _, call, arguments, result in read_trace(trace):
                disk.step(call, arguments, result)
                torn += disk.torn(relay.path('spool', 'new'))
            same(torn, [], 'power fails at any moment: no torn file in new')
            ok(disk.has(stored) and
               disk.synced[disk.kept[stored]] == os.path.getsize(stored),
               'power fails after exit 0: the whole mail is there',
               disk.kept, disk.synced, os.path.getsize(stored))


# ---- the daemon ----

class Crash(Relay):
    """One mail in the inbox, or in the state of a folder that was prepared;
    and a server, or else a Maildir, that takes notifications."""

    def __init__(self, server=None, prepared=None):
        super().__init__(relay='relay r { smtp localhost:%d tls none }' %
                         server.port if server else '')
        self.server = server
        if prepared:
            shutil.rmtree(self.folder)
            shutil.copytree(prepared, self.folder)
        else:
            self.deliver(mail(), CONTOSO)

    def told(self):
        """(recipient, mail) of each notification."""
        if self.server:
            return [(each.recipients[0], each.content)
                    for each in self.server.mails]
        return [(each['Delivered-To'], each.as_bytes())
                for each in self.outbox(0)
                if each['Subject'] != 'A mail is held']

    def run_under(self, *under, patience=WAIT):
        """From the start until everybody was told or is put off, or the
        daemon ended, or its time is over; its exit status."""
        self.start(wait=False, under=under, env=QUIET)
        self.is_traced = bool(under)
        end = time.monotonic() + patience
        while self.daemon.poll() is None and time.monotonic() < end:
            if self.is_over('sent', 'retry'):
                self.signal_daemon(signal.SIGTERM)
                return self.daemon.wait(WAIT)
            time.sleep(0.01)
        status = self.daemon.poll()
        if status is None:
            self.signal_daemon(signal.SIGKILL)
            self.daemon.wait(WAIT)
        return status

    def signal_daemon(self, number):
        pid = self.daemon.pid
        try:
            if self.is_traced:
                with open('/proc/%d/task/%d/children' % (pid, pid),
                          encoding='ascii') as file:
                    pid = int(file.read().split()[0])
            os.kill(pid, number)
        except (OSError, IndexError):
            pass                    # it has ended

    def is_over(self, *states):
        """Is everybody's delivery in one of the states?"""
        try:
            rows = self.rows('SELECT recipient, state FROM delivery WHERE '
                             'kind = "alert" ORDER BY recipient')
        except sqlite3.Error:
            return False            # the store is being made
        return ([who for who, _ in rows] == PEOPLE and
                all(state in states for _, state in rows))

    def retry_all(self):
        for number, in self.rows('SELECT id FROM delivery '
                                 'WHERE state = "retry"'):
            self.command('queue', 'retry', str(number))

    def problems_after_restart(self):
        """Nothing in the way any more."""
        self.daemon.wait(WAIT)
        self.start(env=QUIET)
        self.is_traced = False
        end = time.monotonic() + WAIT
        while ((self.inbox() or not self.is_over('sent')) and
               time.monotonic() < end):
            self.retry_all()
            time.sleep(0.02)
        problems = self.differences()
        self.signal_daemon(signal.SIGTERM)
        if self.daemon.wait(WAIT) != 0:
            problems.append('the last daemon does not end in order')
        if self.inbox():
            problems.append('the mail is still in the inbox')
        return problems

    def differences(self):
        problems = []
        if self.rows('SELECT action, rule FROM item') != [('notify', 'high')]:
            problems.append('items: %s' % self.rows('SELECT * FROM item'))
        if not self.is_over('sent'):
            problems.append('deliveries: %s' % self.rows(
                'SELECT recipient, state, reply FROM delivery'))
        if self.rows('SELECT count(*) FROM delivery WHERE NOT EXISTS (SELECT '
                     '1 FROM attempt WHERE delivery = id AND outcome = '
                     '"sent")') != [(0,)]:
            problems.append('sent without an attempt that says so')
        if self.rows('PRAGMA integrity_check') != [('ok',)]:
            problems.append('the store is damaged')
        told = collections.defaultdict(set)
        for who, content in self.told():
            told[who].add(content)
        if sorted(told) != PEOPLE:
            problems.append('told: %s' % sorted(told))
        for who, contents in told.items():
            ids = {email.message_from_bytes(each)['Message-ID']
                   for each in contents}
            if len(ids) != 1 or len(contents) != 1:
                problems.append('%s got different mails: %s' % (who, ids))
        return problems


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


@contextlib.contextmanager
def crash(kind):
    if kind == 'smtp':
        with SmtpServer() as server, Crash(server) as relay:
            yield relay
    elif kind == 'maildir':
        with Crash() as relay:
            yield relay
    else:
        with Crash(prepared=kind) as relay:
            yield relay


def daemon_points(kind):
    """(relay, call, which one) from the start to the end of the daemon."""
    with crash(kind) as relay:
        trace = relay.path('trace')
        same(relay.run_under(*strace(trace, CHANGES)), 0,
             'the daemon under strace tells everybody by %s and ends' %
             os.path.basename(kind))
        return [(kind, *each) for each in points_of(read_trace(trace))]


def kill_daemon(kind, call, number):
    with crash(kind) as relay:
        relay.run_under(*strace('/dev/null', call,
                                'inject=%s:signal=KILL:when=%d' %
                                (call, number)))
        return relay.problems_after_restart()


def fail_daemon(kind, call, number, error, lasting):
    """Whatever fails, the daemon does not die of it; it may refuse to
    start."""
    with crash(kind) as relay:
        status = relay.run_under(
            *strace('/dev/null', call, 'inject=%s:error=%s:when=%d%s' %
                    (call, error, number, '+' if lasting else '')),
            patience=0.7 if lasting else 5)
        problems = []
        # strace ends as what it traced.
        if status is not None and status < 0:
            problems.append('it was ended by signal %d: %s' %
                            (-status, relay.read_log()[-500:]))
        elif status is not None and status not in (0, 1):
            problems.append('status %d' % status)
        return problems + relay.problems_after_restart()


def crash_daemon(released):
    prepare_released(released)
    points = [point for kind in ('smtp', 'maildir', released)
              for point in daemon_points(kind)]
    report('the daemon killed before each change: everybody is told, a second '
           'mail is the same mail, queue and journal agree',
           {point: kill_daemon(*point) for point in chosen(points)})
    errors = itertools.cycle(ERRORS)
    once = [(*point, next(errors), False) for point in points]
    report('a call of the daemon fails once: nothing is lost',
           {point: fail_daemon(*point) for point in chosen(once)})
    lasting = []
    for (kind, call), some in itertools.groupby(sorted(points),
                                                lambda point: point[:2]):
        numbers = [number for _, _, number in some]
        lasting += [(kind, call, numbers[len(numbers) // 3], error, True)
                    for error in ERRORS]
    report('a call of the daemon fails for good: nothing is lost',
           {point: fail_daemon(*point) for point in chosen(lasting)})


def main():
    if not shutil.which('strace'):
        skip_all('no strace')
    if subprocess.run(['strace', '-qq', '-o', '/dev/null', 'true'],
                      stderr=subprocess.DEVNULL).returncode:
        skip_all('strace may not trace here')
    crash_deliver()
    power_failure()
    with tempfile.TemporaryDirectory() as folder:
        crash_daemon(os.path.join(folder, 'released'))
    done()


main()
