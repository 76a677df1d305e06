"""What the tests in tests/crash share: points at which to fail, a mail and a
daemon that fail there, and what must hold after a restart.

What must hold: a mail that was answered with 0 is notified at least once; a
second notification bears the same Message-ID; queue and journal agree.

CRASH says how many points of each kind are tried, spread evenly; "all" is
every one. Without it, a few: the rest is for `make check-crash`.
"""
import collections
import email
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from relay import BUILD, WAIT, Relay, mail, ok, skip_all

CONTOSO = 'contoso@relay.mssp.example'
PEOPLE = ['ana@mssp.example', 'archive@mssp.example', 'bob@mssp.example']
POINTS = os.environ.get('CRASH', '8')

# System calls that change a file or a socket.
CHANGES = ('write,writev,pwrite64,pwritev,sendto,sendmsg,connect,shutdown,'
           'fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,'
           'ftruncate,fallocate,mkdir,mkdirat,openat,fchmod,fchown')

# Leaks cannot be searched for under another tracer.
QUIET = dict(ASAN_OPTIONS='detect_leaks=0')


def need_strace():
    if not shutil.which('strace'):
        skip_all('no strace')
    if subprocess.run(['strace', '-qq', '-o', '/dev/null', 'true'],
                      stderr=subprocess.DEVNULL).returncode:
        skip_all('strace may not trace here')


def chosen(points):
    """As many as CRASH says, evenly spread, the first and last among
    them."""
    if POINTS == 'all' or len(points) <= int(POINTS):
        return points
    most = max(int(POINTS), 2)
    return [points[i * (len(points) - 1) // (most - 1)] for i in range(most)]


def report(name, problems):
    """`problems` maps a point to what went wrong there."""
    bad = {point: each for point, each in problems.items() if each}
    ok(not bad and problems, '%s (%d points)' % (name, len(problems)),
       *('%s: %s' % (' '.join(map(str, point)), '; '.join(each))
         for point, each in list(bad.items())[:20]))


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


def points_of(calls, is_wanted=lambda _, call, arguments:
              call != 'openat' or 'O_CREAT' in arguments):
    """(call, which one of its thread) of each that changes something, or is
    wanted by its index, name and arguments: strace counts so."""
    seen, points = collections.Counter(), []
    for index, (thread, call, arguments, _) in enumerate(calls):
        seen[thread, call] += 1
        point = call, seen[thread, call]
        if point not in points and is_wanted(index, call, arguments):
            points.append(point)
    return points


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
                if not each['Subject'].startswith('Held ')]

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
            rows = self.rows('SELECT address, state FROM delivery WHERE '
                             'kind = "alert" ORDER BY address')
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
        if self.daemon:
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
                'SELECT address, state, reply FROM delivery'))
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
