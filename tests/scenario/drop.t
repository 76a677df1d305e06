#!/usr/bin/env python3
"""A spool that many users of one machine deliver into: none of them reads,
replaces or forges what another one, or the mail server, has stored."""
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, 'tests/lib')
from relay import (IS_SANITIZED, WAIT, mail, ok, same, done,  # noqa: E402
                   wait_for)
from users import (ANNA, BERT, CARL, DROP, TOCSIN, Owned, be,  # noqa: E402
                   need_users)

CONTOSO = 'contoso@relay.mssp.example'

need_users()


class Shared(Owned):
    """The layout of tocsin-deliver(8), SHARED SPOOL."""

    def __init__(self):
        super().__init__()
        self.setgid = self.path('bin', 'setgid-deliver')
        shutil.copy(self.path('bin', 'tocsin-deliver'), self.setgid)
        os.chown(self.setgid, 0, DROP)
        os.chmod(self.setgid, 0o2755)
        os.chown(self.path('spool'), TOCSIN, DROP)
        os.chmod(self.path('spool'), 0o710)
        for name, mode in ('tmp', 0o3733), ('new', 0o3777):
            os.mkdir(self.path('spool', name))
            os.chown(self.path('spool', name), TOCSIN, TOCSIN)
            os.chmod(self.path('spool', name), mode)

    def deliver_as(self, user, message, *groups, program=None):
        """Exit status of a delivery by a user with these groups."""
        return subprocess.run(
            be(user, user, *groups) +
            [program or self.path('bin', 'tocsin-deliver'), '-f', 'x@y',
             '-s', self.path('spool'), '--', CONTOSO],
            input=message, stderr=subprocess.DEVNULL).returncode

    def try_out(self, user, code, *groups):
        """What a user may do to the spool."""
        return self.python(user, code, *groups, new=self.path('spool', 'new'),
                           tmp=self.path('spool', 'tmp'))

    def why(self, id):
        """What `why` says of the mail with that Message-ID."""
        rows = self.rows('select code from item where message_id like ?',
                         id + '@%')
        if not rows:
            return 'not in the store'
        return self.command('why', rows[0][0])[1]


with Shared() as relay:
    # Root looks at what is there, before there is anything.
    relay.user = None
    same(relay.command('customers')[0], 0, 'root asks for the customers')
    relay.user = TOCSIN
    same({os.stat(relay.path('state', n)).st_uid
          for n in os.listdir(relay.path('state'))}, {TOCSIN},
         'as the owner of the state, who can go on with what it made')

    # While the daemon is away.
    same(relay.deliver_as(ANNA, mail(id='anna'), DROP), 0,
         'a member of the group stores a mail')
    name, = relay.inbox()
    state = os.stat(relay.path('spool', 'new', name))
    same((state.st_uid, state.st_gid, state.st_mode & 0o777),
         (ANNA, TOCSIN, 0o640), 'which the daemon may read, by its group')
    same(relay.deliver_as(CARL, mail(id='carl')), 75,
         'who is no member is told to try again')
    status = relay.deliver_as(CARL, mail(id='carl'), DROP) if IS_SANITIZED \
        else relay.deliver_as(CARL, mail(id='carl'), program=relay.setgid)
    same(status, 0, 'but not with the set-group-ID program')
    same(relay.try_out(CARL, 'os.stat(new)'), 'PermissionError',
         'with which he still cannot enter the spool')

    for what, code in [
            ('list what is being stored', 'os.listdir(tmp)'),
            ('read a mail whose name he knows', 'open(new + "/%s")'),
            ('change it', 'open(new + "/%s", "r+")'),
            ('remove it', 'os.unlink(new + "/%s")'),
            ('move it away', 'os.rename(new + "/%s", tmp + "/x")'),
            ('put another one in its place',
             'open(tmp + "/x", "w").close(); '
             'os.replace(tmp + "/x", new + "/%s")')]:
        got = relay.try_out(BERT, code % name if '%s' in code else code, DROP)
        same(got, 'PermissionError', 'another member cannot ' + what)

    # What a member can do by hand.
    relay.try_out(BERT, 'os.mkfifo(new + "/0.fifo")', DROP)
    relay.try_out(BERT, 'os.symlink("/etc/passwd", new + "/0.link")', DROP)
    relay.try_out(BERT, 'f = open(new + "/1.huge", "w"); '
                 'f.write("Subject: huge\\n\\n"); f.truncate(1 << 40); '
                 'os.chmod(new + "/1.huge", 0o644)', DROP)

    # The mail server delivers as the daemon's user.
    same(relay.deliver_as(TOCSIN, mail(id='server'), TOCSIN), 0,
         'the mail server stores one, as the user of the daemon')
    relay.start()
    count = relay.wait_rows([(4,)], 'select count(*) from item')
    ok(count == [(4,)], 'all of them are taken', count, relay.read_log())

    why = relay.why('server')
    ok(re.search(r'^authentic +pass', why, re.M),
       'what the mail server stored is believed', why)
    why = relay.why('anna')
    ok(re.search(r'^authentic +none', why, re.M) and
       'user %d stored it' % ANNA in why,
       'what a user stored is not, whatever its Authentication-Results say',
       why)
    why = relay.why('carl')
    ok('user %d stored it' % CARL in why, 'nor with the set-group-ID program',
       why)
    sent = relay.outbox(1)
    ok(any('Malware was found' in m['Subject'] for m in sent),
       'both are told, the one marked as unverified')
    row, = relay.rows('select parse from item where parse like "%cut%"') or \
        [('none is cut',)]
    ok('cut' in row[0], 'a file of a terabyte is cut, and kills nobody', row)
    same(relay.daemon.poll(), None, 'the daemon runs on')
    same(sorted(os.listdir(relay.path('spool', 'new'))),
         ['0.fifo', '0.link'], 'what is no mail stays, and is complained of')
    ok(relay.wait_log('event=trouble.*0.fifo'), 'in the log',
       relay.read_log())

    # Held, then released: time does not make it authentic.
    relay.deliver_as(ANNA, mail(id='other', tenant='00000000-1111-2222-3333-'
                                '444444444444'), DROP)
    relay.wait_rows([(1,)], "select count(*) from held where state = 'held'")
    code = relay.rows("select i.code from item i join held h "
                      "on h.item = i.id where h.state = 'held'")
    status, out, err = relay.command('held', 'release', code[0][0],
                                     '--customer', 'contoso')
    same((status, err), (0, ''), "a user's mail is held, and released")
    relay.wait_rows([], "select 1 from held where state <> 'done'")
    why = relay.why('other')
    ok(re.search(r'^authentic +none', why, re.M) and
       'not authentic when it came' in why, 'and is no more authentic for it',
       why)


