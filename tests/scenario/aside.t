#!/usr/bin/env python3
"""Files of the inbox that the relay's user cannot read: they are set aside with
a word, cost nothing after that, and come back when they are mended; and what is
no file at all. And what else a start refuses with a sentence."""
import os
import socket
import stat
import sys

sys.path.insert(0, 'tests/lib')
from relay import mail, ok, same, done, wait_for   # noqa: E402
from users import ANNA, TOCSIN, Owned, need_users   # noqa: E402

MANY = 20000


def effort(relay):
    """Seconds of processor time that the daemon has had."""
    with open('/proc/%d/stat' % relay.daemon.pid) as file:
        fields = file.read().rpartition(')')[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf('SC_CLK_TCK')


need_users()
with Owned() as relay:
    relay.start()
    relay.deliver(mail('0'), 'contoso@relay.mssp.example')
    relay.outbox(3)
    for i in range(MANY):
        path = relay.path('spool', 'new', '1.odd%05d' % i)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0)    # of root
        os.write(fd, mail(str(i + 10)) if i == 7 else b'From: x\n\nx\n')
        os.close(fd)
    ok(wait_for(lambda: not relay.inbox()), 'files that nobody can read leave '
       'the inbox')
    same(len(os.listdir(relay.path('spool', 'aside'))), MANY,
         'each is in a folder beside it')
    wait_for(lambda: sum('cannot be read' in m['Subject']
                         for m in relay.outbox(0)))
    lines = relay.wait_log('event=aside')
    files = sum(int(line.partition('files=')[2].split()[0]) for line in lines)
    told = [m for m in relay.outbox(0) if 'cannot be read' in m['Subject']]
    same((files, len(told)), (MANY, len(lines)), 'the log and the catch-all '
         'are told of all, in %d lines' % len(lines))
    ok(len(lines) < 20, 'and not of each', len(lines))
    before = effort(relay)
    relay.deliver(mail('1'), 'contoso@relay.mssp.example')
    relay.outbox(6 + len(told))
    ok(effort(relay) - before < 1, 'the next mail costs what a mail costs',
       effort(relay) - before)
    path = relay.path('spool', 'aside', '1.odd00007')
    os.chown(path, TOCSIN, TOCSIN)
    os.chmod(path, 0o600)
    os.rename(path, relay.path('spool', 'new', '1.odd00007'))
    relay.outbox(9 + len(told))
    ok(True, 'one that is mended and moved back is told')
    relay.stop()

# What a spool may hold besides the relay's own files: in its sandbox it takes
# none for a mail, opens none that is no file, and goes on.
with Owned() as relay:
    relay.start()

    def new(name):
        return relay.path('spool', 'new', name)

    def put(name, octets, user, mode):
        """As an MTA would: it is there when it is whole."""
        with open(relay.path('spool', 'whole'), 'wb') as file:
            file.write(octets)
        os.chown(file.name, user, user)
        os.chmod(file.name, mode)
        os.rename(file.name, new(name))

    outside = relay.path('outside')
    with open(outside, 'wb') as file:
        file.write(mail('31', title='Outside'))
    os.chmod(outside, 0o644)
    os.symlink(outside, new('1.link'))
    os.symlink('/nonexistent', new('1.dangling'))
    os.symlink('/dev/zero', new('1.endless'))
    os.mkfifo(new('1.fifo'), 0o666)
    os.mkdir(new('1.folder'))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(new('1.socket'))
    os.mknod(new('1.device'), stat.S_IFCHR | 0o666, os.makedev(1, 5))
    odd = relay.inbox()
    put('2.closed', mail('32'), TOCSIN, 0)
    put('2.foreign', mail('33', title='Foreign', incident='33'), ANNA, 0o644)
    put('2.\n\x1b[31m', mail('34', title='Named', incident='34'), TOCSIN,
        0o600)
    put('2.' + 'x' * 253, mail('35', title='Long', incident='35'), TOCSIN,
        0o600)
    relay.deliver(mail('36', title='Last', incident='36'),
                  'contoso@relay.mssp.example')
    for title, is_ours in (('Foreign', False), ('Named', True),
                           ('Long', True), ('Last', True)):
        line, = relay.wait_log('event=notify.*title=' + title)
        ok(('authentic=pass' in line) == is_ours, title + ' is told, and is '
           'genuine when an MTA put it there', line)
    relay.wait_log('event=aside files=1 .*first=2.closed')
    for name in odd:
        lines = relay.wait_log('event=trouble in=inbox mail=%s .*it is a' %
                               name)
        ok(len(lines) == 1, name + ' is named once', *lines)
    same(relay.inbox(), odd, 'and they stay')
    put('2.closed', mail('37'), TOCSIN, 0)
    relay.wait_log('event=aside files=1', 2)
    same(sorted(os.listdir(relay.path('spool', 'aside'))),
         ['2.closed', '2.closed.2'], 'of two of a name both are set aside')
    ok('Outside' not in relay.read_log() and os.path.exists(outside),
       'what a link leads to is not taken')
    same(relay.stop(), 0, 'and all ends well')

# A store that was emptied is no first start; one that was just begun is.
with Owned() as relay:
    relay.start()
    relay.stop()
    for name in ('store.db-wal', 'store.db-shm'):
        if os.path.exists(relay.path('state', name)):
            os.unlink(relay.path('state', name))
    os.truncate(relay.path('state', 'store.db'), 0)
    relay.start(wait=False)
    same(relay.daemon.wait(60), 1, 'an empty store in a state with more in it '
         'is refused')
    lines = relay.wait_log('event=refused.*is empty, and this is no first')
    ok(lines and 'store.db' in lines[0] and 'remove the empty file' in
       lines[0], 'with what to do', *lines)
    for name in os.listdir(relay.path('state')):
        if name not in ('lock', 'store.db'):
            os.system('rm -r ' + relay.path('state', name))
    relay.start()
    ok(True, 'one that a first start has left is begun anew')
    relay.stop()

# So few files that it would end on its way.
with Owned() as relay:
    relay.start(wait=False, under=['prlimit', '--nofile=24'])
    same(relay.daemon.wait(60), 1, 'with 24 files it does not start')
    ok('LimitNOFILE=' in relay.read_log(), 'and says what to raise',
       relay.read_log())
    relay.start(under=['prlimit', '--nofile=24:64'])
    ok(True, 'it raises by itself what it may')
    relay.stop()

done()
