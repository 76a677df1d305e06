#!/usr/bin/env python3
"""The machine fails: a full disk, a store that another process holds, a spool
that goes away, no file descriptors, no memory, rules that cannot be read.
tocsin-deliver says 75, or the mail waits; nothing is lost, and what was wrong
is in the log."""
import ctypes
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, 'tests/lib')
from relay import (BUILD, IS_SANITIZED, WAIT, Relay, mail,  # noqa: E402
                   ok, same, done, wait_for)
from smtp_server import SmtpServer                     # noqa: E402

CONTOSO = 'contoso@relay.mssp.example'
SENT = [('sent', 3)]
STATES = 'SELECT state, count(*) FROM delivery GROUP BY state'


def lock(relay):
    """Another process that holds the store."""
    store = sqlite3.connect(relay.path('state', 'store.db'),
                            isolation_level=None)
    store.execute('BEGIN IMMEDIATE')
    return store


def store_is_busy():
    with Relay() as relay:
        relay.start()
        store = lock(relay)
        same(relay.deliver(mail(), CONTOSO), (0, ''),
             'while another process holds the store, mail is taken')
        lines = relay.wait_log('event=trouble')
        ok(lines and 'locked' in lines[0], 'the log says what it waits for',
           lines)
        same(len(relay.inbox()), 1, 'and it is still there')
        store.close()
        same(relay.wait_rows(SENT, STATES), SENT,
             'and is told when the store is free')
        ok(relay.wait_log('event=recovered'), 'which the log says')
        # The queue may have been looked through meanwhile, and says so itself.
        same(len(relay.wait_log('event=trouble in=inbox')), 1,
             'it was complained of once')

    # It is held just when the daemon starts, after one that was killed while
    # it was sending.
    with SmtpServer({'dot': ['wait 3'] * 3}) as server, \
            Relay('relay r { smtp localhost:%d tls none }' % server.port) \
            as relay:
        relay.start()
        relay.deliver(mail(), CONTOSO)
        same(relay.wait_rows([('claimed', 3)], STATES), [('claimed', 3)],
             'a daemon is killed while it sends')
        relay.stop(signal.SIGKILL)
        store = lock(relay)
        relay.start(wait=False)
        relay.wait_log('event=trouble')
        store.close()
        same(relay.wait_rows(SENT, STATES), SENT,
             'the store is busy when the next one starts: it is sent all the '
             'same')


def life_goes_on():
    """Between the first try to store a mail and the complaint that it cannot be
    stored, the watchdog is fed again and again."""
    with Relay() as relay:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(relay.path('notify'))
        server.settimeout(WAIT)
        relay.start(env={'NOTIFY_SOCKET': relay.path('notify'),
                         'WATCHDOG_USEC': '100000'})
        store = lock(relay)
        relay.deliver(mail(), CONTOSO)
        fed = 0
        while fed < 20 and 'event=trouble' not in relay.read_log():
            fed += server.recv(4096).decode().count('WATCHDOG=1')
        same(fed, 20, 'while the store waits, nothing else does')
        store.close()
        same(relay.wait_rows(SENT, STATES), SENT, 'and the mail is told')
        relay.stop()
        server.close()