# ---- what the caller of the set-group-ID program hands down ----

def snapshot(folder):
    return sorted(os.path.join(each, name)
                  for each, folders, files in os.walk(folder)
                  for name in folders + files)


def limited(what, value):
    return lambda: resource.setrlimit(what, (value, value))


class Caller:
    """Carl, who may run the program and may not enter the spool."""

    def __init__(self, relay):
        self.relay, self.id = relay, 0

    def start(self, spool=None, under=(), **options):
        # Not through setpriv: the program comes at once, as it was handed.
        return subprocess.Popen(
            [*under, self.relay.setgid, '-f', 'x@y', '-s',
             spool or self.relay.path('spool'), '--', CONTOSO],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, user=CARL, group=CARL, extra_groups=[],
            **options)

    def deliver(self, **options):
        """Exit status, and the only new mail with its mode, or None."""
        self.id += 1
        octets = mail(id='carl-%d' % self.id)
        before = set(self.relay.inbox())
        process = self.start(**options)
        try:
            process.communicate(octets, timeout=WAIT)
        except BrokenPipeError:
            pass
        new = [self.relay.path('spool', 'new', name)
               for name in set(self.relay.inbox()) - before]
        if len(new) != 1:
            return process.returncode, new or None
        with open(new[0], 'rb') as file:
            is_whole = file.read().endswith(octets)
        state = os.stat(new[0])
        return process.returncode, is_whole and (
            state.st_uid, state.st_gid, oct(state.st_mode))

    def python(self, code, **names):
        return self.relay.python(CARL, code, **names)


def hostile_caller(relay):
    caller = Caller(relay)
    stored = (0, (CARL, TOCSIN, '0o100640'))
    same(caller.deliver(), stored,
         "set-group-ID: a mail belongs to its caller and the daemon's group")

    library = '/nonexistent/evil.so'
    hostile = dict(LD_PRELOAD=library, LD_AUDIT=library,
                   LD_LIBRARY_PATH=relay.folder, GCONV_PATH=relay.folder,
                   GLIBC_TUNABLES='glibc.malloc.check=3', LOCPATH=relay.folder,
                   MALLOC_CHECK_='3', LANG='x' * 100000, POSIXLY_CORRECT='1',
                   TMPDIR=relay.path('state'), SENDER='\n' * 5000,
                   RECIPIENT='victim@y')
    for name, options in [
            ('a hostile environment', dict(env=hostile)),
            ('no environment at all', dict(env={})),
            ('a umask of 000', dict(umask=0)),
            ('a umask of 777', dict(umask=0o777)),
            ('no files open', dict(preexec_fn=lambda: (os.close(1),
                                                       os.close(2)))),
            ('a working directory that nobody may enter',
             dict(cwd=relay.path('state')))]:
        same(caller.deliver(**options), stored, 'set-group-ID with %s: as '
             'ever' % name)
    for name, options in [
            ('files of 100 octets',
             dict(preexec_fn=limited(resource.RLIMIT_FSIZE, 100))),
            ('files of no octet',
             dict(preexec_fn=limited(resource.RLIMIT_FSIZE, 0))),
            ('no more files open',
             dict(preexec_fn=limited(resource.RLIMIT_NOFILE, 4)))]:
        same(caller.deliver(**options), (75, None),
             'set-group-ID with %s: 75, and nothing is stored' % name)
    for name, options in [
            *[('%d MB of memory' % most,
               dict(under=['prlimit', '--as=%d000000' % most]))
              for most in (1, 3, 4)],
            ('no stack', dict(preexec_fn=limited(resource.RLIMIT_STACK, 0))),
            ('no time', dict(preexec_fn=limited(resource.RLIMIT_CPU, 0)))]:
        got = caller.deliver(**options)
        # It may be ended just before it would have said so.
        ok(got[1] in (None, stored[1]),
           'set-group-ID with %s: stored whole, or not at all' % name, got)

    # Its caller may end it, and may not look into it.
    process = caller.start()
    process.stdin.write(b'Subject: half\n')
    process.stdin.flush()
    wait_for(lambda: os.listdir(relay.path('spool', 'tmp')))
    pid = process.pid
    for what, code in [
            ('see its files', 'os.listdir("/proc/%d/fd")' % pid),
            ('go where it is', 'os.listdir("/proc/%d/cwd/")' % pid),
            ('read its memory', 'open("/proc/%d/mem", "rb")' % pid)]:
        same(caller.python(code), 'PermissionError',
             'set-group-ID: its caller cannot ' + what)
    same(caller.python('import ctypes\nprint(ctypes.CDLL(None).ptrace(16, %d, '
                       '0, 0))' % pid), '-1', 'nor trace it')
    before = relay.inbox()
    caller.python('os.kill(%d, 9)' % pid)
    process.communicate()
    same((process.returncode, relay.inbox()), (-9, before),
         'killed by its caller it leaves nothing in new')
    if shutil.which('strace'):
        same(caller.deliver(under=['strace', '-qq', '-o', '/dev/null']),
             (75, None), 'started under strace it has no more rights than its '
             'caller')

    # What it may write in is the spool, and only as a message.
    with tempfile.TemporaryDirectory(dir=relay.folder) as own:
        os.chown(own, CARL, CARL)
        for place in (relay.path('spool', 'new'), relay.path('spool', 'tmp'),
                      relay.path('state'), '/etc', '/', own,
                      relay.path('spool', 'new', '..', 'tmp')):
            before = snapshot(relay.path('spool')), os.listdir(own)
            got = caller.deliver(spool=place)
            same((got, snapshot(relay.path('spool')), os.listdir(own)),
                 ((75, None), *before), 'set-group-ID, told to deliver into '
                 '%s: 75, and nothing is made' %
                 place.replace(relay.folder, ''))
        # A spool of his own that leads into ours.
        for name in 'tmp', 'new':
            os.symlink(relay.path('spool', name), os.path.join(own, name))
        same(caller.deliver(spool=own), stored,
             'by links into the spool it does what it does without')


def links(relay):
    """Bert is a member, and knows the name of what Anna has stored."""
    same(relay.deliver_as(ANNA, mail(id='linked'), DROP), 0,
         'Anna stores one more')
    name, = [each for each in relay.inbox() if
             os.stat(relay.path('spool', 'new', each)).st_uid == ANNA]
    got = relay.try_out(BERT, 'os.link(new + "/%s", new + "/0.copy")' % name,
                        DROP)
    with open('/proc/sys/fs/protected_hardlinks', encoding='ascii') as file:
        ok(got == 'PermissionError' or file.read() != '1\n',
           'a member cannot give it another name', got)
    relay.try_out(BERT, 'os.symlink(new + "/%s", new + "/0.symlink")' % name,
                  DROP)
    relay.try_out(BERT, 'for i in range(300):\n'
                  '    os.symlink("/etc/shadow", new + "/0.%03d" % i)', DROP)
    items = relay.rows('select count(*) from item')[0][0]
    relay.start()
    relay.wait_rows([(items + 1,)], 'select count(*) from item')
    ok(relay.rows('select 1 from item where message_id like "linked@%"'),
       'hundreds of links in front of it do not hold it up',
       relay.read_log()[-500:])
    same(len([each for each in relay.inbox() if each.startswith('0.')]), 301,
         'and none of them is followed')


with Shared() as relay:
    # A sanitizer looks into its own process, which that one may not.
    if not IS_SANITIZED:
        hostile_caller(relay)
    for name in relay.inbox():
        os.unlink(relay.path('spool', 'new', name))
    relay.start()
    relay.stop()
    links(relay)

done()