def junk_in_the_inbox():
    """What is stuck there hides no later trouble."""
    with Relay() as relay:
        os.mkdir(relay.path('spool', 'new'))
        os.mkfifo(relay.path('spool', 'new', '0-fifo'))
        relay.start()
        ok(relay.wait_log('event=trouble.*0-fifo'), 'a pipe in the inbox: the '
           'log names it', relay.read_log())
        os.mkdir(relay.path('spool', 'new', '1-folder'))
        ok(relay.wait_log('event=trouble.*1-folder'), 'and a folder beside it',
           relay.read_log())
        store = lock(relay)
        relay.deliver(mail(), CONTOSO)
        ok(relay.wait_log('event=trouble.*locked'), 'and that the store is '
           'locked', relay.read_log())
        store.close()
        ok(relay.wait_log('event=recovered.*locked'), 'each is over by itself',
           relay.read_log())
        same(relay.wait_rows(SENT, STATES), SENT, 'and the mail is told')
        os.rmdir(relay.path('spool', 'new', '1-folder'))
        ok(relay.wait_log('event=recovered.*1-folder'), 'likewise the folder')
        relay.deliver(mail(id='2'), CONTOSO)
        same(relay.wait_rows([('sent', 6)], STATES), [('sent', 6)],
             'the inbox is looked through again')
        same([len(relay.wait_log('event=trouble in=inbox.*' + what))
              for what in ('0-fifo', '1-folder', 'locked')], [1, 1, 1],
             'each was complained of once')
        ok('recovered in=inbox mail=0-fifo' not in relay.read_log(),
           'and what is still there is not over')
        for number in range(60):
            os.mkfifo(relay.path('spool', 'new', '2-%d' % number))
        ok(relay.wait_log('event=trouble.*there is more'),
           'of sixty, some stand for the others')
        relay.deliver(mail(id='3'), CONTOSO)
        relay.wait_rows([('sent', 9)], STATES)
        lines = relay.wait_log('event=trouble')
        ok(len(lines) < 30, 'in the log', len(lines))


def spool_goes():
    with Relay() as relay:
        relay.start()
        shutil.rmtree(relay.path('spool', 'new'))
        shutil.rmtree(relay.path('spool', 'tmp'))
        same(relay.deliver(mail(id='1'), CONTOSO), (0, ''),
             'the directories of the inbox are removed: they are made again')
        same(relay.wait_rows(SENT, STATES), SENT,
             'and the daemon that runs finds the mail')
        relay.deliver(mail(id='2'), CONTOSO)
        same(relay.wait_rows([('sent', 6)], STATES), [('sent', 6)],
             'and the next one')

        os.rename(relay.path('spool'), relay.path('away'))
        status, out = relay.deliver(mail(id='3'), CONTOSO)
        ok(status == 75 and out.count('\n') == 1,
           'the spool is gone: 75, and one line', status, out)
        ok(relay.wait_log('event=trouble'), 'the daemon complains')
        os.rename(relay.path('away'), relay.path('spool'))
        same(relay.deliver(mail(id='3'), CONTOSO)[0], 0, 'it comes back')
        same(relay.wait_rows([('sent', 9)], STATES), [('sent', 9)],
             'and so does the daemon')
        same(len(relay.wait_log('event=trouble')), 1,
             'it was complained of once')

        shutil.rmtree(relay.path('spool'))
        os.mkdir(relay.path('spool'))
        relay.deliver(mail(id='4'), CONTOSO)
        relay.wait_log('event=trouble', 2)
        if relay.inbox():               # the sandbox knows the old one only
            ok(len(relay.wait_log('event=trouble')) > 1,
               'a new spool in its place: the daemon complains')
            relay.stop()
            relay.start()
        same(relay.wait_rows([('sent', 12)], STATES), [('sent', 12)],
             'a new spool in its place: its mail is told, perhaps after a '
             'restart')


def state_goes():
    with Relay() as relay:
        relay.start()
        relay.deliver(mail(id='1'), CONTOSO)
        relay.wait_rows(SENT, STATES)
        relay.stop()
        os.rename(relay.path('state'), relay.path('away'))
        same(relay.deliver(mail(id='2'), CONTOSO)[0], 0,
             'without the state, mail is taken')
        os.rename(relay.path('away'), relay.path('state'))
        with open(relay.path('state', 'store.db'), 'rb') as file:
            good = file.read()
        with open(relay.path('state', 'store.db'), 'r+b') as file:
            file.write(b'this is no store' * 64)
        relay.start(wait=False)
        same(relay.daemon.wait(WAIT), 1, 'a damaged store: it refuses to start')
        ok('store.db' in relay.read_log() and 'backup' in relay.read_log(),
           'and says what to do', relay.read_log()[-500:])
        with open(relay.path('state', 'store.db'), 'wb') as file:
            file.write(good)
        relay.start()
        same(relay.wait_rows([('sent', 6)], STATES), [('sent', 6)],
             'once it is restored, the mail is told')


def state_is_removed():
    """Under a daemon that could go on in the files that it has open."""
    with Relay('relay r { smtp localhost:1 tls none }') as relay:
        relay.start()
        relay.deliver(mail(id='1'), CONTOSO)
        relay.wait_rows([('retry', 3)], STATES)
        shutil.rmtree(relay.path('state'))
        same(relay.deliver(mail(id='2'), CONTOSO)[0], 0,
             'the state is removed: mail is stored')
        same(relay.daemon.wait(WAIT), 1, 'the daemon ends, to be started again')
        ok(relay.wait_log('event=trouble.*removed'), 'and says why',
           relay.read_log())
        same(len(relay.inbox()), 1, 'the mail is where it was')
        relay.start()
        same(relay.wait_rows([(1,)], 'SELECT count(*) FROM item'), [(1,)],
             'and is taken with a state that was made anew')
    with Relay() as relay:
        relay.start()
        os.rename(relay.path('state'), relay.path('away'))
        relay.deliver(mail(), CONTOSO)
        ok(relay.wait_log('event=trouble.*removed') and relay.inbox(),
           'the state is moved: nothing is taken', relay.read_log())
        os.rename(relay.path('away'), relay.path('state'))
        # By itself, or it has ended as well, when it looked meanwhile.
        relay.stop()
        relay.start()
        same(relay.wait_rows(SENT, STATES), SENT, 'it is back: it is told')


def spool_is_read_only(spool):
    with Relay() as relay:
        relay.write('tocsin.conf', open(relay.conf).read().replace(
            'spool      spool', 'spool ' + spool))
        relay.start()
        same(deliver_into(relay, spool, mail(id='1')), 0, 'a mail is stored')
        relay.wait_rows(SENT, STATES)
        os.kill(relay.daemon.pid, signal.SIGSTOP)
        deliver_into(relay, spool, mail(id='2'))
        # What is open for writing would forbid it.
        subprocess.run(['mount', '-o', 'remount,ro', spool], check=True)
        same(deliver_into(relay, spool, mail(id='3')), 75,
             'the spool is read-only: 75')
        os.kill(relay.daemon.pid, signal.SIGCONT)
        same(relay.wait_rows([('sent', 6)], STATES), [('sent', 6)],
             'what is in it is told')
        ok(relay.wait_log('event=trouble.*Read-only'), 'the log says that it '
           'cannot be removed', relay.read_log())
        subprocess.run(['mount', '-o', 'remount,rw', spool], check=True)
        deliver_into(relay, spool, mail(id='3'))
        same(relay.wait_rows([('sent', 9)], STATES), [('sent', 9)],
             'it can be written again: the next one is told, and nothing '
             'twice')
        same(len(relay.outbox(9)), 9, 'by one mail each')
        wait_for(lambda: not os.listdir(spool + '/new'))
        same(os.listdir(spool + '/new'), [], 'and the inbox is empty')


def deliver_into(relay, spool, octets):
    return subprocess.run([BUILD + '/tocsin-deliver', '-s', spool, CONTOSO],
                          input=octets, stderr=subprocess.DEVNULL).returncode


def read_only():
    if not own_mounts():
        ok(True, 'a read-only spool # SKIP no mount namespace')
        return
    with tempfile.TemporaryDirectory() as spool:
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs',
                        spool], check=True)
        try:
            spool_is_read_only(spool)
        finally:
            subprocess.run(['umount', '-l', spool], check=True)


def own_mounts():
    """A private namespace; is there one?"""
    libc = ctypes.CDLL(None, use_errno=True)
    return not (os.geteuid() or libc.unshare(0x20000) or subprocess.run(
        ['mount', '--make-rprivate', '/'],
        stderr=subprocess.DEVNULL).returncode)


def full_disk():
    """A file system of its own for the state, in a private namespace."""
    if not own_mounts():
        ok(True, 'a full disk # SKIP no mount namespace')
        return
    with Relay() as relay:
        state = relay.path('state')
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs',
                        state], check=True)
        try:
            full_state(relay, state)
        finally:
            relay.stop(signal.SIGKILL)
            subprocess.run(['umount', '-l', state], check=True)


def full_state(relay, state):
    relay.start()
    relay.deliver(mail(id='1'), CONTOSO)
    relay.wait_rows(SENT, STATES)
    ballast = os.open(os.path.join(state, 'ballast'),
                      os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(ballast, b'x' * 4096)
    except OSError:
        os.close(ballast)
    for number in range(2, 8):
        same(relay.deliver(mail(id='%d' % number), CONTOSO)[0], 0,
             'the disk of the state is full: mail %d is taken' % number)
    lines = relay.wait_log('event=trouble')
    ok(lines and ('full' in lines[0] or 'space' in lines[0]),
       'and the log says so', lines)
    ok(relay.daemon.poll() is None and relay.inbox(),
       'mails wait in the inbox, the daemon waits for room')
    os.unlink(os.path.join(state, 'ballast'))
    same(relay.wait_rows([('sent', 21)], STATES), [('sent', 21)],
         'when there is room, all are told')


def few_descriptors():
    """Whatever the limit, it works or ends at the start, and loses nothing.
    """
    if IS_SANITIZED:
        return                  # they need descriptors of their own
    problems = []
    for limit in range(4, 40, 3):
        with Relay() as relay:
            relay.deliver(mail(), CONTOSO)
            relay.start(wait=False, under=['prlimit', '--nofile=%d' % limit])
            end = time.monotonic() + 0.3
            while relay.daemon.poll() is None and time.monotonic() < end and \
                    len(os.listdir(relay.path('state'))) < 9:
                time.sleep(0.01)
            status = relay.daemon.poll()
            # 127: the loader had none; 1 says why.
            if status not in (None, 1, 127) or \
                    (status == 1 and limit > 11 and
                     'LimitNOFILE=' not in relay.read_log()):
                problems.append('%d files: status %s: %s' %
                                (limit, status, relay.read_log()[-300:]))
            relay.stop(signal.SIGKILL)
            relay.start(wait=False)
            relay.wait_rows([(3,)], 'SELECT count(*) FROM delivery WHERE '
                            'state IN ("sent", "retry")')
            # What found no descriptor waits for its next try.
            for each, in relay.rows('SELECT id FROM delivery '
                                    'WHERE state = "retry"'):
                relay.command('queue', 'retry', str(each))
            if relay.wait_rows(SENT, STATES) != SENT:
                problems.append('%d files: lost' % limit)
    same(problems, [], 'with 4 to 39 file descriptors it works, waits or '
         'refuses to start, and nothing is lost')


def descriptors_run_out():
    with Relay() as relay:
        relay.start()
        relay.deliver(mail(id='1'), CONTOSO)
        relay.wait_rows(SENT, STATES)
        used = len(os.listdir('/proc/%d/fd' % relay.daemon.pid))
        before = resource.prlimit(relay.daemon.pid, resource.RLIMIT_NOFILE)
        for spare in range(4):
            resource.prlimit(relay.daemon.pid, resource.RLIMIT_NOFILE,
                             (used + spare, before[1]))
            relay.deliver(mail(id='spare%d' % spare), CONTOSO)
            relay.deliver(mail(id='more%d' % spare), CONTOSO)
            time.sleep(0.5)
        ok(relay.daemon.poll() is None,
           'a daemon that runs out of file descriptors stays',
           relay.read_log()[-2000:])
        resource.prlimit(relay.daemon.pid, resource.RLIMIT_NOFILE, before)
        relay.wait_rows([(9,)], 'SELECT count(*) FROM item')
        for number, in relay.rows('SELECT id FROM delivery '
                                  'WHERE state = "retry"'):
            relay.command('queue', 'retry', str(number))
        same(relay.wait_rows([('sent', 27)], STATES),
             [('sent', 27)], 'and goes on when there are some')


def little_memory():
    """No memory is the one thing it may die of; systemd starts it again."""
    if IS_SANITIZED:
        return                  # they reserve terabytes
    problems = []
    with Relay() as relay:
        for megabytes in range(1, 9):
            ended = subprocess.run(
                ['prlimit', '--as=%d' % (megabytes << 20), BUILD +
                 '/tocsin-deliver', '-s', relay.path('spool'), 'a@b.example'],
                input=b'x' * 5000000, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            # Before main() the kernel or libc may end it.
            if ended.returncode not in (0, 75, 127, -9, -11):
                problems.append('%d MB: %d' % (megabytes, ended.returncode))
    same(problems, [], 'tocsin-deliver needs no memory that it has not got')
    with Relay() as relay:
        for number in range(5):
            relay.deliver(mail(id='%d' % number) + b'x' * (20 << 20), CONTOSO)
        for megabytes in range(100, 300, 40):
            relay.start(wait=False, under=['prlimit', '--as=%d' %
                                           (megabytes << 20)])
            time.sleep(0.5)
            relay.stop()
        relay.start()
        count = wait_until_decided(relay, 5)
        # One that was in hand at two ends is held: it might be the reason.
        for code, in relay.rows('SELECT code FROM held JOIN item '
                                'ON item = id WHERE state = "held"'):
            relay.command('held', 'release', code)
        alerts = STATES.replace('GROUP', 'WHERE kind = "alert" GROUP')
        want = [('sent', 3 * count)]
        same(relay.wait_rows(want, alerts), want,
             'a daemon without memory loses nothing')


def wait_until_decided(relay, count):
    """Until each of so many mails is an item, which are counted, or stays in
    the inbox, because three ends are its fault, and the log says so."""
    def items():
        return relay.rows('SELECT count(*) FROM item')[0][0]

    def left():
        return sum(bool(re.search('mail=%s .*left where it is' %
                                  re.escape(name), relay.read_log()))
                   for name in relay.inbox())
    wait_for(lambda: items() + left() == count)
    return items()


def rules_cannot_be_read():
    with Relay() as relay:
        relay.start()
        os.unlink(relay.path('contacts.rules'))
        os.mkdir(relay.path('contacts.rules'))
        relay.daemon.send_signal(signal.SIGHUP)
        ok(relay.wait_log('event=kept'), 'contacts that cannot be read: what '
           'was good stays')
        relay.deliver(mail(id='1'), CONTOSO)
        same(relay.wait_rows(SENT, STATES), SENT, 'and mail is told')
        os.rename(relay.path('tocsin.conf'), relay.path('away'))
        relay.daemon.send_signal(signal.SIGHUP)
        relay.wait_log('event=kept.*everything')
        relay.deliver(mail(id='2'), CONTOSO)
        same(relay.wait_rows([('sent', 6)], STATES), [('sent', 6)],
             'not even the main file is there: likewise')
        relay.stop()
        relay.deliver(mail(id='3'), CONTOSO)
        relay.start(wait=False)
        same(relay.daemon.wait(WAIT), 1, 'but it does not start without it')
        same(len(relay.inbox()), 1, 'the mail waits')
        os.rename(relay.path('away'), relay.path('tocsin.conf'))
        relay.start()
        same(relay.wait_rows([('sent', 9)], STATES), [('sent', 9)],
             'with the main file again, and contacts as they were last good, '
             'it is told')


if __name__ == '__main__':
    for story in (store_is_busy, life_goes_on, junk_in_the_inbox, spool_goes,
                  state_goes, state_is_removed, few_descriptors,
                  descriptors_run_out, little_memory, rules_cannot_be_read,
                  full_disk, read_only):
        story()
    done()
